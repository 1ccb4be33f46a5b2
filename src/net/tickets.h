/* SPDX-License-Identifier: Apache-2.0 */
/* tickets.h - the keys of session tickets (RFC 5077 4, RFC 8446 4.6.1), which are ours alone.
 *
 * They are made here, live in memory and nowhere else, and grow old: whoever learns one reads no
 * connection that came long before. With a ticket goes whom it was for; that is OpenSSL's session
 * id context, which tls.c sets.
 */
#ifndef NET_TICKETS_H
#define NET_TICKETS_H

#include <openssl/ssl.h>
#include <stdbool.h>
#include <stdint.h>

enum { TICKET_NAME_BYTES = 16, TICKET_KEY_BYTES = 32 };

struct ticket_key {
	bool is_there;
	uint8_t name[TICKET_NAME_BYTES];
	uint8_t cipher[TICKET_KEY_BYTES], mac[TICKET_KEY_BYTES];
};

struct tickets {
	struct ticket_key now, before; /* tickets are made with the first alone */
	int64_t next_at_ms;            /* when there is to be another            */
};

/* Makes the first key at NOW_MS. */
void tickets_open(struct tickets *, int64_t now_ms);

/* Makes another key if it is time: the one so far reads tickets for as long again. */
void tickets_turn(struct tickets *, int64_t now_ms);

/* For SSL_CTX_set_tlsext_ticket_key_evp_cb().
 * Ends: 1, CIPHER and MAC are set up; 2, likewise, and the ticket is to be renewed; 0, it was made
 * with no key that is known, so that there is a whole handshake; -1, a fault. */
int tickets_use(struct tickets *, uint8_t name[TICKET_NAME_BYTES], uint8_t *iv,
	EVP_CIPHER_CTX *cipher, EVP_MAC_CTX *mac, bool is_new);

/* Forgets the keys. */
void tickets_close(struct tickets *);

#endif
