/* SPDX-License-Identifier: Apache-2.0 */
/* A zoo of certificates, made while the test runs: the verdict on each, by which clause, and
 * OpenSSL's own beside it. */
#include "net/zoo.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/addr.h"
#include "base/limits.h"
#include "net/cert.h"
#include "support/tlsbed.h"

enum { DAY_S = 86400, ZOO_MIN = 150, SOUND = TLS_WHYS, CHAIN_MAX = 6 };

static unsigned judged, differing;

/* ---- whom a certificate names --------------------------------------------------------------- */

/* OpenSSL's own verdict: X509_check_host, or X509_check_ip for what is an address. */
static bool
openssl_names(X509 *cert, struct str wanted)
{
	struct addr addr;
	char text[512];

	assert_true(wanted.len < sizeof text);
	if (!addr_parse(&addr, wanted))
		return X509_check_host(cert, wanted.at, wanted.len, 0, NULL) == 1;
	if (wanted.at[0] == '[')
		wanted = str_of(wanted.at + 1, wanted.len - 2);
	snprintf(text, sizeof text, "%.*s", (int)wanted.len, wanted.at);
	return X509_check_ip_asc(cert, text, 0) == 1;
}

static void
judge_name(X509 *cert, const char *clause, struct str wanted, bool is_named, const char *differs)
{
	char text[2048];
	struct buf why = buf_on(text, sizeof text);
	bool is = cert_names(cert, wanted, false, &why), theirs = openssl_names(cert, wanted);

	if (is != is_named)
		fail_msg("%s, wanted %.*s: %s", clause, (int)wanted.len, wanted.at,
			is ? "was accepted" : text);
	if ((theirs != is) != (differs != NULL))
		fail_msg("%s, wanted %.*s: OpenSSL says %s, which is %s", clause, (int)wanted.len,
			wanted.at, theirs ? "yes" : "no", differs != NULL ? "as ours" : "not said");
	if (!is)
		assert_int_not_equal(cert_name_fault(cert, wanted), TLS_WHYS);
	judged++;
	differing += differs != NULL;
}

/* rows: R5922-7.1-a R5922-7.1-b R5922-7.1-c R5922-7.2-a R5922-7.2-b R5922-N-ip */
static void
each_names_whom_its_clause_says(void **state)
{
	const struct mint *one = mint_root("zoo");

	(void)state;
	for (size_t i = 0; i < ZOO_NAMES; i++) {
		struct mint_wish wish = zoo_names[i].wish;

		wish.renews = one;
		judge_name(mint(&wish)->cert, zoo_names[i].clause, zoo_names[i].wanted,
			zoo_names[i].is_named, zoo_names[i].differs);
	}
}

/* COUNT names n1.example, n2.example, ... and behind them MORE, with a comma in front, or "". */
static const struct mint *
mint_many(const struct mint *one, unsigned count, const char *more)
{
	size_t size = count * 20 + strlen(more) + 1, used = 0;
	char *text = malloc(size);
	const struct mint *m;

	for (unsigned i = 1; i <= count; i++)
		used += (size_t)snprintf(text + used, 20, "%sDNS:n%u.example", i > 1 ? "," : "", i);
	snprintf(text + used, size - used, "%s", more);
	m = mint(&(struct mint_wish){ .renews = one, .sans = text });
	free(text);
	return m;
}

static void
long_names_and_many_of_them(void **state)
{
	const struct mint *one = mint_root("zoo");
	static char name[400];
	struct str longest;

	(void)state;
	for (size_t i = 0; i < sizeof name; i++)
		name[i] = i % 50 == 49 ? '.' : (char)('a' + i % 26);
	longest = str_of(name, 253);
	judge_name(
		mint(&(struct mint_wish){ .renews = one, .raws = { { GEN_DNS, longest } } })->cert,
		"RFC 1035 2.3.4", longest, true, NULL);
	judge_name(mint(&(struct mint_wish){
				.renews = one, .raws = { { GEN_DNS, str_of(name, sizeof name) } } })
			   ->cert,
		"RFC 1035 2.3.4", longest, false, NULL);
	judge_name(mint(&(struct mint_wish){
				.renews = one, .raws = { { GEN_DNS, str_of(name, 252) } } })
			   ->cert,
		"RFC 5922 7.2", longest, false, NULL);
	judge_name(mint_many(one, SANS_MAX, "")->cert, "limits.h SANS_MAX", STR("n256.example"),
		true, NULL);
	judge_name(mint_many(one, SANS_MAX + 1, "")->cert, "limits.h SANS_MAX", STR("n257.example"),
		false, "no more than SANS_MAX names are looked at, and OpenSSL has no bound");
	judge_name(mint_many(one, SANS_MAX, ",URI:sip:a.example")->cert, "RFC 5922 7.1",
		STR("n1.example"), false, "a SIP URI takes the place of the names, however many");
	judge_name(mint_many(one, SANS_MAX, ",URI:sip:a.example")->cert, "RFC 5922 7.1",
		STR("a.example"), true, "OpenSSL looks at no URI");
}

