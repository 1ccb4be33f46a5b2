/* SPDX-License-Identifier: Apache-2.0 */
#include "support/tlsbed.h"

#include <openssl/err.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

static struct pki *pki; /* a folder for files, and our certificate */
static struct pki_leaf ours;
static const struct mint *root;
static bool is_staged[TLS_WHYS];
static unsigned files;
static const struct service no_service;
static struct terms terms; /* on which we dial */

struct str
tlsbed_file(const struct mint *const *certs)
{
	char name[32], *text = mint_pem(certs);
	struct str path;

	snprintf(name, sizeof name, "trust-%u.pem", files++);
	path = pki_file(pki, name, str_cstr(text));
	free(text);
	return path;
}

static struct tls *
open_tls(struct identity own)
{
	struct tls_options options = { .identities = &own, .identity_count = 1 };
	char text[512];
	struct buf why = buf_on(text, sizeof text);
	struct tls *tls = tls_open(&options, &why);

	if (tls == NULL)
		fail_msg("tls_open: %.*s", (int)why.used, text);
	return tls;
}

static void
take_peer(struct tlsbed *s, SSL_CTX *ctx)
{
	s->ssl = SSL_new(ctx);
	s->to = BIO_new(BIO_s_mem());
	s->from = BIO_new(BIO_s_mem());
	SSL_set_bio(s->ssl, s->from, s->to);
	SSL_CTX_free(ctx);
}

void
tlsbed_dial(struct tlsbed *s, struct str trust, struct str name, SSL_CTX *ctx)
{
	*s = (struct tlsbed){ .word = TLS_WAITS };
	s->tls = open_tls((struct identity){ .trust = trust });
	s->end = tls_end_dial(s->tls, name, &terms, &s->out);
	assert_non_null(s->end);
	if (ctx == NULL)
		return;
	take_peer(s, ctx);
	SSL_set_accept_state(s->ssl);
}

void
tlsbed_dial_on(const struct terms *others)
{
	terms = others != NULL ? *others : (struct terms){ 0 };
}

void
tlsbed_serve(struct tlsbed *s, SSL_CTX *ctx)
{
	*s = (struct tlsbed){ .word = TLS_WAITS };
	s->tls = open_tls((struct identity){ .certificate = ours.certificate, .key = ours.key });
	s->end = tls_end_serve(s->tls, &no_service, &s->out);
	take_peer(s, ctx);
	SSL_set_connect_state(s->ssl);
}

void
tlsbed_hear(struct tlsbed *s, struct str octets)
{
	char plain[256];
	size_t got;

	tls_end_hear(s->end, octets);
	if (s->word == TLS_WAITS)
		s->word = tls_end_shake(s->end);
	if (s->word == TLS_READY)
		s->word = tls_end_read(s->end, plain, sizeof plain, &got) == TLS_BROKEN ? TLS_BROKEN
											: TLS_READY;
}

void
tlsbed_shake(struct tlsbed *s)
{
	static char at[65536];

	for (int i = 0; i < 8 && s->word != TLS_BROKEN; i++) {
		int len;

		if (s->out.used > 0)
			BIO_write(s->from, s->out.at, (int)s->out.used);
		s->out.used = 0;
		ERR_clear_error();
		(void)SSL_do_handshake(s->ssl);
		len = BIO_read(s->to, at, sizeof at);
		if (len > 0 && s->flip > 0 && s->flip < (size_t)len)
			at[s->flip] ^= 1;
		if (len > 0)
			tlsbed_hear(s, str_of(at, (size_t)len));
	}
}

void
tlsbed_close_ends(struct tlsbed *s)
{
	tls_end_close(s->end);
	tls_close(s->tls);
	bytes_free(&s->out);
	SSL_free(s->ssl);
}

void
tlsbed_expect_text(enum tls_why why, struct str text, const char *fact)
{
	const struct tls_why_row *row = tls_why_row(why);

	if (!str_begins(text, row->says) || !str_holds_alike(text, row->code) ||
		!str_holds_alike(text, row->cure) || !str_holds_alike(text, str_cstr(fact)))
		fail_msg("no %.*s with \"%s\": %.*s", (int)row->code.len, row->code.at, fact,
			(int)text.len, text.at);
	is_staged[why] = true;
}

void
tlsbed_expect(struct tlsbed *s, enum tls_why why, const char *fact)
{
	if (s->word != TLS_BROKEN)
		fail_msg("no %s: the handshake went well", tls_why_row(why)->code.at);
	tlsbed_expect_text(why, tls_end_why(s->end), fact);
	tlsbed_close_ends(s);
}

void
tlsbed_mark(enum tls_why why)
{
	is_staged[why] = true;
}

void
tlsbed_expect_all(const enum tls_why *whys, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (!is_staged[whys[i]])
			fail_msg("nobody stages %s", tls_why_row(whys[i])->code.at);
}

bool
tlsbed_has_staged(enum tls_why why)
{
	return is_staged[why];
}

int
tlsbed_open(void **state)
{
	(void)state;
	pki = pki_open("why test");
	ours = pki_leaf(pki, "DNS:us.example");
	root = mint_root("why CA");
	return 0;
}

int
tlsbed_close(void **state)
{
	(void)state;
	pki_close(pki);
	mint_forget();
	return 0;
}

const struct mint *
tlsbed_root(void)
{
	return root;
}
