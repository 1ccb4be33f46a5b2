/* SPDX-License-Identifier: Apache-2.0 */
#include "txn/txn.h"

#include <string.h>

#include "base/panic.h"
#include "txn/txn_state.h"

#define COOKIE "z9hG4bK"

/* ---- requests that arrive ---- */

/* The server transaction with NAME. With an empty METHOD: of any but CANCEL, INVITE before all
 * others. */
static struct txn *
find_server(const struct txns *txns, const struct txn_name *name, struct str method)
{
	uint64_t hash = txn_name_hash(&txns->servers, name, txns->fold);
	uint32_t cursor;
	uint32_t slot = map_first(&txns->servers, hash, &cursor);
	struct txn *other = NULL;

	for (; slot != MAP_NONE; slot = map_next(&txns->servers, hash, &cursor)) {
		struct txn *t = txn_in(txns, slot);

		if (t->kind != TXN_IST && t->kind != TXN_NIST)
			continue;
		if (!txn_name_matches(&t->name, name))
			continue;
		if (str_is_empty(method) ? t->kind == TXN_IST : str_same(t->name.method, method))
			return t;
		if (str_is_empty(method) && t->method != METHOD_CANCEL)
			other = t;
	}
	return other;
}

/* Whether the same request is being answered already, heard by another path (RFC 3261 8.2.2.2). */
static bool
is_merged(const struct txns *txns, const struct msg *msg, const struct txn_name *name)
{
	uint64_t hash;
	uint32_t cursor, slot;

	if (!str_is_none(msg->to.tag))
		return false;
	hash = txn_name_merge_hash(&txns->merged, name);
	slot = map_first(&txns->merged, hash, &cursor);
	while (slot != MAP_NONE) {
		if (txn_name_is_merged(&txn_in(txns, slot)->name, name))
			return true;
		slot = map_next(&txns->merged, hash, &cursor);
	}
	return false;
}

static void
move_way(struct txn *t, const struct msg *msg, const struct txn_way *way)
{
	if (flow_same(t->way.flow, way->flow) || (t->way.is_tls && !way->is_tls))
		return;
	t->way = *way;
	if (!way->is_reliable)
		t->way.addr = via_answer_to(&msg->via, &way->addr);
}

enum txn_heard
txns_hear_request(struct txns *txns, const struct msg *msg, const struct txn_way *way,
	struct when now, struct out *out)
{
	const struct txn_name name = txn_name_of(msg);
	struct txn *t = find_server(txns, &name, name.method);

	if (t == NULL && msg->method == METHOD_ACK)
		return HEARD_ACK_UP;
	if (t == NULL)
		return is_merged(txns, msg, &name) ? HEARD_MERGED : HEARD_NEW;
	if (msg->method == METHOD_ACK)
		return ist_ack(txns, t, now);
	move_way(t, msg, way);
	if (t->kind == TXN_IST)
		ist_repeat(txns, t, now, out);
	else
		nist_repeat(txns, t, now, out);
	return HEARD_REPEAT;
}

bool
txns_find_cancelled(const struct txns *txns, const struct msg *cancel, struct ref *ref,
	struct txn_owner *owner, bool *is_final)
{
	const struct txn_name name = txn_name_of(cancel);
	const struct txn *t = find_server(txns, &name, STR_NONE);

	if (t == NULL)
		return false;
	*ref = t->ref;
	*owner = t->owner;
	*is_final = t->kind != TXN_IST || t->state.ist != IST_PROCEEDING;
	return true;
}

/* ---- serving ---- */

struct ref
txn_serve(struct txns *txns, const struct msg *request, const struct txn_way *way,
	struct txn_owner owner, struct when now)
{
	struct txn *t = txn_take(txns, owner);
	struct buf b;

