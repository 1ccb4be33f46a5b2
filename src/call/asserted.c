/* SPDX-License-Identifier: Apache-2.0 */
/* P-Asserted-Identity (RFC 3325). It is believed of trunks that the directory trusts with it, and
 * taken from everybody else; what is told in its place is the number of the DN that calls and has
 * proven so, to those trunks alone. */
#include "call/call.h"
#include "call/headers.h"
#include "call/inside.h"
#include "sip/write.h"

/* What is asserted: values as they came, or empty (RFC 3325 9.1: at most one of each). */
struct asserted {
	struct str uri, tel;
};

/* The number of a DN: escapes decoded; of a tel URI without its parameters. */
static bool
is_of_device(const struct directory *directory, const struct uri *uri)
{
	struct str user =
		uri->scheme == URI_TEL ? str_upto(uri->host, str_find(uri->host, ';')) : uri->user;
	char text[ASSERTED_BYTES_MAX];
	struct buf number = buf_on(text, sizeof text);
	const struct dn *dn;

	uri_write_canonical_user(&number, user);
	dn = directory_find(directory, buf_str(&number));
	return dn != NULL && !dn_is_trunk(dn);
}

/* What MSG of a trusted peer asserts. Who of our devices calls is ours to say, and no peer's. */
static struct asserted
read_asserted(const struct msg *msg, const struct directory *directory)
{
	struct asserted asserted = { .uri = STR(""), .tel = STR("") };
	struct values values = msg_values(msg, HEADER_P_ASSERTED_IDENTITY);
	struct nameaddr who;
	struct str value;
	size_t at;

	while (values_next(&values, &value)) {
		struct str *place = &asserted.uri;

		if (value.len > ASSERTED_BYTES_MAX || !nameaddr_parse(&who, value, &at) ||
			who.uri.scheme == URI_OTHER || is_of_device(directory, &who.uri))
			continue;
		if (who.uri.scheme == URI_TEL)
			place = &asserted.tel;
		if (str_is_empty(*place))
			*place = who.text;
	}
	return asserted;
}

/* Puts a line for VALUE, as it may stand on a leg that speaks TO: the scheme of the leg, and of the
 * URI what says who it is. */
static void
write_value(struct buf *b, struct str value, enum scheme to)
{
	struct nameaddr who;
	struct buf line = *b;
	struct str display;
	size_t at;

	if (!nameaddr_parse(&who, value, &at) ||
		(who.uri.scheme == URI_TEL && str_holds_alike(who.uri.text, STR("sips:"))))
		return;
	display = headers_display(&who, to);
	write_begin(&line, HEADER_P_ASSERTED_IDENTITY);
	if (!str_is_empty(display)) {
		write_piece(&line, display);
		write_piece(&line, STR(" "));
	}
	write_piece(&line, STR("<"));
	if (who.uri.scheme == URI_TEL) {
		write_piece(&line, who.uri.text);
	} else {
		write_piece(&line, scheme_name(to));
		write_piece(&line, STR(":"));
		write_piece(&line, who.uri.user);
		write_piece(&line, str_is_empty(who.uri.user) ? STR("") : STR("@"));
		write_piece(&line, who.uri.host);
	}
	write_piece(&line, STR(">"));
	write_end(&line);
	/* What cannot be written takes nothing else with it. */
	if (buf_ok(&line))
		*b = line;
}

/* Adds lines for ASSERTED before what is in CARGO. */
static void
add(struct cargo *cargo, const struct asserted *asserted, enum scheme to, const struct turn *t)
{
	size_t size = 3 * ASSERTED_BYTES_MAX + cargo->headers.len;
	struct buf b;
	char *text;

	if (str_is_empty(asserted->uri) && str_is_empty(asserted->tel))
		return;
	text = arena_take(t->scratch, size, 1);
	if (text == NULL)
		return;
	b = buf_on(text, size);
	if (!str_is_empty(asserted->uri))
		write_value(&b, asserted->uri, to);
	if (!str_is_empty(asserted->tel))
		write_value(&b, asserted->tel, to);
	buf_put(&b, cargo->headers);
	cargo->headers = buf_str(&b);
}

bool
asserted_keep(
	const struct calls *cs, struct call *call, struct leg *leg, const struct call_request *r)
{
	struct asserted asserted;

	leg->is_trusted = r->is_trusted;
	call->is_private = headers_privacy(r->invite, STR("id"));
	if (!r->is_trusted)
		return true;
	asserted = read_asserted(r->invite, cs->legs->directory);
	return shelf_put(&leg->shelf, TEXT_ASSERTED, asserted.uri) &&
		shelf_put(&leg->shelf, TEXT_TEL, asserted.tel);
}

/* The number of the DN that calls, as a value; in the scratch. */
static struct str
name_caller(const struct calls *cs, const struct leg *caller, const struct turn *t)
{
	char *text = arena_take(t->scratch, ASSERTED_BYTES_MAX, 1);
	struct buf b = buf_on(text, text != NULL ? ASSERTED_BYTES_MAX : 0);

	buf_put(&b, STR("<sip:"));
	buf_put(&b, leg_text(caller, TEXT_DN));
	buf_char(&b, '@');
	buf_put(&b, cs->legs->realm);
	buf_char(&b, '>');
	return buf_ok(&b) ? buf_str(&b) : STR("");
}

void
asserted_place(const struct calls *cs, const struct call *call, const struct leg_plan *plan,
	struct cargo *cargo, const struct turn *t)
{
	const struct leg *caller = leg_at(cs->legs, call->legs[0]);
	struct asserted asserted = { .uri = leg_text(caller, TEXT_ASSERTED),
		.tel = leg_text(caller, TEXT_TEL) };

	if (!plan->is_trusted && call->is_private)
		return;
	if (plan->is_trusted && call->is_asserted)
		asserted.uri = name_caller(cs, caller, t);
	add(cargo, &asserted, plan->speech.scheme, t);
}

struct str
asserted_strip(struct str headers)
{
	while (str_begins(headers, header_name(HEADER_P_ASSERTED_IDENTITY)))
		(void)str_cut(&headers, '\n');
	return headers;
}

void
asserted_cross(const struct calls *cs, const struct msg *msg, const struct leg *from,
	const struct leg *to, struct cargo *cargo, const struct turn *t)
{
	struct asserted asserted;

	if (msg == NULL || !from->is_trusted ||
		(!to->is_trusted && headers_privacy(msg, STR("id"))))
		return;
	asserted = read_asserted(msg, cs->legs->directory);
	add(cargo, &asserted, to->speech.scheme, t);
}
