/* SPDX-License-Identifier: Apache-2.0 */
#include "support/tap.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "secure/scheme.h"
#include "sip/frame.h"

#define blame(why, bytes) fail_msg("%s:\n%.*s", why, (int)(bytes).len, (bytes).at)

static bool
has(struct str text, struct str part)
{
	return part.len > 0 && memmem(text.at, text.len, part.at, part.len) != NULL;
}

static bool
is_of_sips(const struct tap *tap, struct str call_id)
{
	for (unsigned i = 0; i < tap->count; i++)
		if (str_same(call_id, str_cstr(tap->call_ids[i])))
			return true;
	return false;
}

static void
learn(struct tap *tap, struct str call_id)
{
	if (call_id.len == 0 || is_of_sips(tap, call_id))
		return;
	assert_true(tap->count < TAP_CALL_IDS_MAX && call_id.len < TAP_CALL_ID_BYTES);
	memcpy(tap->call_ids[tap->count], call_id.at, call_id.len);
	tap->call_ids[tap->count++][call_id.len] = '\0';
}

static struct msg scratch;

void
tap_hear(struct tap *tap, enum transport transport, struct str bytes)
{
	unsigned crlfs = 0;
	struct fault fault;

	if (transport != TRANSPORT_TLS)
		return;
	while (bytes.len > 0) {
		struct frame frame = frame_next(bytes, &crlfs);

		bytes = str_from(bytes, frame.skip + frame.message.len);
		if (frame.kind == FRAME_MORE || frame.kind == FRAME_FAULT)
			return;
		if (frame.kind == FRAME_PING || !msg_parse(&scratch, frame.message, true, &fault))
			continue;
		if (scratch.is_request &&
			speech_of_request(&scratch, transport).scheme == SCHEME_SIPS)
			learn(tap, scratch.call_id);
	}
}

/* ---- what goes out ---- */

static unsigned
count_of(const struct msg *msg, enum header_id id)
{
	const struct header *line = msg_header(msg, id);
	unsigned count = 0;

	for (; line != NULL; line = msg_header_next(msg, line))
		count++;
	return count;
}

/* All up to the empty line, whose first CRLF is in it. */
static struct str
head_of(struct str bytes)
{
	const char *end = memmem(bytes.at, bytes.len, "\r\n\r\n", 4);

	if (end == NULL)
		blame("no empty line", bytes);
	return str_of(bytes.at, end == NULL ? 0 : (size_t)(end - bytes.at) + 2);
}

/* Whether the octet at I may stand in LINE: no control octet may, but for a tab, and for those that
 * a peer put behind a backslash in quotes (RFC 3261 25.1), which a response repeats. */
static bool
may_stand(struct str line, size_t i, bool is_response)
{
	unsigned char c = (unsigned char)line.at[i];

	if ((c >= 0x20 && c != 0x7f) || c == 0x09)
		return true;
	return is_response && i > 0 && line.at[i - 1] == '\\' && str_find(line, '"') < i &&
		str_find(str_from(line, i), '"') < line.len - i;
}

/* Every line ends with CRLF, has a name and a colon, and holds no control octet. */
static void
see_lines(struct str bytes)
{
	bool is_response = str_begins(bytes, STR("SIP/2.0 "));
	struct str head = head_of(bytes);
	bool is_first = true;

	while (head.len > 0) {
		struct str line = str_cut(&head, '\r');

		if (head.len == 0 || head.at[0] != '\n')
			blame("a line without LF", bytes);
		head = str_from(head, 1);
		for (size_t i = 0; i < line.len; i++)
			if (!may_stand(line, i, is_response))
				blame("a control octet", bytes);
		if (!is_first && (str_find(line, ':') == 0 || str_find(line, ':') == line.len))
			blame("a line that is no header", bytes);
		is_first = false;
	}
}

static void
see_once(const struct msg *msg, struct str bytes)
{
	static const enum header_id once[] = { HEADER_FROM, HEADER_TO, HEADER_CALL_ID, HEADER_CSEQ,
		HEADER_CONTENT_LENGTH };
	struct str length = msg_value(msg, HEADER_CONTENT_LENGTH);
	uint64_t count;

	for (size_t i = 0; i < sizeof once / sizeof once[0]; i++)
		if (count_of(msg, once[i]) != 1)
			blame("a header that must stand once", bytes);
	if (!str_number(length, BODY_BYTES_MAX, &count) ||
		bytes.len - head_of(bytes).len - 2 != count)
		blame("Content-Length is not that of the body", bytes);
	if ((msg_header(msg, HEADER_CONTENT_TYPE) != NULL) != (count > 0))
		blame("Content-Type and body do not go together", bytes);
}

