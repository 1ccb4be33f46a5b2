/* SPDX-License-Identifier: Apache-2.0 */
/* Dialogs as RFC 3261 section 12 makes them: route sets, strict routers, targets, tags. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "leg/inside.h"
#include "support/legbed.h"

static void
hang_up(struct leg *leg)
{
	leg_end(&bed.legs, leg, 0, STR(""), STR(""), NULL, bed_turn());
	bed_carry();
}

/* The BYE to UA, answered; the leg is gone. */
static const struct msg *
part(struct ua *ua, struct leg *leg)
{
	static char line[1024];
	const struct msg *m;

	hang_up(leg);
	m = ua_take(ua, "BYE ");
	snprintf(line, sizeof line, "%s", bed_cstr(m->target_text));
	ua_answer(ua, 200, NULL, NULL);
	(void)bed_say(WORD_OVER);
	leg_close(&bed.legs, leg);
	return m;
}

/* rows: R3261-12.2.1.1-e */
static void
both_ends_keep_what_was_exchanged(void **state)
{
	struct ua ua = ua_open("sip", TRANSPORT_TCP, "192.0.2.9", 40000);
	struct leg *leg = bed_talk_answered(&ua, NULL);
	const struct msg *m;

	(void)state;
	hang_up(leg);
	m = ua_take(&ua, "BYE sip:phone@192.0.2.9:40000;transport=tcp SIP/2.0");
	assert_string_equal(bed_cstr(m->to.text), "\"Al\" <sip:7789@192.0.2.1>;tag=tag-1-0");
	assert_string_equal(bed_cstr(m->call_id), "from-1-0@phone");
	assert_string_equal(bed_cstr(m->from.text), ua.remote);
	assert_int_equal(m->cseq, 1);
	assert_null(msg_header(m, HEADER_ROUTE));
	assert_null(msg_header(m, HEADER_CONTACT));
	ua_answer(&ua, 200, NULL, NULL);
	(void)bed_say(WORD_OVER);
	leg_close(&bed.legs, leg);
}

static void
an_answered_leg_has_its_route_set_in_order(void **state)
{
	struct ua ua = ua_open("sip", TRANSPORT_TCP, "192.0.2.9", 40000);
	struct leg *leg = bed_talk_answered(&ua,
		"Record-Route: <sip:192.0.2.9:40000;lr;x=1>, <sip:p2.example;lr>\r\n"
		"Record-Route: \"Third\" <sip:p3.example;lr>;y=2\r\n");
	const struct msg *m;

	(void)state;
	hang_up(leg);
	m = ua_take(&ua, "BYE sip:phone@192.0.2.9:40000;transport=tcp SIP/2.0");
	assert_string_equal(bed_value(m, HEADER_ROUTE),
		"<sip:192.0.2.9:40000;lr;x=1>, <sip:p2.example;lr>, \"Third\" <sip:p3.example;lr>;y=2");
	ua_answer(&ua, 200, NULL, NULL);
	leg_close(&bed.legs, leg);
}

/* rows: R3261-12.1.1-e */
static void
the_2xx_copies_record_route_as_it_came(void **state)
{
	struct ua ua = ua_open("sip", TRANSPORT_TCP, "192.0.2.9", 40000);
	struct cargo cargo = bed_cargo(SDP_B);
	const struct msg *m;
	struct leg *leg;

	(void)state;
	ua_invite(&ua, "5000", "Record-Route: <sip:P1.example;lr;odd=%41>,<sip:p2.example;lr>\r\n",
		SDP_A);
	bed_skip();
	leg = bed_leg();
	leg_ring(&bed.legs, leg, 180, STR(""), NULL, bed_turn());
	bed_carry();
	m = ua_take(&ua, "SIP/2.0 180 ");
	assert_true(bed_holds(m, "<sip:P1.example;lr;odd=%41>"));
	leg_answer(&bed.legs, leg, STR(""), &cargo, bed_turn());
	bed_carry();
	m = ua_take(&ua, "SIP/2.0 200 ");
	assert_true(bed_holds(m, "<sip:P1.example;lr;odd=%41>,<sip:p2.example;lr>") ||
		bed_holds(m, "<sip:P1.example;lr;odd=%41>, <sip:p2.example;lr>"));
	ua_ack(&ua, NULL);
	(void)bed_say(WORD_ACK);
	(void)part(&ua, leg);
}

