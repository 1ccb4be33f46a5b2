/* SPDX-License-Identifier: Apache-2.0 */
#include "main/records.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/limits.h"

static char folder[] = "/tmp/sipward-records-XXXXXX";
static char path[64], moved[64], text[512];
static struct buf why;

static int
open_folder(void **state)
{
	(void)state;
	if (mkdtemp(folder) == NULL)
		return -1;
	snprintf(path, sizeof path, "%s/r", folder);
	snprintf(moved, sizeof moved, "%s/r.1", folder);
	return 0;
}

static int
close_folder(void **state)
{
	(void)state;
	return rmdir(folder);
}

static struct records *
opens(void)
{
	why = buf_on(text, sizeof text);
	return records_open(path, &why);
}

static void
holds(const char *name, const char *want)
{
	char got[256];
	FILE *file = fopen(name, "r");
	size_t len;

	assert_non_null(file);
	len = fread(got, 1, sizeof got - 1, file);
	got[len] = '\0';
	fclose(file);
	assert_string_equal(got, want);
}

static void
a_line_for_each(void **state)
{
	struct records *r = opens();
	struct stat st;

	(void)state;
	assert_non_null(r);
	records_put(r, STR("{\"a\":1}"));
	records_put(r, STR("{\"a\":2}"));
	holds(path, "");
	assert_true(records_flush(r, &why));
	holds(path, "{\"a\":1}\n{\"a\":2}\n");
	assert_true(records_flush(r, &why));
	records_put(r, STR("{}"));
	records_close(r);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07007, 0);
	/* What is there is added to. */
	r = opens();
	records_put(r, STR("{}"));
	records_close(r);
	holds(path, "{\"a\":1}\n{\"a\":2}\n{}\n{}\n");
	assert_int_equal(unlink(path), 0);
}

static void
more_than_waits_at_once(void **state)
{
	static char record[CALL_RECORD_BYTES_MAX];
	struct records *r = opens();
	struct stat st;

	(void)state;
	memset(record, 'x', sizeof record);
	for (int i = 0; i < 20; i++)
		records_put(r, str_of(record, sizeof record));
	records_close(r);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_size, 20 * (sizeof record + 1));
	assert_int_equal(unlink(path), 0);
}

static void
a_file_that_was_moved_away(void **state)
{
	struct records *r = opens();

	(void)state;
	records_put(r, STR("1"));
	assert_true(records_flush(r, &why));
	assert_int_equal(rename(path, moved), 0);
	records_put(r, STR("2"));
	assert_true(records_flush(r, &why));
	holds(moved, "1\n");
	holds(path, "2\n");
	assert_int_equal(unlink(path), 0);
	records_put(r, STR("3"));
	assert_true(records_flush(r, &why));
	holds(path, "3\n");
	records_close(r);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(unlink(moved), 0);
}

static void
what_cannot_be_written_is_told_once(void **state)
{
	struct records *r = opens();

	(void)state;
	/* Something else takes its place. */
	assert_int_equal(unlink(path), 0);
	assert_int_equal(mkdir(path, 0700), 0);
	records_put(r, STR("1"));
	assert_false(records_flush(r, &why));
	assert_true(str_holds_alike(buf_str(&why), STR("lost (1 so far)")));
	records_put(r, STR("2"));
	assert_true(records_flush(r, &why));
	assert_int_equal(rmdir(path), 0);
	records_put(r, STR("3"));
	assert_true(records_flush(r, &why));
	holds(path, "3\n");
	records_close(r);
	assert_int_equal(unlink(path), 0);
}

static void
what_is_no_file(void **state)
{
	(void)state;
	assert_int_equal(mkdir(path, 0700), 0);
	assert_null(opens());
	assert_int_equal(rmdir(path), 0);
	assert_int_equal(symlink(moved, path), 0);
	assert_null(opens());
	assert_int_equal(access(moved, F_OK), -1);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(mkfifo(path, 0600), 0);
	assert_null(opens());
	assert_true(str_holds_alike(buf_str(&why), str_cstr(path)));
	assert_int_equal(unlink(path), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_line_for_each),
		cmocka_unit_test(more_than_waits_at_once),
		cmocka_unit_test(a_file_that_was_moved_away),
		cmocka_unit_test(what_cannot_be_written_is_told_once),
		cmocka_unit_test(what_is_no_file),
	};

	return cmocka_run_group_tests(tests, open_folder, close_folder);
}
