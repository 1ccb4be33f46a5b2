/* SPDX-License-Identifier: Apache-2.0 */
/* The messages of RFC 4475 and RFC 5118, which are not part of this tree: in the folder that
 * SIPWARD_TORTURE names, else beside the tree. Without them this test is skipped. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "sip/corpus.h"
#include "sip/frame.h"
#include "sip/write.h"

/* Those that are not fine, as datagrams. What an RFC calls invalid for its meaning alone, not its
 * syntax, is fine here. */
static const struct {
	const char *file, *verdict;
} refused[] = {
	{ "rfc4475/badinv01.dat", "VIA" },
	{ "rfc4475/clerr.dat", "BODY_SHORT" },
	{ "rfc4475/ncl.dat", "LENGTH" },
	{ "rfc4475/scalar02.dat", "CSEQ" },
	{ "rfc4475/scalarlg.dat", "CSEQ" },
	{ "rfc4475/quotbal.dat", "TO" },
	{ "rfc4475/ltgtruri.dat", "REQUEST_URI" },
	{ "rfc4475/lwsruri.dat", "START_LINE" },
	{ "rfc4475/lwsstart.dat", "START_LINE" },
	{ "rfc4475/trws.dat", "START_LINE" },
	{ "rfc4475/escruri.dat", "REQUEST_URI" },
	{ "rfc4475/regbadct.dat", "CONTACT" },
	{ "rfc4475/badaspec.dat", "TO" },
	{ "rfc4475/baddn.dat", "HEADER_LINE" },
	{ "rfc4475/badvers.dat", "VERSION" },
	{ "rfc4475/mismatch01.dat", "CSEQ" },
	{ "rfc4475/mismatch02.dat", "CSEQ" },
	{ "rfc4475/bigcode.dat", "START_LINE" },
	{ "rfc4475/badbranch.dat", "VIA" },
	{ "rfc4475/insuf.dat", "FROM" },
	{ "rfc4475/multi01.dat", "HEADER_TWICE" },
	{ "rfc4475/mcl01.dat", "HEADER_TWICE" },
	{ "rfc4475/test.dat", "START_LINE" },
	{ "rfc5118-fixed/ipv6-bad.dat", "REQUEST_URI" },
	{ "rfc5118-fixed/ipv6-bug-abnf-3-colons.dat", "REQUEST_URI" },
};

/* Requests that cannot be answered: nobody could tell to what the answer belongs. */
static const char *const mute[] = { "rfc4475/badinv01.dat", "rfc4475/test.dat" };

static struct corpus torture;
static struct msg message;

static void
open_torture(void)
{
	const char *folder = getenv("SIPWARD_TORTURE");

	if (torture.count == 0 &&
		!corpus_open(&torture, folder != NULL ? folder : "../shared/torture")) {
		print_message("no torture messages here; name their folder in SIPWARD_TORTURE\n");
		skip();
	}
}

static const char *
wanted(const char *file)
{
	if (strncmp(file, "rfc5118/", 8) == 0)
		return "START_LINE"; /* as archived they have no CRLF at all */
	for (size_t i = 0; i < sizeof refused / sizeof *refused; i++)
		if (strcmp(refused[i].file, file) == 0)
			return refused[i].verdict;
	return "ok";
}

static bool
is_mute(const char *file)
{
	for (size_t i = 0; i < sizeof mute / sizeof *mute; i++)
		if (strcmp(mute[i], file) == 0)
			return true;
	return strncmp(file, "rfc5118/", 8) == 0;
}

static void
each_gets_its_verdict(void **state)
{
	unsigned wrong = 0;

	(void)state;
	open_torture();
	for (unsigned i = 0; i < torture.count; i++) {
		const struct corpus_entry *e = &torture.entries[i];
		const char *want = wanted(e->file);
		struct fault fault;

		(void)msg_parse(&message, e->data, false, &fault);
		if (strcmp(want, corpus_verdict(fault.what)) != 0) {
			print_error("%s: %s at %u, wanted %s\n", e->file,
				corpus_verdict(fault.what), fault.at, want);
			wrong++;
		}
		if (strcmp(e->verdict, "valid") == 0)
			assert_string_equal(want, "ok");
	}
	assert_int_equal(wrong, 0);
	assert_int_equal(torture.count, 74);
}

/* Whatever is wrong with a request, its answer is one line for each header and fits the request. */
static void
each_request_can_be_answered(void **state)
{
	static char room[16 * 1024];
	static struct msg answer;
	struct addr from = { .family = ADDR_V4, .ip = { 127, 0, 0, 1 }, .port = 5060 };

	(void)state;
	open_torture();
	for (unsigned i = 0; i < torture.count; i++) {
		const struct corpus_entry *e = &torture.entries[i];
		struct buf b = buf_on(room, sizeof room);
		struct fault fault;

		(void)msg_parse(&message, e->data, false, &fault);
		if (!message.is_request)
			continue;
		assert_int_equal(msg_may_answer(&message), !is_mute(e->file));
		if (!msg_may_answer(&message))
			continue;
		write_response(&b, &message, &from, 400, STR("Bad"), STR("tag1"));
		write_body(&b, STR(""));
		assert_true(buf_ok(&b));
		(void)msg_parse(&answer, buf_str(&b), true, &fault);
		assert_int_equal(answer.status, 400);
		assert_int_equal(answer.via_count, message.via_count);
		assert_true(str_same(answer.via.branch, message.via.branch));
	}
}

static void
dblreq_is_two_messages_on_a_stream(void **state)
{
	(void)state;
	open_torture();
	for (unsigned i = 0; i < torture.count; i++) {
		struct str data = torture.entries[i].data;
		unsigned crlfs = 0;
		struct frame f;

		if (strcmp(torture.entries[i].file, "rfc4475/dblreq.dat") != 0)
			continue;
		f = frame_next(data, &crlfs);
		assert_int_equal(f.kind, FRAME_MESSAGE);
		assert_true(str_begins(f.message, STR("REGISTER")));
		data = str_from(data, f.skip + f.message.len);
		f = frame_next(data, &crlfs);
		while (f.kind == FRAME_PING) {
			data = str_from(data, f.skip);
			f = frame_next(data, &crlfs);
		}
		assert_int_equal(f.kind, FRAME_MESSAGE);
		assert_true(str_begins(f.message, STR("INVITE")));
		return;
	}
	fail();
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_gets_its_verdict),
		cmocka_unit_test(each_request_can_be_answered),
		cmocka_unit_test(dblreq_is_two_messages_on_a_stream),
	};
	int failed = cmocka_run_group_tests(tests, NULL, NULL);

	corpus_close(&torture);
	return failed;
}
