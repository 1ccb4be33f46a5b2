/* SPDX-License-Identifier: Apache-2.0 */
#include "main/look_show.h"

#include <inttypes.h>

#include "base/buf.h"

enum { CELL_BYTES = 1024 };

/* ---- what stands in an answer ---------------------------------------------------------------- */

/* The text of KEY, or `-`. */
static struct str
text_of(const json_t *object, const char *key)
{
	const json_t *value = json_object_get(object, key);

	if (!json_is_string(value) || json_string_length(value) == 0)
		return STR("-");
	return str_of(json_string_value(value), json_string_length(value));
}

static uint64_t
number_of(const json_t *object, const char *key)
{
	json_int_t number = json_integer_value(json_object_get(object, key));

	return number > 0 ? (uint64_t)number : 0;
}

static void
put_text(struct table *t, const json_t *object, const char *key)
{
	table_put(t, text_of(object, key));
}

/* What TLS said and how the far end was checked, in a cell: `sips TLSv1.3 name=peer.example`. */
static void
put_leg(struct table *t, const json_t *leg)
{
	char text[CELL_BYTES];
	struct buf b = buf_on(text, sizeof text);
	struct str by = text_of(leg, "verified_by"), name = text_of(leg, "verified_name");

	if (leg == NULL) {
		table_put(t, STR("-"));
		return;
	}
	buf_put(&b, text_of(leg, "scheme"));
	buf_char(&b, ' ');
	buf_put(&b,
		json_object_get(leg, "tls_version") != NULL ? text_of(leg, "tls_version")
							    : text_of(leg, "transport"));
	buf_char(&b, ' ');
	buf_put(&b, str_same(by, STR("none")) ? STR("unauthenticated") : by);
	if (!str_same(name, STR("-"))) {
		buf_char(&b, '=');
		buf_put(&b, name);
	}
	table_put(t, buf_str(&b));
}

static const json_t *
leg_of(const json_t *call, const char *side)
{
	const json_t *leg;
	size_t i;

	json_array_foreach(json_object_get(call, "legs"), i, leg)
	{
		if (str_same(text_of(leg, "side"), str_cstr(side)))
			return leg;
	}
	return NULL;
}

/* ---- lists ----------------------------------------------------------------------------------- */

static void
put_call(struct table *t, const json_t *call)
{
	put_text(t, call, "call");
	put_text(t, call, "state");
	put_text(t, call, "from");
	put_text(t, call, "to");
	put_text(t, call, "answer");
	put_text(t, call, "crossing");
	put_leg(t, leg_of(call, "caller"));
	put_leg(t, leg_of(call, "callee"));
}

const struct show_list show_calls = {
	.titles = { "CALL", "STATE", "FROM", "TO", "ANSWERED", "CROSSING", "CALLER'S LEG",
		"CALLEE'S LEG" },
	.columns = 8,
	.put = put_call,
};

static void
put_registration(struct table *t, const json_t *binding)
{
	put_text(t, binding, "number");
	put_text(t, binding, "scheme");
	put_text(t, binding, "transport");
	put_text(t, binding, "source");
	put_text(t, binding, "verified_by");
	put_text(t, binding, "expires");
	put_text(t, binding, "contact");
}

const struct show_list show_registrations = {
	.titles = { "NUMBER", "LEG", "TRANSPORT", "SOURCE", "VERIFIED", "EXPIRES", "CONTACT" },
	.columns = 7,
	.put = put_registration,
};

/* ---- one thing ------------------------------------------------------------------------------- */

static void
print_span(uint64_t span_s)
{
	if (span_s >= 86400)
		printf("%" PRIu64 "d ", span_s / 86400);
	if (span_s >= 3600)
		printf("%" PRIu64 "h ", span_s / 3600 % 24);
	if (span_s >= 60)
		printf("%" PRIu64 "m ", span_s / 60 % 60);
	printf("%" PRIu64 "s", span_s % 60);
}

static void
print_word(const char *before, struct str text)
{
	fputs(before, stdout);
	table_print_text(text, stdout);
}

void
show_status(const json_t *status)
{
	const json_t *calls = json_object_get(status, "calls"), *listener;
	size_t i;

	print_word("sipward ", text_of(status, "version"));
	fputs("  up ", stdout);
	print_span(number_of(status, "up_s"));
	print_word("  since ", text_of(status, "start"));
	puts(json_is_true(json_object_get(status, "draining")) ? "  draining" : "");
	printf("calls %" PRIu64 " (secure %" PRIu64 ", crossing %" PRIu64 ", plain %" PRIu64
	       ")  answered %" PRIu64 " of %" PRIu64 "  refused %" PRIu64 "\n",
		number_of(calls, "now"), number_of(calls, "secure"), number_of(calls, "crossing"),
		number_of(calls, "plain"), number_of(calls, "answered_total"),
		number_of(calls, "total"), number_of(status, "refused_total"));
	printf("dns %" PRIu64 "  registered %" PRIu64 "  connections %" PRIu64 "\n",
		number_of(status, "dns"), number_of(status, "registrations"),
		number_of(status, "flows"));
	json_array_foreach(json_object_get(status, "listeners"), i, listener)
	{
		print_word("listening on ", text_of(listener, "local"));
		print_word(" over ", text_of(listener, "transport"));
		if (!str_same(text_of(listener, "advertise"), STR("-")))
			print_word(" as ", text_of(listener, "advertise"));
		fputc('\n', stdout);
	}
}

/* A line of a leg: its name, and what is there of it. */
static void
print_line(const char *name, const json_t *object, const char *key)
{
	if (json_object_get(object, key) == NULL)
		return;
	printf("  %-14s ", name);
	table_print_text(text_of(object, key), stdout);
	fputc('\n', stdout);
}

static void
print_leg(const json_t *leg)
{
	static const char *const lines[][2] = {
		{ "scheme", "scheme" },
		{ "transport", "transport" },
		{ "far end", "remote" },
		{ "TLS", "tls_version" },
		{ "cipher", "cipher" },
		{ "verified by", "verified_by" },
		{ "verified name", "verified_name" },
		{ "certificate", "cert_sha256" },
		{ "Call-ID", "call_id" },
	};

	print_word("", text_of(leg, "side"));
	print_word(" ", text_of(leg, "dn"));
	fputc('\n', stdout);
	for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++)
		print_line(lines[i][0], leg, lines[i][1]);
}

static const char *
crossing_sentence(struct str crossing)
{
	if (str_same(crossing, STR("down")))
		return "CROSSING: secure to this server, then clear text to the callee";
	if (str_same(crossing, STR("up")))
		return "CROSSING: clear text to this server, then secure to the callee";
	return "both legs speak the same scheme";
}

void
show_call(const json_t *call)
{
	const json_t *leg;
	size_t i;

	print_word("call ", text_of(call, "call"));
	print_word("  ", text_of(call, "from"));
	print_word(" -> ", text_of(call, "to"));
	print_word("  ", text_of(call, "state"));
	print_word("  began ", text_of(call, "start"));
	print_word("  answered ", text_of(call, "answer"));
	printf("\n%s\n", crossing_sentence(text_of(call, "crossing")));
	json_array_foreach(json_object_get(call, "legs"), i, leg) print_leg(leg);
}