static void
a_made_leg_has_it_reversed(void **state)
{
	struct ua ua = ua_wait("sip", TRANSPORT_TCP, "192.0.2.8", 5060);
	struct leg_plan plan = bed_plan(&ua);
	struct leg *leg = bed_make(&plan, SDP_A);
	const struct msg *m;

	(void)state;
	(void)ua_take(&ua, "INVITE sip:5000@192.0.2.8:5060 ");
	ua_answer(&ua, 200,
		"Record-Route: <sip:far.example;lr>\r\n"
		"Record-Route: <sip:mid.example;lr>, <sip:192.0.2.8;lr;transport=tcp>\r\n",
		SDP_B);
	(void)bed_say(WORD_ANSWER);
	m = ua_take(&ua, "ACK sip:phone@192.0.2.8:5060;transport=tcp SIP/2.0");
	assert_string_equal(bed_value(m, HEADER_ROUTE),
		"<sip:192.0.2.8;lr;transport=tcp>, <sip:mid.example;lr>, <sip:far.example;lr>");
	(void)part(&ua, leg);
}

static void
the_2xx_decides_on_the_route_set(void **state)
{
	struct ua ua = ua_wait("sip", TRANSPORT_TCP, "192.0.2.8", 5060);
	struct leg_plan plan = bed_plan(&ua);
	struct leg *leg = bed_make(&plan, SDP_A);
	const struct msg *m;

	(void)state;
	(void)ua_take(&ua, "INVITE ");
	ua_answer_invite(&ua, 180, "Record-Route: <sip:early.example;lr>\r\n", NULL);
	(void)bed_say(WORD_RING);
	ua_answer_invite(&ua, 200, "Record-Route: <sip:192.0.2.8;lr;transport=tcp>\r\n", SDP_B);
	(void)bed_say(WORD_ANSWER);
	m = ua_take(&ua, "ACK ");
	assert_string_equal(bed_value(m, HEADER_ROUTE), "<sip:192.0.2.8;lr;transport=tcp>");
	/* A later one says nothing (RFC 3261 12.2). */
	assert_true(leg_change(&bed.legs, leg, &(struct cargo){ .body = STR("") }, bed_turn()));
	bed_carry();
	(void)ua_take(&ua, "INVITE ");
	ua_answer(&ua, 200, "Record-Route: <sip:late.example;lr>\r\n", SDP_B2);
	(void)bed_say(WORD_CHANGED);
	leg_ack(&bed.legs, leg, NULL, bed_turn());
	bed_carry();
	m = ua_take(&ua, "ACK ");
	assert_string_equal(bed_value(m, HEADER_ROUTE), "<sip:192.0.2.8;lr;transport=tcp>");
	(void)part(&ua, leg);
}

/* Who it is with is not known before the tag is (RFC 3261 12.1.2). */
static void
a_1xx_without_a_tag_makes_no_dialog(void **state)
{
	struct ua ua = ua_wait("sip", TRANSPORT_TCP, "192.0.2.8", 5060);
	struct leg_plan plan = bed_plan(&ua);
	struct leg *leg = bed_make(&plan, SDP_A);
	char local[sizeof ua.local];

	(void)state;
	(void)ua_take(&ua, "INVITE ");
	memcpy(local, ua.local, sizeof local);
	snprintf(ua.local, sizeof ua.local, "x=");
	ua_answer_invite(&ua, 180, "Record-Route: <sip:early.example;lr>\r\n", NULL);
	(void)bed_say(WORD_RING);
	assert_int_equal(leg_text(leg, TEXT_REMOTE_TAG).len, 0);
	assert_int_equal(leg_text(leg, TEXT_ROUTES).len, 0);
	memcpy(ua.local, local, sizeof local);
	ua_answer_invite(&ua, 180, "Record-Route: <sip:early.example;lr>\r\n", NULL);
	(void)bed_say(WORD_RING);
	assert_true(leg_text(leg, TEXT_REMOTE_TAG).len > 0);
	assert_true(leg_text(leg, TEXT_ROUTES).len > 0);
	ua_answer_invite(&ua, 200, NULL, SDP_B);
	(void)bed_say(WORD_ANSWER);
	(void)ua_take(&ua, "ACK ");
	(void)part(&ua, leg);
}

