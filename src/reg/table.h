/* SPDX-License-Identifier: Apache-2.0 */
/* table.h - what the files of reg/ share: the addresses, the questions to the store, the lanes.
 *
 *   address    an address-of-record with the set that is in force
 *   question   a save that the store has not answered yet, with the answer for the phone ready made
 *   lane       a connection that bindings lead over: it ties them together, so that the end of the
 *              connection finds them
 */
#ifndef REG_TABLE_H
#define REG_TABLE_H

#include "base/map.h"
#include "base/pool.h"
#include "reg/registrar.h"

/* Which of its alarms rang: the letter. */
enum reg_letter { LETTER_EXPIRY, LETTER_QUESTION, LETTER_LANE };

/* The tie of one binding in its lane: the bindings of a lane are a list in both directions. A
 * binding is named by its address's slot and its place in the set, + 1; 0 is none. */
struct tie {
	struct ref lane;
	uint32_t next, before;
};

struct address {
	uint64_t version; /* of the set in the store; 0: the store does not have it */
	uint32_t
		/* that wait; an address without any and without a binding is given back */
		questions;
	bool is_behind; /* the store still holds bindings that are no longer in force */
	struct alarm expiry;
	struct binding_set set; /* views into octets */
	struct tie ties[CONTACTS_PER_AOR_MAX];
	uint32_t aor_len, octets_len;
	char aor[AOR_BYTES_MAX];
	char octets[SET_BYTES_MAX];
};

struct question {
	struct ref address;
	struct ref txn;      /* REF_NONE: nobody waits but ourselves */
	struct flow_id flow; /* whose lane is held meanwhile, or FLOW_NONE */
	struct alarm alarm;
	uint32_t skip_len;    /* of the text: a status line that is written anew */
	uint32_t echo_len;    /* the lines behind it, with which every answer begins */
	uint32_t good_len;    /* the lines behind those, of a 200 alone */
	uint32_t host_len;    /* behind those the host of its GRUUs */
	struct flow_id watch; /* to be watched once this is saved (RFC 5626 5.4), or FLOW_NONE */
	char text[WRITE_BYTES_MAX];
};

struct lane {
	struct flow_id flow;
	uint32_t first;     /* binding, as in struct tie */
	uint32_t questions; /* that hold it */
	bool is_gone;
	struct alarm alarm;
};

struct registrar {
	struct registrar_options options;
	struct dice *dice;
	struct pool addresses, questions, lanes;
	struct map by_aor, by_flow;
	uint32_t bound;       /* addresses with a binding */
	struct arena scratch; /* of one REGISTER: parameters that are kept */
	uint64_t gruu_key[4]; /* of this run: two of the mask, two of the MAC */
};

/* ---- addresses (table.c) ---- */

struct str address_aor(const struct address *);

/* The address AOR, or NULL. */
struct address *address_find(const struct registrar *, struct str aor);

/* A new one without a binding. Pre: there is none; AOR fits. Ends: it, or NULL: the table is
 * full. */
struct address *address_take(struct registrar *, struct str aor);

/* Gives it back unless it has a binding or a question still needs it. */
void address_release(struct registrar *, struct address *);

/* Puts OCTETS in force instead of what was. Ends: false when they are no set of ours: none is. */
bool address_put(struct registrar *, struct address *, struct str octets);

/* Whether binding I leads somewhere NOW: not expired, and its connection not gone. */
bool address_reaches(const struct registrar *, const struct address *, uint32_t i, struct when now);

/* The bindings that do. Views into the address. */
void address_in_force(
	const struct registrar *, const struct address *, struct when now, struct binding_set *set);

/* Drops all that do not. Ends: how many those were. */
uint32_t address_shed(struct registrar *, struct address *, struct when now);

/* ---- lanes (lane.c) ---- */

/* Keeps a lane for a connection while a question waits, so that its end is not missed.
 * Ends: true; false for FLOW_NONE and when the table of lanes is full, and nothing is held. */
bool lane_hold(struct registrar *, struct flow_id flow);

/* Lets go of it again. Pre: it is held. */
void lane_let(struct registrar *, struct flow_id flow);

/* Ties binding I of an address to its lane, or unties it. When the table of lanes is full the
 * connection is not watched, and its bindings just expire. */
void lane_tie(struct registrar *, struct address *, uint32_t i);
void lane_untie(struct registrar *, struct address *, uint32_t i);

/* Gives a lane back that nothing is tied to and nothing holds. Fine on one that is no more. */
void lane_release(struct registrar *, struct ref lane);

/* Whether binding I leads over a connection that is gone. */
bool lane_is_gone(const struct registrar *, const struct address *, uint32_t i);

/* Takes the bindings of a lane that is gone out of force, a few addresses at a time; its alarm
 * brings the rest. After: LANE may be no more. */
void lane_clear(struct registrar *, struct lane *, struct when now, struct out *out);

/* The flow whose end is a binding's end: FLOW_NONE for datagrams, and for one with a Path, whose
 * proxies can be reached anew. */
struct flow_id lane_flow(enum transport, struct flow_id flow, struct str path);

/* ---- questions and expiry (expiry.c) ---- */

/* Puts ACT_SAVE for a set of SET's octets, which live in OUT. Pre: a free question.
 * Ends: the question, with its alarm armed. */
struct question *question_ask(struct registrar *, struct address *, struct ref txn,
	struct str octets, struct when now, struct out *out);

/* Gives a question back, and its address if nothing needs it any more. */
void question_close(struct registrar *, struct question *);

/* Arms the alarm of the next expiry, or of the next try to tell the store. */
void expiry_arm(struct registrar *, struct address *, struct when now);

/* Sheds what no longer leads anywhere and tells the store. */
void expiry_shed(struct registrar *, struct address *, struct when now, struct out *out);

#endif
