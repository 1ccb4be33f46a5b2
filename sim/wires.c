/* SPDX-License-Identifier: Apache-2.0 */
/* Datagrams and streams between the devices and the server: lost, doubled, late, in pieces, cut. */
#include <stdlib.h>
#include <string.h>

#include "world.h"

enum {
	DRAW_LOSE = 0x20,
	DRAW_TWICE,
	DRAW_DELAY,
	DRAW_SPIKE,
	DRAW_SPIKE_MS,
	DRAW_SPLIT,
	DRAW_WHERE,
	DRAW_RESET,
	DRAW_DIAL,
	DRAW_HANG,
	DRAW_END,
	DRAW_PIECE,
	PIECES_MAX = 40,
	DEAD_MS = 30 * 1000, /* until unacknowledged data is noticed */
	CONNECT_MAX_MS = 4000,
};

struct wire *
wire_find(struct world *w, struct flow_id id)
{
	/* The youngest are asked for most. */
	for (uint32_t i = w->wire_count; i > 0; i--)
		if (flow_same(w->wires[i - 1].id, id))
			return &w->wires[i - 1];
	return NULL;
}

static enum check_transport
judged(enum transport transport)
{
	return transport == TRANSPORT_TLS    ? CHECK_TLS
		: transport == TRANSPORT_TCP ? CHECK_TCP
					     : CHECK_UDP;
}

static uint64_t
seed_of(const struct world *w)
{
	return w->options.seed;
}

static int64_t
delay_ms(struct world *w)
{
	uint64_t n = w->packets++;
	int64_t ms = draw_span(
		seed_of(w), DRAW_DELAY, n, w->weather.delay_min_ms, w->weather.delay_max_ms);

	if (draw_ppm(seed_of(w), DRAW_SPIKE, n, w->weather.spike_ppm)) {
		w->troubles[TROUBLE_SPIKE]++;
		ms += draw_span(seed_of(w), DRAW_SPIKE_MS, n, 0, w->weather.spike_ms);
	}
	return ms;
}

/* Whether the N-th packet, a datagram, is lost; if not it arrives in MS. */
static bool
is_lost(struct world *w, uint64_t n, int64_t ms)
{
	if (draw_ppm(seed_of(w), DRAW_LOSE, n, w->weather.lose_ppm)) {
		w->troubles[TROUBLE_LOST]++;
		return true;
	}
	w->troubles[TROUBLE_OVERTAKEN] += w->now.mono_ms + ms < w->datagram_at_ms;
	w->datagram_at_ms = w->now.mono_ms + ms;
	return false;
}

static struct wire *
add_wire(struct world *w, struct flow_id id, enum transport transport, uint32_t who,
	const struct addr *peer)
{
	struct wire *wire;

	if (w->wire_count == WORLD_FLOWS_MAX)
		return NULL;
	wire = &w->wires[w->wire_count++];
	*wire = (struct wire){ .id = id, .transport = transport, .who = who, .peer = *peer };
	return wire;
}

/* ---- streams come and go ---- */

struct flow_id
wire_connect(struct world *w, uint32_t who, enum transport transport)
{
	struct addr from = w->phones.all[who].at;
	struct flow_id id = { w->next_flow };
	struct item *item;
	struct wire *wire;

	from.port = (uint16_t)(30000 + w->next_flow % 30000);
	wire = add_wire(w, id, transport, who, &from);
	if (wire == NULL)
		return FLOW_NONE;
	w->next_flow++;
	item = world_later(w, delay_ms(w), ITEM_OPEN, NULL, 0);
	item->flow = id;
	wire->in_at_ms = item->at_ms;
	return id;
}

