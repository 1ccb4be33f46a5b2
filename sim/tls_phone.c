/* SPDX-License-Identifier: Apache-2.0 */
#include "tls_phone.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/panic.h"
#include "tls_text.h"

enum { MESSAGE_BYTES = 8192, RECONNECT_MS = 200, TALK_MS = 4000, RING_LONG_MS = 60000 };

static const char sdp[] = "v=0\r\no=- 1 1 IN IP4 192.0.2.99\r\ns=-\r\nc=IN IP4 192.0.2.99\r\n"
			  "t=0 0\r\nm=audio 4000 RTP/AVP 0\r\n";

static bool
happens(struct phone *p, uint32_t pct)
{
	return dice_below(&p->all->sim->dice, 100) < pct;
}

static int64_t
in_ms(struct phone *p, uint32_t below)
{
	return p->all->sim->now.mono_ms + 1 + (int64_t)dice_below(&p->all->sim->dice, below);
}

/* ---- connections ---------------------------------------------------------------------------- */

static uint32_t
pick(struct dice *dice, const uint32_t *values, uint32_t count)
{
	return values[dice_below(dice, count)];
}

/* Most networks are kind. */
static void
draw_weather(struct phone *p, struct wire *wire)
{
	static const uint32_t chunks[] = { 65536, 65536, 65536, 65536, 65536, 16384, 1500, 1500,
		100, 7 };
	struct dice *dice = &p->all->sim->dice;
	struct weather *w = &wire->weather;

	w->chunk_max = pick(dice, chunks, 10);
	w->accept_max = pick(dice, chunks, 10);
	if (p->all->is_calm)
		return;
	w->stall_pct = happens(p, 20) ? 30 : 0;
	w->cut = happens(p, 50) ? CUT_FIN : CUT_RESET;
	if (happens(p, 4))
		w->cut_in_at = dice_below(dice, 8000);
	if (happens(p, 2))
		w->cut_out_at = dice_below(dice, 8000);
}

static void
draw_far(struct phone *p, struct far_options *o)
{
	static const uint32_t rooms[] = { 17408, 17408, 4096, 512, 64 };

	o->version = happens(p, 30) ? TLS1_2_VERSION : TLS1_3_VERSION;
	o->room_bytes = pick(&p->all->sim->dice, rooms, 5);
	o->has_fragments = happens(p, 40);
	o->ip = p->dn->ip;
}

static void
phone_connect(struct phone *p)
{
	struct far_options o = { .is_server = false };

	p->wire = sim_come(p->all->sim, p->dn->ip, ++p->port);
	p->wire->number = p->dn->number;
	p->wire->owner = (int)(p - p->all->phones);
	draw_weather(p, p->wire);
	draw_far(p, &o);
	far_open(&p->wire->far, &p->all->sim->fars, &o);
	p->wire->has_far = true;
}

/* ---- what it says --------------------------------------------------------------------------- */

static void __attribute__((format(printf, 3, 4)))
say(struct phone *p, struct wire *wire, const char *format, ...)
{
	char text[MESSAGE_BYTES];
	va_list args;
	int len;

	va_start(args, format);
	len = vsnprintf(text, sizeof text, format, args);
	va_end(args);
	must(len > 0 && len < (int)sizeof text);
	if (happens(p, 5) && !p->all->is_calm)
		far_update_keys(&wire->far);
	sim_say(p->all->sim, wire, str_of(text, (size_t)len));
}

static void
say_request(struct phone *p, struct dialog *d, const char *method, unsigned cseq, bool has_sdp)
{
	size_t body = has_sdp ? strlen(sdp) : 0;

	say(p, d->wire,
		"%s %s SIP/2.0\r\nVia: SIP/2.0/TLS %s:%u;branch=%s;rport\r\nMax-Forwards: 70\r\n"
		"From: %s\r\nTo: %s\r\nCall-ID: %s\r\nCSeq: %u %s\r\n"
		"Contact: <sips:%s@%s:%u>\r\nSupported: timer\r\n%sContent-Length: %zu\r\n\r\n%s",
		method, d->target, p->dn->ip, p->dn->port, d->branch, d->local, d->remote,
		d->call_id, cseq, method, p->dn->number, p->dn->ip, p->dn->port,
		has_sdp ? "Content-Type: application/sdp\r\n" : "", body, has_sdp ? sdp : "");
}

