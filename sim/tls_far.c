/* SPDX-License-Identifier: Apache-2.0 */
#include "tls_far.h"

#include <openssl/err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/panic.h"

enum { TICKET_BYTES = 900, PIECE_BYTES = 4096 };

/* A ticket longer than a record of 512 octets, so that it comes in pieces. */
static int
on_ticket(SSL *ssl, void *arg)
{
	static uint8_t filling[TICKET_BYTES];

	(void)arg;
	return SSL_SESSION_set1_ticket_appdata(SSL_get_session(ssl), filling, sizeof filling);
}

static SSL_TICKET_RETURN
on_ticket_back(SSL *ssl, SSL_SESSION *session, const unsigned char *name, size_t len,
	SSL_TICKET_STATUS status, void *arg)
{
	(void)ssl;
	(void)session;
	(void)name;
	(void)len;
	(void)status;
	(void)arg;
	return SSL_TICKET_RETURN_IGNORE;
}

static int
on_server_name(SSL *ssl, int *alert, void *arg)
{
	struct far *far = SSL_get_app_data(ssl);
	const char *name = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);

	(void)alert;
	(void)arg;
	snprintf(far->name, sizeof far->name, "%s", name != NULL ? name : far->ip);
	certs_show(far->all->certs, ssl, far->kind, far->name, far->ip);
	return SSL_TLSEXT_ERR_OK;
}

static SSL_CTX *
make_context(const SSL_METHOD *method)
{
	SSL_CTX *ctx = SSL_CTX_new(method);

	must(ctx != NULL);
	SSL_CTX_set_min_proto_version(ctx, TLS1_2_VERSION);
	SSL_CTX_set_mode(ctx,
		SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
			SSL_MODE_RELEASE_BUFFERS);
	SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
	return ctx;
}

void
fars_open(struct fars *fars, struct certs *certs)
{
	*fars = (struct fars){ .certs = certs };
	fars->serve = make_context(TLS_server_method());
	fars->dial = make_context(TLS_client_method());
	SSL_CTX_set_tlsext_servername_callback(fars->serve, on_server_name);
	SSL_CTX_set_session_ticket_cb(fars->serve, on_ticket, on_ticket_back, NULL);
	certs_trust(certs, fars->dial);
	SSL_CTX_set_verify(fars->dial, SSL_VERIFY_PEER, NULL);
}

void
fars_close(struct fars *fars)
{
	SSL_CTX_free(fars->serve);
	SSL_CTX_free(fars->dial);
}

void
far_open(struct far *far, struct fars *fars, const struct far_options *o)
{
	BIO *inner;

	*far = (struct far){ .all = fars, .is_server = o->is_server, .kind = o->kind, .ip = o->ip };
	far->ssl = SSL_new(o->is_server ? fars->serve : fars->dial);
	must(far->ssl != NULL &&
		BIO_new_bio_pair(&inner, o->room_bytes, &far->net, o->room_bytes) == 1);
	SSL_set_bio(far->ssl, inner, inner);
	SSL_set_app_data(far->ssl, far);
	if (o->version != 0) {
		must(SSL_set_min_proto_version(far->ssl, o->version) == 1);
		must(SSL_set_max_proto_version(far->ssl, o->version) == 1);
	}
	if (o->has_fragments)
		must(SSL_set_max_send_fragment(far->ssl, 512) == 1);
	if (o->is_server)
		SSL_set_accept_state(far->ssl);
	else
		SSL_set_connect_state(far->ssl);
}

void
far_open_raw(struct far *far, struct fars *fars)
{
	*far = (struct far){ .all = fars };
}

void
far_close(struct far *far)
{
	ERR_clear_error();
	SSL_free(far->ssl);
	BIO_free(far->net);
	bytes_free(&far->say);
	bytes_free(&far->raw);
	bytes_free(&far->heard);
	far->ssl = NULL;
	far->net = NULL;
}

void
far_say(struct far *far, struct str plain)
{
	bytes_put(far->ssl != NULL ? &far->say : &far->raw, plain);
}

