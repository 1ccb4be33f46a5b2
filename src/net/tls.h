/* SPDX-License-Identifier: Apache-2.0 */
/* tls.h - TLS over memory: octets in, octets out; no socket, no clock, no event loop.
 *
 * A struct tls holds what all connections share, above all the set of contexts in force
 * (contexts.h); a struct tls_end is our end of one, and keeps the set that it began with. What came
 * from the peer is handed over with tls_end_hear(), and what is to leave grows in the struct bytes
 * that the end was opened with. TLS 1.2 and 1.3, AEAD with ephemeral keys only; no renegotiation,
 * no 0-RTT, no compression; sessions are gone on with by tickets alone (tickets.h), by peers that
 * need not show a certificate, and never by us.
 */
#ifndef NET_TLS_H
#define NET_TLS_H

#include "base/flow.h"
#include "net/bytes.h"
#include "net/identity.h"
#include "net/tls_why.h"

struct contexts;
struct link;
struct tls;
struct tls_end;

struct tls_options {
	const struct identity *identities; /* the first is the default */
	uint32_t identity_count;           /* 0: TLS is not spoken */
	struct str keylog;                 /* path; empty: none    */
	int64_t now_ms;                    /* on the clock of tls_turn() */
};

/* Ends: the shared part, or NULL with one sentence in WHY that names the file. */
struct tls *tls_open(const struct tls_options *, struct buf *why);

/* Pre: all ends are closed. */
void tls_close(struct tls *);

/* Puts another set of contexts in force, which it takes over: for handshakes that begin from now
 * on. The identities keep their places, so the set has not fewer than the one before.
 * Ends: true; false when it has, and then it stays the caller's. */
bool tls_use(struct tls *, struct contexts *);

/* Time goes on: the keys of tickets grow old. */
void tls_turn(struct tls *, int64_t now_ms);
/* The set in force. It lives until tls_use or tls_close. */
const struct contexts *tls_contexts(const struct tls *);

/* Whether there is an identity at PLACE that has a certificate, or CAs to believe. */
bool tls_may_serve(const struct tls *, uint32_t place);
bool tls_may_dial(const struct tls *, uint32_t place);

/* Our end of a connection that a peer opened to a listener with this SERVICE. OUT is the caller's;
 * both outlive the end. Pre: each of its identities may serve. */
struct tls_end *tls_end_serve(struct tls *, const struct service *, struct bytes *out);

/* Our end of a connection that we opened on these TERMS to somebody who must prove to be NAME, a
 * host name or an IP literal. The first octets are in OUT. Pre: the identity may dial.
 * Ends: the end; NULL when NAME is not one that a certificate can hold. */
struct tls_end *tls_end_dial(
	struct tls *, struct str name, const struct terms *, struct bytes *out);

void tls_end_close(struct tls_end *);

enum tls_word {
	TLS_WAITS,  /* for more of the peer's octets              */
	TLS_READY,  /* the handshake is over, and a peer that we dialled was verified */
	TLS_OVER,   /* the peer said that it ends (close_notify)  */
	TLS_BROKEN, /* tls_end_why() tells                        */
};

/* Hands over what came. CIPHER must live until shake and read have said TLS_WAITS. */
void tls_end_hear(struct tls_end *, struct str cipher);

/* Goes on with the handshake. Ends: TLS_WAITS, TLS_READY (once) or TLS_BROKEN. */
enum tls_word tls_end_shake(struct tls_end *);

/* Reads up to SIZE octets of what the peer said. Pre: TLS_READY was said.
 * Ends: TLS_READY with *GOT > 0; TLS_WAITS, TLS_OVER or TLS_BROKEN with *GOT 0. */
enum tls_word tls_end_read(struct tls_end *, char *at, size_t size, size_t *got);

/* Puts PLAIN into OUT, or keeps it while a message of the peer's TLS is not whole (it may cut those
 * that follow the handshake into records, RFC 8446 5.1): a read that gets the rest puts it there.
 * Pre: TLS_READY was said.
 * Ends: true; false when the connection is broken. */
bool tls_end_write(struct tls_end *, struct str plain);

/* How many octets are kept so. */
size_t tls_end_held(const struct tls_end *);

/* Says that we end (close_notify). */
void tls_end_shut(struct tls_end *);

/* What is known of the peer. Pre: TLS_READY was said. The views live as long as the end. */
void tls_end_secured(const struct tls_end *, struct secured *);

/* Whether the peer showed a certificate. Pre: TLS_READY was said. */
bool tls_end_is_proven(const struct tls_end *);

/* Judges the chain that the peer showed again: by the rules of the handshake and the set in force,
 * as of NOW_S (judge.h). One that showed none is good. Pre: the handshake is over.
 * Ends: true; false, and tls_end_why() tells. */
bool tls_end_is_good(struct tls_end *, int64_t now_s);

/* The chain that the peer showed, for people (chain.h). Ends: how many links; 0: it showed none. */
uint32_t tls_end_chain(const struct tls_end *, struct link *links, uint32_t max);

/* One sentence on what went wrong, as tls_why.h has it; lives until the next call for any end of
 * this struct tls. */
struct str tls_end_why(const struct tls_end *);

/* The sentence for a handshake that came to no end, by how far it had got; FACT may be empty. Lives
 * as long as that of tls_end_why. */
struct str tls_end_lost(struct tls_end *, enum tls_loss, struct str fact);

#endif
