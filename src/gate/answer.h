/* SPDX-License-Identifier: Apache-2.0 */
/* answer.h - Digest credentials of ours, for a peer that challenges us (RFC 3261 22.2, RFC 7616,
 * RFC 8760).
 *
 * A secret was given to us for one realm of one peer. A challenge of another realm is never
 * answered, whoever it comes from: so what we write proves us to nobody but whom the secret is
 * shared with.
 */
#ifndef GATE_ANSWER_H
#define GATE_ANSWER_H

#include "base/dice.h"
#include "gate/challenge.h"

/* How often one request may be said again with credentials: once, and once more when the nonce was
 * stale (RFC 3261 22.2, RFC 7616 3.3), or when a proxy asks for its own. */
enum { ANSWERS_MAX = 2 };

struct secret {
	struct str username; /* without quotes and backslashes */
	struct str password; /* empty: there is none, and nothing is answered */
	struct str realm;
};

enum answer_verdict {
	ANSWER_GIVEN,   /* the line was written                                            */
	ANSWER_NONE,    /* there is no secret for this peer                                 */
	ANSWER_FOREIGN, /* the challenges are of other realms                               */
	ANSWER_UNKNOWN, /* they want what we do not have: another algorithm, or no qop=auth */
	ANSWER_WRONG,   /* our credentials were refused, or were said often enough           */
	ANSWER_FAILED,  /* the line does not fit, or libcrypto refuses                       */
};

/* Answers the challenge of RESPONSE (401 or 407) for REQUEST, the one that was said: among those of
 * the secret's realm the first with SHA-256, else the first with MD5. With a fresh cnonce,
 * nc=00000001 and the Request-URI of REQUEST as uri. TRIES: how often REQUEST was said with
 * credentials before; it is said again only for a kind of credentials that it does not have yet,
 * or when the challenge says that the nonce was stale. Ends: ANSWER_GIVEN with all its
 * credentials put into LINES, whole header lines: those that it had of the other kind, and the
 * new ones; or why not, and nothing that is of use was put. */
enum answer_verdict answer_write(struct gate *, struct dice *, const struct msg *response,
	const struct msg *request, const struct secret *, unsigned tries, struct buf *lines);

/* One sentence on a challenge that was not answered, for the log. */
struct str answer_verdict_text(enum answer_verdict);

#endif
