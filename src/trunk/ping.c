/* SPDX-License-Identifier: Apache-2.0 */
#include "trunk/ping.h"

#include <string.h>

#include "base/panic.h"
#include "sip/write.h"
#include "trunk/ask.h"

/* Those that are asked when a directory comes in are not all asked at once. */
enum { SPREAD_MS = 20 };

/* How long it waits for addresses that are being looked up. */
enum { LOOK_AGAIN_MS = 250 };

bool
pings_open(struct pings *ps, struct arena *arena, uint32_t max, struct txns *txns,
	struct flows *flows, struct alarms *alarms, struct dice *dice)
{
	*ps = (struct pings){ .txns = txns, .flows = flows, .alarms = alarms, .dice = dice };
	ps->by_place = arena_take(arena, DNS_MAX * sizeof(struct ping *), _Alignof(struct ping *));
	return pool_open(&ps->pool, arena, max, sizeof(struct ping)) && ps->by_place != NULL;
}

static struct str
number_of(const struct ping *p)
{
	return str_of(p->number, p->number_len);
}

static const struct dn *
dn_of(const struct pings *ps, const struct ping *p)
{
	return &ps->directory->dns[p->place];
}

static int64_t
period_ms(const struct dn *dn)
{
	return (int64_t)(dn->oos_check_s > 0 ? dn->oos_check_s : dn->recovery_timeout_s) * 1000;
}

/* ---- the directory ---- */

static void
give_up_asking(struct pings *ps, struct ping *p)
{
	if (!ref_is_none(p->txn))
		txn_disown(ps->txns, p->txn);
	p->txn = REF_NONE;
}

static void
forget(struct pings *ps, struct ping *p)
{
	give_up_asking(ps, p);
	alarm_disarm(ps->alarms, &p->alarm);
	ps->out_count -= p->is_out;
	pool_give(&ps->pool, p->ref);
}

/* Whether it matters if DN is alive. */
static bool
is_watched(const struct dn *dn)
{
	return !dn->contact.is_self && (dn->oos_check_s > 0 || dn->recovery_timeout_s > 0);
}

static struct ping *
begin(struct pings *ps, const struct dn *dn)
{
	struct ref ref;
	struct ping *p = pool_take(&ps->pool, &ref);

	if (p == NULL)
		return NULL;
	*p = (struct ping){ .ref = ref, .alarm = alarm_of(ALARM_PING, ref, 0) };
	must(dn->number.len <= sizeof p->number);
	p->number_len = (uint32_t)dn->number.len;
	memcpy(p->number, dn->number.at, dn->number.len);
	return p;
}

void
pings_directory(struct pings *ps, const struct directory *directory, struct when now)
{
	int64_t at_ms = now.mono_ms;

	ps->directory = directory;
	for (uint32_t place = 0; place < directory->count; place++)
		ps->by_place[place] = NULL;
	for (uint32_t slot = 0; slot < ps->pool.fresh; slot++) {
		struct ping *p = pool_slot(&ps->pool, slot);
		const struct dn *dn = p != NULL ? directory_find(directory, number_of(p)) : NULL;

		if (dn != NULL && is_watched(dn))
			ps->by_place[directory_place(directory, dn)] = p;
		else if (p != NULL)
			forget(ps, p);
	}
	for (uint32_t place = 0; place < directory->count; place++) {
		const struct dn *dn = &directory->dns[place];
		struct ping *p = ps->by_place[place];

		if (p == NULL && is_watched(dn))
			p = ps->by_place[place] = begin(ps, dn);
		if (p == NULL)
			continue;
		p->place = place;
		if (dn->oos_check_s > 0 && !alarm_is_armed(&p->alarm) && !ps->is_draining)
			alarm_arm(ps->alarms, &p->alarm, at_ms += SPREAD_MS);
	}
}

void
pings_drain(struct pings *ps)
{
	ps->is_draining = true;
	for (uint32_t slot = 0; slot < ps->pool.fresh; slot++) {
		struct ping *p = pool_slot(&ps->pool, slot);

		if (p == NULL)
			continue;
		give_up_asking(ps, p);
		alarm_disarm(ps->alarms, &p->alarm);
	}
}

/* ---- in service, or not ---- */