static void
new_branch(struct phone *p, struct dialog *d)
{
	snprintf(d->branch, sizeof d->branch, "z9hG4bK%s-%u", p->dn->number, ++p->numbers);
}

static void
say_register(struct phone *p)
{
	unsigned number = ++p->numbers;

	say(p, p->wire,
		"REGISTER sips:example.com SIP/2.0\r\n"
		"Via: SIP/2.0/TLS %s:%u;branch=z9hG4bKr%s-%u;rport\r\nMax-Forwards: 70\r\n"
		"From: <sips:%s@example.com>;tag=r%u\r\nTo: <sips:%s@example.com>\r\n"
		"Call-ID: reg-%s-%u\r\nCSeq: %u REGISTER\r\nContact: <sips:%s@%s:%u>\r\n"
		"Expires: 3600\r\nContent-Length: 0\r\n\r\n",
		p->dn->ip, p->dn->port, p->dn->number, number, p->dn->number, number, p->dn->number,
		p->dn->number, number, number, p->dn->number, p->dn->ip, p->dn->port);
}

/* Writes the lines of REQUEST that a response repeats; TAG is put behind a To without one. */
static void
write_echo(char *at, size_t size, struct str request, const char *tag)
{
	static const char *const names[] = { "Via", "From", "To", "Call-ID", "CSeq" };
	struct buf b = buf_on(at, size - 1);

	memset(at, 0, size);
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		struct str value = text_header(request, names[i]);

		buf_put(&b, str_cstr(names[i]));
		buf_put(&b, STR(": "));
		buf_put(&b, value);
		if (i == 2 && text_tag(value).len == 0) {
			buf_put(&b, STR(";tag="));
			buf_put(&b, str_cstr(tag));
		}
		buf_put(&b, STR("\r\n"));
	}
	must(buf_ok(&b));
}

static void
say_response(struct phone *p, struct wire *wire, const char *echo, unsigned status, bool has_sdp)
{
	say(p, wire,
		"SIP/2.0 %u Said\r\n%sContact: <sips:%s@%s:%u>\r\n%sContent-Length: %zu\r\n\r\n%s",
		status, echo, p->dn->number, p->dn->ip, p->dn->port,
		has_sdp ? "Content-Type: application/sdp\r\n" : "", has_sdp ? strlen(sdp) : 0,
		has_sdp ? sdp : "");
}

static void
reply(struct phone *p, struct wire *wire, struct str request, unsigned status, bool has_sdp)
{
	char echo[PHONE_ECHO_BYTES];

	write_echo(echo, sizeof echo, request, "x");
	say_response(p, wire, echo, status, has_sdp);
}

static void
hang_up(struct phone *p, struct dialog *d)
{
	new_branch(p, d);
	say_request(p, d, "BYE", ++d->cseq, false);
	d->state = DIALOG_ENDS;
	d->due_ms = INT64_MAX;
}

/* ---- what it hears -------------------------------------------------------------------------- */

static void
copy(char *at, size_t size, struct str s)
{
	must(s.len < size);
	memcpy(at, s.at, s.len);
	at[s.len] = '\0';
}

static struct dialog *
find_dialog(struct phone *p, struct str call_id)
{
	for (int i = 0; i < PHONE_DIALOGS_MAX; i++)
		if (p->dialogs[i].state != DIALOG_FREE &&
			str_same(call_id, str_cstr(p->dialogs[i].call_id)))
			return &p->dialogs[i];
	return NULL;
}

static struct dialog *
new_dialog(struct phone *p, struct wire *wire, enum dialog_state state)
{
	for (int i = 0; i < PHONE_DIALOGS_MAX; i++)
		if (p->dialogs[i].state == DIALOG_FREE) {
			p->dialogs[i] = (struct dialog){ .state = state, .wire = wire };
			return &p->dialogs[i];
		}
	return NULL;
}

