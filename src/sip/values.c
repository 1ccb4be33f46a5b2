/* SPDX-License-Identifier: Apache-2.0 */
/* values.c - asking a message that msg.c has read. */
#include "sip/lex.h"
#include "sip/msg.h"
#include "sip/param.h"

const struct header *
msg_header(const struct msg *m, enum header_id id)
{
	return m->first[id] == 0 ? NULL : &m->headers[m->first[id] - 1];
}

const struct header *
msg_header_next(const struct msg *m, const struct header *line)
{
	return line->next == 0 ? NULL : &m->headers[line->next];
}

struct str
msg_value(const struct msg *m, enum header_id id)
{
	const struct header *line = msg_header(m, id);

	return line == NULL ? STR_NONE : line->value;
}

struct values
msg_values(const struct msg *m, enum header_id id)
{
	struct values v = { .msg = m, .line = msg_header(m, id), .rest = STR_NONE };

	if (v.line != NULL)
		v.rest = v.line->value;
	return v;
}

bool
values_next(struct values *v, struct str *value)
{
	while (v->line != NULL) {
		while (lex_element(&v->rest, value))
			if (value->len > 0)
				return true;
		v->line = msg_header_next(v->msg, v->line);
		if (v->line != NULL)
			v->rest = v->line->value;
	}
	return false;
}

bool
msg_has_token(const struct msg *m, enum header_id id, struct str token)
{
	struct values v = msg_values(m, id);
	struct str value;

	while (values_next(&v, &value))
		if (str_alike(value, token))
			return true;
	return false;
}

bool
msg_seconds(const struct msg *m, enum header_id id, uint32_t *seconds)
{
	struct str value = msg_value(m, id);
	uint64_t number;
	size_t digits = lex_digits(value);

	if (digits == 0)
		return false;
	if (digits < value.len) { /* only parameters may stand behind it */
		struct str rest = str_from(value, digits);

		lex_skip_lws(&rest);
		if (rest.len == 0 || rest.at[0] != ';')
			return false;
	}
	if (!str_number(str_upto(value, digits), INT32_MAX, &number))
		number = INT32_MAX;
	*seconds = (uint32_t)number;
	return true;
}

struct str
msg_refresher(const struct msg *m)
{
	struct str value = msg_value(m, HEADER_SESSION_EXPIRES);
	struct param param;

	if (!param_find(str_from(value, lex_digits(value)), STR("refresher"), &param))
		return STR_NONE;
	if (str_alike(param.value, STR("uac")))
		return STR("uac");
	return str_alike(param.value, STR("uas")) ? STR("uas") : STR_NONE;
}

bool
msg_contact(const struct msg *m, struct nameaddr *contact)
{
	struct values v = msg_values(m, HEADER_CONTACT);
	struct str value, second;
	size_t at;

	return values_next(&v, &value) && !values_next(&v, &second) &&
		nameaddr_parse(contact, value, &at) && !contact->star;
}

bool
msg_remote_target(const struct msg *m, struct nameaddr *target)
{
	if (msg_contact(m, target))
		return true;
	if (!m->is_request || msg_header(m, HEADER_CONTACT) != NULL || via_has_cookie(&m->via))
		return false;
	*target = m->from;
	return true;
}
