/* SPDX-License-Identifier: Apache-2.0 */
/* check_inside.h - what the files of the judge share.
 *
 * check.c (the interface, streams, time), check_flow.c (which message belongs to what), check_txn.c
 * (X), check_way.c (X: where answers go, and what is owed to what was asked), check_leg.c and
 * check_dialog.c (B: one side of a call), check_call.c (B: both sides, and the log), check_secure.c
 * (S), check_reg.c (R), check_res.c (M).
 *
 * `In` is what the server is given, `out` what it sends. Whatever the judge cannot be sure of makes
 * it silent: a thing is murky when somebody sent nonsense in its name, vague when two claim the
 * same name, dead when the server it was told to died.
 */
#ifndef SIM_CHECK_INSIDE_H
#define SIM_CHECK_INSIDE_H

#include "bag.h"
#include "check.h"
#include "wire.h"

enum {
	GRACE_MS = 1500,            /* what may be late beyond the lateness that we are told of */
	KEEP_MS = 600 * 1000,       /* what is over is remembered so long */
	FLOW_KEEP_MS = 7200 * 1000, /* and a connection, for the calls that were on it */
	BODIES = 24,
	LARGE_BYTES = 8 * 1024, /* what is larger may be more than an answer can repeat */
	CONTACTS = 32,
	WAYS = 4,
	REFUSALS = 4,
};

enum kind { OF_OTHER, OF_INVITE, OF_ACK, OF_BYE, OF_CANCEL, OF_REGISTER, OF_UPDATE };

struct flow {
	uint64_t id;
	enum check_transport transport;
	char peer[64];
	char name[256]; /* whom the far end of a dialled one must prove to be */
	bool is_dialled, is_open, is_closed, is_verified;
	bool is_murky; /* something on it could not be followed */
	uint64_t age;  /* so that a number that is used again is another flow */
	int64_t closed_ms;
	char *half; /* of a stream: what is no whole message yet */
	size_t half_len, half_size;
};

struct txn {
	uint64_t key, leg, flow;
	enum kind kind;
	enum check_transport transport;
	bool is_server, is_reliable;
	bool is_strict;    /* what asked was beyond reproach */
	bool is_murky;     /* somebody sent another text with the same name */
	bool is_blurred;   /* its name came again when it may have been forgotten already */
	bool is_first;     /* outside of any dialog */
	bool was_answered; /* by anything, however bad */
	bool has_rung;     /* a good 1xx came */
	bool was_in_clear; /* it came, or came again, by something else than TLS */
	bool is_acked, is_cancelled, is_glare;
	bool may_be_acked; /* by something that the server may have believed */
	unsigned final;    /* status, 0: none yet */
	unsigned sends;    /* of the request, or of the final answer */
	unsigned owed;     /* repeats that came in and were not answered yet */
	unsigned saves;    /* what the REGISTER asked of the store */
	uint64_t in_hash, out_hash;
	uint32_t cseq;
	bool is_late;      /* its final answer came when nobody may have waited for it */
	int64_t seen_ms;   /* when its name came or left last */
	uint64_t out_flow; /* by which the last copy of its answer left */
	int64_t first_ms, final_ms, last_ms, acked_ms, cancelled_ms, wait_ms;
	int64_t dead_ms; /* c->dead_ms when last_ms was set */
	int64_t first_dead_ms;
	uint64_t serial;
	char call_id[72];
	struct reg_wish *wish; /* what a REGISTER wants */
	uint64_t ways[WAYS];   /* where its answers may go */
	unsigned way_count;
	bool has_lost_ways;
	unsigned refusals, refusal_acks; /* of ours: those that want an ACK, and ACKs */
};

enum leg_end { END_NONE, END_REFUSED, END_BYE_OUT, END_BYE_IN, END_CANCELLED };

