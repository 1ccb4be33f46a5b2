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

enum { NAME_BYTES_MAX = 255, FINGERPRINT_BYTES = 32, WHY_BYTES = 2048 };

struct tls {
	SSL_CTX *serve; /* NULL: no certificate */
	SSL_CTX *dial;  /* NULL: no trust       */
	BIO_METHOD *method;
	struct str trust; /* its path, for sentences */
	int keylog;       /* or -1 */
	struct buf why;
	char why_at[WHY_BYTES];
};

struct tls_end {
	struct tls *tls;
	SSL *ssl;
	struct str in; /* what came and was not read by OpenSSL yet */
	struct bytes *out;
	struct bytes held; /* in clear: OpenSSL writes nothing before it has read more */
	struct str name;   /* whom we dial; our own copy */
	uint32_t key_updates;
	bool is_broken;
	bool has_fingerprint;
	uint8_t fingerprint[FINGERPRINT_BYTES];
};

/* ---- a BIO that moves octets between OpenSSL and the end, and keeps none ------------------- */

static int
bio_read(BIO *bio, char *at, int size)
{
	struct tls_end *end = BIO_get_data(bio);
	size_t count = (size_t)size < end->in.len ? (size_t)size : end->in.len;

	BIO_clear_retry_flags(bio);
	if (count == 0) {
		BIO_set_retry_read(bio);
		return -1;
	}
	memcpy(at, end->in.at, count);
	end->in = str_from(end->in, count);
	return (int)count;
}

static int
bio_write(BIO *bio, const char *at, int size)
{
	struct tls_end *end = BIO_get_data(bio);

	BIO_clear_retry_flags(bio);
	bytes_put(end->out, str_of(at, (size_t)size));
	return size;
}

static long
bio_ctrl(BIO *bio, int command, long number, void *pointer)
{
	(void)bio;
	(void)number;
	(void)pointer;
	return command == BIO_CTRL_FLUSH;
}

static BIO_METHOD *
make_method(void)
{
	BIO_METHOD *method = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "end");

	need(method != NULL, "memory for TLS");
	BIO_meth_set_read(method, bio_read);
	BIO_meth_set_write(method, bio_write);
	BIO_meth_set_ctrl(method, bio_ctrl);
	return method;
}

/* ---- what all connections share ------------------------------------------------------------ */

static void
on_keylog(const SSL *ssl, const char *line)
{
	struct tls *tls = SSL_CTX_get_app_data(SSL_get_SSL_CTX(ssl));
	struct str text = str_cstr(line);
	char end = '\n';
	struct iovec parts[] = { { (void *)(uintptr_t)text.at, text.len }, { &end, 1 } };

	/* A line that does not get to the disk costs a capture, not a call. */
	if (writev(tls->keylog, parts, 2) < 0)
		return;
}

/* Counts KeyUpdates in a row: each costs us work, and an honest peer sends data between them. */
static void
on_message(int is_write, int version, int type, const void *at, size_t len, SSL *ssl, void *arg)
{
	struct tls_end *end = SSL_get_app_data(ssl);

	(void)version;
	(void)arg;
	if (!is_write && type == SSL3_RT_HANDSHAKE && len > 0 &&
		*(const uint8_t *)at == SSL3_MT_KEY_UPDATE)
		end->key_updates++;
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

/* Judges a server that we dialled: chain first, then whom it names, before our Finished leaves. */
static int
on_verify(X509_STORE_CTX *store, void *arg)
{
	struct tls *tls = arg;
	SSL *ssl = X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx());
	struct tls_end *end = SSL_get_app_data(ssl);

	tls->why = buf_on(tls->why_at, sizeof tls->why_at);
	if (X509_verify_cert(store) != 1) {
		if (X509_STORE_CTX_get_error(store) == X509_V_OK)
			X509_STORE_CTX_set_error(store, X509_V_ERR_UNSPECIFIED);
		cert_explain(&tls->why, store, tls->trust);
		return 0;
	}
	if (!cert_names(X509_STORE_CTX_get0_cert(store), end->name, &tls->why)) {
		X509_STORE_CTX_set_error(store, X509_V_ERR_HOSTNAME_MISMATCH);
		return 0;
	}
	return 1;
}

