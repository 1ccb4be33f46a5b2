/* SPDX-License-Identifier: Apache-2.0 */
#include "sip/msg.h"

#include <string.h>

#include "base/panic.h"
#include "sip/lex.h"
#include "sip/param.h"

/* A message while it is read. */
struct reader {
	struct msg *msg;
	struct fault *fault;
	size_t at;                 /* all octets before this one are read          */
	uint16_t last[HEADER_IDS]; /* index + 1 of the last line of each header    */
};

static const struct {
	unsigned status;
	struct str reason;
} faults[] = {
#define X(symbol, status, reason) [FAULT_##symbol] = { status, { reason, sizeof reason - 1 } },
	SIP_FAULTS(X)
#undef X
};

unsigned
fault_status(enum sip_fault what)
{
	must(what < sizeof faults / sizeof *faults);
	return faults[what].status;
}

struct str
fault_reason(enum sip_fault what)
{
	must(what < sizeof faults / sizeof *faults);
	return faults[what].reason;
}

/* Only the first fault counts. */
static void
blame(struct reader *r, enum sip_fault what, size_t at)
{
	if (r->fault->what == FAULT_NONE)
		*r->fault = (struct fault){ .what = what, .at = (uint32_t)at };
}

static size_t
offset(const struct reader *r, const char *at)
{
	return (size_t)(at - r->msg->text.at);
}

/* ---- the start line -------------------------------------------------------------------------- */

enum version { VERSION_2_0, VERSION_OTHER, VERSION_NONE };

static enum version
version_of(struct str s)
{
	struct str minor;

	if (str_alike(s, STR("SIP/2.0")))
		return VERSION_2_0;
	if (!str_begins_alike(s, STR("SIP/")))
		return VERSION_NONE;
	minor = str_from(s, 4);
	for (int part = 0; part < 2; part++) {
		size_t digits = lex_digits(minor);

		if (digits == 0 || (part == 0 && (digits == minor.len || minor.at[digits] != '.')))
			return VERSION_NONE;
		minor = str_from(minor, digits + (part == 0));
	}
	return minor.len == 0 ? VERSION_OTHER : VERSION_NONE;
}

static void
read_status_line(struct reader *r, struct str line)
{
	struct msg *m = r->msg;
	struct str rest = line;
	struct str version = str_cut(&rest, ' ');
	uint64_t status;

	if (version_of(version) != VERSION_2_0) {
		blame(r, FAULT_VERSION, offset(r, line.at));
		return;
	}
	if (!str_number(str_upto(rest, 3), 699, &status) || status < 100 ||
		(rest.len > 3 && rest.at[3] != ' ')) {
		blame(r, FAULT_START_LINE, offset(r, rest.at));
		return;
	}
	m->status = (unsigned)status;
	m->reason = str_from(rest, 4);
}

static void
read_request_uri(struct reader *r, struct str text)
{
	struct msg *m = r->msg;
	size_t at;

	m->target_text = text;
	if (text.len > URI_BYTES_MAX)
		blame(r, FAULT_URI_LONG, offset(r, text.at));
	else if (!uri_parse(&m->target, text, &at))
		blame(r, FAULT_REQUEST_URI, offset(r, text.at) + at);
	else if (m->target.headers.len > 0) /* RFC 3261 19.1.1: not in a Request-URI */
		blame(r, FAULT_REQUEST_URI, offset(r, m->target.headers.at));
}

static void
read_request_line(struct reader *r, struct str line)
{
	struct msg *m = r->msg;
	struct str rest = line;
	struct str method = lex_token(&rest);
	struct str target, version;

	if (method.len == 0 || rest.len == 0 || rest.at[0] != ' ') {
		blame(r, FAULT_START_LINE, offset(r, rest.at));
		return;
	}
	m->is_request = true;
	m->method_text = method;
	m->method = method_find(method);
	lex_drop(&rest, 1);
	target = str_cut(&rest, ' ');
	version = rest;
	switch (version_of(version)) {
	case VERSION_2_0: break;
	case VERSION_OTHER: blame(r, FAULT_VERSION, offset(r, version.at)); return;
	case VERSION_NONE: blame(r, FAULT_START_LINE, offset(r, version.at)); return;
	}
	if (target.len == 0)
		blame(r, FAULT_START_LINE, offset(r, target.at));
	else
		read_request_uri(r, target);
}

