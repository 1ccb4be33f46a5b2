/* SPDX-License-Identifier: Apache-2.0 */
#include "sip/write.h"

#include "base/panic.h"
#include "sip/lex.h"

void
write_request_line(struct buf *b, struct str method, struct str target)
{
	if (!lex_is_token(method) || target.len == 0 || lex_find_control(target) < target.len ||
		str_find(target, ' ') < target.len)
		b->full = true;
	buf_put(b, method);
	buf_char(b, ' ');
	buf_put(b, target);
	buf_put(b, STR(" SIP/2.0\r\n"));
}

void
write_status_line(struct buf *b, unsigned status, struct str reason)
{
	must(status >= 100 && status <= 699);
	buf_put(b, STR("SIP/2.0 "));
	buf_number(b, status);
	buf_char(b, ' ');
	lex_write_value(b, reason, false);
	buf_put(b, STR("\r\n"));
}

void
write_begin(struct buf *b, enum header_id id)
{
	buf_put(b, header_name(id));
	buf_put(b, STR(": "));
}

void
write_piece(struct buf *b, struct str piece)
{
	lex_write_value(b, piece, false);
}

void
write_end(struct buf *b)
{
	buf_put(b, STR("\r\n"));
}

void
write_header(struct buf *b, enum header_id id, struct str value)
{
	write_begin(b, id);
	write_piece(b, value);
	write_end(b);
}

void
write_named(struct buf *b, struct str name, struct str value)
{
	if (!lex_is_token(name))
		b->full = true;
	buf_put(b, name);
	buf_put(b, STR(": "));
	write_piece(b, value);
	write_end(b);
}

void
write_number(struct buf *b, enum header_id id, uint64_t value)
{
	write_begin(b, id);
	buf_number(b, value);
	write_end(b);
}

void
write_copy(struct buf *b, const struct msg *m, enum header_id id)
{
	for (const struct header *h = msg_header(m, id); h != NULL; h = msg_header_next(m, h))
		write_header(b, id, h->value);
}

void
write_party(struct buf *b, const struct nameaddr *party)
{
	struct buf whole = *b;

	write_piece(&whole, party->text);
	if (buf_ok(&whole)) {
		*b = whole;
		return;
	}
	buf_char(b, '<');
	write_piece(b, party->uri.text);
	buf_char(b, '>');
	if (!str_is_none(party->tag)) {
		buf_put(b, STR(";tag="));
		write_piece(b, party->tag);
	}
}

void
write_body(struct buf *b, struct str body)
{
	write_number(b, HEADER_CONTENT_LENGTH, body.len);
	buf_put(b, STR("\r\n"));
	buf_put(b, body);
}

/* Puts the first line of a header as the peer wrote it, and TAG behind it unless that is empty. */
static void
write_echo(struct buf *b, const struct msg *m, enum header_id id, struct str tag)
{
	if (msg_header(m, id) == NULL) /* only in a response to what is malformed */
		return;
	write_begin(b, id);
	lex_write_value(b, msg_value(m, id), true);
	if (tag.len > 0) {
		buf_put(b, STR(";tag="));
		write_piece(b, tag);
	}
	write_end(b);
}

static void
write_vias(struct buf *b, const struct msg *m, const struct addr *from)
{
	struct values v = msg_values(m, HEADER_VIA);
	struct str value;

	if (values_next(&v, &value)) {
		write_begin(b, HEADER_VIA);
		via_write_answered(b, &m->via, from, true);
		write_end(b);
	}
	while (values_next(&v, &value)) {
		write_begin(b, HEADER_VIA);
		lex_write_value(b, value, true);
		write_end(b);
	}
}

/* A peer may put anything there, and it must not keep a 100 from going out. */
static bool
is_timestamp(struct str s)
{
	for (size_t at = 0; at < s.len; at++)
		if (!char_is_digit(s.at[at]) && s.at[at] != '.' && !char_is_space(s.at[at]))
			return false;
	return s.len > 0;
}

void
write_response(struct buf *b, const struct msg *request, const struct addr *from, unsigned status,
	struct str reason, struct str local_tag)
{
	bool tag_it = request->to.text.len > 0 && str_is_none(request->to.tag);

