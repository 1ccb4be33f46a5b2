/* SPDX-License-Identifier: Apache-2.0 */
#include "net/chain.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "support/mint.h"
#include "support/pki.h"
#include "support/tlsbed.h"

enum { DAY_S = 86400, LINKS = 4 };

static struct link links[LINKS];

static uint32_t
read_chain(const struct mint *const *certs)
{
	char text[256];
	struct buf why = buf_on(text, sizeof text);

	return chain_read(links, LINKS, tlsbed_file(certs), &why);
}

static void
each_link_is_told(void **state)
{
	const struct mint *root = tlsbed_root(), *ca = mint_ca("middle", root);
	const struct mint *leaf = mint(&(struct mint_wish){ .issuer = ca,
		.sans = "DNS:a.example,IP:127.0.0.1",
		.from_s = -DAY_S,
		.until_s = DAY_S,
		.extended = "serverAuth" });

	(void)state;
	assert_int_equal(read_chain(LIST(leaf, ca, root)), 3);
	assert_string_equal(links[0].subject, "'CN=leaf'");
	assert_string_equal(links[0].issuer, "'CN=middle'");
	assert_string_equal(links[0].names, "DNS:a.example, IP:127.0.0.1");
	assert_string_equal(links[0].key, "EC 256 bits");
	assert_int_equal(links[0].until_s - links[0].from_s, 2 * DAY_S);
	assert_true(links[0].serves);
	assert_false(links[0].dials);
	assert_false(links[0].is_ca);
	assert_true(links[1].is_ca);
	for (int i = 0; i < 3; i++)
		assert_true(links[i].is_issued_by_next);
	assert_ptr_equal(chain_first_to_end(links, 3), &links[1]);
	assert_int_equal(read_chain(LIST(leaf, root, ca)), 3);
	assert_false(links[0].is_issued_by_next);
	assert_false(links[1].is_issued_by_next);
	assert_int_equal(read_chain(LIST(leaf, ca)), 2);
	assert_true(links[0].is_issued_by_next);
	assert_false(links[1].is_issued_by_next);
	assert_int_equal(read_chain(LIST(leaf, ca, root, leaf, ca)), LINKS);
}

static void
what_is_no_certificate_has_its_sentence(void **state)
{
	static const struct mint *const none[] = { NULL };
	char text[256];
	struct buf why = buf_on(text, sizeof text);

	(void)state;
	assert_int_equal(chain_read(links, LINKS, STR("/nowhere/x.pem"), &why), 0);
	assert_true(str_same(buf_str(&why), STR("/nowhere/x.pem cannot be read")));
	why = buf_on(text, sizeof text);
	assert_int_equal(chain_read(links, LINKS, tlsbed_file(none), &why), 0);
	assert_true(str_holds_alike(buf_str(&why), STR("holds no certificate")));
}

static void
a_date_is_read_by_people(void **state)
{
	char text[64];
	struct buf b = buf_on(text, sizeof text);

	(void)state;
	chain_put_date(&b, 1700000000);
	assert_true(str_same(buf_str(&b), STR("2023-11-14 22:13:20 UTC")));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_link_is_told),
		cmocka_unit_test(what_is_no_certificate_has_its_sentence),
		cmocka_unit_test(a_date_is_read_by_people),
	};

	return cmocka_run_group_tests(tests, tlsbed_open, tlsbed_close);
}
