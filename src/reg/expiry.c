/* SPDX-License-Identifier: Apache-2.0 */
/* expiry.c - what waits for time or for the store. */
#include "base/panic.h"
#include "reg/table.h"

struct question *
question_ask(struct registrar *r, struct address *a, struct ref txn, struct str octets,
	struct when now, struct out *out)
{
	struct ref ref;
	struct question *q = pool_take(&r->questions, &ref);

	must(q != NULL);
	q->address = pool_ref(&r->addresses, a);
	q->txn = txn;
	q->flow = FLOW_NONE;
	q->alarm = alarm_of(ALARM_REG, ref, LETTER_QUESTION);
	q->skip_len = 0;
	q->echo_len = 0;
	q->good_len = 0;
	q->watch = FLOW_NONE;
	a->questions++;
	alarm_arm(r->options.alarms, &q->alarm, now.mono_ms + STORE_WAIT_MS);
	out_save(out, ref, out_keep(out, address_aor(a)), a->version, octets);
	return q;
}

void
question_close(struct registrar *r, struct question *q)
{
	struct address *a = pool_at(&r->addresses, q->address);

	must(a != NULL && a->questions > 0);
	alarm_disarm(r->options.alarms, &q->alarm);
	if (!flow_is_none(q->flow))
		lane_let(r, q->flow);
	a->questions--;
	address_release(r, a);
	pool_give(&r->questions, pool_ref(&r->questions, q));
}

void
expiry_arm(struct registrar *r, struct address *a, struct when now)
{
	int64_t at_ms = INT64_MAX;

	for (uint32_t i = 0; i < a->set.count; i++) {
		int64_t due_ms = now.mono_ms;

		if (address_reaches(r, a, i, now))
			due_ms += (a->set.list[i].expires_at_s - now.wall_s) * 1000;
		if (due_ms < at_ms)
			at_ms = due_ms;
	}
	if (a->is_behind && now.mono_ms + STORE_AGAIN_MS < at_ms)
		at_ms = now.mono_ms + STORE_AGAIN_MS;
	if (at_ms == INT64_MAX)
		alarm_disarm(r->options.alarms, &a->expiry);
	else
		alarm_arm(r->options.alarms, &a->expiry, at_ms);
}

void
expiry_shed(struct registrar *r, struct address *a, struct when now, struct out *out)
{
	if (address_shed(r, a, now) > 0)
		a->is_behind = true;
	/* A question that is under way settles it, or the next try does. */
	if (a->is_behind && a->questions == 0 && pool_left(&r->questions) > 0) {
		struct buf b = out_buf(out, SET_BYTES_MAX);

		binding_set_write(&b, &a->set);
		must(buf_ok(&b));
		question_ask(r, a, REF_NONE, out_wrote(out, &b), now, out);
	}
	expiry_arm(r, a, now);
}