/* ---- whose chain is sound -------------------------------------------------------------------- */

/* One handshake with a server that shows CHAIN, a list that ends with NULL, where TRUST is trusted:
 * sound, or why not. */
static void
judge_chain(const char *clause, const struct mint *const *chain, const struct mint *const *trust,
	int verdict)
{
	struct tlsbed bed;

	tlsbed_dial(&bed, tlsbed_file(trust), STR("a.example"),
		mint_context(TLS_server_method(), chain));
	tlsbed_shake(&bed);
	judged++;
	if (verdict == SOUND) {
		if (bed.word != TLS_READY)
			fail_msg("%s: %.*s", clause, (int)tls_end_why(bed.end).len,
				tls_end_why(bed.end).at);
		tlsbed_close_ends(&bed);
	} else {
		if (bed.word != TLS_BROKEN)
			fail_msg("%s: was accepted", clause);
		tlsbed_expect(&bed, (enum tls_why)verdict, "");
	}
}

static const struct mint *
leaf_of(const struct mint *issuer, struct mint_wish wish)
{
	wish.issuer = issuer;
	wish.sans = wish.sans != NULL ? wish.sans : "DNS:a.example";
	return mint(&wish);
}

static const struct mint *
ca_of(const struct mint *issuer, struct mint_wish wish)
{
	wish.issuer = issuer;
	wish.subject = wish.subject != NULL ? wish.subject : "some CA";
	wish.basic = wish.basic != NULL ? wish.basic : "critical,CA:TRUE";
	wish.extended = wish.extended != NULL ? wish.extended : "";
	return mint(&wish);
}

#define WISH(...) ((struct mint_wish){ __VA_ARGS__ })
#define PLAIN WISH(.subject = NULL)

