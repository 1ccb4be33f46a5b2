/* SPDX-License-Identifier: Apache-2.0 */
/* legbed.h - legs in a bed of their own: real transactions and flows around them, a clock that the
 * test turns, no socket and no core. What is heard comes in as text, what is sent is kept until the
 * test takes it, and what a leg says is written down (or handed to a call, see callbed.h).
 *
 * Everything that leaves is watched: it must be a whole message, its Via must name the transport it
 * leaves by, it must fit what one step may ask for, nothing of a sips URI may leave in the clear,
 * and
 * no leg may show the identifiers of another.
 */
#ifndef SUPPORT_LEGBED_H
#define SUPPORT_LEGBED_H

#include "leg/leg.h"

enum {
	BED_LEGS = 9,
	BED_TXNS = 64,
	BED_FLOWS = 12,
	BED_SENT_MAX = 512,
	BED_WORDS_MAX = 128,
	BED_START_MS = 1000000,
	BED_START_S = 1700000000,
	BED_WORD_BYTES = 512,
};

struct bed_sent {
	struct flow_id flow;
	struct addr to;
	int64_t at_ms; /* since the bed was opened */
	char *text;
	size_t len;
};

struct bed_word {
	enum leg_word word;
	unsigned status;
	char reason[128];
	struct ref leg, txn;
	enum method method;
	char *text; /* of the message that said it, or NULL */
};

/* What becomes of a connection that is dialled. */
enum bed_dial { BED_OPENS, BED_FAILS, BED_WAITS };

struct bed {
	struct alarms alarms;
	struct dice dice;
	struct txns txns;
	struct flows flows;
	struct legs legs;
	struct listener listeners[4];
	struct when now;
	struct out out;
	struct arena scratch;
	void *memory, *out_memory, *scratch_memory;
	size_t memory_bytes;

	struct bed_sent sent[BED_SENT_MAX];
	unsigned sent_count, taken;
	struct bed_word words[BED_WORDS_MAX];
	unsigned word_count, words_taken;

	enum bed_dial dial;
	struct flow_id dialled; /* the last one */
	char dialled_name[TARGET_NAME_MAX + 1];
	enum transport dialled_transport;
	struct addr dialled_to;
	unsigned dials, notes, strays, shuts;
	char note[NOTE_BYTES_MAX + 1]; /* the last line of the log */
	uint64_t next_flow;
	unsigned uas, branches;

	struct ref opened;     /* the leg of the last INVITE that was heard */
	struct ref opened_txn; /* ... and what serves it                    */
	bool may_say_sips;     /* a test of its own says what may leave     */
	bool may_echo;         /* ... and that an answer repeats a forgery  */

	/* Set by callbed.c: to whom what happens is told instead. */
	struct ref (*on_invite)(const struct msg *, struct ref txn, const struct txn_way *);
	void (*on_word)(struct leg *, const struct word *);
	void (*on_alarm)(const struct alarm *);
	void (*on_watch)(const struct msg *);
};

extern struct bed bed;

/* Setup and teardown of a test. The bed has a UDP socket, a TCP and a TLS listener at 192.0.2.1
 * (and
 * a v6 socket). At the end all timers run out, and then no leg, transaction or alarm may be
 * left. */
int bed_open(void **state);
int bed_close(void **state);
#define BEDDED(test) cmocka_unit_test_setup_teardown(test, bed_open, bed_close)

/* ---- what happens ---- */

struct addr bed_addr(const char *ip, uint16_t port);
struct flow_id bed_socket(void);

/* A peer connects; a connection goes; one that is being dialled opens or fails. */
struct flow_id bed_accept(enum transport, const char *ip, uint16_t port);
void bed_over(struct flow_id);
void bed_dialled(struct flow_id, bool opens);

/* A message comes in by FLOW, from FROM. */
void bed_hear(struct flow_id, const struct addr *from, const char *text, size_t len);

void bed_pass_ms(int64_t span_ms);

