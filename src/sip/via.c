/* SPDX-License-Identifier: Apache-2.0 */
#include "sip/via.h"

#include "sip/lex.h"
#include "sip/param.h"

enum { SIP_PORT = 5060 };

/* Takes MARK off the front of *REST, and the LWS around it. */
static bool
take_mark(struct str *rest, char mark)
{
	lex_skip_lws(rest);
	if (rest->len == 0 || rest->at[0] != mark)
		return false;
	lex_drop(rest, 1);
	lex_skip_lws(rest);
	return true;
}

static bool
take_number(struct str *rest, uint16_t *number)
{
	uint64_t value;
	size_t len = lex_digits(*rest);

	if (!str_number(str_upto(*rest, len), UINT16_MAX, &value) || value == 0)
		return false;
	*number = (uint16_t)value;
	lex_drop(rest, len);
	return true;
}

/* `SIP / 2.0 / UDP host:port`. Any protocol and version will do: a request of another version is
 * answered too. */
static bool
take_sent_by(struct via *v, struct str *rest)
{
	struct addr ip;
	const char *end;

	if (lex_token(rest).len == 0 || !take_mark(rest, '/') || lex_token(rest).len == 0 ||
		!take_mark(rest, '/'))
		return false;
	v->transport = lex_token(rest);
	end = rest->at;
	lex_skip_lws(rest);
	if (v->transport.len == 0 || rest->at == end)
		return false;
	v->host = uri_take_host(rest, &ip);
	if (v->host.len == 0)
		return false;
	return !take_mark(rest, ':') || take_number(rest, &v->port);
}

static bool
keep_param(struct via *v, const struct param *param)
{
	bool is_flag = str_is_none(param->value);

	if (str_alike(param->name, STR("branch"))) {
		v->branch = param->value;
		return lex_is_token(param->value);
	}
	if (str_alike(param->name, STR("received"))) {
		v->received = param->value;
		return !is_flag && str_is_none(param->quoted);
	}
	if (str_alike(param->name, STR("rport"))) {
		struct str rest = param->value;

		v->has_rport = true;
		return is_flag || (take_number(&rest, &v->rport) && rest.len == 0);
	}
	return true;
}

static bool
take_params(struct via *v, struct str *rest)
{
	struct param_watch watch;
	struct param param;
	int got;

	lex_skip_lws(rest);
	v->params = *rest;
	watch = (struct param_watch){ .all = *rest };
	while ((got = param_next(rest, &param)) > 0) {
		if (!param_is_new(&watch, &param) || !keep_param(v, &param)) {
			lex_back(rest, param.name.at);
			return false;
		}
	}
	return got == 0;
}

bool
via_parse(struct via *v, struct str text, size_t *at)
{
	struct str rest;

	*v = (struct via){ .text = str_trim(text) };
	rest = v->text;
	if (take_sent_by(v, &rest) && take_params(v, &rest))
		return true;
	*at = (size_t)(rest.at - text.at);
	return false;
}

bool
via_has_cookie(const struct via *v)
{
	return v->branch.len > 7 && str_begins_alike(v->branch, STR("z9hG4bK"));
}

/* A bare rport asks where we saw the request come from; one with a value asks nothing. */
static bool
asks_rport(const struct via *v)
{
	return v->has_rport && v->rport == 0;
}

static bool
host_is(struct str host, const struct addr *from)
{
	struct addr ip;

	return addr_parse(&ip, host) && addr_same_ip(&ip, from);
}

void
via_write_answered(struct buf *b, const struct via *v, const struct addr *from, bool always)
{
	struct str rest = v->params;
	struct param param;

	lex_write_value(b, str_trim(str_upto(v->text, v->text.len - v->params.len)), true);
	while (param_next(&rest, &param) > 0) {
		if (str_alike(param.name, STR("received")))
			continue;
		buf_char(b, ';');
		buf_put(b, param.name);
		if (asks_rport(v) && str_alike(param.name, STR("rport"))) {
			buf_char(b, '=');
			buf_number(b, from->port);
		} else if (!str_is_none(param.value)) {
			buf_char(b, '=');
			lex_write_value(b, param.value, true);
		}
	}
	if (always || asks_rport(v) || !host_is(v->host, from)) {
		buf_put(b, STR(";received="));
		addr_write_bare(b, from);
	}
}

struct addr
via_answer_to(const struct via *v, const struct addr *from)
{
	struct addr to = *from;

	if (!asks_rport(v))
		to.port = v->port != 0 ? v->port : SIP_PORT;
	return to;
}
