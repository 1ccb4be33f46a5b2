/* SPDX-License-Identifier: Apache-2.0 */
#include "main/watch.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/limits.h"

enum { PATH_BYTES = 128 };

static char folder[64], a[PATH_BYTES], b[PATH_BYTES], other[PATH_BYTES];

static void
write_file(const char *path, const char *text)
{
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
	fclose(file);
}

static struct watch *
open_watch(void)
{
	struct watch *watch = watch_open();

	assert_non_null(watch);
	assert_true(watch_fd(watch) >= 0);
	watch_add(watch, str_cstr(a));
	watch_add(watch, str_cstr(b));
	watch_add(watch, str_cstr(a));
	assert_false(watch_turn(watch, 0));
	assert_true(watch_due_at_ms(watch) == INT64_MAX);
	return watch;
}

/* One word for all that happened, when it has been quiet. */
static void
expect_word(struct watch *watch, int64_t now_ms)
{
	assert_false(watch_turn(watch, now_ms));
	assert_int_equal(watch_due_at_ms(watch), now_ms + WATCH_QUIET_MS);
	assert_false(watch_turn(watch, now_ms + WATCH_QUIET_MS - 1));
	assert_true(watch_turn(watch, now_ms + WATCH_QUIET_MS));
	assert_false(watch_turn(watch, now_ms + 10 * WATCH_QUIET_MS));
}

static void
a_file_that_is_written_is_noticed_when_it_is_quiet(void **state)
{
	struct watch *watch = open_watch();

	(void)state;
	write_file(a, "one more");
	assert_false(watch_turn(watch, 100));
	write_file(b, "the other");
	expect_word(watch, 300);
	watch_close(watch);
}

static void
a_file_in_its_place_is_another(void **state)
{
	struct watch *watch = open_watch();

	(void)state;
	write_file(other, "new");
	assert_false(watch_turn(watch, 100));
	assert_true(watch_due_at_ms(watch) == INT64_MAX); /* nobody asked for that one */
	assert_int_equal(rename(other, a), 0);
	expect_word(watch, 200);
	assert_int_equal(unlink(a), 0);
	expect_word(watch, 2000);
	write_file(a, "again");
	expect_word(watch, 4000);
	assert_int_equal(chmod(a, 0600), 0);
	expect_word(watch, 6000);
	watch_close(watch);
}

static void
a_link_that_leads_elsewhere_is_noticed(void **state)
{
	struct watch *watch;

	(void)state;
	unlink(a);
	write_file(other, "there");
	assert_int_equal(symlink(b, a), 0);
	watch = open_watch();
	unlink(a);
	assert_int_equal(symlink(other, a), 0);
	expect_word(watch, 100);
	watch_close(watch);
	unlink(a);
	unlink(other);
	write_file(a, "a");
}

static void
what_is_not_there_yet_may_come(void **state)
{
	struct watch *watch = watch_open();

	(void)state;
	watch_add(watch, str_cstr(other));
	write_file(other, "now");
	expect_word(watch, 100);
	watch_close(watch);
	unlink(other);
}

static int
open_folder(void **state)
{
	(void)state;
	snprintf(folder, sizeof folder, "/tmp/sipward-watch-XXXXXX");
	assert_non_null(mkdtemp(folder));
	snprintf(a, sizeof a, "%s/a.pem", folder);
	snprintf(b, sizeof b, "%s/b.key", folder);
	snprintf(other, sizeof other, "%s/other", folder);
	write_file(a, "a");
	write_file(b, "b");
	return 0;
}

static int
close_folder(void **state)
{
	(void)state;
	unlink(a);
	unlink(b);
	unlink(other);
	rmdir(folder);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_file_that_is_written_is_noticed_when_it_is_quiet),
		cmocka_unit_test(a_file_in_its_place_is_another),
		cmocka_unit_test(a_link_that_leads_elsewhere_is_noticed),
		cmocka_unit_test(what_is_not_there_yet_may_come),
	};

	return cmocka_run_group_tests(tests, open_folder, close_folder);
}
