/* SPDX-License-Identifier: Apache-2.0 */
#include "tls_judge.h"

#include <stdio.h>
#include <string.h>

#include "base/panic.h"
#include "tls_text.h"

/* Whether a peer that shows this may be talked to. */
static bool
is_right(const struct sim *s, const struct wire *wire)
{
	const struct far *far = &wire->far;
	struct addr addr;
	bool is_ip = addr_parse(&addr, str_cstr(wire->name));

	(void)s;
	if (!wire->is_dialled)
		return true;
	return wire->has_far && far->ssl != NULL && far->is_server &&
		cert_kind_is_good(far->kind, is_ip) && strcmp(far->name, wire->name) == 0;
}

/* ---- checks: what the core hears ------------------------------------------------------------ */

static void
check_open(struct sim *s, const struct event *e)
{
	struct wire *wire = sim_wire(s, e->u.open.flow.number);
	const struct secured *secured = &e->u.open.secured;

	must(wire != NULL);
	wire->is_told = true;
	s->tally.opened++;
	if (!is_right(s, wire))
		sim_break(s, "S2", "a flow opened to somebody who showed %s, %s wanted",
			cert_kind_name(wire->far.kind), wire->name);
	if (!far_has_finished(&wire->far))
		sim_break(s, "S2", "a flow opened before its handshake was over");
	if (wire->is_dialled &&
		(secured->proof != PROOF_NAME || !str_same(secured->name, str_cstr(wire->name))))
		sim_break(s, "S3", "the flow for %s was opened as %.*s", wire->name,
			(int)secured->name.len, secured->name.at);
	if (!wire->is_dialled && secured->proof != PROOF_NONE)
		sim_break(s, "S2", "a client without a certificate is taken for a proven one");
}

static void
check_bytes(struct sim *s, const struct event *e)
{
	struct wire *wire = sim_wire(s, e->u.bytes.flow.number);
	struct str expected, data = e->u.bytes.data;

	s->tally.octets_in += data.len;
	if (wire == NULL || !wire->is_told) {
		sim_break(s, "S2", "%zu octets reached the core before their flow was open",
			data.len);
		return;
	}
	expected = octets_str(&wire->expect_in);
	if (data.len > expected.len || !str_same(data, str_upto(expected, data.len)))
		sim_break(s, "T10", "what came is not what %s said",
			wire->number != NULL ? wire->number : wire->name);
	else
		octets_drop(&wire->expect_in, data.len);
}

void
judge_event(struct sim *s, const struct event *e)
{
	s->tally.events++;
	if (e->kind == EV_FLOW_OPEN) {
		check_open(s, e);
	} else if (e->kind == EV_BYTES) {
		check_bytes(s, e);
		sim_hash(s, e->u.bytes.data);
	} else if (e->kind == EV_FLOW_FAILED) {
		s->tally.failed++;
		sim_hash(s, e->u.closed.reason);
	} else if (e->kind == EV_FLOW_CLOSED) {
		sim_hash(s, e->u.closed.reason);
	}
	if (s->is_verbose && (e->kind == EV_FLOW_FAILED || e->kind == EV_FLOW_CLOSED))
		printf("# %lld ms: flow %llx over: %.*s\n", (long long)s->now.mono_ms,
			(unsigned long long)e->u.closed.flow.number, (int)e->u.closed.reason.len,
			e->u.closed.reason.at);
}

/* ---- checks: what the core says ------------------------------------------------------------- */

/* Whom its device must prove to be: the host of its contact, configured or registered. */
static const char *
required(const struct sim_dn *dn)
{
	return dn->host[0] != '\0' ? dn->host : dn->ip;
}

/* Whether VIA is one of TLS that names HOST. */
static bool
is_sent_by(struct str via, const char *host)
{
	struct str protocol = str_cut(&via, ' ');

	return str_same(protocol, STR("SIP/2.0/TLS")) &&
		str_same(str_upto(via, str_find(via, ':')), str_of(host, strlen(host)));
}

void
judge_said(struct sim *s, const struct wire *wire, struct str text)
{
	const struct sim_dn *dn;
	uint64_t call;

	if (!text_is_message(text))
		return;
	if (text_is_request(text)) {
		dn = sim_dn(s, text_user(text));
		if (dn == NULL)
			sim_break(s, "S3", "a request for nobody: %.60s", text.at);
		else if (wire->is_dialled && strcmp(required(dn), wire->name) != 0)
			sim_break(s, "S3", "a request for %s (%s) on a connection to %s",
				dn->number, required(dn), wire->name);
		else if (!wire->is_dialled &&
			(wire->number == NULL || strcmp(wire->number, dn->number) != 0))
			sim_break(s, "S3", "a request for %s on a connection of %s", dn->number,
				wire->number != NULL ? wire->number : "nobody");
		return;
	}
	call = text_hash(text_header(text, "Call-ID"));
	/* One whose connection is gone goes to whom its Via names (RFC 3261 18.2.2). */
	if (wire->is_dialled && is_sent_by(text_header(text, "Via"), wire->name))
		return;
	for (unsigned i = 0; i < ASKED_MAX; i++)
		if (wire->asked[i] == call)
			return;
	sim_break(s, "S3", "a response to a request that did not come by this connection: %.40s",
		text.at);
}

/* What the far end heard in clear since it was looked at last. */
void
judge_far(struct sim *s, struct wire *wire)
{
	struct str heard = bytes_str(&wire->far.heard);
	struct str expected = octets_str(&wire->expect_out);

	if (wire->is_dialled && wire->far.is_ready && !is_right(s, wire))
		sim_break(s, "S2", "the handshake went on with %s, %s wanted",
			cert_kind_name(wire->far.kind), wire->name);
	if (heard.len == 0)
		return;
	s->tally.octets_out += heard.len;
	if (!is_right(s, wire))
		sim_break(s, "S2", "%zu octets reached one who showed %s", heard.len,
			cert_kind_name(wire->far.kind));
	if (heard.len > expected.len || !str_same(heard, str_upto(expected, heard.len)))
		sim_break(s, "T10", "what %s heard is not what was said", wire->name);
	else
		octets_drop(&wire->expect_out, heard.len);
	octets_put(&wire->heard, heard);
	bytes_free(&wire->far.heard);
	if (s->hooks.on_heard != NULL)
		s->hooks.on_heard(s, wire);
}

/* A far end hangs up when it has nothing more to say: it ended TLS itself, or heard that we did, or
 * its OpenSSL will not go on. */
void
judge_end(struct sim *s, struct wire *wire)
{
	struct far *far = &wire->far;
	bool has_seen_fin = wire->has_shut && wire->posted == 0 &&
		octets_str(&wire->to_far).len == 0 && far->ssl == NULL;

	if (wire->has_hung || far_has_octets(far))
		return;
	if (far->is_over && octets_str(&wire->expect_out).len > 0 && !wire->is_over)
		sim_break(s, "T10", "%s did not hear %zu octets that were said before the end",
			wire->name, octets_str(&wire->expect_out).len);
	if (far->is_broken || far->is_over || far->has_ended || has_seen_fin)
		wire_hang(wire, CUT_FIN);
}
