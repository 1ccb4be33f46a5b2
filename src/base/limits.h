/* SPDX-License-Identifier: Apache-2.0 */
/* limits.h - every limit, with its reason. A number that is a sum can be reviewed. */
#ifndef BASE_LIMITS_H
#define BASE_LIMITS_H

#include <stddef.h>
#include <stdint.h>

/* ---- one message --------------------------------------------------------------------------- */

enum {
	/* A Request-URI beyond this is 414. The longest seen in the field, a GRUU with an escaped
	 * Route header, was under 500 octets. */
	URI_BYTES_MAX = 1024,

	/* Start line and headers; beyond it 513. 34 Via values take 3.5 KiB. */
	HEAD_BYTES_MAX = 16 * 1024,

	/* The body; beyond it 413. Session descriptions and ISUP are a few KiB at most. */
	BODY_BYTES_MAX = 32 * 1024,

	MESSAGE_BYTES_MAX = HEAD_BYTES_MAX + BODY_BYTES_MAX,

	/* What we write: what came in, and our own headers around it. */
	OURS_BYTES_MAX = 4 * 1024,
	WRITE_BYTES_MAX = MESSAGE_BYTES_MAX + OURS_BYTES_MAX,

	/* The lines of a request that its responses repeat, Via as we answer it, To with our
	 * tag. */
	ECHO_BYTES_MAX = HEAD_BYTES_MAX + OURS_BYTES_MAX,

	/* What a transaction keeps: what its request is known by, which are parts of the head of
	 * that; what its responses repeat; its last message. Only what is written costs. */
	TXN_TEXT_BYTES = HEAD_BYTES_MAX + ECHO_BYTES_MAX + WRITE_BYTES_MAX,

	/* Header lines in one message; beyond it 513. */
	HEADERS_MAX = 256,

	MAX_FORWARDS = 70, /* RFC 3261 8.1.1.6 */

	/* Values of Via, Route, Record-Route or Contact that are looked at; Max-Forwards is 70, so
	 * no honest path is longer. Beyond it 400. */
	VIA_MAX = 70,
	ROUTE_MAX = 32,

	/* Parameters in one list, or headers in one URI. Each is looked for among those before it,
	 * so
	 * their number must not be the peer's to choose; a Contact of a mobile phone has some
	 * 20. */
	PARAMS_MAX = 64,

	/* A token, a display name or a parameter that is copied into a log line. */
	LOG_TEXT_MAX = 256,

	/* A request beyond this does not leave over UDP when the peer takes TCP (RFC 3261
	 * 18.1.1). */
	UDP_REQUEST_BYTES_MAX = 1300,
};

/* ---- redirections ---------------------------------------------------------------------------- */

enum {
	/* How often one call follows a 3xx. From one desk to the next, to a mobile; each costs a
	 * leg's time, and who comes to it is bounded by the numbers that there are. */
	REDIRECTS_MAX = 3,

	REDIRECT_NUMBER_BYTES_MAX = 64, /* as the number of a DN */

	/* Contacts of one 3xx that are looked at. */
	REDIRECT_CONTACTS_MAX = 8,
};

/* ---- what one leg keeps -------------------------------------------------------------------- */

enum {
	CALL_ID_BYTES_MAX = 512,
	NAME_ADDR_BYTES_MAX = 2 * URI_BYTES_MAX, /* From or To as it stands in the header */
	TAG_ROOM_BYTES = 128,                    /* of it for `;tag=` and the tag that we add */
	ROUTES_BYTES_MAX = 8 * 1024,             /* a route set of 32 proxies with long tokens */
	ASSERTED_BYTES_MAX = 512, /* a URI that a trusted peer asserts, with a display name */
	LEG_SDP_BYTES_MAX = BODY_BYTES_MAX, /* kept so that a session can be told again */
	AIMS_BYTES_MAX =
		16 * 1024, /* URIs and Paths of a phone with several flows: a set of them */
	LEG_TEXT_BYTES = CALL_ID_BYTES_MAX + 4 * NAME_ADDR_BYTES_MAX + ROUTES_BYTES_MAX +
		LEG_SDP_BYTES_MAX + 6 * URI_BYTES_MAX + 2 * ASSERTED_BYTES_MAX +
		REDIRECTS_MAX * (REDIRECT_NUMBER_BYTES_MAX + 1) +
		HEAD_BYTES_MAX        /* headers that cross, until the answer */
		+ AIMS_BYTES_MAX      /* likewise */
		+ OURS_BYTES_MAX      /* our credentials */
		+ 2 * OURS_BYTES_MAX, /* the ACK, kept for repeats */
};

