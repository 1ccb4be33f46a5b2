/* SPDX-License-Identifier: Apache-2.0 */
/* The judgement alone: what a REGISTER makes of a set. */
#include <stdio.h>

#include "kit.h"
#include "reg/change.h"

static struct msg msg;
static struct change change;
static struct binding_set set; /* in force */
static char scratch_octets[HEAD_BYTES_MAX];
static char set_octets[SET_BYTES_MAX];
static struct arena scratch;

/* Judges these header LINES of a REGISTER against the set in force. Ends: the status of a refusal,
 * 200 for nothing to do, 0 for a set that is wanted. */
static unsigned
judge(const struct phone *p, struct str lines)
{
	struct change_terms terms = {
		.in_force = &set, .listeners = world.listeners, .listener_count = 2
	};
	struct register_request request;

	scratch = arena_on(scratch_octets, sizeof scratch_octets);
	read_register(&world, p, lines, &msg);
	request = request_of(p, &msg, REF_NONE);
	change_judge(&change, &request, &terms, &scratch, world.now);
	switch (change.kind) {
	case CHANGE_NONE: return 200;
	case CHANGE_SAVE: return 0;
	case CHANGE_REFUSE: assert_true(change.reason.len > 0); return change.status;
	}
	return 999;
}

/* The same, and a set that is wanted comes in force. Ends: how many bindings are in force then. */
static uint32_t
apply(struct phone *p, struct str lines)
{
	static char fresh[SET_BYTES_MAX];
	struct buf f = buf_on(fresh, sizeof fresh);
	struct buf b = buf_on(set_octets, sizeof set_octets);

	p->cseq++;
	assert_int_equal(judge(p, lines), 0);
	/* The new set has views into the old octets. */
	binding_set_write(&f, &change.set);
	buf_put(&b, buf_str(&f));
	assert_true(buf_ok(&f));
	assert_true(binding_set_read(&set, buf_str(&b)));
	return set.count;
}

static int
open_set(void **state)
{
	set.count = 0;
	return open_world(state);
}

static struct phone
sips_phone(void)
{
	struct phone p = phone_on(TRANSPORT_TLS, 9);

	p.target = STR("sips:example.com");
	return p;
}

#define CONTACT "Contact: <sip:7789@192.0.2.7:40000>"
#define SIPS_CONTACT "Contact: <sips:7789@192.0.2.7:40000>"
#define END "\r\n"

static void
test_what_a_binding_holds(void **state)
{
	struct phone p = phone_on(TRANSPORT_TCP, 9);
	const struct binding *b = &set.list[0];

	(void)state;
	assert_int_equal(apply(&p,
				 STR("m: \"Seven\" <sip:7789@192.0.2.7;transport=udp?a=b>"
				     ";expires=120 ; +x=\"a\r\n b\" ;q=0.3;flag\r\n")),
		1);
	assert_str(b->contact, "sip:7789@192.0.2.7;transport=udp?a=b");
	assert_str(b->params, ";+x=\"a   b\";flag");
	assert_int_equal(b->speech.scheme, SCHEME_SIP);
	assert_int_equal(b->speech.transport, TRANSPORT_TCP);
	assert_int_equal(b->flow.number, 9);
	assert_true(addr_same(&b->source, &p.source));
	assert_int_equal(b->expires_at_s, START_S + 120);
	assert_int_equal(b->q_thousandths, 300);
	assert_str(b->call_id, "call-1@phone");
	assert_int_equal(b->cseq, 2);
	assert_true(b->is_proven);
	assert_false(change.is_lowered);
}

static void
test_each_has_parameters_of_its_own(void **state)
{
	struct phone p = phone_on(TRANSPORT_UDP, 1);

	(void)state;
	assert_int_equal(judge(&p,
				 STR("Contact: <sip:a@192.0.2.7>;x=1, <sip:b@192.0.2.7>;yy=22,"
				     "<sip:c@192.0.2.7>" END)),
		0);
	assert_str(change.set.list[0].params, ";x=1");
	assert_str(change.set.list[1].params, ";yy=22");
	assert_str(change.set.list[2].params, "");
}