static SSL_CTX *
make_context(struct tls *tls, const SSL_METHOD *method)
{
	SSL_CTX *ctx = SSL_CTX_new(method);

	need(ctx != NULL, "memory for TLS");
	SSL_CTX_set_app_data(ctx, tls);
	SSL_CTX_set_min_proto_version(ctx, TLS1_2_VERSION);
	SSL_CTX_set_security_level(ctx, 2);
	SSL_CTX_set_options(ctx,
		SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION | SSL_OP_NO_TICKET |
			SSL_OP_CIPHER_SERVER_PREFERENCE);
	SSL_CTX_set_mode(ctx, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
	SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
	SSL_CTX_set_num_tickets(ctx, 0);
	SSL_CTX_set_max_early_data(ctx, 0);
	SSL_CTX_set_msg_callback(ctx, on_message);
	need(SSL_CTX_set_cipher_list(ctx, "ECDHE+AESGCM:ECDHE+CHACHA20") == 1, "ciphers for TLS");
	need(SSL_CTX_set1_groups_list(ctx, "X25519:P-256:P-384") == 1, "groups for TLS");
	if (tls->keylog >= 0)
		SSL_CTX_set_keylog_callback(ctx, on_keylog);
	return ctx;
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
	bool is_good = true;

	need(tls != NULL, "memory");
	tls->method = make_method();
	tls->trust = options->trust;
	tls->keylog = -1;
	if (!str_is_empty(options->keylog))
		is_good = open_keylog(tls, options->keylog, why);
	if (is_good && !str_is_empty(options->certificate)) {
		tls->serve = make_context(tls, TLS_server_method());
		SSL_CTX_set_verify(tls->serve, SSL_VERIFY_NONE, NULL);
		SSL_CTX_set_alpn_select_cb(tls->serve, on_alpn, NULL);
		is_good = cert_load(tls->serve, options->certificate, options->key, why);
	}
	if (is_good && !str_is_empty(options->trust)) {
		tls->dial = make_context(tls, TLS_client_method());
		SSL_CTX_set_verify(tls->dial, SSL_VERIFY_PEER, NULL);
		SSL_CTX_set_cert_verify_callback(tls->dial, on_verify, tls);
		is_good = cert_trust(tls->dial, options->trust, why);
	}
	if (!is_good) {
		tls_close(tls);
		return NULL;
	}
	return tls;
}

void
tls_close(struct tls *tls)
{
	SSL_CTX_free(tls->serve);
	SSL_CTX_free(tls->dial);
	BIO_meth_free(tls->method);
	if (tls->keylog >= 0)
		close(tls->keylog);
	free(tls);
}

bool
tls_may_serve(const struct tls *tls)
{
	return tls->serve != NULL;
}

bool
tls_may_dial(const struct tls *tls)
{
	return tls->dial != NULL;
}

/* ---- one end ------------------------------------------------------------------------------- */

static struct tls_end *
end_open(struct tls *tls, SSL_CTX *ctx, struct bytes *out)
{
	struct tls_end *end = calloc(1, sizeof *end);
	BIO *bio = BIO_new(tls->method);

	need(end != NULL && bio != NULL, "memory for TLS");
	end->tls = tls;
	end->out = out;
	end->ssl = SSL_new(ctx);
	need(end->ssl != NULL, "memory for TLS");
	SSL_set_app_data(end->ssl, end);
	BIO_set_data(bio, end);
	BIO_set_init(bio, 1);
	SSL_set_bio(end->ssl, bio, bio);
	return end;
}

struct tls_end *
tls_end_serve(struct tls *tls, struct bytes *out)
{
	struct tls_end *end;

	must(tls->serve != NULL);
	end = end_open(tls, tls->serve, out);
	SSL_set_accept_state(end->ssl);
	return end;
}

struct tls_end *
tls_end_dial(struct tls *tls, struct str name, struct bytes *out)
{
	struct tls_end *end;
	struct addr addr;
	char *text;

	must(tls->dial != NULL);
	if (str_is_empty(name) || name.len > NAME_BYTES_MAX || str_find(name, '\0') < name.len)
		return NULL;
	end = end_open(tls, tls->dial, out);
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
	bytes_free(&end->held);
	free((void *)(uintptr_t)end->name.at);
	free(end);
}

void
tls_end_hear(struct tls_end *end, struct str cipher)
{
	end->in = cipher;
}

/* Turns OpenSSL's words into one sentence, unless the judge of the certificate has spoken. */
static void
explain(struct tls_end *end, int error)
{
	struct buf *why = &end->tls->why;
	unsigned long code = ERR_peek_last_error();
	int reason = ERR_GET_REASON(code);

	end->is_broken = true;
	if (reason == SSL_R_CERTIFICATE_VERIFY_FAILED && buf_str(why).len > 0)
		return;
	*why = buf_on(end->tls->why_at, sizeof end->tls->why_at);
	if (error == SSL_ERROR_SYSCALL || code == 0) {
		buf_put(why, STR("the peer closed the connection"));
	} else if (reason > SSL_AD_REASON_OFFSET && reason < SSL_AD_REASON_OFFSET + 256) {
		buf_put(why, STR("the peer refused: "));
		buf_put(why, str_cstr(SSL_alert_desc_string_long(reason - SSL_AD_REASON_OFFSET)));
	} else if (reason == SSL_R_WRONG_VERSION_NUMBER || reason == SSL_R_HTTP_REQUEST) {
		buf_put(why, STR("what the peer speaks is not TLS"));
	} else if (reason == SSL_R_UNSUPPORTED_PROTOCOL) {
		buf_put(why, STR("the peer offers no TLS version from 1.2 on"));
	} else if (reason == SSL_R_NO_SHARED_CIPHER) {
		buf_put(why,
			STR("the peer offers no cipher that our certificate can be used with "
			    "(ECDHE with AES-GCM or ChaCha20)"));
	} else {
		const char *text = ERR_reason_error_string(code);

		buf_put(why, text != NULL ? str_cstr(text) : STR("a fault in TLS"));
	}
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

static void
take_fingerprint(struct tls_end *end)
{
	X509 *leaf = SSL_get0_peer_certificate(end->ssl);
	unsigned len = 0;

	end->has_fingerprint = leaf != NULL &&
		X509_digest(leaf, EVP_sha256(), end->fingerprint, &len) == 1 &&
		len == FINGERPRINT_BYTES;
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
	if (!SSL_is_server(end->ssl) && SSL_get_verify_result(end->ssl) != X509_V_OK) {
		explain(end, SSL_ERROR_SSL);
		return TLS_BROKEN;
	}
	take_fingerprint(end);
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
		buf_put(&end->tls->why, STR("the peer changes its keys without end"));
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
	bool is_dialled = !SSL_is_server(end->ssl);

	*secured = (struct secured){ .proof = is_dialled ? PROOF_NAME : PROOF_NONE };
	secured->version = str_cstr(SSL_get_version(end->ssl));
	secured->cipher = str_cstr(SSL_get_cipher_name(end->ssl));
	if (is_dialled)
		secured->name = end->name;
	if (end->has_fingerprint)
		secured->fingerprint = str_of(end->fingerprint, sizeof end->fingerprint);
}

struct str
tls_end_why(const struct tls_end *end)
{
	return buf_str(&end->tls->why);
}