static void
read_start_line(struct reader *r)
{
	struct str rest = str_from(r->msg->text, r->at);
	struct str line;
	size_t len = 0, step;

	/* Only a reason phrase may hold a tab. */
	for (;;) {
		len += lex_find_control(str_from(rest, len));
		if (len == rest.len || rest.at[len] == '\r' || rest.at[len] == '\n')
			break;
		if (rest.at[len] != '\t')
			blame(r, FAULT_START_LINE, r->at + len);
		len++;
	}
	line = str_upto(rest, len);
	step = str_begins(str_from(rest, len), STR("\r\n")) ? 2 : 0;
	if (step == 0)
		blame(r, FAULT_START_LINE, r->at + len);
	if (str_begins_alike(line, STR("SIP/")))
		read_status_line(r, line);
	else
		read_request_line(r, line);
	if (step == 0) /* find the end of it, so that the headers can be read */
		len += str_find(str_from(rest, len), '\n') + 1;
	len += step;
	r->at += len < rest.len ? len : rest.len;
}

/* ---- header lines ---------------------------------------------------------------------------- */

static void
keep_header(struct reader *r, enum header_id id, struct str name, struct str value)
{
	struct msg *m = r->msg;
	uint32_t index = m->header_count++;

	m->headers[index] = (struct header){ .id = id, .name = name, .value = str_trim(value) };
	if (r->last[id] == 0) {
		m->first[id] = index + 1;
	} else {
		m->headers[r->last[id] - 1].next = index;
		if (header_shape(id) == SHAPE_ONE) {
			blame(r, FAULT_HEADER_TWICE, offset(r, name.at));
			if (r->fault->what == FAULT_HEADER_TWICE && r->fault->id == HEADER_OTHER)
				r->fault->id = id;
		}
	}
	r->last[id] = (uint16_t)(index + 1);
}

/* Finds the end of the value that begins at FROM, folds and all.
 * Ends: where its CRLF stands, or the end of the text; *ODD tells of octets that need a look. */
static size_t
find_value_end(struct str text, size_t from, bool *odd)
{
	*odd = false;
	for (;;) {
		from += lex_find_control(str_from(text, from));
		if (from >= text.len)
			return text.len;
		if (text.at[from] == '\r' && text.len - from >= 2 && text.at[from + 1] == '\n') {
			if (text.len - from == 2 || !char_is_space(text.at[from + 2]))
				return from;
			*odd |= text.at[from - 1] == '\\'; /* lex_is_value says why */
			from += 3;
			continue;
		}
		if (text.at[from] != '\t')
			*odd = true;
		from++;
	}
}

/* Takes a name, white space and the colon off the front of *REST.
 * Ends: true; false with *REST at what should not be there. */
static bool
take_name(struct str *rest, enum header_id *id, struct str *name)
{
	enum { KNOWN_NAME_MAX = 24 };
	size_t colon = str_find(str_upto(*rest, KNOWN_NAME_MAX), ':');

	/* A name that we know is a token. */
	*name = str_upto(*rest, colon);
	*id = header_find(*name);
	if (*id == HEADER_OTHER || name->len == rest->len) {
		*name = lex_token(rest);
		while (rest->len > 0 && char_is_space(rest->at[0]))
			lex_drop(rest, 1);
		if (name->len == 0 || rest->len == 0 || rest->at[0] != ':')
			return false;
		*id = header_find(*name);
		colon = 0;
	}
	lex_drop(rest, colon + 1);
	return true;
}

