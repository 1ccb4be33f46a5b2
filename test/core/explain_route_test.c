/* SPDX-License-Identifier: Apache-2.0 */
/* What is told of a call is what the call is: for every caller, every callee and every mode the
 * answer to `route-test` is held against the INVITE that leaves, or the refusal that comes. */
#include "core/explain_kit.h"
#include "core/inside.h"

static const struct {
	enum transport transport;
	bool is_sips;
} callers[] = { { TRANSPORT_TLS, true }, { TRANSPORT_UDP, false }, { TRANSPORT_TCP, false },
	{ TRANSPORT_TLS, false } };

static const char *
told(const char *side, const char *part)
{
	char label[64];
	const char *leg;

	snprintf(label, sizeof label, "\"side\":\"%s\"", side);
	leg = strstr(page, label);
	snprintf(label, sizeof label, "\"part\":\"%s\",\"value\":\"", part);
	return text_behind(leg, label);
}

/* The value of a header, less its display name, tag and branch. */
static void
same(const char *part, const char *value)
{
	const char *angle = strchr(value, '<'), *end;
	const char *said = told("callee", part);

	if (angle != NULL)
		value = angle;
	if (strchr(said, '<') != NULL)
		said = strchr(said, '<');
	end = strstr(value, ";branch=");
	if (end == NULL)
		end = strstr(value, ";tag=");
	if (end == NULL)
		end = value + strlen(value);
	if (strncmp(said, value, (size_t)(end - value)) != 0 ||
		(said[end - value] != '\0' && said[end - value] != ';'))
		fail_msg("%s: told %s, sent %s", part, said, value);
}

/* The INVITE that BOB has heard is what the page says of the callee's leg. */
static void
same_as_sent(const struct callee *callee)
{
	char uri[256];
	const struct msg *invite = &bob.heard.msg;

	snprintf(uri, sizeof uri, "%.*s", (int)invite->target_text.len, invite->target_text.at);
	assert_string_equal(told("callee", "Request-URI"), uri);
	same("From", phone_value(&bob, HEADER_FROM));
	same("To", phone_value(&bob, HEADER_TO));
	same("Contact", phone_value(&bob, HEADER_CONTACT));
	same("Via", phone_value(&bob, HEADER_VIA));
	assert_non_null(strstr(told("callee", "target"), callee->ip));
}

static void
call_under(enum crossing_mode mode, size_t i, const struct callee *callee)
{
	struct stage_options o = {
		.dns = all, .dn_count = sizeof all / sizeof all[0], .crossing = mode
	};
	bool is_swapped = mode == MODE_STRICT && !callers[i].is_sips && callee->is_sips;

	stage_open(&stage, &o);
	phone_open(&alice, &stage, "1001", "192.0.2.10", 30000, callers[i].transport,
		callers[i].is_sips);
	phone_register(&alice, 600, NULL);
	phone_hear(&alice, "SIP/2.0 200 ");
	callee_open(&bob, callee);
	question(ASK_ROUTE, "1001", callee->number);
	has(crossing_mode_name(mode).at);
	phone_invite(&alice, callee->number, NULL, SDP("caller", "sendrecv"));
	phone_hear(&alice, "SIP/2.0 100 ");
	if (strstr(page, "\"outcome\":\"placed\"") == strstr(page, "\"outcome\"")) {
		bob.is_sips = bob.is_sips && !is_swapped;
		phone_hear(&bob, "INVITE ");
		same_as_sent(callee);
		phone_answer(&bob, 486, NULL, NULL);
		phone_hear(&bob, "ACK ");
		phone_hear(&alice, "SIP/2.0 486 ");
	} else {
		has("\"outcome\":\"refused\",\"status\":480,");
		phone_hear(&alice, "SIP/2.0 480 ");
		assert_non_null(strstr(page,
			phone_heard(&alice, "Warning: 380") ? "\"warning\":380"
							    : "\"warning\":381"));
	}
	phone_ack_refusal(&alice);
	phone_close(&alice);
	phone_close(&bob);
	stage_close(&stage);
}

static void
test_told_is_sent(void **state)
{
	(void)state;
	for (int mode = 0; mode < CROSSING_MODES; mode++)
		for (size_t i = 0; i < sizeof callers / sizeof callers[0]; i++)
			for (size_t j = 0; j < sizeof callees / sizeof callees[0]; j++)
				call_under((enum crossing_mode)mode, i, &callees[j]);
}

