/* SPDX-License-Identifier: Apache-2.0 */
#include "calls/party.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

struct device *
device_at(enum transport transport, const struct addr *at)
{
	for (unsigned i = 0; i < play.device_count; i++)
		if (play.devices[i].transport == transport && addr_same(&play.devices[i].at, at))
			return &play.devices[i];
	return NULL;
}

static struct device *
device_find(struct str name)
{
	for (unsigned i = 0; i < play.device_count; i++)
		if (str_same(play.devices[i].name, name))
			return &play.devices[i];
	return NULL;
}

static struct side *
side_known(struct str name)
{
	for (unsigned i = 0; i < play.side_count; i++)
		if (str_same(play.sides[i].name, name))
			return &play.sides[i];
	return NULL;
}

struct side *
side_find(struct str name)
{
	struct side *side = side_known(name);
	struct device *device;

	if (side != NULL)
		return side;
	device = device_find(str_upto(name, str_find(name, '.')));
	if (device == NULL)
		return NULL;
	if (play.side_count == SIDES_MAX)
		play_fail("too many sides");
	side = &play.sides[play.side_count++];
	*side = (struct side){ .name = name, .device = device };
	return side;
}

/* ---- what was said and heard ---- */

void
side_keep(struct side *side, struct str key, struct str octets, bool is_heard)
{
	if (side->kept_count == KEPT_MAX)
		play_fail("%s has said and heard too much", side->name.at);
	side->kept[side->kept_count++] = (struct kept){ text_keep(key), octets, is_heard };
}

struct str
side_kept(const struct side *side, struct str key)
{
	for (unsigned i = side->kept_count; i > 0; i--)
		if (str_same(side->kept[i - 1].key, key))
			return side->kept[i - 1].octets;
	return STR_NONE;
}

struct str
side_last(const struct side *side, struct str key, bool is_heard)
{
	for (unsigned i = side->kept_count; i > 0; i--)
		if (side->kept[i - 1].is_heard == is_heard && str_same(side->kept[i - 1].key, key))
			return side->kept[i - 1].octets;
	return STR_NONE;
}

struct str
party_message(struct str reference)
{
	struct str whole = text_keep(reference), ordinal = whole, key = str_cut(&ordinal, '#'),
		   name;
	size_t dot = key.len;
	const struct side *side;
	uint64_t n = 0;

	while (dot > 0 && key.at[dot - 1] != '.')
		dot--;
	if (dot == 0)
		play_fail("`%s`: a message is named SIDE.METHOD or SIDE.STATUS", whole.at);
	name = str_upto(key, dot - 1);
	key = str_from(key, dot);
	side = side_known(name);
	if (side == NULL)
		play_fail("`%s`: nobody of that name has said or heard anything", whole.at);
	if (ordinal.len > 0 && !str_number(ordinal, KEPT_MAX, &n))
		play_fail("`%s`: not a number behind #", whole.at);
	for (unsigned i = 0; i < side->kept_count && n > 0; i++)
		if (str_same(side->kept[i].key, key) && --n == 0)
			return side->kept[i].octets;
	if (ordinal.len > 0 || str_is_none(side_kept(side, key)))
		play_fail("`%s`: no such message was said or heard", whole.at);
	return side_kept(side, key);
}

static void
fill_reference(struct buf *b, struct str words)
{
	struct str selector = words, reference = str_cut(&selector, ' ');
	struct str value = text_select(party_message(reference), str_trim(selector));

	if (str_is_none(value))
		play_fail("`%s`: there is nothing of that in the message", text_keep(words).at);
	buf_put(b, value);
}

/* One escape behind a backslash; how many octets of TEXT it took. */
static size_t
fill_escape(struct buf *b, struct str text)
{
	static const char names[] = "rnt0", octets[] = "\r\n\t";
	const char *found = text.len > 0 ? strchr(names, text.at[0]) : NULL;

	if (text.len == 0)
		play_fail("a backslash at the end");
	if (found != NULL && *found != '\0') {
		buf_char(b, octets[found - names]);
		return 1;
	}
	if (text.at[0] == 'x' && text.len > 2 && char_hex(text.at[1]) >= 0 &&
		char_hex(text.at[2]) >= 0) {
		buf_char(b, (char)(char_hex(text.at[1]) * 16 + char_hex(text.at[2])));
		return 3;
	}
	if (text.at[0] == '*') { /* `\*500a`: 500 times the octet that follows */
		uint64_t count = 0;
		size_t digits = 1;

		while (digits < text.len && char_is_digit(text.at[digits]))
			digits++;
		if (!str_number(str_of(text.at + 1, digits - 1), 70000, &count) ||
			digits >= text.len)
			play_fail("`\\*` needs a number and an octet");
		for (; count > 0; count--)
			buf_char(b, text.at[digits]);
		return digits + 1;
	}
	buf_char(b, text.at[0]);
	return 1;
}

