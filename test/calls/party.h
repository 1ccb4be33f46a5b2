/* SPDX-License-Identifier: Apache-2.0 */
/* party.h - who takes part in a scenario: devices, and the sides of calls that they hold. A side is
 * one dialog; `alice` is the first of the device alice, `alice.2` another. */
#ifndef CALLS_PARTY_H
#define CALLS_PARTY_H

#include "calls/script.h"
#include "calls/text.h"
#include "support/stage.h"

enum { DEVICES_MAX = 24, SIDES_MAX = 48, KEPT_MAX = 400 };

struct device {
	struct str name, user, host; /* `192.0.2.10:30000` */
	struct str tls_name;         /* what the core must verify when it dials the device */
	enum transport transport;
	bool is_sips, is_deaf;
	struct addr at;
	struct flow_id flow;
};

/* A message that a side said or heard, by its method or status. */
struct kept {
	struct str key, octets;
	bool is_heard;
};

struct side {
	struct str name;
	struct device *device;
	unsigned cseq, registers;
	struct str call_id, local, remote, target, tag;
	struct str register_call_id, register_tag;
	uint64_t heard_cseq;                 /* of the last request heard in the dialog   */
	struct str said, heard;              /* the last request of each way, but ACK     */
	struct str invite_said, invite_last; /* our INVITE and its last response          */
	unsigned sdps;
	struct kept kept[KEPT_MAX];
	unsigned kept_count;
};

struct play {
	struct stage stage;
	struct script script;
	const struct step *step; /* the one that is played */
	struct device devices[DEVICES_MAX];
	unsigned device_count;
	struct side sides[SIDES_MAX];
	unsigned side_count, numbers;
	int64_t window_from_ms; /* what is heard now may have been sent since */
};

extern struct play play;

/* Ends the scenario: why, at which line, and all that was said. */
void play_fail(const char *format, ...) __attribute__((format(printf, 1, 2), noreturn));

/* When the scenario began. */
int64_t play_start_ms(void);

/* Reads IP:PORT. */
bool addr_read(struct addr *, struct str text);

/* The side of this NAME, which is made if its device exists; NULL: there is no such device. */
struct side *side_find(struct str name);

/* The device at this far end, or NULL. */
struct device *device_at(enum transport, const struct addr *at);

/* TEXT with its escapes and its `{side.KEY SELECTOR}` carried out. */
struct str party_fill(struct str text);

/* The message `side.KEY` or `side.KEY#N`, which must exist. */
struct str party_message(struct str reference);

void side_keep(struct side *, struct str key, struct str octets, bool is_heard);

/* The last message of that KEY, said or heard; the last that was heard (or said). Or STR_NONE. */
struct str side_kept(const struct side *, struct str key);
struct str side_last(const struct side *, struct str key, bool is_heard);

/* `phone NAME USER udp|tcp|tls|sips IP:PORT [name=HOST]`, and `device` for one that is dialled. */
void party_declare(const struct step *);

/* `SIDE > ...` and `SIDE < ...` or `SIDE lost ...`. */
void party_say(struct side *, const struct step *);
void party_hear(struct side *, const struct step *, bool is_lost);

/* The octets, in one datagram or as pieces of a stream. */
void party_send(struct side *, const struct step *, struct str octets);

#endif
