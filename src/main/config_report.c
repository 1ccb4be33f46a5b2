/* SPDX-License-Identifier: Apache-2.0 */
#include "main/config_report.h"

#include <string.h>

/* Of a line that is longer, only what is around the caret is shown. */
enum { SHOWN_COLUMNS_MAX = 400, SHOWN_BEFORE_CARET = 100 };

void
report_init(struct report *report, struct config_memory *memory, struct str path, struct str text)
{
	*report = (struct report){ .memory = memory, .path = path, .text = text };
}

/* How many octets the character at AT takes; 1 for what is none, *IS_PLAIN then being false. */
static size_t
character(struct str text, size_t at, bool *is_plain)
{
	unsigned char first = (unsigned char)text.at[at];
	size_t len = first < 0x80 ? 1 : first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;

	*is_plain =
		first >= ' ' && first != 0x7f && (first < 0x80 || first >= 0xc2) && first < 0xf5;
	for (size_t i = 1; i < len; i++)
		*is_plain = *is_plain && at + i < text.len && (text.at[at + i] & 0xc0) == 0x80;
	/* U+0080 to U+009F steer terminals. */
	if (first == 0xc2 && *is_plain)
		*is_plain = (unsigned char)text.at[at + 1] >= 0xa0;
	return *is_plain ? len : 1;
}

/* A name out of the file may say anything, escape sequences for a terminal among it. */
static void
make_plain(char *text, size_t len)
{
	bool is_plain;

	for (size_t at = 0; at < len;) {
		size_t step = character(str_of(text, len), at, &is_plain);

		if (!is_plain)
			text[at] = '?';
		at += step;
	}
}

__attribute__((format(printf, 5, 0))) static void
add(struct report *report, bool is_warning, struct span span, size_t at, const char *format,
	va_list args)
{
	struct remark *remark = &report->remarks[report->count];
	char text[1024];
	int len;

	if (is_warning ? report->warnings++ >= WARNINGS_MAX : report->errors++ >= ERRORS_MAX)
		return;
	len = vsnprintf(text, sizeof text, format, args);
	len = len < 0 ? 0 : len < (int)sizeof text ? len : (int)sizeof text - 1;
	make_plain(text, (size_t)len);
	*remark = (struct remark){ .is_warning = is_warning,
		.span = span,
		.at = at,
		.text = memory_copy(report->memory, str_of(text, (size_t)len)) };
	report->count++;
}

void
report_error(struct report *report, struct span span, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	add(report, false, span, span.from, format, args);
	va_end(args);
}

void
report_error_at(struct report *report, struct span span, size_t at, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	add(report, false, span, at, format, args);
	va_end(args);
}

void
report_warning(struct report *report, struct span span, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	add(report, true, span, span.from, format, args);
	va_end(args);
}

/* ---- lines ----------------------------------------------------------------------------------- */

/* Whether the octet at AT ends a line: a line feed, or a carriage return without one. */
static bool
ends_line(struct str text, size_t at)
{
	return text.at[at] == '\n' ||
		(text.at[at] == '\r' && (at + 1 == text.len || text.at[at + 1] != '\n'));
}

static size_t
line_start(struct str text, size_t at)
{
	while (at > 0 && !ends_line(text, at - 1))
		at--;
	return at;
}

static size_t
line_end(struct str text, size_t at)
{
	while (at < text.len && text.at[at] != '\n' && text.at[at] != '\r')
		at++;
	return at;
}

uint32_t
report_line(const struct report *report, size_t at)
{
	uint32_t line = 1;

	for (size_t i = 0; i < at && i < report->text.len; i++)
		line += ends_line(report->text, i);
	return line;
}

static size_t
columns(struct str text, size_t from, size_t to)
{
	size_t count = 0;
	bool is_plain;

	for (size_t at = from; at < to && at < text.len; count++)
		at += character(text, at, &is_plain);
	return count;
}

/* ---- secrets --------------------------------------------------------------------------------- */

/* Where the value that begins at AT ends; IS_FLOW: it stands between braces. */
static size_t
value_end(struct str text, size_t at, bool is_flow)
{
	char quote = text.at[at];

	if (quote == '"' || quote == '\'') {
		for (at++; at < text.len && text.at[at] != quote; at++)
			at += quote == '"' && text.at[at] == '\\';
		return at < text.len ? at : text.len;
	}
	while (at < text.len && text.at[at] != '\n' && text.at[at] != '\r' &&
		!(is_flow && (text.at[at] == ',' || text.at[at] == '}')))
		at++;
	return at;
}

/* Finds the next value of a password in the text from octet *AT on.
 * Ends: true with its SPAN, *AT behind it; false when there is none. */
