/* SPDX-License-Identifier: Apache-2.0 */
/* Any octets as a path of the admin socket, told again by a list that shares nothing with the
 * table; and lines of KEY=VALUE as the words behind its `?`. */
#include "admin/path.h"
#include "base/limits.h"
#include "fuzz.h"

#include <string.h>

static const struct known {
	const char *text; /* what ends with `/` has a name behind it */
	enum ask_what what;
	const char *words; /* each between spaces */
} known[] = {
	{ "/v1/calls", ASK_CALLS, " cursor number " },
	{ "/v1/calls/", ASK_CALL, "" },
	{ "/v1/crossings", ASK_PAIRS, " cursor number " },
	{ "/v1/crossings/dns", ASK_TALLIES, " cursor number " },
	{ "/v1/registrations", ASK_REGISTRATIONS, " cursor number " },
	{ "/v1/reload", ASK_RELOAD, "" },
	{ "/v1/route", ASK_ROUTE, " from to " },
	{ "/v1/status", ASK_STATUS, "" },
	{ "/v1/why/", ASK_WHY, "" },
};

static const struct known *
find(struct str text, struct str *name)
{
	*name = STR("");
	for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
		size_t len = strlen(known[i].text);
		bool has_name = known[i].text[len - 1] == '/';

		if (text.len < len || memcmp(text.at, known[i].text, len) != 0)
			continue;
		if (!has_name && text.len == len)
			return &known[i];
		if (has_name && text.len > len &&
			memchr(text.at + len, '/', text.len - len) == NULL) {
			*name = str_from(text, len);
			return &known[i];
		}
	}
	return NULL;
}

static bool
takes(const struct known *k, struct str key)
{
	const char *at = k->words;

	if (key.len == 0 || str_find(key, ' ') < key.len)
		return false;
	while ((at = strchr(at, ' ')) != NULL && at[1] != '\0') {
		at++;
		if (strlen(at) > key.len && memcmp(at, key.at, key.len) == 0 && at[key.len] == ' ')
			return true;
	}
	return false;
}

static bool
is_cursor(struct str value)
{
	uint64_t number = 0;

	for (size_t i = 0; i < value.len; i++) {
		if (!char_is_digit(value.at[i]))
			return false;
		number = number * 10 + (uint64_t)(value.at[i] - '0');
		if (number > UINT32_MAX)
			return false;
	}
	return value.len > 0;
}

/* A word that is not taken changes nothing; one that is changes its place alone. */
static void
see_word(const struct path *p, const struct known *k, struct ask *ask, struct str line)
{
	struct str rest = line, key = str_cut(&rest, '=');
	struct ask before = *ask;
	const char *why = path_word(p, ask, key, rest);
	bool is_from = str_same(key, STR("cursor")), is_other = str_same(key, STR("to"));
	bool is_good = takes(k, key) &&
		(is_from ? is_cursor(rest) : rest.len >= 1 && rest.len <= ASK_NAME_BYTES_MAX);

	fuzz_check((why == NULL) == is_good, line);
	fuzz_check(why == NULL || why[0] != '\0', line);
	fuzz_check(ask->from == before.from || (is_good && is_from), line);
	if (is_good && !is_from)
		fuzz_check(str_same(is_other ? ask->other : ask->name, rest), line);
	if (!is_good || is_from || is_other)
		fuzz_check(
			ask->name.at == before.name.at && ask->name.len == before.name.len, line);
	if (!is_good || !is_other)
		fuzz_check(ask->other.at == before.other.at && ask->other.len == before.other.len,
			line);
}

void
fuzz_one(struct str input)
{
	struct str whole = input, text = fuzz_line(&input), name, due;
	const struct path *p = path_find(text, &name);
	const struct known *k = find(text, &due);
	struct ask ask = { .name = STR("") };

	fuzz_check((p == NULL) == (k == NULL), whole);
	if (p == NULL)
		return;
	fuzz_check(p->what == k->what && str_same(name, due), whole);
	fuzz_check(p->is_order == (p->what == ASK_RELOAD) && p->has_name == (due.len > 0), whole);
	fuzz_check(p->schema.len > 2 && str_ends(p->schema, STR("/1")), whole);
	fuzz_within(name, whole);
	while (input.len > 0)
		see_word(p, k, &ask, fuzz_line(&input));
}
