/* SPDX-License-Identifier: Apache-2.0 */
#include "slow_answer.h"

#include <string.h>

enum { CHAIN_MAX = 8, NO_TTL = -1, ABSENT_MAX_S = 3 * 3600 };

/* A name as it goes over the wire, the octet of the root included. */
struct wire {
	size_t len;
	unsigned char octets[255];
};

struct found {
	struct wire owner;
	unsigned type, class;
	int64_t ttl_s;
	size_t at, end;
};

static struct found records[SLOW_RECORDS_MAX];

/* The number of BYTES octets at AT; -1: they do not all stand before LIMIT. */
static int64_t
number(struct str m, size_t at, size_t bytes, size_t limit)
{
	int64_t value = 0;

	if (limit > m.len || at + bytes > limit)
		return -1;
	for (size_t i = 0; i < bytes; i++)
		value = value * 256 + (unsigned char)m.at[at + i];
	return value;
}

/* Puts the name at AT behind W. What a pointer leads to is a name of its own, which must begin
 * before this one does. Ends: the place behind the name; 0: it is none. */
static size_t
read_name(struct str m, size_t at, size_t limit, struct wire *w)
{
	size_t start = at;

	for (;;) {
		int64_t len = number(m, at, 1, limit), to;

		if (len >= 0xc0) {
			to = number(m, at, 2, limit) - 0xc000;
			if (to < 0 || (size_t)to >= start ||
				read_name(m, (size_t)to, m.len, w) == 0)
				return 0;
			return at + 2;
		}
		if (len < 0 || len > 63 || at + (size_t)len + 1 > limit)
			return 0;
		if (w->len + (size_t)len + (len == 0 ? 1 : 2) > sizeof w->octets)
			return 0;
		memcpy(w->octets + w->len, m.at + at, (size_t)len + 1);
		w->len += (size_t)len + 1;
		at += (size_t)len + 1;
		if (len == 0)
			return at;
	}
}

/* Ends: the place behind the record; 0: it is none. */
static size_t
read_record(struct str m, size_t at, struct found *f)
{
	int64_t len;

	f->owner.len = 0;
	at = read_name(m, at, m.len, &f->owner);
	len = at == 0 ? -1 : number(m, at + 8, 2, m.len);
	if (len < 0)
		return 0;
	f->type = (unsigned)number(m, at, 2, m.len);
	f->class = (unsigned)number(m, at + 2, 2, m.len);
	f->ttl_s = number(m, at + 4, 4, m.len);
	if (f->ttl_s > 0x7fffffff)
		f->ttl_s = 0;
	f->at = at + 10;
	f->end = f->at + (size_t)len;
	return f->end > m.len ? 0 : f->end;
}

static bool
is_of(const struct found *f, unsigned type, const struct wire *name)
{
	return f->class == 1 && f->type == type &&
		str_alike(str_of(f->owner.octets, f->owner.len), str_of(name->octets, name->len));
}

static void
lower(int64_t *ttl_s, int64_t by_s)
{
	if (*ttl_s == NO_TTL || by_s < *ttl_s)
		*ttl_s = by_s;
}