/* ---- what one registration of ours keeps ----------------------------------------------------- */

enum {
	/* A path of proxies that the registrar wants before our requests: eight of 256 octets. */
	SERVICE_ROUTE_BYTES_MAX = 2048,

	/* What it may give us as a GRUU: a user, a host and a URN. */
	ENROL_GRUU_BYTES_MAX = 512,

	ENROL_TEXT_BYTES = 64                       /* the number of the DN */
		+ (2 + 2 * 3) * 128                 /* password and realm; username, with escapes */
		+ 128 + 2 * 256                     /* the contact's host, whom TLS must prove */
		+ 2 * 320                           /* the outbound proxy, and its Route       */
		+ ENROL_GRUU_BYTES_MAX + 1024 + 128 /* our Contact, Call-ID and tag */
		+ SERVICE_ROUTE_BYTES_MAX,

	/* For how long we ask at most, even when the registrar wants more: a day. */
	ENROL_EXPIRES_MAX_S = 86400,
};

/* ---- what is kept of a call that was --------------------------------------------------------- */

enum {
	/* A URI, a From: the usual ones whole, the odd ones cut; and all of one call, where the
	 * usual take 50 octets each. */
	PAST_ONE_TEXT_MAX = 256,
	PAST_TEXT_BYTES = 2048,
};

/* ---- what one event may ask for ------------------------------------------------------------- */

enum {
	/* The worst step is the end of a call: a final answer and a CANCEL or BYE on each leg with
	 * a
	 * dial each, their lines in the log, and the ladder of what is freed. */
	ACTS_PER_STEP_MAX = 2 /* a provisional and a final answer to who asked       */
		+ 2 * 2       /* on each leg: a request and the dial before it   */
		+ 2           /* a question to the store, one to DNS             */
		+ 2           /* a connection shut after a fault, and its answer */
		+ 6           /* lines in the log                                */
		+ 1,          /* the record of the call                          */

	ACTS_MAX = 128,

	NOTE_BYTES_MAX = 2048,

	/* The record of a call: of each leg its Call-ID, its tags, its DN, the name and the product
	 * of its peer, each octet written as six at most, and what is of fixed size; of the call
	 * who called whom, and why it ended. */
	CALL_RECORD_BYTES_MAX = 2 * (6 * (CALL_ID_BYTES_MAX + 5 * LOG_TEXT_MAX) + 1536) +
		6 * 3 * LOG_TEXT_MAX + 2048,

	/* The end of a call on both legs. */
	OUT_BYTES_PER_STEP_MAX =
		3 * WRITE_BYTES_MAX     /* the BYE, and two that cross with a body    */
		+ 4 * HEAD_BYTES_MAX    /* answers to what waits to be relayed         */
		+ 6 * NOTE_BYTES_MAX    /* lines in the log                            */
		+ CALL_RECORD_BYTES_MAX /* the record of the call                      */
		+ 8 * 1024,             /* names of what is dialled, repeats of an ACK */
	OUT_BYTES = 4 * OUT_BYTES_PER_STEP_MAX,

	/* The scratch of one event: values of a message taken apart. */
	SCRATCH_BYTES = 256 * 1024,
};

/* ---- how many of each, by default; the host may open a core with others ---------------------- */

enum {
	CALLS_MAX = 8192,

	/* What one call can need at once: on the answered leg the INVITE, a re-INVITE's or INFO's
	 * server transaction, a CANCEL's, a BYE's; the same on the made leg as client, and
	 * crossed. */
	TXNS_PER_CALL = 8,

