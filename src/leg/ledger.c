/* SPDX-License-Identifier: Apache-2.0 */
/* How a leg is secured, for people and for programs. */
#include "leg/ledger.h"

#include <string.h>

/* ---- what is known --------------------------------------------------------------------------- */

static uint32_t
keep(char *at, uint32_t size, struct str s)
{
	uint32_t len = s.len < size ? (uint32_t)s.len : size;

	if (len > 0)
		memcpy(at, s.at, len);
	return len;
}

static void
take_facts(struct ledger *l, const struct flow *flow)
{
	l->facts_of = flow->id;
	l->transport = flow->transport;
	l->proof = flow->proof;
	l->named_by = flow->named_by;
	l->local = flow->local;
	l->is_pinned = flow->proof == PROOF_NAME && flow->terms.has_pin;
	/* Without a proof, or by a pin, it is but the name that was wanted. */
	l->name_len = flow->proof != PROOF_NONE && !l->is_pinned
		? keep(l->name, sizeof l->name, flow_name(flow))
		: 0;
	l->version_len =
		keep(l->version, sizeof l->version, str_of(flow->version, flow->version_len));
	l->cipher_len = keep(l->cipher, sizeof l->cipher, str_of(flow->cipher, flow->cipher_len));
	l->has_fingerprint = flow->has_fingerprint;
	if (flow->has_fingerprint)
		memcpy(l->fingerprint, flow->fingerprint, sizeof l->fingerprint);
}

static void
note_change(struct ledger *l, const struct leg *leg, bool is_heard, const struct turn *t)
{
	struct flow_change *change = &l->last[l->changes++ % FLOW_CHANGES_KEPT];

	change->cause = is_heard ? MOVED_HEARD : leg->is_confirmed ? MOVED_DIALLED : MOVED_NEXT;
	change->at_s = t->now.wall_s;
	change->transport = leg->transport;
	change->remote = leg->peer;
}

void
ledger_see(const struct legs *ls, struct leg *leg, bool is_heard, const struct turn *t)
{
	struct ledger *l = &leg->ledger;
	const struct flow *flow;

	if (!flow_same(l->flow, leg->flow)) {
		if (!flow_is_none(l->flow))
			note_change(l, leg, is_heard, t);
		l->flow = leg->flow;
	}
	if (flow_same(l->facts_of, leg->flow))
		return;
	flow = flows_find(ls->flows, leg->flow);
	if (flow != NULL && flow->is_open)
		take_facts(l, flow);
}

void
ledger_hear(struct leg *leg, const struct msg *msg)
{
	struct ledger *l = &leg->ledger;
	struct str agent = msg_value(msg, HEADER_USER_AGENT);

	if (str_is_none(agent))
		agent = msg_value(msg, HEADER_SERVER);
	if (!str_is_none(agent))
		l->agent_len = keep(l->agent, sizeof l->agent, agent);
}

/* The ledger as it would be if it were looked at now. What was dialled in vain leaves no trace but
 * that it was tried: the facts are those of the flow that there was. */
static struct ledger
ledger_now(const struct legs *ls, const struct leg *leg)
{
	struct ledger l = leg->ledger;
	const struct flow *flow = flows_find(ls->flows, leg->flow);

	if (!flow_same(l.facts_of, leg->flow) && flow != NULL && flow->is_open)
		take_facts(&l, flow);
	return l;
}

/* ---- for people ------------------------------------------------------------------------------ */

/* Whether the digest came over the connection of which the ledger tells: another is not proven by
 * it (RFC 5922 8.1). */
static bool
is_proven_there(const struct leg *leg, const struct ledger *l)
{
	return flow_same(leg->proven_on, l->facts_of);
}

/* How the far end was checked, in a word or two. */
static void
write_proof(const struct leg *leg, const struct ledger *l, struct buf *b)
{
	if (l->is_pinned) {
		buf_put(b, STR(" pinned"));
	} else if (l->proof == PROOF_NAME || l->proof == PROOF_CLIENT_CERT) {
		buf_put(b, l->proof == PROOF_NAME ? STR(" verified=") : STR(" client="));
		buf_quoted(b, str_of(l->name, l->name_len), LOG_TEXT_MAX);
	} else if (leg->is_proven) {
		buf_put(b, STR(" verified=digest:"));
		buf_quoted(b, leg_text(leg, TEXT_DN), LOG_TEXT_MAX);
		if (!is_proven_there(leg, l))
			buf_put(b, STR(" on an earlier connection"));
	} else {
		buf_put(b, STR(" unauthenticated"));
	}
}

static struct str
cause_text(enum move_cause cause)
{
	switch (cause) {
	case MOVED_NEXT: return STR("the next address was tried");
	case MOVED_DIALLED: return STR("the connection was gone and we dialled");
	case MOVED_HEARD: break;
	}
	return STR("the connection was gone and the device came by another");
}

static void
write_changes(const struct ledger *l, struct buf *b)
{
	if (l->changes == 0)
		return;
	buf_put(b, STR(" flow changes "));
	buf_number(b, l->changes);
	buf_put(b, STR(", last: "));
	buf_put(b, cause_text(l->last[(l->changes - 1) % FLOW_CHANGES_KEPT].cause));
}

