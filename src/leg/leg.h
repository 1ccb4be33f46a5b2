/* SPDX-License-Identifier: Apache-2.0 */
/* leg.h - one side of a call: SIP on the wire, a closed set of words inside.
 *
 * A leg is one dialog of ours with one device, its scheme fixed when it is made. What the device
 * says becomes a word (struct word, returned); what the call wants of the device is a function
 * below. Legs know nothing of each other and nothing of calls.
 *
 *   made:      IDLE -> CALLING -> RINGING ---2xx---> ANSWERED --ACK sent--> TALKING
 *                         `----------`--3xx..6xx----------------------------> GONE
 *   answered:  IDLE -> CALLING -> RINGING --2xx sent-> ANSWERED --ACK heard-> TALKING
 *   both:      TALKING --BYE either way--> LEAVING --BYE done--> GONE
 *
 * Files: leg.h (this), table.c (open, find, close), dialog.c (what a dialog is made of, and the
 * head
 * of every request), way.c (where it may go), answered.c and made.c (the INVITE, from either
 * side), talk.c (requests inside the dialog), prove.c (what challenges us), session.c (RFC 4028),
 * ending.c (CANCEL, BYE), fork.c (answers that nobody waits for).
 */
#ifndef LEG_LEG_H
#define LEG_LEG_H

#include "base/shelf.h"
#include "directory/directory.h"
#include "hop/flows.h"
#include "hop/locate.h"
#include "txn/txn.h"

#define LEG_STATES(X) X(IDLE) X(CALLING) X(RINGING) X(ANSWERED) X(TALKING) X(LEAVING) X(GONE)

enum leg_state {
#define X(name) LEG_##name,
	LEG_STATES(X)
#undef X
};

enum leg_kind { LEG_OF_CALLER, LEG_OF_CALLEE }; /* we answer it; we make it */

/* What stands on a leg's shelf. */
enum leg_text {
	TEXT_CALL_ID,
	TEXT_LOCAL,  /* our From or To: with our tag                                   */
	TEXT_REMOTE, /* the peer's, with its tag once there is one                      */
	TEXT_LOCAL_TAG,
	TEXT_REMOTE_TAG,
	TEXT_TARGET,      /* the remote target, a URI                                        */
	TEXT_ROUTES,      /* the route set in the order of sending, as header values         */
	TEXT_CONTACT,     /* our Contact value, in requests and later responses              */
	TEXT_REQUEST,     /* answered legs: the number that was dialled                       */
	TEXT_NAME,        /* made legs: whom a TLS peer that we dial must prove to be; answered
	                   * legs: all whom the peer's certificate named                      */
	TEXT_DN,          /* the number of the DN behind the leg, for the log                 */
	TEXT_SDP_HEADERS, /* Content-Type and its kin of the session we described last        */
	TEXT_SDP,         /* the session we described last to this peer                       */
	TEXT_ACK,         /* the ACK of the last 2xx, for its repeats                         */
	TEXT_UUID,        /* of the call */
	TEXT_HEADERS,     /* made legs: what crossed with the INVITE, for the next way; later: what
	                  * goes with a BYE that must wait                                     */
	TEXT_PROOF,       /* the credentials of our INVITE, which its ACK repeats                */
	TEXT_NEW_TARGET,  /* the Contact of the peer's re-INVITE that has no answer yet       */
	TEXT_AIMS,        /* made legs: the aims of the other ways, until the answer            */
	TEXT_INSTANCE,    /* of the phone that registered (RFC 5626), or empty                */
	TEXT_ASSERTED,    /* answered legs: the sip or sips URI that a trusted peer asserts,  */
	TEXT_TEL,         /* and the tel URI, each a value as it came, or empty               */
	TEXT_TRIED,       /* answered legs: the numbers that redirections led to, a line each */
};

enum { WAYS_MAX = 8, HOPS_MAX = 4 };

/* A way to a device, not chosen yet. */
struct way {
	enum transport transport;
	struct addr addr;
	struct flow_id flow; /* with TIE_REGISTERED */
	enum flow_tie tie;
	uint32_t aim;   /* what the INVITE says by it: 0 as planned, else one of the others */
	bool is_flow;   /* one of the flows of a phone that has several (RFC 5626)          */
	bool is_proven; /* it registered over it with digest                              */
};

