/* SPDX-License-Identifier: Apache-2.0 */
/* guest.h - somebody who makes a handshake over TLS, with OpenSSL alone, and says nothing. */
#ifndef FAILS_GUEST_H
#define FAILS_GUEST_H

#include <openssl/ssl.h>

#include "base/addr.h"
#include "support/pki.h"

struct guest {
	SSL_CTX *context;
	SSL *ssl;
	int fd;
};

/* It connects to AT. OWN: the certificate that it shows, or NULL; SESSION: the one that it would
 * go on with, or NULL. Ends: false when it cannot. */
bool guest_come(
	struct guest *, const struct addr *at, const struct pki_leaf *own, SSL_SESSION *session);
void guest_leave(struct guest *);

enum guest_word { GUEST_WAITS, GUEST_DONE, GUEST_REFUSED };

/* Goes on with the handshake. */
enum guest_word guest_shake(struct guest *);

#endif
