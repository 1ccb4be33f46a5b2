/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/limits.h"
#include "directory/contact.h"
#include "sip/uri.h"

/* A copy of exactly its size on the heap, so that a sanitizer sees a read past the end. */
static char *
exact(struct str text)
{
	char *copy = malloc(text.len > 0 ? text.len : 1);

	assert_non_null(copy);
	memcpy(copy, text.at, text.len);
	return copy;
}

static void
assert_str(struct str got, const char *wanted)
{
	assert_int_equal(got.len, strlen(wanted));
	assert_memory_equal(got.at, wanted, got.len);
}

struct good {
	const char *text;
	enum scheme scheme;
	enum transport transport;
	const char *number;
	const char *host;
	uint16_t port;
	enum addr_family family;
};

#define SIPS SCHEME_SIPS, TRANSPORT_TLS

static const struct good good[] = {
	/* The page's own two. */
	{ "sips:fly.example.com;transport=tls", SIPS, "", "fly.example.com", 0, ADDR_NONE },
	{ "sips:192.168.8.57;transport=tcp", SIPS, "", "192.168.8.57", 0, ADDR_V4 },
	/* sips: with and without a number and a port, each transport, upper case. */
	{ "sips:192.0.2.1", SIPS, "", "192.0.2.1", 0, ADDR_V4 },
	{ "sips:192.0.2.1:5099", SIPS, "", "192.0.2.1", 5099, ADDR_V4 },
	{ "sips:5000@192.0.2.1", SIPS, "5000", "192.0.2.1", 0, ADDR_V4 },
	{ "sips:5000@192.0.2.1:65535;transport=tcp", SIPS, "5000", "192.0.2.1", 65535, ADDR_V4 },
	{ "sips:pbx@10.0.0.9", SIPS, "pbx", "10.0.0.9", 0, ADDR_V4 },
	{ "SIPS:a.example;TRANSPORT=TCP", SIPS, "", "a.example", 0, ADDR_NONE },
	{ "Sips:a.example;Transport=Tls", SIPS, "", "a.example", 0, ADDR_NONE },
	{ "sips:[2001:db8::9]", SIPS, "", "[2001:db8::9]", 0, ADDR_V6 },
	{ "sips:7@[2001:db8::9]:1;transport=tls", SIPS, "7", "[2001:db8::9]", 1, ADDR_V6 },
	{ "sips:host", SIPS, "", "host", 0, ADDR_NONE },
	{ "sips:host:5061", SIPS, "", "host", 5061, ADDR_NONE },
	/* sip: what the parameter says, else UDP. */
	{ "sip:192.0.2.40:5060;transport=udp", SCHEME_SIP, TRANSPORT_UDP, "", "192.0.2.40", 5060,
		ADDR_V4 },
	{ "sip:192.0.2.40", SCHEME_SIP, TRANSPORT_UDP, "", "192.0.2.40", 0, ADDR_V4 },
	{ "sip:192.0.2.40;transport=tcp", SCHEME_SIP, TRANSPORT_TCP, "", "192.0.2.40", 0, ADDR_V4 },
	{ "sip:192.0.2.40;transport=TLS", SCHEME_SIP, TRANSPORT_TLS, "", "192.0.2.40", 0, ADDR_V4 },
	{ "sip:+49%2330@gw.example.net:5070", SCHEME_SIP, TRANSPORT_UDP, "+49%2330",
		"gw.example.net", 5070, ADDR_NONE },
	{ "sip:a-1.b2.c-d", SCHEME_SIP, TRANSPORT_UDP, "", "a-1.b2.c-d", 0, ADDR_NONE },
	/* No scheme: as the reference's sample `<ip>:<port>` and `number@ip`. */
	{ "192.0.2.7:5060", SCHEME_SIP, TRANSPORT_UDP, "", "192.0.2.7", 5060, ADDR_V4 },
	{ "1077@192.168.2.55", SCHEME_SIP, TRANSPORT_UDP, "1077", "192.168.2.55", 0, ADDR_V4 },
	{ "1077@192.168.2.55;transport=tcp", SCHEME_SIP, TRANSPORT_TCP, "1077", "192.168.2.55", 0,
		ADDR_V4 },
	{ "gw.example.net", SCHEME_SIP, TRANSPORT_UDP, "", "gw.example.net", 0, ADDR_NONE },
	{ "gw:5070", SCHEME_SIP, TRANSPORT_UDP, "", "gw", 5070, ADDR_NONE },
	{ "[::1]:5062;transport=tls", SCHEME_SIP, TRANSPORT_TLS, "", "[::1]", 5062, ADDR_V6 },
	{ "sipphone.example", SCHEME_SIP, TRANSPORT_UDP, "", "sipphone.example", 0, ADDR_NONE },
};

