/* SPDX-License-Identifier: Apache-2.0 */
#include "call/headers.h"

#include "sip/lex.h"
#include "sip/param.h"
#include "sip/write.h"

enum { IN_REQUESTS = 1, IN_ANSWERS = 2, IN_BOTH = 3 };

/* All others are a leg's own, or end here. */
static const struct {
	enum header_id id;
	unsigned where;
} crossing[] = {
	{ HEADER_USER_AGENT, IN_BOTH },
	{ HEADER_ALLOW_EVENTS, IN_BOTH },
	{ HEADER_ACCEPT_LANGUAGE, IN_BOTH },
	{ HEADER_USER_TO_USER, IN_BOTH },
	{ HEADER_SUBJECT, IN_REQUESTS },
	{ HEADER_PRIORITY, IN_REQUESTS },
	{ HEADER_ORGANIZATION, IN_BOTH },
	{ HEADER_ALERT_INFO, IN_BOTH },
	{ HEADER_CALL_INFO, IN_BOTH },
	{ HEADER_PRIVACY, IN_BOTH },
	{ HEADER_REASON, IN_BOTH },
	{ HEADER_INFO_PACKAGE, IN_REQUESTS },
	{ HEADER_ERROR_INFO, IN_ANSWERS },
	{ HEADER_RETRY_AFTER, IN_ANSWERS },
};

static const enum header_id of_body[] = {
	HEADER_CONTENT_TYPE,
	HEADER_CONTENT_DISPOSITION,
	HEADER_CONTENT_ENCODING,
	HEADER_CONTENT_LANGUAGE,
	HEADER_MIME_VERSION,
};

enum { CARGO_BYTES = HEAD_BYTES_MAX, BODY_LINES_BYTES = HEAD_BYTES_MAX };

/* Whether one of the URIs in VALUE, each between <>, is a sip one or says transport=tls: what a
 * device on a sips leg may go and fetch is offered to it as securely, or not at all. */
static bool
leads_out(struct str value)
{
	struct uri uri;
	struct param param;
	size_t at;

	while (!str_is_none(value) && str_find(value, '<') < value.len) {
		value = str_from(value, str_find(value, '<') + 1);
		if (!uri_parse(&uri, str_upto(value, str_find(value, '>')), &at))
			continue;
		if (uri.scheme == URI_SIP ||
			(uri.scheme == URI_SIPS &&
				uri_param_find(uri.params, STR("transport"), &param) &&
				uri_param_says(&param, STR("tls"))))
			return true;
	}
	return false;
}

static bool
is_to_be_fetched(enum header_id id)
{
	return id == HEADER_ALERT_INFO || id == HEADER_CALL_INFO || id == HEADER_ERROR_INFO;
}

/* Whether a value may stand on a leg that speaks TO. */
static bool
may_cross(enum header_id id, struct str value, enum scheme to)
{
	if (to == SCHEME_SIP && str_holds_alike(value, STR("sips:")))
		return false;
	if (to == SCHEME_SIPS && is_to_be_fetched(id) && leads_out(value))
		return false;
	/* 380 says that sips cannot be had, 381 that it must: each is about one leg's scheme. */
	if (id == HEADER_WARNING && to == SCHEME_SIP && str_begins(value, STR("380")))
		return false;
	if (id == HEADER_WARNING && to == SCHEME_SIPS && str_begins(value, STR("381")))
		return false;
	return true;
}

/* A line that cannot be written, or no longer fits, takes nothing else with it. */
static void
cross_line(struct buf *b, enum header_id id, struct str value)
{
	struct buf one = *b;

	write_header(&one, id, value);
	if (buf_ok(&one))
		*b = one;
}

static void
cross_lines(struct buf *b, const struct msg *msg, enum header_id id, enum scheme to)
{
	const struct header *line = msg_header(msg, id);

	for (; line != NULL; line = msg_header_next(msg, line))
		if (may_cross(id, line->value, to))
			cross_line(b, id, line->value);
}

bool
headers_privacy(const struct msg *msg, struct str what)
{
	struct values values = msg_values(msg, HEADER_PRIVACY);
	struct str value;

	while (values_next(&values, &value))
		while (!str_is_empty(value))
			if (str_alike(str_trim(str_cut(&value, ';')), what))
				return true;
	return false;
}

/* Where the call has been: each entry for itself, octet for octet (RFC 7044 10.1). What is asked to
 * be kept private ends here (RFC 7044 10.1.2). */
static void
cross_history(struct buf *b, const struct msg *msg, enum scheme to)
{
	struct values values = msg_values(msg, HEADER_HISTORY_INFO);
	struct str value;

	if (headers_privacy(msg, STR("history")) || headers_privacy(msg, STR("header")) ||
		headers_privacy(msg, STR("session")))
		return;
	while (values_next(&values, &value))
		if (may_cross(HEADER_HISTORY_INFO, value, to) &&
			!str_holds_alike(value, STR("privacy=")))
			cross_line(b, HEADER_HISTORY_INFO, value);
}

