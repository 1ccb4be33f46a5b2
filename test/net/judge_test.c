/* SPDX-License-Identifier: Apache-2.0 */
#include "net/judge.h"

#include <setjmp.h>
#include <stdarg.h>
#include <time.h>

#include <cmocka.h>

#include "base/limits.h"
#include "net/contexts.h"
#include "net/tls.h"
#include "support/pki.h"
#include "support/tlspair.h"

enum { HOUR_S = 3600 };

static struct pki *pki, *other;
static struct pki_leaf own, peer;
static const struct service service = { .client = CLIENT_REQUIRED };

static struct identity
identity_of(struct pki_leaf leaf, struct str trust, struct str crl)
{
	return (struct identity){
		.certificate = leaf.certificate, .key = leaf.key, .trust = trust, .crl = crl
	};
}

static struct tls *
open_tls(struct pki_leaf leaf)
{
	struct identity identity = identity_of(leaf, pki_ca(pki), STR(""));
	struct tls_options options = { .identities = &identity, .identity_count = 1 };
	char text[512];
	struct buf why = buf_on(text, sizeof text);
	struct tls *tls = tls_open(&options, &why);

	assert_non_null(tls);
	return tls;
}

/* A client that shows PEER, and a server that wants it. */
static void
pair_open(struct pair *p, const struct terms *terms)
{
	*p = (struct pair){ .step = SIZE_MAX, .a_word = TLS_WAITS, .b_word = TLS_WAITS };
	p->server = open_tls(own);
	p->client = open_tls(peer);
	p->a = tls_end_dial(p->client, STR("a.example"), terms, &p->a_out);
	p->b = tls_end_serve(p->server, &service, &p->b_out);
	assert_non_null(p->a);
}

/* Another set in the place of TLS's own. */
static void
use(struct tls *tls, struct pki_leaf leaf, struct str trust, struct str crl)
{
	struct identity identity = identity_of(leaf, trust, crl);
	char text[512];
	struct buf why = buf_on(text, sizeof text);
	struct contexts *set = contexts_open(&identity, 1, &why);

	assert_non_null(set);
	assert_true(tls_use(tls, set));
}

/* PART: NULL, it is believed; else what the sentence holds. */
static void
finds(struct tls_end *end, int64_t now_s, const char *part)
{
	bool is_good = tls_end_is_good(end, now_s);
	struct str why = tls_end_why(end);

	assert_int_equal(is_good, part == NULL);
	if (part != NULL && !str_holds_alike(why, str_cstr(part)))
		fail_msg("no \"%s\" in: %.*s", part, (int)why.len, why.at);
}

static void
the_set_in_force_judges_what_stands(void **state)
{
	static const struct terms terms;
	struct str good_list = pki_crl(pki, NULL, -HOUR_S, HOUR_S);
	struct pair p;

	(void)state;
	pair_open(&p, &terms);
	pair_shake(&p);
	assert_int_equal(p.a_word, TLS_READY);
	assert_int_equal(p.b_word, TLS_READY);
	finds(p.a, JUDGE_TODAY, NULL);
	finds(p.b, JUDGE_TODAY, NULL);
	use(p.server, own, pki_ca(pki), good_list);
	finds(p.b, JUDGE_TODAY, NULL);
	use(p.server, own, pki_ca(pki), pki_crl(pki, peer.certificate.at, -HOUR_S, HOUR_S));
	finds(p.b, JUDGE_TODAY, "[cert-revoked]");
	use(p.server, own, pki_ca(pki), pki_crl(pki, NULL, -2 * HOUR_S, -HOUR_S));
	finds(p.b, JUDGE_TODAY, "[cert-old-crl]");
	/* A CA that is believed no more. */
	use(p.server, own, pki_ca(other), STR(""));
	finds(p.b, JUDGE_TODAY, "not among the CAs");
	use(p.client, peer, pki_ca(other), STR(""));
	finds(p.a, JUDGE_TODAY, "not among the CAs");
	use(p.client, peer, pki_ca(pki), STR(""));
	finds(p.a, JUDGE_TODAY, NULL);
	pair_close(&p);
}

static void
the_calendar_is_that_of_the_moment(void **state)
{
	static const struct terms terms;
	int64_t now_s = (int64_t)time(NULL);
	struct pair p;

	(void)state;
	pair_open(&p, &terms);
	pair_shake(&p);
	finds(p.b, now_s, NULL);
	finds(p.b, now_s + 3 * HOUR_S, "[cert-expired]");
	finds(p.b, now_s - 3 * HOUR_S, "[cert-not-yet-valid]");
	finds(p.b, 0, "[cert-not-yet-valid]");
	finds(p.b, now_s, NULL);
	pair_close(&p);
}

/* What holds in a handshake holds afterwards: one certificate and no other, and the name. */
static void
whom_we_dialled_it_stays(void **state)
{
	struct terms terms = { .has_pin = true };
	struct secured secured;
	struct pair p;

	(void)state;
	pair_open(&p, &(struct terms){ 0 });
	pair_shake(&p);
	tls_end_secured(p.a, &secured);
	for (size_t i = 0; i < sizeof terms.pin; i++)
		terms.pin[i] = (uint8_t)secured.fingerprint.at[i];
	pair_close(&p);
	pair_open(&p, &terms);
	pair_shake(&p);
	assert_int_equal(p.a_word, TLS_READY);
	finds(p.a, JUDGE_TODAY, NULL);
	pair_close(&p);
}

/* The handshake asked the set that it began with; the peer is believed by the one in force. */
static void
a_set_that_comes_within_a_handshake_counts(void **state)
{
	static const struct terms terms;
	struct pair p;

	(void)state;
	pair_open(&p, &terms);
	pair_turn(&p);
	use(p.server, own, pki_ca(pki), pki_crl(pki, peer.certificate.at, -HOUR_S, HOUR_S));
	pair_shake(&p);
	assert_int_equal(p.b_word, TLS_BROKEN);
	assert_true(str_holds_alike(tls_end_why(p.b), STR("[cert-revoked]")));
	pair_close(&p);
	pair_open(&p, &terms);
	pair_turn(&p);
	use(p.server, own, pki_ca(pki), pki_crl(pki, NULL, -HOUR_S, HOUR_S));
	pair_shake(&p);
	assert_int_equal(p.b_word, TLS_READY);
	pair_close(&p);
}

static int
open_pki(void **state)
{
	(void)state;
	pki = pki_open("judge test CA");
	other = pki_open("another CA");
	own = pki_leaf(pki, "DNS:a.example");
	peer = pki_issue(pki, "DNS:b.example", -2 * HOUR_S, 2 * HOUR_S);
	return 0;
}

static int
close_pki(void **state)
{
	(void)state;
	pki_close(pki);
	pki_close(other);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_set_in_force_judges_what_stands),
		cmocka_unit_test(the_calendar_is_that_of_the_moment),
		cmocka_unit_test(whom_we_dialled_it_stays),
		cmocka_unit_test(a_set_that_comes_within_a_handshake_counts),
	};

	return cmocka_run_group_tests(tests, open_pki, close_pki);
}
