/* SPDX-License-Identifier: Apache-2.0 */
/* challenge.h - Digest authentication of those who come in (RFC 3261 22, RFC 7616, RFC 8760).
 *
 * Nonces are made by HMAC over their time (on the clock that never goes back) and a number, so a
 * flood of requests costs no memory. A bounded table keeps the highest count of those nonces that
 * were used with success; a nonce that fell out of it, or grew old, gets `stale=true`.
 *
 * Files: challenge.c (nonces and the judgement), digest.c (the sums).
 */
#ifndef GATE_CHALLENGE_H
#define GATE_CHALLENGE_H

#include "base/arena.h"
#include "base/dice.h"
#include "base/event.h"
#include "base/limits.h"
#include "sip/cred.h"
#include "sip/msg.h"

struct gate;
struct hashers; /* digest.h */

enum {
	/* Credentials judged in one event: each message that is judged asks for something, and may
	 * be judged for two numbers. */
	GATE_VERDICTS_MAX = 2 * ACTS_MAX,
};

/* Carves a gate that remembers NONCES_MAX used nonces, draws its key from DICE, and fetches the
 * digests of libcrypto once. IS_TOLD: the verdicts come from a recording (gate_tell).
 * Ends: the gate, or NULL when the arena is too small (or only measures) or libcrypto refuses. */
struct gate *gate_open(struct arena *, struct dice *, bool is_told);

/* The digests that it fetched, for the sums of our own credentials (answer.h). */
struct hashers *gate_hashers(struct gate *);

/* Gives back what libcrypto gave. The memory stays the arena's. */
void gate_close(struct gate *);

enum gate_verdict {
	GATE_IN,        /* the credentials are right and fresh           */
	GATE_CHALLENGE, /* none, wrong, or foreign: 401                  */
	GATE_STALE,     /* right password, but the nonce is old, of another run, or its count was
	                 * used before: 401 stale=true                   */
	GATE_BAD,       /* right, but the digest's uri is of no domain of ours: 400 */
};

enum { GATE_VERDICT_KINDS = GATE_BAD + 1 };

/* Whose credentials are due. */
struct gate_claim {
	struct str username; /* the DN's number */
	struct str password; /* empty: an unknown number; never let in, with the same work done */
	struct str realm;
};

/* Judges REQUEST by the first Digest Authorization line of CLAIM's realm (RFC 7616 3.4, RFC 8760
 * 2.6). Anything but an answer with qop=auth, an nc of eight hex digits and the claim's user name
 * is
 * no answer. The digest's uri need not be the Request-URI but must name it, or its host, or the
 * realm. The work is the same whether the number is known or not, and the response is compared in
 * constant time.
 * After: with GATE_IN the nonce's count is used up. */
enum gate_verdict gate_judge(
	struct gate *, const struct msg *request, const struct gate_claim *, struct when now);

/* A new event begins: forgets what was judged before. */
void gate_begin(struct gate *);

/* What was judged since, an octet (enum gate_verdict) for each, in order.
 * Ends: the octets, a view until the next gate_begin; STR_NONE when there were more than
 * GATE_VERDICTS_MAX. */
struct str gate_verdicts(const struct gate *);

/* What is judged from now on is what VERDICTS say, one after the other; no password is looked at.
 * What they do not say is GATE_CHALLENGE. The view lives until the gate is told again.
 * Pre: the gate was opened to be told. */
void gate_tell(struct gate *, struct str verdicts);

/* Puts the WWW-Authenticate lines of a 401: SHA-256 first, then MD5 (RFC 8760 2.3), one fresh
 * nonce.
 * Pre: REALM is a domain, of at most 255 octets. */
void gate_write_challenge(
	struct gate *, struct buf *, struct str realm, bool stale, struct when now);

#endif