/* RFC 3261 12.2.1.1: the strict router becomes the Request-URI, the target the last Route. */
static void
strict_routers_get_what_they_know(void **state)
{
	struct ua ua = ua_open("sip", TRANSPORT_TCP, "192.0.2.9", 40000);
	struct leg *leg = bed_talk_answered(&ua,
		"Record-Route: <sip:192.0.2.9:40000;transport=tcp;method=INVITE?x=y>, "
		"<sip:p2.example;lr>\r\n");
	const struct msg *m;

	(void)state;
	hang_up(leg);
	m = ua_take(&ua, "BYE sip:192.0.2.9:40000;transport=tcp SIP/2.0");
	assert_string_equal(bed_value(m, HEADER_ROUTE),
		"<sip:p2.example;lr>, <sip:phone@192.0.2.9:40000;transport=tcp>");
	ua_answer(&ua, 200, NULL, NULL);
	leg_close(&bed.legs, leg);
}

static void
a_lonely_strict_router(void **state)
{
	struct ua ua = ua_open("sip", TRANSPORT_TCP, "192.0.2.9", 40000);
	struct leg *leg = bed_talk_answered(&ua, "Record-Route: <sip:192.0.2.9:40000>\r\n");
	const struct msg *m;

	(void)state;
	hang_up(leg);
	m = ua_take(&ua, "BYE sip:192.0.2.9:40000 SIP/2.0");
	assert_string_equal(
		bed_value(m, HEADER_ROUTE), "<sip:phone@192.0.2.9:40000;transport=tcp>");
	ua_answer(&ua, 200, NULL, NULL);
	leg_close(&bed.legs, leg);
}