/* What an INVITE says of where it goes. */
struct aim {
	struct str request_uri;
	struct str routes; /* Route values (RFC 3327), or empty */
};

enum leg_alarm { LEG_ALARM_RESEND, LEG_ALARM_WAIT, LEG_ALARM_SESSION, LEG_ALARMS };

/* Who refreshes the session (RFC 4028), if anybody. */
enum refresher { REFRESHER_NOBODY, REFRESHER_WE, REFRESHER_PEER };

struct session {
	enum refresher refresher;
	uint32_t interval_s;
	uint32_t min_se_s;
	int64_t expires_at_ms;
	struct ref refresh; /* our UPDATE or re-INVITE that is under way */
	bool refresh_is_invite;
	bool peer_has_update; /* its Allow lists UPDATE */
	bool peer_has_timer;
};

/* Why a dialog went on by another flow. */
enum move_cause {
	MOVED_NEXT,    /* the first address did not answer, another was tried */
	MOVED_DIALLED, /* the one there was is gone: we dialled               */
	MOVED_HEARD,   /* it was gone, and the peer came by another           */
};

struct flow_change {
	enum move_cause cause;
	int64_t at_s;
	enum transport transport;
	struct addr remote;
};

/* The last ones are kept, all are counted. */
enum { FLOW_CHANGES_KEPT = 4, LEDGER_NAME_MAX = 256, LEDGER_AGENT_MAX = 64 };

/* What is known of the flow of a leg, for good: it outlives the flow. */
struct ledger {
	struct flow_id flow;     /* the last one that was chosen                        */
	struct flow_id facts_of; /* the last one that was open: of it is what stands here */
	enum transport transport;
	enum proof proof;
	bool is_pinned; /* PROOF_NAME: by the one certificate that it may show, not by a name */
	bool has_fingerprint;
	uint8_t fingerprint[FINGERPRINT_BYTES];
	enum named_by named_by; /* PROOF_NAME, not pinned */
	struct addr local;      /* our end */
	uint32_t name_len, version_len, cipher_len, agent_len;
	char agent[LEDGER_AGENT_MAX]; /* the product that the device says it is */
	char name[LEDGER_NAME_MAX], version[FLOW_VERSION_MAX], cipher[FLOW_CIPHER_MAX];
	uint32_t changes;
	struct flow_change last[FLOW_CHANGES_KEPT]; /* by their number, modulo */
};

struct leg {
	struct ref ref;
	enum leg_state state;
	enum leg_kind kind;
	struct speech speech;
	struct ref call; /* the owner's; not read here */

	struct flow_id flow; /* the live flow of the dialog */
	enum flow_tie flow_tie;
	struct ledger ledger; /* what is known of it */
	struct addr peer;     /* the address behind it: where the last message came from */
	enum transport transport;
	enum transport ack_transport; /* that the Via of TEXT_ACK names */
	uint32_t ack_cseq;            /* of our INVITE that it is for    */
	bool ack_is_bare;             /* it has no session               */
	struct terms terms;           /* on which it is dialled over TLS */
	uint32_t trust;               /* whose CAs vouch for TEXT_NAME   */
	bool is_phone;             /* it registers itself: what is pinned is its own, no proxy's */
	bool emits_tls;            /* its sips Contacts say transport=tls */
	bool has_gruu;             /* made legs: our Contact is one */
	struct way ways[WAYS_MAX]; /* made legs: the ways not tried yet */
	uint32_t way_count, way_next;
	struct way spare; /* where the device is registered now; no flow: nowhere known */
	uint32_t aim;     /* of the way that was tried last                */
	bool is_aim_lost; /* it leads nowhere, whatever way is taken to it */

	uint64_t sought_hop;         /* hash of the next hop that was looked for last; 0: none */
	struct ref lookup;           /* the owner's: it is being located */
	struct place hops[HOPS_MAX]; /* where it is */
	uint32_t hop_count;

