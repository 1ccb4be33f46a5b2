/* SPDX-License-Identifier: Apache-2.0 */
#include "net/pipe.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void
octets_go_through(void **state)
{
	BIO_METHOD *method = pipe_method();
	struct bytes out = { 0 };
	struct pipe pipe = { .in = STR("hello"), .out = &out };
	BIO *bio = pipe_bio(method, &pipe);
	char at[4];

	(void)state;
	assert_int_equal(BIO_read(bio, at, sizeof at), 4);
	assert_memory_equal(at, "hell", 4);
	assert_int_equal(BIO_read(bio, at, sizeof at), 1);
	/* No more is no end: it comes later. */
	assert_int_equal(BIO_read(bio, at, sizeof at), -1);
	assert_true(BIO_should_retry(bio));
	assert_int_equal(BIO_write(bio, "one ", 4), 4);
	assert_int_equal(BIO_write(bio, "two", 3), 3);
	assert_int_equal(BIO_flush(bio), 1);
	assert_true(str_same(bytes_str(&out), STR("one two")));
	BIO_free(bio);
	BIO_meth_free(method);
	bytes_free(&out);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(octets_go_through),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