	/* Of these, what a call that is up may still come to need: a request and its crossing, a
	 * BYE
	 * and its. Requests outside calls leave so much free for each call there is. */
	TXNS_KEPT_PER_CALL = 4,

	/* And of these the last: a BYE and its crossing. */
	TXNS_PER_BYE = 2,

	FLOWS_MAX = 16384,     /* connections and sockets that the core knows */
	FLOWS_GONE_MAX = 4096, /* of which it is known over what they led; 2 s of a storm */
	BINDINGS_MAX = 65536,  /* addresses-of-record with at least one binding */
	CONTACTS_PER_AOR_MAX = 8,
	FORKS_MAX = 8, /* dialogs that answer one INVITE behind the first; others are left alone */
	ASKS_MAX = 4096,    /* questions to DNS and to the store that wait for an answer */
	PENDING_MAX = 1024, /* streams with half a message in hand; then the newest is shut */

	/* What one read brings at most (the largest datagram fits), and what a stream may have
	 * waiting: half a message, and two reads that came before there was room for them. */
	READ_BYTES = 64 * 1024,
	HALF_BYTES = MESSAGE_BYTES_MAX + 2 * READ_BYTES,

	/* Pairs of DNs whose calls are counted by what their schemes had to do with it: each of
	 * some thousand phones with the trunk and a few colleagues. 200 octets each. */
	PAIRS_MAX = 16384,

	/* The last calls, and the last that were refused before they had a leg, whose story can
	 * still be asked for: some hours of a site, half an hour of a busy one. */
	PASTS_MAX = 2048,
	PAST_REFUSALS_MAX = 1024,

	/* DNs with a fixed contact that are looked up and matched by address; how many are being
	 * looked up at the same time. */
	DNS_LOOKED_UP_MAX = 16384,
	LOOKUPS_MAX = 1024,

	/* Answers whose connection is gone that wait for another one, and how much is kept of each:
	 * what a few trunks that went away together have asked last. A larger one, which has a
	 * session of an odd size, and one too many is sent where its request came from and nowhere
	 * else. */
	LOST_MAX = 64,
	LOST_BYTES_MAX = 8 * 1024,

	/* Alarms that one event may have rung with it; the others are due at once. After a machine
	 * slept all there are may be due, and between them what came meanwhile is to be read. */
	ALARMS_PER_EVENT_MAX = 64,

	/* Transactions beyond those that calls in progress can need: requests outside calls, and
	 * what
	 * a call that is over leaves behind for 64*T1 = 32 s, three at most (both INVITEs, a BYE
	 * over
	 * UDP). With those of CALLS_MAX that is some 1,300 calls a second without end. */
	REQUESTS_MAX = 8192 + 3 * 32 * 600,

	NONCES_MAX = 65536, /* used nonces with their count: one for each address that registers */
};

/* ---- what one address-of-record keeps -------------------------------------------------------- */

enum {
	/* The number of a DN; the longest in the field were names of under 64 octets. */
	AOR_BYTES_MAX = 256,

	/* As the store holds them. A binding takes 150 octets, its URI, its Call-ID, its
	 * parameters and its Path; a GRUU with an instance and a long Call-ID stays under 1.5 KiB,
	 * and three proxies with long tokens under 0.5. */
	SET_BYTES_MAX = CONTACTS_PER_AOR_MAX * 2048,

	/* The URN of an instance that a GRUU is made of: of a UUID it has 45 octets, of a mobile
	 * phone some 30. A 200 grows by 1 KiB for each Contact then, of which the host is half. */
	GRUU_URN_BYTES_MAX = 128,

	/* What a REGISTER keeps of its head: its parameters, and its Path put in brackets. */
	REGISTER_TEXT_BYTES = HEAD_BYTES_MAX + 8 * ROUTE_MAX,
};

/* ---- the directory -------------------------------------------------------------------------- */

enum {
	DNS_MAX = BINDINGS_MAX, /* each may register */
	TRUNKS_MAX = 4096,      /* those with a prefix are walked for a number that is no DN's */

	ENROLS_MAX = 1024, /* those that want to know where we are: a table that is walked */