void
far_update_keys(struct far *far)
{
	if (far->ssl != NULL && far->is_ready && SSL_version(far->ssl) == TLS1_3_VERSION)
		(void)SSL_key_update(far->ssl, SSL_KEY_UPDATE_REQUESTED);
}

void
far_renegotiate(struct far *far)
{
	if (far->ssl != NULL && far->is_ready && SSL_version(far->ssl) == TLS1_2_VERSION)
		(void)SSL_renegotiate(far->ssl);
}

/* Ends: whether OpenSSL may be asked again now. */
static bool
went_on(struct far *far, int result, bool is_read)
{
	switch (SSL_get_error(far->ssl, result)) {
	case SSL_ERROR_NONE: return true;
	case SSL_ERROR_WANT_WRITE:
		if (is_read)
			far->all->wants.write_in_read++;
		else
			far->all->wants.write_in_write++;
		return false;
	case SSL_ERROR_WANT_READ:
		if (!is_read)
			far->all->wants.read_in_write++;
		return false;
	case SSL_ERROR_ZERO_RETURN: far->is_over = true; return false;
	default: far->is_broken = true; return false;
	}
}

static void
read_on(struct far *far)
{
	char piece[PIECE_BYTES];
	bool may_go_on = true;
	size_t got;

	while (may_go_on) {
		got = 0;
		ERR_clear_error();
		may_go_on = went_on(far, SSL_read_ex(far->ssl, piece, sizeof piece, &got), true);
		bytes_put(&far->heard, str_of(piece, got));
	}
	far->is_ready = far->is_ready || SSL_is_init_finished(far->ssl);
}

static void
write_on(struct far *far)
{
	bool may_go_on = true;
	size_t written;

	/* What is written moves with each try: OpenSSL must not lean on where it was. */
	while (may_go_on && far->said < far->say.used) {
		size_t left = far->say.used - far->said;
		char *copy = malloc(left);

		must(copy != NULL);
		memcpy(copy, far->say.at + far->said, left);
		written = 0;
		ERR_clear_error();
		may_go_on = went_on(far, SSL_write_ex(far->ssl, copy, left, &written), false);
		far->said += written;
		free(copy);
	}
	if (far->said == far->say.used) {
		bytes_free(&far->say);
		far->said = 0;
	}
	far->is_ready = far->is_ready || SSL_is_init_finished(far->ssl);
}

void
far_turn(struct far *far)
{
	if (far->ssl == NULL || far->is_broken)
		return;
	read_on(far);
	if (!far->is_broken && far->is_ready && !far->has_ended)
		write_on(far);
	if (!far->is_broken && far->wants_end && !far->has_ended && far->is_ready &&
		far->say.used == 0 && SSL_is_init_finished(far->ssl)) {
		ERR_clear_error();
		far->has_ended = SSL_shutdown(far->ssl) >= 0;
	}
}

bool
far_has_finished(const struct far *far)
{
	uint8_t finished[EVP_MAX_MD_SIZE];

	return far->ssl != NULL && SSL_get_finished(far->ssl, finished, sizeof finished) > 0;
}

size_t
far_hear(struct far *far, struct str cipher)
{
	int taken;

	if (far->ssl == NULL || far->is_broken)
		return cipher.len;
	taken = BIO_write(far->net, cipher.at, (int)cipher.len);
	return taken > 0 ? (size_t)taken : 0;
}

size_t
far_take(struct far *far, char *at, size_t size)
{
	size_t left = far->raw.used - far->raw_taken;
	int taken;

	if (far->ssl != NULL) {
		taken = BIO_read(far->net, at, (int)size);
		return taken > 0 ? (size_t)taken : 0;
	}
	left = left < size ? left : size;
	if (left > 0)
		memcpy(at, far->raw.at + far->raw_taken, left);
	far->raw_taken += left;
	return left;
}

bool
far_has_octets(const struct far *far)
{
	if (far->ssl == NULL)
		return far->raw_taken < far->raw.used;
	return BIO_ctrl_pending(far->net) > 0;
}
