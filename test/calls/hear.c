/* SPDX-License-Identifier: Apache-2.0 */
/* What a side hears: `SIDE < METHOD`, `SIDE < STATUS`, `SIDE < pong`; with `lost` instead of `<` it
 * was sent, but never got there. */
#include <string.h>

#include "calls/check.h"

static const struct stage_sent *
take(const struct device *d, const struct step *step)
{
	static const char *const names[] = { "", "udp", "tcp", "tls" };
	struct str over = step_option(step, 3, "over"), to = step_option(step, 3, "at");
	enum transport transport = d->transport;
	struct addr at = d->at;

	for (int i = TRANSPORT_UDP; i <= TRANSPORT_TLS; i++)
		if (str_same(over, str_cstr(names[i])))
			transport = (enum transport)i;
	if (!str_is_none(to) && !addr_read(&at, to))
		play_fail("`at=` needs IP:PORT");
	return stage_take(&play.stage, transport, &at);
}

/* When it was sent, and over what. */
static void
check_way(struct device *d, const struct step *step, const struct stage_sent *sent)
{
	struct stage *s = &play.stage;
	const struct stage_flow *flow = stage_flow(s, sent->flow);

	if (sent->at_ms < play.window_from_ms || sent->at_ms > s->now.mono_ms)
		play_fail("it was sent at %lld ms", (long long)(sent->at_ms - play_start_ms()));
	if (flow != NULL && flow->is_dialled && flow->transport == TRANSPORT_TLS &&
		!str_same(str_cstr(flow->name), d->tls_name))
		play_fail("the name that was verified is %s, not %s", flow->name, d->tls_name.at);
	if (step_has(step, 3, "dialled") && (flow == NULL || !flow->is_dialled))
		play_fail("it came by no connection that was dialled");
	if (flow != NULL && sent->transport == d->transport)
		d->flow = sent->flow;
}

/* ---- requests ---- */

/* In a dialog, the Call-ID and both tags are those of the dialog, and CSeq only grows. */
static void
check_dialog(const struct side *side, struct str message, struct str method, bool is_again)
{
	struct str to_tag = text_param(text_header(message, "To", 1), STR("tag"));
	struct str from_tag = text_param(text_header(message, "From", 1), STR("tag"));
	struct str call_id = text_header(message, "Call-ID", 1);

	if (str_is_none(to_tag))
		return;
	if (!str_same(call_id, side->call_id))
		play_fail("Call-ID is %s, that of the dialog %s", text_keep(call_id).at,
			side->call_id.at);
	if (!str_same(to_tag, text_param(side->local, STR("tag"))))
		play_fail("the To tag is not ours: %s", text_keep(to_tag).at);
	if (!str_same(from_tag, text_param(side->remote, STR("tag"))))
		play_fail("the From tag is not that of the dialog: %s", text_keep(from_tag).at);
	if (!str_same(method, STR("ACK")) && !str_same(method, STR("CANCEL")) && !is_again &&
		text_cseq(message) <= side->heard_cseq)
		play_fail("CSeq %u does not go up", (unsigned)text_cseq(message));
}

static void
learn_request(struct side *side, struct str message, struct str method)
{
	struct str to = text_header(message, "To", 1), contact = text_header(message, "Contact", 1);
	bool is_invite = str_same(method, STR("INVITE"));

	if (str_same(method, STR("ACK")) || str_same(method, STR("CANCEL"))) {
		if (str_same(method, STR("CANCEL")))
			side->heard = message;
		return;
	}
	side->heard = message;
	side->heard_cseq = text_cseq(message);
	if (is_invite && str_is_none(text_param(to, STR("tag"))) &&
		!str_same(side->call_id, text_header(message, "Call-ID", 1))) {
		side->call_id = text_header(message, "Call-ID", 1);
		side->tag = text_say("t-%s-%u", side->name.at, ++play.numbers);
		side->remote = text_header(message, "From", 1);
		side->local = text_say("%.*s;tag=%s", (int)to.len, to.at, side->tag.at);
		side->cseq = 100;
	}
	if (!str_is_none(contact) && (is_invite || str_same(method, STR("UPDATE"))))
		side->target = text_keep(text_uri(contact));
}

static void
check_scheme(const struct side *side, struct str message)
{
	struct str uri = message;

	str_cut(&uri, ' ');
	if (side->device->is_sips != str_begins(uri, STR("sips:")))
		play_fail("the Request-URI has the wrong scheme for %s", side->name.at);
}

/* ---- responses ---- */

