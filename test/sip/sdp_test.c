/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "sip/check.h"
#include "sip/corpus.h"
#include "sip/sdp.h"

#define SESSION "v=0\r\no=- 29739 7272939 IN IP4 192.0.2.3\r\ns=-\r\n"
#define HERE "c=IN IP4 192.0.2.4\r\n"
#define NOWHERE "c=IN IP4 0.0.0.0\r\n"
#define AUDIO "m=audio 49217 RTP/AVP 0 12\r\n"

static void
directions(void **state)
{
	static const struct {
		const char *body;
		uint32_t media_count;
		enum sdp_direction direction;
	} rows[] = {
		{ SESSION HERE "t=0 0\r\n" AUDIO, 1, SDP_SENDRECV },
		{ SESSION HERE AUDIO "a=sendonly\r\n", 1, SDP_SENDONLY },
		{ SESSION HERE "a=recvonly\r\n" AUDIO, 1, SDP_RECVONLY },
		{ SESSION HERE "a=recvonly\r\n" AUDIO "a=inactive\r\n", 1, SDP_INACTIVE },
		{ SESSION HERE "a=inactive\r\n" AUDIO "a=sendrecv\r\n", 1, SDP_SENDRECV },
		{ SESSION HERE AUDIO AUDIO "a=sendonly\r\n", 2, SDP_SENDRECV },
		{ SESSION NOWHERE AUDIO, 1, SDP_INACTIVE },
		{ SESSION NOWHERE AUDIO "a=sendrecv\r\n", 1, SDP_INACTIVE },
		{ SESSION NOWHERE AUDIO HERE, 1, SDP_SENDRECV },
		{ SESSION AUDIO NOWHERE AUDIO HERE, 2, SDP_INACTIVE },
		{ SESSION HERE AUDIO "a=sendonly:x\r\n", 1, SDP_SENDRECV },
		{ SESSION "a=sendonly\r\n", 0, SDP_SENDONLY },
		{ SESSION, 0, SDP_SENDRECV },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct str body = corpus_exact(str_cstr(rows[i].body));
		struct sdp sdp;

		assert_true(sdp_read(&sdp, body));
		check_str(sdp.session_id, "29739");
		check_str(sdp.version, "7272939");
		assert_int_equal(sdp.media_count, rows[i].media_count);
		if (sdp.direction != rows[i].direction)
			fail_msg("row %zu: %d", i, sdp.direction);
		corpus_free(body);
	}
}

static void
line_ends(void **state)
{
	struct sdp sdp;

	(void)state;
	assert_true(sdp_read(&sdp, STR("v=0\no=- 1 2 IN IP4 h\nm=audio 1 RTP/AVP 0\na=sendonly")));
	assert_int_equal(sdp.direction, SDP_SENDONLY);
	assert_true(sdp_read(&sdp, STR("v=0\r\no=- 1 2 IN IP4 h\r\na=sendonly\r\n\r\n")));
	assert_int_equal(sdp.direction, SDP_SENDONLY);
	assert_true(sdp_read(&sdp, STR("v=\r\no=- 1 2\r\ns=")));
	check_str(sdp.version, "2");
}

static void
what_is_no_description_is_refused(void **state)
{
	static const char *const rows[] = { "", "\r\n", "v=0\r\n", "o=- 1 2 IN IP4 h\r\n",
		"v=0\r\no=- 1\r\n", "v=0\r\no=\r\n", "v=0\r\no=-  2\r\n",
		"v=0\r\no=- 1 2\r\nm =video\r\n", "v=0\r\no=- 1 2\r\nm",
		"v=0\r\no=- 1 2\r\n\r\na=x\r\n", "v=0\r\no=- 1 2\r\n=\r\n",
		"v=0\r\no=- 1 2\r\n a=x\r\n", "hello" };

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct str body = corpus_exact(str_cstr(rows[i]));
		struct sdp sdp;

		if (sdp_read(&sdp, body))
			fail_msg("%s", rows[i]);
		corpus_free(body);
	}
}

static void
any_prefix_is_read_without_harm(void **state)
{
	struct str whole =
		STR(SESSION NOWHERE "t=0 0\r\na=sendonly\r\n" AUDIO HERE "a=recvonly\r\n");

	(void)state;
	for (size_t len = 0; len <= whole.len; len++) {
		struct str part = corpus_exact(str_upto(whole, len));
		struct sdp sdp;

		(void)sdp_read(&sdp, part);
		corpus_free(part);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(directions),
		cmocka_unit_test(line_ends),
		cmocka_unit_test(what_is_no_description_is_refused),
		cmocka_unit_test(any_prefix_is_read_without_harm),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
