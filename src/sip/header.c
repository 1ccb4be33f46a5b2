/* SPDX-License-Identifier: Apache-2.0 */
#include "sip/header.h"

#include <string.h>

#include "base/panic.h"

static const struct {
	struct str name;
	char compact;
	enum header_shape shape;
} headers[HEADER_IDS] = {
#define X(symbol, name, compact, shape) \
	[HEADER_##symbol] = { { name, sizeof name - 1 }, compact, SHAPE_##shape },
	SIP_HEADERS(X)
#undef X
};

/* The headers by the length of their names; 0 ends a row that is not full. */
enum { NAME_MAX_BYTES = 19, ALIKE_MAX = 9 };
static const uint8_t by_length[NAME_MAX_BYTES + 1][ALIKE_MAX + 1] = {
	[2] = { HEADER_TO },
	[3] = { HEADER_VIA },
	[4] = { HEADER_FROM, HEADER_CSEQ, HEADER_DATE, HEADER_PATH, HEADER_RACK, HEADER_RSEQ },
	[5] = { HEADER_ALLOW, HEADER_ROUTE, HEADER_EVENT },
	[6] = { HEADER_ACCEPT, HEADER_MIN_SE, HEADER_REASON, HEADER_SERVER },
	[7] = { HEADER_CALL_ID, HEADER_CONTACT, HEADER_EXPIRES, HEADER_REQUIRE, HEADER_SUBJECT,
		HEADER_PRIVACY, HEADER_WARNING },
	[8] = { HEADER_REFER_TO, HEADER_REPLACES, HEADER_PRIORITY, HEADER_REPLY_TO },
	[9] = { HEADER_SUPPORTED, HEADER_TIMESTAMP, HEADER_CALL_INFO, HEADER_DIVERSION },
	[10] = { HEADER_USER_AGENT, HEADER_ALERT_INFO, HEADER_ERROR_INFO, HEADER_FLOW_TIMER,
		HEADER_SESSION_ID },
	[11] = { HEADER_REFERRED_BY, HEADER_UNSUPPORTED, HEADER_RETRY_AFTER, HEADER_MIN_EXPIRES,
		HEADER_MAX_BREADTH, HEADER_IN_REPLY_TO },
	[12] = { HEADER_MAX_FORWARDS, HEADER_CONTENT_TYPE, HEADER_RECORD_ROUTE, HEADER_ALLOW_EVENTS,
		HEADER_USER_TO_USER, HEADER_HISTORY_INFO, HEADER_INFO_PACKAGE, HEADER_MIME_VERSION,
		HEADER_ORGANIZATION },
	[13] = { HEADER_AUTHORIZATION, HEADER_PROXY_REQUIRE, HEADER_SERVICE_ROUTE },
	[14] = { HEADER_CONTENT_LENGTH },
	[15] = { HEADER_SESSION_EXPIRES, HEADER_ACCEPT_ENCODING, HEADER_ACCEPT_LANGUAGE },
	[16] = { HEADER_WWW_AUTHENTICATE, HEADER_CONTENT_ENCODING, HEADER_CONTENT_LANGUAGE },
	[18] = { HEADER_PROXY_AUTHENTICATE, HEADER_SUBSCRIPTION_STATE },
	[19] = { HEADER_PROXY_AUTHORIZATION, HEADER_CONTENT_DISPOSITION, HEADER_AUTHENTICATION_INFO,
		HEADER_P_ASSERTED_IDENTITY },
};

static enum header_id
find_compact(char letter)
{
	letter = char_lower(letter);
	for (unsigned id = 1; id < HEADER_IDS; id++)
		if (headers[id].compact == letter && letter != 0)
			return (enum header_id)id;
	return HEADER_OTHER;
}

enum header_id
header_find(struct str name)
{
	if (name.len == 1)
		return find_compact(name.at[0]);
	if (name.len == 0 || name.len > NAME_MAX_BYTES)
		return HEADER_OTHER;
	for (const uint8_t *id = by_length[name.len]; *id != HEADER_OTHER; id++) {
		const char *known = headers[*id].name.at;

		if (((known[0] ^ name.at[0]) & ~0x20) != 0)
			continue;
		if (memcmp(known, name.at, name.len) == 0 || str_alike(headers[*id].name, name))
			return (enum header_id) * id;
	}
	return HEADER_OTHER;
}

struct str
header_name(enum header_id id)
{
	must(id != HEADER_OTHER && id < HEADER_IDS);
	return headers[id].name;
}

enum header_shape
header_shape(enum header_id id)
{
	return id == HEADER_OTHER ? SHAPE_MANY : headers[id].shape;
}

static const struct str methods[METHODS] = {
#define X(name) [METHOD_##name] = { #name, sizeof #name - 1 },
	SIP_METHODS(X)
#undef X
};

enum method
method_find(struct str name)
{
	for (unsigned method = 1; method < METHODS; method++)
		if (methods[method].len == name.len && methods[method].at[0] == name.at[0] &&
			memcmp(methods[method].at, name.at, name.len) == 0)
			return (enum method)method;
	return METHOD_OTHER;
}

struct str
method_name(enum method method)
{
	must(method != METHOD_OTHER && method < METHODS);
	return methods[method];
}
