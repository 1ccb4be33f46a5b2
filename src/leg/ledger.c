/* SPDX-License-Identifier: Apache-2.0 */
/* How a leg is secured, for people and for programs. */
#include "leg/ledger.h"

/* How the far end was checked, in a word or two. */
static void
write_proof(const struct leg *leg, const struct flow *flow, struct buf *b)
{
	if (flow->proof == PROOF_NAME || flow->proof == PROOF_CLIENT_CERT) {
		buf_put(b, flow->proof == PROOF_NAME ? STR(" verified=") : STR(" client="));
		buf_quoted(b, flow_name(flow), LOG_TEXT_MAX);
	} else if (leg->is_proven) {
		buf_put(b, STR(" verified=digest:"));
		buf_quoted(b, leg_text(leg, TEXT_DN), LOG_TEXT_MAX);
	} else {
		buf_put(b, STR(" unauthenticated"));
	}
}

void
leg_write_security(const struct legs *ls, const struct leg *leg, struct buf *b)
{
	const struct flow *flow = flows_find(ls->flows, leg->flow);

	buf_put(b, scheme_name(leg->speech.scheme));
	buf_char(b, '/');
	buf_put(b, transport_name(leg->transport));
	if (flow == NULL || flow->transport != TRANSPORT_TLS)
		return;
	buf_char(b, ' ');
	buf_put(b, str_of(flow->version, flow->version_len));
	buf_char(b, ' ');
	buf_put(b, str_of(flow->cipher, flow->cipher_len));
	write_proof(leg, flow, b);
	if (flow->has_fingerprint) {
		buf_put(b, STR(" sha256="));
		buf_hex(b, flow->fingerprint, FINGERPRINT_BYTES);
	}
}

/* How the far end was checked, in a word of a program. */
static struct str
verified_by(const struct leg *leg, const struct flow *flow)
{
	if (flow != NULL && flow->transport == TRANSPORT_TLS && flow->proof == PROOF_NAME)
		return STR("name");
	if (flow != NULL && flow->transport == TRANSPORT_TLS && flow->proof == PROOF_CLIENT_CERT)
		return STR("client-certificate");
	return leg->is_proven ? STR("digest") : STR("none");
}

static void
put_address(struct json *j, struct str key, const struct addr *addr)
{
	char text[ADDR_TEXT_MAX];
	struct buf b = buf_on(text, sizeof text);

	addr_write_port(&b, addr);
	json_put_text(j, key, buf_str(&b));
}

void
ledger_write(const struct legs *ls, const struct leg *leg, struct json *j)
{
	const struct flow *flow = flows_find(ls->flows, leg->flow);
	bool is_tls = flow != NULL && flow->is_open && flow->transport == TRANSPORT_TLS;
	char text[2 * FINGERPRINT_BYTES];
	struct buf b = buf_on(text, sizeof text);

	json_put_text(j, STR("dn"), str_upto(leg_text(leg, TEXT_DN), LOG_TEXT_MAX));
	json_put_text(j, STR("scheme"), scheme_name(leg->speech.scheme));
	json_put_text(j, STR("transport"), transport_name(leg->transport));
	put_address(j, STR("remote"), &leg->peer);
	json_put_text(j, STR("verified_by"), verified_by(leg, flow));
	if (is_tls) {
		json_put_text(j, STR("tls_version"), str_of(flow->version, flow->version_len));
		json_put_text(j, STR("cipher"), str_of(flow->cipher, flow->cipher_len));
	}
	if (is_tls && flow->proof != PROOF_NONE)
		json_put_text(j, STR("verified_name"), str_upto(flow_name(flow), LOG_TEXT_MAX));
	if (is_tls && flow->has_fingerprint) {
		buf_hex(&b, flow->fingerprint, FINGERPRINT_BYTES);
		json_put_text(j, STR("cert_sha256"), buf_str(&b));
	}
	json_put_text(j, STR("call_id"), leg_text(leg, TEXT_CALL_ID));
	json_put_text(j, STR("local_tag"), str_upto(leg_text(leg, TEXT_LOCAL_TAG), LOG_TEXT_MAX));
	json_put_text(j, STR("remote_tag"), str_upto(leg_text(leg, TEXT_REMOTE_TAG), LOG_TEXT_MAX));
}
