/* SPDX-License-Identifier: Apache-2.0 */
#include "calls/script.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "calls/text.h"

static struct str
read_all(const char *path)
{
	static char bytes[256 * 1024];
	FILE *file = fopen(path, "rb");
	size_t len;

	if (file == NULL)
		fail_msg("%s: cannot be read", path);
	len = fread(bytes, 1, sizeof bytes, file);
	fclose(file);
	if (len == 0 || len == sizeof bytes)
		fail_msg("%s: empty or too large", path);
	return text_keep(str_of(bytes, len));
}

static void
split(struct step *step)
{
	struct str rest = step->line.text;

	while (rest.len > 0) {
		size_t end = 0;

		while (end < rest.len && !char_is_space(rest.at[end]))
			end++;
		assert_true(step->word_count < STEP_WORDS_MAX);
		step->words[step->word_count++] = str_upto(rest, end);
		rest = str_trim(str_from(rest, end));
	}
}

static void
add_step(struct script *script, struct str text, unsigned number)
{
	struct step *step = &script->steps[script->step_count];

	if (script->step_count++ == SCRIPT_STEPS_MAX)
		fail_msg("%s:%u: too many statements", script->path, number);
	text = str_trim(str_upto(text, text_find(text, STR(" # "))));
	*step = (struct step){ .line = { text, number },
		.below = &script->lines[script->line_count] };
	split(step);
}

static void
add_below(struct script *script, struct str text, unsigned number)
{
	if (script->step_count == 0 || script->line_count == SCRIPT_LINES_MAX)
		fail_msg("%s:%u: an indented line belongs to a statement", script->path, number);
	script->lines[script->line_count++] = (struct script_line){ text, number };
	script->steps[script->step_count - 1].below_count++;
}

void
script_read(struct script *script, const char *path)
{
	struct str rest = read_all(path);
	unsigned number = 0;

	script->path = path;
	while (rest.len > 0) {
		struct str line = str_cut(&rest, '\n'), text = str_trim(line);

		number++;
		if (text.len == 0 || text.at[0] == '#')
			continue;
		if (char_is_space(line.at[0]))
			add_below(script, text, number);
		else
			add_step(script, text, number);
	}
}

struct str
step_word(const struct step *step, unsigned n)
{
	return n < step->word_count ? step->words[n] : STR("");
}

bool
step_is(const struct step *step, unsigned n, const char *word)
{
	return n < step->word_count && str_same(step->words[n], str_cstr(word));
}

struct str
step_rest(const struct step *step, unsigned n)
{
	const char *end = step->line.text.at + step->line.text.len;

	return n < step->word_count ? str_of(step->words[n].at, (size_t)(end - step->words[n].at))
				    : STR("");
}

struct str
step_option(const struct step *step, unsigned from, const char *name)
{
	for (unsigned i = from; i < step->word_count; i++) {
		struct str value = step->words[i], word = str_cut(&value, '=');

		if (word.len < step->words[i].len && str_same(word, str_cstr(name)))
			return value;
	}
	return STR_NONE;
}

bool
step_has(const struct step *step, unsigned from, const char *word)
{
	for (unsigned i = from; i < step->word_count; i++)
		if (step_is(step, i, word))
			return true;
	return false;
}