struct str
party_fill(struct str text)
{
	static char filled[80 * 1024];
	struct buf b = buf_on(filled, sizeof filled);

	for (size_t i = 0; i < text.len; i++) {
		struct str rest = str_from(text, i + 1);

		if (text.at[i] == '\\') {
			i += fill_escape(&b, rest);
		} else if (text.at[i] == '{' && str_find(rest, '}') < rest.len) {
			fill_reference(&b, str_upto(rest, str_find(rest, '}')));
			i += str_find(rest, '}') + 1;
		} else {
			buf_char(&b, text.at[i]);
		}
	}
	if (!buf_ok(&b))
		play_fail("a line that is too long");
	return text_keep(buf_str(&b));
}

/* ---- devices ---- */

bool
addr_read(struct addr *at, struct str text)
{
	size_t colon = text.len;
	uint64_t port = 0;

	while (colon > 0 && text.at[colon - 1] != ':')
		colon--;
	if (colon == 0 || !str_number(str_from(text, colon), 65535, &port) ||
		!addr_parse(at, str_upto(text, colon - 1)))
		return false;
	at->port = (uint16_t)port;
	return true;
}

void
party_declare(const struct step *step)
{
	static const struct {
		const char *word;
		enum transport transport;
		bool is_sips;
	} kinds[] = {
		{ "udp", TRANSPORT_UDP, false },
		{ "tcp", TRANSPORT_TCP, false },
		{ "tls", TRANSPORT_TLS, false },
		{ "sips", TRANSPORT_TLS, true },
	};
	struct device *d = &play.devices[play.device_count];
	struct str name = step_option(step, 5, "name");
	char literal[ADDR_TEXT_MAX];
	struct buf b;
	size_t i = 0;

	while (i < 4 && !step_is(step, 3, kinds[i].word))
		i++;
	if (play.device_count == DEVICES_MAX || i == 4 || device_find(step_word(step, 1)) != NULL)
		play_fail("phone|device NAME USER udp|tcp|tls|sips IP:PORT [name=HOST]");
	*d = (struct device){ .name = text_keep(step_word(step, 1)),
		.user = text_keep(step_word(step, 2)),
		.host = text_keep(step_word(step, 4)),
		.transport = kinds[i].transport,
		.is_sips = kinds[i].is_sips };
	if (!addr_read(&d->at, step_word(step, 4)))
		play_fail("`%s` is no IP:PORT", d->host.at);
	b = buf_on(literal, sizeof literal);
	addr_write_bare(&b, &d->at);
	d->tls_name = text_keep(str_is_none(name) ? buf_str(&b) : name);
	play.device_count++;
	if (d->transport == TRANSPORT_UDP)
		d->flow = stage_socket(&play.stage, &d->at);
	else if (step_is(step, 0, "phone"))
		d->flow = stage_accept(&play.stage, d->transport, &d->at);
}

/* The socket that IP:PORT of `from=` stands for, of a datagram that another host sends. */
static void
send_from(struct str place, struct str octets)
{
	struct addr from;

	if (!addr_read(&from, place))
		play_fail("`from=` needs IP:PORT");
	stage_datagram(&play.stage, &from, octets);
}

void
party_send(struct side *side, const struct step *step, struct str octets)
{
	struct str from = step_option(step, 2, "from"), pieces = step_option(step, 2, "pieces");
	struct device *d = side->device;
	uint64_t size = octets.len;

	if (!str_is_none(from)) {
		send_from(from, octets);
		return;
	}
	if (d->transport == TRANSPORT_UDP) {
		stage_datagram(&play.stage, &d->at, octets);
		return;
	}
	if (flow_is_none(d->flow))
		play_fail("%s has no connection", d->name.at);
	if (!str_is_none(pieces) && (!str_number(pieces, 65535, &size) || size == 0))
		play_fail("`pieces=` needs a number");
	while (octets.len > 0) {
		stage_bytes(&play.stage, d->flow, str_upto(octets, size));
		octets = str_from(octets, size);
	}
}
