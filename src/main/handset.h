/* SPDX-License-Identifier: Apache-2.0 */
/* handset.h - a phone, as small as it can be: it registers, calls, rings, answers and hangs up.
 *
 * Like the core it does no I/O: it is fed the events of its one flow and puts actions. It speaks
 * sips over a TLS connection that it dials, or sip over a UDP socket. It has one call at a time
 * and no timers: it is made for a loopback, where nothing gets lost.
 *
 * Files: handset.c (what it hears and does), handset_say.c (what it writes).
 */
#ifndef MAIN_HANDSET_H
#define MAIN_HANDSET_H

#include "base/dice.h"
#include "base/out.h"
#include "base/shelf.h"
#include "gate/digest.h"
#include "main/picture.h"

enum handset_state {
	HANDSET_NEW,
	HANDSET_DIALLING,    /* its TLS connection               */
	HANDSET_REGISTERING, /* REGISTER is out                  */
	HANDSET_READY,       /* registered, and in no call        */
	HANDSET_CALLING,     /* INVITE is out                    */
	HANDSET_HEARS_TONE,  /* the other one rings              */
	HANDSET_RINGS,       /* 180 is out                        */
	HANDSET_ANSWERED,    /* 200 is out, the ACK not there yet */
	HANDSET_TALKING,
	HANDSET_LEAVING, /* BYE is out                        */
	HANDSET_BROKEN,  /* handset_why() tells                 */
};

struct handset_options {
	struct str number, password;
	struct str
		domain; /* of the server: stands in every URI, and its certificate must name it */
	enum transport transport; /* TLS: it speaks sips; UDP: sip */
	struct addr server;
	struct flow_id flow; /* UDP: the socket; TLS: the number for the connection */
	struct addr local;   /* UDP: where the socket is bound */
	uint32_t leg;        /* its place on the tape */
	struct tape *tape;
	struct hashers *hashers;
	const uint8_t *seed; /* DICE_SEED_BYTES octets, used at once */
};

enum { HANDSET_TEXT_BYTES = 16 * 1024, HANDSET_HALF_BYTES = 64 * 1024, HANDSET_WHY_BYTES = 1024 };

struct handset {
	struct handset_options options; /* what it views is the owner's and outlives the phone */
	enum handset_state state;
	struct dice dice;
	struct addr local;
	struct leg_view view;
	enum method asked;           /* the request that has no final answer; METHOD_OTHER: none */
	uint32_t cseq;               /* of our last request                   */
	uint32_t invite_cseq;        /* of the last INVITE, either way      */
	bool has_answered_challenge; /* to the request that is out */
	enum digest answered_with;
	unsigned crlfs;
	size_t half; /* octets of a message that is not whole */
	struct shelf shelf;
	struct msg msg;                          /* the message being handled */
	char version[16], cipher[64], name[256]; /* what view shows of TLS */
	char why[HANDSET_WHY_BYTES];
	size_t why_len;
	char texts[HANDSET_TEXT_BYTES];
	char bytes[HANDSET_HALF_BYTES];
};

void handset_open(struct handset *, const struct handset_options *);

/* What the script wants of it. Pre, in this order: NEW; READY; RINGS; TALKING. */
void handset_register(struct handset *, struct out *);
void handset_call(struct handset *, struct str number, struct out *);
void handset_answer(struct handset *, struct out *);
void handset_hang_up(struct handset *, struct out *);

/* Tells it of one event on its flow; others are ignored. It tells the tape of every message. */
void handset_hear(struct handset *, const struct event *, struct out *);

/* Why it is BROKEN, one sentence. */
struct str handset_why(const struct handset *);

#endif
