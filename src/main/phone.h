/* SPDX-License-Identifier: Apache-2.0 */
/* phone.h - a phone, as small as it can be: it registers, calls, rings, answers and hangs up.
 *
 * Like the core it does no I/O: it is fed the events of its one flow and puts actions. It speaks
 * sips over a TLS connection that it dials, or sip over a UDP socket. It has one call at a time
 * and no timers: it is made for a loopback, where nothing gets lost.
 *
 * Files: phone.c (what it hears and does), phone_say.c (what it writes).
 */
#ifndef MAIN_PHONE_H
#define MAIN_PHONE_H

#include "base/dice.h"
#include "base/out.h"
#include "base/shelf.h"
#include "gate/digest.h"
#include "main/picture.h"

enum phone_state {
	PHONE_NEW,
	PHONE_DIALLING,    /* its TLS connection               */
	PHONE_REGISTERING, /* REGISTER is out                  */
	PHONE_READY,       /* registered, and in no call        */
	PHONE_CALLING,     /* INVITE is out                    */
	PHONE_HEARS_TONE,  /* the other one rings              */
	PHONE_RINGS,       /* 180 is out                        */
	PHONE_ANSWERED,    /* 200 is out, the ACK not there yet */
	PHONE_TALKING,
	PHONE_LEAVING, /* BYE is out                        */
	PHONE_BROKEN,  /* phone_why() tells                 */
};

struct phone_options {
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

enum { PHONE_TEXT_BYTES = 16 * 1024, PHONE_HALF_BYTES = 64 * 1024, PHONE_WHY_BYTES = 256 };

struct phone {
	struct phone_options options; /* what it views is the owner's and outlives the phone */
	enum phone_state state;
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
	char why[PHONE_WHY_BYTES];
	size_t why_len;
	char texts[PHONE_TEXT_BYTES];
	char bytes[PHONE_HALF_BYTES];
};

void phone_open(struct phone *, const struct phone_options *);

/* What the script wants of it. Pre, in this order: NEW; READY; RINGS; TALKING. */
void phone_register(struct phone *, struct out *);
void phone_call(struct phone *, struct str number, struct out *);
void phone_answer(struct phone *, struct out *);
void phone_hang_up(struct phone *, struct out *);

/* Tells it of one event on its flow; others are ignored. It tells the tape of every message. */
void phone_hear(struct phone *, const struct event *, struct out *);

/* Why it is BROKEN, one sentence. */
struct str phone_why(const struct phone *);

#endif
