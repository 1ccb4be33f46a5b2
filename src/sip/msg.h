/* SPDX-License-Identifier: Apache-2.0 */
/* msg.h - one SIP message, taken apart into views and numbers.
 *
 * A struct msg is never kept: it lives in the scratch of one event, and so do the bytes. Whatever
 * must outlive the event is copied by name.
 */
#ifndef SIP_MSG_H
#define SIP_MSG_H

#include "base/limits.h"
#include "sip/header.h"
#include "sip/nameaddr.h"
#include "sip/via.h"

/* X(symbol, status to answer with, reason phrase). The fault carries the offset, so the answer and
 * the line in the log agree. */
#define SIP_FAULTS(X)                                       \
	X(NONE, 0, "")                                      \
	X(START_LINE, 400, "Bad Start-Line")                \
	X(VERSION, 505, "Version Not Supported")            \
	X(REQUEST_URI, 400, "Bad Request-URI")              \
	X(URI_LONG, 414, "Request-URI Too Long")            \
	X(HEADER_LINE, 400, "Bad Header Line")              \
	X(HEADER_TWICE, 400, "Repeated Header")             \
	X(TOO_MANY, 513, "Message Too Large")               \
	X(HEAD_LARGE, 513, "Message Too Large")             \
	X(BODY_LARGE, 413, "Request Entity Too Large")      \
	X(LENGTH, 400, "Bad Content-Length")                \
	X(BODY_SHORT, 400, "Content-Length Beyond Message") \
	X(VIA, 400, "Bad Via")                              \
	X(FROM, 400, "Bad From")                            \
	X(TO, 400, "Bad To")                                \
	X(CALL_ID, 400, "Bad Call-ID")                      \
	X(CSEQ, 400, "Bad CSeq")                            \
	X(CONTACT, 400, "Bad Contact")                      \
	X(ROUTE, 400, "Bad Route")                          \
	X(RECORD_ROUTE, 400, "Bad Record-Route")            \
	X(MAX_FORWARDS, 400, "Bad Max-Forwards")            \
	X(EXPIRES, 400, "Bad Expires")                      \
	X(SESSION_EXPIRES, 400, "Bad Session-Expires")      \
	X(MIN_SE, 400, "Bad Min-SE")                        \
	X(CONTENT_TYPE, 400, "Missing Content-Type")

enum sip_fault {
#define X(symbol, status, reason) FAULT_##symbol,
	SIP_FAULTS(X)
#undef X
};

struct fault {
	enum sip_fault what;
	uint32_t at;       /* offset of the octet where it showed */
	enum header_id id; /* which header, for HEADER_TWICE       */
};

unsigned fault_status(enum sip_fault);
struct str fault_reason(enum sip_fault);

struct header {
	enum header_id id;
	struct str name;  /* as written */
	struct str value; /* trimmed; folds are still in it */
	uint32_t
		/* index of the next line of the same id, 0 if none (line 0 is never a next) */
		next;
};

struct msg {
	struct str text; /* all of it */
	bool is_request;
	enum method method; /* of the request, or of the CSeq of a response */
	struct str method_text;
	struct str target_text; /* Request-URI */
	struct uri target;      /* good when not FAULT_REQUEST_URI; any scheme */
	unsigned status;        /* 100 to 699 */
	struct str reason;
	struct str body;

	uint32_t header_count;
	struct header headers[HEADERS_MAX];
	uint32_t first[HEADER_IDS]; /* index + 1 of the first line of each header; 0: absent */

	/* What every message must have, taken apart. Each is good unless the fault names it. */
	struct via via;     /* the topmost value */
	uint32_t via_count; /* values over all lines */
	struct nameaddr from, to;
	struct str call_id;
	uint32_t cseq;
	struct str cseq_method_text;
	int32_t max_forwards; /* -1: absent; above 255 reads as 255 */
};

/* Reads one whole message: DATA is a datagram, or what frame.h cut from a stream.
 *
 * A datagram's octets beyond Content-Length are left out of the body; without Content-Length the
 * rest of the datagram is the body. IS_STREAM demands a Content-Length (RFC 3261 18.3).
 * Checked here: the start line and its version; every header line; names that may stand once; the
 * mandatory headers Via, From, To, Call-ID, CSeq (number below 2^32, method equal to the start
 * line's unless that is METHOD_OTHER and differs, which is CSEQ too); Max-Forwards, Content-Length,
 * and for an INVITE's Contact, Record-Route, Route, Session-Expires, Min-SE and Expires their
 * syntax when present. A message with a body must have a Content-Type.
 *
 * After: MSG holds views into DATA and is good as long as DATA is. Nothing is allocated.
 * Ends: true; false with FAULT the first thing that was wrong. Reading went on where it could, so
 *       that msg_may_answer() tells whether an answer can be made. */
bool msg_parse(struct msg *, struct str data, bool is_stream, struct fault *);

/* Whether this is a request other than ACK whose Via stands there well enough for a response to
 * find
 * its way; of From, To, Call-ID and CSeq a response echoes what is there. */
bool msg_may_answer(const struct msg *);

/* The first line of a header, or NULL; the next line of the same header, or NULL. */
const struct header *msg_header(const struct msg *, enum header_id);
const struct header *msg_header_next(const struct msg *, const struct header *);

/* The value of the first line, or STR_NONE. */
struct str msg_value(const struct msg *, enum header_id);

/* Walks all values of a LIST header over its lines and commas.
 *   struct values v = msg_values(msg, HEADER_ROUTE);
 *   while (values_next(&v, &value)) ... */
struct values {
	const struct msg *msg;
	const struct header *line;
	struct str rest;
};
struct values msg_values(const struct msg *, enum header_id);
bool values_next(struct values *, struct str *value);

/* Whether TOKEN is one of the values of a list of tokens (Supported, Require, Allow), case ignored
 * (for Allow, methods, case counts nothing here either). */
bool msg_has_token(const struct msg *, enum header_id, struct str token);

/* A number of seconds: Expires, Min-Expires, Min-SE, and Session-Expires without its parameters.
 * Ends: true with *SECONDS (clamped to 2^31 - 1); false when absent or no number. */
bool msg_seconds(const struct msg *, enum header_id, uint32_t *seconds);

/* The refresher parameter of Session-Expires: `uac`, `uas`, or STR_NONE. */
struct str msg_refresher(const struct msg *);

/* The only Contact of a message, parsed. Ends: true if there is exactly one and it is not `*`. */
bool msg_contact(const struct msg *, struct nameaddr *contact);

/* Where requests go to who sent this message (RFC 3261 12.1.1): its only Contact; for a request of
 * RFC 2543, which may have none, its From.
 * Ends: true if there is such a place. */
bool msg_remote_target(const struct msg *, struct nameaddr *target);

#endif