static void
test_too_long(void **state)
{
	static char lines[2 * URI_BYTES_MAX];
	struct phone p = phone_on(TRANSPORT_UDP, 1);
	struct buf b = buf_on(lines, sizeof lines);

	(void)state;
	buf_put(&b, STR("Contact: <sip:a@192.0.2.7;x="));
	while (b.used < URI_BYTES_MAX + 20)
		buf_char(&b, 'x');
	buf_put(&b, STR(">" END));
	assert_int_equal(judge(&p, buf_str(&b)), 403);
	assert_str(change.reason, "Contact Too Long");
}

static void
test_how_long(void **state)
{
	static const struct {
		struct str lines;
		int64_t seconds;
	} rows[] = {
#define ROW(lines, seconds) { { lines, sizeof lines - 1 }, seconds }
		ROW(CONTACT END, REGISTER_DEFAULT_S),
		ROW(CONTACT END "Expires: 600" END, 600),
		ROW(CONTACT ";expires=60" END "Expires: 600" END, 60),
		ROW(CONTACT ";expires=\"70\"" END, 70),
		ROW(CONTACT ";expires=abc" END "Expires: 600" END, 3600),
		ROW(CONTACT ";expires" END "Expires: 600" END, 3600),
		ROW(CONTACT ";expires=-5" END, 3600),
		ROW(CONTACT ";expires=12a" END, 3600),
		ROW(CONTACT END "Expires: soon" END, 3600),
		ROW(CONTACT ";expires=7200" END, REGISTER_MAX_S),
		ROW(CONTACT ";expires=7201" END, REGISTER_MAX_S),
		ROW(CONTACT ";expires=99999999999999999999999" END, REGISTER_MAX_S),
		ROW(CONTACT ";expires=\"\"" END "Expires: 600" END, 3600),
		ROW(CONTACT END "Expires: 4294967296" END, REGISTER_MAX_S),
#undef ROW
	};
	struct phone p = phone_on(TRANSPORT_UDP, 1);

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		assert_int_equal(judge(&p, rows[i].lines), 0);
		assert_int_equal(change.set.list[0].expires_at_s - START_S, rows[i].seconds);
	}
}

/* rows: R3261-10.3-f */
static void
test_too_short(void **state)
{
	struct phone p = phone_on(TRANSPORT_UDP, 1);

	(void)state;
	assert_int_equal(judge(&p, STR(CONTACT ";expires=59" END)), 423);
	assert_int_equal(change.min_expires_s, REGISTER_MIN_S);
	assert_int_equal(judge(&p, STR(CONTACT END "Expires: 1" END)), 423);
	assert_int_equal(judge(&p, STR(CONTACT ";expires=60" END)), 0);
	assert_int_equal(judge(&p, STR(CONTACT ";expires=0" END)), 200);
}

static void
test_refresh_remove_and_query(void **state)
{
	struct phone p = phone_on(TRANSPORT_UDP, 1);

	(void)state;
	assert_int_equal(apply(&p, STR(CONTACT END)), 1);
	world.now.wall_s += 100;
	assert_int_equal(
		apply(&p, STR("Contact: <sip:7789@192.0.2.7:40000;transport=tcp>" END)), 1);
	assert_int_equal(set.list[0].expires_at_s, START_S + 100 + REGISTER_DEFAULT_S);
	assert_str(set.list[0].contact, "sip:7789@192.0.2.7:40000;transport=tcp");
	assert_int_equal(judge(&p, STR("Expires: 60" END)), 200);
	assert_int_equal(change.set.count, 1);
	assert_int_equal(apply(&p, STR(CONTACT END "Expires: 0" END)), 0);
	p.cseq++;
	assert_int_equal(judge(&p, STR(CONTACT END "Expires: 0" END)), 200);
}