struct leg {
	uint64_t id, call, stem, flow; /* stem: of a fork, the leg that made it */
	uint64_t early_key, dialog_key;
	bool is_out; /* we sent the INVITE */
	bool is_odd; /* its callee answered without a tag: nothing in it can be told apart */
	bool is_sips, is_dead, is_confirmed, is_plain;
	bool must_bye, is_acked_in, is_denied;
	bool has_sip_target; /* its peer put a sip Contact into the sips dialog */
	bool has_lost_bodies;
	bool is_led_away; /* from datagrams to a connection, by whom it may be */
	enum leg_end end;
	enum check_transport transport;
	int64_t end_ms, refreshed_ms, rung_ms, confirmed_ms;
	uint64_t invite_in, invite_out, bye_out; /* transactions, the last of each */
	uint64_t asked_out;                      /* neither INVITE nor BYE */
	uint64_t accepted_in;                    /* the INVITE that our last 2xx answered */
	int64_t accepted_in_ms;
	uint32_t cseq_out, accepted_cseq, invite_cseq, first_cseq;
	unsigned byes_in;
	unsigned accepted, acks, byes; /* 2xx that came for accepted_cseq, ACKs sent for it */
	unsigned rough;                /* 2xx to the first INVITE, however bad */
	unsigned loose;                /* 2xx to any that name another dialog than they answer */
	unsigned rings_in, rings_out;
	uint32_t session_s;
	uint32_t max_forwards;
	uint64_t bodies[BODIES];
	unsigned body_count;
	char call_id[96], tag[64];
	char peer[64], sent_by[64];
	char host[64]; /* that our INVITE was for */
	char uuid[40];
};

struct call {
	uint64_t id, name;
	uint64_t legs[2]; /* who called, who is called */
	uint64_t number;  /* hash of the user part that was dialled */
	bool is_vague, is_dead;
	unsigned invites;
	uint64_t uuid;
};

struct record { /* what the log says of one call */
	unsigned answered, over, status, written;
	uint64_t call;
	int64_t over_ms;
	char uuid[40];
};

/* A refusal that came, the COUNT-th of its INVITE that wants an ACK. */
struct owed_ack {
	uint64_t txn;
	unsigned count;
};

struct step { /* what happened since the last check_step */
	bool is_crash, is_reload;
	bool has_nonsense; /* a request that is not beyond reproach came */
	unsigned outs, notes;
	size_t in_bytes, out_bytes; /* of whole messages that came; of all that left */
	uint64_t ack_leg;           /* a leg that must say its ACK again before the step is over */
	unsigned ack_count;         /* how many it had said */
	uint64_t refused;           /* a call that was refused by ourselves */
	unsigned refused_status;
	uint64_t calm_call; /* a late CANCEL came for it: nothing new may happen */
	uint64_t asked;     /* the transaction of the request that came in */
	struct owed_ack refusals[REFUSALS];
	unsigned refusal_count;
	uint64_t over; /* a call that is over by the log */
};

struct registry; /* check_reg.c */

struct check {
	struct check_options o;
	struct check_dn *dns;
	size_t dn_count;
	char *dn_text;
	int64_t now_ms, wall_s, late_ms;
	int64_t dead_ms, dead_until_ms; /* how long the server was held up, in all */
	int64_t wall_base_s;
	bool has_jumped; /* the calendar, ever */
	bool is_calm;
	int64_t spoke_ms, spoke_dead_ms; /* when anything was last said by anybody */

	struct bag flows, txns, legs, dialogs, calls, names, records;
	struct dues dues;
	uint64_t serial;
	struct wire_msg msg; /* the one at hand */
	struct step step;
	size_t longest_in;          /* octets of the largest message that came */
	struct check_counts counts; /* at the last step */
	bool has_counts, is_draining;
	uint64_t alarms_now; /* that rang at this moment */
	int64_t alarms_ms;
	struct registry *registry;
	uint8_t secret_front[8192]; /* the first two octets of each secret, as bits */
	struct broken broken;
	bool is_broken;
	struct check_tally tally;
};

