/* SPDX-License-Identifier: Apache-2.0 */
/* wire.h - the judge's own reader of SIP: slow, plain, and written from RFC 3261 alone. It shares
 * nothing with src/, so that a mistake there is not made here too.
 *
 * It reads what it can (wire_read is lenient) and says apart from that whether a message is beyond
 * reproach (is_strict): only of such may be demanded that the server takes it.
 */
#ifndef SIM_WIRE_H
#define SIM_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct wire_text {
	const char *at; /* NULL: not there */
	size_t len;
};

enum wire_id {
	WIRE_OTHER,
	WIRE_ACCEPT,
	WIRE_ALLOW,
	WIRE_AUTHORIZATION,
	WIRE_CALL_ID,
	WIRE_CONTACT,
	WIRE_CONTENT_ENCODING,
	WIRE_CONTENT_LENGTH,
	WIRE_CONTENT_TYPE,
	WIRE_CSEQ,
	WIRE_EXPIRES,
	WIRE_FROM,
	WIRE_MAX_FORWARDS,
	WIRE_MIN_EXPIRES,
	WIRE_MIN_SE,
	WIRE_PROXY_AUTHORIZATION,
	WIRE_RECORD_ROUTE,
	WIRE_REQUIRE,
	WIRE_RETRY_AFTER,
	WIRE_ROUTE,
	WIRE_SESSION_EXPIRES,
	WIRE_SUBJECT,
	WIRE_SUPPORTED,
	WIRE_TO,
	WIRE_UNSUPPORTED,
	WIRE_UUID,
	WIRE_VIA,
	WIRE_WARNING,
	WIRE_WWW_AUTHENTICATE,
	WIRE_IDS,
};

enum { WIRE_HEADERS_MAX = 300 };

struct wire_header {
	enum wire_id id;
	struct wire_text name, value;
};

struct wire_msg {
	bool is_request;
	bool is_to_bare;   /* the To is `<uri>` and a good one */
	bool is_readable;  /* start line, Via with branch, From, To, Call-ID and CSeq are there */
	bool is_strict;    /* and nothing at all is wrong with it */
	const char *fault; /* of what is not strict, the first thing */

	struct wire_text text;
	struct wire_text method; /* of the start line; of a response that of CSeq */
	struct wire_text uri;
	unsigned status;

	struct wire_text via_transport, sent_by, branch; /* of the topmost Via */
	struct wire_text from, to, from_uri, to_uri, from_tag, to_tag;
	struct wire_text call_id, cseq_method;
	uint32_t cseq;
	struct wire_text contact; /* the URI of the first, or `*` */
	unsigned via_count, contact_count;
	int64_t content_length; /* -1: none */
	struct wire_text head;  /* up to and with the empty line */
	struct wire_text body;

	size_t header_count;
	struct wire_header headers[WIRE_HEADERS_MAX];
	uint16_t first[WIRE_IDS]; /* index + 1 of the first header of each kind */
	uint16_t count[WIRE_IDS]; /* lines of each kind */
};

enum wire_frame { WIRE_MORE, WIRE_MESSAGE, WIRE_NONSENSE };

/* What stands at the front of a stream: *SKIP octets of CR and LF, then a message of *LEN octets,
 * or part of one, or what no message can begin with (RFC 3261 7.5, 18.3). */
enum wire_frame wire_next(const char *at, size_t len, size_t *skip, size_t *message_len);

/* Takes a message apart. A datagram may have more octets behind its body than Content-Length says,
 * and may do without one (RFC 3261 18.3). Views are into AT. */
void wire_read(struct wire_msg *, const char *at, size_t len, bool is_stream);

/* What is wrong with a message that the server sends, or NULL. TRANSPORT is that of the flow. */
const char *wire_judge(const struct wire_msg *, const char *transport);

struct wire_text wire_value(const struct wire_msg *, enum wire_id);

/* Cuts the next value out of a list, `a, b`; commas in quotes and angle brackets do not count.
 * Ends: false when REST is empty. */
bool wire_list_next(struct wire_text *rest, struct wire_text *value);

/* All values of all lines of a kind: start with a *LINE of 0. */
struct wire_list {
	const struct wire_msg *msg;
	enum wire_id id;
	size_t line;
	struct wire_text rest;
};

struct wire_list wire_values(const struct wire_msg *, enum wire_id);
bool wire_values_next(struct wire_list *, struct wire_text *value);

/* The URI of a name-addr or addr-spec, and a parameter behind it (of the header, not the URI). */
struct wire_text wire_uri_of(struct wire_text name_addr);
struct wire_text wire_param(struct wire_text name_addr, const char *name);

bool wire_uri_is_sips(struct wire_text uri);
struct wire_text wire_uri_user(struct wire_text uri);
struct wire_text wire_uri_host(struct wire_text uri);      /* without port, without brackets */
struct wire_text wire_uri_host_port(struct wire_text uri); /* as it is written */
struct wire_text wire_uri_bare(struct wire_text uri);      /* without parameters and headers */
struct wire_text wire_uri_behind(struct wire_text uri);    /* all behind `sip:` or `sips:` */

/* ---- text ---- */

struct wire_text wire_cstr(const char *);
bool wire_is(struct wire_text, const char *);    /* octet for octet */
bool wire_alike(struct wire_text, const char *); /* the case of letters apart */
bool wire_same(struct wire_text, struct wire_text);
bool wire_same_alike(struct wire_text, struct wire_text);
bool wire_holds(struct wire_text, struct wire_text part);
bool wire_begins_alike(struct wire_text, const char *);
struct wire_text wire_trim(struct wire_text);

/* Ends: the number, or -1. */
int64_t wire_number(struct wire_text);

/* Mixes parts into keys; FOLD: the case of letters does not count. */
uint64_t wire_hash(uint64_t seed, struct wire_text);
uint64_t wire_hash_fold(uint64_t seed, struct wire_text);
uint64_t wire_mix(uint64_t seed, uint64_t part);

#endif
