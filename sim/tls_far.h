/* SPDX-License-Identifier: Apache-2.0 */
/* tls_far.h - the far end of a connection: plain OpenSSL on a BIO pair that takes only so much,
 * knowing nothing of src/net. It may also be no TLS at all: then it says octets as they are. */
#ifndef SIM_TLS_FAR_H
#define SIM_TLS_FAR_H

#include <openssl/ssl.h>

#include "net/bytes.h"
#include "tls_certs.h"

/* How many times OpenSSL wanted the other direction. */
struct far_wants {
	uint64_t write_in_read; /* SSL_read said WANT_WRITE */
	uint64_t write_in_write;
	uint64_t read_in_write; /* SSL_write said WANT_READ */
};

struct fars {
	struct certs *certs;
	SSL_CTX *serve, *dial;
	struct far_wants wants;
};

struct far {
	struct fars *all;
	SSL *ssl; /* NULL: no TLS */
	BIO *net; /* what the wire sees of it */
	bool is_server;
	bool is_ready;    /* its handshake is over                       */
	bool is_over;     /* our side said close_notify                  */
	bool is_broken;   /* its OpenSSL will not go on                  */
	bool wants_end;   /* close_notify as soon as all was said        */
	bool has_ended;   /* close_notify was given to OpenSSL           */
	struct bytes say; /* in clear, not taken by OpenSSL yet          */
	size_t said;      /* of these, how many were taken               */
	struct bytes raw; /* no TLS: what leaves as it is                */
	size_t raw_taken;
	struct bytes heard; /* in clear, from our side                   */

	/* A server: what it shows, and to whom it did. */
	enum cert_kind kind;
	const char *ip;
	char name[64]; /* that was asked for: the SNI, or the address */
};

/* How a far end begins. */
struct far_options {
	bool is_server;
	int version;         /* TLS1_2_VERSION or TLS1_3_VERSION; 0: either */
	size_t room_bytes;   /* of the BIO pair: what it takes at a time    */
	enum cert_kind kind; /* a server                                    */
	const char *ip;
	bool has_fragments; /* records of 512 octets at most: a ticket is cut into several */
};

void fars_open(struct fars *, struct certs *);
void fars_close(struct fars *);

void far_open(struct far *, struct fars *, const struct far_options *);

/* A far end that is no TLS. */
void far_open_raw(struct far *, struct fars *);
void far_close(struct far *);

/* Puts octets to be said: in clear, TLS will cipher them. */
void far_say(struct far *, struct str);

/* Asks for new keys on both sides (TLS 1.3). */
void far_update_keys(struct far *);

/* Tries a new handshake inside the connection (TLS 1.2). */
void far_renegotiate(struct far *);

/* Whether its Finished has left, by which it proves that it has the keys. */
bool far_has_finished(const struct far *);

/* Goes on as far as what came and what room there is allow. */
void far_turn(struct far *);

/* Octets from the wire; ends: how many of them it took. */
size_t far_hear(struct far *, struct str cipher);

/* Octets for the wire; ends: how many there were, at most SIZE. */
size_t far_take(struct far *, char *at, size_t size);

/* Whether something waits to be taken from it. */
bool far_has_octets(const struct far *);

#endif
