/* SPDX-License-Identifier: Apache-2.0 */
/* What `route-test`, `why` and `show crossings` print. */
#include <inttypes.h>

#include "base/buf.h"
#include "main/look_show.h"

enum { CELL_BYTES = 1024 };

static struct str
text_of(const json_t *object, const char *key)
{
	const json_t *value = json_object_get(object, key);

	if (!json_is_string(value) || json_string_length(value) == 0)
		return STR("-");
	return str_of(json_string_value(value), json_string_length(value));
}

static uint64_t
number_of(const json_t *object, const char *key)
{
	json_int_t number = json_integer_value(json_object_get(object, key));

	return number > 0 ? (uint64_t)number : 0;
}

static void
print_word(const char *before, struct str text)
{
	fputs(before, stdout);
	table_print_text(text, stdout);
}

/* ---- modes, rules, legs ---------------------------------------------------------------------- */

/* `sips over TLS`, or `refused: 480, Warning 380`. */
static void
put_outcome(struct table *t, const json_t *what)
{
	char text[CELL_BYTES];
	struct buf b = buf_on(text, sizeof text);
	uint64_t warning = number_of(what, "warning");

	buf_put(&b, text_of(what, "outcome"));
	if (number_of(what, "status") != 0) {
		buf_put(&b, STR(": "));
		buf_number(&b, number_of(what, "status"));
	}
	if (warning != 0) {
		buf_put(&b, STR(", Warning "));
		buf_number(&b, warning);
	}
	table_put(t, buf_ok(&b) ? buf_str(&b) : STR("?"));
}

static void
print_modes(const json_t *answer)
{
	static const char *const titles[] = { "  MODE", "THE CALLEE'S LEG", "FIXED BY", "WHY" };
	struct table *t = table_open(titles, 4);
	const json_t *mode;
	size_t i;

	json_array_foreach(json_object_get(answer, "modes"), i, mode)
	{
		char text[CELL_BYTES];
		struct buf b = buf_on(text, sizeof text);

		buf_put(&b,
			json_is_true(json_object_get(mode, "in_force")) ? STR("* ") : STR("  "));
		buf_put(&b, text_of(mode, "mode"));
		table_put(t, buf_str(&b));
		put_outcome(t, mode);
		table_put(t, text_of(mode, "rule"));
		table_put(t, text_of(mode, "why"));
	}
	if (json_array_size(json_object_get(answer, "modes")) > 0) {
		puts("\nwhat each crossing mode makes of it (* in force)");
		table_print(t, stdout);
	}
	table_close(t);
}

static void
print_leg(const json_t *leg)
{
	static const char *const titles[] = { "  PART", "CARRIES", "FIXED BY", "WHY" };
	struct table *t = table_open(titles, 4);
	const json_t *part;
	size_t i;

	print_word("\nthe ", text_of(leg, "side"));
	print_word("'s leg, ", text_of(leg, "dn"));
	print_word(": ", text_of(leg, "scheme"));
	print_word(" over ", text_of(leg, "transport"));
	fputc('\n', stdout);
	json_array_foreach(json_object_get(leg, "parts"), i, part)
	{
		char text[CELL_BYTES];
		struct buf b = buf_on(text, sizeof text);

		buf_put(&b, STR("  "));
		buf_put(&b, text_of(part, "part"));
		table_put(t, buf_str(&b));
		table_put(t, text_of(part, "value"));
		table_put(t, text_of(part, "rule"));
		table_put(t, text_of(part, "why"));
	}
	table_print(t, stdout);
	table_close(t);
}

static void
print_legs(const json_t *answer)
{
	const json_t *leg;
	size_t i;

	json_array_foreach(json_object_get(answer, "legs"), i, leg) print_leg(leg);
}

/* ` 480 with Warning 380` */
static void
print_status(const json_t *answer)
{
	if (number_of(answer, "status") != 0)
		printf(" with %" PRIu64, number_of(answer, "status"));
	if (number_of(answer, "warning") != 0)
		printf(" and Warning %" PRIu64, number_of(answer, "warning"));
}

/* ---- route-test, why ------------------------------------------------------------------------- */

