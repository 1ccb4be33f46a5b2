/* SPDX-License-Identifier: Apache-2.0 */
/* handset_say.h - what a phone keeps of a dialog, and the messages it writes; for handset.c. */
#ifndef MAIN_HANDSET_SAY_H
#define MAIN_HANDSET_SAY_H

#include "main/handset.h"

/* What stands on the shelf: of the registration, then of the call. */
enum handset_text {
	TEXT_CALL_ID,
	TEXT_TAG,    /* ours */
	TEXT_LOCAL,  /* our From, with our tag, at either end of a call  */
	TEXT_REMOTE, /* the other party; with its tag once there is one  */
	TEXT_TARGET, /* where the next request goes                      */
	TEXT_BRANCH, /* of the request that is out                       */
	TEXT_INVITE, /* the INVITE that rings, to be answered            */
};

/* What is kept; the view is good until the next handset_keep. */
struct str handset_text(const struct handset *, enum handset_text);

/* Keeps TEXT, or a fresh random token; the phone is BROKEN when there is no room. */
void handset_keep(struct handset *, enum handset_text, struct str text);
void handset_keep_random(struct handset *, enum handset_text, struct str before);

/* Ends all: the phone is BROKEN, and says why. */
void handset_break(struct handset *, struct str what, struct str detail);

bool handset_is_secure(const struct handset *);

/* New identifiers for a dialog that we begin with USER, whose requests go to TARGET in our domain
 * (empty: to the domain itself). */
void handset_begin_dialog(struct handset *, struct str user, struct str target);

/* Sends a request of its own transaction, which is the one that is out then. CREDENTIALS: the value
 * of an Authorization, or empty. */
void handset_send_request(struct handset *, enum method, struct str credentials, struct out *);

/* Sends the ACK: of a 2xx on its own; of a refusal with the branch of its INVITE. */
void handset_send_ack(struct handset *, bool is_refused, struct out *);

/* Answers the request in p->msg, which came FROM. */
void handset_send_answer(struct handset *, unsigned status, const struct addr *from, struct out *);

/* Sends the request that is out again, with an answer to the challenge in p->msg. Once: a phone
 * whose answer is not accepted is BROKEN. */
void handset_answer_challenge(struct handset *, struct out *);

#endif
