/* SPDX-License-Identifier: Apache-2.0 */
/* R1 to R9: a registrar of the judge's own (RFC 3261 10.3), which takes over what the store has
 * confirmed, and compares. A binding is unsure when the judge cannot know whether it holds: its
 * connection is gone, or the store gave no clear answer. */
#include "check_reg.h"

#include <stdlib.h>
#include <string.h>

enum { QUIET_MS = 60 * 1000, EXPIRES_DEFAULT_S = 3600 };

/* One Contact of a REGISTER. */
struct wish_item {
	char uri[URI_BYTES];
	int64_t expires_s; /* 0: to go */
	uint64_t key;      /* RFC 5626: of its instance and flow; 0: its URI is its name */
};

struct reg_wish {
	uint64_t aor, flow, call_id;
	enum check_transport transport;
	uint32_t cseq;
	char peer[64], number[64];
	bool is_star, is_murky, is_allowed, is_asked, is_done, is_failed;
	int64_t star_expires_s;
	int64_t wall_s; /* when it came */
	unsigned count;
	struct wish_item items[CONTACTS];
};

struct ask {
	uint64_t txn, aor;
};

static uint64_t
aor_key(struct wire_text number)
{
	return wire_hash(0x909, number) | 1;
}

static uint64_t
ask_key(uint64_t ask)
{
	return wire_mix(0xa5c, ask) | 1;
}

void
seen_reg_open(struct check *c)
{
	c->registry = check_take_memory(sizeof *c->registry);
}

void
seen_reg_close(struct check *c)
{
	bag_clear(&c->registry->aors, free);
	bag_clear(&c->registry->asks, free);
	free(c->registry);
}

struct aor *
seen_reg_aor(struct check *c, uint64_t key)
{
	struct aor *aor = bag_find(&c->registry->aors, key);

	if (aor == NULL) {
		aor = check_take_memory(sizeof *aor);
		bag_put(&c->registry->aors, key, aor);
	}
	return aor;
}

bool
seen_reg_is_clear(const struct check *c, const struct aor *aor)
{
	return !aor->is_blurred && c->now_ms >= aor->quiet_until_ms;
}

const struct check_dn *
seen_reg_dn(const struct check *c, uint64_t key)
{
	for (size_t i = 0; i < c->dn_count; i++)
		if (aor_key(wire_cstr(c->dns[i].number)) == key)
			return &c->dns[i];
	return NULL;
}

/* ---- what a REGISTER wants ---- */

static int64_t
seconds_of(struct wire_text text)
{
	int64_t seconds = wire_number(text);

	return seconds < 0 ? EXPIRES_DEFAULT_S : seconds;
}

/* RFC 5626 6: a device that asks for outbound names a binding by its instance and its flow, however
 * its URI reads; over a datagram nothing would keep the flow alive. */
static void
read_key(struct reg_wish *w, const struct wire_msg *m, struct wire_text value,
	struct wish_item *item)
{
	struct wire_text instance = wire_param(value, "+sip.instance");
	int64_t reg_id = wire_number(wire_param(value, "reg-id"));

	if (reg_id < 0 || instance.len == 0)
		return;
	if (w->transport == CHECK_UDP || !wire_is(wire_value(m, WIRE_SUPPORTED), "path, outbound"))
		w->is_murky = true; /* which name it has is for the server to say */
	else
		item->key = wire_mix(wire_hash_fold(0x5626, instance), (uint64_t)reg_id) | 1;
}

static void
read_item(struct reg_wish *w, const struct wire_msg *m, struct wire_text value)
{
	struct wire_text uri = wire_uri_of(value), own = wire_param(value, "expires");
	struct wire_text all = wire_value(m, WIRE_EXPIRES);
	struct wish_item *item = &w->items[w->count];

	if (wire_is(value, "*")) {
		w->is_star = true;
		w->star_expires_s = all.at != NULL ? seconds_of(all) : -1;
		return;
	}
	if (w->count == CONTACTS || uri.len == 0 || uri.len >= URI_BYTES) {
		w->is_murky = true;
		return;
	}
	check_copy(item->uri, sizeof item->uri, uri);
	item->expires_s = own.at != NULL ? seconds_of(own)
		: all.at != NULL         ? seconds_of(all)
					 : EXPIRES_DEFAULT_S;
	item->key = 0;
	read_key(w, m, value, item);
	w->count++;
}

