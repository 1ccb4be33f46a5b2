/* SPDX-License-Identifier: Apache-2.0 */
/* The front of a target without libFuzzer: runs all inputs of corpus files, and says so in TAP.
 *
 *   NAME_replay NAME CORPUS [FOUND]
 *
 * A corpus file is text. A line that begins with `=` begins an input, and what stands behind it is
 * a remark; lines before the first are remarks too. All other lines are the octets: `\n`, `\r`,
 * `\t`, `\\` and `\xHH` stand for what they say, every other octet for itself, and the ends of
 * lines for nothing. CORPUS must have an input; FOUND, once findings, need not be there.
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/time.h>

#include "fuzz.h"

enum { INPUT_MAX_S = 10 }; /* of the processor: what takes longer has no end */

struct file {
	char *octets;
	size_t len;
};

static bool
read_all(const char *path, struct file *file)
{
	FILE *from = fopen(path, "rb");
	size_t room = 1 << 16, got;

	*file = (struct file){ malloc(room), 0 };
	if (from == NULL)
		return false;
	while ((got = fread(file->octets + file->len, 1, room - file->len, from)) > 0) {
		file->len += got;
		if (file->len == room)
			file->octets = realloc(file->octets, room *= 2);
	}
	fclose(from);
	return true;
}

/* The octet that stands behind a backslash at the front of *LINE; -1: none that we know. */
static int
unescape(struct str *line)
{
	char kind = line->len > 0 ? line->at[0] : '\0';
	int high, low;

	*line = str_from(*line, 1);
	switch (kind) {
	case 'n': return '\n';
	case 'r': return '\r';
	case 't': return '\t';
	case '\\': return '\\';
	case 'x': break;
	default: return -1;
	}
	if (line->len < 2)
		return -1;
	high = char_hex(line->at[0]);
	low = char_hex(line->at[1]);
	*line = str_from(*line, 2);
	return high < 0 || low < 0 ? -1 : high * 16 + low;
}

/* Puts what LINE says behind the LEN octets at AT, where there is room. Ends: how many there
 * are then. */
static size_t
decode(struct str line, char *at, size_t len)
{
	while (line.len > 0) {
		int octet = (unsigned char)line.at[0];

		line = str_from(line, 1);
		if (octet == '\\')
			octet = unescape(&line);
		if (octet < 0) {
			fprintf(stderr, "replay: an escape that nobody knows\n");
			exit(2);
		}
		at[len++] = (char)octet;
	}
	return len;
}

static void
run(struct str remark, const char *octets, size_t len)
{
	const struct itimerval most = { .it_value = { .tv_sec = INPUT_MAX_S } };
	char *exact = malloc(len > 0 ? len : 1);

	(void)setitimer(ITIMER_VIRTUAL, &most, NULL);
	for (size_t i = 0; i < len; i++)
		exact[i] = octets[i];
	if (getenv("FUZZ_VERBOSE") != NULL)
		fprintf(stderr, "input%.*s\n", (int)remark.len, remark.at);
	fuzz_one(str_of(exact, len));
	free(exact);
}

/* Ends: how many inputs the file holds. */
static unsigned
run_all(struct file file)
{
	struct str rest = str_of(file.octets, file.len), remark = STR_NONE;
	char *octets = malloc(file.len + 1);
	unsigned count = 0;
	size_t len = 0;

	while (rest.len > 0) {
		struct str line = str_cut(&rest, '\n');

		if (line.len == 0 || line.at[0] != '=') {
			if (!str_is_none(remark))
				len = decode(line, octets, len);
			continue;
		}
		if (!str_is_none(remark))
			run(remark, octets, len);
		remark = str_from(line, 1);
		len = 0;
		count++;
	}
	if (!str_is_none(remark))
		run(remark, octets, len);
	free(octets);
	return count;
}

int
main(int argc, char **argv)
{
	unsigned corpus = 0, found = 0;
	struct file file;

	if (argc < 3 || argc > 4)
		return 2;
	printf("1..1\n");
	fflush(stdout);
	if (read_all(argv[2], &file))
		corpus = run_all(file);
	free(file.octets);
	if (argc == 4) {
		if (read_all(argv[3], &file))
			found = run_all(file);
		free(file.octets);
	}
	printf("%s 1 - %s: %u inputs, %u of them once findings\n", corpus > 0 ? "ok" : "not ok",
		argv[1], corpus + found, found);
	return corpus > 0 ? 0 : 1;
}