	write_status_line(b, status, reason);
	write_echo(b, request, HEADER_FROM, STR_NONE);
	write_echo(b, request, HEADER_TO, tag_it ? local_tag : STR_NONE);
	write_echo(b, request, HEADER_CALL_ID, STR_NONE);
	write_echo(b, request, HEADER_CSEQ, STR_NONE);
	write_vias(b, request, from);
	if (status == 100 && is_timestamp(msg_value(request, HEADER_TIMESTAMP)))
		write_header(b, HEADER_TIMESTAMP, msg_value(request, HEADER_TIMESTAMP));
}

/* X(status, phrase): RFC 3261 21 and those added since. */
#define PHRASES(X)                                 \
	X(100, "Trying")                           \
	X(180, "Ringing")                          \
	X(181, "Call Is Being Forwarded")          \
	X(182, "Queued")                           \
	X(183, "Session Progress")                 \
	X(199, "Early Dialog Terminated")          \
	X(200, "OK")                               \
	X(202, "Accepted")                         \
	X(204, "No Notification")                  \
	X(300, "Multiple Choices")                 \
	X(301, "Moved Permanently")                \
	X(302, "Moved Temporarily")                \
	X(305, "Use Proxy")                        \
	X(380, "Alternative Service")              \
	X(400, "Bad Request")                      \
	X(401, "Unauthorized")                     \
	X(402, "Payment Required")                 \
	X(403, "Forbidden")                        \
	X(404, "Not Found")                        \
	X(405, "Method Not Allowed")               \
	X(406, "Not Acceptable")                   \
	X(407, "Proxy Authentication Required")    \
	X(408, "Request Timeout")                  \
	X(410, "Gone")                             \
	X(412, "Conditional Request Failed")       \
	X(413, "Request Entity Too Large")         \
	X(414, "Request-URI Too Long")             \
	X(415, "Unsupported Media Type")           \
	X(416, "Unsupported URI Scheme")           \
	X(420, "Bad Extension")                    \
	X(421, "Extension Required")               \
	X(422, "Session Interval Too Small")       \
	X(423, "Interval Too Brief")               \
	X(424, "Bad Location Information")         \
	X(428, "Use Identity Header")              \
	X(429, "Provide Referrer Identity")        \
	X(430, "Flow Failed")                      \
	X(433, "Anonymity Disallowed")             \
	X(436, "Bad Identity Info")                \
	X(437, "Unsupported Credential")           \
	X(438, "Invalid Identity Header")          \
	X(439, "First Hop Lacks Outbound Support") \
	X(440, "Max-Breadth Exceeded")             \
	X(469, "Bad Info Package")                 \
	X(470, "Consent Needed")                   \
	X(480, "Temporarily Unavailable")          \
	X(481, "Call/Transaction Does Not Exist")  \
	X(482, "Loop Detected")                    \
	X(483, "Too Many Hops")                    \
	X(484, "Address Incomplete")               \
	X(485, "Ambiguous")                        \
	X(486, "Busy Here")                        \
	X(487, "Request Terminated")               \
	X(488, "Not Acceptable Here")              \
	X(489, "Bad Event")                        \
	X(491, "Request Pending")                  \
	X(493, "Undecipherable")                   \
	X(494, "Security Agreement Required")      \
	X(500, "Server Internal Error")            \
	X(501, "Not Implemented")                  \
	X(502, "Bad Gateway")                      \
	X(503, "Service Unavailable")              \
	X(504, "Server Time-out")                  \
	X(505, "Version Not Supported")            \
	X(513, "Message Too Large")                \
	X(580, "Precondition Failure")             \
	X(600, "Busy Everywhere")                  \
	X(603, "Decline")                          \
	X(604, "Does Not Exist Anywhere")          \
	X(606, "Not Acceptable")                   \
	X(607, "Unwanted")                         \
	X(608, "Rejected")

struct str
reason_phrase(unsigned status)
{
	switch (status) {
#define X(number, phrase) \
	case number: return STR(phrase);
		PHRASES(X)
#undef X
	default: return STR("Unknown");
	}
}