static void
set_out(struct pings *ps, struct ping *p, bool is_out, struct str why, const struct turn *t)
{
	struct buf line;

	if (p->is_out == is_out)
		return;
	p->is_out = is_out;
	if (is_out)
		ps->out_count++;
	else
		ps->out_count--;
	line = note_begin(t);
	buf_put(&line, STR("DN "));
	buf_quoted(&line, number_of(p), LOG_TEXT_MAX);
	if (is_out) {
		p->out_at_ms = t->now.mono_ms;
		buf_put(&line, STR(" is out of service: "));
		buf_put(&line, why);
	} else {
		buf_put(&line, STR(" is in service again, after "));
		buf_number(&line, (uint64_t)(t->now.mono_ms - p->out_at_ms) / 1000);
		buf_put(&line, STR(" s"));
	}
	note_end(t, is_out ? NOTE_WARN : NOTE_INFO, &line);
}

static void
wait_for_next(struct pings *ps, struct ping *p, const struct turn *t)
{
	const struct dn *dn = dn_of(ps, p);

	p->way_next = 0;
	if (!ps->is_draining && (dn->oos_check_s > 0 || p->is_out))
		alarm_arm(ps->alarms, &p->alarm, t->now.mono_ms + period_ms(dn));
}

/* This address did not answer: the next one is asked, or there is none. */
static void
fail(struct pings *ps, struct ping *p, struct str why, const struct turn *t)
{
	if (p->way_next > 0) {
		give_up_asking(ps, p);
		alarm_arm(ps->alarms, &p->alarm, t->now.mono_ms);
		return;
	}
	set_out(ps, p, true, why, t);
	/* The OPTIONS may be answered yet, until the next one is due. */
	wait_for_next(ps, p, t);
}

const struct dn *
pings_ring(struct pings *ps, const struct alarm *alarm, const struct turn *t)
{
	struct ping *p = pool_at(&ps->pool, alarm->owner);
	const struct dn *dn;

	must(p != NULL);
	dn = dn_of(ps, p);
	if (dn->oos_check_s == 0) { /* recovery-timeout is over: the next call will tell */
		set_out(ps, p, false, STR(""), t);
		return NULL;
	}
	if (!ref_is_none(p->txn) && !p->is_out) {
		fail(ps, p, STR("it does not answer OPTIONS"), t);
		return NULL;
	}
	give_up_asking(ps, p);
	return dn;
}

/* ---- OPTIONS ---- */

static void
write_uri_of(struct buf *b, const struct dn *dn)
{
	struct uri_parts parts = {
		.scheme = dn->contact.speech.scheme == SCHEME_SIPS ? URI_SIPS : URI_SIP,
		.user = dn->contact.number,
		.host = dn->contact.host,
		.port = dn->contact.port,
		.params = STR(""),
	};

	uri_write(b, &parts);
}

/* Puts `<scheme:HOST>`, or without HOST the face that TARGET sees, as our own URI. */
static void
write_ours(struct pings *ps, struct buf *b, const struct dn *dn, const struct target *target,
	struct str host)
{
	struct speech spoken = { dn->contact.speech.scheme, target->transport };

	buf_char(b, '<');
	buf_put(b, scheme_name(spoken.scheme));
	buf_char(b, ':');
	if (!str_is_empty(host)) {
		buf_put(b, host);
	} else {
		flows_write_face(ps->flows, b, target->transport, &target->addr, target->flow);
		buf_put(b, scheme_contact_param(&spoken, dn->emits_tls));
	}
	buf_char(b, '>');
}

static void
write_options(struct pings *ps, struct buf *b, const struct dn *dn, const struct target *target,
	struct str branch, struct str routes)
{
	char text[URI_BYTES_MAX];
	struct buf uri = buf_on(text, sizeof text);

	write_uri_of(&uri, dn);
	write_request_line(b, STR("OPTIONS"), buf_str(&uri));
	write_begin(b, HEADER_FROM);
	write_ours(ps, b, dn, target, directory_realm(ps->directory));
	buf_put(b, STR(";tag="));
	dice_guid(ps->dice, b);
	write_end(b);
	write_begin(b, HEADER_TO);
	buf_char(b, '<');
	buf_put(b, buf_str(&uri));
	buf_char(b, '>');
	write_end(b);
	write_begin(b, HEADER_CALL_ID);
	dice_guid(ps->dice, b);
	write_end(b);
	write_header(b, HEADER_CSEQ, STR("1 OPTIONS"));
	flows_write_via(ps->flows, b, target->transport, &target->addr, target->flow, branch);
	write_number(b, HEADER_MAX_FORWARDS, MAX_FORWARDS);
	if (!str_is_empty(routes))
		write_header(b, HEADER_ROUTE, routes);
	write_begin(b, HEADER_CONTACT);
	write_ours(ps, b, dn, target, STR(""));
	write_end(b);
	write_header(b, HEADER_ACCEPT, STR("application/sdp"));
	write_body(b, STR(""));
}

