/* SPDX-License-Identifier: Apache-2.0 */
#include "net/judge.h"

#include "base/panic.h"
#include "net/cert.h"
#include "net/contexts.h"
#include "net/crl.h"
#include "net/purpose.h"

static void
put_refused(const struct judge *judge, X509_STORE_CTX *store, struct buf *why)
{
	char text[FACT_BYTES];
	struct buf fact = buf_on(text, sizeof text);
	enum tls_why row;

	if (X509_STORE_CTX_get_error(store) == X509_V_OK)
		X509_STORE_CTX_set_error(store, X509_V_ERR_UNSPECIFIED);
	if (!crl_explain(&fact, store, judge->context->crl))
		row = cert_explain(&fact, store, judge->context->trust);
	else
		row = tls_why_of_chain(X509_STORE_CTX_get_error(store));
	tls_why_put(why, row, buf_str(&fact));
}

bool
judge_chain(const struct judge *judge, X509_STORE_CTX *store, struct buf *why)
{
	X509 *leaf = X509_STORE_CTX_get0_cert(store);
	char text[FACT_BYTES];
	struct buf fact = buf_on(text, sizeof text);

	purpose_prepare(store, judge->context->eku);
	if (X509_verify_cert(store) != 1) {
		put_refused(judge, store, why);
		return false;
	}
	if (!purpose_fits(leaf, judge->context->eku, &fact)) {
		tls_why_put(why, WHY_CERT_USE, buf_str(&fact));
		X509_STORE_CTX_set_error(store, X509_V_ERR_INVALID_PURPOSE);
		return false;
	}
	if (judge->terms == NULL || cert_is_wanted(leaf, judge->name, judge->terms, &fact))
		return true;
	tls_why_put(why, judge->terms->has_pin ? WHY_CERT_PIN : cert_name_fault(leaf, judge->name),
		buf_str(&fact));
	X509_STORE_CTX_set_error(store, X509_V_ERR_HOSTNAME_MISMATCH);
	return false;
}

bool
judge_again(const struct judge *judge, const SSL *ssl, int64_t now_s, struct buf *why)
{
	SSL_CTX *rules = judge->context->ssl;
	X509 *leaf = SSL_get0_peer_certificate(ssl);
	X509_STORE_CTX *store;
	X509_VERIFY_PARAM *param;
	bool is_good;

	if (leaf == NULL)
		return true;
	store = X509_STORE_CTX_new();
	/* As OpenSSL does before it calls the judge of a handshake. */
	need(store != NULL &&
			X509_STORE_CTX_init(store, SSL_CTX_get_cert_store(rules), leaf,
				SSL_get_peer_cert_chain(ssl)) == 1 &&
			X509_STORE_CTX_set_default(
				store, SSL_is_server(ssl) ? "ssl_client" : "ssl_server") == 1,
		"memory for TLS");
	param = X509_STORE_CTX_get0_param(store);
	X509_VERIFY_PARAM_set_auth_level(param, SSL_CTX_get_security_level(rules));
	need(X509_VERIFY_PARAM_set1(param, SSL_CTX_get0_param(rules)) == 1, "memory for TLS");
	if (now_s != JUDGE_TODAY)
		X509_VERIFY_PARAM_set_time(param, (time_t)now_s);
	is_good = judge_chain(judge, store, why);
	X509_STORE_CTX_free(store);
	return is_good;
}