/* rows: R5922-7.1-d */
static void
leaves_of_all_kinds(void **state)
{
	static const struct {
		const char *clause;
		struct mint_wish wish;
		int verdict;
	} cases[] = {
		{ "RFC 5280 6.1", { .subject = NULL }, SOUND },
		{ "RFC 5280 4.1.2.6", { .subject = "" }, SOUND },
		{ "RFC 5280 6.1.3 (a)(2)", { .from_s = -9 * DAY_S, .until_s = -1 },
			WHY_CERT_EXPIRED },
		{ "RFC 5280 6.1.3 (a)(2)", { .from_s = 60, .until_s = DAY_S }, WHY_CERT_EARLY },
		{ "RFC 5280 6.1.3 (a)(2)", { .from_s = -60, .until_s = 60 }, SOUND },
		{ "RFC 5280 6.1.3 (a)(2)", { .from_s = DAY_S, .until_s = -DAY_S }, WHY_CERT_EARLY },
		{ "RFC 5280 6.1.3 (a)(1)", { .has_bad_signature = true }, WHY_CERT_SIGNATURE },
		{ "RFC 5280 4.2.1.12", { .extended = "serverAuth" }, SOUND },
		{ "RFC 5924 5: none says nothing", { .extended = "" }, SOUND },
		{ "RFC 5280 4.2.1.12", { .extended = "clientAuth" }, WHY_CERT_USE },
		{ "RFC 5280 4.2.1.12", { .extended = "emailProtection" }, WHY_CERT_USE },
		{ "RFC 5280 4.2.1.12", { .extended = "codeSigning,timeStamping" }, WHY_CERT_USE },
		{ "RFC 5280 4.2.1.12", { .extended = "critical,serverAuth" }, SOUND },
		{ "RFC 5924 5: any is a matter of policy", { .extended = "anyExtendedKeyUsage" },
			SOUND },
		{ "RFC 5924 5", { .extended = "1.3.6.1.5.5.7.3.20" }, SOUND },
		{ "RFC 5924 5", { .extended = "serverAuth,1.3.6.1.5.5.7.3.20" }, SOUND },
		{ "RFC 5280 4.2.1.3", { .key_usage = "critical,digitalSignature" }, SOUND },
		{ "RFC 5280 4.2.1.3", { .key_usage = "critical,keyCertSign" }, WHY_CERT_USE },
		{ "RFC 5280 4.2.1.3", { .key_usage = "critical,cRLSign" }, WHY_CERT_USE },
		{ "RFC 5280 4.2.1.9", { .basic = "" }, SOUND },
		{ "RFC 5280 4.2.1.9", { .basic = "critical,CA:TRUE" }, SOUND },
		{ "security level 2: 112 bits", { .key = MINT_RSA_1024 }, WHY_CERT_WEAK_KEY },
		{ "security level 2: 112 bits", { .key = MINT_RSA_2048 }, SOUND },
		{ "RFC 5480 2.1.1", { .key = MINT_P384 }, SOUND },
		{ "RFC 8410 3", { .key = MINT_ED25519 }, SOUND },
		{ "RFC 9155 2", { .digest = "SHA1" }, WHY_CERT_WEAK_DIGEST },
		{ "RFC 5758 3.2", { .digest = "SHA384" }, SOUND },
		{ "RFC 5758 3.2", { .digest = "SHA512" }, SOUND },
		{ "RFC 5280 4.2", { .critical_oid = "1.2.3.4.5" }, WHY_CERT_CRITICAL },
		{ "RFC 5280 4.2.1.1", { .has_no_key_id = true }, SOUND },
		{ "RFC 5280 4.1.2.1: version 1 has no names", { .version = 1 }, WHY_NAME_NONE },
		{ "RFC 5922 7.1: no common name", { .version = 1, .subject = "a.example" },
			WHY_NAME_COMMON },
	};
	const struct mint *root = tlsbed_root();

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
		judge_chain(cases[i].clause, LIST(leaf_of(root, cases[i].wish)), LIST(root),
			cases[i].verdict);
}

/* rows: R5922-7.1-d */
static void
issuers_of_all_kinds(void **state)
{
	static const struct {
		const char *clause;
		struct mint_wish wish;
		int verdict;
	} cases[] = {
		{ "RFC 5280 6.1", { .subject = NULL }, SOUND },
		{ "RFC 5280 6.1.4 (k)", { .basic = "critical,CA:FALSE" }, WHY_CERT_NOT_CA },
		{ "RFC 5280 6.1.4 (k)", { .basic = "CA:FALSE" }, WHY_CERT_NOT_CA },
		{ "RFC 5280 6.1.4 (k)", { .basic = "" }, WHY_CERT_NOT_CA },
		{ "RFC 5280 6.1.4 (k)", { .version = 1 }, WHY_CERT_NOT_CA },
		{ "RFC 5280 6.1.4 (n)", { .key_usage = "critical,digitalSignature" },
			WHY_CERT_NOT_CA },
		{ "RFC 5280 6.1.4 (n)", { .key_usage = "critical,keyCertSign" }, SOUND },
		{ "RFC 5280 6.1.4 (m)", { .basic = "critical,CA:TRUE,pathlen:0" }, SOUND },
		{ "RFC 5280 6.1.4 (m)", { .basic = "critical,CA:TRUE,pathlen:3" }, SOUND },
		{ "RFC 5280 6.1.3 (a)(2)", { .from_s = -9 * DAY_S, .until_s = -1 },
			WHY_CERT_EXPIRED },
		{ "RFC 5280 6.1.3 (a)(2)", { .from_s = 60, .until_s = DAY_S }, WHY_CERT_EARLY },
		{ "RFC 5280 6.1.3 (a)(1)", { .has_bad_signature = true }, WHY_CERT_SIGNATURE },
		{ "RFC 5280 4.2.1.12", { .extended = "emailProtection" }, WHY_CERT_USE },
		{ "RFC 5280 4.2.1.12", { .extended = "serverAuth" }, SOUND },
		{ "security level 2: 112 bits", { .key = MINT_RSA_1024 }, WHY_CERT_WEAK_KEY },
		{ "security level 2: 112 bits", { .key = MINT_P192 }, WHY_CERT_WEAK_KEY },
		{ "security level 2: 112 bits", { .key = MINT_RSA_2048 }, SOUND },
		{ "RFC 8410 3", { .key = MINT_ED25519 }, SOUND },
		{ "RFC 9155 2", { .digest = "SHA1" }, WHY_CERT_WEAK_DIGEST },
		{ "RFC 5280 4.2", { .critical_oid = "1.2.3.4.5" }, WHY_CERT_CRITICAL },
		{ "RFC 5280 6.1.4 (g)", { .constraints = "critical,permitted;DNS:example" },
			SOUND },
		{ "RFC 5280 6.1.4 (g)", { .constraints = "critical,permitted;DNS:a.example" },
			SOUND },
		{ "RFC 5280 6.1.3 (b)", { .constraints = "critical,permitted;DNS:b.example" },
			WHY_CERT_CONSTRAINT },
		{ "RFC 5280 6.1.3 (c)", { .constraints = "critical,excluded;DNS:example" },
			WHY_CERT_CONSTRAINT },
		{ "RFC 5280 6.1.3 (c)", { .constraints = "critical,excluded;DNS:b.example" },
			SOUND },
		{ "RFC 5280 6.1.3 (b): for its own kind only",
			{ .constraints = "critical,permitted;IP:10.0.0.0/255.0.0.0" }, SOUND },
	};
	const struct mint *root = tlsbed_root();

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		const struct mint *ca = ca_of(root, cases[i].wish);

		judge_chain(cases[i].clause, LIST(leaf_of(ca, PLAIN), ca), LIST(root),
			cases[i].verdict);
	}
}

