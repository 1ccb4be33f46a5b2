/* SPDX-License-Identifier: Apache-2.0 */
#include "net/answer.h"

#include <string.h>

enum {
	HEADER_BYTES = 12,
	CLASS_IN = 1,
	TYPE_CNAME = 5,
	TYPE_SOA = 6,
	TYPE_SRV = 33,
	TYPE_NAPTR = 35,
	CNAMES_MAX = 8,    /* of one chain */
	RECORDS_MAX = 256, /* that are looked at in one message */
	LABELS_MAX = ANSWER_NAME_MAX / 2,
	TTL_MAX = 0x7fffffff,    /* RFC 2181 8: more is 0 */
	ABSENT_MAX_S = 3 * 3600, /* RFC 2308 5 */
};

/* A domain name in text, without the dot at its end; empty: the root. */
struct name {
	uint32_t len;
	bool is_host; /* of letters, digits, `-` and `_` alone */
	char text[ANSWER_NAME_MAX];
	/* Where each label ends in the text, since a label may hold a dot of its own. */
	uint32_t label_count;
	uint8_t ends[LABELS_MAX];
};

struct record {
	struct name owner;
	unsigned type, class;
	uint32_t ttl_s;
	size_t at, end; /* its data */
};

struct reader {
	struct str message;
	size_t at;
	bool is_bad;
};

static unsigned
take(struct reader *r, size_t bytes, size_t end)
{
	unsigned value = 0;

	if (r->is_bad || end > r->message.len || r->at > end || end - r->at < bytes) {
		r->is_bad = true;
		return 0;
	}
	for (size_t i = 0; i < bytes; i++)
		value = value << 8 | (uint8_t)r->message.at[r->at++];
	return value;
}

static void
add_label(struct name *name, struct str label)
{
	if (name->len + label.len + 1 > sizeof name->text || name->label_count == LABELS_MAX) {
		name->is_host = false;
		return;
	}
	if (name->len > 0)
		name->text[name->len++] = '.';
	for (size_t i = 0; i < label.len; i++) {
		char c = label.at[i];

		name->is_host &= char_is_alpha(c) || char_is_digit(c) || c == '-' || c == '_';
		name->text[name->len++] = c;
	}
	name->ends[name->label_count++] = (uint8_t)name->len;
}

/* A name, compressed or not (RFC 1035 4.1.4). A pointer leads back, always further, so that there
 * is an end. */
static void
take_name(struct reader *r, size_t end, struct name *name)
{
	struct reader at = *r;
	size_t least = r->at, total = 0;
	bool has_jumped = false;
	unsigned len;

	name->len = name->label_count = 0;
	name->is_host = true;
	while ((len = take(&at, 1, has_jumped ? r->message.len : end)) != 0 && !at.is_bad) {
		if (len >= 0xc0) {
			size_t to =
				(len & 0x3f) << 8 | take(&at, 1, has_jumped ? r->message.len : end);

			if (!has_jumped)
				r->at = at.at;
			has_jumped = true;
			at.is_bad |= to >= least;
			at.at = least = to;
			continue;
		}
		total += len + 1;
		if (len > 63 || total >= ANSWER_NAME_MAX || at.at + len > r->message.len) {
			at.is_bad = true;
			break;
		}
		add_label(name, str_of(r->message.at + at.at, len));
		at.at += len;
	}
	r->is_bad |= at.is_bad;
	if (!has_jumped)
		r->at = at.at;
	r->is_bad |= r->at > end;
}

static bool
take_record(struct reader *r, struct record *record)
{
	size_t len;

	take_name(r, r->message.len, &record->owner);
	record->type = take(r, 2, r->message.len);
	record->class = take(r, 2, r->message.len);
	record->ttl_s = take(r, 4, r->message.len);
	if (record->ttl_s > TTL_MAX)
		record->ttl_s = 0;
	len = take(r, 2, r->message.len);
	record->at = r->at;
	record->end = r->at + len;
	if (record->end > r->message.len)
		r->is_bad = true;
	r->at = record->end;
	return !r->is_bad;
}

static bool
is_same(const struct name *a, const struct name *b)
{
	return str_alike(str_of(a->text, a->len), str_of(b->text, b->len)) &&
		str_same(str_of(a->ends, a->label_count), str_of(b->ends, b->label_count));
}

static void
lower_ttl(struct answer *a, uint32_t ttl_s)
{
	if (ttl_s < a->ttl_s)
		a->ttl_s = ttl_s;
}

/* ---- what a record says -------------------------------------------------------------------- */

/* A character string of NAPTR (RFC 1035 3.3). */
static struct str
take_word(struct reader *r, size_t end)
{
	size_t len = take(r, 1, end);
	struct str word;

	if (r->is_bad || end - r->at < len) {
		r->is_bad = true;
		return STR("");
	}
	word = str_of(r->message.at + r->at, len);
	r->at += len;
	return word;
}

/* Nothing but what can be printed, and not much of it. */
static bool
is_word(struct str word)
{
	for (size_t i = 0; i < word.len; i++)
		if (word.at[i] <= ' ' || word.at[i] >= 0x7f)
			return false;
	return word.len <= ANSWER_WORD_MAX;
}

/* Puts a service behind those of its order; with a full table the last one gives way. */
static void
put_service(struct answer *a, const struct dns_record *from, const struct name *name)
{
	struct dns_record s = *from;
	uint32_t at = a->count;
	char *cell;

	if (a->count == SERVICES_MAX) {
		if (a->services[--at].order <= s.order)
			return;
		cell = (char *)a->services[at].name.at;
	} else {
		cell = a->names[a->count++];
	}
	memcpy(cell, name->text, name->len);
	s.name = str_of(cell, name->len);
	for (; at > 0 && a->services[at - 1].order > s.order; at--)
		a->services[at] = a->services[at - 1];
	a->services[at] = s;
}

