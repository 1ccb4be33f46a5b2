/* SPDX-License-Identifier: Apache-2.0 */
/* What a REGISTER of ours looks like, and where it may go (RFC 3261 10.2, RFC 5630 5.1.1.1). */
#include "base/map.h"
#include "sip/write.h"
#include "trunk/ask.h"
#include "trunk/inside.h"

static void
write_uri_of(struct buf *b, const struct enrol *e, struct str user, struct str host, uint16_t port,
	struct str params)
{
	struct uri_parts parts = {
		.scheme = e->speech.scheme == SCHEME_SIPS ? URI_SIPS : URI_SIP,
		.user = user,
		.host = host,
		.port = port,
		.params = params,
	};

	uri_write(b, &parts);
}

void
enrol_write_registrar(struct buf *b, const struct enrol *e)
{
	write_uri_of(b, e, STR(""), enrol_text(e, ENROL_TEXT_HOST), e->port, STR(""));
}

void
enrol_write_aor(struct buf *b, const struct enrol *e)
{
	write_uri_of(
		b, e, enrol_text(e, ENROL_TEXT_USER), enrol_text(e, ENROL_TEXT_HOST), 0, STR(""));
}

/* Our one Contact: where TARGET reaches us, in the scheme that the trunk speaks. */
static bool
put_contact(struct enrols *es, struct enrol *e, const struct target *target)
{
	struct speech spoken = { e->speech.scheme, target->transport };
	char text[URI_BYTES_MAX], at[URI_BYTES_MAX];
	struct buf host = buf_on(at, sizeof at), b = buf_on(text, sizeof text);

	flows_write_face(es->flows, &host, target->transport, &target->addr, target->flow);
	write_uri_of(&b, e, enrol_text(e, ENROL_TEXT_USER), buf_str(&host), 0,
		scheme_contact_param(&spoken, e->emits_tls));
	return buf_ok(&host) && buf_ok(&b) && shelf_put(&e->shelf, ENROL_TEXT_CONTACT, buf_str(&b));
}

static void
write_end_of_ours(struct buf *b, enum header_id id, const struct enrol *e, bool with_tag)
{
	write_begin(b, id);
	buf_char(b, '<');
	enrol_write_aor(b, e);
	buf_char(b, '>');
	if (with_tag) {
		buf_put(b, STR(";tag="));
		buf_put(b, enrol_text(e, ENROL_TEXT_TAG));
	}
	write_end(b);
}

/* Our instance at a Contact of ours is the same after each start (RFC 5626 4.1): a UUID made of its
 * name (RFC 4122 4.3, version 8 of RFC 9562: by a hash of our own). */
static void
write_instance(struct buf *b, struct str contact)
{
	static const uint64_t keys[2][2] = { { 1, 0 }, { 2, 0 } };
	uint64_t halves[2] = { siphash(keys[0], contact), siphash(keys[1], contact) };
	uint8_t uuid[sizeof halves];

	for (size_t i = 0; i < sizeof uuid; i++)
		uuid[i] = (uint8_t)(halves[i / 8] >> (8 * (i % 8)));
	uuid[6] = (uint8_t)((uuid[6] & 0x0f) | 0x80);
	uuid[8] = (uint8_t)((uuid[8] & 0x3f) | 0x80);
	buf_put(b, STR(";+sip.instance=\"<urn:uuid:"));
	for (size_t i = 0; i < sizeof uuid; i++) {
		if (i == 4 || i == 6 || i == 8 || i == 10)
			buf_char(b, '-');
		buf_hex(b, &uuid[i], 1);
	}
	buf_put(b, STR(">\""));
}

static void
write_register(const struct enrols *es, const struct enrol *e, struct buf *b, struct str branch,
	const struct target *target, uint32_t asked_s, struct str proof)
{
	char text[URI_BYTES_MAX];
	struct buf registrar = buf_on(text, sizeof text);

	enrol_write_registrar(&registrar, e);
	write_request_line(b, STR("REGISTER"), buf_str(&registrar));
	write_end_of_ours(b, HEADER_FROM, e, true);
	write_end_of_ours(b, HEADER_TO, e, false);
	write_header(b, HEADER_CALL_ID, enrol_text(e, ENROL_TEXT_CALL_ID));
	write_begin(b, HEADER_CSEQ);
	buf_number(b, e->cseq + 1);
	buf_put(b, STR(" REGISTER"));
	write_end(b);
	flows_write_via(es->flows, b, target->transport, &target->addr, target->flow, branch);
	write_number(b, HEADER_MAX_FORWARDS, MAX_FORWARDS);
	if (!str_is_empty(enrol_text(e, ENROL_TEXT_PROXY)))
		write_header(b, HEADER_ROUTE, enrol_text(e, ENROL_TEXT_PROXY));
	if (e->wants_gruu)
		write_header(b, HEADER_SUPPORTED, STR("gruu"));
	write_begin(b, HEADER_CONTACT);
	buf_char(b, '<');
	buf_put(b, enrol_text(e, ENROL_TEXT_CONTACT));
	buf_char(b, '>');
	if (e->wants_gruu)
		write_instance(b, enrol_text(e, ENROL_TEXT_CONTACT));
	write_end(b);
	write_number(b, HEADER_EXPIRES, asked_s);
	buf_put(b, proof);
	write_body(b, STR(""));
}

bool
enrol_way_again(const struct enrols *es, const struct enrol *e, struct way *way)
{
	const struct flow *flow = flows_find(es->flows, e->flow);

	*way = (struct way){
		.transport = e->transport, .addr = e->peer, .flow = e->flow, .tie = TIE_DIALLED
	};
	return flow != NULL && !flow->is_shut;
}

bool
enrol_say(struct enrols *es, struct enrol *e, const struct way *way, uint32_t asked_s,
	struct str proof, unsigned tries, const struct turn *t, struct str *why)
{
	struct asked asked = { e->speech, enrol_text(e, ENROL_TEXT_NAME), e->terms,
		enrol_number(e) };
	struct txn_owner owner = { OWNER_ENROL, e->ref, tries };
	struct target target;
	struct txn_way by;
	struct str branch;
	struct ref txn;
	struct buf b;

	if (!ask_choose(es->flows, &asked, way, t, &target, why))
		return false;
	*why = STR("the table of transactions is full");
	txn = txn_reserve(es->txns, owner, &branch);
	if (ref_is_none(txn))
		return false;
	*why = STR("the REGISTER does not fit");
	b = out_buf(t->out, OURS_BYTES_MAX + ENROL_TEXT_BYTES);
	if (put_contact(es, e, &target))
		write_register(es, e, &b, branch, &target, asked_s, proof);
	if (!buf_ok(&b) || b.used == 0) {
		txn_drop(es->txns, txn);
		return false;
	}
	by = ask_way(&target);
	txn_send(es->txns, txn, METHOD_REGISTER, out_wrote(t->out, &b), &by, t->now, t->out);
	e->cseq++;
	e->txn = txn;
	e->flow = target.flow;
	e->peer = target.addr;
	e->transport = target.transport;
	return true;
}
