/* SPDX-License-Identifier: Apache-2.0 */
#include "net/tls.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

#include "base/limits.h"
#include "base/panic.h"
#include "net/cert.h"
#include "net/chain.h"
#include "net/contexts.h"
#include "net/judge.h"
#include "net/pipe.h"
#include "net/tickets.h"

enum { WHY_BYTES = 2048, FIRST_BYTES = 16 };

/* A Certificate message without any: RFC 8446 4.4.2; that of RFC 5246 7.4.6 has an octet less. */
enum { EMPTY_CERTIFICATE_BYTES = 8 };

struct tls {
	struct contexts *contexts; /* in force */
	struct tickets tickets;
	BIO_METHOD *method;
	int keylog; /* or -1 */
	struct buf why;
	char why_at[WHY_BYTES];
};

struct tls_end {
	struct tls *tls;
	struct contexts *contexts;     /* held */
	const struct context *context; /* of the identity that we show */
	const struct service *service; /* NULL: we dialled */
	struct terms terms;            /* we dialled: on these */
	SSL *ssl;
	struct pipe pipe;
	struct bytes held; /* in clear: OpenSSL writes nothing before it has read more */
	struct str name;   /* whom we dial, or whom its certificate proves; our own copy */
	uint32_t key_updates;
	char first[FIRST_BYTES]; /* what the peer began with */
	uint32_t first_len;
	bool is_broken;
	bool has_shown; /* a certificate of ours */
	enum named_by named_by;
	bool has_fingerprint;
	uint8_t fingerprint[FINGERPRINT_BYTES];
};

/* ---- what all connections share ------------------------------------------------------------ */

static void
on_keylog(const SSL *ssl, const char *line)
{
	const struct tls_end *end = SSL_get_app_data(ssl);
	struct str text = str_cstr(line);
	char newline = '\n';
	struct iovec parts[] = { { (void *)(uintptr_t)text.at, text.len }, { &newline, 1 } };

	/* A line that does not get to the disk costs a capture, not a call. */
	if (writev(end->tls->keylog, parts, 2) < 0)
		return;
}

/* Counts KeyUpdates in a row: each costs us work, and an honest peer sends data between them. Sees
 * whether we showed a certificate, which a peer that we dialled must have asked for. */
static void
on_message(int is_write, int version, int type, const void *at, size_t len, SSL *ssl, void *arg)
{
	struct tls_end *end = SSL_get_app_data(ssl);

	(void)version;
	(void)arg;
	if (type != SSL3_RT_HANDSHAKE || len == 0)
		return;
	end->key_updates += !is_write && *(const uint8_t *)at == SSL3_MT_KEY_UPDATE;
	end->has_shown |= is_write && *(const uint8_t *)at == SSL3_MT_CERTIFICATE &&
		len > EMPTY_CERTIFICATE_BYTES;
}

/* A peer that offers ALPN offers `sip/2`, or meant another server (RFC 7301 3.2, ALPACA). */
static int
on_alpn(SSL *ssl, const unsigned char **chosen, unsigned char *chosen_len,
	const unsigned char *offered, unsigned offered_len, void *arg)
{
	static const unsigned char sip[] = "\5sip/2";
	unsigned char *out;

	(void)ssl;
	(void)arg;
	if (SSL_select_next_proto(&out, chosen_len, sip, sizeof sip - 1, offered, offered_len) !=
		OPENSSL_NPN_NEGOTIATED)
		return SSL_TLSEXT_ERR_ALERT_FATAL;
	*chosen = out;
	return SSL_TLSEXT_ERR_OK;
}

/* By the rules of CONTEXT: those of the end's own set, or of a newer one. */
static struct judge
judge_of(const struct tls_end *end, const struct context *context)
{
	bool has_dialled = !SSL_is_server(end->ssl);

	return (struct judge){ .context = context,
		.terms = has_dialled ? &end->terms : NULL,
		.name = has_dialled ? end->name : STR("") };
}

