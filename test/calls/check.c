/* SPDX-License-Identifier: Apache-2.0 */
#include "calls/check.h"

static const char *
shown(struct str s)
{
	return str_is_none(s) ? "nothing" : text_keep(s).at;
}

/* `Call-ID as alice.INVITE`, or `Call-ID as alice.200 To;tag` with a selector of its own. */
static void
check_pair(struct str line, struct str message, struct str between, bool is_same)
{
	size_t middle = text_find(line, between);
	struct str selector = str_upto(line, middle), other = str_from(line, middle + between.len);
	struct str reference = str_cut(&other, ' '), mine, theirs;

	if (middle == line.len)
		play_fail("`same SELECTOR as MESSAGE` or `other SELECTOR than MESSAGE`");
	mine = text_select(message, selector);
	theirs = text_select(party_message(reference), other.len > 0 ? other : selector);
	if (str_is_none(mine) || str_is_none(theirs))
		play_fail("%s: here %s, there %s", shown(selector), shown(mine), shown(theirs));
	if (str_same(mine, theirs) != is_same)
		play_fail("%s is `%s`, and in %s it is `%s`", shown(selector), shown(mine),
			shown(reference), shown(theirs));
}

/* `range Retry-After 0 10` */
static void
check_range(struct str rest, struct str message)
{
	struct str selector = str_cut(&rest, ' '), low = str_cut(&rest, ' ');
	struct str value = text_select(message, selector);
	uint64_t from, upto, number;
	size_t digits = 0;

	if (!str_number(low, UINT32_MAX, &from) || !str_number(rest, UINT32_MAX, &upto))
		play_fail("`range SELECTOR FROM UPTO`");
	while (digits < value.len && char_is_digit(value.at[digits]))
		digits++;
	if (!str_number(str_upto(value, digits), UINT32_MAX, &number) || number < from ||
		number > upto)
		play_fail("%s is %s", shown(selector), shown(value));
}

/* `times 2 Via` */
static void
check_times(struct str rest, struct str message)
{
	struct str wanted = str_cut(&rest, ' ');
	uint64_t count;

	if (!str_number(wanted, 1000, &count))
		play_fail("`times NUMBER NAME`");
	if (text_header_count(message, rest) != count)
		play_fail(
			"%s stands there %u times", shown(rest), text_header_count(message, rest));
}

static void
check_value(struct str line, struct str message)
{
	struct str pattern = line, selector = str_cut(&pattern, ':');
	struct str value = text_select(message, str_trim(selector));

	if (selector.len == line.len)
		play_fail("`%s` is nothing that could be checked", shown(line));
	pattern = party_fill(str_trim(pattern));
	if (str_is_none(value) || !text_fits(value, pattern))
		play_fail("%s is `%s`", shown(selector), shown(value));
}

static bool
take_word(struct str *line, const char *word)
{
	if (!str_begins(*line, str_cstr(word)))
		return false;
	*line = str_from(*line, str_cstr(word).len);
	return true;
}

static void
check_line(struct str line, struct str message)
{
	if (take_word(&line, "no ")) {
		if (!str_is_empty(text_select(message, line)))
			play_fail("%s is there: `%s`", shown(line),
				shown(text_select(message, line)));
	} else if (take_word(&line, "same ")) {
		check_pair(line, message, STR(" as "), true);
	} else if (take_word(&line, "other ")) {
		check_pair(line, message, STR(" than "), false);
	} else if (take_word(&line, "range ")) {
		check_range(line, message);
	} else if (take_word(&line, "times ")) {
		check_times(line, message);
	} else {
		check_value(line, message);
	}
}

void
check_lines(const struct step *step, struct str message)
{
	for (unsigned i = 0; i < step->below_count; i++)
		check_line(step->below[i].text, message);
}
