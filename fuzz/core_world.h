/* SPDX-License-Identifier: Apache-2.0 */
/* core_world.h - a world around one core for the fuzzer: devices, connections, a store and a
 * resolver, which do what an input says, and a witness on every wire.
 *
 * An input is text. Each line is one step: a letter, numbers, and what is changed about the message
 * that it sends, each change behind a `|`. A number that is not there is 0.
 *
 *   I far number         an INVITE for a call to a number
 *   R far seconds        a REGISTER of the device's own number
 *   O far number method  another request outside a dialog
 *   A k status           answers the request that the core sent k requests ago
 *   U k                  ACKs the answer to an INVITE that the core sent k such answers ago
 *   B k method step      a request inside the dialog that was learned k dialogs ago, CSeq moved
 *   C k                  cancels the INVITE sent k INVITEs ago
 *   Z k far              says again, octet for octet, what was said k messages ago
 *   W far                says the changes themselves, as they stand
 *   F k                  the flow that was opened k flows ago closes
 *   D k opens            the dial that waits for k dials opens (1) or fails (0)
 *   N k status which     the resolver answers the question asked k questions ago; where it finds
 *                        something, the usual (0) or something else
 *   S k status           so does the store
 *   E k how              the set that was saved k sets ago is in the store again (even), or is
 *                        told late
 *   M dial store names   the weather: 0 is prompt and good, see enum weather
 *   P size               streams arrive in pieces of so many octets; 0: as they are sent
 *   T ms                 time passes
 *   G                    the operator orders a drain
 *   L k                  another directory comes into force
 *   H shown own identity what is shown on TLS that opens from now on: what peers show us who open
 *                        it, what we show who dial, and as which identity of ours we accept
 *   Q what from          somebody who looks on asks enum ask_what; behind a `|` for which name,
 *                        behind a second one for which other name, in which `$i` is the
 *                        identifier of the call that was told of last
 *
 * Changes: `+Name: value` adds a line, `-Name` takes all lines of that name away, `=Name: value`
 * puts the line in the place of the first of its name, `^line` is another start line, `!text`
 * another body. In them `\r` and `\n` are octets, and `$` with a letter is what the core said
 * last: c its Call-ID, t its To tag, f its From tag, b its branch, u its Contact, n its nonce;
 * `$a` are right credentials, `$g` is the temporary GRUU that it gave last, behind its scheme.
 */
#ifndef FUZZ_CORE_WORLD_H
#define FUZZ_CORE_WORLD_H

#include "core/door.h"
#include "sip/msg.h"

enum {
	FARS = 11,
	DNS = 11,
	DIRECTORIES = 6,
	CORE_CALLS = 3,
	CORE_REQUESTS = 12,
	CORE_FLOWS = 8,
	CORE_ADDRESSES = 3
};

enum {
	HEARD_MAX = 64,
	SAID_MAX = 32,
	DIALOGS_MAX = 16,
	FLOWS_SEEN_MAX = 256,
	QUEUE_MAX = 256,
	TEXTS_BYTES = 1 << 20,
	KEPT_MAX = 16,
	SAVES_MAX = 16,
	SECRETS_MAX = 64,
	BRANCHES_MAX = 4096,
	LINES_OF_MESSAGE_MAX = 96,
};

/* What becomes of a dial, a question to the store, one to the resolver. */
enum weather { WEATHER_GOOD, WEATHER_FAILS, WEATHER_WAITS, WEATHER_STALE };

struct far {
	struct str user, host; /* the host with its port, as it stands in a Contact */
	struct addr at;
	enum transport transport;
	bool is_sips;
	struct flow_id flow; /* of a stream, FLOW_NONE until it is needed */
};

struct flow_seen {
	struct flow_id id;
	enum transport transport;
	struct addr peer;
	struct str name; /* that the core wanted to be verified */
	bool is_dialled, is_open, is_shut, is_gone;
};

/* One message that the core sent. */
struct heard {
	struct str bytes;
	bool is_request, is_answered;
	enum method method;
	unsigned status;
	uint32_t cseq;
	struct str method_text, via, branch, from, from_tag, to, to_tag, call_id, contact;
	struct flow_id flow;
	enum transport transport;
	struct addr at; /* whom it went to */
};

