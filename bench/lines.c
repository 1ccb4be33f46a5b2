/* SPDX-License-Identifier: Apache-2.0 */
#include "lines.h"

#include <time.h>

enum { NS_PER_S = 1000000000 };

static const char session[] = "v=0\r\n"
			      "o=- 1374671231 1374671231 IN IP4 127.0.0.1\r\n"
			      "s=Phone-Call\r\n"
			      "c=IN IP4 127.0.0.1\r\n"
			      "t=0 0\r\n"
			      "m=audio 4000 RTP/AVP 9 0 8 18 96\r\n"
			      "a=ptime:20\r\n"
			      "a=rtpmap:9 G722/8000\r\n"
			      "a=rtpmap:0 PCMU/8000\r\n"
			      "a=rtpmap:8 PCMA/8000\r\n"
			      "a=rtpmap:18 G729/8000\r\n"
			      "a=fmtp:18 annexb=no\r\n"
			      "a=rtpmap:96 telephone-event/8000\r\n"
			      "a=fmtp:96 0-15\r\n";

static void
add(struct str *list, uint32_t *count, struct str value)
{
	if (*count < LINE_ROUTES_MAX)
		list[(*count)++] = value;
}

static void
keep(struct lines *l, struct str name, struct str value)
{
	uint64_t number;

	if (str_alike(name, STR("Via"))) {
		add(l->vias, &l->via_count, value);
	} else if (str_alike(name, STR("Record-Route"))) {
		while (value.len > 0)
			add(l->record_routes, &l->record_route_count,
				str_trim(str_cut(&value, ',')));
	} else if (str_alike(name, STR("From"))) {
		l->from = value;
	} else if (str_alike(name, STR("To"))) {
		l->to = value;
	} else if (str_alike(name, STR("Call-ID"))) {
		l->call_id = value;
	} else if (str_alike(name, STR("CSeq"))) {
		l->cseq = value;
	} else if (str_alike(name, STR("Contact"))) {
		l->contact = value;
	} else if (str_alike(name, STR("Content-Length")) && str_number(value, 65535, &number)) {
		l->body_bytes = (size_t)number;
	}
}

bool
lines_read(struct lines *l, struct str data)
{
	struct str rest = data;

	*l = (struct lines){ .start = STR_NONE };
	while (rest.len > 0) {
		size_t end = str_find(rest, '\n');
		struct str line, name;

		if (end == rest.len)
			return false;
		line = str_trim(str_upto(rest, end));
		rest = str_from(rest, end + 1);
		if (line.len == 0 && !str_is_none(l->start)) {
			l->head_bytes = data.len - rest.len;
			return true;
		}
		if (str_is_none(l->start)) {
			if (line.len > 0)
				l->start = line;
			continue;
		}
		name = str_trim(str_cut(&line, ':'));
		keep(l, name, str_trim(line));
	}
	return false;
}

struct str
lines_uri(struct str contact)
{
	size_t from = str_find(contact, '<');

	if (from == contact.len)
		return contact;
	contact = str_from(contact, from + 1);
	return str_upto(contact, str_find(contact, '>'));
}

void
lines_put(struct buf *b, struct str name, struct str value)
{
	buf_put(b, name);
	buf_put(b, STR(": "));
	buf_put(b, value);
	buf_put(b, STR("\r\n"));
}

void
lines_put_body(struct buf *b, struct str body)
{
	if (body.len > 0)
		lines_put(b, STR("Content-Type"), STR("application/sdp"));
	buf_put(b, STR("Content-Length: "));
	buf_number(b, body.len);
	buf_put(b, STR("\r\n\r\n"));
	buf_put(b, body);
}

struct str
lines_session(void)
{
	return str_of(session, sizeof session - 1);
}

int64_t
now_ns(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * NS_PER_S + t.tv_nsec;
}
