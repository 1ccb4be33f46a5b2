/* SPDX-License-Identifier: Apache-2.0 */
#include "main/table.h"

#include <stdlib.h>
#include <string.h>

#include "base/panic.h"

struct table {
	size_t columns;
	size_t count, room; /* cells */
	struct str *cells;
	size_t widths[TABLE_COLUMNS_MAX];
};

/* An octet of a character that is not its first. */
static bool
is_inner(char c)
{
	return ((unsigned char)c & 0xc0) == 0x80;
}

size_t
table_print_text(struct str text, FILE *to)
{
	size_t places = 0;

	for (size_t i = 0; i < text.len; i++) {
		unsigned char c = (unsigned char)text.at[i];
		/* U+0080 to U+009F are controls too. */
		bool is_upper =
			c == 0xc2 && i + 1 < text.len && (unsigned char)text.at[i + 1] < 0xa0;

		if (c < 0x20 || c == 0x7f || is_upper)
			fputc('?', to);
		else
			fputc(c, to);
		places += !is_inner((char)c);
		i += is_upper;
	}
	return places;
}

static size_t
width_of(struct str text)
{
	size_t places = 0;

	for (size_t i = 0; i < text.len; i++)
		places += !is_inner(text.at[i]);
	return places;
}

void
table_put(struct table *t, struct str cell)
{
	size_t column = t->count % t->columns, width = width_of(cell);
	char *copy = malloc(cell.len + 1);

	if (t->count == t->room) {
		t->room = t->room > 0 ? 2 * t->room : 256;
		t->cells = realloc(t->cells, t->room * sizeof *t->cells);
	}
	need(copy != NULL && t->cells != NULL, "memory");
	if (cell.len > 0)
		memcpy(copy, cell.at, cell.len);
	t->cells[t->count++] = str_of(copy, cell.len);
	if (width > t->widths[column])
		t->widths[column] = width;
}

struct table *
table_open(const char *const *titles, size_t count)
{
	struct table *t = calloc(1, sizeof *t);

	need(t != NULL, "memory");
	must(count > 0 && count <= TABLE_COLUMNS_MAX);
	t->columns = count;
	for (size_t i = 0; i < count; i++)
		table_put(t, str_cstr(titles[i]));
	return t;
}

void
table_close(struct table *t)
{
	for (size_t i = 0; i < t->count; i++)
		free((void *)(uintptr_t)t->cells[i].at);
	free(t->cells);
	free(t);
}

void
table_print(const struct table *t, FILE *to)
{
	must(t->count % t->columns == 0);
	for (size_t i = 0; i < t->count; i++) {
		size_t column = i % t->columns;
		bool is_last = column + 1 == t->columns;
		size_t places = table_print_text(t->cells[i], to);

		for (; !is_last && places < t->widths[column] + 2; places++)
			fputc(' ', to);
		if (is_last)
			fputc('\n', to);
	}
}