/* What a due is about. */
enum due_kind {
	DUE_ANSWER,     /* X3: the request has its final answer */
	DUE_REPEAT,     /* X7: it has been sent again */
	DUE_TXN_END,    /* it can be forgotten */
	DUE_ACK,        /* B3: our ACK has left */
	DUE_NO_ACK,     /* B3: without an ACK there is a BYE */
	DUE_OTHER,      /* B2: the other leg has ended too */
	DUE_BYE,        /* B4: a 2xx that nobody wants has its BYE */
	DUE_SESSION,    /* B9 */
	DUE_UNHEARD,    /* X7: timer B */
	DUE_CANCEL_OUT, /* B2: nobody waits for it any more, and it rings */
	DUE_LEG_END,
	DUE_FLOW_END,
	DUE_RECORD_END,
};

void check_break(struct check *, const char *id, const char *sentence, ...)
	__attribute__((format(printf, 3, 4)));

/* Puts a due at SPAN_MS from now; it comes the later, the longer the server is held up. */
void check_put_due(struct check *, enum due_kind, uint64_t key, int64_t span_ms);
int64_t check_64_t1(const struct check *);
uint64_t check_serial(struct check *);

/* How long ago, not counting while the server was held up since DEAD_MS was noted. */
int64_t check_span(const struct check *, int64_t since_ms, int64_t dead_ms);

/* Copies TEXT as far as it fits, with a NUL behind it. */
void check_copy(char *at, size_t size, struct wire_text text);
void *check_take_memory(size_t size); /* all zero */

/* check_flow.c */
struct flow *seen_flow_at(struct check *, uint64_t id);
struct flow *seen_flow_need(struct check *, uint64_t id, enum check_transport, const char *peer);
bool seen_flow_is_gone(struct check *, uint64_t id);
void seen_flow_drop(void *);
enum kind seen_kind_of(struct wire_text method);
void seen_message_in(struct check *, struct flow *, const char *peer, const char *at, size_t len);
void seen_message_out(struct check *, struct flow *, const char *peer, const struct wire_msg *);

/* check_txn.c */
uint64_t seen_txn_key(const struct wire_msg *, bool is_server, enum kind);
/* Whether what was answered so may be answered otherwise when it comes again. */
bool seen_txn_is_stateless(unsigned status);
struct txn *seen_txn_find(struct check *, uint64_t key);
struct txn *seen_txn_hear_request(
	struct check *, struct flow *, const struct wire_msg *, bool *is_new);
struct txn *seen_txn_hear_response(struct check *, struct flow *, const struct wire_msg *);
struct txn *seen_txn_see_request(
	struct check *, struct flow *, const struct wire_msg *, bool *is_new);
struct txn *seen_txn_see_response(
	struct check *, struct flow *, const struct wire_msg *, bool *is_new);
bool seen_txn_is_pending(const struct check *, const struct txn *);
void seen_txn_due(struct check *, const struct due *);
void seen_txn_drop(void *);

/* check_way.c: where answers go, and what is owed to what we asked */
void seen_way_in(struct txn *, const struct flow *, const char *peer, const struct wire_msg *);
void seen_way_out(
	struct check *, const struct txn *, const struct flow *, const char *peer, unsigned status);
void seen_way_refused(struct check *, const struct flow *, struct txn *, const struct wire_msg *);
void seen_way_asked(struct check *, const struct txn *);
void seen_way_waits(struct check *, const struct leg *);
void seen_way_due(struct check *, const struct due *);
void seen_way_step(struct check *, const struct check_counts *);

/* check_leg.c: legs and calls, and which message is theirs */
struct leg *seen_leg_at(struct check *, uint64_t id);
struct leg *seen_leg_other(struct check *, const struct leg *);
struct call *seen_call_at(struct check *, uint64_t id);
uint64_t seen_early_key(const struct wire_msg *, bool is_out);
uint64_t seen_dialog_key(struct wire_text call_id, struct wire_text ours, struct wire_text theirs);
struct leg *seen_leg_of_request(struct check *, const struct wire_msg *, bool is_in);
struct leg *seen_leg_open_in(
	struct check *, struct flow *, const char *peer, const struct wire_msg *, bool is_again);
struct leg *seen_leg_open_out(
	struct check *, struct flow *, const char *peer, const struct wire_msg *, bool *is_new);
