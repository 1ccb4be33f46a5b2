/* SPDX-License-Identifier: Apache-2.0 */
#include "reg/binding.h"

/* One binding a line:
 *
 *   scheme=sips transport=TLS flow=17 source=192.0.2.7:49152 expires=1700003600 q=1000 cseq=2
 *   proven=yes contact=27"sips:7789@192.0.2.7:5061" params=0"" call-id=9"a1@phone1"
 *
 * (broken here only for the page); behind that, of a binding that has them, instance, reg-id and
 * path. What a peer wrote stands between quotes behind its length, so that no octet in it needs an
 * escape and a set that is read is views. */
static void
put_quoted(struct buf *b, struct str name, struct str text)
{
	buf_put(b, name);
	buf_number(b, text.len);
	buf_char(b, '"');
	buf_put(b, text);
	buf_char(b, '"');
}

static void
put_number(struct buf *b, struct str name, uint64_t number)
{
	buf_put(b, name);
	buf_number(b, number);
}

static void
put_reg_id(struct buf *b, uint32_t reg_id)
{
	char text[16];
	struct buf number = buf_on(text, sizeof text);

	buf_number(&number, reg_id);
	put_quoted(b, STR(" reg-id="), buf_str(&number));
}

static void
binding_write(struct buf *b, const struct binding *binding)
{
	buf_put(b, STR("scheme="));
	buf_put(b, scheme_name(binding->speech.scheme));
	buf_put(b, STR(" transport="));
	buf_put(b, transport_name(binding->speech.transport));
	put_number(b, STR(" flow="), binding->flow.number);
	buf_put(b, STR(" source="));
	addr_write_port(b, &binding->source);
	put_number(b, STR(" expires="), (uint64_t)binding->expires_at_s);
	put_number(b, STR(" q="), binding->q_thousandths);
	put_number(b, STR(" cseq="), binding->cseq);
	buf_put(b, binding->is_proven ? STR(" proven=yes") : STR(" proven=no"));
	put_quoted(b, STR(" contact="), binding->contact);
	put_quoted(b, STR(" params="), binding->params);
	put_quoted(b, STR(" call-id="), binding->call_id);
	if (!str_is_empty(binding->instance))
		put_quoted(b, STR(" instance="), binding->instance);
	if (binding->reg_id != 0)
		put_reg_id(b, binding->reg_id);
	if (!str_is_empty(binding->path))
		put_quoted(b, STR(" path="), binding->path);
	buf_char(b, '\n');
}

void
binding_set_write(struct buf *b, const struct binding_set *set)
{
	for (uint32_t i = 0; i < set->count; i++)
		binding_write(b, &set->list[i]);
}

/* The end of the year 9999: beyond it no sum of milliseconds is safe. */
#define EXPIRES_AT_MAX_S 253402300799

/* What is left to read; once something was not as it must be, all that follows is wrong too. */
struct reader {
	struct str rest;
	bool is_wrong;
};

static void
expect(struct reader *r, struct str text)
{
	if (!str_begins(r->rest, text))
		r->is_wrong = true;
	else
		r->rest = str_from(r->rest, text.len);
}

static struct str
take_word(struct reader *r, struct str name)
{
	expect(r, name);
	return r->is_wrong ? STR("") : str_cut(&r->rest, ' ');
}

static uint64_t
take_number(struct reader *r, struct str name, uint64_t max)
{
	uint64_t number = 0;

	if (!str_number(take_word(r, name), max, &number))
		r->is_wrong = true;
	return number;
}

static struct str
take_quoted(struct reader *r, struct str name)
{
	struct str text;
	uint64_t len;

	expect(r, name);
	if (r->is_wrong || !str_number(str_cut(&r->rest, '"'), r->rest.len, &len)) {
		r->is_wrong = true;
		return STR_NONE;
	}
	text = str_upto(r->rest, (size_t)len);
	r->rest = str_from(r->rest, (size_t)len);
	expect(r, STR("\""));
	return text;
}

/* The same for what may not be there. */
static struct str
take_if(struct reader *r, struct str name)
{
	return str_begins(r->rest, name) ? take_quoted(r, name) : STR("");
}

static struct addr
take_source(struct reader *r)
{
	struct str text = take_word(r, STR("source="));
	size_t colon = text.len;
	struct addr addr = { .family = ADDR_NONE };
	uint64_t port = 0;

	while (colon > 0 && text.at[colon - 1] != ':')
		colon--;
	if (colon == 0 || !addr_parse(&addr, str_upto(text, colon - 1)) ||
		!str_number(str_from(text, colon), UINT16_MAX, &port))
		r->is_wrong = true;
	addr.port = (uint16_t)port;
	return addr;
}

static struct speech
take_speech(struct reader *r)
{
	struct str scheme = take_word(r, STR("scheme="));
	struct speech speech = { SCHEME_SIP, TRANSPORT_NONE };

	if (str_same(scheme, scheme_name(SCHEME_SIPS)))
		speech.scheme = SCHEME_SIPS;
	else if (!str_same(scheme, scheme_name(SCHEME_SIP)))
		r->is_wrong = true;
	if (!transport_find(take_word(r, STR("transport=")), &speech.transport))
		r->is_wrong = true;
	/* The promise of the secure leg holds for what comes out of a store as well. */
	if (speech.scheme == SCHEME_SIPS && speech.transport != TRANSPORT_TLS)
		r->is_wrong = true;
	return speech;
}

static void
binding_read(struct reader *r, struct binding *b)
{
	struct str proven, reg_id;
	uint64_t number = 0;

	*b = (struct binding){ .speech = take_speech(r) };
	b->flow.number = take_number(r, STR("flow="), UINT64_MAX);
	b->source = take_source(r);
	b->expires_at_s = (int64_t)take_number(r, STR("expires="), EXPIRES_AT_MAX_S);
	b->q_thousandths = (uint32_t)take_number(r, STR("q="), 1000);
	b->cseq = (uint32_t)take_number(r, STR("cseq="), UINT32_MAX);
	proven = take_word(r, STR("proven="));
	b->is_proven = str_same(proven, STR("yes"));
	if (!b->is_proven && !str_same(proven, STR("no")))
		r->is_wrong = true;
	b->contact = take_quoted(r, STR("contact="));
	b->params = take_quoted(r, STR(" params="));
	b->call_id = take_quoted(r, STR(" call-id="));
	b->instance = take_if(r, STR(" instance="));
	reg_id = take_if(r, STR(" reg-id="));
	/* A flow is one of an instance. */
	if (!str_is_empty(reg_id) &&
		(!str_number(reg_id, INT32_MAX, &number) || str_is_empty(b->instance)))
		r->is_wrong = true;
	b->reg_id = (uint32_t)number;
	b->path = take_if(r, STR(" path="));
	expect(r, STR("\n"));
}

bool
binding_set_read(struct binding_set *set, struct str octets)
{
	struct reader r = { .rest = octets };

	*set = (struct binding_set){ .count = 0 };
	while (r.rest.len > 0) {
		if (set->count == CONTACTS_PER_AOR_MAX)
			return false;
		binding_read(&r, &set->list[set->count]);
		if (r.is_wrong)
			return false;
		set->count++;
	}
	return true;
}
