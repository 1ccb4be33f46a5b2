/* SPDX-License-Identifier: Apache-2.0 */
#include "check_inside.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void
check_break(struct check *c, const char *id, const char *sentence, ...)
{
	va_list args;

	if (c->is_broken)
		return;
	c->is_broken = true;
	c->broken.id = id;
	c->broken.at_ms = c->now_ms;
	va_start(args, sentence);
	(void)vsnprintf(c->broken.what, sizeof c->broken.what, sentence, args);
	va_end(args);
}

void *
check_take_memory(size_t size)
{
	void *at = calloc(1, size);

	if (at == NULL) {
		fputs("sim: no memory\n", stderr);
		abort();
	}
	return at;
}

void
check_copy(char *at, size_t size, struct wire_text text)
{
	size_t len = text.len < size - 1 ? text.len : size - 1;

	if (len > 0)
		memcpy(at, text.at, len);
	at[len] = '\0';
}

uint64_t
check_serial(struct check *c)
{
	return wire_mix(0x5157, ++c->serial) | 1;
}

/* ---- time ---- */

int64_t
check_64_t1(const struct check *c)
{
	return 64 * c->o.t1_ms;
}

int64_t
check_span(const struct check *c, int64_t since_ms, int64_t dead_ms)
{
	return c->now_ms - since_ms - (c->dead_ms - dead_ms);
}

void
check_put_due(struct check *c, enum due_kind kind, uint64_t key, int64_t span_ms)
{
	struct due due = { c->now_ms + span_ms, c->dead_ms, key, (int)kind };

	dues_put(&c->dues, &due);
}

static void
flow_due(struct check *c, const struct due *due)
{
	struct flow *flow = bag_find(&c->flows, due->key);

	if (flow != NULL && flow->is_closed && c->now_ms - flow->closed_ms >= FLOW_KEEP_MS)
		seen_flow_drop(bag_take(&c->flows, due->key));
}

static void
look_at(struct check *c, const struct due *due)
{
	switch ((enum due_kind)due->what) {
	case DUE_ANSWER:
	case DUE_REPEAT:
	case DUE_TXN_END: seen_txn_due(c, due); return;
	case DUE_ACK:
	case DUE_NO_ACK:
	case DUE_BYE:
	case DUE_SESSION:
	case DUE_LEG_END: seen_dialog_due(c, due); return;
	case DUE_UNHEARD:
	case DUE_CANCEL_OUT: seen_way_due(c, due); return;
	case DUE_OTHER:
	case DUE_RECORD_END: seen_call_due(c, due); return;
	case DUE_FLOW_END: flow_due(c, due); return;
	}
}

/* The server is held up from NOW - LATE to now; what overlaps counts once. */
void
check_time(struct check *c, int64_t mono_ms, int64_t wall_s, int64_t late_ms)
{
	int64_t from_ms = mono_ms - late_ms;
	struct due due;

	if (from_ms < c->dead_until_ms)
		from_ms = c->dead_until_ms;
	if (mono_ms > from_ms)
		c->dead_ms += mono_ms - from_ms;
	if (mono_ms > c->dead_until_ms)
		c->dead_until_ms = mono_ms;
	c->now_ms = mono_ms;
	c->late_ms = late_ms;
	c->wall_s = wall_s;
	if (llabs(wall_s - mono_ms / 1000 - c->wall_base_s) > 2) {
		c->has_jumped = c->has_jumped || c->wall_base_s != 0;
		seen_reg_jump(c);
		c->wall_base_s = wall_s - mono_ms / 1000;
	}
	while (!c->is_broken && dues_take(&c->dues, mono_ms, &due)) {
		/* What it waits for may come the later by as much as the server was held up. */
		if (c->dead_ms > due.dead_ms) {
			due.at_ms += c->dead_ms - due.dead_ms;
			due.dead_ms = c->dead_ms;
			dues_put(&c->dues, &due);
			continue;
		}
		look_at(c, &due);
	}
}

/* ---- opening and closing ---- */

static void
keep_dns(struct check *c, const struct check_dn *dns, size_t count)
{
	size_t size = 1;
	char *at;

	for (size_t i = 0; i < count; i++)
		size += strlen(dns[i].number) + strlen(dns[i].contact) +
			(dns[i].password != NULL ? strlen(dns[i].password) : 0) +
			(dns[i].realm != NULL ? strlen(dns[i].realm) : 0) + 4;
	free(c->dns);
	free(c->dn_text);
	c->dns = check_take_memory((count + 1) * sizeof *c->dns);
	at = c->dn_text = check_take_memory(size);
	c->dn_count = count;
	for (size_t i = 0; i < count; i++) {
		const char *texts[] = { dns[i].number, dns[i].contact, dns[i].password,
			dns[i].realm };
		const char **to[] = { &c->dns[i].number, &c->dns[i].contact, &c->dns[i].password,
			&c->dns[i].realm };

		for (size_t k = 0; k < sizeof texts / sizeof texts[0]; k++) {
			if (texts[k] == NULL)
				continue;
			*to[k] = at;
			at = (char *)memcpy(at, texts[k], strlen(texts[k]) + 1) + strlen(texts[k]) +
				1;
		}
		c->dns[i].is_trunk = dns[i].is_trunk;
		c->dns[i].crossing = dns[i].crossing;
		c->dns[i].sips = dns[i].sips;
	}
}

struct check *
check_open(const struct check_options *o)
{
	struct check *c = check_take_memory(sizeof *c);

	c->o = *o;
	keep_dns(c, o->dns, o->dn_count);
	seen_secure_open(c);
	seen_reg_open(c);
	return c;
}

