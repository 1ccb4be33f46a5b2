/* SPDX-License-Identifier: Apache-2.0 */
/* stage.h - a host of the whole core for tests: through core/door.h only, without a socket, with a
 * clock that the test turns. It carries out what the core asks for at once: a store in memory,
 * names
 * from a table, connections that open, and every message that leaves is kept until it is expected.
 */
#ifndef SUPPORT_STAGE_H
#define SUPPORT_STAGE_H

#include "core/door.h"
#include "directory/directory.h"
#include "support/tap.h"

enum {
	STAGE_DNS_MAX = 64,
	STAGE_FLOWS_MAX = 4096,
	STAGE_SENT_MAX = 8192,
	STAGE_NAMES_MAX = 48,
	STAGE_KEPT_MAX = 64,
	STAGE_EVENTS_MAX = 2048,
	STAGE_NOTES_BYTES = 256 * 1024,
	STAGE_T1_MS = 500,
};

/* One line of the directory, as short as it can be. */
struct stage_dn {
	const char *number, *contact;
	enum dn_type type;
	const char *password, *prefix, *tls_name, *username, *realm;
	uint32_t priority, capacity;
	bool checks_from; /* its From is held against its certificate */
	bool is_trusted;  /* with P-Asserted-Identity */
	enum crossing_mode crossing;
	enum sips_policy sips;
	uint32_t oos_check_s, oos_force_s, recovery_timeout_s;
	bool registers;              /* there, as a trunk wants it */
	uint32_t register_expires_s; /* 0: an hour */
	bool wants_gruu;
	const char *proxy;           /* `outbound-proxy` */
	bool tells_route;            /* its phone is told a Service-Route */
	bool no_register, no_invite; /* not challenged for it though there is a password */
};

struct stage_options {
	const struct stage_dn *dns;
	size_t dn_count;
	enum strangers strangers;
	enum crossing_mode crossing;
	uint32_t calls, requests, flows, addresses; /* 0: a few */
	uint8_t seed;
	const char *advertise; /* of the UDP listener */
	uint16_t tls_port;     /* of the TLS listener; 0: 5061 */
	const char *ip6;       /* of the v6 listener; NULL: 2001:db8::1 */
};

/* What becomes of a dialled connection. */
enum stage_dial { DIAL_OPENS, DIAL_FAILS, DIAL_WAITS };

/* How the store answers. */
enum stage_store { STORE_PROMPT, STORE_FAILS, STORE_STALE, STORE_MUTE };

struct stage_flow {
	struct flow_id id;
	enum transport transport;
	struct addr peer;
	char name[256]; /* that the core wanted to be verified */
	bool is_dialled, is_open, is_shut, is_gone;
};

struct stage_sent {
	struct flow_id flow;
	enum transport transport;
	struct addr to;
	struct str bytes;
	int64_t at_ms;
	bool is_taken;
};

struct stage_event {
	struct event event;
	char *text; /* what its views look at */
};

struct stage {
	struct core *core;
	void *memory, *out_memory;
	size_t memory_bytes;
	struct out out;
	struct when now;
	struct tap tap;
	uint64_t hash; /* of everything that the core ever asked for */

	struct directory directory;
	struct dn dns[STAGE_DNS_MAX];
	void *directory_memory;
	struct listener listeners[4];

	struct stage_flow flows[STAGE_FLOWS_MAX];
	unsigned flow_count;
	uint64_t next_flow;
	struct stage_sent *sent;
	unsigned sent_count, first_untaken;
	enum stage_dial dial;
	const char *certificate; /* what TLS that opens now proves, or NULL */
	const char *shown;       /* what we prove on TLS that is dialled now, or NULL */
	unsigned dials, shuts, resolves, saves;

	struct stage_name {
		const char *name;
		enum names_kind kind;
		uint32_t count, ttl_s;
		bool fails; /* the question for it is not answered */
		struct addr addrs[NAMES_MAX];
		struct dns_record services[SERVICES_MAX];
	} names[STAGE_NAMES_MAX];
	unsigned name_count;
	char asked[8 * 1024]; /* a line for each question: `SRV _sips._tcp.fly.example.net` */
	size_t asked_len;
	bool names_wait; /* the resolver is slow: stage_names_come() */
	bool names_fail;

