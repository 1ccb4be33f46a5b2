/* SPDX-License-Identifier: Apache-2.0 */
/* corpus.h - the messages in test/sip/corpus, for the tests of this folder. */
#ifndef TEST_SIP_CORPUS_H
#define TEST_SIP_CORPUS_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sip/msg.h"

enum { CORPUS_MAX = 400, CORPUS_PATH_MAX = 512 };

struct corpus_entry {
	char file[96];
	char verdict[32];
	struct str data; /* exactly as large as the file, so that no octet behind it can be read */
};

struct corpus {
	unsigned count;
	struct corpus_entry entries[CORPUS_MAX];
};

/* A copy of S in a piece of the heap of just its size. */
static inline struct str
corpus_exact(struct str s)
{
	char *copy = malloc(s.len > 0 ? s.len : 1);

	if (copy == NULL)
		abort();
	if (s.len > 0)
		memcpy(copy, s.at, s.len);
	return str_of(s.len > 0 ? copy : copy + 1, s.len);
}

static inline void
corpus_free(struct str s)
{
	free((void *)(uintptr_t)(s.len > 0 ? s.at : s.at - 1));
}

/* The whole file at PATH; STR_NONE when it cannot be read. */
static inline struct str
corpus_load(const char *path)
{
	static char buffer[256 * 1024];
	FILE *file = fopen(path, "rb");
	size_t len;

	if (file == NULL)
		return STR_NONE;
	len = fread(buffer, 1, sizeof buffer, file);
	fclose(file);
	return corpus_exact(str_of(buffer, len));
}

/* Cuts the next column out of a line of a table. */
static inline void
corpus_column(struct str *line, char *to, size_t size)
{
	struct str column = str_cut(line, '\t');

	snprintf(to, size, "%.*s", (int)column.len, column.at);
}

/* Reads FOLDER/index.tsv, whose first two columns are a file and a verdict, and all its files.
 * Ends: true, or false when there is no such folder. */
static inline bool
corpus_open(struct corpus *c, const char *folder)
{
	char path[CORPUS_PATH_MAX];
	struct str index, rest;

	snprintf(path, sizeof path, "%s/index.tsv", folder);
	index = corpus_load(path);
	c->count = 0;
	if (str_is_none(index))
		return false;
	rest = index;
	(void)str_cut(&rest, '\n');
	while (rest.len > 0 && c->count < CORPUS_MAX) {
		struct str line = str_cut(&rest, '\n');
		struct corpus_entry *e = &c->entries[c->count];

		corpus_column(&line, e->file, sizeof e->file);
		corpus_column(&line, e->verdict, sizeof e->verdict);
		snprintf(path, sizeof path, "%s/%s", folder, e->file);
		e->data = corpus_load(path);
		if (str_is_none(e->data)) {
			fprintf(stderr, "%s is in the index and cannot be read\n", path);
			abort();
		}
		c->count++;
	}
	corpus_free(index);
	return true;
}

static inline void
corpus_close(struct corpus *c)
{
	for (unsigned i = 0; i < c->count; i++)
		corpus_free(c->entries[i].data);
	c->count = 0;
}

/* The symbol of a fault; `ok` for none. */
static inline const char *
corpus_verdict(enum sip_fault what)
{
	static const char *const names[] = {
#define X(symbol, status, reason) [FAULT_##symbol] = #symbol,
		SIP_FAULTS(X)
#undef X
	};

	return what == FAULT_NONE ? "ok" : names[what];
}

#endif