	/* DNs that are asked whether they are alive: some 400 OPTIONS a second at the usual ten
	 * seconds. */
	PINGS_MAX = 4096,

	DN_NUMBER_BYTES_MAX = 64, /* E.164 has 15 digits; names of trunks are longer */
	HOST_BYTES_MAX = 253,     /* a name in DNS (RFC 1035 2.3.4), without the last dot */
	PASSWORD_BYTES_MAX = 128,
	HEADER_NAME_BYTES_MAX = 64,
	IDENTITY_NAME_BYTES_MAX = 64,

	/* What configuration and listeners may name as ours. */
	DOMAINS_MAX = 32 /* `domain` */
		+ 32     /* a listener's address */
		+ 32,    /* and what it advertises */
};

/* ---- what DNS may lead to -------------------------------------------------------------------- */

enum {
	/* Services of one domain: UDP, TCP and TLS, and one of them in another domain. */
	SERVICES_ASKED_MAX = 4,

	/* Servers of one domain that are looked up, by their rank; a call tries no more. */
	SERVERS_MAX = 8,

	/* Their addresses: one of each family for each. A trunk may call from any of them. */
	PLACES_MAX = 2 * SERVERS_MAX,
};

/* ---- the shell: sockets, TLS, names --------------------------------------------------------- */

enum {
	/* Listening sockets; a wildcard UDP listener opens one for each local address. */
	LISTENERS_MAX = 256,

	/* Every connection is a flow of the core, and so is every listening UDP socket. */
	CONNECTIONS_MAX = FLOWS_MAX - LISTENERS_MAX,

	/* Connections beyond the most, held for the moment that it takes to close them. Half of it
	 * is for those that we dial, however many come. */
	CONNECTIONS_SPARE = 64,

	/* Descriptors that connections leave to all else: whom the admin socket serves, a UDP
	 * socket for each address of a wildcard, and the store, logs, files that are read again and
	 * questions to DNS. Who knocks when there are none is turned away, whoever it is. */
	DESCRIPTORS_KEPT = 32 + LISTENERS_MAX / 4 + 32,

	/* What TLS may still hold of a record that came in pieces. */
	RECORD_BYTES_MAX = 16 * 1024 + 512,

	/* What was read and is not with the core yet; with less room than one read, nothing more
	 * is read. Sixteen of the largest reads, or some 1,500 messages of the usual size. */
	INBOX_BYTES = 16 * READ_BYTES + RECORD_BYTES_MAX,

	/* What may wait for a peer that does not read, behind the system's own buffers; then it is
	 * closed. Half a second of a trunk with 1,000 messages of 1 KiB a second. */
	BACKLOG_BYTES_MAX = 512 * 1024,

	/* What may wait while a connection is dialled and verified: 200 INVITEs. */
	DIAL_QUEUE_BYTES_MAX = 256 * 1024,

	/* Public-key work of a turn of the loop, at 0.2 to 0.4 ms each: calls go on in a storm. */
	HANDSHAKES_PER_TURN = 16,

	/* Those in line for it that are looked at in a turn, to leave out who has gone: some
	 * microseconds each. */
	HELD_LOOKS_PER_TURN = 256,

	/* Memory for the numbers of private keys, which goes neither to the disk nor into a core
	 * dump; a power of two, as OpenSSL wants it. Each connection with TLS has the key of its
	 * handshake there for as long as it stands, and where there is no room the handshake
	 * fails. A cell holds that of the usual groups, two that of P-521. The keys of all
	 * identities, and of those that are to take their place, have the last part: RSA with 4096
	 * bits takes 3 KiB. */
	KEY_CELL_BYTES = 64,
	KEY_BYTES_PER_CONNECTION = 2 * KEY_CELL_BYTES,
	KEYS_BYTES = 4 * 1024 * 1024,

	/* Chains of open connections that are judged again in a turn, when certificates, CAs or
	 * lists were read again or the calendar is looked at: two or three signatures each, so it
	 * is the work of as many handshakes. Ten thousand take 625 turns, some seconds in all. */
	REVIEWS_PER_TURN = 16,