static void
test_every_rule(void **state)
{
	(void)state;
	open_stage(MODE_PER_LEG, true);
	question(ASK_ROUTE, "1001", "98123");
	has("{\"rule\":\"who calls\",\"result\":\"extension, as it registered it speaks sips over "
	    "TLS\"}");
	has("{\"rule\":\"number\",\"result\":\"no DN has it\"}");
	has("{\"rule\":\"prefix\",\"result\":\"98 of west: fits\"}");
	has("{\"rule\":\"contact\",\"result\":\"sips:trunk.example.net: sips over TLS\"}");
	has("{\"rule\":\"crossing\",\"result\":\"for everybody per-leg, the caller's per-leg, the callee's "
	    "per-leg: in force is per-leg\"}");
	has("{\"rule\":\"capacity\",\"result\":\"0 of 2 calls\"}");
	question(ASK_ROUTE, "1001", "95");
	has("{\"rule\":\"prefix\",\"result\":\"98 of west: does not fit\"},"
	    "{\"rule\":\"prefix\",\"result\":\"9 of east: fits\"}");
	question(ASK_ROUTE, "1001", "4711");
	has("],\"outcome\":\"refused\",\"status\":404,\"why\":\"no DN has this number and no trunk its "
	    "prefix\",\"modes\":[],\"legs\":[]");
	question(ASK_ROUTE, "0049", "98123");
	has("no DN has this number: a stranger");
	has("a stranger may not call there: 403");
	question(ASK_ROUTE, "0049", "7000");
	has("a stranger may call there");
	has("{\"rule\":\"registration\",\"result\":\"none is in force\"}");
	has("\"outcome\":\"refused\",\"status\":480,\"why\":\"the DN is not registered\"");
	question(ASK_ROUTE, "7000", "1001");
	has("not registered: taken to call with sip over UDP");
	has("\"rule\":\"registration\",\"result\":\"sips:1001@192.0.2.10:30000");
	close_stage();
}

/* Opens the stage on COUNT DNs of a test's own. */
static void
open_on(const struct stage_dn *own, size_t count, enum crossing_mode mode)
{
	struct stage_options o = { .dns = own, .dn_count = count, .crossing = mode };

	stage_open(&stage, &o);
}

/* Who has a fixed contact is taken to call as it is called, and its own DN may forbid that. */
static void
test_a_caller_by_its_contact(void **state)
{
	static const struct stage_dn own[] = {
		{ .number = "5000", .contact = "sip:200@192.0.2.50:5070" },
		{ .number = "5009",
			.contact = "sip:192.0.2.59;transport=tcp",
			.sips = SIPS_REQUIRED },
		{ .number = "7000", .contact = "*", .sips = SIPS_REQUIRED },
	};

	(void)state;
	open_on(own, 3, MODE_PER_LEG);
	question(ASK_ROUTE, "5009", "5000");
	has("{\"rule\":\"who calls\",\"result\":\"extension, by its contact it speaks sip over TCP\"}");
	has("{\"rule\":\"contact\",\"result\":\"sip:200@192.0.2.50:5070: sip over UDP\"}");
	has("{\"rule\":\"the caller's own DN\",\"result\":\"its DN says that it always speaks sips\"}");
	has("\"outcome\":\"refused\",\"status\":480,\"warning\":381,"
	    "\"why\":\"its DN says that it always speaks sips\"");
	question(ASK_ROUTE, "7000", "5000");
	has("extension, not registered: taken to call with sips over TLS");
	has("\"result\":\"says nothing against it\"");
	has("\"outcome\":\"placed\"");
	stage_close(&stage);
}

/* A name without an answer yet is waited for; one without an address is a refusal. */
static void
test_names_of_contacts(void **state)
{
	static const struct stage_dn own[] = {
		{ .number = "5000", .contact = "sip:phone.example.net;transport=udp" },
	};

	(void)state;
	open_on(own, 1, MODE_PER_LEG);
	stage_forget_sent(&stage);
	question(ASK_ROUTE, "5000", "5000");
	has("{\"rule\":\"address\",\"result\":\"its name is being looked up\"}");
	has("\"outcome\":\"waits\",\"why\":\"its contact's name is being looked up\"");
	stage_tick(&stage);
	stage_pass_ms(&stage, 300);
	question(ASK_ROUTE, "5000", "5000");
	has("{\"rule\":\"address\",\"result\":\"its name has no address\"}");
	has("\"outcome\":\"refused\",\"status\":480,\"why\":\"the name in the DN's contact has no address\"");
	stage_forget_sent(&stage);
	stage_close(&stage);
}