static void
see_response(const struct msg *msg, struct str bytes)
{
	static const struct {
		unsigned status;
		enum header_id needs;
	} needs[] = { { 401, HEADER_WWW_AUTHENTICATE }, { 405, HEADER_ALLOW },
		{ 420, HEADER_UNSUPPORTED }, { 422, HEADER_MIN_SE }, { 423, HEADER_MIN_EXPIRES },
		{ 415, HEADER_ACCEPT } };

	for (size_t i = 0; i < sizeof needs / sizeof needs[0]; i++)
		if (msg->status == needs[i].status && count_of(msg, needs[i].needs) == 0)
			blame("a response without the header that it needs", bytes);
	/* A 100 has the one of its request or none: the scenarios look at that. */
	if (msg->status != 100 && str_is_empty(msg->to.tag))
		blame("no To tag", bytes);
	if (msg->method == METHOD_INVITE && msg->status > 100 && msg->status < 300 &&
		count_of(msg, HEADER_CONTACT) != 1)
		blame("no Contact", bytes);
	if (msg->method == METHOD_REGISTER && msg->status >= 600)
		blame("6xx to REGISTER", bytes);
}

static void
see_request(const struct msg *msg, enum transport transport, struct str bytes)
{
	if (msg->via_count != 1 || !str_same(msg->via.transport, transport_name(transport)))
		blame("not one Via of this transport", bytes);
	if (count_of(msg, HEADER_MAX_FORWARDS) != 1 || str_is_empty(msg->from.tag))
		blame("no Max-Forwards or From tag", bytes);
	if (msg->method == METHOD_INVITE && count_of(msg, HEADER_CONTACT) != 1)
		blame("no Contact", bytes);
	if (msg->method == METHOD_ACK && count_of(msg, HEADER_CONTACT) != 0)
		blame("a Contact in an ACK", bytes);
	if (msg->target.scheme != URI_SIP && msg->target.scheme != URI_SIPS)
		blame("a Request-URI that is neither sip nor sips", bytes);
}

/* The one promise: nothing of a sips leg leaves over anything but TLS. */
static void
see_secrecy(const struct tap *tap, enum transport transport, struct str bytes)
{
	if (transport == TRANSPORT_TLS)
		return;
	if (tap->may_echo_sips && str_begins(bytes, STR("SIP/2.0 ")))
		return;
	if (tap->may_echo_sips) /* and a body crosses as it is */
		bytes.len = head_of(bytes).len;
	for (unsigned i = 0; i < tap->count; i++)
		if (has(bytes, str_cstr(tap->call_ids[i])))
			blame("the Call-ID of a sips leg in clear", bytes);
	if (str_holds_alike(bytes, STR("sips:")))
		blame("`sips:` in clear", bytes);
}

static void
see_sips_request(struct tap *tap, const struct msg *msg, enum transport transport, struct str bytes)
{
	learn(tap, msg->call_id);
	if (transport != TRANSPORT_TLS)
		blame("a request of a sips leg in clear", bytes);
	if (str_holds_alike(bytes, STR("transport=tls")))
		blame("transport=tls on a sips leg", bytes);
	if (str_is_none(msg->to.tag) &&
		(msg->from.uri.scheme != URI_SIPS || msg->to.uri.scheme != URI_SIPS))
		blame("From or To of a sips leg is not sips", bytes);
	if (count_of(msg, HEADER_CONTACT) > 0 &&
		!str_holds_alike(msg_value(msg, HEADER_CONTACT), STR("<sips:")))
		blame("the Contact of a sips leg is not sips", bytes);
}

void
tap_see(struct tap *tap, enum transport transport, struct str bytes)
{
	struct fault fault;

	tap->messages++;
	if (str_same(bytes, STR("\r\n"))) {
		assert_int_not_equal(transport, TRANSPORT_UDP);
		return;
	}
	see_lines(bytes);
	see_secrecy(tap, transport, bytes);
	if (!msg_parse(&scratch, bytes, true, &fault)) {
		/* What could not be read is repeated as it stands. */
		if (str_begins(bytes, STR("SIP/2.0 4")) || str_begins(bytes, STR("SIP/2.0 5")))
			return;
		fail_msg("cannot be read: %.*s\n%.*s", (int)fault_reason(fault.what).len,
			fault_reason(fault.what).at, (int)bytes.len, bytes.at);
	}
	see_once(&scratch, bytes);
	if (scratch.is_request)
		see_request(&scratch, transport, bytes);
	else
		see_response(&scratch, bytes);
	if (scratch.is_request && scratch.target.scheme == URI_SIPS)
		see_sips_request(tap, &scratch, transport, bytes);
}
