/* SPDX-License-Identifier: Apache-2.0 */
#include "wire.h"

#include <ctype.h>
#include <string.h>

/* Name, the compact form (RFC 3261 7.3.3, 20; RFC 4028), and whether it may stand but once. */
static const struct {
	const char *name;
	char compact;
	bool is_single;
} known[WIRE_IDS] = {
	[WIRE_ACCEPT] = { "Accept", 0, false },
	[WIRE_ALLOW] = { "Allow", 0, false },
	[WIRE_AUTHORIZATION] = { "Authorization", 0, false },
	[WIRE_CALL_ID] = { "Call-ID", 'i', true },
	[WIRE_CONTACT] = { "Contact", 'm', false },
	[WIRE_CONTENT_ENCODING] = { "Content-Encoding", 'e', false },
	[WIRE_CONTENT_LENGTH] = { "Content-Length", 'l', true },
	[WIRE_CONTENT_TYPE] = { "Content-Type", 'c', true },
	[WIRE_CSEQ] = { "CSeq", 0, true },
	[WIRE_EXPIRES] = { "Expires", 0, true },
	[WIRE_FROM] = { "From", 'f', true },
	[WIRE_MAX_FORWARDS] = { "Max-Forwards", 0, true },
	[WIRE_MIN_EXPIRES] = { "Min-Expires", 0, true },
	[WIRE_MIN_SE] = { "Min-SE", 0, true },
	[WIRE_PROXY_AUTHORIZATION] = { "Proxy-Authorization", 0, false },
	[WIRE_RECORD_ROUTE] = { "Record-Route", 0, false },
	[WIRE_REQUIRE] = { "Require", 0, false },
	[WIRE_RETRY_AFTER] = { "Retry-After", 0, true },
	[WIRE_ROUTE] = { "Route", 0, false },
	[WIRE_SESSION_EXPIRES] = { "Session-Expires", 'x', true },
	[WIRE_SUBJECT] = { "Subject", 's', true },
	[WIRE_SUPPORTED] = { "Supported", 'k', false },
	[WIRE_TO] = { "To", 't', true },
	[WIRE_UNSUPPORTED] = { "Unsupported", 0, false },
	[WIRE_UUID] = { "X-Genesys-CallUUID", 0, true },
	[WIRE_VIA] = { "Via", 'v', false },
	[WIRE_WARNING] = { "Warning", 0, false },
	[WIRE_WWW_AUTHENTICATE] = { "WWW-Authenticate", 0, false },
};

static bool
fault(struct wire_msg *m, const char *what)
{
	if (m->fault == NULL)
		m->fault = what;
	m->is_strict = false;
	return false;
}

static bool
is_token_char(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
		(c != '\0' && strchr("-.!%*_+`'~", c) != NULL);
}

static bool
is_token(struct wire_text text)
{
	for (size_t i = 0; i < text.len; i++)
		if (!is_token_char(text.at[i]))
			return false;
	return text.len > 0;
}

static enum wire_id
id_of(struct wire_text name)
{
	for (int id = WIRE_OTHER + 1; id < WIRE_IDS; id++)
		if (wire_alike(name, known[id].name) ||
			(name.len == 1 && known[id].compact != 0 &&
				(name.at[0] | 0x20) == known[id].compact))
			return (enum wire_id)id;
	return WIRE_OTHER;
}

/* ---- framing ---- */

static size_t
head_len(const char *at, size_t len)
{
	const char *end = memmem(at, len, "\r\n\r\n", 4);

	return end == NULL ? 0 : (size_t)(end - at) + 4;
}

/* The length of the line at FROM without its CRLF, continuation lines (RFC 3261 7.3.1) included. */
static size_t
line_len(const char *at, size_t len, size_t from)
{
	size_t i = from;

	for (; i + 1 < len; i++)
		if (at[i] == '\r' && at[i + 1] == '\n' &&
			(i + 2 >= len || (at[i + 2] != ' ' && at[i + 2] != '\t')))
			return i - from;
	return len - from;
}