/* Of many prefixes the first are shown, how many more there are, and the one that fits. */
static void
test_many_prefixes(void **state)
{
	static char numbers[20][8], prefixes[20][8];
	struct stage_dn own[20];

	(void)state;
	memset(own, 0, sizeof own);
	for (size_t i = 0; i < 20; i++) {
		snprintf(numbers[i], sizeof numbers[i], "t%zu", i);
		snprintf(prefixes[i], sizeof prefixes[i], "%zu", 100 + i);
		own[i] = (struct stage_dn){ .number = numbers[i],
			.contact = "sip:192.0.2.80",
			.type = DN_TRUNK,
			.prefix = prefixes[i] };
	}
	open_on(own, 20, MODE_PER_LEG);
	question(ASK_ROUTE, "t0", "4711");
	has("\"result\":\"4 more prefixes, not shown\"");
	has("\"outcome\":\"refused\",\"status\":404");
	question(ASK_ROUTE, "t0", "1155");
	has("\"result\":\"115 of t15: fits\"");
	has("\"outcome\":\"placed\"");
	assert_null(strstr(page, "not shown"));
	question(ASK_ROUTE, "t0", "1195");
	has("\"result\":\"4 more prefixes, not shown\"},"
	    "{\"rule\":\"prefix\",\"result\":\"119 of t19: fits\"");
	assert_null(strstr(page, "118 of t18"));
	question(ASK_ROUTE, "t0", "1165");
	has("\"result\":\"116 of t16: fits\"");
	assert_null(strstr(page, "not shown"));
	stage_close(&stage);
}

/* A Contact that was bound before its DN said otherwise is passed over, and that is told. */
static void
test_a_contact_passed_over(void **state)
{
	static const struct stage_dn own[] = { { .number = "1001", .contact = "*" },
		{ .number = "5000", .contact = "sip:192.0.2.50:5070" } };
	static const struct stage_dn later[] = {
		{ .number = "1001", .contact = "*", .sips = SIPS_REQUIRED },
		{ .number = "5000", .contact = "sip:192.0.2.50:5070" }
	};
	struct stage_options o = { .dns = later, .dn_count = 2 };

	(void)state;
	open_on(own, 2, MODE_PER_LEG);
	phone_open(&alice, &stage, "1001", "192.0.2.10", 30000, TRANSPORT_UDP, false);
	phone_register(&alice, 600, NULL);
	phone_hear(&alice, "SIP/2.0 200 ");
	question(ASK_ROUTE, "5000", "1001");
	has("\"outcome\":\"placed\"");
	assert_null(strstr(page, "passed over"));
	stage_reload(&stage, &o);
	question(ASK_ROUTE, "5000", "1001");
	has("from 192.0.2.10:30000; passed over, sips: required\"");
	has("\"outcome\":\"refused\",\"status\":480");
	phone_close(&alice);
	stage_close(&stage);
}

/* Each address that a name has is told. */
static void
test_addresses_of_a_name(void **state)
{
	static const struct stage_dn own[] = {
		{ .number = "5000", .contact = "sip:phone.example.net;transport=udp" },
	};

	(void)state;
	open_on(own, 1, MODE_PER_LEG);
	stage_name(&stage, "phone.example.net", "192.0.2.51");
	stage_name(&stage, "phone.example.net", "192.0.2.52");
	stage_tick(&stage);
	stage_pass_ms(&stage, 300);
	question(ASK_ROUTE, "5000", "5000");
	if (strstr(page, "\"result\":\"192.0.2.51, 192.0.2.52\"") == NULL)
		has("\"result\":\"192.0.2.52, 192.0.2.51\"");
	has("\"outcome\":\"placed\"");
	stage_forget_sent(&stage);
	stage_close(&stage);
}

/* A trunk that is not registered yet is out of service, whatever the schemes: nothing is told of
 * the table of crossings. */
static void
test_out_of_service(void **state)
{
	static const struct stage_dn own[] = {
		{ .number = "5000", .contact = "sip:192.0.2.50:5070" },
		{ .number = "east",
			.contact = "sip:192.0.2.80",
			.type = DN_TRUNK,
			.prefix = "9",
			.password = "secret",
			.registers = true },
	};

	(void)state;
	open_on(own, 2, MODE_PER_LEG);
	question(ASK_ROUTE, "5000", "95");
	has("\"outcome\":\"refused\",\"status\":480,\"why\":\"we are not registered at the trunk\"");
	assert_null(strstr(page, "the table of crossings"));
	assert_null(strstr(page, "\"warning\""));
	stage_forget_sent(&stage);
	stage_close(&stage);
}