/* Judges the other side before our Finished leaves. */
static int
on_verify(X509_STORE_CTX *store, void *arg)
{
	SSL *ssl = X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx());
	struct tls_end *end = SSL_get_app_data(ssl);
	struct judge judge = judge_of(end, end->context);

	(void)arg;
	end->tls->why = buf_on(end->tls->why_at, sizeof end->tls->why_at);
	return judge_chain(&judge, store, &end->tls->why);
}

/* A peer may go on with a session by a ticket, unless it has to show a certificate: then it shows
 * it each time. */
static void
allow_tickets(struct tls_end *end, struct str name)
{
	uint8_t digest[CONTEXT_DIGEST_BYTES];

	if (end->service->client != CLIENT_NONE ||
		!context_digest(end->context, end->service, name, digest) ||
		SSL_set_session_id_context(end->ssl, digest, sizeof digest) != 1)
		return;
	SSL_clear_options(end->ssl, SSL_OP_NO_TICKET);
	(void)SSL_set_num_tickets(end->ssl, 1);
}

static int
on_ticket(SSL *ssl, unsigned char *name, unsigned char *iv, EVP_CIPHER_CTX *cipher,
	EVP_MAC_CTX *mac, int is_new)
{
	const struct tls_end *end = SSL_get_app_data(ssl);
	int used = tickets_use(&end->tls->tickets, name, iv, cipher, mac, is_new != 0);

	/* Each ticket of TLS 1.3 is for one time, so there is another (RFC 8446 C.4). */
	return used == 1 && !is_new && SSL_version(ssl) == TLS1_3_VERSION ? 2 : used;
}

/* Chooses which of its identities a listener shows, before anything hangs on one. */
static int
on_hello(SSL *ssl, int *alert, void *arg)
{
	struct tls_end *end = SSL_get_app_data(ssl);
	struct str name = contexts_wanted(ssl);
	uint32_t place = contexts_choose(end->contexts, end->service, name);

	(void)alert;
	(void)arg;
	end->context = contexts_at(end->contexts, place);
	SSL_set_SSL_CTX(ssl, end->context->ssl);
	/* What belongs to the connection already does not change with that. */
	SSL_set_min_proto_version(ssl, end->context->version_min);
	(void)SSL_set1_groups_list(ssl, end->context->groups.at);
	allow_tickets(end, name);
	return SSL_CLIENT_HELLO_SUCCESS;
}