enum wire_frame
wire_next(const char *at, size_t len, size_t *skip, size_t *message_len)
{
	size_t head, from;
	int64_t length = -1;

	for (*skip = 0; *skip < len && (at[*skip] == '\r' || at[*skip] == '\n');)
		++*skip;
	at += *skip;
	len -= *skip;
	head = head_len(at, len);
	if (len > 0 && !is_token_char(at[0]))
		return WIRE_NONSENSE;
	if (head == 0)
		return WIRE_MORE;
	for (from = line_len(at, head, 0) + 2; from + 2 < head;) {
		size_t end = from + line_len(at, head, from);
		const char *colon = memchr(at + from, ':', end - from);
		struct wire_text name = { at + from,
			colon == NULL ? 0 : (size_t)(colon - at) - from };

		if (colon != NULL && id_of(wire_trim(name)) == WIRE_CONTENT_LENGTH) {
			struct wire_text value = { colon + 1, (size_t)(at + end - colon) - 1 };

			if (length >= 0)
				return WIRE_NONSENSE;
			length = wire_number(wire_trim(value));
			if (length < 0)
				return WIRE_NONSENSE;
		}
		from = end + 2;
	}
	if (length < 0)
		return WIRE_NONSENSE;
	*message_len = head + (size_t)length;
	return *message_len <= len ? WIRE_MESSAGE : WIRE_MORE;
}

/* ---- one message ---- */

static void
read_start_line(struct wire_msg *m, struct wire_text line)
{
	const char *space = line.len > 0 ? memchr(line.at, ' ', line.len) : NULL;
	const char *second;
	struct wire_text word = { line.at, space == NULL ? 0 : (size_t)(space - line.at) }, rest;

	if (space == NULL) {
		fault(m, "no start line");
		return;
	}
	rest = (struct wire_text){ space + 1, line.len - word.len - 1 };
	if (wire_begins_alike(line, "SIP/")) {
		struct wire_text digits = { rest.at, rest.len < 3 ? rest.len : 3 };
		int64_t status = wire_number(digits);

		if (!wire_is(word, "SIP/2.0") || status < 100 || status > 699 ||
			(rest.len > 3 && rest.at[3] != ' ') || digits.len < 3)
			fault(m, "bad status line");
		m->status = status < 0 ? 0 : (unsigned)status;
		return;
	}
	m->is_request = true;
	m->method = word;
	second = rest.len > 0 ? memchr(rest.at, ' ', rest.len) : NULL;
	m->uri = (struct wire_text){ rest.at, second == NULL ? 0 : (size_t)(second - rest.at) };
	rest = (struct wire_text){ second == NULL ? rest.at : second + 1,
		second == NULL ? 0 : rest.len - m->uri.len - 1 };
	if (!is_token(word) || m->uri.len == 0 || !wire_is(rest, "SIP/2.0"))
		fault(m, "bad request line");
}

static void
read_header(struct wire_msg *m, struct wire_text line)
{
	const char *colon = line.len > 0 ? memchr(line.at, ':', line.len) : NULL;
	struct wire_header *h = &m->headers[m->header_count];

	if (m->header_count == WIRE_HEADERS_MAX || colon == NULL) {
		fault(m, colon == NULL ? "a line without a colon" : "too many headers");
		return;
	}
	h->name = wire_trim((struct wire_text){ line.at, (size_t)(colon - line.at) });
	h->value = wire_trim(
		(struct wire_text){ colon + 1, line.len - (size_t)(colon - line.at) - 1 });
	h->id = id_of(h->name);
	if (!is_token(h->name) || (line.at[0] == ' ' || line.at[0] == '\t'))
		fault(m, "bad header name");
	m->header_count++;
	if (h->id != WIRE_OTHER) {
		if (m->count[h->id]++ == 0)
			m->first[h->id] = (uint16_t)m->header_count;
		else if (known[h->id].is_single)
			fault(m, "a header twice that may stand but once");
	}
}

