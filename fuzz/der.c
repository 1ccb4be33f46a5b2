/* SPDX-License-Identifier: Apache-2.0 */
#include "der.h"

#include <string.h>

/* Written from its end on: how long a part is stands in front of it. */
struct der {
	unsigned char *at; /* DER_BYTES_MAX octets */
	size_t front;
	bool is_bad;
};

static void
push(struct der *d, const void *octets, size_t len)
{
	if (len > d->front) {
		d->is_bad = true;
		return;
	}
	d->front -= len;
	if (len > 0)
		memcpy(d->at + d->front, octets, len);
}

static void
push_octet(struct der *d, unsigned octet)
{
	unsigned char c = (unsigned char)octet;

	push(d, &c, 1);
}

/* Makes one value of all in front of END. */
static void
wrap(struct der *d, unsigned tag, size_t end)
{
	size_t len = end - d->front;

	if (len < 0x80) {
		push_octet(d, (unsigned)len);
	} else {
		unsigned count = 0;

		for (; len > 0; len >>= 8, count++)
			push_octet(d, (unsigned)len & 0xff);
		push_octet(d, 0x80 | count);
	}
	push_octet(d, tag);
}

static void
push_value(struct der *d, unsigned tag, const void *octets, size_t len)
{
	size_t end = d->front;

	push(d, octets, len);
	wrap(d, tag, end);
}

/* Seven bits an octet, the last one first. */
static void
push_arc(struct der *d, unsigned long arc)
{
	push_octet(d, (unsigned)arc & 0x7f);
	while ((arc >>= 7) > 0)
		push_octet(d, 0x80 | ((unsigned)arc & 0x7f));
}

/* TEXT in its one form: as OpenSSL would write it again. */
static void
push_id(struct der *d, struct str text)
{
	unsigned long arcs[32];
	size_t end = d->front;
	unsigned count = 0;
	uint64_t number;

	for (struct str rest = text; rest.len > 0 && count < 32; count++) {
		struct str arc = str_cut(&rest, '.');
		bool has_one_form = arc.len == 1 || (arc.len > 1 && arc.at[0] != '0');

		if (!has_one_form || !str_number(arc, 0xffffffff, &number))
			d->is_bad = true;
		arcs[count] = d->is_bad ? 0 : number;
	}
	d->is_bad |= text.len > 0 && text.at[text.len - 1] == '.';
	if (count < 2 || arcs[0] > 2 || (arcs[0] < 2 && arcs[1] > 39)) {
		d->is_bad = true;
		return;
	}
	while (count > 2)
		push_arc(d, arcs[--count]);
	push_arc(d, arcs[0] * 40 + arcs[1]);
	wrap(d, 0x06, end);
}

static const struct str id_ed25519 = { "1.3.101.112", 11 };

static void
push_algorithm(struct der *d)
{
	size_t end = d->front;

	push_id(d, id_ed25519);
	wrap(d, 0x30, end);
}

/* A key or a signature: it is nobody's. */
static void
push_bits(struct der *d, size_t len)
{
	static const char zeros[64];
	size_t end = d->front;

	push(d, zeros, len);
	push_octet(d, 0);
	wrap(d, 0x03, end);
}

static void
push_name(struct der *d, struct str common_name)
{
	size_t end = d->front;

	if (!str_is_none(common_name)) {
		push_value(d, 0x0c, common_name.at, common_name.len);
		push_id(d, STR("2.5.4.3"));
		wrap(d, 0x30, end);
		wrap(d, 0x31, end);
	}
	wrap(d, 0x30, end);
}

/* Makes an extension of what stands in front of END. */
static void
wrap_extension(struct der *d, struct str id, size_t end)
{
	wrap(d, 0x04, end);
	push_id(d, id);
	wrap(d, 0x30, end);
}

static void
push_extensions(struct der *d, const struct der_wish *wish)
{
	size_t whole = d->front, end = whole;

	if (wish->key_usage >= 0) {
		push_octet(d, (unsigned)wish->key_usage & 0xff);
		push_octet(d, 0);
		wrap(d, 0x03, end);
		wrap_extension(d, STR("2.5.29.15"), end);
	}
	end = d->front;
	for (unsigned i = wish->use_count; i > 0; i--)
		push_id(d, wish->uses[i - 1]);
	if (wish->use_count > 0) {
		wrap(d, 0x30, end);
		wrap_extension(d, STR("2.5.29.37"), end);
	}
	end = d->front;
	for (unsigned i = wish->name_count; i > 0; i--)
		push_value(d, wish->names[i - 1].tag, wish->names[i - 1].value.at,
			wish->names[i - 1].value.len);
	if (wish->name_count > 0) {
		wrap(d, 0x30, end);
		wrap_extension(d, STR("2.5.29.17"), end);
	}
	if (d->front < whole) {
		wrap(d, 0x30, whole);
		wrap(d, 0xa3, whole);
	}
}

struct str
der_write(const struct der_wish *wish, char to[DER_BYTES_MAX])
{
	struct der d = { (unsigned char *)to, DER_BYTES_MAX, false };
	size_t whole = d.front, end;

	push_bits(&d, 64);
	push_algorithm(&d);
	end = d.front;
	push_extensions(&d, wish);
	{
		size_t key = d.front;

		push_bits(&d, 32);
		push_algorithm(&d);
		wrap(&d, 0x30, key);
	}
	push_name(&d, wish->common_name);
	{
		size_t dates = d.front;

		push_value(&d, 0x17, "490101000000Z", 13);
		push_value(&d, 0x17, "200101000000Z", 13);
		wrap(&d, 0x30, dates);
	}
	push_name(&d, STR("ca"));
	push_algorithm(&d);
	push_value(&d, 0x02, "\1", 1);
	{
		size_t version = d.front;

		push_value(&d, 0x02, "\2", 1);
		wrap(&d, 0xa0, version);
	}
	wrap(&d, 0x30, end);
	wrap(&d, 0x30, whole);
	return d.is_bad ? STR("") : str_of(d.at + d.front, whole - d.front);
}

/* Takes one value off the front of *REST. */
static bool
take_value(struct str *rest, unsigned char *tag, struct str *value)
{
	size_t len, at = 2;

	if (rest->len < 2)
		return false;
	*tag = (unsigned char)rest->at[0];
	len = (unsigned char)rest->at[1];
	if (len >= 0x80) {
		size_t count = len & 0x7f;

		if (count == 0 || count > 4 || rest->len < at + count)
			return false;
		for (len = 0; count > 0; count--)
			len = len << 8 | (unsigned char)rest->at[at++];
	}
	if (rest->len - at < len)
		return false;
	*value = str_of(rest->at + at, len);
	*rest = str_from(*rest, at + len);
	return true;
}

unsigned
der_names(struct str text, struct der_name *names, unsigned max)
{
	unsigned count = 0;
	unsigned char tag;
	struct str rest;

	if (!take_value(&text, &tag, &rest) || tag != 0x30)
		return 0;
	while (count < max && take_value(&rest, &names[count].tag, &names[count].value))
		count++;
	return count;
}
