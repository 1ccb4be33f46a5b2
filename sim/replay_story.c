/* SPDX-License-Identifier: Apache-2.0 */
#include "replay_story.h"

#include <inttypes.h>

#include "directory/directory.h"
#include "secure/scheme.h"

enum { ADDR_BYTES = 80 };

static const char *
address(const struct addr *addr, char text[ADDR_BYTES])
{
	struct buf b = buf_on(text, ADDR_BYTES - 1);

	if (addr->family == ADDR_NONE)
		buf_put(&b, STR("nowhere"));
	else
		addr_write_port(&b, addr);
	text[b.used] = '\0';
	return text;
}

/* One line, with nothing in it that a terminal would obey. */
static void
line(FILE *to, struct str text)
{
	for (size_t i = 0; i < text.len; i++) {
		unsigned char c = (unsigned char)text.at[i];

		if (c >= 0x20 && c < 0x7f)
			fputc(c, to);
		else
			fprintf(to, "\\x%02x", c);
	}
}

static void
message(FILE *to, struct str text)
{
	while (text.len > 0) {
		struct str one = str_cut(&text, '\n');

		if (one.len > 0 && one.at[one.len - 1] == '\r')
			one.len--;
		fputs("      | ", to);
		line(to, one);
		fputc('\n', to);
	}
}

static void
flow(FILE *to, struct flow_id id)
{
	fprintf(to, "flow %s%" PRIu64, (id.number & FLOW_DIALLED) != 0 ? "d" : "",
		id.number & ~FLOW_DIALLED);
}

static void
open_flow(FILE *to, const struct event *e)
{
	struct str name = transport_name(e->u.open.transport);
	char local[ADDR_BYTES], peer[ADDR_BYTES];

	flow(to, e->u.open.flow);
	fprintf(to, " is open: %.*s, %s, here %s", (int)name.len, name.at,
		address(&e->u.open.peer, peer), address(&e->u.open.local, local));
	if (e->u.open.secured.version.len > 0) {
		fputs(", ", to);
		line(to, e->u.open.secured.version);
	}
	if (e->u.open.secured.proof != PROOF_NONE) {
		fputs(", proved to be ", to);
		line(to, e->u.open.secured.name);
	}
	fputc('\n', to);
}

static void
names(FILE *to, const struct event *e)
{
	static const char *const words[] = {
		[NAMES_FOUND] = "found", [NAMES_ABSENT] = "absent", [NAMES_FAILED] = "failed"
	};
	char text[ADDR_BYTES];

	fprintf(to, "names: the answer to %u is %s", e->u.names.ask.slot, words[e->u.names.status]);
	for (uint32_t i = 0; i < e->u.names.count; i++) {
		const struct dns_record *s = &e->u.names.services[i];

		if (e->u.names.kind == NAMES_ADDRESSES)
			fprintf(to, " %s", address(&e->u.names.addrs[i], text));
		else
			fprintf(to, " %u %u %u %.*s %.*s,", s->order, s->weight, s->port,
				(int)s->what.len, s->what.at, (int)s->name.len, s->name.at);
	}
	fputc('\n', to);
}

void
story_event(FILE *to, const struct event *e)
{
	static const char *const saved[] = {
		[SAVED_DONE] = "done", [SAVED_STALE] = "stale", [SAVED_FAILED] = "failed"
	};
	char text[ADDR_BYTES];

	fputs("  -> ", to);
	switch (e->kind) {
	case EV_TICK: fputs("time passes\n", to); return;
	case EV_BYTES:
		flow(to, e->u.bytes.flow);
		fprintf(to, ", %zu octets from %s\n", e->u.bytes.data.len,
			address(&e->u.bytes.from, text));
		message(to, e->u.bytes.data);
		return;
	case EV_FLOW_OPEN: open_flow(to, e); return;
	case EV_FLOW_CLOSED:
	case EV_FLOW_FAILED:
		flow(to, e->u.closed.flow);
		fputs(e->kind == EV_FLOW_CLOSED ? " is closed: " : " did not open: ", to);
		line(to, e->u.closed.reason);
		fputc('\n', to);
		return;
	case EV_NAMES: names(to, e); return;
	case EV_BINDINGS:
		fputs("store: ", to);
		line(to, e->u.bindings.aor);
		fprintf(to, " has version %" PRIu64 ", %zu octets\n", e->u.bindings.version,
			e->u.bindings.set.len);
		return;
	case EV_SAVED:
		fprintf(to, "store: the answer to %u is %s\n", e->u.saved.ask.slot,
			saved[e->u.saved.status]);
		return;
	case EV_ORDER: fputs("order: drain\n", to); return;
	case EV_DIRECTORY:
		fprintf(to, "another directory, of %u DNs\n", e->u.directory->count);
		return;
	}
}

void
story_act(FILE *to, const struct act *a)
{
	static const char *const levels[] = {
		[NOTE_INFO] = "info", [NOTE_WARN] = "warn", [NOTE_ERROR] = "error"
	};
	char text[ADDR_BYTES];

	fputs("  <- ", to);
	switch (a->kind) {
	case ACT_SEND:
		flow(to, a->u.send.flow);
		fprintf(to, ", %zu octets to %s\n", a->u.send.bytes.len,
			address(&a->u.send.to, text));
		message(to, a->u.send.bytes);
		return;
	case ACT_DIAL:
		fputs("dial ", to);
		flow(to, a->u.dial.flow);
		fprintf(to, " to %s as ", address(&a->u.dial.to, text));
		line(to, a->u.dial.name);
		fputc('\n', to);
		return;
	case ACT_SHUT:
		fputs("shut ", to);
		flow(to, a->u.shut);
		fputc('\n', to);
		return;
	case ACT_RESOLVE:
		fprintf(to, "resolve %u: ", a->u.resolve.ask.slot);
		line(to, a->u.resolve.name);
		fputc('\n', to);
		return;
	case ACT_SAVE:
		fprintf(to, "save %u: ", a->u.save.ask.slot);
		line(to, a->u.save.aor);
		fprintf(to, ", version %" PRIu64 ", %zu octets\n", a->u.save.version,
			a->u.save.set.len);
		return;
	case ACT_RECORD:
		fputs("record: ", to);
		line(to, a->u.record);
		fputc('\n', to);
		return;
	case ACT_NOTE:
		fprintf(to, "%s: ", levels[a->u.note.level]);
		line(to, a->u.note.text);
		fputc('\n', to);
		return;
	}
}