static void
read_lines(struct wire_msg *m)
{
	size_t from = 0, len = m->head.len < 2 ? 0 : m->head.len - 2;
	bool is_first = true;

	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)m->head.at[i];
		bool is_crlf = (c == '\r' && m->head.at[i + 1] == '\n') ||
			(c == '\n' && i > 0 && m->head.at[i - 1] == '\r');

		if ((c < 0x20 && c != '\t' && !is_crlf) || c == 0x7f)
			fault(m, "a control octet");
		if (c >= 0x80) /* legal in a few places, and nothing to insist on */
			m->is_strict = false;
	}
	while (from < len) {
		size_t n = line_len(m->head.at, len, from);
		struct wire_text line = { m->head.at + from, n };

		if (is_first)
			read_start_line(m, line);
		else
			read_header(m, line);
		is_first = false;
		from += n + 2;
	}
}

struct wire_text
wire_value(const struct wire_msg *m, enum wire_id id)
{
	if (m->first[id] == 0)
		return (struct wire_text){ NULL, 0 };
	return m->headers[m->first[id] - 1].value;
}

static bool
is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* A name that ends in a digit is four numbers (RFC 3261 25.1: toplabel begins with a letter). */
static bool
is_host(struct wire_text host)
{
	size_t from = 0, labels = 0;
	bool is_numeric = true;

	for (size_t i = 0; i <= host.len; i++) {
		struct wire_text label = { host.at + from, i - from };

		if (i < host.len && host.at[i] != '.') {
			if (!is_letter(host.at[i]) && !is_digit(host.at[i]) && host.at[i] != '-')
				return false;
			continue;
		}
		if (label.len == 0 || label.at[0] == '-' || label.at[label.len - 1] == '-')
			return false;
		labels++;
		/* RFC 5954: no zero in front. A name may begin with a digit, whatever 25.1 says. */
		is_numeric = is_numeric && wire_number(label) >= 0 && wire_number(label) <= 255 &&
			(label.len == 1 || label.at[0] != '0');
		if (i == host.len && wire_number(label) >= 0)
			return is_numeric && labels == 4;
		from = i + 1;
	}
	return host.len > 0;
}

static bool
is_ip6(struct wire_text text)
{
	if (text.len < 4 || text.at[0] != '[' || text.at[text.len - 1] != ']')
		return false;
	for (size_t i = 1; i + 1 < text.len; i++)
		if (!is_digit(text.at[i]) && text.at[i] != ':' && text.at[i] != '.' &&
			((text.at[i] | 0x20) < 'a' || (text.at[i] | 0x20) > 'f'))
			return false;
	return true;
}

/* A host with or without a port. */
static bool
is_host_port(struct wire_text text)
{
	size_t colon = text.len;
	int64_t port;

	while (colon > 0 && text.at[colon - 1] != ':' && text.at[colon - 1] != ']')
		colon--;
	if (colon > 0 && text.at[colon - 1] == ':') {
		port = wire_number((struct wire_text){ text.at + colon, text.len - colon });
		if (port < 1 || port > 65535)
			return false;
		text.len = colon - 1;
	}
	return is_ip6(text) || is_host(text);
}

