/* SPDX-License-Identifier: Apache-2.0 */
#include "torture/set.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { PATH_BYTES = 512, FILE_BYTES_MAX = 256 * 1024 };

struct str
set_load(const char *path)
{
	static char buffer[FILE_BYTES_MAX];
	FILE *file = fopen(path, "rb");
	char *copy;
	size_t len;

	if (file == NULL)
		return STR_NONE;
	len = fread(buffer, 1, sizeof buffer, file);
	fclose(file);
	copy = malloc(len > 0 ? len : 1);
	if (copy == NULL)
		abort();
	memcpy(copy, buffer, len);
	return str_of(copy, len);
}

void
set_free(struct str data)
{
	free((void *)(uintptr_t)data.at);
}

static void
take_column(struct str *line, char *to, size_t size)
{
	struct str column = str_cut(line, '\t');

	if (column.len >= size) {
		fprintf(stderr, "too long for its column: %.*s\n", (int)column.len, column.at);
		abort();
	}
	memcpy(to, column.at, column.len);
	to[column.len] = '\0';
}

static void
take_row(struct row *row, struct str line, const char *folder)
{
	char path[PATH_BYTES];

	take_column(&line, row->file, sizeof row->file);
	take_column(&line, row->server, sizeof row->server);
	take_column(&line, row->udp, sizeof row->udp);
	take_column(&line, row->stream, sizeof row->stream);
	take_column(&line, row->tls, sizeof row->tls);
	take_column(&line, row->port, sizeof row->port);
	take_column(&line, row->texts, sizeof row->texts);
	snprintf(path, sizeof path, "%s/%s", folder, row->file);
	row->data = set_load(path);
	if (str_is_none(row->data)) {
		fprintf(stderr, "%s is in the table and cannot be read\n", path);
		abort();
	}
}

bool
set_open(struct set *set, const char *table, const char *folder)
{
	struct str text = set_load(table);
	struct str rest = text;
	struct stat about;

	set->count = 0;
	if (str_is_none(text))
		return false;
	if (stat(folder, &about) != 0) {
		set_free(text);
		return false;
	}
	(void)str_cut(&rest, '\n');
	while (rest.len > 0) {
		struct str line = str_cut(&rest, '\n');

		if (set->count == SET_ROWS_MAX)
			abort();
		take_row(&set->rows[set->count++], line, folder);
	}
	set_free(text);
	return true;
}

void
set_close(struct set *set)
{
	for (unsigned i = 0; i < set->count; i++)
		set_free(set->rows[i].data);
	set->count = 0;
}

bool
set_word(struct str *text, struct str *word)
{
	while (text->len > 0 && text->at[0] == ' ')
		*text = str_from(*text, 1);
	*word = str_upto(*text, str_find(*text, ' '));
	*text = str_from(*text, word->len);
	return word->len > 0;
}
