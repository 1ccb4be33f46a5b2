/* SPDX-License-Identifier: Apache-2.0 */
#include "base/out.h"

#include "base/panic.h"

void
out_init(struct out *out, void *at, size_t size)
{
	must(size >= OUT_BYTES);
	out->count = 0;
	out->bytes = arena_scratch_on(at, size);
}

bool
out_has_room(const struct out *out)
{
	return out->count + ACTS_PER_STEP_MAX <= ACTS_MAX &&
		out->bytes.size - out->bytes.used >= OUT_BYTES_PER_STEP_MAX;
}

void
out_clear(struct out *out)
{
	out->count = 0;
	arena_clear(&out->bytes);
}

struct buf
out_buf(struct out *out, size_t max)
{
	return arena_buf(&out->bytes, max);
}

struct str
out_wrote(struct out *out, const struct buf *b)
{
	return arena_wrote(&out->bytes, b);
}

struct str
out_keep(struct out *out, struct str s)
{
	struct buf b = out_buf(out, s.len);

	buf_put(&b, s);
	must(buf_ok(&b));
	return out_wrote(out, &b);
}

static struct act *
add(struct out *out, enum act_kind kind)
{
	struct act *act;

	must(out->count < ACTS_MAX);
	act = &out->acts[out->count++];
	*act = (struct act){ .kind = kind };
	return act;
}

void
out_send(struct out *out, struct flow_id flow, const struct addr *to, struct str bytes)
{
	struct act *act = add(out, ACT_SEND);

	act->u.send.flow = flow;
	act->u.send.to = *to;
	act->u.send.bytes = bytes;
}

void
out_dial(struct out *out, struct flow_id flow, enum transport transport, const struct addr *to,
	struct str name, const struct terms *terms, struct str about)
{
	struct act *act = add(out, ACT_DIAL);

	act->u.dial.flow = flow;
	act->u.dial.transport = transport;
	act->u.dial.to = *to;
	act->u.dial.name = name;
	act->u.dial.terms = *terms;
	act->u.dial.about = about;
}

void
out_shut(struct out *out, struct flow_id flow)
{
	add(out, ACT_SHUT)->u.shut = flow;
}

void
out_resolve(struct out *out, struct ref ask, enum names_kind kind, struct str name)
{
	struct act *act = add(out, ACT_RESOLVE);

	act->u.resolve.ask = ask;
	act->u.resolve.kind = kind;
	act->u.resolve.name = name;
}

void
out_save(struct out *out, struct ref ask, struct str aor, uint64_t version, struct str set)
{
	struct act *act = add(out, ACT_SAVE);

	act->u.save.ask = ask;
	act->u.save.aor = aor;
	act->u.save.version = version;
	act->u.save.set = set;
}

void
out_note(struct out *out, enum note_level level, struct str text)
{
	struct act *act = add(out, ACT_NOTE);

	act->u.note.level = level;
	act->u.note.text = text;
}

void
out_record(struct out *out, struct str record)
{
	add(out, ACT_RECORD)->u.record = record;
}