/* 32 hexadecimal digits (RFC 7989 5). */
static bool
is_uuid(struct str text)
{
	for (size_t i = 0; i < text.len; i++)
		if (char_hex(text.at[i]) < 0)
			return false;
	return text.len == 32;
}

/* As it came, if there is one and it is one (RFC 7989 6, 7): who it names are the devices. */
static void
cross_session_id(struct buf *b, const struct msg *msg)
{
	const struct header *line = msg_header(msg, HEADER_SESSION_ID);
	struct str rest;

	if (line == NULL || msg_header_next(msg, line) != NULL)
		return;
	rest = line->value;
	if (!is_uuid(str_trim(str_cut(&rest, ';'))))
		return;
	while (!str_is_empty(rest)) {
		struct str value = str_trim(str_cut(&rest, ';'));
		struct str name = str_trim(str_cut(&value, '='));

		if (!lex_is_token(name) ||
			(str_alike(name, STR("remote")) && !is_uuid(str_trim(value))))
			return;
	}
	cross_line(b, HEADER_SESSION_ID, line->value);
}

/* Each Warning for itself: a code, an agent, a text (RFC 3261 20.43). The agent is the other leg's
 * host, so a pseudonym stands for it. */
static void
cross_warnings(struct buf *b, const struct msg *msg, enum scheme to)
{
	struct values values = msg_values(msg, HEADER_WARNING);
	struct str value;

	while (values_next(&values, &value)) {
		struct str text = value;
		char line[LOG_TEXT_MAX + 32];
		struct buf w = buf_on(line, sizeof line);

		(void)str_cut(&text, ' ');
		(void)str_cut(&text, ' ');
		if (value.len < 4 || lex_digits(value) != 3 || value.at[3] != ' ' ||
			!may_cross(HEADER_WARNING, value, to))
			continue;
		buf_put(&w, str_upto(value, 3));
		buf_put(&w, STR(" sipward "));
		buf_put(&w, text);
		if (buf_ok(&w) && text.len > 1 && text.at[0] == '"')
			cross_line(b, HEADER_WARNING, buf_str(&w));
	}
}

/* A 415 says what would be taken, and where that is not said, or may not cross, it is SDP (RFC 3261
 * 20.1, 21.4.13). */
static void
cross_accept(struct buf *b, const struct msg *msg, enum scheme to)
{
	size_t before;

	cross_lines(b, msg, HEADER_ACCEPT_ENCODING, to);
	before = b->used;
	cross_lines(b, msg, HEADER_ACCEPT, to);
	if (b->used == before)
		cross_line(b, HEADER_ACCEPT, STR("application/sdp"));
}

struct cargo
headers_cross(const struct msg *msg, enum scheme to, const struct turn *t)
{
	struct cargo cargo = { .headers = STR(""), .body_headers = STR(""), .body = STR("") };
	char *text = arena_take(t->scratch, CARGO_BYTES + BODY_LINES_BYTES, 1);
	struct buf b, body;

	if (msg == NULL || text == NULL)
		return cargo;
	b = buf_on(text, CARGO_BYTES);
	body = buf_on(text + CARGO_BYTES, BODY_LINES_BYTES);
	for (size_t i = 0; i < sizeof crossing / sizeof crossing[0]; i++)
		if ((crossing[i].where & (msg->is_request ? IN_REQUESTS : IN_ANSWERS)) != 0)
			cross_lines(&b, msg, crossing[i].id, to);
	cross_session_id(&b, msg);
	if (!msg->is_request)
		cross_warnings(&b, msg, to);
	if (!msg->is_request && msg->status == 415)
		cross_accept(&b, msg, to);
	cross_history(&b, msg, to);
	cargo.headers = buf_str(&b);
	if (str_is_empty(msg->body))
		return cargo;
	for (size_t i = 0; i < sizeof of_body / sizeof of_body[0]; i++)
		if (msg_header(msg, of_body[i]) != NULL)
			write_copy(&body, msg, of_body[i]);
	cargo.body_headers = buf_str(&body);
	cargo.body = buf_ok(&body) ? msg->body : STR("");
	return cargo;
}

struct str
headers_reason(const struct msg *msg)
{
	struct str reason = msg != NULL ? msg_value(msg, HEADER_REASON) : STR_NONE;
	size_t at;

	if (str_is_none(reason) || str_holds_alike(reason, STR("sips:")) ||
		!lex_is_value(reason, false, &at))
		return STR("");
	return reason;
}

struct str
headers_phrase(struct str phrase, enum scheme to)
{
	return to == SCHEME_SIP && str_holds_alike(phrase, STR("sips:")) ? STR("") : phrase;
}

struct str
headers_display(const struct nameaddr *from, enum scheme to)
{
	if (to == SCHEME_SIP && str_holds_alike(from->display, STR("sips:")))
		return STR("");
	/* Legal inside quotes where it came from (RFC 4475 3.1.1.2), but nothing that we pass
	 * on. */
	for (size_t i = 0; i < from->display.len; i++)
		if ((unsigned char)from->display.at[i] < 0x20 || from->display.at[i] == 0x7f)
			return STR("");
	return from->display;
}