void
seen_reg_request_in(struct check *c, struct flow *flow, const char *peer, struct txn *t,
	const struct wire_msg *m)
{
	struct wire_text user = wire_uri_user(m->to_uri), value;
	struct wire_list list = wire_values(m, WIRE_CONTACT);
	struct reg_wish *w = check_take_memory(sizeof *w);
	const struct check_dn *dn;

	free(t->wish);
	t->wish = w;
	w->aor = aor_key(user);
	w->flow = flow->id;
	w->transport = flow->transport;
	w->call_id = wire_hash(5, m->call_id);
	w->cseq = m->cseq;
	w->wall_s = c->wall_s;
	w->is_murky = !m->is_strict;
	check_copy(w->peer, sizeof w->peer, wire_cstr(peer));
	check_copy(w->number, sizeof w->number, user);
	while (wire_values_next(&list, &value))
		read_item(w, m, value);
	dn = seen_reg_dn(c, w->aor);
	w->is_allowed = dn != NULL &&
		(dn->password == NULL || seen_cred_is_good(m, dn->number, dn->password));
}

/* ---- the store ---- */

static struct wire_text
bare_of(const char *uri)
{
	return wire_uri_bare(wire_cstr(uri));
}

static struct entry *
entry_of(struct aor *aor, const char *uri)
{
	for (unsigned i = 0; i < aor->count; i++)
		if (wire_is(wire_cstr(uri), aor->list[i].uri))
			return &aor->list[i];
	return NULL;
}

static struct entry *
entry_need(struct aor *aor, const char *uri)
{
	struct entry *entry = entry_of(aor, uri);

	if (entry != NULL)
		return entry;
	for (unsigned i = 0; i < aor->count; i++)
		if (wire_same_alike(bare_of(aor->list[i].uri), bare_of(uri)))
			aor->is_blurred = true;
	if (aor->count == CONTACTS) { /* those that went long ago make room */
		aor->is_blurred = true;
		aor->count = 0;
	}
	entry = &aor->list[aor->count++];
	*entry = (struct entry){ .is_gone = true };
	check_copy(entry->uri, sizeof entry->uri, wire_cstr(uri));
	return entry;
}

/* RFC 3261 10.3 step 7: within one Call-ID only a later CSeq changes a binding. */
static void
judge_order(struct check *c, const struct reg_wish *w, const struct entry *entry)
{
	if (!entry->is_gone && !entry->is_unsure && !w->is_murky &&
		entry->expires_at_s > c->wall_s + SKEW_S && entry->call_id == w->call_id &&
		entry->cseq >= w->cseq)
		check_break(c, "R4", "CSeq %u changed what %u had bound, of %s", (unsigned)w->cseq,
			(unsigned)entry->cseq, w->number);
}

/* How long a binding holds at the most, as asked. */
static void
put_in(struct check *c, const struct reg_wish *w, struct entry *entry, int64_t expires_s)
{
	int64_t was_until_s = entry->is_gone || !entry->is_unsure ? 0 : entry->expires_at_s;

	entry->is_gone = false;
	entry->has_crashed = entry->is_blown = entry->is_granted = false;
	entry->flow = w->flow;
	entry->transport = w->transport;
	entry->call_id = w->call_id;
	entry->cseq = w->cseq;
	entry->expires_at_s = w->wall_s + expires_s;
	if (entry->expires_at_s < was_until_s)
		entry->expires_at_s = was_until_s;
	memcpy(entry->peer, w->peer, sizeof entry->peer);
	if (w->transport != CHECK_UDP && seen_flow_is_gone(c, w->flow))
		entry->is_unsure = true;
}

/* The binding is gone; IS_KNOWN: and the server knows it. */
static void
take_out(struct entry *entry, bool is_known)
{
	entry->is_stored = !is_known;
	entry->is_stored_gone = true;
	entry->is_unsure = !is_known && !entry->is_gone;
	entry->is_gone = entry->is_gone || is_known;
}

/* What else has the name of ITEM makes room for it. */
static void
replace(struct aor *aor, const struct wish_item *item, bool is_known)
{
	for (unsigned i = 0; i < aor->count && item->key != 0; i++)
		if (aor->list[i].key == item->key &&
			!wire_is(wire_cstr(item->uri), aor->list[i].uri))
			take_out(&aor->list[i], is_known);
}

/* What W wants is in the store; IS_KNOWN: and the server knows it. */
static void
apply(struct check *c, const struct reg_wish *w, bool is_known)
{
	struct aor *aor = seen_reg_aor(c, w->aor);

	for (unsigned i = 0; i < aor->count && w->is_star; i++) {
		struct entry *entry = &aor->list[i];

		if (!is_known)
			judge_order(c, w, entry);
		take_out(entry, is_known);
	}
	for (unsigned i = 0; i < w->count; i++) {
		struct entry *entry = entry_need(aor, w->items[i].uri);
		bool is_to_go = w->items[i].expires_s == 0;

		if (!is_known)
			judge_order(c, w, entry);
		else if (!is_to_go && (entry->call_id != w->call_id || entry->cseq != w->cseq))
			continue; /* a later one was faster */
		entry->is_stored = !is_known;
		entry->is_stored_gone = is_to_go;
		entry->is_unsure = !is_known && !(is_to_go && entry->is_gone);
		replace(aor, &w->items[i], is_known);
		entry->key = w->items[i].key;
		if (!is_to_go)
			put_in(c, w, entry, w->items[i].expires_s);
		else if (is_known)
			entry->is_gone = true;
	}
	aor->is_blurred = aor->is_blurred || w->is_murky;
}

