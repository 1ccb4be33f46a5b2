/* SPDX-License-Identifier: Apache-2.0 */
/* picture.h - what two phones sent and heard, and how it is drawn.
 *
 * The phones put every message on one tape. All that is drawn is read from that tape, and from what
 * TLS said of the phone's own connection: nothing is known in advance.
 */
#ifndef MAIN_PICTURE_H
#define MAIN_PICTURE_H

#include <stdio.h>

#include "base/arena.h"
#include "base/flow.h"
#include "sip/cred.h"
#include "sip/msg.h"

enum { TAPE_MAX = 256, TAPE_BYTES = 512 * 1024, LEGS_SHOWN = 2 };

/* One message on the leg of one phone. */
struct seen {
	int64_t at_us;
	uint32_t leg; /* which phone: 0 or 1      */
	bool is_sent; /* by the phone, to sipward */
	struct str text;
};

struct tape {
	struct seen seen[TAPE_MAX];
	uint32_t count;
	int64_t now_us; /* the owner sets it before each event */
	bool is_full;   /* something is missing */
	struct arena texts;
};

/* An empty tape on TAPE_BYTES octets at AT, which stay the caller's. */
void tape_open(struct tape *, void *at);

/* Puts a copy of TEXT at the end, at the moment now_us. */
void tape_put(struct tape *, uint32_t leg, bool is_sent, struct str text);

/* What a phone knows of its leg besides the messages. Views of its owner. */
struct leg_view {
	struct str number;
	enum transport transport; /* of the flow it uses */
	enum proof proof;         /* how it checked sipward; then also: */
	struct str version, cipher, name;
	enum digest proved; /* how sipward checked it; DIGEST_OTHER: not at all */
};

/* The part of the tape from FROM on, up to UPTO: one call, or what was before it. */
struct picture {
	const struct tape *tape;
	uint32_t from, upto;
	bool is_call;
	uint32_t caller;                 /* the leg that called; drawn at the left */
	const struct leg_view *legs;     /* LEGS_SHOWN of them */
	struct msg messages[LEGS_SHOWN]; /* workspace */
};

/* Whether what is on the tape keeps the promise: every message can be read; on each leg all
 * schemes (Request-URI, From, To, Contact) are the one that the transport asks for; no octet of a
 * leg that is not TLS holds `sips:`; the legs of a call share no Call-ID.
 * Ends: true; false with one sentence in WHY. */
bool picture_judge(struct picture *, struct buf *why);

/* Draws the messages of both legs in the order of time, sipward in the middle. */
void picture_ladder(struct picture *, FILE *to);

/* The two below are of a call. Pre: picture_judge() said true. */

/* Prints the header lines of the INVITE that called and of the INVITE that rang, side by side. */
void picture_headers(struct picture *, FILE *to);

/* Prints how each leg was secured. */
void picture_security(struct picture *, FILE *to);

#endif