/* It answers the last request that was said, or that of `to=`, in each header that says which. */
static void
check_answers(const struct side *side, const struct step *step, struct str message)
{
	static const char *const names[] = { "Call-ID", "CSeq", "From" };
	struct str method = step_option(step, 3, "to");
	struct str request = str_is_none(method) ? side->said : side_last(side, method, false);
	struct str via, branch = STR("branch");

	if (str_is_none(request))
		play_fail("%s has said nothing that could be answered", side->name.at);
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
		if (!str_same(text_header(message, names[i], 1), text_header(request, names[i], 1)))
			play_fail("%s is `%s`, in the request `%s`", names[i],
				text_keep(text_header(message, names[i], 1)).at,
				text_keep(text_header(request, names[i], 1)).at);
	via = text_header(request, "To", 1);
	if (str_is_none(text_param(via, STR("tag")))
			? !str_begins(text_header(message, "To", 1), via)
			: !str_same(text_header(message, "To", 1), via))
		play_fail("To is `%s`, in the request `%s`",
			text_keep(text_header(message, "To", 1)).at, text_keep(via).at);
	via = text_header(message, "Via", 1);
	if (!str_same(text_param(via, branch), text_param(text_header(request, "Via", 1), branch)))
		play_fail("the branch is another one: %s", text_keep(via).at);
}

static void
learn_response(struct side *side, struct str message)
{
	unsigned status = text_status(message);
	struct str to = text_header(message, "To", 1), contact = text_header(message, "Contact", 1);

	/* What another side asked came here, over a new connection. */
	if (str_is_none(side->invite_said) || !str_same(text_method(message), STR("INVITE")) ||
		text_cseq(message) != text_cseq(side->invite_said))
		return;
	side->invite_last = message;
	if (status == 100 || status >= 300)
		return;
	if (!str_is_none(text_param(to, STR("tag"))) &&
		(status >= 200 || str_is_none(text_param(side->remote, STR("tag")))))
		side->remote = to;
	if (!str_is_none(contact))
		side->target = text_keep(text_uri(contact));
}

/* ---- all of it ---- */

/* `sdp=bob` or `sdp=bob:sendonly`: whose session it is. */
static void
check_sdp(const struct step *step, struct str message)
{
	struct str way = step_option(step, 3, "sdp"), body = text_body(message), name;

	if (step_has(step, 3, "sdp") && body.len == 0)
		play_fail("there is no session in it");
	if (str_is_none(way))
		return;
	name = str_cut(&way, ':');
	name = text_say("o=%.*s ", (int)name.len, name.at);
	if (text_find(body, name) == body.len)
		play_fail("the session is not that of %s", name.at);
	way = text_say("a=%.*s\r\n", (int)way.len, way.at);
	if (way.len > 4 && text_find(body, way) == body.len)
		play_fail("the session is not %s", way.at);
}

static void
check_start(const struct step *step, struct str message)
{
	struct str what = step_word(step, 2), start = text_start(message);
	uint64_t status = 0;
	bool fits;

	if (step_is(step, 2, "pong"))
		fits = str_same(message, STR("\r\n"));
	else if (what.len == 3 && str_number(what, 699, &status))
		fits = text_status(message) == status;
	else
		fits = text_status(message) == 0 && str_begins(start, what) &&
			str_begins(str_from(start, what.len), STR(" "));
	if (!fits)
		play_fail("what came is `%s`", text_keep(start).at);
}

static void
check_again(const struct side *side, const struct step *step, struct str message)
{
	struct str last = side_last(side, step_word(step, 2), true);

	if (str_is_none(last))
		play_fail("%s has not heard that before", side->name.at);
	if (!str_same(last, message))
		play_fail("it is not the same as before, which was\n%s", last.at);
}

void
party_hear(struct side *side, const struct step *step, bool is_lost)
{
	const struct stage_sent *sent = take(side->device, step);
	bool is_again = step_has(step, 3, "again");
	struct str message;

	if (sent == NULL)
		play_fail("nothing was sent to %s", side->device->name.at);
	message = text_keep(sent->bytes);
	check_start(step, message);
	check_way(side->device, step, sent);
	if (step_is(step, 2, "pong"))
		return;
	if (is_again)
		check_again(side, step, message);
	if (text_status(message) == 0) {
		check_scheme(side, message);
		check_dialog(side, message, text_method(message), is_again);
	} else if (!step_has(step, 3, "unasked")) {
		check_answers(side, step, message);
	}
	check_sdp(step, message);
	check_proof(step, message);
	check_lines(step, message);
	side_keep(side, step_word(step, 2), message, true);
	if (is_lost)
		return;
	if (text_status(message) == 0)
		learn_request(side, message, text_method(message));
	else
		learn_response(side, message);
}
