/* SPDX-License-Identifier: Apache-2.0 */
/* check.h - the judge of a simulated run: it looks at every wire and at the counts, with a reader
 * of its own (wire.h), and says which invariant broke first, when and by what.
 *
 * Two readers of one hand would agree with their own mistakes, so nothing of sim/check*.c and
 * sim/wire.c includes anything of src/. All it learns comes through the functions below, in the
 * order in which it happened; addresses are texts: `192.0.2.1:5060`, `[2001:db8::1]:5060`.
 */
#ifndef SIM_CHECK_H
#define SIM_CHECK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct check;

enum check_transport { CHECK_UDP, CHECK_TCP, CHECK_TLS };

/* What may happen between sips and sip, from the mildest to the strictest. */
enum check_mode { CHECK_PER_LEG, CHECK_OBSERVE, CHECK_NO_DOWNGRADE, CHECK_STRICT };

/* What a device's own legs may speak. */
enum check_sips { CHECK_ALLOWED, CHECK_REQUIRED, CHECK_REFUSED };

/* One device number as it is configured. */
struct check_dn {
	const char *number;
	const char *contact;  /* the option as written; "*": where it registers */
	const char *password; /* NULL: none */
	bool is_trunk;
	enum check_mode crossing;
	enum check_sips sips;
	const char *realm; /* in which we prove ourselves to it; NULL: nowhere */
};

struct check_options {
	const struct check_dn *dns;
	size_t dn_count;
	enum check_mode crossing; /* of every call, if no DN of it is stricter */
	const char *const *ours;  /* our own listeners, as addresses with port */
	size_t ours_count;
	int64_t t1_ms, t2_ms, t4_ms;
	int64_t ring_max_ms;   /* no call rings longer (timer C) */
	bool has_records;      /* each call leaves a record */
	int64_t session_max_s; /* the longest session interval that we grant */
	uint32_t contacts_max; /* of one address-of-record */
	uint32_t calls_max, transactions_max, flows_max, bindings_max;
	const char *const *secrets; /* passwords and keys: never on a wire nor in the log */
	size_t secret_count;
	const char *proof_user, *proof_secret; /* what proves us where a DN has a realm */
};

struct check *check_open(const struct check_options *);
void check_close(struct check *);

/* It is now so late; called before anything that happens at a new moment. LATE_MS: how late the
 * host comes with what was due (timer lateness, a suspended machine). */
void check_time(struct check *, int64_t mono_ms, int64_t wall_s, int64_t late_ms);

/* ---- the wire ---- */

/* Octets that the server is given: a datagram, or a piece of a stream of any size. */
void check_in(struct check *, uint64_t flow, enum check_transport, const char *peer, const char *at,
	size_t len);

/* Octets that the server sends: one message, or a CRLF that answers a ping. IS_LOST: the flow was
 * gone already, or behind its shut: the host dropped them (a server may not know that yet). */
void check_out(struct check *, uint64_t flow, enum check_transport, const char *peer,
	const char *at, size_t len, bool is_lost);

/* What becomes of streams. NAME of a dialled TLS flow: whom the peer must prove to be. */
void check_dialled(
	struct check *, uint64_t flow, enum check_transport, const char *peer, const char *name);
void check_opened(struct check *, uint64_t flow, enum check_transport, const char *peer,
	bool is_dialled, bool is_verified);
void check_closed(struct check *, uint64_t flow); /* over, failed, or shut by the server */

/* ---- the world around ---- */

/* The server asks DNS for services (SRV, NAPTR) of NAME. */
void check_asked(struct check *, const char *name, size_t len);

/* The server asks the store to keep SET for AOR; the store has done so (or not). Sets are as the
 * server wrote them: opaque, but comparable. */
void check_save(struct check *, uint64_t ask, const char *aor, const char *set, size_t len);
void check_saved(struct check *, uint64_t ask, bool is_done);

void check_note(struct check *, const char *line, size_t len); /* a line of the log, no newline */

/* The record of a call, one JSON object. */
void check_record(struct check *, const char *at, size_t len);

/* The server died and a new one began with what the store has; all flows are gone. */
void check_crash(struct check *);

/* The operator ends the server: it takes no new calls. */
void check_drain(struct check *);

/* A new directory is in force. */
void check_reload(struct check *, const struct check_dn *dns, size_t dn_count);

/* ---- judging ---- */

struct check_counts {
	uint32_t calls, legs, transactions, timers, flows, bindings, asks;
	uint64_t alarms; /* that have rung, ever */
};

/* After each event was handled and its actions were told: what must hold at every moment. */
void check_step(struct check *, const struct check_counts *);

/* The weather has cleared: no loss, no fault, prompt devices, from now on. */
void check_calm(struct check *);

/* The quiet time is over: what must have come to its end by now (liveness). */
void check_over(struct check *, const struct check_counts *);

struct broken {
	const char *id; /* X1 .. X7, B1 .. B14, S1 .. S9, R1 .. R9, M1 .. M7 */
	char what[400]; /* one sentence, with the Call-ID or the flow */
	int64_t at_ms;
};

/* The first invariant that broke, or NULL. Once one has, nothing more is judged. */
const struct broken *check_broken(const struct check *);

/* For the summary: what was seen. */
struct check_tally {
	uint64_t messages_in, messages_out, dialogs, answered, cancelled, changed, refused,
		registered;
};

void check_tally(const struct check *, struct check_tally *);

#endif