static void
hear_new_call(struct phone *p, struct wire *wire, struct str text)
{
	struct dialog *d = new_dialog(p, wire, DIALOG_RINGS);
	char tag[32];
	struct buf local;

	if (d == NULL) {
		reply(p, wire, text, 486, false);
		return;
	}
	snprintf(tag, sizeof tag, "c%s-%u", p->dn->number, ++p->numbers);
	copy(d->call_id, sizeof d->call_id, text_header(text, "Call-ID"));
	copy(d->remote, sizeof d->remote, text_header(text, "From"));
	copy(d->target, sizeof d->target, text_angle(text_header(text, "Contact")));
	local = buf_on(d->local, sizeof d->local - 1);
	buf_put(&local, text_header(text, "To"));
	buf_put(&local, STR(";tag="));
	buf_put(&local, str_cstr(tag));
	must(buf_ok(&local));
	write_echo(d->echo, sizeof d->echo, text, tag);
	say_response(p, wire, d->echo, 180, false);
	d->wants_refusal = happens(p, 12);
	d->due_ms = happens(p, 12) ? in_ms(p, RING_LONG_MS) : in_ms(p, 300);
}

static void
hear_request(struct phone *p, struct wire *wire, struct str text)
{
	struct dialog *d = find_dialog(p, text_header(text, "Call-ID"));

	if (d == NULL && text_tag(text_header(text, "To")).len > 0) {
		if (!text_has_method(text, "ACK"))
			reply(p, wire, text, 481, false);
	} else if (text_has_method(text, "INVITE") && d == NULL) {
		hear_new_call(p, wire, text);
	} else if (text_has_method(text, "INVITE")) {
		reply(p, wire, text, d->state == DIALOG_UP ? 200 : 491, d->state == DIALOG_UP);
	} else if (text_has_method(text, "ACK")) {
		if (d != NULL && d->state == DIALOG_REFUSED)
			d->state = DIALOG_FREE;
		if (d != NULL && d->state == DIALOG_ANSWERED) {
			d->state = DIALOG_UP;
			d->due_ms = happens(p, 30) ? in_ms(p, TALK_MS) : in_ms(p, 10 * TALK_MS);
		}
	} else if (text_has_method(text, "CANCEL")) {
		reply(p, wire, text, d != NULL ? 200 : 481, false);
		if (d != NULL && d->state == DIALOG_RINGS) {
			say_response(p, wire, d->echo, 487, false);
			d->state = DIALOG_REFUSED;
			d->due_ms = INT64_MAX;
		}
	} else if (text_has_method(text, "BYE")) {
		reply(p, wire, text, d != NULL ? 200 : 481, false);
		if (d != NULL)
			d->state = DIALOG_FREE;
	} else {
		reply(p, wire, text, 200, false);
	}
}

static void
hear_answer(struct phone *p, struct dialog *d, struct str text)
{
	bool is_first = d->state == DIALOG_CALLS;

	copy(d->remote, sizeof d->remote, text_header(text, "To"));
	copy(d->target, sizeof d->target, text_angle(text_header(text, "Contact")));
	new_branch(p, d);
	say_request(p, d, "ACK", d->invite_cseq, false);
	if (d->state == DIALOG_CALLS || d->state == DIALOG_CHANGES)
		d->state = DIALOG_UP;
	if (!is_first) {
		p->all->tally.changed++;
		return;
	}
	p->all->tally.answered++;
	d->wants_change = happens(p, 15);
	d->due_ms = in_ms(p, TALK_MS);
	if (d->has_cancelled)
		hang_up(p, d);
}

static void
hear_refusal(struct phone *p, struct dialog *d, struct str text, unsigned status)
{
	char to[PHONE_WORD_BYTES];

	memcpy(to, d->remote, sizeof to);
	copy(d->remote, sizeof d->remote, text_header(text, "To"));
	say_request(p, d, "ACK", d->invite_cseq, false);
	if (d->state == DIALOG_CHANGES) {
		memcpy(d->remote, to, sizeof to);
		d->state = DIALOG_UP;
		return;
	}
	if (status == 487)
		p->all->tally.cancelled++;
	else if (status == 486)
		p->all->tally.refused++;
	else
		p->all->tally.failed++;
	d->state = DIALOG_FREE;
}

