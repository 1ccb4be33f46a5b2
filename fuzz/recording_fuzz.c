/* SPDX-License-Identifier: Apache-2.0 */
/* Any octets as a recording: what is read of it is written again to the same octets, records come
 * in their order, and where it ends is told to the octet; cut anywhere, it reads the same so far.
 *
 * The first line: 0: the rest is the file; 1: behind its first line; 2: behind that, parts that
 * `%%` ends, each the kind of a record and its fields. Then two octets that say where to cut. */
#include "directory/directory.h"
#include "fuzz.h"
#include "main/recording.h"

#include <stdlib.h>
#include <string.h>

static char built[256 * 1024];

static void
put_record(struct buf *b, struct str part)
{
	size_t len = part.len > 0 ? part.len - 1 : 0;

	for (int i = 0; i < 4; i++)
		buf_char(b, (char)(uint8_t)(len >> (8 * i)));
	buf_put(b, part);
}

static struct str
build(unsigned choice, struct str input)
{
	struct buf b = buf_on(built, sizeof built);

	if (choice % 3 != 0)
		buf_put(&b, STR(RECORDING_MAGIC));
	if (choice % 3 != 2) {
		buf_put(&b, input);
		return buf_str(&b);
	}
	while (input.len > 0) {
		const char *end = memmem(input.at, input.len, "%%", 2);
		size_t len = end == NULL ? input.len : (size_t)(end - input.at);

		put_record(&b, str_upto(input, len));
		input = str_from(input, len + 2);
	}
	return buf_str(&b);
}

static void
see_directory(const struct directory *d, struct str file)
{
	for (uint32_t i = 0; i < d->count; i++)
		fuzz_check(directory_find(d, d->dns[i].number) == &d->dns[i], file);
}

/* Put into no more room than is asked for, it is what was read. */
static void
write_again(const struct record *record, struct str raw)
{
	size_t room = recording_room(record);
	char *exact = malloc(room);
	struct buf b = buf_on(exact, room);

	fuzz_check(exact != NULL, raw);
	recording_put(&b, record);
	fuzz_check(str_same(buf_str(&b), raw), raw);
	free(exact);
}

/* What stands where; the clock for waiting does not go back. */
static void
see_order(const struct record *r, unsigned count, enum record_kind last, int64_t *mono_ms,
	struct str file)
{
	fuzz_check((r->kind == RECORD_OPEN) == (count == 0), file);
	if (r->kind == RECORD_ANSWER)
		fuzz_check(last == RECORD_EVENT, file);
	if (r->kind == RECORD_EVENT)
		fuzz_check(last == RECORD_OPEN || last == RECORD_ANSWER, file);
	fuzz_check(last != RECORD_END, file);
	if (r->kind == RECORD_OPEN || r->kind == RECORD_EVENT) {
		fuzz_check(r->now.mono_ms >= *mono_ms, file);
		*mono_ms = r->now.mono_ms;
	}
}

struct seen {
	bool is_open;
	unsigned count;
	enum recording_found end;
	size_t at;     /* where it ended                          */
	size_t before; /* the last record that begins before CUT */
};

/* Reads FILE to its end, from a copy of exactly its size. */
static struct seen
read_all(struct str text, size_t cut)
{
	static struct record record;
	char *exact = malloc(text.len > 0 ? text.len : 1), sentence[256];
	struct str file = str_of(memcpy(exact, text.at, text.len), text.len);
	struct buf why = buf_on(sentence, sizeof sentence);
	struct recording r;
	struct seen seen = { .is_open = recording_open(&r, file, &why) };
	enum record_kind last = 0;
	int64_t mono_ms = 0;

	fuzz_check(seen.is_open == str_begins(file, STR(RECORDING_MAGIC)), file);
	fuzz_check(buf_ok(&why) && seen.is_open == (why.used == 0), file);
	seen.before = r.at;
	while (seen.is_open && (seen.end = recording_next(&r, &record)) == RECORDING_MORE) {
		size_t start = seen.count == 0 ? strlen(RECORDING_MAGIC) : seen.at;

		fuzz_check(r.at > start && r.at <= file.len, file);
		see_order(&record, seen.count++, last, &mono_ms, file);
		write_again(&record, str_upto(str_from(file, start), r.at - start));
		if (record.kind == RECORD_OPEN)
			see_directory(record.options.directory, file);
		if (record.kind == RECORD_EVENT && record.event.kind == EV_DIRECTORY)
			see_directory(record.event.u.directory, file);
		last = record.kind;
		seen.at = r.at;
		if (r.at <= cut)
			seen.before = r.at;
	}
	if (seen.is_open) {
		seen.at = r.at;
		fuzz_check(seen.end != RECORDING_OVER || r.at == file.len, file);
		fuzz_check(seen.end != RECORDING_CUT || last != RECORD_END, file);
		fuzz_check(recording_next(&r, &record) == seen.end && r.at == seen.at, file);
		recording_close(&r);
	}
	free(exact);
	return seen;
}

void
fuzz_one(struct str input)
{
	struct str choices = fuzz_line(&input), file;
	unsigned choice = fuzz_choice(&choices);
	size_t cut = fuzz_choice(&choices);
	struct seen seen, part;

	cut = cut * 256 + fuzz_choice(&choices);
	file = build(choice, input);
	if (file.len == 0)
		return;
	cut %= file.len;
	seen = read_all(file, cut);
	if (!seen.is_open || cut >= seen.at || cut < strlen(RECORDING_MAGIC))
		return;
	part = read_all(str_upto(file, cut), cut);
	fuzz_check(part.is_open && part.end == RECORDING_CUT, file);
	fuzz_check(part.at == seen.before && part.count <= seen.count, file);
}
