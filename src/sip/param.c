/* SPDX-License-Identifier: Apache-2.0 */
#include "sip/param.h"

#include "base/limits.h"

/* Reads what stands behind the `=` of a header's parameter. */
static int
take_value(struct str *rest, struct param *param)
{
	const char *start = rest->at;
	size_t len;

	if (rest->len > 0 && rest->at[0] == '"') {
		param->quoted = lex_quoted(rest);
		if (str_is_none(param->quoted))
			return -1;
		param->value = str_of(start, (size_t)(rest->at - start));
		return 1;
	}
	len = lex_span(*rest, LEX_VALUE);
	if (len == 0)
		return -1;
	param->value = str_of(start, len);
	lex_drop(rest, len);
	return 1;
}

int
param_next(struct str *rest, struct param *param)
{
	lex_skip_lws(rest);
	if (rest->len == 0)
		return 0;
	if (rest->at[0] != ';')
		return -1;
	lex_drop(rest, 1);
	lex_skip_lws(rest);
	param->name = lex_token(rest);
	param->value = STR_NONE;
	param->quoted = STR_NONE;
	if (param->name.len == 0)
		return -1;
	lex_skip_lws(rest);
	if (rest->len == 0 || rest->at[0] != '=')
		return 1;
	lex_drop(rest, 1);
	lex_skip_lws(rest);
	return take_value(rest, param);
}

int
uri_param_next(struct str *rest, struct param *param)
{
	size_t len;

	if (rest->len == 0)
		return 0;
	if (rest->at[0] != ';')
		return -1;
	lex_drop(rest, 1);
	len = lex_span_escaped(*rest, LEX_PARAM);
	param->name = str_of(rest->at, len);
	param->value = STR_NONE;
	param->quoted = STR_NONE;
	lex_drop(rest, len);
	if (len == 0)
		return -1;
	if (rest->len == 0 || rest->at[0] != '=')
		return 1;
	lex_drop(rest, 1);
	len = lex_span_escaped(*rest, LEX_PARAM);
	param->value = str_of(rest->at, len);
	lex_drop(rest, len);
	return len > 0 ? 1 : -1;
}

bool
param_find(struct str params, struct str name, struct param *param)
{
	while (param_next(&params, param) > 0)
		if (str_alike(param->name, name))
			return true;
	return false;
}

static bool
has_escape(struct str name)
{
	return str_find(name, '%') < name.len;
}

static bool
same_name(struct str a, struct str b)
{
	return str_alike(a, b) ||
		((has_escape(a) || has_escape(b)) && lex_same_decoded(a, b, true));
}

bool
uri_param_find(struct str params, struct str name, struct param *param)
{
	while (uri_param_next(&params, param) > 0)
		if (same_name(param->name, name))
			return true;
	return false;
}

/* Counts a name in.
 * Ends: 1 when its kind was not there; 0 when another of its kind was; -1 when there are too
 * many. */
static int
watch(struct param_watch *w, struct str name)
{
	unsigned first = (uint8_t)char_lower(name.at[0]);
	unsigned last = (uint8_t)char_lower(name.at[name.len - 1]);
	uint64_t bit = (uint64_t)1 << ((first + 5 * last + 11 * name.len) & 63);
	bool known = (w->seen & bit) != 0;

	w->seen |= bit;
	if (++w->count > PARAMS_MAX)
		return -1;
	return known ? 0 : 1;
}

/* The part of the list before NAME. */
static struct str
before(const struct param_watch *w, struct str name)
{
	size_t len = (size_t)(name.at - w->all.at);

	while (len > 0 && w->all.at[len - 1] != ';')
		len--;
	return str_upto(w->all, len > 0 ? len - 1 : 0);
}

bool
param_is_new(struct param_watch *w, const struct param *param)
{
	struct param other;
	int kind = watch(w, param->name);

	return kind > 0 || (kind == 0 && !param_find(before(w, param->name), param->name, &other));
}

bool
uri_param_is_new(struct param_watch *w, const struct param *param)
{
	struct param other;
	int kind;

	if (has_escape(param->name))
		w->seen = UINT64_MAX; /* it may be the same as any other */
	kind = watch(w, param->name);
	return kind > 0 ||
		(kind == 0 && !uri_param_find(before(w, param->name), param->name, &other));
}