/* Reads one line, folds and all. One that is broken is blamed and left out. */
static void
read_header(struct reader *r)
{
	struct str text = r->msg->text;
	struct str rest = str_from(text, r->at);
	struct str name, value;
	enum header_id id;
	size_t end, bad = 0;
	bool odd;

	if (!take_name(&rest, &id, &name)) {
		blame(r, FAULT_HEADER_LINE, offset(r, rest.at));
		end = lex_line_end(text, r->at);
		r->at = end < text.len ? end + 2 : end;
		return;
	}
	end = find_value_end(text, offset(r, rest.at), &odd);
	if (end == text.len) {
		blame(r, FAULT_HEADER_LINE, end);
		r->at = end;
		return;
	}
	r->at = end + 2;
	value = str_upto(rest, end - offset(r, rest.at));
	if (odd && !lex_is_value(value, true, &bad))
		blame(r, FAULT_HEADER_LINE, offset(r, value.at) + bad);
	else
		keep_header(r, id, name, value);
}

/* Reads up to the empty line.
 * Ends: true when it was there, so that what is left is the body. */
static bool
read_headers(struct reader *r)
{
	struct str text = r->msg->text;

	for (;;) {
		if (text.len - r->at >= 2 && text.at[r->at] == '\r' && text.at[r->at + 1] == '\n') {
			r->at += 2;
			if (r->at > HEAD_BYTES_MAX)
				blame(r, FAULT_HEAD_LARGE, HEAD_BYTES_MAX);
			return true;
		}
		if (r->at >= text.len)
			blame(r, FAULT_HEADER_LINE, text.len);
		else if (r->at > HEAD_BYTES_MAX)
			blame(r, FAULT_HEAD_LARGE, HEAD_BYTES_MAX);
		else if (r->msg->header_count == HEADERS_MAX)
			blame(r, FAULT_TOO_MANY, r->at);
		else {
			read_header(r);
			continue;
		}
		return false;
	}
}

/* ---- what every message must have ---- */

static bool
check_via(struct reader *r, struct via *v, struct str value)
{
	size_t at = 0;

	if (r->msg->via_count > VIA_MAX) {
		blame(r, FAULT_VIA, offset(r, value.at));
		return false;
	}
	if (!via_parse(v, value, &at)) {
		blame(r, FAULT_VIA, offset(r, value.at) + at);
		*v = (struct via){ .port = 0 };
		return false;
	}
	if (v->branch.len == 7 && str_alike(v->branch, STR("z9hG4bK")))
		blame(r, FAULT_VIA, offset(r, v->branch.at));
	return true;
}

static void
check_vias(struct reader *r)
{
	struct msg *m = r->msg;
	const struct header *line = msg_header(m, HEADER_VIA);
	bool may_echo = true;
	struct via lower;

	if (line == NULL)
		blame(r, FAULT_VIA, r->at);
	for (; line != NULL; line = msg_header_next(m, line)) {
		struct str rest = line->value, value;

		while (lex_element(&rest, &value)) {
			struct via *v = m->via_count++ == 0 ? &m->via : &lower;
			size_t at;

			/* Where quotes and brackets are mixed up, a piece may hold what the whole
			 * line held in quotes. */
			if (!check_via(r, v, value) && !lex_is_value(value, true, &at))
				may_echo = false;
		}
	}
	if (!may_echo)
		m->via = (struct via){ .port = 0 };
}

static void
check_party(struct reader *r, enum header_id id, enum sip_fault what, struct nameaddr *n)
{
	struct str value = msg_value(r->msg, id);
	size_t at = 0;

	if (str_is_none(value)) {
		blame(r, what, r->at);
	} else if (value.len > NAME_ADDR_BYTES_MAX || !nameaddr_parse(n, value, &at) || n->star) {
		blame(r, what, offset(r, value.at) + at);
		*n = (struct nameaddr){ .star = false };
	} else if (id == HEADER_TO && r->msg->is_request && str_is_none(n->tag) &&
		value.len > NAME_ADDR_BYTES_MAX - TAG_ROOM_BYTES) {
		/* It would come back with our tag, and then be too long. */
		blame(r, what, offset(r, value.at));
	}
}