/* Ends: true with p->txn; false with *WHY a sentence. */
static bool
say(struct pings *ps, struct ping *p, const struct dn *dn, const struct leg_plan *plan,
	const struct way *way, const struct turn *t, struct str *why)
{
	struct asked asked = { dn_speech(dn), plan->name, plan->terms, dn->number };
	struct txn_owner owner = { OWNER_PING, p->ref, 0 };
	struct target target;
	struct txn_way by;
	struct str branch;
	struct ref txn;
	struct buf b;

	if (!ask_choose(ps->flows, &asked, way, t, &target, why))
		return false;
	*why = STR("there is no room for an OPTIONS");
	txn = txn_reserve(ps->txns, owner, &branch);
	if (ref_is_none(txn))
		return false;
	b = out_buf(t->out, OURS_BYTES_MAX);
	write_options(ps, &b, dn, &target, branch, plan->routes);
	if (!buf_ok(&b)) {
		txn_drop(ps->txns, txn);
		return false;
	}
	by = ask_way(&target);
	txn_send(ps->txns, txn, METHOD_OPTIONS, out_wrote(t->out, &b), &by, t->now, t->out);
	p->txn = txn;
	return true;
}

void
ping_ask(struct pings *ps, const struct dn *dn, const struct leg_plan *plan, const struct turn *t)
{
	struct ping *p = ps->by_place[directory_place(ps->directory, dn)];
	struct str why = STR("its contact has no address");

	must(p != NULL);
	while (p->way_next < plan->way_count) {
		const struct way *way = &plan->ways[p->way_next++];

		if (!say(ps, p, dn, plan, way, t, &why))
			continue;
		if (p->way_next >= plan->way_count)
			p->way_next = 0;
		/* One that is out has until the next is due; without oos-force, until the
		 * transaction gives up. */
		if (p->is_out)
			alarm_arm(ps->alarms, &p->alarm, t->now.mono_ms + period_ms(dn));
		else if (dn->oos_force_s > 0)
			alarm_arm(ps->alarms, &p->alarm,
				t->now.mono_ms + (int64_t)dn->oos_force_s * 1000);
		return;
	}
	p->way_next = 0;
	fail(ps, p, why, t);
}

void
ping_wait(struct pings *ps, const struct dn *dn, const struct turn *t)
{
	struct ping *p = ps->by_place[directory_place(ps->directory, dn)];

	must(p != NULL);
	alarm_arm(ps->alarms, &p->alarm, t->now.mono_ms + LOOK_AGAIN_MS);
}

void
ping_cannot(struct pings *ps, const struct dn *dn, struct str why, const struct turn *t)
{
	struct ping *p = ps->by_place[directory_place(ps->directory, dn)];

	must(p != NULL);
	p->way_next = 0;
	fail(ps, p, why, t);
}

void
pings_hear(struct pings *ps, const struct news *news, const struct msg *msg, const struct turn *t)
{
	struct ping *p = pool_at(&ps->pool, news->owner.ref);

	if (p == NULL || !ref_same(p->txn, news->txn) || news->kind == NEWS_PROVISIONAL)
		return;
	p->txn = REF_NONE;
	if (news->kind == NEWS_UNREACHABLE) {
		fail(ps, p, STR("it cannot be reached"), t);
	} else if (news->kind != NEWS_FINAL || msg->status == 408 || msg->status == 503) {
		fail(ps, p, STR("it does not answer OPTIONS"), t);
	} else {
		set_out(ps, p, false, STR(""), t);
		wait_for_next(ps, p, t);
	}
}

/* ---- calls ---- */

void
pings_call_failed(struct pings *ps, struct str number, const struct turn *t)
{
	const struct dn *dn = directory_find(ps->directory, number);
	struct ping *p = dn != NULL ? ps->by_place[directory_place(ps->directory, dn)] : NULL;

	if (p == NULL || dn->recovery_timeout_s == 0 || p->is_out)
		return;
	set_out(ps, p, true, STR("a call to it had no answer at all"), t);
	if (dn->oos_check_s == 0)
		wait_for_next(ps, p, t);
}

bool
pings_is_in_service(const struct pings *ps, const struct dn *dn)
{
	const struct ping *p = ps->by_place[directory_place(ps->directory, dn)];

	return p == NULL || !p->is_out;
}