void
wire_dial(struct world *w, const struct act *act)
{
	const struct addr *to = &act->u.dial.to;
	uint32_t who = phone_at(w, to, act->u.dial.transport);
	struct wire *wire = add_wire(w, act->u.dial.flow, act->u.dial.transport, who, to);
	uint64_t n = w->packets;
	int64_t ms = delay_ms(w) + delay_ms(w);
	struct buf name;
	struct item *item;

	if (wire == NULL)
		abort(); /* a run has not that many */
	wire->is_dialled = true;
	name = buf_on(wire->name, sizeof wire->name - 1);
	buf_put(&name, act->u.dial.name);
	check_dialled(
		w->check, wire->id.number, judged(wire->transport), addr_text(to), wire->name);
	story_say(w, "dials %s as %s", addr_text(to), wire->name);
	if (draw_ppm(seed_of(w), DRAW_HANG, n, w->weather.dial_hang_ppm)) {
		w->troubles[TROUBLE_DIAL_MUTE]++;
		ms = CONNECT_MAX_MS;
	}
	item = world_later(w, ms, ITEM_OPEN, NULL, 0);
	item->flow = wire->id;
	item->how = who == PHONES || ms == CONNECT_MAX_MS ||
		draw_ppm(seed_of(w), DRAW_DIAL, n, w->weather.dial_fail_ppm);
	w->troubles[TROUBLE_DIAL_REFUSED] += who < PHONES && ms != CONNECT_MAX_MS && item->how != 0;
	/* The shell lets no octet out to whom has not proved the name. */
	if (who < PHONES && wire->transport == TRANSPORT_TLS) {
		const struct phone *phone = &w->phones.all[who];
		char ip[ADDR_TEXT_MAX];
		struct buf b = buf_on(ip, sizeof ip - 1);

		addr_write_bare(&b, &phone->at);
		ip[b.used] = '\0';
		if (strcmp(wire->name, phone->name != NULL ? phone->name : ip) != 0)
			item->how = 1;
	}
	wire->out_at_ms = item->at_ms;
}

static void
tell_open(struct world *w, struct wire *wire)
{
	bool is_tls = wire->transport == TRANSPORT_TLS;
	struct event e = { .kind = EV_FLOW_OPEN };

	wire->is_open = true;
	e.u.open.flow = wire->id;
	e.u.open.transport = wire->transport;
	e.u.open.local = w->listeners[is_tls ? 2 : 1].local;
	if (wire->is_dialled)
		e.u.open.local.port = 33333;
	e.u.open.peer = wire->peer;
	e.u.open.listener = is_tls ? 2 : 1;
	if (is_tls)
		e.u.open.secured = (struct secured){
			.proof = wire->is_dialled ? PROOF_NAME : PROOF_NONE,
			.version = STR("TLSv1.3"),
			.cipher = STR("TLS_AES_256_GCM_SHA384"),
			.name = wire->is_dialled ? str_cstr(wire->name) : STR(""),
		};
	check_opened(w->check, wire->id.number, judged(wire->transport), addr_text(&wire->peer),
		wire->is_dialled, is_tls && wire->is_dialled);
	world_feed(w, &e);
}

static void
tell_over(struct world *w, struct wire *wire, bool is_failure, const char *why)
{
	struct event e = { .kind = is_failure ? EV_FLOW_FAILED : EV_FLOW_CLOSED };

	wire->is_gone = wire->is_cut = true;
	e.u.closed.flow = wire->id;
	e.u.closed.reason = str_cstr(why);
	if (!wire->is_shut)
		check_closed(w->check, wire->id.number);
	story_say(w, "flow %llu to %s is over: %s", (unsigned long long)wire->id.number,
		addr_text(&wire->peer), why);
	world_feed(w, &e);
}

void
wire_open_due(struct world *w, const struct item *item)
{
	struct wire *wire = wire_find(w, item->flow);

	if (wire == NULL || wire->is_gone || item->life != w->life)
		return;
	if (item->how != 0 || wire->is_cut)
		tell_over(w, wire, wire->is_dialled, "nobody answers");
	else if (!wire->is_shut || !wire->is_dialled)
		tell_open(w, wire);
}

