/* SPDX-License-Identifier: Apache-2.0 */
#include "net/pem.h"

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

static char folder[] = "/tmp/pem-XXXXXX";

/* PATH is taken, or refused with a sentence that is WHY. */
static void
ask(const char *path, enum pem_kind kind, const char *why)
{
	char text[512] = "";
	struct buf b = buf_on(text, sizeof text - 1);
	bool is_good = pem_is_readable(path, STR("trust"), kind, &b);

	assert_string_equal(text, why);
	assert_int_equal(is_good, *why == '\0');
}

static void
files_and_folders(void **state)
{
	FILE *file;

	(void)state;
	assert_int_equal(chdir(folder), 0);
	file = fopen("file", "w");
	assert_non_null(file);
	fclose(file);
	assert_int_equal(symlink("file", "link"), 0);
	ask("file", PEM_FILE, "");
	ask("link", PEM_FILE_OR_FOLDER, "");
	ask(".", PEM_FILE_OR_FOLDER, "");
	ask(".", PEM_FILE, "cannot read trust .: it is no regular file");
	ask("gone", PEM_FILE, "cannot read trust gone: No such file or directory");
	assert_int_equal(unlink("link"), 0);
	assert_int_equal(unlink("file"), 0);
}

static void
what_has_no_end(void **state)
{
	(void)state;
	assert_int_equal(chdir(folder), 0);
	assert_int_equal(mkfifo("pipe", 0600), 0);
	assert_int_equal(symlink("pipe", "link"), 0);
	ask("pipe", PEM_FILE, "cannot read trust pipe: it is no regular file");
	ask("link", PEM_FILE, "cannot read trust link: it is no regular file");
	ask("pipe", PEM_FILE_OR_FOLDER,
		"cannot read trust pipe: it is neither a regular file nor a folder");
	ask("/dev/zero", PEM_FILE_OR_FOLDER,
		"cannot read trust /dev/zero: it is neither a regular file nor a folder");
	assert_int_equal(unlink("link"), 0);
	assert_int_equal(unlink("pipe"), 0);
}

static int
make_folder(void **state)
{
	(void)state;
	return mkdtemp(folder) == NULL;
}

static int
remove_folder(void **state)
{
	(void)state;
	return chdir("/") != 0 || rmdir(folder) != 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(files_and_folders),
		cmocka_unit_test(what_has_no_end),
	};

	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
