/* SPDX-License-Identifier: Apache-2.0 */
#include "main/fresh.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static char folder[] = "/tmp/sipward-fresh-XXXXXX";
static char path[64], beside[64];
static struct config config = { .identity_count = 1 };

static void
put(const char *at, const char *text)
{
	FILE *file = fopen(at, "w");

	assert_non_null(file);
	fputs(text, file);
	fclose(file);
}

static int
open_folder(void **state)
{
	(void)state;
	if (mkdtemp(folder) == NULL)
		return -1;
	snprintf(path, sizeof path, "%s/a", folder);
	snprintf(beside, sizeof beside, "%s/b", folder);
	config.identities[0] = (struct identity){
		.certificate = str_cstr(path), .key = str_cstr(path), .trust = str_cstr(folder)
	};
	return 0;
}

static int
close_folder(void **state)
{
	(void)state;
	(void)unlink(path);
	return rmdir(folder);
}

static bool
is_other(struct fresh *before, enum fresh_file which)
{
	struct fresh now;
	bool is;

	fresh_look(&now, &config);
	is = fresh_is_other(before, &now, 0, which);
	*before = now;
	return is;
}

static void
a_file_that_was_written_or_replaced_is_another(void **state)
{
	struct fresh fresh;

	(void)state;
	put(path, "one");
	fresh_look(&fresh, &config);
	assert_false(is_other(&fresh, FRESH_CERTIFICATE));
	put(path, "other");
	assert_true(is_other(&fresh, FRESH_CERTIFICATE));
	assert_false(is_other(&fresh, FRESH_KEY));
	/* Another of the same size in its place, as old as it. */
	put(beside, "third");
	assert_int_equal(rename(beside, path), 0);
	assert_true(is_other(&fresh, FRESH_CERTIFICATE));
	assert_int_equal(unlink(path), 0);
	assert_true(is_other(&fresh, FRESH_KEY));
	assert_false(is_other(&fresh, FRESH_CRL));
}

static void
a_folder_is_another_when_its_names_are(void **state)
{
	struct fresh fresh;

	(void)state;
	fresh_look(&fresh, &config);
	assert_false(is_other(&fresh, FRESH_TRUST));
	usleep(20000);
	put(path, "one");
	assert_true(is_other(&fresh, FRESH_TRUST));
}

static void
files_have_the_names_of_the_configuration(void **state)
{
	(void)state;
	assert_true(str_same(fresh_name(FRESH_CERTIFICATE), STR("certificate")));
	assert_true(str_same(fresh_name(FRESH_CRL), STR("crl")));
	assert_true(str_is_empty(fresh_path(&config.identities[0], FRESH_CRL)));
	assert_true(str_same(fresh_path(&config.identities[0], FRESH_TRUST), str_cstr(folder)));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_file_that_was_written_or_replaced_is_another),
		cmocka_unit_test(a_folder_is_another_when_its_names_are),
		cmocka_unit_test(files_have_the_names_of_the_configuration),
	};

	return cmocka_run_group_tests(tests, open_folder, close_folder);
}
