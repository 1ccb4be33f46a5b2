/* SPDX-License-Identifier: Apache-2.0 */
#include "main/throwaway.h"

#include <openssl/pem.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "net/cert.h"

struct why {
	char text[512];
	struct buf buf;
};

static struct buf *
fresh(struct why *why)
{
	why->buf = buf_on(why->text, sizeof why->text);
	return &why->buf;
}

/* The certificate is one that the server itself would take, for that name, and nobody else reads
 * the key. */
static void
test_certificate(void **state)
{
	struct throwaway t;
	struct why why;
	struct stat info;
	FILE *file;
	X509 *leaf;

	(void)state;
	assert_true(throwaway_open(&t, STR("demo.example"), fresh(&why)));
	assert_true(cert_check(&(struct identity){ .certificate = str_cstr(t.certificate),
				       .key = str_cstr(t.key),
				       .trust = str_cstr(t.ca) },
		fresh(&why)));
	file = fopen(t.certificate, "r");
	assert_non_null(file);
	leaf = PEM_read_X509(file, NULL, NULL, NULL);
	fclose(file);
	assert_non_null(leaf);
	assert_true(cert_names(leaf, STR("demo.example"), false, fresh(&why)));
	assert_true(cert_names(leaf, STR("127.0.0.1"), false, fresh(&why)));
	assert_false(cert_names(leaf, STR("other.example"), false, fresh(&why)));
	X509_free(leaf);
	assert_int_equal(stat(t.key, &info), 0);
	assert_int_equal(info.st_mode & 077, 0);
	assert_int_equal(stat(t.folder, &info), 0);
	assert_int_equal(info.st_mode & 077, 0);
	throwaway_close(&t);
}

static void
test_nothing_is_left(void **state)
{
	char folder[THROWAWAY_PATH_BYTES], config[THROWAWAY_PATH_BYTES];
	struct throwaway t;
	struct why why;
	struct stat info;

	(void)state;
	assert_true(throwaway_open(&t, STR("demo.example"), fresh(&why)));
	assert_true(throwaway_configure(&t, STR("first, and longer\n"), fresh(&why)));
	assert_true(throwaway_configure(&t, STR("second\n"), fresh(&why)));
	snprintf(folder, sizeof folder, "%s", t.folder);
	snprintf(config, sizeof config, "%s", t.config);
	assert_int_equal(stat(config, &info), 0);
	assert_int_equal(info.st_size, 7);
	throwaway_close(&t);
	assert_int_equal(stat(folder, &info), -1);
	throwaway_close(&t); /* once more does no harm */
}

static void
test_no_room_is_told(void **state)
{
	struct throwaway t;
	struct why why;

	(void)state;
	assert_int_equal(setenv("TMPDIR", "/nowhere/at/all", 1), 0);
	assert_false(throwaway_open(&t, STR("demo.example"), fresh(&why)));
	assert_true(str_holds_alike(buf_str(&why.buf), STR("/nowhere/at/all")));
	assert_int_equal(unsetenv("TMPDIR"), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_certificate),
		cmocka_unit_test(test_nothing_is_left),
		cmocka_unit_test(test_no_room_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