void
check_close(struct check *c)
{
	if (c == NULL)
		return;
	seen_reg_close(c);
	bag_clear(&c->flows, seen_flow_drop);
	bag_clear(&c->txns, seen_txn_drop);
	bag_clear(&c->dialogs, NULL);
	bag_clear(&c->legs, free);
	bag_clear(&c->calls, free);
	bag_clear(&c->names, NULL);
	bag_clear(&c->records, free);
	dues_clear(&c->dues);
	free(c->dns);
	free(c->dn_text);
	free(c);
}

const struct broken *
check_broken(const struct check *c)
{
	return c->is_broken ? &c->broken : NULL;
}

void
check_tally(const struct check *c, struct check_tally *tally)
{
	*tally = c->tally;
}

/* ---- the wire ---- */

static void
keep_half(struct flow *flow, const char *at, size_t len)
{
	if (flow->half_len + len > flow->half_size) {
		flow->half_size = 2 * (flow->half_len + len);
		flow->half = realloc(flow->half, flow->half_size);
		if (flow->half == NULL)
			abort();
	}
	memcpy(flow->half + flow->half_len, at, len);
	flow->half_len += len;
}

static void
stream_in(struct check *c, struct flow *flow, const char *peer, const char *at, size_t len)
{
	size_t done = 0;

	keep_half(flow, at, len);
	while (!flow->is_murky && done < flow->half_len) {
		size_t skip = 0, message_len = 0;
		enum wire_frame frame =
			wire_next(flow->half + done, flow->half_len - done, &skip, &message_len);

		done += skip;
		if (frame == WIRE_NONSENSE) /* nobody can say what follows */
			flow->is_murky = c->step.has_nonsense = true;
		if (frame != WIRE_MESSAGE)
			break;
		seen_message_in(c, flow, peer, flow->half + done, message_len);
		done += message_len;
	}
	flow->half_len -= done;
	memmove(flow->half, flow->half + done, flow->half_len);
}

void
check_in(struct check *c, uint64_t id, enum check_transport transport, const char *peer,
	const char *at, size_t len)
{
	struct flow *flow;

	if (c->is_broken || len == 0)
		return;
	flow = seen_flow_need(c, id, transport, peer);
	if (transport == CHECK_UDP)
		seen_message_in(c, flow, peer, at, len);
	else if (!flow->is_murky && !flow->is_closed)
		stream_in(c, flow, peer, at, len);
	else
		c->step.has_nonsense = true;
}

void
check_out(struct check *c, uint64_t id, enum check_transport transport, const char *peer,
	const char *at, size_t len, bool is_lost)
{
	static const char *const names[] = { "UDP", "TCP", "TLS" };
	struct flow *flow;

	if (c->is_broken)
		return;
	flow = seen_flow_need(c, id, transport, peer);
	c->step.outs++;
	c->step.out_bytes += len;
	c->tally.messages_out++;
	c->spoke_ms = c->now_ms;
	c->spoke_dead_ms = c->dead_ms;
	if (flow->is_closed && !is_lost)
		check_break(c, "S2", "octets for %s on a flow that is closed", peer);
	if (len == 2 && memcmp(at, "\r\n", 2) == 0)
		return;
	seen_secure_out(c, flow, at, len);
	wire_read(&c->msg, at, len, true);
	if (!c->msg.is_readable) {
		/* What could not be read is repeated as it stands; a Via without branch is of RFC
		 * 2543, whose transactions we do not follow. */
		if (c->msg.is_request || (c->msg.status < 400 && c->msg.branch.len > 0))
			check_break(c, "X3", "sent to %s over %s what cannot be read: %s", peer,
				names[transport], c->msg.fault);
		return;
	}
	seen_message_out(c, flow, peer, &c->msg);
}

/* ---- streams and the world around ---- */

void
check_crash(struct check *c)
{
	if (c->is_broken)
		return;
	seen_reg_crash(c);
	seen_legs_crash(c);
	bag_clear(&c->flows, seen_flow_drop);
	bag_clear(&c->txns, seen_txn_drop);
	bag_clear(&c->records, free);
	c->has_counts = c->is_draining = false;
	c->step = (struct step){ .is_crash = true };
}

void
check_drain(struct check *c)
{
	c->is_draining = true;
}

void
check_reload(struct check *c, const struct check_dn *dns, size_t count)
{
	if (c->is_broken)
		return;
	keep_dns(c, dns, count);
	c->step.is_reload = true;
}

void
check_note(struct check *c, const char *at, size_t len)
{
	struct wire_text line = { at, len };

	if (c->is_broken)
		return;
	c->step.notes++;
	/* Two readers may differ on what is beyond reproach: what the server says it could not
	 * read is at least not dropped in silence. */
	if (memmem(at, len, " malformed: ", 12) != NULL) {
		struct txn *asked = seen_txn_find(c, c->step.asked);

		c->step.has_nonsense = true;
		if (asked != NULL)
			asked->is_murky = true;
	}
	seen_res_note(c, line);
	seen_secure_note(c, line);
	seen_call_note(c, line);
}

void
check_step(struct check *c, const struct check_counts *counts)
{
	if (c->is_broken)
		return;
	seen_dialog_step(c);
	seen_call_step(c);
	seen_way_step(c, counts);
	seen_secure_step(c);
	seen_res_step(c, counts);
	c->counts = *counts;
	c->has_counts = true;
	c->step = (struct step){ .outs = 0 };
}

void
check_calm(struct check *c)
{
	c->is_calm = true;
}

void
check_over(struct check *c, const struct check_counts *counts)
{
	if (c->is_broken)
		return;
	seen_call_over(c, counts);
	seen_reg_over(c, counts);
	seen_res_over(c, counts);
}