static void
test_many_contacts_in_one_go(void **state)
{
	struct phone p = phone_on(TRANSPORT_UDP, 1);

	(void)state;
	assert_int_equal(apply(&p,
				 STR("Contact: <sip:a@192.0.2.7>, <sip:b@192.0.2.7>;expires=90" END
				     "m: sip:c@192.0.2.7;q=0.1" END)),
		3);
	assert_str(set.list[2].contact, "sip:c@192.0.2.7");
	assert_int_equal(set.list[2].q_thousandths, 100);
	/* The same twice: the later holds, and it is no repeat of an old CSeq. */
	assert_int_equal(apply(&p,
				 STR("Contact: <sip:a@192.0.2.7>;q=0.2, <sip:A@192.0.2.7>, "
				     "<sip:a@192.0.2.7;transport=tcp>;q=0.4" END)),
		4);
	assert_int_equal(set.list[3].q_thousandths, 400);
	assert_str(set.list[0].contact, "sip:b@192.0.2.7");
	assert_str(set.list[1].contact, "sip:c@192.0.2.7");
	/* One comes, one goes. */
	assert_int_equal(
		apply(&p, STR("Contact: <sip:d@192.0.2.7>,<sip:b@192.0.2.7>;expires=0" END)), 4);
	assert_str(set.list[3].contact, "sip:d@192.0.2.7");
}

static void
test_all_or_nothing(void **state)
{
	static const struct str lines[] = {
#define ROW(lines) { lines, sizeof lines - 1 }
		ROW(CONTACT ", <sip:7789@192.0.2.1:5060>" END),
		ROW(CONTACT ", <sip:7789@192.0.2.9>;expires=5" END),
		ROW(CONTACT ", <sip:7789@192.0.2.9>;q=7" END),
		/* Whatever comes behind it. */
		ROW("Contact: <sip:7789@192.0.2.1:5060>, <sip:b@192.0.2.9>" END),
		ROW("Contact: <sip:7789@192.0.2.9>;expires=5, <sip:b@192.0.2.9>" END),
#undef ROW
	};
	static const unsigned statuses[] = { 403, 423, 400, 403, 423 };
	struct phone p = phone_on(TRANSPORT_UDP, 1);

	(void)state;
	for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++)
		assert_int_equal(judge(&p, lines[i]), statuses[i]);
}

/* rows: R3261-10.3-a */
static void
test_the_star(void **state)
{
	struct phone p = phone_on(TRANSPORT_UDP, 1), other = p;

	(void)state;
	other.call_id = STR("call-2@phone");
	assert_int_equal(judge(&p, STR("Contact: *" END "Expires: 0" END)), 200);
	assert_int_equal(apply(&p, STR("Contact: <sip:a@192.0.2.7>" END)), 1);
	assert_int_equal(apply(&other, STR("Contact: <sip:b@192.0.2.7>" END)), 2);
	assert_int_equal(judge(&p, STR("Contact: *" END)), 400);
	assert_int_equal(judge(&p, STR("Contact: *" END "Expires: 60" END)), 400);
	assert_int_equal(judge(&p, STR("Contact: *" END "Expires: none" END)), 400);
	/* Out of order for one of them: none goes. */
	assert_int_equal(judge(&p, STR("Contact: *" END "Expires: 0" END)), 500);
	assert_int_equal(judge(&other, STR("Contact: *" END "Expires: 0" END)), 500);
	assert_int_equal(apply(&p, STR("Contact: *" END "Expires: 0" END)), 0);
}

