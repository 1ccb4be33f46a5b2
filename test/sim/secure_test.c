/* SPDX-License-Identifier: Apache-2.0 */
/* S1 to S9: each trace has one fault. */
#include "bed.h"

#include <string.h>

static void
test_s1_request_in_clear(void **state)
{
	struct bed b;

	(void)state;
	bed_open(&b);
	bed_tls(&b, true);
	answered(&b);
	fine(&b);
	b.peers[B].flow = 1;
	b.peers[B].transport = CHECK_UDP;
	b_bye(&b);
	broken(&b, "S1");
	bed_close(&b);
}

static void
test_s1_answer_in_clear(void **state)
{
	struct bed b;

	(void)state;
	bed_open(&b);
	bed_tls(&b, true);
	a_invite(&b);
	b.peers[A].flow = 1;
	b.peers[A].transport = CHECK_UDP;
	a_gets(&b, "100 Trying");
	broken(&b, "S1");
	bed_close(&b);
}

static void
test_s1_plain_service_of_a_sips_contact(void **state)
{
	static const char *const fine_names[] = { "_sips._tcp.phone.example.net",
		"_sip._udp.other.example.net", "phone.example.net", "_sip._udp", "_sip." };
	struct bed b;

	(void)state;
	bed_open(&b);
	for (size_t i = 0; i < sizeof fine_names / sizeof fine_names[0]; i++)
		check_asked(b.check, fine_names[i], strlen(fine_names[i]));
	fine(&b);
	check_asked(b.check, "_sip._tcp.phone.example.net", 27);
	broken(&b, "S1");
	bed_close(&b);
}

static void
test_s2_not_verified(void **state)
{
	struct bed b;

	(void)state;
	bed_open(&b);
	check_dialled(b.check, 4, CHECK_TLS, "192.0.2.50:5061", "192.0.2.50");
	fine(&b);
	check_opened(b.check, 4, CHECK_TLS, "192.0.2.50:5061", true, false);
	broken(&b, "S2");
	bed_close(&b);
}

static void
test_s3_other_name(void **state)
{
	struct bed b;

	(void)state;
	bed_open(&b);
	bed_tls(&b, true);
	check_dialled(b.check, 4, CHECK_TLS, "192.0.2.50:5070", "other.example.net");
	check_opened(b.check, 4, CHECK_TLS, "192.0.2.50:5070", true, true);
	a_invite(&b);
	b_invite(&b);
	broken(&b, "S3");
	bed_close(&b);
}

static void
test_s4_contact(void **state)
{
	struct bed b;

	(void)state;
	bed_open(&b);
	bed_tls(&b, true);
	a_invite(&b);
	out(&b, A, "180 Ringing", "a1", "tag-of-a-1;ours-to-a", A_ID, "1 INVITE", OUR_CONTACT, "");
	broken(&b, "S4");
	bed_close(&b);
}

static void
test_s4_from(void **state)
{
	struct bed b;

	(void)state;
	bed_open(&b);
	bed_tls(&b, true);
	a_invite(&b);
	b.scheme = "sip";
	out(&b, B, "INVITE sips:5000@192.0.2.50:5070", "b1", "ours-to-b-1", B_ID, "1 INVITE",
		"Contact: <sips:a@192.0.2.1:5061>\r\nSubject: call-7\r\n", SDP);
	broken(&b, "S4");
	bed_close(&b);
}

static void
test_s5_scheme_changes(void **state)
{
	struct bed b;

	(void)state;
	bed_open(&b);
	answered(&b);
	out(&b, B, "INVITE sip:bob@192.0.2.50:5070", "b7", "ours-to-b-1;tag-of-b", B_ID, "2 INVITE",
		"Contact: <sips:a@192.0.2.1:5061>\r\n", SDP);
	broken(&b, "S5");
	bed_close(&b);
}

static void
test_s6_credentials(void **state)
{
	struct bed b;

	(void)state;
	bed_open(&b);
	a_invite(&b);
	out(&b, B, "INVITE sip:5000@192.0.2.50:5070", "b1", "ours-to-b-1", B_ID, "1 INVITE",
		OUR_CONTACT "Subject: call-7\r\nAuthorization: Digest username=\"x\"\r\n", SDP);
	broken(&b, "S6");
	bed_close(&b);
}

#define PROOF(realm, response)                                                                \
	OUR_CONTACT "Subject: call-7\r\n" UUID                                                \
		    "Proxy-Authorization: Digest username=\"acme\", realm=\"" realm           \
		    "\", nonce=\"1\", uri=\"sip:5000@192.0.2.50:5070\", response=\"" response \
		    "\", cnonce=\"c\", algorithm=MD5, qop=auth, nc=00000001\r\n"

static void
prove(struct bed *b, const char *lines)
{
	bed_open(b);
	a_invite(b);
	out(b, B, "INVITE sip:5000@192.0.2.50:5070", "b1", "ours-to-b-1", B_ID, "1 INVITE", lines,
		SDP);
}

/* What proves us to a trunk: right, in its realm; neither of another realm, nor wrong. */
static void
test_s6_proof(void **state)
{
	struct bed b;

	(void)state;
	prove(&b, PROOF("west.example", "c05e2bb94d2cf65bebaf2c63edafab19"));
	fine(&b);
	bed_close(&b);
	prove(&b, PROOF("east.example", "d378bdbc3a56e56f6ec762a039d1adba"));
	broken(&b, "S6");
	bed_close(&b);
	prove(&b, PROOF("west.example", "d378bdbc3a56e56f6ec762a039d1adba"));
	broken(&b, "S6");
	bed_close(&b);
}