	uint32_t local_cseq, remote_cseq;
	bool has_remote_cseq;       /* the peer has sent a request in this dialog */
	uint32_t invite_cseq;       /* of our INVITE that waits for its ACK  */
	uint32_t heard_invite_cseq; /* of the peer's, whose 2xx does         */
	struct ref invite_in;       /* the peer's INVITE that has no final answer yet */
	struct ref invite_done;     /* the peer's INVITE whose 2xx waits for the ACK  */
	struct ref invite_out;      /* our INVITE that has no final answer yet        */
	struct ref bye_out;
	bool is_confirmed;     /* there was a 2xx: there is a dialog                        */
	bool is_cancelled;     /* we cancelled our INVITE, or the peer its own               */
	bool wants_bye;        /* a BYE is due as soon as the ACK is there (RFC 3261 15)     */
	bool owes_ack;         /* the 2xx had an offer: the ACK waits for the other side     */
	bool was_heard;        /* our INVITE has had some answer: its way leads to the device */
	bool is_natted;        /* a datagram reaches it only where its own come from          */
	bool invite_had_offer; /* the INVITE under way, either direction */
	uint64_t heard_sdp;    /* hash of the session the peer described last; 0: none       */
	uint64_t asked_sdp;    /* the same of its re-INVITE that has no answer yet           */
	int64_t resend_ms;     /* of the 2xx                                                 */
	int64_t since_ms;      /* when it was opened                                         */
	int32_t max_forwards;
	bool is_proven;           /* by digest, its INVITE or its registration                  */
	struct flow_id proven_on; /* where; none: on a connection that was never the leg's */
	bool is_trusted;          /* what it asserts of identities is believed (RFC 3325)       */
	bool is_strict;   /* a peer that falls back to sip inside a sips dialog is refused */
	bool is_fallback; /* it answered sips with a sip Contact                          */
	/* Whether the DN is one that challenges us, and the address at which it is that: where its
	 * INVITE came from, or ours went to. */
	bool may_prove;
	struct addr home;
	struct session session;
	struct session asked; /* what the peer's INVITE under way asks of the session timer */
	struct alarm alarms[LEG_ALARMS];
	struct shelf shelf;
	char text[LEG_TEXT_BYTES];
};

struct legs {
	struct pool pool;
	struct txns *txns;
	struct flows *flows;
	struct alarms *alarms;
	struct dice *dice;
	uint64_t sdp_key[2];
	struct str uuid_header;            /* of the directory in force */
	struct str realm;                  /* likewise: the host in the From that we make */
	const struct directory *directory; /* likewise: has what proves us to a trunk */
	struct gate *gate;                 /* makes credentials; NULL: none are made */
};

/* Carves a table for MAX legs; LEG_ALARMS alarms each.
 * Ends: true; false when the arena is too small (or only measures). */
bool legs_open(struct legs *, struct arena *, uint32_t max, struct txns *txns, struct flows *flows,
	struct alarms *alarms, struct dice *dice);

/* ---- what a leg says ---- */

/* NOTHING  nothing for the other side
 * RING     a 1xx beyond 100, with status
 * ANSWER   a 2xx to the first INVITE; the ACK is sent unless owes_ack
 * ACK      the peer's ACK is there; with a session if the 2xx had the offer
 * CHANGE   a re-INVITE that is to be answered
 * CHANGED  a 2xx to our re-INVITE
 * REFUSED  a final failure of our re-INVITE; the call goes on
 * ASK      INFO or MESSAGE inside the dialog, its transaction in txn
 * ASKED    the final answer to ours, its transaction in txn
 * FAIL     the first INVITE failed, with status
 * NEXT     the first INVITE did not reach its way, and another one was tried
 * ANEW     our INFO or MESSAGE of transaction txn was challenged, and is said again in next
 * CANCEL   the caller cancelled; it has its answers already
 * BYE      the peer hung up, or the dialog died; the leg is GONE or LEAVING
 * OVER     the leg came to its end after our own BYE or CANCEL */
#define LEG_WORDS(X) \
	X(NOTHING)   \
	X(RING)      \
	X(ANSWER)    \
	X(ACK)       \
	X(CHANGE)    \
	X(CHANGED) X(REFUSED) X(ASK) X(ASKED) X(FAIL) X(NEXT) X(ANEW) X(CANCEL) X(BYE) X(OVER)

enum leg_word {
#define X(name) WORD_##name,
	LEG_WORDS(X)
#undef X
};