/* `SIP/2.0/UDP host:port;branch=z9hG4bK...` with white space where RFC 3261 25.1 allows it. */
static void
read_via(struct wire_msg *m)
{
	struct wire_list list = wire_values(m, WIRE_VIA);
	struct wire_text value = { NULL, 0 }, version = { NULL, 0 }, other;
	size_t slash = 0, i = 0, end;
	unsigned seen = 0;

	if (!wire_values_next(&list, &value)) {
		fault(m, "no Via");
		return;
	}
	for (m->via_count = 1; wire_values_next(&list, &other); m->via_count++)
		if (other.len == 0)
			fault(m, "an empty Via");
	for (; i < value.len && seen < 2; i++)
		if (value.at[i] == '/') {
			version = (struct wire_text){ value.at + slash, i - slash };
			seen++;
			slash = i + 1;
		}
	while (slash < value.len && (value.at[slash] == ' ' || value.at[slash] == '\t'))
		slash++;
	for (end = slash; end < value.len && is_token_char(value.at[end]);)
		end++;
	m->via_transport = (struct wire_text){ value.at + slash, end - slash };
	for (i = end; i < value.len && value.at[i] != ';';)
		i++;
	m->sent_by = wire_trim((struct wire_text){ value.at + end, i - end });
	m->branch = wire_param(value, "branch");
	if (seen < 2 || !wire_begins_alike(value, "SIP") || !wire_is(wire_trim(version), "2.0") ||
		m->via_transport.len == 0 || !is_host_port(m->sent_by) ||
		!wire_begins_alike(m->branch, "z9hG4bK") || m->branch.len < 8 ||
		!is_token(m->branch))
		fault(m, "bad Via");
}

static bool
is_uri(struct wire_text uri)
{
	const char *colon = uri.len > 0 ? memchr(uri.at, ':', uri.len) : NULL;

	for (size_t i = 0; i < uri.len; i++)
		if ((unsigned char)uri.at[i] <= 0x20 || (unsigned char)uri.at[i] == 0x7f ||
			strchr("<>\"", uri.at[i]) != NULL)
			return false;
	return colon != NULL && colon > uri.at && is_letter(uri.at[0]);
}

static bool
is_good_uri(struct wire_text uri)
{
	struct wire_text host = wire_uri_host_port(uri);

	for (size_t i = 0; i < uri.len; i++) {
		if ((unsigned char)uri.at[i] <= 0x20 || (unsigned char)uri.at[i] >= 0x7f ||
			strchr("<>\"\\^`{|}", uri.at[i]) != NULL)
			return false;
		/* Else it is no URI, and who is told of it cannot say it again with a tag. */
		if (uri.at[i] == '%' &&
			(uri.len - i < 3 || !isxdigit((unsigned char)uri.at[i + 1]) ||
				!isxdigit((unsigned char)uri.at[i + 2])))
			return false;
	}
	if (!wire_begins_alike(uri, "sip:") && !wire_begins_alike(uri, "sips:"))
		return false;
	return is_host_port(host);
}

/* What may stand before the `<`: nothing, a quoted string, or tokens with spaces (25.1). */
static bool
is_named_well(struct wire_text value)
{
	const char *bracket = value.len > 0 ? memchr(value.at, '<', value.len) : NULL;

	if (bracket == NULL || value.at[0] == '"')
		return true;
	for (const char *at = value.at; at < bracket; at++)
		if (!is_token_char(*at) && *at != ' ' && *at != '\t')
			return false;
	return true;
}

static void
read_end(struct wire_msg *m, enum wire_id id, struct wire_text *value, struct wire_text *uri,
	struct wire_text *tag)
{
	*value = wire_value(m, id);
	*uri = wire_uri_of(*value);
	*tag = wire_param(*value, "tag");
	/* Any URI may stand there (25.1); those that are not SIP's are not insisted on. Nor is a
	 * semicolon with nothing behind it, which is no parameter. */
	if (!is_good_uri(*uri) || !is_named_well(*value) || (tag->len > 0 && !is_token(*tag)) ||
		(value->len > 0 && value->at[value->len - 1] == ';'))
		m->is_strict = false;
	if (!is_uri(*uri))
		fault(m, id == WIRE_FROM ? "bad From" : "bad To");
}