/* One turn, with an empty scratch; bed_carry() carries out what it asked for. */
const struct turn *bed_turn(void);
void bed_carry(void);

/* ---- what came of it ---- */

/* The next message that left and was not taken: it must begin with START. It is taken apart in a
 * place
 * of its own, which the next call uses again. */
const struct msg *bed_take(const char *start);
const struct bed_sent *bed_last(void); /* where the one taken last went */
void bed_quiet(void);                  /* nothing is left to be taken      */
void bed_skip(void);                   /* forgets what was not taken       */

/* The next word that a leg said; it must be WORD. */
const struct bed_word *bed_say(enum leg_word word);
void bed_mute(void); /* nothing else was said */

/* The value of a header as a C string that lives until the next call; "" if it is not there. */
const char *bed_value(const struct msg *, enum header_id);
const char *bed_cstr(struct str);
bool bed_holds(const struct msg *, const char *part);

/* ---- a device ---- */

/* One end of a dialog. It writes what it is told to write, right or wrong. */
struct ua {
	const char *scheme; /* `sip` or `sips` */
	enum transport transport;
	struct flow_id flow; /* of a stream: where it speaks */
	struct addr at;
	char host[64];
	char call_id[BED_WORD_BYTES], local[BED_WORD_BYTES], remote[BED_WORD_BYTES];
	char target[BED_WORD_BYTES];  /* Request-URI of what it sends  */
	char contact[BED_WORD_BYTES]; /* its own                       */
	char branch[64];              /* of its last INVITE            */
	char invite[8192];            /* the INVITE heard last, for answers */
	unsigned id, cseq, invite_cseq, numbers;
};

/* A device at IP and PORT that connects now if it speaks over a stream; one that is to be
 * dialled. */
struct ua ua_open(const char *scheme, enum transport, const char *ip, uint16_t port);
struct ua ua_wait(const char *scheme, enum transport, const char *ip, uint16_t port);

/* A new dialog's INVITE, with LINES (whole header lines) and a BODY, both may be NULL. */
void ua_invite(struct ua *, const char *number, const char *lines, const char *body);

/* A request inside the dialog with the next CSeq (ACK and CANCEL: that of the INVITE). */
void ua_request(struct ua *, const char *method, const char *lines, const char *body);
void ua_ack(struct ua *, const char *body);
void ua_cancel(struct ua *);

/* Takes the INVITE that was sent to it, as the callee; the request inside the dialog. */
const struct msg *ua_take(struct ua *, const char *start);

/* Answers the message taken last with ua_take(), or with ua_answer_invite() the last INVITE. */
void ua_answer(struct ua *, unsigned status, const char *lines, const char *body);
void ua_answer_invite(struct ua *, unsigned status, const char *lines, const char *body);

#define SDP_A "v=0\r\no=a 1 1 IN IP4 192.0.2.9\r\ns=-\r\n"
#define SDP_A2 "v=0\r\no=a 1 2 IN IP4 192.0.2.9\r\ns=-\r\n"
#define SDP_B "v=0\r\no=b 1 1 IN IP4 192.0.2.8\r\ns=-\r\n"
#define SDP_B2 "v=0\r\no=b 1 2 IN IP4 192.0.2.8\r\ns=-\r\n"

/* ---- legs ---- */

/* The leg of the last INVITE. */
struct leg *bed_leg(void);

/* Ends a leg as its state asks for; forgets one, whatever its state. */
void bed_end(struct leg *);
void bed_drop(struct leg *);

struct cargo bed_cargo(const char *body);

/* How a leg to UA is made, and the leg. */
struct leg_plan bed_plan(const struct ua *);
struct leg *bed_make(const struct leg_plan *, const char *body);

/* An answered leg that talks, with the session A offered and B answered; a made one likewise. */
struct leg *bed_talk_answered(struct ua *, const char *invite_lines);
struct leg *bed_talk_made(struct ua *);

#endif
