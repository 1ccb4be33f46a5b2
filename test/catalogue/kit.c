/* SPDX-License-Identifier: Apache-2.0 */
#include "catalogue/kit.h"

struct stage kit;
struct phone caller, callee;
const enum transport kit_transports[3] = { TRANSPORT_UDP, TRANSPORT_TCP, TRANSPORT_TLS };

static const struct stage_dn dns[] = {
	{ .number = "5000", .contact = "sip:192.0.2.50:5070;transport=udp" },
	{ .number = "5001", .contact = "*" },
	{ .number = "5002", .contact = "*", .password = "secret" },
	{ .number = "east", .contact = "sip:192.0.2.90", .type = DN_TRUNK, .prefix = "9" },
};

/* As many requests as one test says within the half minute that each of them stays. */
static const struct stage_options usual = {
	.dns = dns, .dn_count = COUNT_OF(dns), .requests = 256
};

static bool is_open;
static uint16_t next_port;

static void
open_caller(enum transport transport)
{
	phone_open(&caller, &kit, "1001", "192.0.2.10", next_port++, transport, false);
}

void
kit_open_with(enum transport transport, const struct stage_options *options)
{
	kit_close();
	stage_open(&kit, options);
	is_open = true;
	next_port = 30000;
	open_caller(transport);
	device_open(&callee, &kit, "5000", "192.0.2.50", 5070, TRANSPORT_UDP, false);
}

void
kit_open(enum transport transport)
{
	kit_open_with(transport, &usual);
}

void
kit_close(void)
{
	if (!is_open)
		return;
	phone_close(&caller);
	phone_close(&callee);
	stage_close(&kit);
	is_open = false;
}

int
kit_teardown(void **state)
{
	(void)state;
	kit_close();
	return 0;
}

bool
kit_is_shut(void)
{
	return caller.transport != TRANSPORT_UDP && stage_flow(&kit, caller.flow)->is_shut;
}

void
kit_anew(void)
{
	enum transport transport = caller.transport;
	unsigned numbers = caller.numbers;

	if (transport != TRANSPORT_UDP && !stage_flow(&kit, caller.flow)->is_gone)
		stage_over(&kit, caller.flow);
	phone_close(&caller);
	kit_forget();
	if (next_port > 60000)
		next_port = 30000;
	open_caller(transport);
	caller.numbers = numbers + 1;
}

struct str
kit_request(unsigned number, const char *method, const char *uri, const char *lines,
	const char *length, struct str body)
{
	static char texts[2][KIT_BYTES];
	static unsigned turn;
	char *text = texts[turn++ % 2], usual_length[48];
	int len;

	snprintf(usual_length, sizeof usual_length, "Content-Length: %zu\r\n", body.len);
	len = snprintf(text, KIT_BYTES,
		"%s %s SIP/2.0\r\nVia: SIP/2.0/%s %s;branch=z9hG4bK-k%u;rport\r\nMax-Forwards: 70\r\n"
		"From: <sip:1001@example.net>;tag=k%u\r\nTo: <sip:5000@example.com>\r\n"
		"Call-ID: k%u@kit\r\nCSeq: 1 %s\r\n%s%s\r\n",
		method, uri, transport_name(caller.transport).at, caller.host, number, number,
		number, method, lines != NULL ? lines : "", length != NULL ? length : usual_length);
	assert_true(len > 0 && (size_t)len + body.len < KIT_BYTES);
	if (body.len > 0)
		memcpy(text + len, body.at, body.len);
	return str_of(text, (size_t)len + body.len);
}

struct str
kit_invite(unsigned number, const char *lines)
{
	char all[32 * 1024];

	snprintf(all, sizeof all, "Contact: <sip:1001@%s>\r\n%sContent-Type: application/sdp\r\n",
		caller.host, lines != NULL ? lines : "");
	return kit_request(number, "INVITE", "sip:5000@example.com", all, NULL,
		str_cstr(SDP("caller", "sendrecv")));
}

void
kit_say(struct str octets)
{
	if (!kit_is_shut())
		phone_raw(&caller, octets);
}

struct str
kit_next(void)
{
	const struct stage_sent *sent = stage_take(&kit, caller.transport, &caller.at);

	return sent != NULL ? sent->bytes : STR_NONE;
}

unsigned
kit_status(void)
{
	struct str bytes = kit_next();
	uint64_t status = 0;

	if (str_begins(bytes, STR("SIP/2.0 ")))
		(void)str_number(str_upto(str_from(bytes, 8), 3), 699, &status);
	return (unsigned)status;
}

void
kit_forget(void)
{
	stage_forget_sent(&kit);
}

bool
kit_sent(const char *part)
{
	bool found = false;

	for (unsigned i = 0; i < kit.sent_count && !found; i++) {
		struct str bytes = kit.sent[i].bytes;

		found = memmem(bytes.at, bytes.len, part, strlen(part)) != NULL;
	}
	return found;
}

void
kit_good(void)
{
	if (kit_is_shut())
		kit_anew();
	kit_forget();
	phone_ask(&caller, "OPTIONS", "sip:example.com", NULL, NULL);
	phone_hear(&caller, "SIP/2.0 200 ");
}

struct str
kit_exact(struct str s)
{
	char *copy = malloc(s.len > 0 ? s.len : 1);

	assert_non_null(copy);
	if (s.len > 0)
		memcpy(copy, s.at, s.len);
	return str_of(copy, s.len);
}

void
kit_free(struct str s)
{
	free((void *)(uintptr_t)s.at);
}

void
kit_empty(void)
{
	while (!str_is_none(kit_next()))
		continue;
	stage_pass_ms(&kit, 65 * STAGE_T1_MS);
	kit_forget();
	expect_empty(&kit);
}