/* What may not stand in a Request-URI is left out, the rest of the Contact is carried. */
/* rows: R5630-3.1.4-b */
static void
a_target_as_a_request_uri(void **state)
{
	static const struct {
		const char *scheme, *contact, *target;
	} rows[] = {
		{ "sip", "sip:x@192.0.2.9:40000;ob;foo=1;method=BYE?Route=%3Csip:evil%3E",
			"BYE sip:x@192.0.2.9:40000;ob;foo=1 SIP/2.0" },
		{ "sip", "sip:x@192.0.2.9:40000", "BYE sip:x@192.0.2.9:40000 SIP/2.0" },
		{ "sip", "sip:x:secret@192.0.2.9:40000;transport=tls",
			"BYE sip:x:secret@192.0.2.9:40000;transport=tls SIP/2.0" },
		{ "sips", "sips:x@192.0.2.9:40000;transport=tls;a=b",
			"BYE sips:x@192.0.2.9:40000;a=b SIP/2.0" },
		{ "sips", "sips:x@192.0.2.9:40000;%74ransport=%54L%73;a;m%65thod=BYE",
			"BYE sips:x@192.0.2.9:40000;a SIP/2.0" },
		{ "sips", "sips:x@192.0.2.9:40000;transport=tcp",
			"BYE sips:x@192.0.2.9:40000;transport=tcp SIP/2.0" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct ua ua =
			ua_open(rows[i].scheme, TRANSPORT_TLS, "192.0.2.9", (uint16_t)(40000 + i));
		struct leg *leg;

		snprintf(ua.contact, sizeof ua.contact, "%s", rows[i].contact);
		leg = bed_talk_answered(&ua, NULL);
		hang_up(leg);
		(void)ua_take(&ua, rows[i].target);
		ua_answer(&ua, 200, NULL, NULL);
		(void)bed_say(WORD_OVER);
		leg_close(&bed.legs, leg);
		bed_over(ua.flow);
	}
}

static void
tags_lead_back_to_their_leg(void **state)
{
	struct ua ua = ua_open("sip", TRANSPORT_TCP, "192.0.2.9", 40000);
	struct leg *leg = bed_talk_answered(&ua, NULL);
	struct str tag = leg_text(leg, TEXT_LOCAL_TAG);
	struct ref ref = leg->ref;

	(void)state;
	assert_true(ref_same(dialog_tag_ref(tag), ref));
	assert_int_equal(str_find(tag, '-'), 8); /* a GUID, upper case, and a number */
	for (size_t i = 0; i < 36; i++)
		assert_true(tag.at[i] == '-' || char_hex(tag.at[i]) >= 0);
	assert_true(ref_is_none(dialog_tag_ref(STR(""))));
	assert_true(ref_is_none(dialog_tag_ref(STR("12345"))));
	assert_true(ref_is_none(dialog_tag_ref(STR("x-"))));
	assert_true(ref_is_none(dialog_tag_ref(STR("x-12a"))));
	assert_true(ref_is_none(dialog_tag_ref(STR("x-99999999999999999999999"))));
	(void)part(&ua, leg);
	assert_null(leg_at(&bed.legs, ref));
}

/* A display name that may come in (RFC 3261 25.1: a quoted pair) but may not go out is dropped; the
 * dialog stands on the URI and the tag. */
static void
a_display_name_that_we_do_not_say(void **state)
{
	struct ua ua = ua_open("sip", TRANSPORT_TCP, "192.0.2.9", 40000);
	const struct msg *m;
	struct leg *leg;

	(void)state;
	ua_invite(&ua, "5000", NULL, NULL);
	leg = bed_leg();
	leg_refuse(&bed.legs, leg, 404, STR(""), NULL, bed_turn());
	bed_carry();
	bed_skip();
	leg_close(&bed.legs, leg);
	ua_ack(&ua, NULL);

	memset(ua.call_id, 0, sizeof ua.call_id);
	ua = ua_open("sip", TRANSPORT_TCP, "192.0.2.9", 40001);
	snprintf(ua.call_id, sizeof ua.call_id, "odd@phone");
	snprintf(ua.local, sizeof ua.local, "\"A\\\001l\" <sip:7789@192.0.2.1;p=1>;x=y;tag=odd");
	snprintf(ua.remote, sizeof ua.remote, "\"B\\\002\" <sip:5000@192.0.2.1>");
	snprintf(ua.target, sizeof ua.target, "sip:5000@192.0.2.1");
	leg = bed_talk_answered(&ua, NULL);
	hang_up(leg);
	m = ua_take(&ua, "BYE ");
	assert_string_equal(bed_cstr(m->to.text), "<sip:7789@192.0.2.1;p=1>;tag=odd");
	assert_true(str_begins(m->from.text, STR("<sip:5000@192.0.2.1>;tag=")));
	ua_answer(&ua, 200, NULL, NULL);
	leg_close(&bed.legs, leg);
}

/* Nothing of a peer's makes a line of its own: folds become spaces. */
static void
folds_stay_on_their_line(void **state)
{
	struct ua ua = ua_open("sip", TRANSPORT_TCP, "192.0.2.9", 40000);
	struct leg *leg;
	const struct msg *m;

	(void)state;
	snprintf(ua.call_id, sizeof ua.call_id, "fold@phone");
	snprintf(ua.local, sizeof ua.local,
		"\"Al\"\r\n <sip:7789@192.0.2.1>\r\n\t;x=1\r\n ;tag=fold");
	snprintf(ua.remote, sizeof ua.remote, "<sip:5000@192.0.2.1>");
	snprintf(ua.target, sizeof ua.target, "sip:5000@192.0.2.1");
	leg = bed_talk_answered(
		&ua, "Record-Route: <sip:192.0.2.9:40000;lr>\r\n ,\r\n <sip:p2.example;lr>\r\n");
	hang_up(leg);
	m = ua_take(&ua, "BYE ");
	assert_int_equal(m->header_count, 8);
	assert_true(bed_holds(m, "To: \"Al\" <sip:7789@192.0.2.1> ;x=1 ;tag=fold\r\n"));
	ua_answer(&ua, 200, NULL, NULL);
	leg_close(&bed.legs, leg);
}

static void
a_route_set_that_is_too_long_is_refused(void **state)
{
	struct ua ua = ua_open("sip", TRANSPORT_TCP, "192.0.2.9", 40000);
	static char lines[16 * 1024] = "Record-Route: <sip:p0.example;lr>";
	size_t len = strlen(lines);

	(void)state;
	for (unsigned i = 1; i < ROUTE_MAX; i++)
		len += (size_t)snprintf(
			lines + len, sizeof lines - len, ",<sip:p%u.example;lr;t=%0300u>", i, i);
	snprintf(lines + len, sizeof lines - len, "\r\n");
	ua_invite(&ua, "5000", lines, SDP_A);
	assert_true(ref_is_none(bed.opened));
	(void)bed_take("SIP/2.0 100 ");
	(void)bed_take("SIP/2.0 513 ");
	ua_ack(&ua, NULL);
}

static void
refuse_routes(const char *lines)
{
	struct ua ua = ua_open("sip", TRANSPORT_UDP, "192.0.2.9", 40000);

	ua_invite(&ua, "5000", lines, SDP_A);
	assert_true(ref_is_none(bed.opened));
	(void)bed_take("SIP/2.0 100 ");
	(void)bed_take("SIP/2.0 513 ");
	ua_ack(&ua, NULL);
}

/* It would count as a strict router, and stand in the start line of all that follows. */
static void
a_route_of_another_scheme_is_refused(void **state)
{
	(void)state;
	refuse_routes("Record-Route: <sip:p1.example;lr>, <six:p2.example;lr>\r\n");
}

/* A strict router's URI stands in the start line, where so long a one is refused. */
static void
a_route_is_no_longer_than_a_request_uri(void **state)
{
	char lines[URI_BYTES_MAX + 64];

	(void)state;
	snprintf(lines, sizeof lines, "Record-Route: <sip:%0*d@h>\r\n", URI_BYTES_MAX - 5, 7);
	refuse_routes(lines);
}

/* The Contact of an answer is known from the request alone (design: spelling, host and port). */
/* rows: R3261-12.1.1-a R5630-3.1.4-b */
static void
our_contact_follows_the_request(void **state)
{
	static const struct {
		const char *scheme;
		enum transport transport;
		const char *target, *contact;
	} rows[] = {
		{ "sips", TRANSPORT_TLS, "sips:5000@192.0.2.1:5061;transport=TCP",
			"<sips:5000@192.0.2.1:5061;transport=TCP>" },
		{ "sips", TRANSPORT_TLS, "sips:5000@192.0.2.1;transport=tls",
			"<sips:5000@192.0.2.1:5061>" },
		{ "sip", TRANSPORT_TLS, "sip:5000@192.0.2.1",
			"<sip:5000@192.0.2.1:5061;transport=tls>" },
		{ "sip", TRANSPORT_TCP, "sip:50%2300@192.0.2.1",
			"<sip:50%2300@192.0.2.1:5060;transport=tcp>" },
		{ "sip", TRANSPORT_UDP, "sip:192.0.2.1", "<sip:192.0.2.1:5060>" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct ua ua = ua_open(
			rows[i].scheme, rows[i].transport, "192.0.2.9", (uint16_t)(40000 + i));
		struct cargo cargo = bed_cargo(SDP_B);
		struct leg *leg;

		snprintf(ua.call_id, sizeof ua.call_id, "contact-%zu@phone", i);
		snprintf(ua.local, sizeof ua.local, "<%s:a@192.0.2.1>;tag=tag%zu", rows[i].scheme,
			i);
		snprintf(ua.remote, sizeof ua.remote, "<%s>", rows[i].target);
		snprintf(ua.target, sizeof ua.target, "%s", rows[i].target);
		ua_invite(&ua, NULL, NULL, SDP_A);
		leg = bed_leg();
		leg_ring(&bed.legs, leg, 183, STR(""), NULL, bed_turn());
		bed_carry();
		leg_answer(&bed.legs, leg, STR(""), &cargo, bed_turn());
		bed_carry();
		(void)ua_take(&ua, "SIP/2.0 100 ");
		assert_string_equal(
			bed_value(ua_take(&ua, "SIP/2.0 183 "), HEADER_CONTACT), rows[i].contact);
		assert_string_equal(
			bed_value(ua_take(&ua, "SIP/2.0 200 "), HEADER_CONTACT), rows[i].contact);
		ua_ack(&ua, NULL);
		(void)bed_say(WORD_ACK);
		(void)part(&ua, leg);
		if (rows[i].transport != TRANSPORT_UDP)
			bed_over(ua.flow);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		BEDDED(both_ends_keep_what_was_exchanged),
		BEDDED(an_answered_leg_has_its_route_set_in_order),
		BEDDED(the_2xx_copies_record_route_as_it_came),
		BEDDED(a_made_leg_has_it_reversed),
		BEDDED(the_2xx_decides_on_the_route_set),
		BEDDED(a_1xx_without_a_tag_makes_no_dialog),
		BEDDED(strict_routers_get_what_they_know),
		BEDDED(a_lonely_strict_router),
		BEDDED(a_target_as_a_request_uri),
		BEDDED(tags_lead_back_to_their_leg),
		BEDDED(a_display_name_that_we_do_not_say),
		BEDDED(folds_stay_on_their_line),
		BEDDED(a_route_set_that_is_too_long_is_refused),
		BEDDED(a_route_of_another_scheme_is_refused),
		BEDDED(a_route_is_no_longer_than_a_request_uri),
		BEDDED(our_contact_follows_the_request),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