/* rows: S8 S9 */
static void
test_accepted(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
		const struct good *g = &good[i];
		struct str text = str_cstr(g->text);
		char *copy = exact(text);
		struct contact contact;
		enum contact_fault fault;
		size_t at;

		fault = contact_parse(&contact, str_of(copy, text.len), &at);
		if (fault != CONTACT_FINE)
			fail_msg("%s: fault %d at %zu", g->text, fault, at);
		assert_false(contact.is_self);
		assert_int_equal(contact.speech.scheme, g->scheme);
		assert_int_equal(contact.speech.transport, g->transport);
		assert_str(contact.number, g->number);
		assert_str(contact.host, g->host);
		assert_int_equal(contact.port, g->port);
		assert_int_equal(contact.ip.family, g->family);
		assert_int_equal(contact_port(&contact),
			g->port != 0                            ? g->port
				: g->transport == TRANSPORT_TLS ? 5061
								: 5060);
		free(copy);
	}
}

/* What is taken here is a URI, and the rules of the secure leg say the same of it. */
static void
test_agrees_with_the_uri(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
		struct str text = str_cstr(good[i].text);
		struct contact contact;
		struct speech speech;
		struct uri uri;
		size_t at;

		if (!str_begins_alike(text, STR("sip")) || str_find(text, ':') > 4)
			continue;
		assert_int_equal(contact_parse(&contact, text, &at), CONTACT_FINE);
		assert_true(uri_parse(&uri, text, &at));
		assert_true(speech_of_uri(&uri, &speech));
		assert_int_equal(speech.scheme, contact.speech.scheme);
		assert_int_equal(speech.transport, contact.speech.transport);
		assert_true(str_same(uri.host, contact.host));
		assert_true(str_same(uri.user, contact.number));
		assert_int_equal(uri.port, contact.port);
		assert_int_equal(uri.ip.family, contact.ip.family);
	}
}

static void
test_star(void **state)
{
	struct contact contact;
	size_t at;

	(void)state;
	assert_int_equal(contact_parse(&contact, STR("*"), &at), CONTACT_FINE);
	assert_true(contact.is_self);
	assert_true(str_same(contact_fault_text(CONTACT_FINE), STR("fine")));
	assert_int_equal(contact.host.len, 0);
}