void
wire_cut(struct world *w, struct wire *wire, const char *why)
{
	bool is_noticed = w->is_calm || world_below(w, DRAW_END, 5) != 0;
	struct item *item;

	if (wire->is_gone || wire->is_cut)
		return;
	wire->is_cut = true;
	story_say(w, "the connection %llu breaks: %s", (unsigned long long)wire->id.number, why);
	item = world_later(
		w, is_noticed ? delay_ms(w) : world_below(w, DRAW_END, DEAD_MS), ITEM_END, NULL, 0);
	item->flow = wire->id;
	if (wire->who < PHONES)
		phone_lost(w, wire->who, wire->id);
}

void
wire_end_due(struct world *w, const struct item *item)
{
	struct wire *wire = wire_find(w, item->flow);

	if (wire == NULL || wire->is_gone || item->life != w->life)
		return;
	tell_over(w, wire, wire->is_dialled && !wire->is_open,
		wire->is_shut ? "" : "the peer has closed it");
}

void
wire_shut(struct world *w, struct flow_id id)
{
	struct wire *wire = wire_find(w, id);
	struct item *item;

	if (wire == NULL || wire->is_shut)
		return;
	wire->is_shut = true;
	check_closed(w->check, id.number);
	story_say(w, "the server shuts flow %llu", (unsigned long long)id.number);
	if (wire->is_gone)
		return;
	item = world_later(w, 1, ITEM_END, NULL, 0);
	item->flow = id;
	if (!wire->is_cut && wire->who < PHONES)
		phone_lost(w, wire->who, id);
}

/* ---- octets to the server ---- */

static void
say_datagram(struct world *w, uint32_t who, const char *at, size_t len)
{
	uint64_t n = w->packets;
	int copies = draw_ppm(seed_of(w), DRAW_TWICE, n, w->weather.twice_ppm) ? 2 : 1;

	w->troubles[TROUBLE_TWICE] += copies == 2;
	for (int i = 0; i < copies; i++) {
		int64_t ms = delay_ms(w);
		struct item *item;

		if (is_lost(w, n + (uint64_t)i, ms))
			continue;
		item = world_later(w, ms, ITEM_BYTES, at, len);
		item->flow = w->listeners[0].flow;
		item->from = w->phones.all[who].at;
	}
}

/* Puts one piece behind those that are under way. */
static void
say_piece(struct world *w, struct wire *wire, const char *at, size_t len)
{
	int64_t at_ms = w->now.mono_ms + delay_ms(w);
	struct item *item;

	if (at_ms < wire->in_at_ms)
		at_ms = wire->in_at_ms;
	wire->in_at_ms = at_ms;
	item = world_later(w, at_ms - w->now.mono_ms, ITEM_BYTES, at, len);
	item->flow = wire->id;
	item->from = wire->peer;
}

static void
say_stream(struct world *w, struct wire *wire, const char *at, size_t len)
{
	uint64_t n = w->packets;
	bool is_reset = draw_ppm(seed_of(w), DRAW_RESET, n, w->weather.reset_ppm);
	bool is_split = draw_ppm(seed_of(w), DRAW_SPLIT, n, w->weather.split_ppm);
	size_t left = is_reset ? draw_below(seed_of(w), DRAW_WHERE, n, (uint32_t)len + 1) : len;

	w->troubles[TROUBLE_SPLIT] += is_split;
	w->troubles[TROUBLE_RESET_IN] += is_reset;
	for (uint64_t i = 0; left > 0; i++) {
		size_t piece = left;

		if (is_split && i < PIECES_MAX)
			piece = 1 +
				draw_below(seed_of(w), DRAW_PIECE, n << 8 | i,
					(uint32_t)(left < 400 ? left : 400));
		say_piece(w, wire, at, piece < left ? piece : left);
		at += piece < left ? piece : left;
		left -= piece < left ? piece : left;
	}
	if (is_reset)
		wire_cut(w, wire, "in the midst of a message");
}