static void
test_the_order_of_cseq(void **state)
{
	struct phone p = phone_on(TRANSPORT_UDP, 1), other = p;

	(void)state;
	p.cseq = 9;
	other.call_id = STR("call-2@phone");
	assert_int_equal(apply(&p, STR(CONTACT END)), 1);
	assert_int_equal(judge(&p, STR(CONTACT END)), 500);
	p.cseq = 9;
	assert_int_equal(judge(&p, STR(CONTACT END)), 500);
	assert_int_equal(judge(&p, STR(CONTACT ";expires=0" END)), 500);
	/* What stands beside it does not help. */
	assert_int_equal(judge(&p, STR(CONTACT ", <sip:new@192.0.2.7>" END)), 500);
	assert_int_equal(judge(&p, STR(CONTACT ";expires=0, <sip:new@192.0.2.7>" END)), 500);
	/* Another binding of the same Call-ID, and another Call-ID, have their own order. */
	assert_int_equal(judge(&p, STR("Contact: <sip:new@192.0.2.7>" END)), 0);
	assert_int_equal(judge(&other, STR(CONTACT ";expires=0" END)), 0);
	assert_int_equal(change.set.count, 0);
}

static void
test_at_most_so_many(void **state)
{
	struct phone p = phone_on(TRANSPORT_UDP, 1);
	char text[256];

	(void)state;
	for (uint32_t i = 0; i < CONTACTS_PER_AOR_MAX; i++) {
		struct buf b = buf_on(text, sizeof text);

		buf_put(&b, STR("Contact: <sip:"));
		buf_number(&b, i);
		buf_put(&b, STR("@192.0.2.7>" END));
		assert_int_equal(apply(&p, buf_str(&b)), i + 1);
	}
	p.cseq++;
	assert_int_equal(judge(&p, STR("Contact: <sip:new@192.0.2.7>" END)), 403);
	assert_int_equal(
		judge(&p, STR("Contact: <sip:new@192.0.2.7>, <sip:3@192.0.2.7>" END)), 403);
	/* A refresh is no new one, and one that goes makes room wherever it stands. */
	assert_int_equal(judge(&p, STR("Contact: <sip:3@192.0.2.7>" END)), 0);
	assert_int_equal(
		apply(&p, STR("Contact: <sip:new@192.0.2.7>, <sip:3@192.0.2.7>;expires=0" END)),
		CONTACTS_PER_AOR_MAX);
}

/* rows: R5630-5.2-b R5630-5.2-d R5630-5.2-e R5630-5.1.1.1-b */
static void
test_sips_needs_sips_everywhere(void **state)
{
	struct phone p = sips_phone(), plain = phone_on(TRANSPORT_TLS, 9), tcp = sips_phone();

	(void)state;
	tcp.transport = TRANSPORT_TCP;
	assert_int_equal(judge(&p, STR(SIPS_CONTACT END)), 0);
	assert_int_equal(change.set.list[0].speech.scheme, SCHEME_SIPS);
	assert_int_equal(change.set.list[0].speech.transport, TRANSPORT_TLS);
	assert_false(change.is_lowered);
	assert_int_equal(judge(&plain, STR(SIPS_CONTACT END)), 400);
	assert_int_equal(judge(&tcp, STR(SIPS_CONTACT END)), 400);
	assert_int_equal(judge(&p, STR(SIPS_CONTACT ", <sip:7789@192.0.2.9>" END)), 400);
	assert_int_equal(judge(&p, STR(SIPS_CONTACT ", <tel:7789>" END)), 400);
	assert_int_equal(judge(&p, STR(SIPS_CONTACT ", <sip:7789@192.0.2.7:40000>" END)), 400);
	assert_int_equal(judge(&p, STR("Contact: <sips:7789@192.0.2.7;transport=udp>" END)), 400);
	assert_int_equal(judge(&p, STR("Contact: <tel:7789>" END)), 403);
	/* The removal of a Contact is no exception. */
	assert_int_equal(judge(&plain, STR(SIPS_CONTACT ";expires=0" END)), 400);
}