void
check_save(struct check *c, uint64_t id, const char *aor, const char *set, size_t len)
{
	struct txn *t = seen_txn_find(c, c->step.asked);
	struct ask *ask;

	(void)set;
	(void)len;
	if (c->is_broken)
		return;
	ask = check_take_memory(sizeof *ask);
	ask->aor = aor_key(wire_cstr(aor));
	free(bag_take(&c->registry->asks, ask_key(id)));
	bag_put(&c->registry->asks, ask_key(id), ask);
	/* What nobody asked for sheds what is over. */
	if (t == NULL || t->wish == NULL || t->wish->aor != ask->aor ||
		(t->final != 0 && !t->is_blurred && !seen_txn_is_stateless(t->final)))
		return;
	ask->txn = t->key;
	t->wish->is_asked = true;
	if (++t->saves > 1 && !t->is_murky && !t->is_blurred)
		check_break(c, "X6", "one REGISTER of %s changes its bindings twice", aor);
	if (!t->wish->is_allowed && !t->wish->is_murky && !t->is_murky)
		check_break(c, "R7", "a REGISTER without the right credentials changes %s", aor);
	c->tally.registered++;
}

void
check_saved(struct check *c, uint64_t id, bool is_done)
{
	struct ask *ask = c->is_broken ? NULL : bag_take(&c->registry->asks, ask_key(id));
	struct txn *t = ask != NULL ? seen_txn_find(c, ask->txn) : NULL;

	free(ask);
	if (t == NULL || t->wish == NULL)
		return;
	t->wish->is_done = is_done;
	t->wish->is_failed = !is_done;
	/* The server will be told, and until it says so may answer either way. */
	if (!is_done)
		return;
	apply(c, t->wish, false);
	seen_reg_aor(c, t->wish->aor)->quiet_until_ms = c->now_ms + QUIET_MS;
	seen_reg_aor(c, t->wish->aor)->txn = t->key;
}

/* ---- what the answer says ---- */

static void
judge_listed(struct check *c, struct aor *aor, const struct reg_wish *w, struct wire_text value)
{
	struct wire_text uri = wire_uri_of(value);
	int64_t expires_s = wire_number(wire_param(value, "expires"));
	char text[URI_BYTES];
	struct entry *entry;

	if (uri.len >= sizeof text)
		return;
	check_copy(text, sizeof text, uri);
	entry = entry_of(aor, text);
	if (entry == NULL || (entry->is_gone && !entry->is_unsure)) {
		check_break(c, entry == NULL ? "R3" : "R6", "%s is listed for %s, and %s", text,
			w->number, entry == NULL ? "nobody registered it" : "was removed");
		return;
	}
	if (expires_s < 0 ||
		(!entry->is_blown && c->wall_s + expires_s > entry->expires_at_s + SKEW_S))
		check_break(c, "R3", "%s of %s is listed for %lld s, asked were %lld", text,
			w->number, (long long)expires_s,
			(long long)(entry->expires_at_s - c->wall_s));
	entry->expires_at_s = c->wall_s + expires_s;
	entry->is_granted = true;
	/* What is told is known, unless the store has yet to say something else. */
	entry->is_unsure = entry->is_stored || entry->is_blown ||
		(entry->is_unsure && entry->transport != CHECK_UDP);
	entry->is_gone = false;
}

static bool
is_listed(const struct wire_msg *m, const char *uri)
{
	struct wire_list list = wire_values(m, WIRE_CONTACT);
	struct wire_text value;

	while (wire_values_next(&list, &value))
		if (wire_is(wire_uri_of(value), uri))
			return true;
	return false;
}

