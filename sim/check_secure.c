/* SPDX-License-Identifier: Apache-2.0 */
/* S1 to S9: what RFC 5630 and RFC 3261 26 want of a leg marked sips, and of secrets. */
#include "check_inside.h"

#include <string.h>

/* ---- secrets ---- */

static unsigned
front_of(const char *at)
{
	return (unsigned)(unsigned char)at[0] << 8 | (unsigned char)at[1];
}

void
seen_secure_open(struct check *c)
{
	for (size_t i = 0; i < c->o.secret_count; i++) {
		unsigned front = front_of(c->o.secrets[i]);

		c->secret_front[front / 8] |= (uint8_t)(1U << front % 8);
	}
}

static const char *
secret_in(const struct check *c, const char *at, size_t len)
{
	for (size_t i = 0; i + 1 < len; i++) {
		unsigned front = front_of(at + i);

		if ((c->secret_front[front / 8] & 1U << front % 8) == 0)
			continue;
		for (size_t k = 0; k < c->o.secret_count; k++) {
			size_t secret_len = strlen(c->o.secrets[k]);

			if (secret_len <= len - i &&
				memcmp(at + i, c->o.secrets[k], secret_len) == 0)
				return c->o.secrets[k];
		}
	}
	return NULL;
}

void
seen_secure_out(struct check *c, struct flow *flow, const char *at, size_t len)
{
	if (secret_in(c, at, len) != NULL)
		check_break(c, "S7", "a secret leaves for %s", flow->peer);
	if (flow->is_dialled && flow->transport == CHECK_TLS && flow->is_open && !flow->is_verified)
		check_break(c, "S2", "octets for %s, which was not verified", flow->peer);
}

void
seen_secure_note(struct check *c, struct wire_text line)
{
	if (secret_in(c, line.at, line.len) != NULL)
		check_break(c, "S7", "a secret in the log");
}

/* ---- DNS ---- */

/* S1: a plain service of a domain that a sips contact names is not even asked for. */
void
check_asked(struct check *c, const char *name, size_t len)
{
	struct wire_text domain = { name, len };
	size_t labels = 0;

	if (len < 5 || memcmp(name, "_sip.", 5) != 0)
		return;
	while (domain.len > 0 && labels < 2) {
		labels += domain.at[0] == '.';
		domain = (struct wire_text){ domain.at + 1, domain.len - 1 };
	}
	for (size_t i = 0; i < c->dn_count; i++) {
		struct wire_text contact = wire_cstr(c->dns[i].contact);

		if (wire_uri_is_sips(contact) && wire_same_alike(wire_uri_host(contact), domain))
			check_break(c, "S1", "DNS is asked for %.*s, a plain service of %s",
				(int)len, name, c->dns[i].contact);
	}
}

/* ---- the leg ---- */

/* S3: what was dialled must be whom the request is for. */
static void
judge_name(struct check *c, const struct flow *flow, const struct wire_msg *m)
{
	struct wire_text host = wire_uri_host(m->uri);

	if (flow->transport != CHECK_TLS || !flow->is_dialled)
		return;
	if (!wire_same_alike(host, wire_cstr(flow->name)))
		check_break(c, "S3",
			"INVITE of %.*s for %.*s on a connection that was proven to be %s",
			(int)m->call_id.len, m->call_id.at, (int)host.len, host.at, flow->name);
}

/* S6: what proves us goes to the trunk that it is for, in its realm, and nowhere else. */
static bool
is_proof(const struct check *c, const struct leg *leg, const struct wire_msg *m)
{
	struct wire_text host = leg != NULL ? wire_cstr(leg->host) : wire_uri_host(m->uri);

	for (size_t i = 0; i < c->dn_count; i++) {
		const struct check_dn *dn = &c->dns[i];

		if (dn->realm != NULL && dn->is_trunk && (leg == NULL || leg->is_out) &&
			wire_same_alike(wire_uri_host(wire_cstr(dn->contact)), host))
			return seen_cred_is_proof(m, dn->realm, c->o.proof_user, c->o.proof_secret);
	}
	return false;
}

void
seen_secure_request(struct check *c, struct flow *flow, struct leg *leg, const struct wire_msg *m,
	bool is_first)
{
	bool is_sips = wire_uri_is_sips(m->uri) || (leg != NULL && leg->is_sips);

	if (is_sips && flow->transport != CHECK_TLS)
		check_break(c, "S1", "a %.*s of the sips leg %.*s in clear to %s",
			(int)m->method.len, m->method.at, (int)m->call_id.len, m->call_id.at,
			flow->peer);
	if (is_sips && (m->contact_count > 0 && !wire_uri_is_sips(m->contact)))
		check_break(c, "S4", "the Contact of the sips leg %.*s is not sips",
			(int)m->call_id.len, m->call_id.at);
	if (is_sips && is_first &&
		(!wire_uri_is_sips(m->from_uri) || !wire_uri_is_sips(m->to_uri) ||
			!wire_uri_is_sips(m->uri)))
		check_break(c, "S4", "From, To and Request-URI of %.*s are not all sips",
			(int)m->call_id.len, m->call_id.at);
	/* A peer that put a sip Contact of its own into a sips dialog hears just that, over TLS. */
	if (leg != NULL && leg->is_sips && !wire_uri_is_sips(m->uri) && !leg->has_sip_target)
		check_break(c, "S4", "a Request-URI on the sips leg %s is not sips", leg->call_id);
	/* RFC 3261 8.1.1.8: to a sips target a sips Contact, wherever the peer had it from. */
	if (leg != NULL && !leg->is_sips && m->contact_count > 0 && wire_uri_is_sips(m->contact) &&
		!wire_uri_is_sips(m->uri))
		check_break(c, "S5", "the leg %s began as sip and says sips", leg->call_id);
	if (m->count[WIRE_AUTHORIZATION] + m->count[WIRE_PROXY_AUTHORIZATION] > 0 &&
		!is_proof(c, leg, m))
		check_break(c, "S6", "credentials in a request of %.*s to %s", (int)m->call_id.len,
			m->call_id.at, flow->peer);
	if (is_first)
		judge_name(c, flow, m);
}