static const struct {
	const char *text;
	enum contact_fault fault;
	size_t at;
} bad[] = {
	{ "", CONTACT_HOST, 0 },
	{ "**", CONTACT_HOST, 0 },
	{ "sip:*", CONTACT_HOST, 4 },
	/* schemes */
	{ "tel:5000", CONTACT_SCHEME, 0 },
	{ "tel:+5000", CONTACT_SCHEME, 0 },
	{ "http:80", CONTACT_SCHEME, 0 },
	{ "https:443", CONTACT_SCHEME, 0 },
	{ "http://host", CONTACT_SCHEME, 0 },
	{ "a+b:host", CONTACT_SCHEME, 0 },
	{ "a-b.c1:host", CONTACT_SCHEME, 0 },
	{ "a_b:host", CONTACT_HOST, 1 },
	{ "xmpp:bob@host", CONTACT_SCHEME, 0 },
	{ "sipss:host", CONTACT_SCHEME, 0 },
	{ "sip :host", CONTACT_SPACE, 3 },
	/* sips over udp, transports that we do not have */
	{ "sips:192.0.2.1;transport=udp", CONTACT_SIPS_UDP, 25 },
	{ "sips:192.0.2.1;transport=UDP", CONTACT_SIPS_UDP, 25 },
	{ "SIPS:7@h:1;TRANSPORT=UdP", CONTACT_SIPS_UDP, 21 },
	{ "sip:h;transport=sctp", CONTACT_TRANSPORT, 16 },
	{ "sips:h;transport=tls-sctp", CONTACT_TRANSPORT, 17 },
	{ "sip:h;transport=ws", CONTACT_TRANSPORT, 16 },
	{ "sip:h;transport=", CONTACT_TRANSPORT, 16 },
	{ "sip:h;transport", CONTACT_TRANSPORT, 6 },
	{ "sip:h;transport=tcp=udp", CONTACT_TRANSPORT, 16 },
	/* twice */
	{ "sip:h;transport=tcp;transport=tcp", CONTACT_TWICE, 20 },
	{ "sips:h;transport=tcp;Transport=tls", CONTACT_TWICE, 21 },
	/* other parameters and headers */
	{ "sip:h;lr", CONTACT_PARAM, 6 },
	{ "sip:h;user=phone", CONTACT_PARAM, 6 },
	{ "sip:h;", CONTACT_PARAM, 6 },
	{ "sip:h;;transport=tcp", CONTACT_PARAM, 6 },
	{ "sip:h;transport=tcp;maddr=192.0.2.1", CONTACT_PARAM, 20 },
	{ "sip:h;transport=tcp;", CONTACT_PARAM, 20 },
	{ "sip:h?Subject=x", CONTACT_PARAM, 5 },
	{ "sip:h;transport=tcp?a=b", CONTACT_PARAM, 19 },
	{ "sip:h:5060?a=b", CONTACT_PARAM, 10 },
	/* hosts */
	{ "sip:", CONTACT_HOST, 4 },
	{ "sips:", CONTACT_HOST, 5 },
	{ "sips:;transport=tls", CONTACT_HOST, 5 },
	{ "sips:5000@", CONTACT_HOST, 10 },
	{ "5000@", CONTACT_HOST, 5 },
	{ "sips:5000@:5061", CONTACT_HOST, 10 },
	{ "sips::5061", CONTACT_HOST, 5 },
	{ ":5060", CONTACT_HOST, 0 },
	{ "sip://host", CONTACT_HOST, 4 },
	{ "sip:a_b", CONTACT_HOST, 5 },
	{ "sip:a..b", CONTACT_HOST, 6 },
	{ "sip:a.b.", CONTACT_HOST, 8 },
	{ "sip:-a.b", CONTACT_HOST, 4 },
	{ "sip:a-.b", CONTACT_HOST, 6 },
	{ "sip:444.555.666.777", CONTACT_HOST, 4 },
	{ "sip:192.0.2", CONTACT_HOST, 4 },
	{ "sip:5000", CONTACT_HOST, 4 },
	{ "sip:2001:db8::1", CONTACT_HOST, 4 },
	{ "sip:[2001:db8::1", CONTACT_HOST, 4 },
	{ "sip:[2001:::1]", CONTACT_HOST, 4 },
	{ "sip:[192.0.2.1]", CONTACT_HOST, 4 },
	{ "sip:[::1]x:5060", CONTACT_HOST, 9 },
	{ "sip:[fe80::1%eth0]", CONTACT_HOST, 4 },
	{ "sip:a@b@c", CONTACT_HOST, 7 },
	{ "<sip:h>", CONTACT_HOST, 0 },
	/* ports */
	{ "sip:h:0", CONTACT_PORT, 6 },
	{ "sip:h:65536", CONTACT_PORT, 6 },
	{ "sip:h:", CONTACT_PORT, 6 },
	{ "sip:h:;transport=tcp", CONTACT_PORT, 6 },
	{ "sip:h:50a", CONTACT_PORT, 6 },
	{ "sip:h:-1", CONTACT_PORT, 6 },
	{ "sip:h:99999999999999999999", CONTACT_PORT, 6 },
	{ "192.0.2.1:0", CONTACT_PORT, 10 },
	{ "sips:[::1]:70000", CONTACT_PORT, 11 },
	/* numbers */
	{ "sip:@h", CONTACT_NUMBER, 4 },
	{ "@h", CONTACT_NUMBER, 0 },
	{ "sip:a:secret@h", CONTACT_NUMBER, 5 },
	{ "sip:a\"b@h", CONTACT_NUMBER, 5 },
	{ "sip:a%2@h", CONTACT_NUMBER, 5 },
	{ "sip:a%zz@h", CONTACT_NUMBER, 5 },
	{ "sip:a%2z@h", CONTACT_NUMBER, 5 },
	{ "sip:a#@h", CONTACT_NUMBER, 5 },
	/* spaces and what is no text */
	{ " sip:h", CONTACT_SPACE, 0 },
	{ "sip:h ", CONTACT_SPACE, 5 },
	{ "sip: h", CONTACT_SPACE, 4 },
	{ "sip:h;transport= tcp", CONTACT_SPACE, 16 },
	{ "sip:h\t", CONTACT_SPACE, 5 },
	{ "sip:h\r\nX: y", CONTACT_SPACE, 5 },
	{ "sip:h\x7f", CONTACT_SPACE, 5 },
	{ "sip:b\xc3\xbc.example", CONTACT_SPACE, 5 },
};

