/* SPDX-License-Identifier: Apache-2.0 */
/* The story of a run, for `--verbose`: one line a message, as a ladder between the devices and the
 * server, and what happened in between. */
#include <stdarg.h>
#include <string.h>

#include "world.h"

enum { TEXTS = 8, COLUMN = 12, LINE_MAX = 100 };

const char *
addr_text(const struct addr *addr)
{
	static char texts[TEXTS][ADDR_TEXT_MAX + 16];
	static unsigned next;
	char *text = texts[next++ % TEXTS];
	struct buf b = buf_on(text, sizeof texts[0] - 1);

	addr_write_port(&b, addr);
	text[b.used] = '\0';
	return text;
}

static const char *
name_of(struct world *w, struct flow_id flow, enum transport transport, const struct addr *peer)
{
	const struct wire *wire = flow.number > WORLD_LISTENERS ? wire_find(w, flow) : NULL;
	uint32_t who = wire != NULL ? wire->who : phone_at(w, peer, transport);

	return who < PHONES ? w->phones.all[who].user : "?";
}

static void
put_time(struct world *w)
{
	fprintf(w->options.story, "%9.3f  ", (double)w->now.mono_ms / 1000);
}

/* The value of a header in a message that may be anything. */
static struct str
value_of(const char *at, size_t len, const char *name)
{
	const char *line = memmem(at, len, name, strlen(name));
	const char *end;

	if (line == NULL)
		return STR("");
	line += strlen(name);
	end = memchr(line, '\r', len - (size_t)(line - at));
	return end == NULL ? STR("") : str_of(line, (size_t)(end - line));
}

void
story_message(struct world *w, bool is_in, struct flow_id flow, enum transport transport,
	const struct addr *peer, const char *at, size_t len)
{
	static const char *const tokens[] = { "?", "udp", "tcp", "tls" };
	const char *end;
	struct str call_id, cseq;
	int shown;

	if (w->options.story == NULL)
		return;
	end = memchr(at, '\r', len);
	shown = end != NULL && end - at < LINE_MAX ? (int)(end - at)
						   : (int)(len < LINE_MAX ? len : LINE_MAX);
	call_id = value_of(at, len, "\r\nCall-ID: ");
	cseq = value_of(at, len, "\r\nCSeq: ");
	put_time(w);
	fprintf(w->options.story, "%-*s %s%s%s  %.*s  (%.*s, %.*s)\n", COLUMN,
		name_of(w, flow, transport, peer), is_in ? "--" : "<-", tokens[transport],
		is_in ? "->" : "--", shown, at, (int)cseq.len, cseq.at, (int)call_id.len,
		call_id.at);
	if (w->options.is_raw)
		fprintf(w->options.story, "%.*s\n", (int)len, at);
}

void
story_say(struct world *w, const char *format, ...)
{
	va_list args;

	if (w->options.story == NULL)
		return;
	put_time(w);
	fprintf(w->options.story, "%-*s . ", COLUMN, "");
	va_start(args, format);
	vfprintf(w->options.story, format, args);
	va_end(args);
	fputc('\n', w->options.story);
}