struct leg *seen_leg_open_fork(struct check *, struct leg *stem, const struct wire_msg *);
void seen_leg_know(struct check *, struct leg *, uint64_t key);
void seen_leg_end_by(struct check *, struct leg *, enum leg_end);

/* A request of the dialog came by FLOW, from whomever: LEG is NULL when there is none. */
void seen_leg_heard_by(struct leg *, const struct flow *);
bool seen_leg_is_reachable(struct check *, const struct leg *);
void seen_legs_crash(struct check *);
void seen_leg_forget(struct check *, struct leg *);

/* check_dialog.c */
void seen_dialog_request_in(struct check *, struct leg *, struct txn *, const struct wire_msg *);
void seen_dialog_request_out(
	struct check *, struct leg *, struct txn *, const struct wire_msg *, bool is_new);
void seen_dialog_response_in(
	struct check *, const struct flow *, struct txn *, const struct wire_msg *);
void seen_dialog_response_out(
	struct check *, struct leg *, struct txn *, const struct wire_msg *, bool is_new);
void seen_dialog_ack_in(struct check *, struct flow *, struct leg *, const struct wire_msg *);
void seen_dialog_ack_out(struct check *, struct leg *, const struct wire_msg *);
void seen_dialog_hear_body(struct check *, struct leg *, const struct wire_msg *);
void seen_dialog_due(struct check *, const struct due *);
void seen_dialog_step(struct check *);

/* check_call.c */
void seen_call_request_out(struct check *, struct leg *, const struct wire_msg *, bool is_new);
void seen_call_response_out(struct check *, struct leg *, const struct wire_msg *);
void seen_call_message_out(struct check *, struct leg *, const struct wire_msg *);
void seen_call_note(struct check *, struct wire_text line);
void seen_call_due(struct check *, const struct due *);
void seen_call_step(struct check *);
void seen_call_over(struct check *, const struct check_counts *);

/* check_secure.c */
void seen_secure_open(struct check *);
void seen_secure_out(struct check *, struct flow *, const char *at, size_t len);
void seen_secure_request(
	struct check *, struct flow *, struct leg *, const struct wire_msg *, bool is_first);
void seen_secure_response(
	struct check *, struct flow *, struct leg *, const struct txn *, const struct wire_msg *);
/* S9: whether this call may go from leg to leg, and whether it was refused for its schemes though
 * it might. seen_secure_warning: the 380 or 381 of an answer, or 0. */
void seen_secure_crossing(struct check *, const struct leg *, const struct wire_msg *);
void seen_secure_refused(struct check *, const struct leg *, unsigned status, unsigned warning);
unsigned seen_secure_warning(const struct wire_msg *);
void seen_secure_note(struct check *, struct wire_text line);
void seen_secure_step(struct check *);

/* check_cred.c: whether the credentials of a request are right (RFC 7616) */
bool seen_cred_is_good(const struct wire_msg *, const char *username, const char *password);

/* S6: whether all of its credentials are right, and of REALM. */
bool seen_cred_is_proof(
	const struct wire_msg *, const char *realm, const char *username, const char *password);

/* check_reg.c */
void seen_reg_open(struct check *);
void seen_reg_close(struct check *);
void seen_reg_request_in(
	struct check *, struct flow *, const char *peer, struct txn *, const struct wire_msg *);
void seen_reg_response_out(struct check *, struct txn *, const struct wire_msg *, bool is_new);
void seen_reg_invite_out(struct check *, struct flow *, struct leg *, const struct wire_msg *);
void seen_reg_refused(struct check *, struct leg *, unsigned status, unsigned warning);

/* The DN whose number has this hash, or NULL. */
const struct check_dn *seen_reg_dn(const struct check *, uint64_t key);
void seen_reg_flow_gone(struct check *, uint64_t flow);
void seen_reg_jump(struct check *);
void seen_reg_crash(struct check *);
void seen_reg_over(struct check *, const struct check_counts *);

/* check_res.c */
void seen_res_note(struct check *, struct wire_text line);
void seen_res_step(struct check *, const struct check_counts *);
void seen_res_refused(struct check *, const struct leg *, unsigned status);
void seen_res_over(struct check *, const struct check_counts *);

#endif