struct word {
	enum leg_word word;
	unsigned status;       /* RING, ANSWER, CHANGED, REFUSED, ASKED, FAIL */
	struct str reason;     /* its phrase, or why a BYE is due, for the log */
	const struct msg *msg; /* the message that said it; NULL: a timer or a failure of ours */
	struct ref txn;        /* ASK: the peer's transaction; ASKED, ANEW: ours */
	struct ref next;       /* ANEW */
	enum method method;    /* ASK */
	/* FAIL, NEXT: the way whose server is dead, silent, somebody else or said 503, and for
	 * how many seconds that asked to be let alone (0: it did not say); NULL: none of these. */
	const struct way *failed;
	uint32_t retry_after_s;
};

/* What goes with a word to the other side: header lines that cross, whole and with their CRLF, and
 * the body (whose Content-Type is among the lines). */
struct cargo {
	struct str headers;      /* without those of the body */
	struct str body_headers; /* Content-Type and its kin  */
	struct str body;
};

/* ---- the leg that answers a caller ---- */

/* Opens a leg for an INVITE that was let in.
 * Pre:  INVITE is well formed with exactly one Contact; TXN serves it; WAY is where it came.
 * After: TXN is the leg's.
 * Ends: the leg in CALLING, or NULL: the table is full or its texts do not fit. */
struct leg *leg_open_answered(struct legs *, const struct msg *invite, struct ref txn,
	const struct txn_way *way, bool emits_tls, const struct turn *);

/* A 1xx beyond 100, a 2xx, a final failure, for the INVITE that waits (the first or a later one).
 * leg_answer ends: true; false when nobody waits, or the 2xx cannot be written and a 500 went
 * out. */
void leg_ring(struct legs *, struct leg *, unsigned status, struct str reason, const struct cargo *,
	const struct turn *);
bool leg_answer(
	struct legs *, struct leg *, struct str reason, const struct cargo *, const struct turn *);
void leg_refuse(struct legs *, struct leg *, unsigned status, struct str reason,
	const struct cargo *, const struct turn *);

/* ---- the leg that we make ---- */

struct leg_plan {
	struct speech speech;
	struct str request_uri;  /* as it will stand in the start line                          */
	struct str to_uri;       /* without brackets                                             */
	struct str from_display; /* with its quotes, or empty                                    */
	struct str from_user;    /* escapes in; empty: none                                      */
	struct str name;         /* TLS: whom the peer must prove to be,                         */
	struct terms terms;      /* and on what terms it is dialled                              */
	bool is_phone;           /* as in struct leg                                             */
	bool emits_tls;          /* `emit-transport-tls`                                         */
	struct str dn;
	struct str uuid;
	struct str instance;                     /* of the phone that registered, or empty */
	struct str routes;                       /* that go with request_uri, or empty */
	struct str contact;                      /* our GRUU there, behind its scheme, or empty */
	struct aim others[CONTACTS_PER_AOR_MAX]; /* of the ways whose aim is 1, 2, ...      */
	uint32_t other_count;
	struct way ways[WAYS_MAX];
	uint32_t way_count;
	int32_t max_forwards;
	bool is_proven;               /* the registration that holds the way was by digest */
	bool is_trusted;              /* it is told who calls, and believed (RFC 3325)     */
	bool may_use_tcp;             /* the contact leaves the transport open                */
	bool is_strict;               /* `crossing: strict`, for both legs                     */
	unsigned unreachable_warning; /* for the caller if TLS does not lead there; 0: none */
	bool may_prove;               /* a challenge is answered with what the DN was given   */
};

/* Makes a leg and sends its INVITE by the first way that secure/target allows.
 * Ends: the leg in CALLING; NULL with *WHY a sentence when no way is left or the table is full. */
struct leg *leg_open_made(struct legs *, const struct leg_plan *, const struct cargo *,
	const struct turn *, struct str *why);

/* The ACK that it owes, with the answer to the offer in the 2xx. */
void leg_ack(struct legs *, struct leg *, const struct cargo *, const struct turn *);

/* ---- both, inside the dialog ---- */

/* Whether a re-INVITE may be sent now: no INVITE under way either way, and no ACK missing. */
bool leg_may_change(const struct leg *);

/* Sends a re-INVITE with what is in CARGO (an empty body: the peer is to offer).
 * Ends: true; false if it could not be sent. */
bool leg_change(struct legs *, struct leg *, const struct cargo *, const struct turn *);

