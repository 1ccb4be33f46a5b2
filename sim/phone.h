/* SPDX-License-Identifier: Apache-2.0 */
/* phone.h - the devices of a simulated run: right, slow, wrong, hostile or silent.
 *
 * A device keeps its own timers and repeats over UDP, as RFC 3261 asks of it, or breaks one rule on
 * purpose. What it does in a call depends on the number of that call alone, which stands in the
 * INVITE (Subject and the session's name) and crosses the server.
 *
 * Files: phone.c (the table, talks, what was planned), phone_say.c (messages), phone_hear.c (what
 * arrives), phone_call.c (a call, from either side), phone_register.c.
 */
#ifndef SIM_PHONE_H
#define SIM_PHONE_H

#include "base/event.h"
#include "sip/msg.h"

struct world;
struct item;

enum { PHONES = 15, TALKS_MAX = 512, WORD_MAX = 320, REPEATS = 3, SAID_MAX = 24 };

enum phone_kind { PHONE_FIXED, PHONE_REGISTERS, PHONE_STRANGER, PHONE_TRUNK };

/* What a device is like in one call. */
enum manner { MANNER_RIGHT, MANNER_SLOW, MANNER_WRONG, MANNER_SILENT };

/* X(name): the rule that a wrong device breaks. */
#define MISDEEDS(X)                                                         \
	X(NONE)                                                             \
	X(NO_CONTACT)    /* a 2xx without Contact                        */ \
	X(TWO_FINALS)    /* 486, and 200 behind it                       */ \
	X(LATE_200)      /* 200 to an INVITE that was cancelled          */ \
	X(NO_ACK)        /* never acknowledges                           */ \
	X(NO_TAG)        /* no To tag in what it answers                 */ \
	X(FORK)          /* answers twice, with two tags                 */ \
	X(OLD_CSEQ)      /* its CSeq goes down                           */ \
	X(WRONG_TAG)     /* hangs up with a tag that is not the dialog's */ \
	X(BYE_REFUSED)   /* 500 to BYE                                   */ \
	X(BYE_GONE)      /* 481 to BYE                                   */ \
	X(EARLY_BYE)     /* BYE before the answer                        */ \
	X(MANY_ACKS)     /* each ACK thrice                              */ \
	X(TWO_VIAS)      /* a Via too many in what it answers            */ \
	X(WRONG_METHOD)  /* another method in the CSeq of its answers    */ \
	X(LONG)          /* header fields as long as they may be         */ \
	X(NO_BYE_ANSWER) /* never answers a BYE                          */ \
	X(REDIRECTS)     /* 302 to a sip contact in clear                */ \
	X(CHALLENGES)    /* 401 or 407                                   */ \
	X(MANY_RINGS)    /* a 180 each 200 ms                            */ \
	X(BOTH_BYE)      /* hangs up twice                               */ \
	X(LATE_FINAL)    /* 486 behind the 200                           */ \
	X(MOVES)         /* each of its messages has another Contact     */ \
	X(TWO_WAYS)      /* its INVITE comes by a second path too        */

enum misdeed {
#define X(name) MISDEED_##name,
	MISDEEDS(X)
#undef X
		MISDEED_KINDS
};

enum talk_state {
	TALK_NONE,
	TALK_CALLING, /* our INVITE has no final answer             */
	TALK_CALLED,  /* their INVITE has none                      */
	TALK_WAITING, /* our 2xx waits for its ACK                  */
	TALK_UP,
	TALK_LEAVING, /* our BYE has no answer                      */
	TALK_OVER,    /* for a while: repeats are answered          */
};

/* A message that is sent again until something stops it. */
struct repeat {
	char *text;
	size_t len;
	int64_t gap_ms, most_ms, until_ms;
	uint32_t turn; /* what was planned for another turn is void */
};

enum repeat_of { REPEAT_INVITE, REPEAT_ASK, REPEAT_FINAL };

struct talk {
	enum talk_state state;
	uint32_t age, who, call;
	uint64_t draw;
	bool is_caller, is_cancelled, was_rung, has_auth, is_forked, is_changing, keeps_session;
	bool is_proven; /* the INVITE had credentials */
	enum manner manner;
	enum misdeed misdeed;
	struct flow_id flow;
	char call_id[WORD_MAX], local[WORD_MAX], remote[WORD_MAX], target[WORD_MAX];
	char lines[2 * WORD_MAX]; /* the Contacts of a REGISTER */
	char uri[WORD_MAX], tag[40], branch[48], ask_branch[48], routes[WORD_MAX];
	char offered[16]; /* the method of what we asked last */
	uint32_t cseq, invite_cseq, heard_cseq;
	int64_t called_at_ms;
	char *invite; /* the INVITE that we were sent, to answer it */
	size_t invite_len;
	char *ack; /* our ACK, for repeats */
	size_t ack_len;
	uint32_t versions; /* of our session */
	struct repeat repeats[REPEATS];
};

struct phone {
	const char *user, *name; /* the name in its certificate, NULL: its address */
	struct addr at;          /* where it is reached */
	enum transport transport;
	bool is_sips;
	enum phone_kind kind;
	const char *password;
	struct flow_id flow; /* the connection that it opened */
	uint32_t cseq;
	bool has_binding;
	char nonce[128];
	struct {
		char *text;
		size_t len;
	} said[SAID_MAX]; /* what went over its wires, for those who replay it */
	uint32_t said_count;
};

struct phones {
	struct phone all[PHONES];
	struct talk talks[TALKS_MAX];
	uint32_t numbers; /* for branches, tags and Call-IDs */
};

void phones_open(struct world *);
void phones_close(struct world *);

/* Which phone listens there; PHONES: none. */
uint32_t phone_at(const struct world *, const struct addr *at, enum transport);

/* One message of the server reaches phone WHO. */
void phone_hear(struct world *, uint32_t who, struct flow_id flow, const char *at, size_t len);

/* A phone's connection is no more. */
void phone_lost(struct world *, uint32_t who, struct flow_id flow);

/* What a phone planned comes due. */
void phone_due(struct world *, const struct item *);

/* From now on every device is right and prompt, and hangs up. */
void phones_calm(struct world *);

/* ---- what a happening makes a phone do ---- */

void phone_call(struct world *, uint32_t who, uint32_t call, uint64_t draw);
void phone_register(struct world *, uint32_t who, uint64_t draw);
void phone_options(struct world *, uint32_t who, uint64_t draw);
/* One of many OPTIONS, from a device that wants no answer. */
void phone_storm(struct world *);

void phone_ping(struct world *, uint32_t who, uint64_t draw);
void phone_garbage(struct world *, uint32_t who, uint64_t draw);
void phone_replay(struct world *, uint32_t who, uint64_t draw);
void phone_forge(struct world *, uint32_t who, uint64_t draw);

/* The number that a draw dials; never that of the device itself. */
const char *phone_dials(uint64_t draw, const char *self);

#endif