static void
hear_response(struct phone *p, struct str text)
{
	struct dialog *d = find_dialog(p, text_header(text, "Call-ID"));
	struct str cseq = text_header(text, "CSeq");
	unsigned status = text_status(text);

	if (str_ends(cseq, STR("REGISTER"))) {
		if (status == 200 && !p->is_registered)
			p->all->tally.registered++;
		p->is_registered = p->is_registered || status == 200;
	} else if (d == NULL) {
		return;
	} else if (str_ends(cseq, STR("BYE"))) {
		if (status >= 200)
			d->state = DIALOG_FREE;
	} else if (str_ends(cseq, STR("INVITE"))) {
		if (status >= 300)
			hear_refusal(p, d, text, status);
		else if (status >= 200)
			hear_answer(p, d, text);
		else if (status > 100 && d->wants_cancel && !d->has_cancelled) {
			d->has_cancelled = true;
			say_request(p, d, "CANCEL", d->invite_cseq, false);
		}
	}
}

static void
hear_message(struct phone *p, struct wire *wire, struct str text)
{
	if (!text_is_message(text))
		return;
	if (!text_is_request(text)) {
		hear_response(p, text);
		return;
	}
	if (!str_same(text_user(text), str_cstr(p->dn->number)))
		sim_break(p->all->sim, "S3", "%s heard a request for %.*s", p->dn->number,
			(int)text_user(text).len, text_user(text).at);
	hear_request(p, wire, text);
}

/* ---- hooks of the simulator ------------------------------------------------------------------ */

static void
on_heard(struct sim *s, struct wire *wire)
{
	struct phones *all = s->hooks.arg;
	size_t len;

	while (wire->owner >= 0 && (len = text_frame(octets_str(&wire->heard))) > 0) {
		hear_message(
			&all->phones[wire->owner], wire, str_upto(octets_str(&wire->heard), len));
		octets_drop(&wire->heard, len);
	}
}

static void
on_dial(struct sim *s, struct wire *wire)
{
	struct phones *all = s->hooks.arg;
	struct far_options o = { .is_server = true };
	struct phone *p = NULL;

	/* Several may live behind one address: the name that is wanted tells which is meant. */
	for (uint32_t i = 0; i < all->count; i++) {
		struct addr at = sim_addr(all->phones[i].dn->ip, all->phones[i].dn->port);

		if (all->phones[i].dn->host[0] != '\0' && addr_same(&at, &wire->peer) &&
			(p == NULL || strcmp(all->phones[i].dn->host, wire->name) == 0))
			p = &all->phones[i];
	}
	if (p == NULL) {
		wire->weather.is_refused = true; /* one that registers listens nowhere */
		return;
	}
	wire->owner = (int)(p - all->phones);
	draw_weather(p, wire);
	wire->weather.is_refused = !all->is_calm && happens(p, 2);
	draw_far(p, &o);
	o.kind = (enum cert_kind)dice_below(&s->dice, CERT_GOOD_MAX);
	if (!all->is_calm && happens(p, 12))
		o.kind = (enum cert_kind)dice_below(&s->dice, CERT_KINDS);
	if (strcmp(p->dn->host, p->dn->ip) == 0 && o.kind < CERT_GOOD_MAX)
		o.kind = CERT_DNS;
	far_open(&wire->far, &s->fars, &o);
	wire->has_far = true;
}

static void
on_ended(struct sim *s, struct wire *wire)
{
	struct phones *all = s->hooks.arg;

	for (uint32_t i = 0; i < all->count; i++) {
		struct phone *p = &all->phones[i];

		for (int j = 0; j < PHONE_DIALOGS_MAX; j++)
			if (p->dialogs[j].state != DIALOG_FREE && p->dialogs[j].wire == wire) {
				p->dialogs[j].state = DIALOG_FREE;
				all->tally.lost++;
			}
		if (p->wire == wire) {
			p->wire = NULL;
			p->is_registered = false;
			p->due_ms = in_ms(p, RECONNECT_MS);
		}
	}
}

/* ---- what it does of itself ------------------------------------------------------------------ */

void
phones_open(struct phones *all, struct sim *sim)
{
	memset(all, 0, sizeof *all);
	all->sim = sim;
	all->count = sim->dn_count;
	for (uint32_t i = 0; i < all->count; i++) {
		all->phones[i] = (struct phone){
			.all = all, .dn = &sim->lines[i], .due_ms = INT64_MAX, .port = 20000
		};
		if (sim->lines[i].host[0] == '\0')
			all->phones[i].due_ms = sim->now.mono_ms;
	}
	sim->hooks = (struct sim_hooks){
		.on_dial = on_dial, .on_heard = on_heard, .on_ended = on_ended, .arg = all
	};
}