static void
read_cseq(struct wire_msg *m)
{
	struct wire_text value = wire_value(m, WIRE_CSEQ), digits = value;
	int64_t number;
	size_t i = 0;

	while (i < value.len && value.at[i] >= '0' && value.at[i] <= '9')
		i++;
	digits.len = i;
	number = wire_number(digits);
	m->cseq_method = wire_trim((struct wire_text){ value.at + i, value.len - i });
	m->cseq = number < 0 || number > INT32_MAX ? 0 : (uint32_t)number;
	if (number < 0 || number > INT32_MAX || !is_token(m->cseq_method) ||
		m->cseq_method.len + i == value.len)
		fault(m, "bad CSeq");
	if (m->is_request && !wire_same(m->cseq_method, m->method))
		fault(m, "CSeq names another method");
	if (!m->is_request)
		m->method = m->cseq_method;
}

static void
read_contacts(struct wire_msg *m)
{
	struct wire_list list = wire_values(m, WIRE_CONTACT);
	struct wire_text value, uri;

	while (wire_values_next(&list, &value)) {
		uri = wire_uri_of(value);
		if (m->contact_count++ == 0)
			m->contact = uri;
		if (!wire_is(value, "*") && !is_good_uri(uri))
			fault(m, "bad Contact");
	}
}

static void
read_body(struct wire_msg *m, const char *at, size_t len, bool is_stream)
{
	struct wire_text length = wire_value(m, WIRE_CONTENT_LENGTH);
	size_t left = len - m->head.len;

	m->content_length = length.at == NULL ? -1 : wire_number(length);
	m->body = (struct wire_text){ at + m->head.len, left };
	if (length.at == NULL) {
		if (is_stream)
			fault(m, "no Content-Length");
		return;
	}
	if (m->content_length < 0 || (uint64_t)m->content_length > left) {
		fault(m, "bad Content-Length");
		return;
	}
	m->body.len = (size_t)m->content_length;
	if (m->body.len > 0 && m->count[WIRE_CONTENT_TYPE] == 0)
		fault(m, "a body without Content-Type");
}

static void
read_rest(struct wire_msg *m)
{
	struct wire_text forwards = wire_value(m, WIRE_MAX_FORWARDS);

	if (m->call_id.len == 0 || wire_holds(m->call_id, wire_cstr(" ")))
		fault(m, "bad Call-ID");
	if (m->from_tag.len == 0)
		fault(m, "no From tag");
	if (!m->is_request)
		return;
	/* Without it: as in RFC 2543, and still to be served. */
	if (forwards.at != NULL && (wire_number(forwards) < 0 || wire_number(forwards) > 255))
		fault(m, "bad Max-Forwards");
	if (!is_good_uri(m->uri))
		fault(m, "bad Request-URI");
	if (wire_is(m->method, "INVITE") && (m->contact_count != 1 || wire_is(m->contact, "*")))
		fault(m, "no Contact");
}

void
wire_read(struct wire_msg *m, const char *at, size_t len, bool is_stream)
{
	memset(m, 0, offsetof(struct wire_msg, headers));
	memset(m->first, 0, sizeof m->first);
	memset(m->count, 0, sizeof m->count);
	m->text = (struct wire_text){ at, len };
	m->head = (struct wire_text){ at, head_len(at, len) };
	m->body = (struct wire_text){ at + len, 0 };
	m->is_strict = true;
	if (m->head.len == 0) {
		fault(m, "no empty line behind the headers");
		return;
	}
	read_lines(m);
	read_via(m);
	read_end(m, WIRE_FROM, &m->from, &m->from_uri, &m->from_tag);
	read_end(m, WIRE_TO, &m->to, &m->to_uri, &m->to_tag);
	m->is_to_bare =
		is_good_uri(m->to_uri) && m->to.len == m->to_uri.len + 2 && m->to.at[0] == '<';
	m->call_id = wire_value(m, WIRE_CALL_ID);
	read_cseq(m);
	read_contacts(m);
	read_body(m, at, len, is_stream);
	read_rest(m);
	m->is_readable = (m->is_request || m->status != 0) && m->sent_by.len > 0 &&
		m->from.len > 0 && m->to.len > 0 && m->call_id.len > 0 && m->cseq_method.len > 0;
}
