/* SPDX-License-Identifier: Apache-2.0 */
/* What names a binding, and whether RFC 5626 is used at all. */
#include "reg/outbound.h"

#include <string.h>

#include "kit.h"

#define END "\r\n"
#define PHONE "Contact: <sip:7789@192.0.2.7>;+sip.instance=\"<urn:uuid:1>\""
#define FLOW PHONE ";reg-id=1" END
#define ASKED "Supported: path, outbound" END
#define HOP "Via: SIP/2.0/TCP 192.0.2.7;branch=z9hG4bKa" END

static const struct {
	const char *lines;
	enum transport transport;
	uint32_t coming;
	enum outbound_verdict verdict;
} cases[] = {
	{ ASKED FLOW, TRANSPORT_TCP, 1, OUTBOUND_USED },
	{ ASKED FLOW, TRANSPORT_TLS, 1, OUTBOUND_USED },
	{ ASKED FLOW, TRANSPORT_TCP, 0, OUTBOUND_USED },
	/* Nothing would keep it alive. */
	{ ASKED FLOW, TRANSPORT_UDP, 1, OUTBOUND_NOT },
	/* It is not asked for. */
	{ FLOW, TRANSPORT_TCP, 1, OUTBOUND_NOT },
	{ HOP FLOW, TRANSPORT_TCP, 1, OUTBOUND_NOT },
	{ ASKED PHONE END, TRANSPORT_TCP, 1, OUTBOUND_NOT },
	{ ASKED "Contact: <sip:7789@192.0.2.7>;reg-id=1" END, TRANSPORT_TCP, 1, OUTBOUND_NOT },
	{ ASKED "Contact: <sip:7789@192.0.2.7>;reg-id=1;+sip.instance" END, TRANSPORT_TCP, 1,
		OUTBOUND_NOT },
	{ ASKED "Contact: <sip:7789@192.0.2.7>;reg-id=1;+sip.instance=\"<a b>\"" END, TRANSPORT_TCP,
		1, OUTBOUND_NOT },
	{ ASKED "Contact: <sip:7789@192.0.2.7>;reg-id=1;+sip.instance=\"<a\\\\b>\"" END,
		TRANSPORT_TCP, 1, OUTBOUND_NOT },
	{ ASKED "Contact: <sip:7789@192.0.2.7>;reg-id=1;+sip.instance=\"<a\x7f>\"" END,
		TRANSPORT_TCP, 1, OUTBOUND_NOT },
	{ ASKED "Contact: *" END "Expires: 0" END, TRANSPORT_TCP, 0, OUTBOUND_NOT },
	/* The first hop is somebody else. */
	{ HOP ASKED FLOW, TRANSPORT_TCP, 1, OUTBOUND_LACKS },
	{ HOP ASKED "Path: <sip:p.example.net;lr>" END FLOW, TRANSPORT_TCP, 1, OUTBOUND_LACKS },
	{ HOP ASKED "Path: <sip:p.example.net;lr;ob>" END FLOW, TRANSPORT_TCP, 1, OUTBOUND_USED },
	{ HOP ASKED "Path: <sip:q.example.net;lr>" END "Path: <sip:p.example.net;ob;lr>" END FLOW,
		TRANSPORT_UDP, 1, OUTBOUND_USED },
	/* A flow comes alone. */
	{ ASKED FLOW, TRANSPORT_TCP, 2, OUTBOUND_MANY },
	{ "Contact: <sip:7789@192.0.2.7>;reg-id=1" END, TRANSPORT_TCP, 2, OUTBOUND_MANY },
	{ ASKED PHONE END, TRANSPORT_TCP, 2, OUTBOUND_NOT },
	/* From 1 to 2^31-1. */
	{ ASKED PHONE ";reg-id=0" END, TRANSPORT_TCP, 1, OUTBOUND_BAD_ID },
	{ ASKED PHONE ";reg-id=x" END, TRANSPORT_TCP, 1, OUTBOUND_BAD_ID },
	{ ASKED PHONE ";reg-id" END, TRANSPORT_TCP, 1, OUTBOUND_BAD_ID },
	{ ASKED PHONE ";reg-id=2147483647" END, TRANSPORT_TCP, 1, OUTBOUND_USED },
	{ ASKED PHONE ";reg-id=2147483648" END, TRANSPORT_TCP, 1, OUTBOUND_BAD_ID },
};

static void
test_each_case(void **state)
{
	static struct msg msg;
	struct world *w = *state;

	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct phone p = phone_on(cases[i].transport, 9);
		struct str lines = str_of(cases[i].lines, strlen(cases[i].lines));
		struct register_request request;

		read_register(w, &p, lines, &msg);
		request = request_of(&p, &msg, REF_NONE);
		if (outbound_judge(&request, cases[i].coming) != cases[i].verdict)
			fail_msg("case %zu: %s", i, cases[i].lines);
	}
}

static struct binding_key
key_of(const char *contact, bool is_used)
{
	static struct nameaddr read[2];
	static unsigned next;
	struct nameaddr *at = &read[next++ % 2];
	size_t wrong;

	assert_true(nameaddr_parse(at, str_of(contact, strlen(contact)), &wrong));
	return outbound_key(at, is_used);
}

static void
test_what_names_a_binding(void **state)
{
	struct binding_key flow =
		key_of("<sip:a@192.0.2.7:1>;+sip.instance=\"<urn:uuid:aB>\";reg-id=2", true);
	struct binding_key plain =
		key_of("<sip:a@192.0.2.7:1>;+sip.instance=\"<urn:uuid:aB>\";reg-id=2", false);
	struct binding b = {
		.contact = STR("sip:b@192.0.2.8:9"), .instance = STR("<urn:uuid:Ab>"), .reg_id = 2
	};

	(void)state;
	assert_int_equal(flow.reg_id, 2);
	assert_true(str_same(flow.instance, STR("<urn:uuid:aB>")));
	assert_int_equal(plain.reg_id, 0);
	assert_true(str_same(plain.instance, STR("<urn:uuid:aB>")));
	/* The URI says nothing, and a URN has no case. */
	assert_true(outbound_is_same(&b, &flow));
	assert_false(outbound_is_same(&b, &plain));
	b.reg_id = 3;
	assert_false(outbound_is_same(&b, &flow));
	b.reg_id = 2;
	b.instance = STR("<urn:uuid:Ac>");
	assert_false(outbound_is_same(&b, &flow));
	/* Without it the URI is all. */
	b.reg_id = 0;
	b.contact = STR("sips:a@192.0.2.7:1");
	assert_true(outbound_is_same(&b, &plain));
	assert_false(outbound_is_same(&b, &flow));
	b.contact = STR("sips:a@192.0.2.7:2");
	assert_false(outbound_is_same(&b, &plain));
	b.contact = STR("");
	assert_false(outbound_is_same(&b, &plain));
	assert_int_equal(key_of("<sip:a@192.0.2.7:1>;reg-id=2", true).reg_id, 0);
	assert_true(str_is_empty(key_of("<sip:a@192.0.2.7:1>", true).instance));
}

int
main(void)
{
	const struct CMUnitTest tests[] = { TEST(test_each_case), TEST(test_what_names_a_binding) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