	must(request->is_request && request->method != METHOD_ACK);
	if (t == NULL)
		return REF_NONE;
	b = buf_on(t->text, HEAD_BYTES_MAX);
	t->name = txn_name_of(request);
	if (!txn_name_keep(&t->name, &b)) {
		txn_give(txns, t);
		return REF_NONE;
	}
	t->name_bytes = b.used;
	t->method = request->method;
	t->way = *way;
	txn_put_in_servers(txns, t, txn_name_hash(&txns->servers, &t->name, txns->fold));
	/* A CANCEL goes from hop to hop: there is no other path for it. */
	if (str_is_none(request->to.tag) && request->method != METHOD_CANCEL) {
		t->merged_hash = txn_name_merge_hash(&txns->merged, &t->name);
		map_put(&txns->merged, t->merged_hash, t->ref.slot);
		t->is_in_merged = true;
	}
	if (t->method == METHOD_INVITE)
		ist_serve(txns, t, now);
	else
		nist_serve(t, now);
	return t->ref;
}

void
txn_own(struct txns *txns, struct ref ref, struct txn_owner owner)
{
	struct txn *t = txn_at(txns, ref);

	if (t != NULL)
		t->owner = owner;
}

void
txn_keep_echo(struct txns *txns, struct ref ref, struct str lines)
{
	struct txn *t = txn_at(txns, ref);
	char *at;

	if (t == NULL)
		return;
	must((t->kind == TXN_IST || t->kind == TXN_NIST) && lines.len <= ECHO_BYTES_MAX);
	at = t->text + t->name_bytes;
	/* An answer that was given already makes room. */
	if (!str_is_empty(t->message))
		memmove(at + lines.len, t->message.at, t->message.len);
	t->message.at = at + lines.len;
	memcpy(at, lines.at, lines.len);
	t->echo = str_of(at, lines.len);
}

struct str
txn_echo(const struct txns *txns, struct ref ref)
{
	const struct txn *t = txn_at(txns, ref);

	return t == NULL ? STR_NONE : t->echo;
}

bool
txn_answer(struct txns *txns, struct ref ref, unsigned status, struct str bytes, struct when now,
	struct out *out)
{
	struct txn *t = txn_at(txns, ref);

	if (t == NULL)
		return false;
	must((t->kind == TXN_IST || t->kind == TXN_NIST) && status >= 100 && status < 700);
	if (t->kind == TXN_IST)
		return ist_answer(txns, t, status, bytes, now, out);
	return nist_answer(txns, t, status, bytes, now, out);
}

bool
txn_answer_again(struct txns *txns, struct ref ref, struct out *out)
{
	const struct txn *t = txn_at(txns, ref);

	if (t == NULL || t->kind != TXN_IST || t->state.ist != IST_ACCEPTED || t->is_acked)
		return false;
	txn_resend(t, out);
	return true;
}

void
txn_acked(struct txns *txns, struct ref ref)
{
	struct txn *t = txn_at(txns, ref);

	if (t != NULL)
		t->is_acked = true;
}

/* ---- asking ---- */

static void
write_branch(struct txns *txns, struct buf *b, uint64_t number)
{
	buf_put(b, STR(COOKIE));
	dice_guid(txns->dice, b);
	buf_char(b, '-');
	buf_number(b, number);
}

void
txns_write_branch(struct txns *txns, struct buf *b)
{
	write_branch(txns, b, dice_below(txns->dice, 1U << 16));
}

struct ref
txn_reserve(struct txns *txns, struct txn_owner owner, struct str *branch)
{
	struct txn *t = txn_take(txns, owner);
	struct buf b;

	if (t == NULL)
		return REF_NONE;
	b = buf_on(t->branch, sizeof t->branch);
	/* The slot, so that a response finds it, and the low bits of the age for whoever reads a
	 * trace. */
	write_branch(txns, &b, (uint64_t)t->ref.slot << 8 | (t->ref.age >> 1 & 0xff));
	must(buf_ok(&b));
	t->branch_len = (uint32_t)b.used;
	*branch = buf_str(&b);
	return t->ref;
}

