/* SPDX-License-Identifier: Apache-2.0 */
/* A list of From, To, Contact or Route values, and parameters of headers. */
#include "fuzz.h"
#include "sip/lex.h"
#include "sip/nameaddr.h"
#include "sip/param.h"

static void
see_params(const struct nameaddr *n, struct str text)
{
	struct str rest = n->params;
	struct param param, found;

	while (param_next(&rest, &param) == 1) {
		struct str value = nameaddr_param(n, param.name);

		fuzz_within(param.name, text);
		fuzz_within(param.value, text);
		fuzz_within(param.quoted, text);
		fuzz_within(value, text);
		fuzz_check(!str_is_none(value), text);
		fuzz_check(param_find(n->params, param.name, &found), text);
		fuzz_check(str_alike(found.name, param.name), text);
	}
	fuzz_check(rest.len == 0, text);
	fuzz_check(str_is_none(n->tag) == str_is_none(nameaddr_param(n, STR("tag"))), text);
}

static void
read_one(struct str text)
{
	struct nameaddr n;
	size_t at = text.len + 1;

	if (!nameaddr_parse(&n, text, &at)) {
		fuzz_check(at <= text.len, text);
		return;
	}
	fuzz_within(n.text, text);
	if (n.star)
		return;
	fuzz_within(n.display, text);
	fuzz_within(n.uri.text, text);
	fuzz_within(n.params, text);
	fuzz_within(n.tag, text);
	fuzz_check(n.uri.text.len > 0, text);
	/* Without brackets all parameters are the header's. */
	if (str_find(text, '<') == text.len)
		fuzz_check(n.uri.params.len == 0 && n.uri.headers.len == 0, text);
	see_params(&n, text);
}

void
fuzz_one(struct str input)
{
	struct str rest = input, element;
	size_t elements = 0;

	read_one(input);
	while (lex_element(&rest, &element)) {
		fuzz_within(element, input);
		fuzz_check(++elements <= input.len + 1, input);
		read_one(element);
	}
	fuzz_check(str_is_none(rest), input);
}
