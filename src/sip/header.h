/* SPDX-License-Identifier: Apache-2.0 */
/* header.h - the table of header names, compact forms and methods. */
#ifndef SIP_HEADER_H
#define SIP_HEADER_H

#include "base/str.h"

/* X(symbol, "Name", compact or 0, shape). Shapes: ONE (a second line is a fault), LIST (lines and
 * commas mean the same), MANY (lines are kept apart, commas mean nothing). */
#define SIP_HEADERS(X)                                         \
	X(ACCEPT, "Accept", 0, LIST)                           \
	X(ACCEPT_ENCODING, "Accept-Encoding", 0, LIST)         \
	X(ACCEPT_LANGUAGE, "Accept-Language", 0, LIST)         \
	X(ALERT_INFO, "Alert-Info", 0, LIST)                   \
	X(ALLOW, "Allow", 0, LIST)                             \
	X(ALLOW_EVENTS, "Allow-Events", 'u', LIST)             \
	X(AUTHENTICATION_INFO, "Authentication-Info", 0, ONE)  \
	X(AUTHORIZATION, "Authorization", 0, MANY)             \
	X(CALL_ID, "Call-ID", 'i', ONE)                        \
	X(CALL_INFO, "Call-Info", 0, LIST)                     \
	X(CONTACT, "Contact", 'm', LIST)                       \
	X(CONTENT_DISPOSITION, "Content-Disposition", 0, ONE)  \
	X(CONTENT_ENCODING, "Content-Encoding", 'e', LIST)     \
	X(CONTENT_LANGUAGE, "Content-Language", 0, LIST)       \
	X(CONTENT_LENGTH, "Content-Length", 'l', ONE)          \
	X(CONTENT_TYPE, "Content-Type", 'c', ONE)              \
	X(CSEQ, "CSeq", 0, ONE)                                \
	X(DATE, "Date", 0, ONE)                                \
	X(DIVERSION, "Diversion", 0, LIST)                     \
	X(ERROR_INFO, "Error-Info", 0, LIST)                   \
	X(EVENT, "Event", 'o', ONE)                            \
	X(EXPIRES, "Expires", 0, ONE)                          \
	X(FLOW_TIMER, "Flow-Timer", 0, ONE)                    \
	X(FROM, "From", 'f', ONE)                              \
	X(HISTORY_INFO, "History-Info", 0, LIST)               \
	X(IN_REPLY_TO, "In-Reply-To", 0, LIST)                 \
	X(INFO_PACKAGE, "Info-Package", 0, ONE)                \
	X(MAX_BREADTH, "Max-Breadth", 0, ONE)                  \
	X(MAX_FORWARDS, "Max-Forwards", 0, ONE)                \
	X(MIN_EXPIRES, "Min-Expires", 0, ONE)                  \
	X(MIN_SE, "Min-SE", 0, ONE)                            \
	X(MIME_VERSION, "MIME-Version", 0, ONE)                \
	X(ORGANIZATION, "Organization", 0, ONE)                \
	X(P_ASSERTED_IDENTITY, "P-Asserted-Identity", 0, LIST) \
	X(PATH, "Path", 0, LIST)                               \
	X(PRIORITY, "Priority", 0, ONE)                        \
	X(PRIVACY, "Privacy", 0, LIST)                         \
	X(PROXY_AUTHENTICATE, "Proxy-Authenticate", 0, MANY)   \
	X(PROXY_AUTHORIZATION, "Proxy-Authorization", 0, MANY) \
	X(PROXY_REQUIRE, "Proxy-Require", 0, LIST)             \
	X(RACK, "RAck", 0, ONE)                                \
	X(REASON, "Reason", 0, LIST)                           \
	X(RECORD_ROUTE, "Record-Route", 0, LIST)               \
	X(REFER_TO, "Refer-To", 'r', ONE)                      \
	X(REFERRED_BY, "Referred-By", 'b', ONE)                \
	X(REPLACES, "Replaces", 0, ONE)                        \
	X(REPLY_TO, "Reply-To", 0, ONE)                        \
	X(REQUIRE, "Require", 0, LIST)                         \
	X(RETRY_AFTER, "Retry-After", 0, ONE)                  \
	X(ROUTE, "Route", 0, LIST)                             \
	X(RSEQ, "RSeq", 0, ONE)                                \
	X(SERVER, "Server", 0, ONE)                            \
	X(SERVICE_ROUTE, "Service-Route", 0, LIST)             \
	X(SESSION_EXPIRES, "Session-Expires", 'x', ONE)        \
	X(SESSION_ID, "Session-ID", 0, MANY)                   \
	X(SUBJECT, "Subject", 's', ONE)                        \
	X(SUBSCRIPTION_STATE, "Subscription-State", 0, ONE)    \
	X(SUPPORTED, "Supported", 'k', LIST)                   \
	X(TIMESTAMP, "Timestamp", 0, ONE)                      \
	X(TO, "To", 't', ONE)                                  \
	X(UNSUPPORTED, "Unsupported", 0, LIST)                 \
	X(USER_AGENT, "User-Agent", 0, ONE)                    \
	X(USER_TO_USER, "User-to-User", 0, MANY)               \
	X(VIA, "Via", 'v', LIST)                               \
	X(WARNING, "Warning", 0, LIST)                         \
	X(WWW_AUTHENTICATE, "WWW-Authenticate", 0, MANY)

enum header_id {
	HEADER_OTHER,
#define X(symbol, name, compact, shape) HEADER_##symbol,
	SIP_HEADERS(X)
#undef X
		HEADER_IDS
};

enum header_shape { SHAPE_ONE, SHAPE_LIST, SHAPE_MANY };

/* Which header NAME is, in its long or compact form, ASCII case ignored; HEADER_OTHER if it is not
 * in the table. */
enum header_id header_find(struct str name);

/* The long name, as we write it. Pre: not HEADER_OTHER. */
struct str header_name(enum header_id);
enum header_shape header_shape(enum header_id);

/* X(method). The first column of every table of methods. */
#define SIP_METHODS(X) \
	X(INVITE)      \
	X(ACK)         \
	X(BYE)         \
	X(CANCEL)      \
	X(OPTIONS)     \
	X(REGISTER)    \
	X(INFO)        \
	X(MESSAGE)     \
	X(PRACK)       \
	X(UPDATE)      \
	X(REFER)       \
	X(NOTIFY)      \
	X(SUBSCRIBE)   \
	X(PUBLISH)

enum method {
	METHOD_OTHER,
#define X(name) METHOD_##name,
	SIP_METHODS(X)
#undef X
		METHODS
};

/* Case matters (RFC 3261 7.1): `invite` is METHOD_OTHER. */
enum method method_find(struct str name);
struct str method_name(enum method); /* Pre: not METHOD_OTHER */

#endif