static void
judge_list(struct check *c, const struct reg_wish *w, const struct wire_msg *m)
{
	struct aor *aor = seen_reg_aor(c, w->aor);
	struct wire_list list = wire_values(m, WIRE_CONTACT);
	struct wire_text value;

	if (c->o.contacts_max > 0 && m->contact_count > c->o.contacts_max)
		check_break(c, "R5", "%s has %u contacts", w->number, m->contact_count);
	if (!seen_reg_is_clear(c, aor))
		return;
	while (wire_values_next(&list, &value))
		judge_listed(c, aor, w, value);
	for (unsigned i = 0; i < aor->count; i++) {
		struct entry *entry = &aor->list[i];

		if (is_listed(m, entry->uri))
			continue;
		if (!entry->is_gone && !entry->is_unsure && entry->is_granted &&
			entry->expires_at_s > c->wall_s + SKEW_S)
			check_break(c, entry->has_crashed ? "R1" : "R3",
				"%s of %s is bound for %lld s more and not listed", entry->uri,
				w->number, (long long)(entry->expires_at_s - c->wall_s));
		if (entry->is_stored || entry->is_blown)
			continue;
		entry->is_gone = true;
		entry->is_unsure = false;
	}
}

/* What a REGISTER takes back is not among what its answer lists, whatever else is known. */
static void
judge_removed(struct check *c, const struct reg_wish *w, const struct wire_msg *m)
{
	/* A binding of another name may have the same URI (RFC 5626 6). */
	if (seen_reg_aor(c, w->aor)->is_blurred)
		return;
	for (unsigned i = 0; i < w->count; i++)
		if (w->items[i].expires_s == 0 && is_listed(m, w->items[i].uri))
			check_break(c, "R6", "%s of %s was taken back and is listed",
				w->items[i].uri, w->number);
	if (w->is_star && m->contact_count > 0)
		check_break(c, "R6", "all of %s was taken back, and %u are listed", w->number,
			m->contact_count);
}

static bool
wants_more(const struct reg_wish *w)
{
	for (unsigned i = 0; i < w->count; i++)
		if (w->items[i].expires_s > 0)
			return true;
	return false;
}

void
seen_reg_response_out(struct check *c, struct txn *t, const struct wire_msg *m, bool is_new)
{
	struct reg_wish *w = t->wish;

	if (w == NULL || !is_new || m->status < 200 || t->is_murky || t->is_blurred)
		return;
	if (m->status == 503 && w->is_failed && m->count[WIRE_RETRY_AFTER] == 0)
		check_break(c, "R2", "503 to a REGISTER of %s without Retry-After", w->number);
	if (m->status >= 300 || w->is_murky)
		return;
	if (!w->is_allowed)
		check_break(c, "R7", "a REGISTER of %s is let in without the right credentials",
			w->number);
	if (w->is_asked && !w->is_done)
		check_break(c, "R2", "200 to a REGISTER of %s that the store did not confirm",
			w->number);
	if (!w->is_asked && wants_more(w))
		check_break(c, "R1", "200 to a REGISTER of %s that the store never heard of",
			w->number);
	if (w->is_star && (w->count > 0 || w->star_expires_s != 0))
		check_break(c, "R4", "200 to a REGISTER of %s with a wrong `*`", w->number);
	judge_removed(c, w, m);
	if (w->is_done) {
		apply(c, w, true);
		if (seen_reg_aor(c, w->aor)->txn == t->key)
			seen_reg_aor(c, w->aor)->quiet_until_ms = 0;
	}
	judge_list(c, w, m);
}

/* ---- what becomes of bindings ---- */

void
seen_reg_flow_gone(struct check *c, uint64_t flow)
{
	for (size_t k = 0; k < c->registry->aors.size; k++) {
		struct aor *aor = c->registry->aors.cells[k].thing;

		if (c->registry->aors.cells[k].key == 0)
			continue;
		for (unsigned i = 0; i < aor->count; i++)
			if (aor->list[i].transport != CHECK_UDP && aor->list[i].flow == flow)
				aor->list[i].is_unsure = true;
	}
}

void
seen_reg_jump(struct check *c)
{
	for (size_t k = 0; k < c->registry->aors.size; k++) {
		struct aor *aor = c->registry->aors.cells[k].thing;

		for (unsigned i = 0; c->registry->aors.cells[k].key != 0 && i < aor->count; i++)
			aor->list[i].is_blown = aor->list[i].is_unsure = true;
	}
}

/* R1: what the store has is there again. */
static void
restore(struct entry *entry)
{
	if (entry->is_stored)
		entry->is_gone = entry->is_stored_gone;
	entry->is_stored = false;
	entry->has_crashed = true;
	/* What went with its connection may not have been told to the store in time. */
	entry->is_unsure = entry->is_blown || entry->transport != CHECK_UDP;
}

void
seen_reg_crash(struct check *c)
{
	bag_clear(&c->registry->asks, free);
	for (size_t k = 0; k < c->registry->aors.size; k++) {
		struct aor *aor = c->registry->aors.cells[k].thing;

		if (c->registry->aors.cells[k].key == 0)
			continue;
		aor->quiet_until_ms = 0;
		for (unsigned i = 0; i < aor->count; i++)
			restore(&aor->list[i]);
	}
}
