/* SPDX-License-Identifier: Apache-2.0 */
/* phone_inside.h - what the files of a phone share. */
#ifndef SIM_PHONE_INSIDE_H
#define SIM_PHONE_INSIDE_H

#include "phone.h"
#include "world.h"

/* X(name): what a talk plans for later. */
enum due {
	DUE_REPEAT, /* how: which one */
	DUE_RING,
	DUE_ANSWER,
	DUE_CANCEL,
	DUE_HANG_UP,
	DUE_CHANGE,
	DUE_INFO,
	DUE_OPTIONS,
	DUE_SECOND, /* the second of what a wrong device sends */
	DUE_GIVE_UP,
	DUE_FORGET,
	DUE_RING_AGAIN,
	DUE_REFRESH, /* of the session that it promised to keep alive */
};

/* How the branches of devices begin, and those of a copy that comes by another path. */
#define OWN_COOKIE "z9hG4bKs"
#define OTHER_COOKIE "z9hG4bKw"

/* What a draw of a talk is for. */
enum draw_of {
	DRAW_MANNER = 1,
	DRAW_MISDEED,
	DRAW_RING,
	DRAW_RING_MS,
	DRAW_ANSWER_MS,
	DRAW_STATUS,
	DRAW_STATUS_WHICH,
	DRAW_TALK_MS,
	DRAW_WHO_LEAVES,
	DRAW_CHANGE,
	DRAW_CHANGE_MS,
	DRAW_CHANGE_WHO,
	DRAW_CANCEL,
	DRAW_CANCEL_MS,
	DRAW_INFO,
	DRAW_OFFER,
	DRAW_TIMER,
	DRAW_SLOW_MS,
	DRAW_EXPIRES,
	DRAW_NUMBER,
	DRAW_CALLER,
	DRAW_REFUSE_CHANGE,
	DRAW_OTHER,
	DRAW_SECOND_MS,
	DRAW_PROOF,
};

/* ---- phone.c ---- */

struct talk *talk_new(struct world *, uint32_t who, uint32_t call);
struct talk *talk_at(struct world *, const struct item *);
void talk_plan(struct world *, struct talk *, int64_t in_ms, enum due, uint32_t how);
void talk_over(struct world *, struct talk *); /* forgets it after a while */
void talk_repeat(struct world *, struct talk *, enum repeat_of, const char *text, size_t len,
	int64_t most_ms);
void talk_still(struct talk *, enum repeat_of); /* no more of that */
struct flow_id talk_flow(struct world *, struct talk *);

bool has_credentials(const struct msg *);

/* ---- phone_say.c: each writes a message and sends it ---- */

void say_invite(struct world *, struct talk *, const char *lines);
void say_ask(struct world *, struct talk *, const char *method, const char *lines);
void say_ack(struct world *, struct talk *);
void say_ack_failure(struct world *, struct talk *, const struct msg *);
void say_cancel(struct world *, struct talk *);
void say_bye(struct world *, struct talk *);

/* Answers the INVITE that T keeps, or REQUEST. */
void say_answer(struct world *, struct talk *, unsigned status);
void say_reply(struct world *, uint32_t who, struct flow_id flow, const struct msg *request,
	unsigned status, const char *tag, const char *lines);

/* Sends a text, whole. */
void say_text(struct world *, uint32_t who, struct flow_id flow, const char *text, size_t len);

/* `192.0.2.10:5060` of a phone, good until the eighth call after it. */
const char *phone_host(const struct phone *);
const char *phone_scheme(const struct phone *);
const char *transport_token(enum transport);
size_t say_session(char *at, size_t room, uint32_t call, uint32_t version, bool is_held);

/* ---- phone_draw.c ---- */

void talk_draw_manner(struct world *, struct talk *);
bool talk_misdoes(const struct world *, const struct talk *, enum misdeed);

/* A number below 100, the caller's and the callee's own. */
uint32_t talk_percent(const struct talk *, uint64_t what);

/* When the callee of this call answers; its caller may know, to cancel at just that moment. */
int64_t talk_answer_ms(const struct talk *);
unsigned talk_final_status(struct world *, const struct talk *);

/* ---- phone_call.c ---- */

void phone_heard_invite(struct world *, uint32_t who, struct flow_id, const struct msg *);
void phone_heard_inside(struct world *, struct talk *, const struct msg *);
void phone_heard_answer(struct world *, struct talk *, const struct msg *);
void phone_call_due(struct world *, struct talk *, enum due, uint32_t how);

/* ---- phone_register.c ---- */

void register_heard(struct world *, uint32_t who, const struct msg *);

/* A trunk is a registrar, too: right, slow to be content, or dead for this once. */
void phone_heard_register(struct world *, uint32_t who, struct flow_id, const struct msg *);

/* The line of credentials for a challenge in MSG, into LINE; false: there is no use in trying. */
bool credentials_write(const struct phone *, const struct msg *, const char *method,
	const char *uri, uint64_t draw, char *line, size_t room);

#endif