static bool
next_secret(struct str text, size_t *at, struct span *span)
{
	struct str key = STR("password");

	for (; *at + key.len < text.len; ++*at) {
		size_t i = *at + key.len;
		struct str before;

		if (!str_begins_alike(str_from(text, *at), key))
			continue;
		if (i < text.len && (text.at[i] == '"' || text.at[i] == '\''))
			i++;
		while (i < text.len && char_is_space(text.at[i]))
			i++;
		if (i == text.len || text.at[i] != ':')
			continue;
		for (i++; i < text.len &&
			(char_is_space(text.at[i]) || text.at[i] == '\n' || text.at[i] == '\r');)
			i++;
		if (i == text.len)
			return false;
		before = str_from(str_upto(text, *at), line_start(text, *at));
		span->to = value_end(text, i, str_find(before, '{') < before.len);
		i += text.at[i] == '"' || text.at[i] == '\'';
		span->from = i;
		*at = span->to;
		/* Where a secret is kept is none. */
		if (span->to > i && !str_begins(str_from(text, i), STR("${")))
			return true;
	}
	return false;
}

/* ---- printing -------------------------------------------------------------------------------- */

/* Prints octets FROM up to TO, all on one line, with secrets as asterisks and what could steer a
 * terminal as a question mark. */
static void
print_text(struct str text, size_t from, size_t to, FILE *out)
{
	struct span secret = { 0, 0 };
	size_t searched = 0, len;
	bool is_more = true, is_plain;

	for (size_t at = from; at < to; at += len) {
		while (is_more && secret.to <= at)
			is_more = next_secret(text, &searched, &secret);
		len = character(text, at, &is_plain);
		if (is_more && at >= secret.from && at < secret.to)
			fputc('*', out);
		else if (is_plain)
			fwrite(text.at + at, 1, len, out);
		else
			fputc(text.at[at] == '\t' ? '\t' : '?', out);
	}
	fputc('\n', out);
}

/* Prints the line below: a caret at the octet AT, tildes under the rest of SPAN. */
static void
print_caret(struct str text, size_t from, size_t to, const struct remark *remark, FILE *out)
{
	size_t last = remark->span.to > remark->at ? remark->span.to - 1 : remark->at;
	bool is_plain;

	for (size_t i = from; i <= last && i <= to;
		i += i < to ? character(text, i, &is_plain) : 1) {
		if (i == remark->at)
			fputc('^', out);
		else if (i >= remark->span.from)
			fputc('~', out);
		else
			fputc(text.at[i] == '\t' ? '\t' : ' ', out);
	}
	fputc('\n', out);
}

static void
print_remark(const struct report *report, const struct remark *remark, FILE *out)
{
	const char *word = remark->is_warning ? "warning" : "error";
	struct str text = report->text;
	struct remark shown = *remark;
	size_t from, to;
	bool is_plain;

	if (remark->span.from > text.len) {
		fprintf(out, "%.*s: %s: %.*s\n", SHOW(report->path), word, (int)remark->text.len,
			remark->text.at);
		return;
	}
	/* A fault at the end of the file is shown behind the last thing there. */
	while (shown.at > 0 && shown.at == text.len && ends_line(text, shown.at - 1))
		text.len = shown.at = shown.at - 1;
	from = line_start(text, shown.at);
	to = line_end(text, shown.at);
	fprintf(out, "%.*s:%u:%zu: %s: %.*s\n", SHOW(report->path), report_line(report, shown.at),
		columns(text, from, shown.at) + 1, word, (int)shown.text.len, shown.text.at);
	while (to - from > SHOWN_COLUMNS_MAX && shown.at - from > SHOWN_BEFORE_CARET)
		from += character(text, from, &is_plain);
	if (to - from > SHOWN_COLUMNS_MAX)
		to = from + SHOWN_COLUMNS_MAX;
	if (shown.span.to > to)
		shown.span.to = to;
	print_text(text, from, to, out);
	print_caret(text, from, to, &shown, out);
}

/* Whether remark A is to be printed before B. */
static bool
is_before(const struct remark *a, const struct remark *b)
{
	return a->at < b->at;
}

void
report_print(const struct report *report, FILE *to)
{
	uint32_t order[ERRORS_MAX + WARNINGS_MAX];

	for (uint32_t i = 0; i < report->count; i++) {
		uint32_t at = i;

		for (; at > 0 && is_before(&report->remarks[i], &report->remarks[order[at - 1]]);
			at--)
			order[at] = order[at - 1];
		order[at] = i;
	}
	for (uint32_t i = 0; i < report->count; i++)
		print_remark(report, &report->remarks[order[i]], to);
	if (report->errors > ERRORS_MAX)
		fprintf(to, "%.*s: error: and %u more errors\n", SHOW(report->path),
			report->errors - ERRORS_MAX);
	if (report->warnings > WARNINGS_MAX)
		fprintf(to, "%.*s: warning: and %u more warnings\n", SHOW(report->path),
			report->warnings - WARNINGS_MAX);
}