/* rows: R5630-5.2-b */
static void
test_paths_must_be_sips_too(void **state)
{
	struct phone p = sips_phone();

	(void)state;
	assert_int_equal(judge(&p, STR(SIPS_CONTACT END "Path: <sips:p.example.com;lr>" END)), 0);
	assert_int_equal(judge(&p, STR(SIPS_CONTACT END "Path: <sip:p.example.com;lr>" END)), 400);
	assert_int_equal(judge(&p,
				 STR(SIPS_CONTACT END "Path: <sips:p.example.com;lr>, "
						      "<sip:q.example.com;lr>" END)),
		400);
	assert_int_equal(judge(&p,
				 STR(SIPS_CONTACT END "Path: <sips:p.example.com;lr>" END
						      "Path: <sip:q.example.com;lr>" END)),
		400);
	assert_int_equal(judge(&p, STR(SIPS_CONTACT END "Path: <sips:>" END)), 400);
	assert_int_equal(judge(&p, STR(CONTACT END "Path: <sip:p.example.com;lr>" END)), 0);
}

static void
test_a_sip_contact_in_a_sips_register(void **state)
{
	struct phone p = sips_phone();

	(void)state;
	assert_int_equal(judge(&p, STR(CONTACT END)), 0);
	assert_true(change.is_lowered);
	assert_int_equal(change.set.list[0].speech.scheme, SCHEME_SIP);
	assert_int_equal(change.set.list[0].speech.transport, TRANSPORT_TLS);
	/* Only where one is made. */
	assert_int_equal(judge(&p, STR(CONTACT ";expires=0" END)), 200);
	assert_false(change.is_lowered);
}

/* rows: R5630-5.1.1.1-d R5630-5.1.1.1-e */
static void
test_the_later_scheme_replaces_the_earlier(void **state)
{
	struct phone p = sips_phone();

	(void)state;
	assert_int_equal(apply(&p, STR(CONTACT END)), 1);
	assert_int_equal(set.list[0].speech.scheme, SCHEME_SIP);
	assert_int_equal(apply(&p, STR(SIPS_CONTACT END)), 1);
	assert_int_equal(set.list[0].speech.scheme, SCHEME_SIPS);
	assert_int_equal(apply(&p, STR(CONTACT END)), 1);
	assert_int_equal(set.list[0].speech.scheme, SCHEME_SIP);
	assert_int_equal(apply(&p, STR(SIPS_CONTACT ";expires=0" END)), 0);
}

/* RFC 3327 5.3: the proxies come to stand in a Route, each in brackets, as they came, in order. */
static void
test_the_path_of_a_binding(void **state)
{
	struct phone p = phone_on(TRANSPORT_UDP, 1);

	(void)state;
	assert_int_equal(judge(&p, STR(CONTACT END "Path: <sip:p.example.net;lr>;x=1" END)), 0);
	assert_str(change.set.list[0].path, "<sip:p.example.net;lr>");
	assert_int_equal(
		judge(&p,
			STR(CONTACT ";x=y, <sip:b@192.0.2.7>;z" END "Path: <sip:p.example.net;lr>, "
				    "\"Q\" <sip:q.example.net>" END "Path: sip:r.example.net" END)),
		0);
	assert_str(change.set.list[0].path,
		"<sip:p.example.net;lr>, <sip:q.example.net>, <sip:r.example.net>");
	assert_true(str_same(change.set.list[1].path, change.set.list[0].path));
	/* What else is kept of the request lies beside it. */
	assert_str(change.set.list[0].params, ";x=y");
	assert_str(change.set.list[1].params, ";z");
	assert_int_equal(judge(&p, STR(CONTACT END)), 0);
	assert_str(change.set.list[0].path, "");
}

/* What a phone says of its GRUUs is not kept: that is ours to say. */
static void
test_gruus_are_not_kept(void **state)
{
	struct phone p = phone_on(TRANSPORT_UDP, 1);

	(void)state;
	assert_int_equal(judge(&p,
				 STR("Contact: <sip:a@192.0.2.7>;pub-gruu=\"sip:m@evil.example;gr\""
				     ";x=1;Temp-GRUU=\"sip:n@evil.example;gr\"" END)),
		0);
	assert_str(change.set.list[0].params, ";x=1");
}

