/* SPDX-License-Identifier: Apache-2.0 */
#include "txn/name.h"

struct txn_name
txn_name_of(const struct msg *msg)
{
	bool is_ack = msg->method == METHOD_ACK;
	bool has_cookie = via_has_cookie(&msg->via);

	return (struct txn_name){
		.branch = has_cookie ? msg->via.branch : STR_NONE,
		.host = msg->via.host,
		.port = msg->via.port,
		.method = is_ack ? method_name(METHOD_INVITE) : msg->method_text,
		.call_id = msg->call_id,
		.from_tag = msg->from.tag,
		.to_tag = msg->to.tag,
		.cseq = msg->cseq,
		.target = has_cookie ? STR_NONE : msg->target_text,
		.via = has_cookie ? STR_NONE : msg->via.text,
		.has_any_to_tag = is_ack || msg->method == METHOD_CANCEL,
	};
}

static struct str
fold(struct buf *b, struct str s)
{
	size_t from = b->used;

	for (size_t i = 0; i < s.len; i++)
		buf_char(b, char_lower(s.at[i]));
	return str_of(b->at + from, b->used - from);
}

uint64_t
txn_name_hash(const struct map *map, const struct txn_name *name, char *scratch)
{
	struct buf b = buf_on(scratch, HEAD_BYTES_MAX);
	struct str parts[5];

	if (!str_is_none(name->branch)) {
		parts[0] = fold(&b, name->branch);
		parts[1] = fold(&b, name->host);
		parts[2] = str_of(&name->port, sizeof name->port);
		return map_hash(map, parts, 3);
	}
	parts[0] = name->target;
	parts[1] = name->via;
	parts[2] = name->call_id;
	parts[3] = name->from_tag;
	parts[4] = str_of(&name->cseq, sizeof name->cseq);
	return map_hash(map, parts, 5);
}

bool
txn_name_matches(const struct txn_name *ours, const struct txn_name *theirs)
{
	if (str_is_none(ours->branch) != str_is_none(theirs->branch))
		return false;
	if (!str_is_none(ours->branch))
		return str_alike(ours->branch, theirs->branch) &&
			str_alike(ours->host, theirs->host) && ours->port == theirs->port;
	/* The To tag of an ACK is the one that our answer gave. */
	return str_same(ours->target, theirs->target) && str_same(ours->via, theirs->via) &&
		str_same(ours->call_id, theirs->call_id) &&
		str_same(ours->from_tag, theirs->from_tag) && ours->cseq == theirs->cseq &&
		(theirs->has_any_to_tag || str_same(ours->to_tag, theirs->to_tag));
}

uint64_t
txn_name_merge_hash(const struct map *map, const struct txn_name *name)
{
	const struct str parts[] = {
		name->call_id,
		name->from_tag,
		name->method,
		str_of(&name->cseq, sizeof name->cseq),
	};

	return map_hash(map, parts, sizeof parts / sizeof parts[0]);
}

bool
txn_name_is_merged(const struct txn_name *ours, const struct txn_name *theirs)
{
	return str_same(ours->call_id, theirs->call_id) &&
		str_same(ours->from_tag, theirs->from_tag) && ours->cseq == theirs->cseq &&
		str_same(ours->method, theirs->method);
}

static void
keep(struct buf *b, struct str *s)
{
	size_t from = b->used;

	if (str_is_none(*s))
		return;
	buf_put(b, *s);
	*s = str_of(b->at + from, b->used - from);
}

bool
txn_name_keep(struct txn_name *name, struct buf *b)
{
	keep(b, &name->branch);
	keep(b, &name->host);
	keep(b, &name->method);
	keep(b, &name->call_id);
	keep(b, &name->from_tag);
	keep(b, &name->to_tag);
	keep(b, &name->target);
	keep(b, &name->via);
	return buf_ok(b);
}