void
leg_write_security(const struct legs *ls, const struct leg *leg, struct buf *b)
{
	const struct ledger l = ledger_now(ls, leg);

	buf_put(b, scheme_name(leg->speech.scheme));
	buf_char(b, '/');
	buf_put(b, transport_name(leg->transport));
	if (l.transport == TRANSPORT_TLS) {
		buf_char(b, ' ');
		buf_put(b, str_of(l.version, l.version_len));
		buf_char(b, ' ');
		buf_put(b, str_of(l.cipher, l.cipher_len));
		write_proof(leg, &l, b);
		if (l.has_fingerprint) {
			buf_put(b, STR(" sha256="));
			buf_hex(b, l.fingerprint, FINGERPRINT_BYTES);
		}
	}
	write_changes(&l, b);
}

/* ---- for programs ---------------------------------------------------------------------------- */

/* How the far end was checked. */
static struct str
verified_by(const struct leg *leg, const struct ledger *l)
{
	if (l->proof == PROOF_NAME)
		return l->is_pinned ? STR("pin") : STR("name");
	if (l->proof == PROOF_CLIENT_CERT)
		return STR("client-certificate");
	if (!leg->is_proven)
		return STR("none");
	return is_proven_there(leg, l) ? STR("digest") : STR("digest-earlier");
}

static struct str
cause_word(enum move_cause cause)
{
	switch (cause) {
	case MOVED_NEXT: return STR("next-address");
	case MOVED_DIALLED: return STR("dialled");
	case MOVED_HEARD: break;
	}
	return STR("peer-came");
}

static void
put_address(struct json *j, struct str key, const struct addr *addr)
{
	char text[ADDR_TEXT_MAX];
	struct buf b = buf_on(text, sizeof text);

	addr_write_port(&b, addr);
	json_put_text(j, key, buf_str(&b));
}

/* As RFC 5280 4.2.1.6 calls them. */
static struct str
kind_word(enum named_by named_by)
{
	switch (named_by) {
	case NAMED_BY_NONE: break;
	case NAMED_BY_URI: return STR("uri");
	case NAMED_BY_DNS: return STR("dns");
	case NAMED_BY_IP: return STR("ip");
	}
	return STR("");
}

static void
put_tls(const struct ledger *l, struct json *j)
{
	char text[2 * FINGERPRINT_BYTES];
	struct buf b = buf_on(text, sizeof text);

	json_put_text(j, STR("tls_version"), str_of(l->version, l->version_len));
	json_put_text(j, STR("cipher"), str_of(l->cipher, l->cipher_len));
	if (l->proof != PROOF_NONE && !l->is_pinned)
		json_put_text(j, STR("verified_name"), str_of(l->name, l->name_len));
	if (l->proof == PROOF_NAME && l->named_by != NAMED_BY_NONE)
		json_put_text(j, STR("name_kind"), kind_word(l->named_by));
	if (l->has_fingerprint) {
		buf_hex(&b, l->fingerprint, FINGERPRINT_BYTES);
		json_put_text(j, STR("cert_sha256"), buf_str(&b));
	}
}

static void
put_changes(const struct ledger *l, struct json *j)
{
	uint32_t kept = l->changes < FLOW_CHANGES_KEPT ? l->changes : FLOW_CHANGES_KEPT;

	json_put_number(j, STR("flow_changes"), l->changes);
	if (l->changes == 0)
		return;
	json_key(j, STR("last_flow_changes"));
	json_open(j, '[');
	for (uint32_t i = l->changes - kept; i < l->changes; i++) {
		const struct flow_change *change = &l->last[i % FLOW_CHANGES_KEPT];

		json_open(j, '{');
		json_put_moment(j, STR("at"), change->at_s);
		json_put_text(j, STR("cause"), cause_word(change->cause));
		json_put_text(j, STR("transport"), transport_name(change->transport));
		put_address(j, STR("remote"), &change->remote);
		json_close(j, '}');
	}
	json_close(j, ']');
}

void
ledger_write(const struct legs *ls, const struct leg *leg, struct json *j)
{
	const struct ledger l = ledger_now(ls, leg);

	json_put_text(j, STR("dn"), str_upto(leg_text(leg, TEXT_DN), LOG_TEXT_MAX));
	json_put_text(j, STR("scheme"), scheme_name(leg->speech.scheme));
	json_put_text(j, STR("transport"), transport_name(leg->transport));
	if (l.local.family != ADDR_NONE)
		put_address(j, STR("local"), &l.local);
	put_address(j, STR("remote"), &leg->peer);
	json_put_text(j, STR("verified_by"), verified_by(leg, &l));
	if (l.transport == TRANSPORT_TLS)
		put_tls(&l, j);
	put_changes(&l, j);
	if (l.agent_len > 0)
		json_put_text(j, STR("user_agent"), str_of(l.agent, l.agent_len));
	json_put_text(j, STR("call_id"), leg_text(leg, TEXT_CALL_ID));
	json_put_text(j, STR("local_tag"), str_upto(leg_text(leg, TEXT_LOCAL_TAG), LOG_TEXT_MAX));
	json_put_text(j, STR("remote_tag"), str_upto(leg_text(leg, TEXT_REMOTE_TAG), LOG_TEXT_MAX));
}
