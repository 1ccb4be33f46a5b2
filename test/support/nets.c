/* SPDX-License-Identifier: Apache-2.0 */
#include "support/nets.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

enum { PATIENCE_MS = 5000 };

void
side_open(struct side *side, const struct net_options *options)
{
	char text[1024];
	struct buf why = buf_on(text, sizeof text - 1);

	*side = (struct side){ .bytes = malloc(HEARD_BYTES) };
	assert_non_null(side->bytes);
	side->net = net_open(options, &why);
	text[buf_str(&why).len] = '\0';
	if (side->net == NULL)
		fail_msg("net_open: %s", text);
}

void
side_close(struct side *side)
{
	net_close(side->net);
	free(side->bytes);
}

struct net_listen
loopback(enum transport transport)
{
	struct net_listen listen = { .transport = transport };

	assert_true(addr_parse(&listen.addr, STR("127.0.0.1")));
	return listen;
}

struct addr
side_addr(const struct side *side, uint32_t index)
{
	uint32_t count;
	const struct listener *listeners = net_listeners(side->net, &count);

	assert_true(index < count);
	return listeners[index].local;
}

static void
keep(char *at, size_t size, struct str text)
{
	text = str_upto(text, size - 1);
	if (text.len > 0)
		memcpy(at, text.at, text.len);
	at[text.len] = '\0';
}

static void
hear(struct side *side, const struct event *event)
{
	struct heard *heard = &side->heard[side->count];

	if (event->kind == EV_BYTES) {
		assert_true(side->bytes_len + event->u.bytes.data.len <= HEARD_BYTES);
		memcpy(side->bytes + side->bytes_len, event->u.bytes.data.at,
			event->u.bytes.data.len);
		side->bytes_len += event->u.bytes.data.len;
		side->bytes_flow = event->u.bytes.flow;
		side->bytes_from = event->u.bytes.from;
		side->pieces++;
		return;
	}
	assert_true(side->count < HEARD_MAX);
	side->count++;
	heard->event = *event;
	if (event->kind == EV_FLOW_OPEN) {
		keep(heard->version, sizeof heard->version, event->u.open.secured.version);
		keep(heard->cipher, sizeof heard->cipher, event->u.open.secured.cipher);
		keep(heard->name, sizeof heard->name, event->u.open.secured.name);
		heard->fingerprint_len = event->u.open.secured.fingerprint.len;
	} else if (event->kind == EV_FLOW_CLOSED || event->kind == EV_FLOW_FAILED) {
		keep(heard->reason, sizeof heard->reason, event->u.closed.reason);
	} else if (event->u.names.kind != NAMES_ADDRESSES && event->u.names.count > 0) {
		keep(heard->version, sizeof heard->version, event->u.names.services[0].what);
		keep(heard->name, sizeof heard->name, event->u.names.services[0].name);
		heard->event.u.names.services[0].what = str_cstr(heard->version);
		heard->event.u.names.services[0].name = str_cstr(heard->name);
	}
}

static void
side_turn(struct side *side, int64_t wait_ms)
{
	enum note_level level;
	struct event event;
	struct str text;

	net_wait(side->net, wait_ms);
	while (!side->is_deaf && net_next(side->net, &event))
		hear(side, &event);
	while (net_note(side->net, &level, &text)) {
		keep(side->note, sizeof side->note, text);
		side->notes++;
	}
}

void
sides_turn(struct side *a, struct side *b, int64_t wait_ms)
{
	side_turn(a, wait_ms);
	if (b != NULL)
		side_turn(b, wait_ms);
}

struct heard *
await(struct side *a, struct side *b, enum event_kind kind, unsigned count)
{
	int64_t until_ms = test_now_ms() + PATIENCE_MS;

	do {
		unsigned seen = 0;

		for (unsigned i = 0; i < a->count; i++)
			if (a->heard[i].event.kind == kind && ++seen == count)
				return &a->heard[i];
		sides_turn(a, b, 2);
	} while (test_now_ms() < until_ms);
	fail_msg("event %d did not come", (int)kind);
	return NULL;
}

void
await_bytes(struct side *a, struct side *b, size_t len)
{
	int64_t until_ms = test_now_ms() + PATIENCE_MS;

	while (a->bytes_len < len && test_now_ms() < until_ms)
		sides_turn(a, b, 2);
	assert_int_equal(a->bytes_len, len);
}

void
await_note(struct side *a, struct side *b)
{
	int64_t until_ms = test_now_ms() + PATIENCE_MS;
	unsigned before = a->notes;

	while (a->notes == before && test_now_ms() < until_ms)
		sides_turn(a, b, 2);
	assert_true(a->notes > before);
}

void
pass_ms(struct side *a, struct side *b, int64_t span_ms)
{
	int64_t until_ms = test_now_ms() + span_ms;

	while (test_now_ms() < until_ms)
		sides_turn(a, b, 2);
}

unsigned
heard_count(const struct side *side, enum event_kind kind)
{
	unsigned count = 0;

	for (unsigned i = 0; i < side->count; i++)
		count += side->heard[i].event.kind == kind;
	return count;
}

struct flow_id
dialled(uint64_t number)
{
	return (struct flow_id){ FLOW_DIALLED | number };
}

void
carry_dial(struct side *side, uint64_t number, enum transport transport, struct addr to,
	struct str name)
{
	struct act act = { .kind = ACT_DIAL };

	act.u.dial.flow = dialled(number);
	act.u.dial.transport = transport;
	act.u.dial.to = to;
	act.u.dial.name = name;
	assert_true(net_carry(side->net, &act));
	net_flush(side->net);
}

void
carry_send(struct side *side, struct flow_id flow, struct addr to, struct str bytes)
{
	struct act act = { .kind = ACT_SEND };

	act.u.send.flow = flow;
	act.u.send.to = to;
	act.u.send.bytes = bytes;
	assert_true(net_carry(side->net, &act));
	net_flush(side->net);
}

void
carry_shut(struct side *side, struct flow_id flow)
{
	struct act act = { .kind = ACT_SHUT };

	act.u.shut = flow;
	assert_true(net_carry(side->net, &act));
	net_flush(side->net);
}

int
plain_connect(struct addr addr)
{
	struct sockaddr_in in = { .sin_family = AF_INET, .sin_port = htons(addr.port) };
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	assert_true(fd >= 0);
	memcpy(&in.sin_addr, addr.ip, 4);
	assert_int_equal(connect(fd, (struct sockaddr *)&in, sizeof in), 0);
	return fd;
}

bool
text_has(const char *text, const char *part)
{
	return strstr(text, part) != NULL;
}

int64_t
test_now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}
