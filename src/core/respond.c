/* SPDX-License-Identifier: Apache-2.0 */
/* Answers outside dialogs, and the line in the log that goes with each refusal. */
#include "core/inside.h"

#include "sip/write.h"

enum { TAG_BYTES = 64 };

/* The same request gets the same tag, so that a repeat without a transaction gets the same
 * answer. */
static struct str
write_tag(const struct core *core, const struct msg *msg, char text[TAG_BYTES])
{
	struct str parts[] = { msg->via.text, msg->call_id, msg->from.text };
	struct buf b = buf_on(text, TAG_BYTES);
	uint64_t hash = map_hash(&core->txns.servers, parts, 3);

	buf_hex(&b, &hash, sizeof hash);
	buf_put(&b, STR("-0"));
	return buf_str(&b);
}

void
respond(struct core *core, const struct arrival *a, const struct refusal *r, const struct turn *t)
{
	struct buf b = out_buf(t->out, WRITE_BYTES_MAX);
	struct str reason = str_is_empty(r->reason) ? reason_phrase(r->status) : r->reason;
	char text[TAG_BYTES];
	struct str bytes;

	write_response(&b, a->msg, &a->source, r->status, reason,
		r->status == 100               ? STR("")
			: str_is_empty(a->tag) ? write_tag(core, a->msg, text)
					       : a->tag);
	buf_put(&b, r->lines);
	write_body(&b, STR(""));
	if (!buf_ok(&b)) { /* there is no answer to give: the transaction waits for none */
		txn_disown(&core->txns, a->txn);
		return;
	}
	bytes = out_wrote(t->out, &b);
	if (ref_is_none(a->txn))
		out_send(t->out, a->way.flow, &a->way.addr, bytes);
	else
		(void)txn_answer(&core->txns, a->txn, r->status, bytes, t->now, t->out);
}

void
note_refusal(
	struct core *core, const struct arrival *a, const struct refusal *r, const struct turn *t)
{
	struct buf line = note_begin(t);

	core->refused++;
	buf_put(&line, transport_name(a->flow->transport));
	buf_put(&line, STR(" from "));
	addr_write_port(&line, &a->source);
	buf_put(&line, STR(": refused with "));
	buf_number(&line, r->status);
	buf_put(&line, STR(": "));
	buf_put(&line,
		!str_is_empty(r->why)              ? r->why
			: !str_is_empty(r->reason) ? r->reason
						   : reason_phrase(r->status));
	buf_put(&line, STR(": "));
	buf_quoted(&line, a->msg->method_text, 32);
	buf_char(&line, ' ');
	buf_quoted(&line, a->msg->target_text, LOG_TEXT_MAX);
	buf_put(&line, STR(" from "));
	buf_quoted(&line, a->msg->from.uri.text, LOG_TEXT_MAX);
	if (!str_is_empty(r->call)) {
		buf_put(&line, STR(": call "));
		buf_put(&line, r->call);
	}
	note_end(t, NOTE_INFO, &line);
}

void
refuse(struct core *core, const struct arrival *a, const struct refusal *r, const struct turn *t)
{
	note_refusal(core, a, r, t);
	respond(core, a, r, t);
}

void
respond_fault(
	struct core *core, const struct arrival *a, const struct fault *fault, const struct turn *t)
{
	char text[128];
	struct buf reason = buf_on(text, sizeof text);
	struct refusal r = { .status = fault_status(fault->what), .lines = STR("") };

	buf_put(&reason, fault_reason(fault->what));
	if (fault->what == FAULT_HEADER_TWICE && fault->id != HEADER_OTHER) {
		buf_char(&reason, ' ');
		buf_put(&reason, header_name(fault->id));
	}
	r.reason = buf_str(&reason);
	respond(core, a, &r, t);
}

void
note_fault(struct core *core, const struct flow *flow, const struct addr *source,
	enum sip_fault what, uint32_t at, const struct turn *t)
{
	struct buf line = note_begin(t);

	(void)core;
	buf_put(&line, transport_name(flow->transport));
	buf_put(&line, STR(" from "));
	addr_write_port(&line, source);
	buf_put(&line, STR(": malformed: "));
	buf_put(&line, fault_reason(what));
	buf_put(&line, STR(" at octet "));
	buf_number(&line, at);
	note_end(t, NOTE_WARN, &line);
}

void
challenge(struct core *core, const struct arrival *a, bool is_stale, const struct turn *t)
{
	char text[2048];
	struct buf lines = buf_on(text, sizeof text);
	struct refusal r = { .status = 401, .reason = STR("") };

	gate_write_challenge(
		core->gate, &lines, directory_realm(core->directory), is_stale, t->now);
	if (buf_ok(&lines))
		r.lines = buf_str(&lines);
	else /* a challenge that asks for nothing could not be met */
		r.status = 500;
	respond(core, a, &r, t);
}