/* Puts the name of S. Ends: false where it is no name of a host. */
static bool
put_name(struct slow_service *s, const struct wire *w)
{
	static const char good[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_";
	size_t left = 0;

	s->name_len = 0;
	for (size_t i = 0; i + 1 < w->len; i++) {
		if (left == 0) {
			left = w->octets[i];
			if (i > 0)
				s->name[s->name_len++] = '.';
			continue;
		}
		if (memchr(good, w->octets[i], sizeof good - 1) == NULL)
			return false;
		s->name[s->name_len++] = (char)w->octets[i];
		left--;
	}
	return true;
}

static bool
is_word(struct str word)
{
	for (size_t i = 0; i < word.len; i++)
		if ((unsigned char)word.at[i] < 0x21 || (unsigned char)word.at[i] > 0x7e)
			return false;
	return word.len < 33;
}

/* Ends: 1: a service; 0: it is left out; -1: it is malformed. */
static int
read_srv(struct str m, const struct found *f, struct slow_service *s)
{
	struct wire target = { 0 };
	int64_t port = number(m, f->at + 4, 2, f->end);
	struct addr addr;

	if (port < 0 || read_name(m, f->at + 6, f->end, &target) != f->end)
		return -1;
	s->order = (unsigned)number(m, f->at, 2, f->end);
	s->weight = (unsigned)number(m, f->at + 2, 2, f->end);
	s->port = (unsigned)port;
	s->flags = s->what = STR("");
	if (!put_name(s, &target) || (port == 0 && target.len > 1))
		return 0;
	return !addr_parse(&addr, str_of(s->name, s->name_len));
}

static int
read_naptr(struct str m, const struct found *f, struct slow_service *s)
{
	struct wire name = { 0 };
	struct str words[3];
	size_t at = f->at + 4;

	if (at > f->end)
		return -1;
	for (int i = 0; i < 3; i++) {
		int64_t len = number(m, at, 1, f->end);

		if (len < 0 || at + 1 + (size_t)len > f->end)
			return -1;
		words[i] = str_of(m.at + at + 1, (size_t)len);
		at += 1 + (size_t)len;
	}
	if (read_name(m, at, f->end, &name) != f->end)
		return -1;
	s->order = (unsigned)number(m, f->at, 2, f->end);
	s->weight = (unsigned)number(m, f->at + 2, 2, f->end);
	s->port = 0;
	s->flags = words[0];
	s->what = words[1];
	return put_name(s, &name) && s->name_len > 0 && words[2].len == 0 && is_word(words[0]) &&
		is_word(words[1]);
}

/* Behind the ones that were there before and are of its order or a lower one. */
static void
put_in_order(struct slow_answer *a, const struct slow_service *s)
{
	size_t at = 0;

	while (at < a->count && a->services[at].order <= s->order)
		at++;
	memmove(a->services + at + 1, a->services + at, (a->count - at) * sizeof *s);
	a->services[at] = *s;
	a->count++;
}

static void
read_absence(struct str m, size_t at, int64_t count, int64_t chain_s, int64_t *ttl_s)
{
	struct found f;

	*ttl_s = NO_TTL;
	for (int64_t i = 0; i < count && i < SLOW_RECORDS_MAX; i++) {
		struct wire skipped = { 0 };
		size_t to;
		int64_t least_s;

		at = read_record(m, at, &f);
		if (at == 0)
			break;
		if (f.class != 1 || f.type != 6)
			continue;
		to = read_name(m, f.at, f.end, &skipped);
		skipped.len = 0;
		to = to > 0 ? read_name(m, to, f.end, &skipped) : 0;
		least_s = to > 0 ? number(m, to + 16, 4, f.end) : -1;
		lower(ttl_s, f.ttl_s);
		lower(ttl_s, ABSENT_MAX_S);
		lower(ttl_s, least_s < 0 ? 0 : least_s); /* what cannot be read holds for no time */
		if (least_s < 0)
			break;
	}
	if (*ttl_s != NO_TTL && chain_s != NO_TTL)
		lower(ttl_s, chain_s);
}

/* Follows the CNAMEs from *NAME. */
static bool
follow(struct str m, size_t count, struct wire *name, int64_t *ttl_s)
{
	for (int i = 0; i < CHAIN_MAX; i++) {
		size_t n = 0;

		while (n < count && !is_of(&records[n], 5, name))
			n++;
		if (n == count)
			return true;
		name->len = 0;
		if (read_name(m, records[n].at, records[n].end, name) == 0)
			return false;
		lower(ttl_s, records[n].ttl_s);
	}
	return true;
}

bool
slow_answer_read(struct slow_answer *a, struct str m, enum names_kind kind)
{
	int64_t questions = number(m, 4, 2, m.len), count = number(m, 6, 2, m.len);
	int64_t authorities = number(m, 8, 2, m.len), ttl_s = NO_TTL, chain_s;
	struct wire name = { 0 };
	size_t at;

	a->count = 0;
	if (m.len < 12 || questions != 1 || count > SLOW_RECORDS_MAX)
		return false;
	at = read_name(m, 12, m.len, &name);
	if (at == 0 || number(m, at, 4, m.len) < 0)
		return false;
	at += 4;
	for (int64_t i = 0; i < count; i++)
		if ((at = read_record(m, at, &records[i])) == 0)
			return false;
	if (!follow(m, (size_t)count, &name, &ttl_s))
		return false;
	chain_s = ttl_s;
	for (int64_t i = 0; i < count; i++) {
		struct slow_service s;
		int verdict;

		if (!is_of(&records[i], kind == NAMES_SRV ? 33 : 35, &name))
			continue;
		verdict = kind == NAMES_SRV ? read_srv(m, &records[i], &s)
					    : read_naptr(m, &records[i], &s);
		if (verdict < 0)
			return false;
		if (verdict > 0)
			put_in_order(a, &s);
		lower(&ttl_s, records[i].ttl_s);
	}
	if (a->count == 0)
		read_absence(m, at, authorities, chain_s, &ttl_s);
	a->ttl_s = ttl_s == NO_TTL ? UINT32_MAX : (uint32_t)ttl_s;
	return true;
}