/* Sends INFO or MESSAGE. Ends: the transaction, or REF_NONE. */
struct ref leg_ask(
	struct legs *, struct leg *, enum method, const struct cargo *, const struct turn *);

/* Answers the peer's INFO or MESSAGE. */
void leg_asked(struct legs *, struct leg *, struct ref txn, unsigned status, struct str reason,
	const struct cargo *, const struct turn *);

/* Ends the leg in the way its state asks for: a final answer STATUS to a caller that waits, CANCEL
 * to
 * a callee that was called, BYE inside a dialog, and BYE as soon as allowed where the ACK is still
 * out.
 * After: the leg is LEAVING or GONE, or will say OVER once the ACK is there or missing for good.
 * REASON_HEADER: the value of a Reason header, or empty. */
void leg_end(struct legs *, struct leg *, unsigned status, struct str reason,
	struct str reason_header, const struct cargo *, const struct turn *);

/* ---- what arrives for a leg ---- */

/* The leg whose dialog REQUEST is inside of, by its To tag, Call-ID and From tag; NULL: none. */
struct leg *legs_find(const struct legs *, const struct msg *request);

/* Whether the next hop of the dialog is a name that was not looked for yet.
 * After: true: it counts as looked for, *SOUGHT is what is to be located, with views of the leg. */
bool leg_seeks(struct leg *, struct sought *sought);

/* The next hop was located: what is sent inside the dialog goes there unless it has a flow of its
 * own. */
void leg_found(struct leg *, const struct place *places, uint32_t count);

/* Whether the leg would do what a request inside the dialog that came by WAY asks for, rather than
 * refuse it for its number or its way. */
bool leg_may_take(const struct leg *, const struct msg *, const struct txn_way *way);

/* A request inside the dialog; TXN serves it, REF_NONE for an ACK. Everything the leg can answer by
 * itself it answers. */
struct word leg_hear_request(struct legs *, struct leg *, const struct msg *, struct ref txn,
	const struct txn_way *way, const struct turn *);

/* CANCEL for the INVITE of this leg, which has no final answer yet; the CANCEL itself was
 * answered. */
struct word leg_hear_cancel(
	struct legs *, struct leg *, const struct msg *cancel, const struct turn *);

/* Cancels our re-INVITE that is under way. Ends: true; false if there is none. */
bool leg_cancel_change(struct legs *, struct leg *, const struct turn *);

/* News of a client transaction of this leg; MSG is the response, or NULL for time-outs and
 * failures. */
struct word leg_hear_news(struct legs *, struct leg *, const struct news *, const struct msg *msg,
	const struct txn_way *way, const struct turn *);

/* News of a client transaction whose leg is gone. A 2xx to its INVITE gets the ACK that nobody else
 * would send, and a dialog of its own that no one has hung up yet a BYE (RFC 3261 13.2.2.4). */
void legs_hear_orphan(
	struct legs *, const struct news *, const struct msg *answer, const struct turn *);

/* An alarm of kind ALARM_LEG. */
struct word leg_hear_alarm(struct legs *, struct leg *, const struct alarm *, const struct turn *);

/* Frees a leg that is GONE. Its transactions live out their timers by themselves. */
void leg_close(struct legs *, struct leg *);

/* Whether the connection of the dialog is gone, so that its next request needs another way. */
bool leg_lacks_way(const struct legs *, const struct leg *);

/* Shows the leg where its device is registered now: the way that it takes when its own connection
 * is gone, before it dials (design: live, then registered, then of the same identity, then new). */
void leg_show_way(struct leg *, const struct way *);

/* Keeps by what instance the phone is known that this leg's device registered as. */
void leg_set_instance(struct leg *, struct str instance);

/* Tells the leg which call it is of: the UUID for its messages, the DN for the log.
 * Ends: false when it does not fit. */
bool leg_set_call(struct leg *, struct ref call, struct str uuid, struct str dn);

struct leg *leg_at(const struct legs *, struct ref);
struct str leg_text(const struct leg *, enum leg_text);
struct str leg_state_name(enum leg_state);

/* Puts how the leg is secured, one line for the log: scheme, transport, TLS version, cipher,
 * verified name. */
void leg_write_security(const struct legs *, const struct leg *, struct buf *);

#endif