void
show_route(const json_t *route)
{
	static const char *const titles[] = { "  RULE", "SAYS" };
	struct table *t = table_open(titles, 2);
	const json_t *tried;
	size_t i;

	print_word("a call from ", text_of(route, "from"));
	print_word(" to ", text_of(route, "to"));
	print_word(" would be ", text_of(route, "outcome"));
	print_status(route);
	print_word(": ", text_of(route, "why"));
	puts("\n\nevery rule, in its order");
	json_array_foreach(json_object_get(route, "tried"), i, tried)
	{
		char text[CELL_BYTES];
		struct buf b = buf_on(text, sizeof text);

		buf_put(&b, STR("  "));
		buf_put(&b, text_of(tried, "rule"));
		table_put(t, buf_str(&b));
		table_put(t, text_of(tried, "result"));
	}
	table_print(t, stdout);
	table_close(t);
	print_modes(route);
	print_legs(route);
}

static const char *
crossing_sentence(struct str crossing)
{
	if (str_same(crossing, STR("down")))
		return "CROSSING: sips to this server, then sip to the callee";
	if (str_same(crossing, STR("up")))
		return "CROSSING: sip to this server, then sips to the callee";
	return "no crossing";
}

void
show_why(const json_t *why)
{
	uint64_t code = number_of(why, "sip_code");

	print_word("call ", text_of(why, "call"));
	print_word("  ", text_of(why, "from"));
	print_word(" -> ", text_of(why, "to"));
	if (!str_same(text_of(why, "dn"), STR("-")) &&
		!str_same(text_of(why, "dn"), text_of(why, "to")))
		print_word(" by ", text_of(why, "dn"));
	print_word("  ", text_of(why, "state"));
	if (code != 0)
		printf(" with %" PRIu64, code);
	if (!str_same(text_of(why, "why"), STR("-")))
		print_word(": ", text_of(why, "why"));
	print_word("\nbegan ", text_of(why, "start"));
	print_word("  answered ", text_of(why, "answer"));
	print_word("  ended ", text_of(why, "end"));
	fputc('\n', stdout);
	if (!str_same(text_of(why, "mode"), STR("-"))) {
		print_word("crossing: ", text_of(why, "mode"));
		print_word(", the caller spoke ", text_of(why, "caller_speaks"));
		if (!str_same(text_of(why, "device_has"), STR("-")))
			print_word(", the callee's device had ", text_of(why, "device_has"));
		printf("; %s\n", crossing_sentence(text_of(why, "crossing")));
	}
	print_modes(why);
	print_legs(why);
}

/* ---- show crossings -------------------------------------------------------------------------- */

static void
put_text(struct table *t, const json_t *object, const char *key)
{
	table_put(t, text_of(object, key));
}

static void
put_count(struct table *t, const json_t *object, const char *key)
{
	char text[32];
	struct buf b = buf_on(text, sizeof text);

	buf_number(&b, number_of(object, key));
	table_put(t, buf_str(&b));
}

static void
put_pair(struct table *t, const json_t *pair)
{
	struct str from = text_of(pair, "from");

	table_put(t, str_same(from, STR("-")) ? STR("(strangers)") : from);
	put_text(t, pair, "to");
	put_count(t, pair, "calls");
	put_count(t, pair, "down");
	put_count(t, pair, "up");
	put_count(t, pair, "refused");
	put_count(t, pair, "strict_would_refuse");
	put_text(t, pair, "last");
}

const struct show_list show_pairs = {
	.titles = { "FROM", "TO", "CALLS", "SIPS TO SIP", "SIP TO SIPS", "REFUSED",
		"STRICT WOULD REFUSE", "LAST" },
	.columns = 8,
	.put = put_pair,
};

static void
put_tally(struct table *t, const json_t *tally)
{
	put_text(t, tally, "number");
	put_text(t, tally, "crossing");
	put_count(t, tally, "calls");
	put_count(t, tally, "refused");
	put_count(t, tally, "strict_would_refuse");
	put_text(t, tally, "could_be_strict");
}

const struct show_list show_tallies = {
	.titles = { "DN", "CROSSING", "CALLS", "REFUSED", "STRICT WOULD REFUSE",
		"COULD BE STRICT TODAY" },
	.columns = 6,
	.put = put_tally,
};
