/* SPDX-License-Identifier: Apache-2.0 */
/* phone_say.h - what a phone keeps of a dialog, and the messages it writes; for phone.c. */
#ifndef MAIN_PHONE_SAY_H
#define MAIN_PHONE_SAY_H

#include "main/phone.h"

/* What stands on the shelf: of the registration, then of the call. */
enum phone_text {
	TEXT_CALL_ID,
	TEXT_TAG,    /* ours */
	TEXT_LOCAL,  /* our From, with our tag, at either end of a call  */
	TEXT_REMOTE, /* the other party; with its tag once there is one  */
	TEXT_TARGET, /* where the next request goes                      */
	TEXT_BRANCH, /* of the request that is out                       */
	TEXT_INVITE, /* the INVITE that rings, to be answered            */
};

/* What is kept; the view is good until the next phone_keep. */
struct str phone_text(const struct phone *, enum phone_text);

/* Keeps TEXT, or a fresh random token; the phone is BROKEN when there is no room. */
void phone_keep(struct phone *, enum phone_text, struct str text);
void phone_keep_random(struct phone *, enum phone_text, struct str before);

/* Ends all: the phone is BROKEN, and says why. */
void phone_break(struct phone *, struct str what, struct str detail);

bool phone_is_secure(const struct phone *);

/* New identifiers for a dialog that we begin with USER, whose requests go to TARGET in our domain
 * (empty: to the domain itself). */
void phone_begin_dialog(struct phone *, struct str user, struct str target);

/* Sends a request of its own transaction, which is the one that is out then. CREDENTIALS: the value
 * of an Authorization, or empty. */
void phone_send_request(struct phone *, enum method, struct str credentials, struct out *);

/* Sends the ACK: of a 2xx on its own; of a refusal with the branch of its INVITE. */
void phone_send_ack(struct phone *, bool is_refused, struct out *);

/* Answers the request in p->msg, which came FROM. */
void phone_send_answer(struct phone *, unsigned status, const struct addr *from, struct out *);

/* Sends the request that is out again, with an answer to the challenge in p->msg. Once: a phone
 * whose answer is not accepted is BROKEN. */
void phone_answer_challenge(struct phone *, struct out *);

#endif
