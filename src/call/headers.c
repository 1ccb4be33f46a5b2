/* SPDX-License-Identifier: Apache-2.0 */
#include "call/headers.h"

#include "sip/write.h"

enum { IN_REQUESTS = 1, IN_ANSWERS = 2, IN_BOTH = 3 };

/* All others are a leg's own, or end here. */
static const struct {
	enum header_id id;
	unsigned where;
} crossing[] = {
	{ HEADER_USER_AGENT, IN_BOTH },      { HEADER_ALLOW_EVENTS, IN_BOTH },
	{ HEADER_ACCEPT_LANGUAGE, IN_BOTH }, { HEADER_USER_TO_USER, IN_BOTH },
	{ HEADER_SUBJECT, IN_REQUESTS },     { HEADER_PRIORITY, IN_REQUESTS },
	{ HEADER_ORGANIZATION, IN_BOTH },    { HEADER_ALERT_INFO, IN_BOTH },
	{ HEADER_CALL_INFO, IN_BOTH },       { HEADER_PRIVACY, IN_BOTH },
	{ HEADER_REASON, IN_BOTH },          { HEADER_INFO_PACKAGE, IN_REQUESTS },
	{ HEADER_ERROR_INFO, IN_ANSWERS },   { HEADER_RETRY_AFTER, IN_ANSWERS },
	{ HEADER_WARNING, IN_ANSWERS },
};

static const enum header_id of_body[] = {
	HEADER_CONTENT_TYPE,
	HEADER_CONTENT_DISPOSITION,
	HEADER_CONTENT_ENCODING,
	HEADER_CONTENT_LANGUAGE,
	HEADER_MIME_VERSION,
};

enum { CARGO_BYTES = HEAD_BYTES_MAX, BODY_LINES_BYTES = 2048 };

/* Whether a value may stand on a leg that speaks TO. */
static bool
may_cross(enum header_id id, struct str value, enum scheme to)
{
	if (to == SCHEME_SIP && str_holds_alike(value, STR("sips:")))
		return false;
	/* 380 says that sips cannot be had, 381 that it must: each is about one leg's scheme. */
	if (id == HEADER_WARNING && to == SCHEME_SIP && str_begins(value, STR("380")))
		return false;
	if (id == HEADER_WARNING && to == SCHEME_SIPS && str_begins(value, STR("381")))
		return false;
	return true;
}

static void
cross_lines(struct buf *b, const struct msg *msg, enum header_id id, enum scheme to)
{
	const struct header *line = msg_header(msg, id);

	for (; line != NULL; line = msg_header_next(msg, line))
		if (may_cross(id, line->value, to))
			write_header(b, id, line->value);
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

	return str_is_none(reason) || str_holds_alike(reason, STR("sips:")) ? STR("") : reason;
}

struct str
headers_display(const struct nameaddr *from, enum scheme to)
{
	if (to == SCHEME_SIP && str_holds_alike(from->display, STR("sips:")))
		return STR("");
	return from->display;
}
