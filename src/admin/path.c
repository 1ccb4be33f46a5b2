/* SPDX-License-Identifier: Apache-2.0 */
#include "admin/path.h"

#include "base/limits.h"

static const struct path paths[] = {
	{ .text = STR("/v1/status"), .what = ASK_STATUS, .schema = STR("status/1") },
	{ .text = STR("/v1/calls"),
		.is_list = true,
		.what = ASK_CALLS,
		.schema = STR("calls/1"),
		.words = { STR("number") } },
	{ .text = STR("/v1/calls/"), .has_name = true, .what = ASK_CALL, .schema = STR("call/1") },
	{ .text = STR("/v1/registrations"),
		.is_list = true,
		.what = ASK_REGISTRATIONS,
		.schema = STR("registrations/1"),
		.words = { STR("number") } },
	{ .text = STR("/v1/route"),
		.what = ASK_ROUTE,
		.schema = STR("route/1"),
		.words = { STR("from"), STR("to") } },
	{ .text = STR("/v1/why/"), .has_name = true, .what = ASK_WHY, .schema = STR("why/1") },
	{ .text = STR("/v1/crossings"),
		.is_list = true,
		.what = ASK_PAIRS,
		.schema = STR("crossings/1"),
		.words = { STR("number") } },
	{ .text = STR("/v1/crossings/dns"),
		.is_list = true,
		.what = ASK_TALLIES,
		.schema = STR("crossing-dns/1"),
		.words = { STR("number") } },
	{ .text = STR("/v1/reload"),
		.is_order = true,
		.what = ASK_RELOAD,
		.schema = STR("reload/1") },
};

static bool
is_of(const struct path *p, struct str text, struct str *name)
{
	if (!p->has_name)
		return str_same(text, p->text);
	if (text.len <= p->text.len + p->behind.len || !str_begins(text, p->text) ||
		!str_ends(text, p->behind))
		return false;
	*name = str_upto(str_from(text, p->text.len), text.len - p->text.len - p->behind.len);
	/* With nothing behind it, a name is the rest and no folder. */
	return str_find(*name, '/') == name->len;
}

const struct path *
path_find(struct str text, struct str *name)
{
	*name = STR("");
	for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++)
		if (is_of(&paths[i], text, name))
			return &paths[i];
	return NULL;
}

const char *
path_word(const struct path *p, struct ask *ask, struct str key, struct str value)
{
	struct str *const places[PATH_WORDS] = { &ask->name, &ask->other };
	uint64_t number;

	if (p->is_list && str_same(key, STR("cursor"))) {
		if (!str_number(value, UINT32_MAX, &number))
			return "a cursor is the `cursor` of the page before";
		ask->from = (uint32_t)number;
		return NULL;
	}
	for (int i = 0; i < PATH_WORDS; i++) {
		if (str_is_empty(p->words[i]) || !str_same(key, p->words[i]))
			continue;
		if (value.len == 0 || value.len > ASK_NAME_BYTES_MAX)
			return "a number has 1 to 256 octets";
		*places[i] = value;
		return NULL;
	}
	return "this path does not take such a word behind its `?`";
}