void
txn_send(struct txns *txns, struct ref ref, enum method method, struct str bytes,
	const struct txn_way *way, struct when now, struct out *out)
{
	struct txn *t = txn_at(txns, ref);

	must(t != NULL && t->kind == TXN_RESERVED && method != METHOD_ACK);
	if (t == NULL)
		return;
	t->method = method;
	t->way = *way;
	txn_keep(t, bytes);
	txn_join_flow(txns, t);
	if (method == METHOD_INVITE)
		ict_send(txns, t, bytes, now, out);
	else
		nict_send(txns, t, bytes, now, out);
}

void
txn_drop(struct txns *txns, struct ref ref)
{
	struct txn *t = txn_at(txns, ref);

	if (t != NULL && t->kind == TXN_RESERVED)
		txn_give(txns, t);
}

void
txn_cancel(struct txns *txns, struct ref ref, struct str reason, struct when now, struct out *out)
{
	struct txn *t = txn_at(txns, ref);

	if (t != NULL && t->kind == TXN_ICT)
		ict_cancel(txns, t, reason, now, out);
}

void
txn_cancel_by(struct txns *txns, struct ref ref, const struct txn_way *way, struct str reason,
	struct when now, struct out *out)
{
	struct txn *t = txn_at(txns, ref);

	if (t == NULL || t->kind != TXN_ICT || !ict_may_go_on(t))
		return;
	txn_leave_flow(txns, t);
	t->way = *way;
	t->owner = (struct txn_owner){ .kind = OWNER_NONE };
	txn_join_flow(txns, t);
	ict_go_on(txns, t, reason, now, out);
}

/* A CANCEL has the branch of its INVITE, whose slot the branch tells, and may outlive it. So it is
 * found by the whole branch. */
static uint64_t
cancel_hash(const struct txns *txns, struct str branch)
{
	struct txn_name name = { .branch = branch };

	return txn_name_hash(&txns->servers, &name, txns->fold);
}

void
txn_ask_cancel(struct txns *txns, const struct txn *invite, struct str bytes, struct when now,
	struct out *out)
{
	struct txn *t = txn_take(txns, (struct txn_owner){ .kind = OWNER_NONE });

	if (t == NULL) {
		out_send(out, invite->way.flow, &invite->way.addr, bytes);
		return;
	}
	memcpy(t->branch, invite->branch, sizeof t->branch);
	t->branch_len = invite->branch_len;
	txn_put_in_servers(txns, t, cancel_hash(txns, str_of(t->branch, t->branch_len)));
	txn_send(txns, t->ref, METHOD_CANCEL, bytes, &invite->way, now, out);
}

struct str
txn_request_text(const struct txns *txns, struct ref ref)
{
	const struct txn *t = txn_at(txns, ref);

	if (t == NULL || (t->kind != TXN_ICT && t->kind != TXN_NICT))
		return STR_NONE;
	return t->message;
}

bool
txn_way(const struct txns *txns, struct ref ref, struct txn_way *way)
{
	const struct txn *t = txn_at(txns, ref);

	if (t == NULL || (t->kind != TXN_ICT && t->kind != TXN_NICT))
		return false;
	*way = t->way;
	return true;
}

void
txn_disown(struct txns *txns, struct ref ref)
{
	struct txn *t = txn_at(txns, ref);

	if (t == NULL)
		return;
	t->owner = (struct txn_owner){ .kind = OWNER_NONE };
	switch (t->kind) {
	case TXN_RESERVED: txn_give(txns, t); return;
	case TXN_ICT: ict_disown(txns, t); return;
	case TXN_NICT: return; /* timer F ends it */
	case TXN_IST: ist_disown(txns, t); return;
	case TXN_NIST: nist_disown(txns, t); return;
	}
}

/* ---- responses that arrive ---- */