static void
take_srv(struct reader *r, const struct record *record, struct answer *a)
{
	struct dns_record s = { 0 };
	struct name target;
	struct addr ip;

	s.order = (uint16_t)take(r, 2, record->end);
	s.weight = (uint16_t)take(r, 2, record->end);
	s.port = (uint16_t)take(r, 2, record->end);
	take_name(r, record->end, &target);
	r->is_bad |= r->at != record->end;
	/* An address is no name (RFC 2782), and nobody listens on port 0. */
	if (r->is_bad || !target.is_host || (s.port == 0 && target.len > 0) ||
		addr_parse(&ip, str_of(target.text, target.len)))
		return;
	put_service(a, &s, &target);
}

static void
take_naptr(struct reader *r, const struct record *record, struct answer *a)
{
	struct dns_record s = { 0 };
	struct name replacement;
	struct str pattern;

	s.order = (uint16_t)take(r, 2, record->end);
	s.weight = (uint16_t)take(r, 2, record->end);
	s.flags = take_word(r, record->end);
	s.what = take_word(r, record->end);
	pattern = take_word(r, record->end);
	take_name(r, record->end, &replacement);
	r->is_bad |= r->at != record->end;
	if (r->is_bad || !replacement.is_host || replacement.len == 0 || pattern.len > 0 ||
		!is_word(s.flags) || !is_word(s.what))
		return;
	put_service(a, &s, &replacement);
}

/* The TTL of an absence (RFC 2308 5): that of the SOA, or its own last number. */
static void
take_soa(struct reader *r, const struct record *record, struct answer *a)
{
	struct name skipped;
	uint32_t minimum_s;

	take_name(r, record->end, &skipped);
	take_name(r, record->end, &skipped);
	for (int i = 0; i < 4; i++)
		(void)take(r, 4, record->end);
	minimum_s = take(r, 4, record->end);
	lower_ttl(a, record->ttl_s);
	lower_ttl(a, minimum_s);
	lower_ttl(a, ABSENT_MAX_S);
}

/* ---- the message --------------------------------------------------------------------------- */

/* Where the records of a section begin, and how many there are. */
struct section {
	size_t at;
	unsigned count;
};

/* Goes on with the name that a CNAME of the section gives to *NAME. */
static bool
follow(struct reader *r, struct section section, struct name *name, struct answer *a)
{
	struct record record;

	r->at = section.at;
	for (unsigned i = 0; i < section.count && take_record(r, &record); i++) {
		if (record.class != CLASS_IN || record.type != TYPE_CNAME ||
			!is_same(&record.owner, name))
			continue;
		r->at = record.at;
		take_name(r, record.end, name);
		lower_ttl(a, record.ttl_s);
		return !r->is_bad;
	}
	return false;
}

/* Takes the records of NAME. Every record of the section is looked at, so that a broken one is not
 * passed over. */
static void
take_services(struct reader *r, struct section section, const struct name *name,
	enum names_kind kind, struct answer *a)
{
	unsigned type = kind == NAMES_SRV ? TYPE_SRV : TYPE_NAPTR;
	struct record record;

	r->at = section.at;
	for (unsigned i = 0; i < section.count && take_record(r, &record); i++) {
		if (record.class != CLASS_IN || record.type != type ||
			!is_same(&record.owner, name))
			continue;
		r->at = record.at;
		if (kind == NAMES_SRV)
			take_srv(r, &record, a);
		else
			take_naptr(r, &record, a);
		lower_ttl(a, record.ttl_s);
		r->at = record.end;
	}
}

/* Behind the answers of none: how long that holds. A fault in it is nobody's loss. */
static void
take_absence(struct reader *r, unsigned authorities, struct answer *a)
{
	struct record record;

	for (unsigned i = 0; i < authorities && take_record(r, &record); i++) {
		if (record.class == CLASS_IN && record.type == TYPE_SOA) {
			r->at = record.at;
			take_soa(r, &record, a);
			r->at = record.end;
		}
	}
}

bool
answer_read(struct answer *a, struct str message, enum names_kind kind)
{
	struct reader r = { .message = message, .at = 4 };
	struct section answers;
	struct name name;
	unsigned questions, authorities;
	uint32_t chain_s;

	a->count = 0;
	a->ttl_s = UINT32_MAX;
	questions = take(&r, 2, HEADER_BYTES);
	answers.count = take(&r, 2, HEADER_BYTES);
	authorities = take(&r, 2, HEADER_BYTES);
	if (r.is_bad || questions != 1 || answers.count > RECORDS_MAX)
		return false;
	r.at = HEADER_BYTES;
	take_name(&r, message.len, &name);
	(void)take(&r, 4, message.len);
	answers.at = r.at;
	if (r.is_bad)
		return false;
	for (int i = 0; i < CNAMES_MAX && follow(&r, answers, &name, a); i++)
		continue;
	chain_s = a->ttl_s;
	if (!r.is_bad)
		take_services(&r, answers, &name, kind, a);
	if (r.is_bad)
		return false;
	if (a->count == 0) {
		a->ttl_s = UINT32_MAX;
		take_absence(&r, authorities < RECORDS_MAX ? authorities : RECORDS_MAX, a);
		if (a->ttl_s != UINT32_MAX)
			lower_ttl(a, chain_s);
	}
	return true;
}