bool
phones_call(struct phones *all)
{
	struct sim *s = all->sim;
	struct phone *from = &all->phones[dice_below(&s->dice, all->count)];
	struct phone *to = &all->phones[dice_below(&s->dice, all->count)];
	struct dialog *d;

	if (!from->is_registered || from == to || (to->dn->host[0] == '\0' && !to->is_registered))
		return false;
	d = new_dialog(from, from->wire, DIALOG_CALLS);
	if (d == NULL)
		return false;
	all->tally.calls++;
	d->due_ms = INT64_MAX;
	d->wants_cancel = happens(from, 12);
	snprintf(d->call_id, sizeof d->call_id, "%s-%u", from->dn->number, ++from->numbers);
	snprintf(d->local, sizeof d->local, "<sips:%s@example.com>;tag=t%u", from->dn->number,
		from->numbers);
	snprintf(d->remote, sizeof d->remote, "<sips:%s@example.com>", to->dn->number);
	snprintf(d->target, sizeof d->target, "sips:%s@example.com", to->dn->number);
	new_branch(from, d);
	d->invite_cseq = ++d->cseq;
	say_request(from, d, "INVITE", d->cseq, true);
	return true;
}

static void
dialog_act(struct phone *p, struct dialog *d)
{
	bool is_refusal = d->wants_refusal;

	d->due_ms = INT64_MAX;
	if (d->state == DIALOG_RINGS) {
		say_response(p, d->wire, d->echo, is_refusal ? 486 : 200, !is_refusal);
		d->state = is_refusal ? DIALOG_REFUSED : DIALOG_ANSWERED;
	} else if (d->state == DIALOG_UP && d->wants_change) {
		d->wants_change = false;
		new_branch(p, d);
		d->invite_cseq = ++d->cseq;
		say_request(p, d, "INVITE", d->cseq, true);
		d->state = DIALOG_CHANGES;
		d->due_ms = in_ms(p, TALK_MS) + TALK_MS;
	} else if (d->state == DIALOG_UP || d->state == DIALOG_CHANGES) {
		hang_up(p, d);
		if (happens(p, 15) && !p->all->is_calm) {
			d->wire->far.wants_end = true;
		} else if (happens(p, 8) && !p->all->is_calm) {
			wire_hang(d->wire, happens(p, 50) ? CUT_FIN : CUT_RESET);
		} else if (happens(p, 2) && !p->all->is_calm) {
			far_renegotiate(&d->wire->far);
		}
	}
}

bool
phones_act(struct phones *all)
{
	int64_t now_ms = all->sim->now.mono_ms;
	bool has_acted = false;

	for (uint32_t i = 0; i < all->count; i++) {
		struct phone *p = &all->phones[i];

		if (p->due_ms <= now_ms) {
			p->due_ms = INT64_MAX;
			phone_connect(p);
			say_register(p);
			has_acted = true;
		}
		for (int j = 0; j < PHONE_DIALOGS_MAX; j++)
			if (p->dialogs[j].state != DIALOG_FREE && p->dialogs[j].due_ms <= now_ms) {
				dialog_act(p, &p->dialogs[j]);
				has_acted = true;
			}
	}
	return has_acted;
}

int64_t
phones_due_ms(const struct phones *all)
{
	int64_t due_ms = INT64_MAX;

	for (uint32_t i = 0; i < all->count; i++) {
		const struct phone *p = &all->phones[i];

		due_ms = p->due_ms < due_ms ? p->due_ms : due_ms;
		for (int j = 0; j < PHONE_DIALOGS_MAX; j++)
			if (p->dialogs[j].state != DIALOG_FREE && p->dialogs[j].due_ms < due_ms)
				due_ms = p->dialogs[j].due_ms;
	}
	return due_ms;
}

unsigned
phones_busy(const struct phones *all)
{
	unsigned busy = 0;

	for (uint32_t i = 0; i < all->count; i++)
		for (int j = 0; j < PHONE_DIALOGS_MAX; j++)
			busy += all->phones[i].dialogs[j].state != DIALOG_FREE;
	return busy;
}