	struct {
		char aor[64];
		char set[SET_BYTES_MAX];
		size_t set_len;
		uint64_t version;
	} kept[STAGE_KEPT_MAX];
	unsigned kept_count;
	enum stage_store store;

	struct stage_event events[STAGE_EVENTS_MAX]; /* that carrying brought about */
	unsigned event_count;
	struct event waiting[STAGE_EVENTS_MAX]; /* answers of a slow resolver */
	unsigned waiting_count;
	bool is_lazy; /* no ticks but those that the test asks for */
	unsigned ticks;

	char record[CALL_RECORD_BYTES_MAX + 1]; /* of the last call that was over */
	unsigned records;
	char *notes; /* lines of the log */
	size_t notes_len;
};

/* Opens a core with a UDP socket (two, one v6), a TCP and a TLS listener, all at 192.0.2.1 (v6:
 * 2001:db8::1); the one domain is example.com. */
void stage_open(struct stage *, const struct stage_options *);
void stage_close(struct stage *);

/* The memory of the core is as if it had never been used. Pre: the core is closed. */
void stage_wipe(struct stage *);

/* An address out of a text and a port. */
struct addr stage_addr(const char *ip, uint16_t port);

/* The socket that datagrams of this family come by. */
struct flow_id stage_socket(const struct stage *, const struct addr *peer);

/* ---- what happens ---- */

/* Each feeds the core, carries out what it asks for and turns it until nothing is left to do
 * now. */
void stage_feed(struct stage *, const struct event *);
void stage_datagram(struct stage *, const struct addr *from, struct str data);
void stage_bytes(struct stage *, struct flow_id, struct str data);
struct flow_id stage_accept(struct stage *, enum transport, const struct addr *peer);
void stage_over(struct stage *, struct flow_id); /* a flow closes */
void stage_drain(struct stage *);
void stage_tick(struct stage *);

/* Another directory takes the place of the one in force. */
void stage_reload(struct stage *, const struct stage_options *);

/* Gives NAME one more address, or one more record of a service; or nothing of any kind; or makes
 * questions for it fail. */
void stage_name(struct stage *, const char *name, const char *ip);
void stage_service(struct stage *, const char *name, enum names_kind, const struct dns_record *);
void stage_no_name(struct stage *, const char *name);
void stage_name_fails(struct stage *, const char *name);

/* The TTL of what was said of NAME so far and will be said; 60 s without it. */
void stage_ttl(struct stage *, const char *name, uint32_t ttl_s);

/* What the table answers to an ACT_RESOLVE. */
struct event stage_answer(struct stage *, const struct act *);

/* Whether a question was put whose line holds PART. */
bool stage_asked(const struct stage *, const char *part);
void stage_names_come(struct stage *);

/* Lets time pass as a host does: from deadline to deadline. */
void stage_pass_ms(struct stage *, int64_t span_ms);

/* A dialled connection that waits opens, or fails. */
void stage_dialled(struct stage *, struct flow_id, bool opens);

/* ---- what came of it ---- */

/* The next message to this far end that nobody has taken yet, or NULL; it counts as taken. */
const struct stage_sent *stage_take(struct stage *, enum transport, const struct addr *to);

/* The next message to this far end, which must begin with START. */
const struct stage_sent *expect_send(
	struct stage *, enum transport, const struct addr *to, const char *start);

/* Nothing was sent that nobody has taken. */
void expect_quiet(struct stage *);

/* Frees all messages, whether somebody has taken them or not. */
void stage_forget_sent(struct stage *);

/* Once all timers have run out: no call, leg, transaction, timer or question is left, and nothing
 * was sent that was not expected. */
void expect_empty(struct stage *);

struct counts stage_counts(const struct stage *);

/* The flow to this far end that was opened last, or NULL. */
struct stage_flow *stage_flow_to(struct stage *, enum transport, const struct addr *to);
struct stage_flow *stage_flow(struct stage *, struct flow_id);

/* Whether a line of the log holds PART; forgets the log. */
bool stage_noted(const struct stage *, const char *part);
void stage_forget_notes(struct stage *);

#endif