static void
chains_of_all_shapes(void **state)
{
	const struct mint *root = tlsbed_root(), *other = mint_root("other root");
	const struct mint *ca = mint_ca("ca 1", root), *low = mint_ca("ca 2", ca);
	const struct mint *of_other = mint_ca("far", other);
	const struct mint *none =
		ca_of(root, WISH(.subject = "no more", .basic = "critical,CA:TRUE,pathlen:0"));
	const struct mint *below = mint_ca("below", none);
	const struct mint *leaf = leaf_of(root, PLAIN), *second = leaf_of(ca, PLAIN);
	const struct mint *third = leaf_of(low, PLAIN), *self = leaf_of(NULL, PLAIN);
	const struct mint *rsa = ca_of(NULL, WISH(.subject = "RSA", .key = MINT_RSA_2048));

	(void)state;
	judge_chain("RFC 5280 6.1", LIST(second, ca), LIST(root), SOUND);
	judge_chain("RFC 5280 6.1", LIST(third, low, ca), LIST(root), SOUND);
	judge_chain("RFC 5280 6.1", LIST(third, low, ca, root), LIST(root), SOUND);
	judge_chain("RFC 8446 4.4.2: any order", LIST(third, ca, low), LIST(root), SOUND);
	judge_chain("RFC 8446 4.4.2: others beside", LIST(second, of_other, ca), LIST(root), SOUND);
	judge_chain("RFC 8446 4.4.2: others beside", LIST(leaf, leaf), LIST(root), SOUND);
	judge_chain(
		"RFC 5246 7.4.2: the root may be left out", LIST(leaf), LIST(other, root), SOUND);
	judge_chain("RFC 5280 6.1.1 (d)", LIST(second), LIST(root), WHY_CERT_ISSUER);
	judge_chain("RFC 5280 6.1.1 (d)", LIST(third, ca), LIST(root), WHY_CERT_ISSUER);
	judge_chain("RFC 5280 6.1.1 (d)", LIST(third, low), LIST(root), WHY_CERT_CA);
	judge_chain("RFC 5280 6.1.1 (d)", LIST(leaf), LIST(other), WHY_CERT_ISSUER);
	judge_chain("RFC 5280 6.1.1 (d)", LIST(leaf, root), LIST(other), WHY_CERT_CA);
	judge_chain("RFC 5280 6.1.1 (d)", LIST(second, ca), LIST(other), WHY_CERT_CA);
	judge_chain(
		"RFC 5280 6.1.1 (d): the anchor is a root", LIST(second), LIST(ca), WHY_CERT_CA);
	judge_chain("RFC 5280 6.1.1 (d): the anchor is a root", LIST(leaf), LIST(leaf),
		WHY_CERT_ISSUER);
	judge_chain("RFC 5280 6.1.1 (d)", LIST(second), LIST(ca, root), SOUND);
	judge_chain("RFC 5280 6.1", LIST(self), LIST(self), SOUND);
	judge_chain("RFC 5280 6.1", LIST(self), LIST(root), WHY_CERT_SELF);
	judge_chain("RFC 8017 A.2.4", LIST(leaf_of(rsa, PLAIN)), LIST(rsa), SOUND);
	judge_chain("RFC 6151 2", LIST(leaf_of(rsa, WISH(.digest = "MD5"))), LIST(rsa),
		WHY_CERT_WEAK_DIGEST);
	judge_chain("RFC 5280 6.1.4 (m)", LIST(leaf_of(none, PLAIN), none), LIST(root), SOUND);
	judge_chain("RFC 5280 6.1.4 (m)", LIST(leaf_of(below, PLAIN), below, none), LIST(root),
		WHY_CERT_DEPTH);
}