static void
check_call_id(struct reader *r)
{
	struct str value = msg_value(r->msg, HEADER_CALL_ID);
	struct str rest = value;

	if (str_is_none(value)) {
		blame(r, FAULT_CALL_ID, r->at);
		return;
	}
	lex_drop(&rest, lex_span(rest, LEX_WORD));
	if (rest.len < value.len && rest.len > 1 && rest.at[0] == '@') {
		lex_drop(&rest, 1);
		lex_drop(&rest, lex_span(rest, LEX_WORD));
	}
	if (value.len == 0 || rest.len > 0 || value.len > CALL_ID_BYTES_MAX)
		blame(r, FAULT_CALL_ID, offset(r, rest.at));
	else
		r->msg->call_id = value;
}

static void
check_cseq(struct reader *r)
{
	struct msg *m = r->msg;
	struct str value = msg_value(m, HEADER_CSEQ);
	struct str rest = value, method;
	size_t digits;
	uint64_t number;

	if (str_is_none(value)) {
		blame(r, FAULT_CSEQ, r->at);
		return;
	}
	digits = lex_digits(value);
	lex_drop(&rest, digits);
	lex_skip_lws(&rest);
	method = lex_token(&rest);
	if (!str_number(str_upto(value, digits), UINT32_MAX, &number)) {
		blame(r, FAULT_CSEQ, offset(r, value.at));
		return;
	}
	if (method.len == 0 || rest.len > 0 || method.at == value.at + digits) {
		blame(r, FAULT_CSEQ, offset(r, rest.at));
		return;
	}
	m->cseq = (uint32_t)number;
	m->cseq_method_text = method;
	if (!m->is_request) {
		m->method_text = method;
		m->method = method_find(method);
	} else if (!str_same(method, m->method_text)) {
		blame(r, FAULT_CSEQ, offset(r, method.at));
	}
}

static void
check_max_forwards(struct reader *r)
{
	struct str value = msg_value(r->msg, HEADER_MAX_FORWARDS);
	uint64_t number;

	if (str_is_none(value))
		return;
	if (str_number(value, UINT32_MAX, &number))
		r->msg->max_forwards = number > 255 ? 255 : (int32_t)number;
	else
		blame(r, FAULT_MAX_FORWARDS, offset(r, value.at));
}

/* ---- what must be right if it is there ---- */

/* All values of a header are name-addrs, and not too many. Route and its kin must have brackets;
 * a Contact may be `*`, alone in a REGISTER. */
static void
check_addresses(struct reader *r, enum header_id id, enum sip_fault what)
{
	const struct header *line = msg_header(r->msg, id);
	unsigned count = 0;
	bool star = false;

	for (; line != NULL; line = msg_header_next(r->msg, line)) {
		struct str rest = line->value, value;

		while (lex_element(&rest, &value)) {
			struct nameaddr n;
			size_t at = 0;
			bool good = nameaddr_parse(&n, value, &at) && ++count <= ROUTE_MAX && !star;

			star = good && n.star;
			if (good && id == HEADER_CONTACT)
				good = !star || (count == 1 && r->msg->method == METHOD_REGISTER);
			else if (good)
				good = !star && n.uri.text.at[-1] == '<';
			if (!good) {
				blame(r, what, offset(r, value.at) + at);
				return;
			}
		}
	}
}

/* A number of seconds and, with PARAMS_TOO, parameters behind it. */
static void
check_seconds(struct reader *r, enum header_id id, enum sip_fault what, bool params_too)
{
	struct str value = msg_value(r->msg, id);
	struct str rest = value;
	struct param param;
	int got = 0;

	lex_drop(&rest, lex_digits(rest));
	if (params_too && rest.len < value.len)
		while ((got = param_next(&rest, &param)) > 0)
			continue;
	if (!str_is_none(value) && (value.len == 0 || rest.len > 0 || got < 0))
		blame(r, what, offset(r, rest.at));
}