	/* How often certificates are held against the calendar: ours, and those of peers whose
	 * connections stand. Far less than the day within which it must be; an hour is soon enough
	 * for what a CA dates by days. */
	CALENDAR_LOOK_MS = 3600 * 1000,

	/* A calendar that runs away from the clock by more than this from one turn to the next has
	 * jumped, and is looked at at once; what keeps clocks right moves them by less. */
	CALENDAR_JUMP_S = 60,

	/* KeyUpdate messages in a row without an octet of data (RFC 8446 4.6.3). */
	KEY_UPDATES_MAX = 32,

	/* Datagrams handed to the system at once. */
	UDP_BATCH_MAX = 64,

	/* A key of session tickets makes them for so long, and reads them for as long again; a
	 * ticket is good for less. Half a day is what forward secrecy may wait at most. */
	TICKET_KEY_MS = 6 * 3600 * 1000,
	TICKET_S = 2 * 3600,

	/* Certificates of our own, for a tenant or a group of trunks each. A file with all public
	 * CAs takes about 2 MiB in each. */
	IDENTITIES_MAX = 32,

	/* The names of a client certificate that are kept with its connection: of a carrier with a
	 * name for each of its machines some twenty. What does not fit proves nothing. */
	CERT_NAMES_BYTES_MAX = 512,

	/* Of a chain that is shown to people; real ones have two to four. */
	CHAIN_LINKS_MAX = 12,

	/* What may stand on a disk for our identities: certificate, key, CAs and CRLs each. */
	WATCH_FILES_MAX = 4 * IDENTITIES_MAX,

	/* A certificate and its key are two files: when one has changed, the other may follow. */
	WATCH_QUIET_MS = 500,

	/* Alternative names of a certificate that are looked at, its URIs first. */
	SANS_MAX = 256,

	/* Lines that net/ writes to the log in one second; the rest are counted. */
	NET_NOTES_PER_S = 20,
};

/* ---- those who look on ----------------------------------------------------------------------- */

enum {
	/* Slots of a table that one question looks at: a millisecond, then calls go on. */
	ASK_SLOTS_MAX = 1024,

	/* One item of a list: an address with all its bindings, each octet of a peer's text written
	 * as six. A call with both its legs takes half of it. */
	ASK_ITEM_BYTES_MAX =
		CONTACTS_PER_AOR_MAX * (6 * (URI_BYTES_MAX + LOG_TEXT_MAX) + 512) + 4 * 1024,

	/* A page of a list: small items fill it, and there is always room for one more. */
	ASK_PAGE_BYTES = 2 * ASK_ITEM_BYTES_MAX,

	/* What a question names: a number, or the identifier of a call. */
	ASK_NAME_BYTES_MAX = AOR_BYTES_MAX,

	/* How long who asked waits for the loop, which is busy for milliseconds at most unless the
	 * machine is at its end. */
	ASK_WAIT_MS = 5000,

	/* The admin socket: an operator, a console and a collector of metrics or two, several times
	 * over; what a request's head may take; how long one may take to come. */
	ADMIN_CONNECTIONS_MAX = 32,
	ADMIN_HEAD_BYTES_MAX = 16 * 1024,
	ADMIN_IDLE_S = 15,
	ADMIN_GROUPS_MAX = 256, /* of who asks, that are looked at */

	/* Between two lines that an order was refused: who may not give one may try for ever. */
	ORDER_REFUSED_GAP_MS = 1000,
};

/* ---- the records of calls ------------------------------------------------------------------- */

enum {
	/* What waits to be written: a turn of the loop that hangs up a few hundred calls. */
	RECORDS_BUFFER_BYTES = 8 * CALL_RECORD_BYTES_MAX,
};

/* ---- a recording ---------------------------------------------------------------------------- */

enum {
	/* What `serve --record` writes at most unless told otherwise: some 20,000 calls of 12 KiB,
	 * which replay within a minute; a disk has room for it beside the log. */
	RECORDING_BYTES_MAX = 256 * 1024 * 1024,

	/* The least that may be asked for: the opening and a few calls. */
	RECORDING_BYTES_MIN = 64 * 1024,