/* rows: S8 R3261-19.1.1-b */
static void
test_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		struct str text = str_cstr(bad[i].text);
		char *copy = exact(text);
		struct contact contact;
		enum contact_fault fault;
		size_t at;

		fault = contact_parse(&contact, str_of(copy, text.len), &at);
		if (fault != bad[i].fault || at != bad[i].at)
			fail_msg("%s: fault %d at %zu, not %d at %zu", bad[i].text, fault, at,
				bad[i].fault, bad[i].at);
		assert_true(contact_fault_text(fault).len > 10);
		free(copy);
	}
}

/* Cut anywhere, a contact is taken or refused, and the offset lies within it. */
static void
test_every_prefix(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
		struct str text = str_cstr(good[i].text);

		for (size_t len = 0; len <= text.len; len++) {
			char *copy = exact(str_upto(text, len));
			struct contact contact;
			size_t at;

			if (contact_parse(&contact, str_of(copy, len), &at) != CONTACT_FINE)
				assert_true(at <= len);
			free(copy);
		}
	}
}

static void
test_lengths(void **state)
{
	char text[600];
	struct contact contact;
	size_t at;

	(void)state;
	/* Labels of 63 octets are the longest. */
	memset(text, 'a', sizeof text);
	assert_int_equal(contact_parse(&contact, str_of(text, 63), &at), CONTACT_FINE);
	assert_int_equal(contact_parse(&contact, str_of(text, 64), &at), CONTACT_HOST);
	for (size_t i = 63; i < sizeof text; i += 64)
		text[i] = '.';
	assert_int_equal(contact_parse(&contact, str_of(text, HOST_BYTES_MAX), &at), CONTACT_FINE);
	assert_int_equal(
		contact_parse(&contact, str_of(text, HOST_BYTES_MAX + 1), &at), CONTACT_HOST);
	assert_int_equal(at, 0);
	/* A number of DN_NUMBER_BYTES_MAX is the longest. */
	memset(text, '5', sizeof text);
	memcpy(text + DN_NUMBER_BYTES_MAX, "@h", 2);
	assert_int_equal(
		contact_parse(&contact, str_of(text, DN_NUMBER_BYTES_MAX + 2), &at), CONTACT_FINE);
	text[DN_NUMBER_BYTES_MAX] = '5';
	memcpy(text + DN_NUMBER_BYTES_MAX + 1, "@h", 2);
	assert_int_equal(contact_parse(&contact, str_of(text, DN_NUMBER_BYTES_MAX + 3), &at),
		CONTACT_NUMBER);
	assert_int_equal(at, DN_NUMBER_BYTES_MAX);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_accepted),
		cmocka_unit_test(test_agrees_with_the_uri),
		cmocka_unit_test(test_star),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_every_prefix),
		cmocka_unit_test(test_lengths),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