static void
check_others(struct reader *r)
{
	const struct msg *m = r->msg;

	/* Of an answer only what a dialog is made of; whoever follows a 3xx looks for himself. */
	if (!m->is_request && (m->method != METHOD_INVITE || m->status >= 300))
		return;
	check_addresses(r, HEADER_CONTACT, FAULT_CONTACT);
	check_addresses(r, HEADER_RECORD_ROUTE, FAULT_RECORD_ROUTE);
	if (!m->is_request)
		return;
	check_addresses(r, HEADER_ROUTE, FAULT_ROUTE);
	if (m->method == METHOD_INVITE || m->method == METHOD_UPDATE) {
		check_seconds(r, HEADER_SESSION_EXPIRES, FAULT_SESSION_EXPIRES, true);
		check_seconds(r, HEADER_MIN_SE, FAULT_MIN_SE, true);
	}
	if (m->method == METHOD_INVITE)
		check_seconds(r, HEADER_EXPIRES, FAULT_EXPIRES, false);
}

static void
read_body(struct reader *r, bool is_stream)
{
	struct msg *m = r->msg;
	struct str length = msg_value(m, HEADER_CONTENT_LENGTH);
	uint64_t count;

	m->body = str_from(m->text, r->at);
	if (str_is_none(length)) {
		if (is_stream)
			blame(r, FAULT_LENGTH, r->at);
	} else if (length.len == 0 || lex_digits(length) < length.len) {
		blame(r, FAULT_LENGTH, offset(r, length.at));
	} else if (!str_number(length, BODY_BYTES_MAX, &count)) {
		blame(r, FAULT_BODY_LARGE, offset(r, length.at));
	} else if (count > m->body.len) {
		blame(r, FAULT_BODY_SHORT, offset(r, length.at));
	} else {
		m->body.len = (size_t)count;
	}
	if (m->body.len > BODY_BYTES_MAX)
		blame(r, FAULT_BODY_LARGE, r->at);
	if (m->body.len > 0 && m->first[HEADER_CONTENT_TYPE] == 0)
		blame(r, FAULT_CONTENT_TYPE, r->at);
}

/* Everything but the lines, which are written before they are counted: clearing them would take
 * longer than reading a message. */
static void
msg_clear(struct msg *m, struct str text)
{
	m->text = text;
	m->is_request = false;
	m->method = METHOD_OTHER;
	m->method_text = STR_NONE;
	m->target_text = STR_NONE;
	m->target = (struct uri){ .scheme = URI_OTHER };
	m->status = 0;
	m->reason = STR_NONE;
	m->body = STR_NONE;
	m->header_count = 0;
	memset(m->first, 0, sizeof m->first);
	m->via = (struct via){ .port = 0 };
	m->via_count = 0;
	m->from = (struct nameaddr){ .star = false };
	m->to = m->from;
	m->call_id = STR_NONE;
	m->cseq = 0;
	m->cseq_method_text = STR_NONE;
	m->max_forwards = -1;
}

bool
msg_parse(struct msg *m, struct str data, bool is_stream, struct fault *fault)
{
	struct reader r = { .msg = m, .fault = fault };
	bool whole;

	*fault = (struct fault){ .what = FAULT_NONE };
	msg_clear(m, data);
	while (str_begins(str_from(data, r.at), STR("\r\n"))) /* RFC 3261 7.5 */
		r.at += 2;
	read_start_line(&r);
	whole = read_headers(&r);
	check_vias(&r);
	check_party(&r, HEADER_FROM, FAULT_FROM, &m->from);
	check_party(&r, HEADER_TO, FAULT_TO, &m->to);
	check_call_id(&r);
	check_cseq(&r);
	check_max_forwards(&r);
	check_others(&r);
	if (whole)
		read_body(&r, is_stream);
	return fault->what == FAULT_NONE;
}

bool
msg_may_answer(const struct msg *m)
{
	return m->is_request && !str_same(m->method_text, STR("ACK")) && m->via.text.len > 0;
}