	/* What waits to be written: more than a usual turn of the loop is told, and enough for
	 * the largest event but a directory. */
	RECORDING_BUFFER_BYTES = 2 * INBOX_BYTES,
};

/* The most that may be asked for: nobody replays more. */
#define RECORDING_BYTES_TOP ((uint64_t)1 << 40)

/* ---- time ------------------------------------------------------------------------------------ */

enum {
	T1_MS = 500, /* RFC 3261 17.1.1.1 */
	T2_MS = 4000,
	T4_MS = 5000,

	/* Half a message on a stream must be whole within this; a slow phone on a bad line needs
	 * seconds, not a minute. */
	STREAM_WAIT_MS = 20000,

	/* A connection that never sent a whole message and one that was silent for this long. */
	IDLE_MS = 2 * 3600 * 1000,

	HANDSHAKE_MS = 8000, /* well under timer B, so that the next target can be tried */
	CONNECT_MS = 4000,

	/* A connection that was accepted and never spoke; a phone registers at once. */
	FIRST_OCTET_MS = 60 * 1000,

	/* For what was sent before a shut to leave, and for the peer to close its side. */
	LINGER_MS = 2000,

	/* Unacknowledged data, and probes of a silent connection: a dead peer is noticed within
	 * timer B, and a NAT that forgets after two minutes does not. */
	TCP_UNACKED_MS = 30 * 1000,
	KEEPALIVE_IDLE_S = 60,
	KEEPALIVE_EACH_S = 10,
	KEEPALIVE_COUNT = 3,

	/* How long a server that ends waits for its calls; and then, for what is left of their
	 * transactions: a finished INVITE keeps its own for T4 (RFC 3261 17.2.1). */
	DRAIN_MS = 5000,
	DRAIN_QUIET_MS = T4_MS + 500,

	/* One DNS query, doubled for each further try: 7 s in all. */
	DNS_TRY_MS = 1000,
	DNS_TRIES = 3,
	DNS_ABSENT_S = 30, /* how long it is remembered that a name is not there, unless DNS says */
	DNS_HOSTS_S = 60,  /* and what the hosts file says */

	/* A server that failed a call is tried after all others for so long: one that is dead costs
	 * a call seconds, one that came back is found again soon. One that said 503 with
	 * Retry-After is let alone, but not for as long as it likes. */
	REST_S = 30,
	RETRY_AFTER_MAX_S = 120,

	/* An answer whose connection is gone looks for a way as long as somebody may wait for it:
	 * 64*T1. */
	LOST_WAIT_MS = 64 * T1_MS,

	RING_MS = 180 * 1000,  /* timer C: no final answer though it rings */
	TRYING_LATE_MS = 200,  /* then a re-INVITE gets its 100 (RFC 3261 17.2.1) */
	TRYING_MS = 32 * 1000, /* only 100 came */

	/* A call that is up ends after this, whatever its devices say: where neither leg has a
	 * session timer nobody else would notice that both devices are gone. Longer than any
	 * shift. */
	CALL_UP_MAX_MS = 12 * 3600 * 1000,

	SESSION_EXPIRES_S = 1800, /* RFC 4028 4: recommended */
	MIN_SE_S = 90,            /* RFC 4028 5: the least allowed */

	REGISTER_DEFAULT_S = 3600,
	REGISTER_MIN_S = 60,
	REGISTER_MAX_S = 7200,

	/* How long a REGISTER waits for the store, well under timer F of the phone; when to come
	 * back
	 * after a 503; when to tell a store again that had failed. */
	STORE_WAIT_MS = 5000,
	STORE_BUSY_S = 10,
	STORE_AGAIN_MS = 30 * 1000,

	OOS_FORCE_S = 5, /* how long a DN that is asked whether it is alive may be silent */

	NONCE_LIFE_S = 300,

	/* How often a phone with outbound must be heard on a stream (RFC 5626 4.4.1: under two
	 * minutes for NATs), and how much longer we wait before the flow counts as dead. */
	FLOW_TIMER_S = 120,
	FLOW_GRACE_S = 15,
};

#endif