static void
test_s7_on_the_wire(void **state)
{
	struct bed b;

	(void)state;
	bed_open(&b);
	a_invite(&b);
	out(&b, A, "401 No", "a1", "tag-of-a-1;ours-to-a", A_ID, "1 INVITE",
		"WWW-Authenticate: Digest realm=\"secret-of-7001\"\r\n", "");
	broken(&b, "S7");
	bed_close(&b);
}

static void
test_s7_in_the_log(void **state)
{
	struct bed b;

	(void)state;
	bed_open(&b);
	note(&b, "the password is secret-of-7001");
	broken(&b, "S7");
	bed_close(&b);
}

static void
test_s8_refused_in_silence(void **state)
{
	struct bed b;

	(void)state;
	bed_open(&b);
	a_invite(&b);
	a_gets(&b, "404 Not Found");
	fine(&b);
	step(&b);
	broken(&b, "S8");
	bed_close(&b);
}

/* A speaks A_SCHEME to NUMBER, and B hears an INVITE in B_SCHEME. */
static void
cross(struct bed *b, enum check_mode mode, bool a_is_sips, bool b_is_sips, const char *number)
{
	bed_open_under(b, mode);
	bed_tls(b, a_is_sips);
	b->number = number;
	a_invite(b);
	a_gets(b, "100 Trying");
	fine(b);
	b->scheme = b_is_sips ? "sips" : "sip";
	b_invite(b);
}

static void
test_s9_what_may_not_cross(void **state)
{
	static const struct {
		enum check_mode mode;
		bool a_is_sips, b_is_sips;
		const char *number;
		bool is_fine;
	} cases[] = {
		{ CHECK_PER_LEG, true, false, "7000", true },
		{ CHECK_OBSERVE, true, false, "7000", true },
		{ CHECK_NO_DOWNGRADE, true, false, "7000", false },
		{ CHECK_STRICT, true, false, "7000", false },
		{ CHECK_NO_DOWNGRADE, true, true, "7000", true },
		{ CHECK_STRICT, true, true, "7000", true },
		{ CHECK_NO_DOWNGRADE, false, true, "7000", true },
		{ CHECK_STRICT, false, true, "7000", false },
		{ CHECK_STRICT, false, false, "7000", true },
		{ CHECK_STRICT, false, false, "6001", false },
		{ CHECK_NO_DOWNGRADE, true, false, "5999", false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		const struct broken *found;
		struct bed b;

		cross(&b, cases[i].mode, cases[i].a_is_sips, cases[i].b_is_sips, cases[i].number);
		found = check_broken(b.check);
		/* That nobody has registered there is another matter. */
		if ((found != NULL && strcmp(found->id, "S9") == 0) == cases[i].is_fine)
			fail_msg("case %zu: %s", i, found != NULL ? found->what : "nothing broke");
		bed_close(&b);
	}
}

static void
test_s9_refused_for_its_scheme(void **state)
{
	static const struct {
		enum check_mode mode;
		bool is_sips;
		const char *status, *line;
		bool is_fine;
	} cases[] = {
		{ CHECK_NO_DOWNGRADE, true, "480 Not Here", "Warning: 380 h \"x\"\r\n", true },
		{ CHECK_OBSERVE, true, "480 Not Here", "Warning: 380 h \"x\"\r\n", false },
		{ CHECK_STRICT, false, "480 Not Here", "Warning: 381 h \"x\"\r\n", true },
		{ CHECK_NO_DOWNGRADE, false, "480 Not Here", "Warning: 381 h \"x\"\r\n", false },
		{ CHECK_STRICT, true, "480 Not Here", "Warning: 381 h \"x\"\r\n", false },
		{ CHECK_STRICT, true, "403 Forbidden", "Warning: 380 h \"x\"\r\n", false },
		{ CHECK_STRICT, true, "480 Not Here", "Warning: 399 h \"x\"\r\n", true },
		{ CHECK_STRICT, true, "480 Not Here", "", true },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		const struct broken *found;
		struct bed b;

		bed_open_under(&b, cases[i].mode);
		bed_tls(&b, cases[i].is_sips);
		a_invite(&b);
		out(&b, A, cases[i].status, "a1", "tag-of-a-1;ours-to-a", A_ID, "1 INVITE",
			cases[i].line, "");
		found = check_broken(b.check);
		if ((found != NULL && strcmp(found->id, "S9") == 0) == cases[i].is_fine)
			fail_msg("case %zu: %s", i, found != NULL ? found->what : "nothing broke");
		bed_close(&b);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_s1_request_in_clear),
		cmocka_unit_test(test_s1_answer_in_clear),
		cmocka_unit_test(test_s1_plain_service_of_a_sips_contact),
		cmocka_unit_test(test_s2_not_verified),
		cmocka_unit_test(test_s3_other_name),
		cmocka_unit_test(test_s4_contact),
		cmocka_unit_test(test_s4_from),
		cmocka_unit_test(test_s5_scheme_changes),
		cmocka_unit_test(test_s6_credentials),
		cmocka_unit_test(test_s6_proof),
		cmocka_unit_test(test_s7_on_the_wire),
		cmocka_unit_test(test_s7_in_the_log),
		cmocka_unit_test(test_s8_refused_in_silence),
		cmocka_unit_test(test_s9_what_may_not_cross),
		cmocka_unit_test(test_s9_refused_for_its_scheme),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
