/* SPDX-License-Identifier: Apache-2.0 */
#include "reg/answer.h"

#include "base/turn.h"
#include "reg/gruu.h"
#include "sip/date.h"
#include "sip/write.h"

enum { TAG_BYTES = 12, TAG_HEX = 2 * TAG_BYTES };

/* One Contact as the phone sent it, with what is left of its time. */
static void
write_contact(struct registrar *r, struct buf *b, const struct gruu_terms *gruus,
	const struct binding *binding, struct when now)
{
	int64_t left_s = binding->expires_at_s - now.wall_s;

	write_begin(b, HEADER_CONTACT);
	buf_char(b, '<');
	write_piece(b, binding->contact);
	buf_char(b, '>');
	write_piece(b, binding->params);
	if (binding->q_thousandths < 1000) {
		uint32_t q = binding->q_thousandths;

		buf_put(b, STR(";q=0."));
		buf_char(b, (char)('0' + q / 100));
		buf_char(b, (char)('0' + q / 10 % 10));
		buf_char(b, (char)('0' + q % 10));
	}
	buf_put(b, STR(";expires="));
	buf_number(b, left_s > 0 ? (uint64_t)left_s : 0);
	gruu_write(r, b, gruus, binding);
	write_end(b);
}

/* What stands behind the echoed lines of a 200. */
static void
write_tail(struct registrar *r, struct buf *b, const struct gruu_terms *gruus,
	const struct binding_set *set, struct when now)
{
	for (uint32_t i = 0; i < set->count; i++)
		write_contact(r, b, gruus, &set->list[i], now);
	write_begin(b, HEADER_DATE);
	date_write(b, now.wall_s);
	write_end(b);
	write_body(b, STR(""));
}

/* Whether the phone is told how often it is to be heard: by us, when no proxy is in between, and on
 * its own stream. A socket is everybody's, and its silence is no one's end. */
static bool
is_watched(const struct register_request *request, bool is_outbound)
{
	return is_outbound && request->msg->via_count == 1 && request->transport != TRANSPORT_UDP;
}

/* What only a 200 says: which extensions there are, that outbound is used, how often the phone is
 * to be heard then, the Path as it came (RFC 3327 5.3), and the Service-Route (RFC 3608 6.3), which
 * is the same for each REGISTER of a phone. */
static void
write_good(struct buf *b, const struct register_request *request, bool is_outbound)
{
	write_header(b, HEADER_SUPPORTED,
		str_is_empty(gruu_host(request->msg)) ? STR("path, outbound")
						      : STR("path, outbound, gruu"));
	if (is_outbound)
		write_header(b, HEADER_REQUIRE, STR("outbound"));
	if (is_watched(request, is_outbound))
		write_number(b, HEADER_FLOW_TIMER, FLOW_TIMER_S);
	write_copy(b, request->msg, HEADER_PATH);
	if (!str_is_empty(request->service_route))
		write_header(b, HEADER_SERVICE_ROUTE, request->service_route);
}

static void
write_refusal(struct buf *b, const struct answer *answer)
{
	if (answer->min_expires_s > 0)
		write_number(b, HEADER_MIN_EXPIRES, answer->min_expires_s);
	if (answer->retry_after_s > 0)
		write_number(b, HEADER_RETRY_AFTER, answer->retry_after_s);
	write_body(b, STR(""));
}

/* The status line and what is echoed of the request, with a tag of ours. */
static void
write_front(struct registrar *r, struct buf *b, const struct register_request *request,
	unsigned status, struct str reason)
{
	uint8_t raw[TAG_BYTES];
	char hex[TAG_HEX];
	struct buf tag = buf_on(hex, sizeof hex);

	dice_bytes(r->dice, raw, sizeof raw);
	buf_hex(&tag, raw, sizeof raw);
	write_response(b, request->msg, &request->source, status, reason, buf_str(&tag));
}

static void
put_answer(struct registrar *r, struct ref txn, unsigned status, struct buf *b, struct when now,
	struct out *out)
{
	struct turn turn = { now, out, NULL };

	if (!buf_ok(b)) {
		struct buf line = note_begin(&turn);

		buf_put(&line,
			STR("a REGISTER cannot be answered: what it wants echoed cannot be "
			    "written"));
		note_end(&turn, NOTE_ERROR, &line);
		txn_disown(r->options.txns, txn);
		return;
	}
	txn_answer(r->options.txns, txn, status, out_wrote(out, b), now, out);
}

void
answer_now(struct registrar *r, const struct register_request *request, const struct answer *answer,
	const struct binding_set *set, struct when now, struct out *out)
{
	struct buf b = out_buf(out, WRITE_BYTES_MAX);
	const struct address *a = address_find(r, request->aor);
	struct gruu_terms gruus = { .host = gruu_host(request->msg), .aor = request->aor };

	if (a != NULL)
		gruus.slot = pool_ref(&r->addresses, a).slot;
	write_front(r, &b, request, answer->status, answer->reason);
	if (answer->status == 200) {
		write_good(&b, request, answer->is_outbound);
		write_tail(r, &b, &gruus, set, now);
	} else {
		write_refusal(&b, answer);
	}
	put_answer(r, request->txn, answer->status, &b, now, out);
}

void
answer_prepare(struct registrar *r, const struct register_request *request, bool is_outbound,
	struct question *q)
{
	struct buf b = buf_on(q->text, sizeof q->text);
	size_t line;

	/* The status line is written anew by each answer; what is kept begins behind it. */
	write_front(r, &b, request, 200, STR("OK"));
	line = str_find(buf_str(&b), '\n');
	if (!buf_ok(&b))
		return;
	q->skip_len = (uint32_t)line + 1;
	q->echo_len = (uint32_t)(b.used - line - 1);
	write_good(&b, request, is_outbound);
	if (buf_ok(&b))
		q->good_len = (uint32_t)b.used - q->skip_len - q->echo_len;
	buf_put(&b, gruu_host(request->msg));
	if (buf_ok(&b))
		q->host_len = (uint32_t)gruu_host(request->msg).len;
	if (is_watched(request, is_outbound))
		q->watch = request->flow;
}

/* The bindings as they are now: the store was slow perhaps, and their time runs. */
static void
write_in_force(struct registrar *r, const struct question *q, struct buf *b, struct when now)
{
	const struct address *a = pool_at(&r->addresses, q->address);
	struct gruu_terms gruus = {
		.host = str_of(q->text + q->skip_len + q->echo_len + q->good_len, q->host_len),
		.slot = q->address.slot
	};
	struct binding_set set = { .count = 0 };

	if (a != NULL) {
		address_in_force(r, a, now, &set);
		gruus.aor = address_aor(a);
	}
	write_tail(r, b, &gruus, &set, now);
}

void
answer_later(struct registrar *r, const struct question *q, const struct answer *answer,
	struct when now, struct out *out)
{
	struct buf b = out_buf(out, WRITE_BYTES_MAX);
	struct str echo = str_of(q->text + q->skip_len, q->echo_len);
	struct str good = str_of(echo.at + echo.len, q->good_len);

	if (ref_is_none(q->txn))
		return;
	write_status_line(&b, answer->status, answer->reason);
	buf_put(&b, echo);
	b.full = b.full || echo.len == 0;
	if (answer->status == 200) {
		buf_put(&b, good);
		write_in_force(r, q, &b, now);
	} else {
		write_refusal(&b, answer);
	}
	put_answer(r, q->txn, answer->status, &b, now, out);
}