void
wire_say(struct world *w, uint32_t who, struct flow_id flow, const char *at, size_t len)
{
	struct wire *wire;

	if (flow.number <= WORLD_LISTENERS) {
		say_datagram(w, who, at, len);
		return;
	}
	wire = wire_find(w, flow);
	if (wire != NULL && !wire->is_cut && !wire->is_shut)
		say_stream(w, wire, at, len);
}

void
wire_bytes_due(struct world *w, struct item *item)
{
	struct event e = { .kind = EV_BYTES };
	struct wire *wire = NULL;
	enum transport transport = TRANSPORT_UDP;

	if (item->flow.number > WORLD_LISTENERS) {
		wire = wire_find(w, item->flow);
		if (wire == NULL || wire->is_gone || wire->is_shut || !wire->is_open)
			return;
		transport = wire->transport;
	}
	e.u.bytes.flow = item->flow;
	e.u.bytes.from = item->from;
	e.u.bytes.data = str_of(item->bytes, item->len);
	check_in(w->check, item->flow.number, judged(transport), addr_text(&item->from),
		item->bytes, item->len);
	story_message(w, true, item->flow, transport, &item->from, item->bytes, item->len);
	world_feed(w, &e);
}

/* ---- octets of the server ---- */

static void
carry_datagram(struct world *w, const struct act *act)
{
	uint32_t who = phone_at(w, &act->u.send.to, TRANSPORT_UDP);
	uint64_t n = w->packets;
	int copies = draw_ppm(seed_of(w), DRAW_TWICE, n, w->weather.twice_ppm) ? 2 : 1;

	w->troubles[TROUBLE_TWICE] += copies == 2;
	check_out(w->check, act->u.send.flow.number, CHECK_UDP, addr_text(&act->u.send.to),
		act->u.send.bytes.at, act->u.send.bytes.len, false);
	story_message(w, false, act->u.send.flow, TRANSPORT_UDP, &act->u.send.to,
		act->u.send.bytes.at, act->u.send.bytes.len);
	for (int i = 0; i < copies; i++) {
		int64_t ms = delay_ms(w);
		struct item *item;

		if (who == PHONES || is_lost(w, n + (uint64_t)i, ms))
			continue;
		item = world_later(w, ms, ITEM_PHONE, act->u.send.bytes.at, act->u.send.bytes.len);
		item->flow = act->u.send.flow;
		item->who = who;
	}
}

void
wire_carry(struct world *w, const struct act *act)
{
	struct str bytes = act->u.send.bytes;
	struct wire *wire;
	struct item *item;
	int64_t at_ms;

	if (act->u.send.flow.number <= WORLD_LISTENERS) {
		carry_datagram(w, act);
		return;
	}
	wire = wire_find(w, act->u.send.flow);
	if (wire == NULL)
		abort(); /* a flow that never was */
	check_out(w->check, wire->id.number, judged(wire->transport), addr_text(&wire->peer),
		bytes.at, bytes.len, wire->is_gone || wire->is_shut);
	story_message(w, false, wire->id, wire->transport, &wire->peer, bytes.at, bytes.len);
	if (wire->is_gone || wire->is_shut || wire->is_cut || wire->who >= PHONES)
		return;
	if (draw_ppm(seed_of(w), DRAW_RESET, w->packets, w->weather.reset_ppm)) {
		w->packets++;
		w->troubles[TROUBLE_RESET_OUT] += wire->is_open;
		if (wire->is_open)
			wire_cut(w, wire, "while the server was sending");
		return;
	}
	at_ms = w->now.mono_ms + delay_ms(w);
	if (at_ms < wire->out_at_ms)
		at_ms = wire->out_at_ms;
	wire->out_at_ms = at_ms;
	item = world_later(w, at_ms - w->now.mono_ms, ITEM_PHONE, bytes.at, bytes.len);
	item->flow = wire->id;
	item->who = wire->who;
}