/* RFC 5627 5.1: it would lead back to us. A port of its own makes it another place. */
/* rows: R5627-5.1 */
static void
test_a_contact_that_is_its_own_address(void **state)
{
	static const struct {
		struct str lines;
		unsigned status;
	} rows[] = {
#define ROW(lines, status) { { lines, sizeof lines - 1 }, status }
		ROW("Contact: <sips:7789@example.com>" END, 403),
		ROW("Contact: <sip:%37789@EXAMPLE.com;transport=tcp>" END, 403),
		ROW("Contact: <sips:7789@example.com;x=y>;expires=0" END, 403),
		ROW("Contact: <sips:7789@example.com;user=phone;maddr=192.0.2.9>" END, 403),
		ROW("Contact: <sips:tgruu.0123@example.com;gr>" END, 403),
		ROW("Contact: <sips:7788@example.com;gr=urn:x>" END, 403),
		ROW("Contact: <sips:7788@phone.example.com;gr=urn:x>" END, 0),
		ROW("Contact: <sips:7789@example.com:5070>" END, 0),
		ROW("Contact: <sips:7789@phone.example.com>" END, 0),
		ROW("Contact: <sips:7788@example.com>" END, 0),
#undef ROW
	};
	struct phone p = sips_phone();

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		assert_int_equal(judge(&p, rows[i].lines), rows[i].status);
	/* Whatever else the To says (RFC 3261 10.3 step 5). */
	p.to = STR("sips:7789@example.com:5070;user=phone;x=y?Subject=z");
	assert_int_equal(judge(&p, STR("Contact: <sips:7789@example.com>" END)), 403);
	p.to = STR("sips:7789@example.com;user=phone");
	assert_int_equal(judge(&p, STR("Contact: <sips:7789@example.com>" END)), 403);
	p.to = STR("sips:7789@example.com?Subject=z");
	assert_int_equal(judge(&p, STR("Contact: <sips:7789@example.com>" END)), 403);
	p.to = STR("sips:7789@example.com:5070");
	assert_int_equal(judge(&p, STR("Contact: <sips:7789@example.com>" END)), 403);
	assert_int_equal(judge(&p, STR("Contact: <sips:7789@example.com:5070>" END)), 0);
}

/* Who goes is not in the way of a flow that comes alone. */
static void
test_a_flow_comes_and_another_contact_goes(void **state)
{
#define FLOW CONTACT ";+sip.instance=\"<urn:uuid:1>\";reg-id=1"
	struct phone p = phone_on(TRANSPORT_TCP, 9);

	(void)state;
	assert_int_equal(apply(&p, STR("Contact: <sip:old@192.0.2.7>" END)), 1);
	assert_int_equal(apply(&p,
				 STR("Supported: outbound" END FLOW END
				     "Contact: <sip:old@192.0.2.7>;expires=0" END)),
		1);
	assert_int_equal(set.list[0].reg_id, 1);
	/* Who would come for a second comes as well. */
	assert_int_equal(judge(&p,
				 STR("Supported: outbound" END FLOW END
				     "Contact: <sip:old@192.0.2.7>;expires=1" END)),
		400);
#undef FLOW
}