static void
one_key_under_two_roots_and_two_keys_of_one_name(void **state)
{
	const struct mint *root = tlsbed_root(), *other = mint_root("other root");
	const struct mint *twin = mint_root("why CA");
	const struct mint *ca = mint_ca("crossed", other);
	const struct mint *crossed = ca_of(root, WISH(.subject = "crossed", .renews = ca));
	const struct mint *bridge = ca_of(root, WISH(.subject = "other root", .renews = other));
	const struct mint *old = ca_of(NULL,
		WISH(.subject = "why CA", .renews = root, .from_s = -9 * DAY_S, .until_s = -DAY_S));
	const struct mint *leaf = leaf_of(ca, PLAIN);
	const struct mint *first = ca_of(NULL, WISH(.subject = "v1", .version = 1));

	(void)state;
	judge_chain("RFC 5280 6.1: other root", LIST(leaf, ca), LIST(other), SOUND);
	judge_chain("RFC 5280 6.1: crossed", LIST(leaf, crossed), LIST(root), SOUND);
	judge_chain("RFC 5280 6.1: both shown", LIST(leaf, ca, crossed), LIST(other), SOUND);
	judge_chain("RFC 5280 6.1: a bridge", LIST(leaf, ca, bridge), LIST(root), SOUND);
	judge_chain("RFC 5280 6.1: neither", LIST(leaf, crossed), LIST(other), WHY_CERT_CA);
	judge_chain("RFC 5280 6.1: renewed", LIST(leaf_of(root, PLAIN), old), LIST(root), SOUND);
	judge_chain("RFC 5280 6.1.3 (a)(2)", LIST(leaf_of(root, PLAIN), root), LIST(old),
		WHY_CERT_EXPIRED);
	judge_chain("RFC 5280 4.2.1.1", LIST(leaf_of(twin, PLAIN)), LIST(root), WHY_CERT_CA_KEY);
	judge_chain("RFC 5280 6.1.3 (a)(1)", LIST(leaf_of(twin, WISH(.has_no_key_id = true))),
		LIST(root), WHY_CERT_CA_KEY);
	judge_chain("RFC 5280 4.2.1.1", LIST(leaf_of(twin, PLAIN)), LIST(root, twin), SOUND);
	judge_chain("RFC 5280 6.1.1 (d): an anchor of version 1", LIST(leaf_of(first, PLAIN)),
		LIST(first), SOUND);
}

static void
there_are_enough(void **state)
{
	(void)state;
	print_message(
		"zoo: %u certificates judged, %u of them otherwise than OpenSSL's own check\n",
		judged, differing);
	assert_true(judged >= ZOO_MIN);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_names_whom_its_clause_says),
		cmocka_unit_test(long_names_and_many_of_them),
		cmocka_unit_test(leaves_of_all_kinds),
		cmocka_unit_test(issuers_of_all_kinds),
		cmocka_unit_test(chains_of_all_shapes),
		cmocka_unit_test(one_key_under_two_roots_and_two_keys_of_one_name),
		cmocka_unit_test(there_are_enough),
	};

	return cmocka_run_group_tests(tests, tlsbed_open, tlsbed_close);
}
