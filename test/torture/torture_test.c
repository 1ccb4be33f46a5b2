/* SPDX-License-Identifier: Apache-2.0 */
/* Every message of two tables, over each kind of transport: what comes of it is what its table
 * says, and the good request behind it is answered.
 *
 * messages/ are our own. The messages of RFC 4475 and RFC 5118 are not part of this tree: they are
 * looked for in the folder that SIPWARD_TORTURE names, else beside the tree, and without them there
 * is one skipped test for each of their folders. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "torture/play.h"

enum { TESTS_MAX = 5 * SET_ROWS_MAX };

static struct set ours, theirs;
static struct play plays[TESTS_MAX];
static struct CMUnitTest tests[TESTS_MAX];
static size_t count;

static const char *
folder_of_theirs(void)
{
	const char *folder = getenv("SIPWARD_TORTURE");

	return folder != NULL ? folder : "../shared/torture";
}

static int
clean(void **state)
{
	(void)state;
	play_clean();
	return 0;
}

static void
add(const char *name, CMUnitTestFunction function, struct play *play)
{
	if (count == TESTS_MAX)
		abort();
	tests[count++] = (struct CMUnitTest){ name, function, NULL, clean, play };
}

static void
add_plays(const struct row *row)
{
	static const struct {
		enum transport transport;
		enum manner manner;
		const char *name;
	} ways[] = {
		{ TRANSPORT_UDP, MANNER_WHOLE, "over UDP" },
		{ TRANSPORT_TCP, MANNER_WHOLE, "over TCP" },
		{ TRANSPORT_TCP, MANNER_OCTETS, "over TCP, octet by octet" },
		{ TRANSPORT_TCP, MANNER_GLUED, "over TCP, with more behind it" },
		{ TRANSPORT_TLS, MANNER_WHOLE, "over TLS" },
	};

	for (size_t i = 0; i < sizeof ways / sizeof ways[0]; i++) {
		struct play *play = &plays[count];

		*play = (struct play){
			.row = row, .transport = ways[i].transport, .manner = ways[i].manner
		};
		if (!play_is_asked(play))
			continue;
		snprintf(play->name, sizeof play->name, "%s%s %s", row->file,
			strcmp(row->server, "asks") == 0             ? " with passwords"
				: strcmp(row->server, "spells") == 0 ? " where it is served"
								     : "",
			ways[i].name);
		add(play->name, play_run, play);
	}
}

static void
there_are_enough_of_ours(void **state)
{
	(void)state;
	assert_true(ours.count >= 60);
}

static void
skipped(void **state)
{
	(void)state;
	print_message("name their folder in SIPWARD_TORTURE\n");
	skip();
}

/* The table that came with the messages names each of them, and so does ours. */
static void
every_message_of_theirs_has_its_row(void **state)
{
	char path[512];
	struct str index, rest;
	unsigned files = 0;

	(void)state;
	snprintf(path, sizeof path, "%s/index.tsv", folder_of_theirs());
	index = set_load(path);
	assert_false(str_is_none(index));
	rest = index;
	(void)str_cut(&rest, '\n');
	for (; rest.len > 0; files++) {
		struct str line = str_cut(&rest, '\n');
		struct str file = str_cut(&line, '\t');
		bool found = false;

		for (unsigned i = 0; i < theirs.count && !found; i++)
			found = str_same(file, str_cstr(theirs.rows[i].file));
		if (!found)
			fail_msg("no row for %.*s", (int)file.len, file.at);
	}
	assert_int_equal(files, 74);
	set_free(index);
}

int
main(void)
{
	int failed;

	if (!set_open(&ours, "test/torture/index.tsv", "test/torture/messages"))
		abort();
	add("there are 60 of our own, or more", there_are_enough_of_ours, NULL);
	for (unsigned i = 0; i < ours.count; i++)
		add_plays(&ours.rows[i]);
	if (set_open(&theirs, "test/torture/rfc.tsv", folder_of_theirs())) {
		add("every message of the RFCs has its row", every_message_of_theirs_has_its_row,
			NULL);
		for (unsigned i = 0; i < theirs.count; i++)
			add_plays(&theirs.rows[i]);
	} else {
		add("the messages of RFC 4475 are not here", skipped, NULL);
		add("the messages of RFC 5118 with CRLF are not here", skipped, NULL);
		add("the messages of RFC 5118 as archived are not here", skipped, NULL);
	}
	failed = _cmocka_run_group_tests("torture", tests, count, NULL, NULL);
	set_close(&ours);
	set_close(&theirs);
	return failed;
}