/* The way by a proxy shows, and what our Contact speaks then. */
static void
test_outbound_proxy(void **state)
{
	static const struct stage_dn own[] = {
		{ .number = "5000", .contact = "sip:192.0.2.50:5070" },
		{ .number = "east",
			.contact = "sip:192.0.2.80",
			.type = DN_TRUNK,
			.prefix = "9",
			.proxy = "sips:192.0.2.81" },
	};

	(void)state;
	open_on(own, 2, MODE_PER_LEG);
	question(ASK_ROUTE, "5000", "95");
	has("\"outcome\":\"placed\"");
	has("\"rule\":\"outbound proxy\",\"result\":\"<sips:192.0.2.81;lr>\"");
	assert_non_null(strstr(told("callee", "Route"), "<sips:192.0.2.81;lr>"));
	assert_non_null(strstr(told("callee", "Contact"), "<sips:5000@192.0.2.1:5061>"));
	assert_non_null(strstr(told("callee", "target"), "proven to be 192.0.2.81"));
	assert_non_null(strstr(told("callee", "Request-URI"), "sip:95@192.0.2.80"));
	question(ASK_ROUTE, "east", "5000");
	assert_non_null(strstr(told("caller", "Via"), "SIP/2.0/TLS"));
	assert_non_null(strstr(told("callee", "Route"), "none"));
	stage_close(&stage);
}

/* `emit-transport-tls` shows in the Contact that the caller would be given. */
static void
test_emits_tls(void **state)
{
	static const struct stage_dn own[] = {
		{ .number = "6001", .contact = "sips:192.0.2.61" },
		{ .number = "5000", .contact = "sip:192.0.2.50:5070" },
	};

	(void)state;
	open_on(own, 2, MODE_PER_LEG);
	question(ASK_ROUTE, "6001", "5000");
	assert_null(strstr(told("caller", "Contact"), ";transport=tls"));
	stage.dns[0].emits_tls = true;
	question(ASK_ROUTE, "6001", "5000");
	assert_non_null(strstr(told("caller", "Contact"), ";transport=tls"));
	stage_close(&stage);
}

/* A DN that has no place among the peers cannot be called, and that is told. */
static void
test_no_peer(void **state)
{
	static const struct stage_dn own[] = {
		{ .number = "5000", .contact = "sip:192.0.2.50:5070" },
	};
	struct peer *kept;

	(void)state;
	open_on(own, 1, MODE_PER_LEG);
	kept = stage.core->peers.by_place[0];
	assert_non_null(kept);
	stage.core->peers.by_place[0] = NULL;
	question(ASK_ROUTE, "5000", "5000");
	has("\"outcome\":\"refused\",\"status\":480,\"why\":\"the name in the DN's contact has no address\"");
	stage.core->peers.by_place[0] = kept;
	question(ASK_ROUTE, "5000", "5000");
	has("{\"rule\":\"address\",\"result\":\"192.0.2.50\"}");
	has("\"outcome\":\"placed\"");
	stage_close(&stage);
}

/* Without memory to write a part into, that is told in its place. */
static void
test_no_scratch(void **state)
{
	size_t size;

	(void)state;
	open_stage(MODE_PER_LEG, false);
	size = stage.core->scratch.size;
	stage.core->scratch.size = stage.core->scratch.used;
	question(ASK_ROUTE, "1001", "5000");
	has("\"outcome\":\"refused\",\"status\":500,\"why\":\"its URI does not fit\"");
	assert_string_equal(told("caller", "From"), "(too long to show)");
	stage.core->scratch.size = size;
	question(ASK_ROUTE, "1001", "5000");
	has("\"outcome\":\"placed\"");
	assert_string_equal(told("caller", "Request-URI"), "sip:5000@example.com");
	close_stage();
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_told_is_sent),
		cmocka_unit_test(test_every_rule),
		cmocka_unit_test(test_a_caller_by_its_contact),
		cmocka_unit_test(test_names_of_contacts),
		cmocka_unit_test(test_many_prefixes),
		cmocka_unit_test(test_a_contact_passed_over),
		cmocka_unit_test(test_addresses_of_a_name),
		cmocka_unit_test(test_out_of_service),
		cmocka_unit_test(test_emits_tls),
		cmocka_unit_test(test_outbound_proxy),
		cmocka_unit_test(test_no_peer),
		cmocka_unit_test(test_no_scratch),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