/* Each refusal says what is wrong. */
static void
test_what_a_refusal_says(void **state)
{
	static const struct {
		enum transport transport;
		struct str lines;
		unsigned status;
		const char *reason;
	} rows[] = {
#define ROW(transport, lines, status, reason) \
	{ TRANSPORT_##transport, { lines, sizeof lines - 1 }, status, reason }
#define FLOWS CONTACT ";+sip.instance=\"<urn:uuid:1>\";reg-id="
#define OUTBOUND "Supported: path, outbound" END
		ROW(TCP, OUTBOUND FLOWS "0" END, 400, "Bad reg-id"),
		ROW(TCP, OUTBOUND FLOWS "1" END CONTACT END, 400,
			"Contacts With reg-id Come Alone"),
		ROW(TCP, "Via: SIP/2.0/TCP 192.0.2.9;branch=z9hG4bKp" END OUTBOUND FLOWS "1" END,
			439, "First Hop Lacks Outbound Support"),
		ROW(UDP, CONTACT END "Path: *" END, 400, "Bad Path"),
		ROW(UDP, CONTACT END "Path: <tel:5000>" END, 400, "Bad Path"),
		ROW(TLS, "Contact: <sips:7789@192.0.2.7;transport=sctp>" END, 400,
			"SIPS Contact Over Unknown Transport"),
		ROW(TLS, "Contact: <sips:7789@224.0.0.1>" END, 400, "SIPS Contact To Many"),
#undef ROW
#undef FLOWS
#undef OUTBOUND
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct phone p = phone_on(rows[i].transport, 9);

		if (rows[i].transport == TRANSPORT_TLS)
			p.target = STR("sips:example.com");
		assert_int_equal(judge(&p, rows[i].lines), rows[i].status);
		assert_true(str_same(change.reason, str_cstr(rows[i].reason)));
	}
}

static void
test_a_path_has_so_many_hops(void **state)
{
	static char lines[HEAD_BYTES_MAX];
	struct phone p = phone_on(TRANSPORT_UDP, 1);
	struct buf b = buf_on(lines, sizeof lines);

	(void)state;
	buf_put(&b, STR(CONTACT END));
	for (int i = 0; i < ROUTE_MAX; i++)
		buf_put(&b, STR("Path: <sip:p;lr>" END));
	assert_int_equal(judge(&p, buf_str(&b)), 0);
	buf_put(&b, STR("Path: <sip:p;lr>" END));
	assert_int_equal(judge(&p, buf_str(&b)), 400);
	assert_str(change.reason, "Bad Path");
}

/* It may become the Request-URI, if it is of a strict router. */
static void
test_a_path_is_no_longer_than_a_request_uri(void **state)
{
	char lines[URI_BYTES_MAX + 128];
	struct phone p = phone_on(TRANSPORT_UDP, 1);

	(void)state;
	snprintf(lines, sizeof lines, CONTACT END "Path: <sip:%0*d@h>" END, URI_BYTES_MAX - 6, 7);
	assert_int_equal(judge(&p, str_cstr(lines)), 0);
	snprintf(lines, sizeof lines, CONTACT END "Path: <sip:%0*d@h>" END, URI_BYTES_MAX - 5, 7);
	assert_int_equal(judge(&p, str_cstr(lines)), 400);
}

static void
test_a_fixed_number_has_no_bindings(void **state)
{
	struct phone p = phone_on(TRANSPORT_UDP, 1);

	(void)state;
	p.is_fixed = true;
	assert_int_equal(judge(&p, STR(CONTACT END)), 403);
	assert_int_equal(judge(&p, STR("")), 403);
}

#define IN_SET(name) cmocka_unit_test_setup(name, open_set)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		IN_SET(test_what_a_binding_holds),
		IN_SET(test_each_has_parameters_of_its_own),
		IN_SET(test_too_long),
		IN_SET(test_how_long),
		IN_SET(test_too_short),
		IN_SET(test_refresh_remove_and_query),
		IN_SET(test_many_contacts_in_one_go),
		IN_SET(test_all_or_nothing),
		IN_SET(test_the_star),
		IN_SET(test_the_order_of_cseq),
		IN_SET(test_at_most_so_many),
		IN_SET(test_sips_needs_sips_everywhere),
		IN_SET(test_paths_must_be_sips_too),
		IN_SET(test_a_sip_contact_in_a_sips_register),
		IN_SET(test_the_later_scheme_replaces_the_earlier),
		IN_SET(test_the_path_of_a_binding),
		IN_SET(test_gruus_are_not_kept),
		IN_SET(test_a_contact_that_is_its_own_address),
		IN_SET(test_a_flow_comes_and_another_contact_goes),
		IN_SET(test_what_a_refusal_says),
		IN_SET(test_a_path_has_so_many_hops),
		IN_SET(test_a_path_is_no_longer_than_a_request_uri),
		IN_SET(test_a_fixed_number_has_no_bindings),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
