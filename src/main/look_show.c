/* SPDX-License-Identifier: Apache-2.0 */
#include "main/look_show.h"

#include <inttypes.h>

#include "base/buf.h"

enum { CELL_BYTES = 1024 };

/* ---- what stands in an answer ---------------------------------------------------------------- */

/* The text of KEY, or `-`. */
struct str
answer_text(const json_t *object, const char *key)
{
	const json_t *value = json_object_get(object, key);

	if (!json_is_string(value) || json_string_length(value) == 0)
		return STR("-");
	return str_of(json_string_value(value), json_string_length(value));
}

uint64_t
answer_number(const json_t *object, const char *key)
{
	json_int_t number = json_integer_value(json_object_get(object, key));

	return number > 0 ? (uint64_t)number : 0;
}

void
answer_put(struct table *t, const json_t *object, const char *key)
{
	table_put(t, answer_text(object, key));
}

/* What TLS said and how the far end was checked, in a cell: `sips TLSv1.3 name=peer.example`. */
static void
put_leg(struct table *t, const json_t *leg)
{
	char text[CELL_BYTES];
	struct buf b = buf_on(text, sizeof text);
	struct str by = answer_text(leg, "verified_by"), name = answer_text(leg, "verified_name");

	if (leg == NULL) {
		table_put(t, STR("-"));
		return;
	}
	buf_put(&b, answer_text(leg, "scheme"));
	buf_char(&b, ' ');
	buf_put(&b,
		json_object_get(leg, "tls_version") != NULL ? answer_text(leg, "tls_version")
							    : answer_text(leg, "transport"));
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
		if (str_same(answer_text(leg, "side"), str_cstr(side)))
			return leg;
	}
	return NULL;
}

/* ---- lists ----------------------------------------------------------------------------------- */

static void
put_call(struct table *t, const json_t *call)
{
	answer_put(t, call, "call");
	answer_put(t, call, "state");
	answer_put(t, call, "from");
	answer_put(t, call, "to");
	answer_put(t, call, "answer");
	answer_put(t, call, "crossing");
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
	answer_put(t, binding, "number");
	answer_put(t, binding, "scheme");
	answer_put(t, binding, "transport");
	answer_put(t, binding, "source");
	answer_put(t, binding, "verified_by");
	answer_put(t, binding, "expires");
	answer_put(t, binding, "contact");
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

void
answer_print(const char *before, struct str text)
{
	fputs(before, stdout);
	table_print_text(text, stdout);
}

void
show_status(const json_t *status)
{
	const json_t *calls = json_object_get(status, "calls"), *listener;
	size_t i;

	answer_print("sipward ", answer_text(status, "version"));
	fputs("  up ", stdout);
	print_span(answer_number(status, "up_s"));
	answer_print("  since ", answer_text(status, "start"));
	puts(json_is_true(json_object_get(status, "draining")) ? "  draining" : "");
	printf("calls %" PRIu64 " (secure %" PRIu64 ", crossing %" PRIu64 ", plain %" PRIu64
	       ")  answered %" PRIu64 " of %" PRIu64 "  refused %" PRIu64 "\n",
		answer_number(calls, "now"), answer_number(calls, "secure"),
		answer_number(calls, "crossing"), answer_number(calls, "plain"),
		answer_number(calls, "answered_total"), answer_number(calls, "total"),
		answer_number(status, "refused_total"));
	printf("dns %" PRIu64 "  registered %" PRIu64 "  connections %" PRIu64 "\n",
		answer_number(status, "dns"), answer_number(status, "registrations"),
		answer_number(status, "flows"));
	json_array_foreach(json_object_get(status, "listeners"), i, listener)
	{
		answer_print("listening on ", answer_text(listener, "local"));
		answer_print(" over ", answer_text(listener, "transport"));
		if (!str_same(answer_text(listener, "advertise"), STR("-")))
			answer_print(" as ", answer_text(listener, "advertise"));
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
	table_print_text(answer_text(object, key), stdout);
	fputc('\n', stdout);
}

static void
print_leg(const json_t *leg)
{
	static const char *const lines[][2] = {
		{ "scheme", "scheme" },
		{ "transport", "transport" },
		{ "our end", "local" },
		{ "far end", "remote" },
		{ "calls itself", "user_agent" },
		{ "TLS", "tls_version" },
		{ "cipher", "cipher" },
		{ "verified by", "verified_by" },
		{ "verified name", "verified_name" },
		{ "kind of name", "name_kind" },
		{ "certificate", "cert_sha256" },
		{ "Call-ID", "call_id" },
	};

	answer_print("", answer_text(leg, "side"));
	answer_print(" ", answer_text(leg, "dn"));
	fputc('\n', stdout);
	for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++)
		print_line(lines[i][0], leg, lines[i][1]);
}

const char *
answer_crossing(const json_t *object)
{
	struct str crossing = answer_text(object, "crossing");

	if (str_same(crossing, STR("down")))
		return "CROSSING: sips to this server, then sip to the callee";
	if (str_same(crossing, STR("up")))
		return "CROSSING: sip to this server, then sips to the callee";
	return "no crossing";
}

void
show_call(const json_t *call)
{
	const json_t *leg;
	size_t i;

	answer_print("call ", answer_text(call, "call"));
	answer_print("  ", answer_text(call, "from"));
	answer_print(" -> ", answer_text(call, "to"));
	answer_print("  ", answer_text(call, "state"));
	answer_print("  began ", answer_text(call, "start"));
	answer_print("  answered ", answer_text(call, "answer"));
	printf("\n%s\n", answer_crossing(call));
	json_array_foreach(json_object_get(call, "legs"), i, leg) print_leg(leg);
}

void
show_reload(const json_t *answer)
{
	static const char *const titles[TABLE_COLUMNS_MAX] = { "IDENTITY", "HOLDS", "FILE", "IS",
		"UNTIL" };
	struct table *t = table_open(titles, 5);
	const json_t *file;
	size_t i;

	printf("certificates: read again, time %" PRIu64
	       ": new handshakes use them, connections keep theirs and are judged again\n",
		answer_number(answer, "times"));
	json_array_foreach(json_object_get(answer, "files"), i, file)
	{
		answer_put(t, file, "identity");
		answer_put(t, file, "holds");
		answer_put(t, file, "path");
		table_put(t,
			json_is_true(json_object_get(file, "is_new")) ? STR("new")
								      : STR("as before"));
		answer_put(t, file, "until");
	}
	table_print(t, stdout);
	table_close(t);
}