struct said {
	struct str bytes;
	unsigned far;
	/* An INVITE, as it was before its changes. */
	bool is_invite;
	struct str target, branch, from, to, call_id;
	uint32_t cseq;
};

struct dialog {
	struct str call_id, local, remote, target;
	uint32_t cseq, invite_cseq;
	struct flow_id flow;
	enum transport transport;
	struct addr at;
};

struct world {
	struct core *core;
	struct out out;
	struct when now;

	struct flow_seen flows[FLOWS_SEEN_MAX];
	unsigned flow_count;
	uint64_t next_flow;
	struct far fars[FARS];

	struct heard heard[HEARD_MAX];
	unsigned heard_count; /* over all; the ring holds the last */
	struct said said[SAID_MAX];
	unsigned said_count;
	struct dialog dialogs[DIALOGS_MAX];
	unsigned dialog_count;
	struct str nonce, realm;

	struct event queue[QUEUE_MAX];
	unsigned queue_count;
	struct event
		asked[KEPT_MAX]; /* questions that wait, as the events that would answer them */
	unsigned asked_count;
	struct ref saving[KEPT_MAX];
	unsigned saving_count;

	struct {
		struct str aor, set;
		uint64_t version;
	} kept[KEPT_MAX];
	unsigned kept_count;
	struct {
		struct str aor, set;
	} saves[SAVES_MAX];
	unsigned save_count;

	enum weather dial, store, names;
	unsigned shown, own, identity;
	struct str call; /* its identifier */
	struct str gruu;
	unsigned piece;
	unsigned number; /* of what was said: branches, tags */
	bool is_calm;

	/* The witness: Call-IDs that the core chose for sips legs and nobody said in clear, and
	 * which branches were said in clear. */
	struct str secrets[SECRETS_MAX];
	unsigned secret_count;
	uint8_t clear_branches[BRANCHES_MAX / 8];
	bool is_password_said; /* by a device, who knows from where */

	size_t texts_used;
};

extern struct world world;

/* ---- core_host.c: the core and what it asks for ---- */

void world_open(void); /* or as it was when it was opened first */
void world_feed(const struct event *);
void world_pass_ms(int64_t span_ms);
void world_octets(struct flow_id, const struct addr *from, struct str octets);
struct flow_id world_flow_of(unsigned far);
struct flow_seen *world_flow(struct flow_id);
void world_end_flow(struct flow_seen *); /* closes, or fails when it never opened */
void world_open_flow(struct flow_seen *);
void world_answer_name(unsigned ago, enum names_status, unsigned which);
void world_answer_save(unsigned ago, enum saved_status);
void world_reload(unsigned directory);
void world_tell_set(unsigned ago, unsigned how);

/* A copy that lives until the input is over; STR_NONE when there is no more room. */
struct str world_keep(struct str);

/* With FUZZ_VERBOSE in the environment: prints what went over a wire. */
void world_show(const char *mark, enum transport, struct str octets);

/* ---- core_say.c: what devices say ---- */

struct numbers {
	unsigned n[3];
};

/* Each builds a message, makes CHANGES to it and says it. */
void say_invite(const struct numbers *, struct str changes);
void say_register(const struct numbers *, struct str changes);
void say_other(const struct numbers *, struct str changes);
void say_answer(struct heard *, unsigned status, struct str changes);
void say_ack(const struct heard *, struct str changes);
void say_inside(const struct numbers *, struct str changes);
void say_cancel(const struct numbers *, struct str changes);
void say_again(const struct numbers *);
void say_raw(const struct numbers *, struct str changes);

/* Asks what somebody may ask who looks on. */
void ask_core(const struct numbers *, struct str names);

struct heard *heard_ago(unsigned ago, bool is_request);

/* ---- core_check.c: the witness ---- */

/* What was said to the core, and over what. */
void witness_hears(enum transport, struct str bytes);

/* What the core sends, taken apart into HEARD. */
void witness_sees(enum transport, struct heard *heard);
void witness_reads_note(struct str text);
void witness_is_asked(struct str name); /* by who looks on */
void witness_reads_page(struct str text);
void witness_reads_record(struct str text);
void witness_counts(bool is_over);

#endif
