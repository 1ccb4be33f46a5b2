/* SPDX-License-Identifier: Apache-2.0 */
#include "sip/nameaddr.h"

#include <string.h>

#include "sip/lex.h"
#include "sip/param.h"

/* Takes a display name, if that is what *REST begins with.
 * Ends: 1 when *REST is left at a `<`; 0 when this is no name-addr; -1 when it is broken. */
static int
take_display(struct nameaddr *n, struct str *rest)
{
	struct str ahead = *rest;
	size_t name = 0;

	if (ahead.at[0] == '"') {
		if (str_is_none(lex_quoted(&ahead)))
			return -1;
		name = (size_t)(ahead.at - rest->at);
		lex_skip_lws(&ahead);
		*rest = ahead;
		n->display = str_of(n->text.at, name);
		return ahead.len > 0 && ahead.at[0] == '<' ? 1 : -1;
	}
	for (;;) {
		size_t len = lex_span(ahead, LEX_DISPLAY);

		lex_drop(&ahead, len);
		if (len > 0)
			name = (size_t)(ahead.at - rest->at);
		lex_skip_lws(&ahead);
		if (ahead.len > 0 && ahead.at[0] == '<')
			break;
		if (len == 0 || ahead.len == 0 || !lex_is(ahead.at[0], LEX_DISPLAY))
			return 0;
	}
	n->display = str_of(rest->at, name);
	*rest = ahead;
	return 1;
}

/* Takes `<URI>` off the front of *REST. */
static bool
take_bracketed(struct nameaddr *n, struct str *rest)
{
	const char *close = memchr(rest->at, '>', rest->len);
	size_t at, len;

	if (close == NULL)
		return false;
	lex_drop(rest, 1);
	len = (size_t)(close - rest->at);
	if (!uri_parse(&n->uri, str_of(rest->at, len), &at)) {
		lex_drop(rest, at);
		return false;
	}
	lex_drop(rest, len + 1);
	return true;
}

/* Takes a URI without brackets: up to the first `;`, which begins the header's parameters. */
static bool
take_bare(struct nameaddr *n, struct str *rest)
{
	size_t at, len = 0;

	while (len < rest->len && rest->at[len] != ';' && rest->at[len] != ',' &&
		rest->at[len] != '?' && (uint8_t)rest->at[len] > ' ')
		len++;
	if (!uri_parse(&n->uri, str_of(rest->at, len), &at)) {
		lex_drop(rest, at);
		return false;
	}
	lex_drop(rest, len);
	return true;
}

static bool
take_params(struct nameaddr *n, struct str *rest)
{
	struct param_watch watch;
	struct param param;
	int got;

	lex_skip_lws(rest);
	n->params = *rest;
	watch = (struct param_watch){ .all = *rest };
	while ((got = param_next(rest, &param)) > 0) {
		bool good = param_is_new(&watch, &param);

		if (good && str_alike(param.name, STR("tag"))) {
			n->tag = param.value;
			good = !str_is_none(param.value) && str_is_none(param.quoted);
		}
		if (!good) {
			lex_back(rest, param.name.at);
			return false;
		}
	}
	return got == 0;
}

bool
nameaddr_parse(struct nameaddr *n, struct str text, size_t *at)
{
	struct str rest;
	int kind;
	bool good;

	*n = (struct nameaddr){ .text = str_trim(text), .tag = STR_NONE };
	rest = n->text;
	*at = 0;
	if (rest.len == 0)
		return false;
	if (rest.len == 1 && rest.at[0] == '*') {
		n->star = true;
		return true;
	}
	kind = take_display(n, &rest);
	good = kind > 0 ? take_bracketed(n, &rest) : kind == 0 && take_bare(n, &rest);
	if (good && take_params(n, &rest))
		return true;
	*at = (size_t)(rest.at - text.at);
	return false;
}

struct str
nameaddr_param(const struct nameaddr *n, struct str name)
{
	struct param param;

	if (!param_find(n->params, name, &param))
		return STR_NONE;
	if (!str_is_none(param.quoted))
		return param.quoted;
	return str_is_none(param.value) ? STR("") : param.value;
}
