/* SPDX-License-Identifier: Apache-2.0 */
/* What `route-test`, `why` and `show crossings` print. */
#include <inttypes.h>

#include "base/buf.h"
#include "main/look_show.h"

enum { CELL_BYTES = 1024 };

/* ---- modes, rules, legs ---------------------------------------------------------------------- */

/* `sips over TLS`, or `refused: 480, Warning 380`. */
static void
put_outcome(struct table *t, const json_t *what)
{
	char text[CELL_BYTES];
	struct buf b = buf_on(text, sizeof text);
	uint64_t warning = answer_number(what, "warning");

	buf_put(&b, answer_text(what, "outcome"));
	if (answer_number(what, "status") != 0) {
		buf_put(&b, STR(": "));
		buf_number(&b, answer_number(what, "status"));
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
		buf_put(&b, answer_text(mode, "mode"));
		table_put(t, buf_str(&b));
		put_outcome(t, mode);
		table_put(t, answer_text(mode, "rule"));
		table_put(t, answer_text(mode, "why"));
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

	answer_print("\nthe ", answer_text(leg, "side"));
	answer_print("'s leg, ", answer_text(leg, "dn"));
	answer_print(": ", answer_text(leg, "scheme"));
	answer_print(" over ", answer_text(leg, "transport"));
	fputc('\n', stdout);
	json_array_foreach(json_object_get(leg, "parts"), i, part)
	{
		char text[CELL_BYTES];
		struct buf b = buf_on(text, sizeof text);

		buf_put(&b, STR("  "));
		buf_put(&b, answer_text(part, "part"));
		table_put(t, buf_str(&b));
		table_put(t, answer_text(part, "value"));
		table_put(t, answer_text(part, "rule"));
		table_put(t, answer_text(part, "why"));
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
	if (answer_number(answer, "status") != 0)
		printf(" with %" PRIu64, answer_number(answer, "status"));
	if (answer_number(answer, "warning") != 0)
		printf(" and Warning %" PRIu64, answer_number(answer, "warning"));
}

/* ---- route-test, why ------------------------------------------------------------------------- */

void
show_route(const json_t *route)
{
	static const char *const titles[] = { "  RULE", "SAYS" };
	struct table *t = table_open(titles, 2);
	const json_t *tried;
	size_t i;

	answer_print("a call from ", answer_text(route, "from"));
	answer_print(" to ", answer_text(route, "to"));
	answer_print(" would be ", answer_text(route, "outcome"));
	print_status(route);
	answer_print(": ", answer_text(route, "why"));
	puts("\n\nevery rule, in its order");
	json_array_foreach(json_object_get(route, "tried"), i, tried)
	{
		char text[CELL_BYTES];
		struct buf b = buf_on(text, sizeof text);

		buf_put(&b, STR("  "));
		buf_put(&b, answer_text(tried, "rule"));
		table_put(t, buf_str(&b));
		table_put(t, answer_text(tried, "result"));
	}
	table_print(t, stdout);
	table_close(t);
	print_modes(route);
	print_legs(route);
}

void
show_why(const json_t *why)
{
	uint64_t code = answer_number(why, "sip_code");

	answer_print("call ", answer_text(why, "call"));
	answer_print("  ", answer_text(why, "from"));
	answer_print(" -> ", answer_text(why, "to"));
	if (!str_same(answer_text(why, "dn"), STR("-")) &&
		!str_same(answer_text(why, "dn"), answer_text(why, "to")))
		answer_print(" by ", answer_text(why, "dn"));
	answer_print("  ", answer_text(why, "state"));
	if (code != 0)
		printf(" with %" PRIu64, code);
	if (!str_same(answer_text(why, "why"), STR("-")))
		answer_print(": ", answer_text(why, "why"));
	answer_print("\nbegan ", answer_text(why, "start"));
	answer_print("  answered ", answer_text(why, "answer"));
	answer_print("  ended ", answer_text(why, "end"));
	fputc('\n', stdout);
	if (!str_same(answer_text(why, "mode"), STR("-"))) {
		answer_print("crossing: ", answer_text(why, "mode"));
		answer_print(", the caller spoke ", answer_text(why, "caller_speaks"));
		if (!str_same(answer_text(why, "device_has"), STR("-")))
			answer_print(", the callee's device had ", answer_text(why, "device_has"));
		printf("; %s\n", answer_crossing(why));
	}
	print_modes(why);
	print_legs(why);
}

/* ---- show crossings -------------------------------------------------------------------------- */

static void
put_count(struct table *t, const json_t *object, const char *key)
{
	char text[32];
	struct buf b = buf_on(text, sizeof text);

	buf_number(&b, answer_number(object, key));
	table_put(t, buf_str(&b));
}

static void
put_pair(struct table *t, const json_t *pair)
{
	struct str from = answer_text(pair, "from");

	table_put(t, str_same(from, STR("-")) ? STR("(strangers)") : from);
	answer_put(t, pair, "to");
	put_count(t, pair, "calls");
	put_count(t, pair, "down");
	put_count(t, pair, "up");
	put_count(t, pair, "refused");
	put_count(t, pair, "strict_would_refuse");
	answer_put(t, pair, "last");
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
	answer_put(t, tally, "number");
	answer_put(t, tally, "crossing");
	put_count(t, tally, "calls");
	put_count(t, tally, "refused");
	put_count(t, tally, "strict_would_refuse");
	answer_put(t, tally, "could_be_strict");
}

const struct show_list show_tallies = {
	.titles = { "DN", "CROSSING", "CALLS", "REFUSED", "STRICT WOULD REFUSE",
		"COULD BE STRICT TODAY" },
	.columns = 6,
	.put = put_tally,
};