static bool
has_branch(const struct txn *t, struct str branch)
{
	return (t->kind == TXN_ICT || t->kind == TXN_NICT) &&
		str_alike(branch, str_of(t->branch, t->branch_len));
}

static struct txn *
find_cancel(const struct txns *txns, struct str branch)
{
	uint64_t hash = cancel_hash(txns, branch);
	uint32_t cursor;
	uint32_t slot = map_first(&txns->servers, hash, &cursor);

	for (; slot != MAP_NONE; slot = map_next(&txns->servers, hash, &cursor)) {
		struct txn *t = txn_in(txns, slot);

		if (t->method == METHOD_CANCEL && has_branch(t, branch))
			return t;
	}
	return NULL;
}

/* The client transaction that a response is for (RFC 3261 17.1.3), by branch and method. */
static struct txn *
find_client(const struct txns *txns, const struct msg *msg)
{
	struct str branch = msg->via.branch;
	struct str digits = branch;
	uint64_t number;
	struct txn *t;

	if (branch.len > BRANCH_BYTES || !str_begins_alike(branch, STR(COOKIE)))
		return NULL;
	if (msg->method == METHOD_CANCEL)
		return find_cancel(txns, branch);
	while (str_find(digits, '-') < digits.len)
		str_cut(&digits, '-');
	if (!str_number(digits, UINT64_C(1) << 40, &number))
		return NULL;
	t = txn_in(txns, (uint32_t)(number >> 8));
	return t != NULL && t->method == msg->method && has_branch(t, branch) ? t : NULL;
}

/* Whether VIA is the one that we wrote, but for what was added to it on the way. */
static bool
is_our_via(const struct txn *t, const struct via *via)
{
	struct str rest = t->message;
	struct via ours;
	size_t at;

	while (rest.len > 0) {
		struct str line = str_cut(&rest, '\n');

		if (!str_begins_alike(line, STR("Via:")))
			continue;
		return via_parse(&ours, str_trim(str_from(line, 4)), &at) &&
			str_alike(ours.transport, via->transport) &&
			str_alike(ours.host, via->host) && ours.port == via->port;
	}
	return false;
}

static struct news
news_of(const struct txn *t)
{
	return (struct news){ NEWS_NONE, t->ref, t->method, t->owner };
}

struct news
txns_hear_response(
	struct txns *txns, const struct msg *msg, struct when now, struct out *out, bool *stray)
{
	struct txn *t = find_client(txns, msg);
	struct news news;

	*stray = t == NULL || msg->via_count != 1 || !is_our_via(t, &msg->via);
	if (t == NULL || *stray)
		return (struct news){ .kind = NEWS_NONE };
	news = news_of(t);
	if (t->kind == TXN_ICT)
		news.kind = ict_hear(txns, t, msg, now, out);
	else
		news.kind = nict_hear(txns, t, msg, now);
	return news;
}

bool
txns_may_come_by(const struct txns *txns, const struct msg *response, const struct txn_way *way)
{
	const struct txn *t = find_client(txns, response);

	return t == NULL ||
		(t->way.is_tls == way->is_tls && t->way.is_reliable == way->is_reliable);
}

struct news
txns_ring(struct txns *txns, const struct alarm *alarm, struct when now, struct out *out)
{
	struct txn *t = txn_at(txns, alarm->owner);
	struct news news;

	if (t == NULL)
		return (struct news){ .kind = NEWS_NONE };
	news = news_of(t);
	switch (t->kind) {
	case TXN_RESERVED: must(t->kind != TXN_RESERVED); break;
	case TXN_ICT: news.kind = ict_ring(txns, t, alarm->letter, now, out); break;
	case TXN_NICT: news.kind = nict_ring(txns, t, alarm->letter, now, out); break;
	case TXN_IST: news.kind = ist_ring(txns, t, alarm->letter, now, out); break;
	case TXN_NIST: news.kind = nist_ring(txns, t, alarm->letter, now); break;
	}
	return news;
}