void
seen_secure_response(struct check *c, struct flow *flow, struct leg *leg, const struct txn *t,
	const struct wire_msg *m)
{
	bool has_dialog = t->kind == OF_INVITE && m->status > 100 && m->status < 300;

	/* What was asked over TLS is answered there; what was asked in clear may be answered so. */
	if (t->transport == CHECK_TLS && flow->transport != CHECK_TLS &&
		!(t->was_in_clear && t->is_murky))
		check_break(c, "S1", "a %u of %s in clear to %s, asked over TLS", m->status,
			t->call_id, flow->peer);
	if (leg == NULL || !has_dialog)
		return;
	if (leg->is_sips && flow->transport != CHECK_TLS)
		check_break(c, "S1", "a %u of the sips leg %s in clear to %s", m->status,
			leg->call_id, flow->peer);
	if (leg->is_sips && !wire_uri_is_sips(m->contact))
		check_break(c, "S4", "the Contact of the sips leg %s is not sips", leg->call_id);
	/* RFC 5630 5.1.1: what was asked with sip is answered with sip. */
	if (!leg->is_sips && wire_uri_is_sips(m->contact))
		check_break(c, "S5", "the leg %s began as sip and says sips", leg->call_id);
}

/* ---- crossings ---- */

/* The mildest mode that can be in force for a call to DN (who calls may bring a stricter one). */
static enum check_mode
mildest(const struct check *c, const struct check_dn *dn)
{
	return dn != NULL && dn->crossing > c->o.crossing ? dn->crossing : c->o.crossing;
}

void
seen_secure_crossing(struct check *c, const struct leg *leg, const struct wire_msg *m)
{
	const struct call *call = seen_call_at(c, leg->call);
	const struct leg *caller = seen_leg_other(c, leg);
	const struct check_dn *dn;
	enum check_mode mode;
	bool is_sips = wire_uri_is_sips(m->uri), has_sips;

	if (call == NULL || call->is_vague || caller == NULL || caller->is_dead ||
		!caller->is_plain)
		return;
	dn = seen_reg_dn(c, call->number);
	mode = mildest(c, dn);
	has_sips = dn != NULL && wire_uri_is_sips(wire_cstr(dn->contact));
	if (caller->is_sips && !is_sips && mode >= CHECK_NO_DOWNGRADE)
		check_break(c, "S9", "the sips call of %s goes on as sip, in %s", caller->call_id,
			leg->call_id);
	if (!caller->is_sips && mode == CHECK_STRICT && (is_sips || has_sips))
		check_break(c, "S9", "under strict the sip call of %s goes on to sips, in %s",
			caller->call_id, leg->call_id);
	if (dn != NULL && dn->sips == CHECK_REFUSED && is_sips)
		check_break(c, "S9", "%s speaks no sips and is called so, in %s", dn->number,
			leg->call_id);
	if (dn != NULL && dn->sips == CHECK_REQUIRED && !is_sips)
		check_break(c, "S9", "%s speaks sips alone and is called otherwise, in %s",
			dn->number, leg->call_id);
}

unsigned
seen_secure_warning(const struct wire_msg *m)
{
	struct wire_text value = wire_value(m, WIRE_WARNING);
	struct wire_text code = { value.at, value.len < 3 ? value.len : 3 };

	return wire_is(code, "380") ? 380 : wire_is(code, "381") ? 381 : 0;
}

void
seen_secure_refused(struct check *c, const struct leg *leg, unsigned status, unsigned warning)
{
	enum check_mode needed = leg->is_sips ? CHECK_NO_DOWNGRADE : CHECK_STRICT;
	bool may_be = c->o.crossing >= needed;

	if (warning == 0)
		return;
	for (size_t i = 0; i < c->dn_count; i++)
		may_be = may_be || c->dns[i].crossing >= needed || c->dns[i].sips != CHECK_ALLOWED;
	if (status != 480 || warning != (leg->is_sips ? 380U : 381U))
		check_break(c, "S9", "%u with Warning %u to the %s leg %s", status, warning,
			leg->is_sips ? "sips" : "sip", leg->call_id);
	else if (!may_be)
		check_break(c, "S9", "%s is refused for its scheme, though nothing says so",
			leg->call_id);
}

/* S8: whoever is refused by ourselves finds out why in the log, but for a challenge. */
void
seen_secure_step(struct check *c)
{
	const struct call *call = seen_call_at(c, c->step.refused);

	if (call == NULL || c->step.notes > 0 || c->step.refused_status == 401 ||
		c->step.refused_status == 407)
		return;
	check_break(c, "S8", "a call was refused with %u and the log says nothing",
		c->step.refused_status);
}
