/* SPDX-License-Identifier: Apache-2.0 */
/* tlsbed.h - our end of a TLS connection in memory, an OpenSSL of the test's own at the other one,
 * and which failures of tls_why.h were seen between them. */
#ifndef SUPPORT_TLSBED_H
#define SUPPORT_TLSBED_H

#include "net/tls.h"
#include "net/tls_why.h"
#include "support/mint.h"
#include "support/pki.h"

#define LIST(...) ((const struct mint *const[]){ __VA_ARGS__, NULL })

struct tlsbed {
	struct tls *tls;
	struct tls_end *end; /* ours */
	struct bytes out;
	SSL *ssl; /* the peer; NULL: the test speaks itself */
	BIO *to, *from;
	enum tls_word word;
	size_t flip; /* which octet of each of the peer's pieces is damaged; 0: none */
};

/* Before and after all tests: the root CA, our own certificate, a folder for files. */
int tlsbed_open(void **state);
int tlsbed_close(void **state);

const struct mint *tlsbed_root(void);

/* The path of a file with CERTS, a list that ends with NULL. */
struct str tlsbed_file(const struct mint *const *certs);

/* We dial the peer CTX (NULL: none), which must prove to be NAME. CTX is the bed's from here on. */
void tlsbed_dial(struct tlsbed *, struct str trust, struct str name, SSL_CTX *ctx);

/* On which terms tlsbed_dial dials from now on; NULL: on none. */
void tlsbed_dial_on(const struct terms *);

/* The peer CTX dials us. CTX is the bed's from here on. */
void tlsbed_serve(struct tlsbed *, SSL_CTX *ctx);

/* Hands octets to our end. */
void tlsbed_hear(struct tlsbed *, struct str octets);

/* Lets the two talk until our end is broken or nobody has anything to say. */
void tlsbed_shake(struct tlsbed *);

/* The handshake broke for that reason, with FACT in its sentence; closes the bed. */
void tlsbed_expect(struct tlsbed *, enum tls_why, const char *fact);

/* The same for a sentence that the test has made. */
void tlsbed_expect_text(enum tls_why, struct str text, const char *fact);

/* Closes the bed of a handshake that went well. */
void tlsbed_close_ends(struct tlsbed *);

/* Which were seen. */
void tlsbed_mark(enum tls_why);
bool tlsbed_has_staged(enum tls_why);
void tlsbed_expect_all(const enum tls_why *, size_t count);

#endif