static bool
open_keylog(struct tls *tls, struct str path, struct buf *why)
{
	char *text = bytes_cstr(path);

	tls->keylog = open(text, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	if (tls->keylog < 0) {
		buf_put(why, STR("cannot write the key log "));
		buf_put(why, path);
		buf_put(why, STR(": "));
		buf_put(why, str_cstr(strerror(errno)));
	}
	free(text);
	return tls->keylog >= 0;
}

struct tls *
tls_open(const struct tls_options *options, struct buf *why)
{
	struct tls *tls = calloc(1, sizeof *tls);
	struct contexts *contexts = NULL;

	need(tls != NULL, "memory");
	tls->method = pipe_method();
	tls->keylog = -1;
	tickets_open(&tls->tickets, options->now_ms);
	if (str_is_empty(options->keylog) || open_keylog(tls, options->keylog, why))
		contexts = contexts_open(options->identities, options->identity_count, why);
	if (contexts == NULL) {
		tls_close(tls);
		return NULL;
	}
	must(tls_use(tls, contexts));
	return tls;
}

void
tls_close(struct tls *tls)
{
	contexts_drop(tls->contexts);
	tickets_close(&tls->tickets);
	BIO_meth_free(tls->method);
	if (tls->keylog >= 0)
		close(tls->keylog);
	free(tls);
}

bool
tls_use(struct tls *tls, struct contexts *contexts)
{
	if (tls->contexts != NULL && contexts->count < tls->contexts->count)
		return false;
	for (uint32_t i = 0; i < contexts->count; i++) {
		SSL_CTX *ctx = contexts_at(contexts, i)->ssl;

		SSL_CTX_set_client_hello_cb(ctx, on_hello, NULL);
		SSL_CTX_set_tlsext_ticket_key_evp_cb(ctx, on_ticket);
		SSL_CTX_set_alpn_select_cb(ctx, on_alpn, NULL);
		SSL_CTX_set_cert_verify_callback(ctx, on_verify, NULL);
		SSL_CTX_set_msg_callback(ctx, on_message);
		if (tls->keylog >= 0)
			SSL_CTX_set_keylog_callback(ctx, on_keylog);
	}
	contexts_drop(tls->contexts);
	tls->contexts = contexts;
	return true;
}

void
tls_turn(struct tls *tls, int64_t now_ms)
{
	tickets_turn(&tls->tickets, now_ms);
}

const struct contexts *
tls_contexts(const struct tls *tls)
{
	return tls->contexts;
}

bool
tls_may_serve(const struct tls *tls, uint32_t place)
{
	return place < tls->contexts->count && contexts_at(tls->contexts, place)->may_serve;
}

bool
tls_may_dial(const struct tls *tls, uint32_t place)
{
	return place < tls->contexts->count && contexts_at(tls->contexts, place)->may_dial;
}

/* ---- one end ------------------------------------------------------------------------------- */

/* An end that shows the identity at PLACE, until a ClientHello asks for another. */
static struct tls_end *
end_open(struct tls *tls, uint32_t place, struct bytes *out)
{
	struct tls_end *end = calloc(1, sizeof *end);
	BIO *bio;

	need(end != NULL, "memory for TLS");
	end->tls = tls;
	end->pipe.out = out;
	end->contexts = contexts_hold(tls->contexts);
	end->context = contexts_at(end->contexts, place);
	end->ssl = SSL_new(end->context->ssl);
	need(end->ssl != NULL, "memory for TLS");
	need(SSL_set_app_data(end->ssl, end) == 1, "memory for TLS");
	bio = pipe_bio(tls->method, &end->pipe);
	SSL_set_bio(end->ssl, bio, bio);
	return end;
}

static int
verify_mode(enum client_certificate client)
{
	switch (client) {
	case CLIENT_NONE: break;
	case CLIENT_OPTIONAL: return SSL_VERIFY_PEER;
	case CLIENT_REQUIRED: return SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT;
	}
	return SSL_VERIFY_NONE;
}

struct tls_end *
tls_end_serve(struct tls *tls, const struct service *service, struct bytes *out)
{
	struct tls_end *end = end_open(tls, contexts_choose(tls->contexts, service, STR("")), out);

	must(end->context->may_serve);
	end->service = service;
	SSL_set_verify(end->ssl, verify_mode(service->client), NULL);
	SSL_set_accept_state(end->ssl);
	return end;
}

struct tls_end *
tls_end_dial(struct tls *tls, struct str name, const struct terms *terms, struct bytes *out)
{
	struct tls_end *end;
	struct addr addr;
	char *text;

	if (str_is_empty(name) || name.len > TLS_NAME_BYTES_MAX || str_find(name, '\0') < name.len)
		return NULL;
	end = end_open(tls, terms->identity, out);
	must(end->context->may_dial);
	end->terms = *terms;
	SSL_set_verify(end->ssl, SSL_VERIFY_PEER, NULL);
	text = bytes_cstr(name);
	end->name = str_of(text, name.len);
	SSL_set_connect_state(end->ssl);
	/* A server name is a name, never an address (RFC 6066 3). */
	if (!addr_parse(&addr, name) && SSL_set_tlsext_host_name(end->ssl, text) != 1) {
		tls_end_close(end);
		return NULL;
	}
	(void)tls_end_shake(end);
	return end;
}

void
tls_end_close(struct tls_end *end)
{
	if (end == NULL)
		return;
	ERR_clear_error();
	SSL_free(end->ssl);
	contexts_drop(end->contexts);
	bytes_free(&end->held);
	free((void *)(uintptr_t)end->name.at);
	free(end);
}

void
tls_end_hear(struct tls_end *end, struct str cipher)
{
	struct str first = str_upto(cipher, FIRST_BYTES - end->first_len);

	end->pipe.in = cipher;
	if (first.len > 0)
		memcpy(end->first + end->first_len, first.at, first.len);
	end->first_len += (uint32_t)first.len;
}

static enum tls_side
side_of(const struct tls_end *end)
{
	return SSL_is_server(end->ssl) ? TLS_SERVED : TLS_DIALLED;
}

static enum tls_why
loss_of(const struct tls_end *end, enum tls_loss loss)
{
	return tls_why_of_loss(loss, side_of(end), end->first_len > 0, end->pipe.has_written);
}

struct str
tls_end_lost(struct tls_end *end, enum tls_loss loss, struct str fact)
{
	struct buf *why = &end->tls->why;

	*why = buf_on(end->tls->why_at, sizeof end->tls->why_at);
	tls_why_put(why, loss_of(end, loss), fact);
	return buf_str(why);
}

/* Turns OpenSSL's words into one sentence, unless the judge of the certificate has spoken. */
static void
explain(struct tls_end *end, int error)
{
	struct str first = str_of(end->first, end->first_len);
	struct buf *why = &end->tls->why;
	unsigned long code = ERR_peek_last_error();
	enum tls_why row;

	end->is_broken = true;
	if (ERR_GET_REASON(code) == SSL_R_CERTIFICATE_VERIFY_FAILED && buf_str(why).len > 0)
		return;
	*why = buf_on(end->tls->why_at, sizeof end->tls->why_at);
	if (error == SSL_ERROR_SYSCALL || code == 0)
		row = loss_of(end, TLS_CLOSED);
	else if (!tls_why_is_record(first))
		row = tls_why_of_clear(first, side_of(end));
	else
		row = tls_why_of_error(code, side_of(end));
	tls_why_put(why, row, row == WHY_SNI ? end->name : tls_why_fact(row, code));
}

static enum tls_word
word_of(struct tls_end *end, int result)
{
	int error = SSL_get_error(end->ssl, result);

	switch (error) {
	case SSL_ERROR_WANT_READ:
	case SSL_ERROR_WANT_WRITE: return TLS_WAITS;
	case SSL_ERROR_ZERO_RETURN: return TLS_OVER;
	default: explain(end, error); return TLS_BROKEN;
	}
}

/* Keeps what the certificate of the other side says of it. */
static void
take_certificate(struct tls_end *end)
{
	X509 *leaf = SSL_get0_peer_certificate(end->ssl);
	char text[CERT_NAMES_BYTES_MAX];
	struct buf names = buf_on(text, sizeof text);
	unsigned len = 0;

	end->has_fingerprint = leaf != NULL &&
		X509_digest(leaf, EVP_sha256(), end->fingerprint, &len) == 1 &&
		len == FINGERPRINT_BYTES;
	if (leaf != NULL && !SSL_is_server(end->ssl) && !end->terms.has_pin)
		end->named_by = cert_named_by(leaf, end->name);
	if (leaf == NULL || !SSL_is_server(end->ssl))
		return;
	cert_list(leaf, &names);
	end->name = str_of(bytes_cstr(buf_str(&names)), names.used);
}

enum tls_word
tls_end_shake(struct tls_end *end)
{
	int result;

	ERR_clear_error();
	result = SSL_do_handshake(end->ssl);
	if (result != 1) {
		enum tls_word word = word_of(end, result);

		if (word != TLS_OVER)
			return word;
		explain(end, SSL_ERROR_SYSCALL);
		return TLS_BROKEN;
	}
	/* on_verify has refused already; twice is not too often for this. */
	if (SSL_get_verify_result(end->ssl) != X509_V_OK) {
		explain(end, SSL_ERROR_SSL);
		return TLS_BROKEN;
	}
	/* Who was judged by a set that another has taken the place of since is judged by that. */
	if (end->contexts != end->tls->contexts && !tls_end_is_good(end, JUDGE_TODAY)) {
		end->is_broken = true;
		return TLS_BROKEN;
	}
	take_certificate(end);
	return TLS_READY;
}

/* Ends: TLS_READY, all of PLAIN was written; TLS_WAITS, nothing of it; TLS_BROKEN. */
static enum tls_word
write_now(struct tls_end *end, struct str plain)
{
	size_t written = 0;
	int result;

	ERR_clear_error();
	result = SSL_write_ex(end->ssl, plain.at, plain.len, &written);
	if (result == 1) {
		must(written == plain.len);
		return TLS_READY;
	}
	if (SSL_get_error(end->ssl, result) == SSL_ERROR_WANT_READ)
		return TLS_WAITS;
	explain(end, SSL_ERROR_SSL);
	return TLS_BROKEN;
}

/* Ends: TLS_WAITS (though nothing may be held any more) or TLS_BROKEN. */
static enum tls_word
write_held(struct tls_end *end)
{
	enum tls_word word = TLS_WAITS;

	if (end->held.used > 0)
		word = write_now(end, bytes_str(&end->held));
	if (word == TLS_READY)
		bytes_free(&end->held);
	return word == TLS_BROKEN ? TLS_BROKEN : TLS_WAITS;
}

enum tls_word
tls_end_read(struct tls_end *end, char *at, size_t size, size_t *got)
{
	enum tls_word word;
	int result;

	*got = 0;
	if (end->is_broken)
		return TLS_BROKEN;
	ERR_clear_error();
	result = SSL_read_ex(end->ssl, at, size, got);
	if (end->key_updates > KEY_UPDATES_MAX) {
		end->tls->why = buf_on(end->tls->why_at, sizeof end->tls->why_at);
		tls_why_put(&end->tls->why, WHY_KEY_UPDATES, STR(""));
		end->is_broken = true;
		*got = 0;
		return TLS_BROKEN;
	}
	if (result == 1) {
		end->key_updates = 0;
		return TLS_READY;
	}
	word = word_of(end, result);
	return word == TLS_WAITS ? write_held(end) : word;
}

bool
tls_end_write(struct tls_end *end, struct str plain)
{
	enum tls_word word = TLS_WAITS;

	if (end->is_broken)
		return false;
	if (plain.len == 0)
		return true;
	if (end->held.used == 0)
		word = write_now(end, plain);
	if (word == TLS_WAITS)
		bytes_put(&end->held, plain);
	return word != TLS_BROKEN;
}

size_t
tls_end_held(const struct tls_end *end)
{
	return end->held.used;
}

void
tls_end_shut(struct tls_end *end)
{
	ERR_clear_error();
	if (!end->is_broken && SSL_is_init_finished(end->ssl))
		(void)SSL_shutdown(end->ssl);
}

void
tls_end_secured(const struct tls_end *end, struct secured *secured)
{
	*secured = (struct secured){ .proof = PROOF_NONE,
		.trust = end->context->place_of_trust,
		.identity = end->context->place };
	secured->version = str_cstr(SSL_get_version(end->ssl));
	secured->cipher = str_cstr(SSL_get_cipher_name(end->ssl));
	if (!SSL_is_server(end->ssl)) {
		secured->proof = PROOF_NAME;
		secured->name = end->name;
		secured->named_by = end->named_by;
		secured->own = end->has_shown ? end->context->own : STR("");
	} else if (end->has_fingerprint) {
		secured->proof = PROOF_CLIENT_CERT;
		secured->name = end->name;
	}
	if (end->has_fingerprint)
		secured->fingerprint = str_of(end->fingerprint, sizeof end->fingerprint);
}

bool
tls_end_is_proven(const struct tls_end *end)
{
	return end->has_fingerprint;
}

bool
tls_end_is_good(struct tls_end *end, int64_t now_s)
{
	struct judge judge = judge_of(end, contexts_at(end->tls->contexts, end->context->place));

	end->tls->why = buf_on(end->tls->why_at, sizeof end->tls->why_at);
	return judge_again(&judge, end->ssl, now_s, &end->tls->why);
}

uint32_t
tls_end_chain(const struct tls_end *end, struct link *links, uint32_t max)
{
	return chain_take(
		links, max, SSL_get0_peer_certificate(end->ssl), SSL_get_peer_cert_chain(end->ssl));
}

struct str
tls_end_why(const struct tls_end *end)
{
	return buf_str(&end->tls->why);
}
