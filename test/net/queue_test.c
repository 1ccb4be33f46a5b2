/* SPDX-License-Identifier: Apache-2.0 */
#include "net/queue.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static const struct flow_id flow = { 7 };
static const struct addr from = { .family = ADDR_V4, .ip = { 127, 0, 0, 1 }, .port = 5060 };

static void
put_bytes(struct queue *q, struct str text)
{
	char *room = queue_room(q, text.len);

	assert_non_null(room);
	memcpy(room, text.at, text.len);
	queue_put_bytes(q, flow, &from, text.len);
}

static void
put_closed(struct queue *q, uint64_t number, struct str reason)
{
	struct event event = { .kind = EV_FLOW_CLOSED };

	event.u.closed.flow.number = number;
	event.u.closed.reason = reason;
	queue_put(q, &event);
}

static void
events_come_in_their_order(void **state)
{
	struct queue q;
	struct event event;

	(void)state;
	queue_open(&q);
	assert_false(queue_next(&q, &event));
	put_bytes(&q, STR("one"));
	put_closed(&q, 7, STR("why"));
	put_bytes(&q, STR("two"));
	assert_true(queue_next(&q, &event));
	assert_int_equal(event.kind, EV_BYTES);
	assert_true(str_same(event.u.bytes.data, STR("one")));
	assert_true(addr_same(&event.u.bytes.from, &from));
	assert_true(flow_same(event.u.bytes.flow, flow));
	assert_true(queue_next(&q, &event));
	assert_int_equal(event.kind, EV_FLOW_CLOSED);
	assert_true(str_same(event.u.closed.reason, STR("why")));
	assert_true(queue_next(&q, &event));
	assert_true(str_same(event.u.bytes.data, STR("two")));
	assert_true(queue_is_empty(&q));
	assert_false(queue_next(&q, &event));
	queue_close(&q);
}

static void
strings_are_copied(void **state)
{
	struct event event = { .kind = EV_FLOW_OPEN };
	char version[] = "TLSv1.3", name[] = "a.example";
	struct queue q;

	(void)state;
	queue_open(&q);
	event.u.open.secured.version = str_of(version, 7);
	event.u.open.secured.name = str_of(name, 9);
	queue_put(&q, &event);
	memset(version, '?', sizeof version);
	memset(name, '?', sizeof name);
	assert_true(queue_next(&q, &event));
	assert_true(str_same(event.u.open.secured.version, STR("TLSv1.3")));
	assert_true(str_same(event.u.open.secured.name, STR("a.example")));
	assert_int_equal(event.u.open.secured.fingerprint.len, 0);
	queue_close(&q);
}

static void
a_full_inbox_says_so_until_it_was_emptied(void **state)
{
	struct event event;
	struct queue q;
	size_t pieces = 0;

	(void)state;
	queue_open(&q);
	while (queue_room(&q, READ_BYTES) != NULL) {
		queue_put_bytes(&q, flow, &from, READ_BYTES);
		pieces++;
	}
	assert_int_equal(pieces, INBOX_BYTES / READ_BYTES);
	put_closed(&q, 9, STR("still taken"));
	for (size_t i = 0; i < pieces; i++) {
		assert_true(queue_next(&q, &event));
		assert_null(queue_room(&q, READ_BYTES)); /* views must stay good */
	}
	assert_true(queue_next(&q, &event));
	assert_int_equal(event.kind, EV_FLOW_CLOSED);
	assert_false(queue_next(&q, &event));
	assert_non_null(queue_room(&q, READ_BYTES));
	queue_close(&q);
}

static void
many_events_in_any_mix(void **state)
{
	uint64_t put = 0, taken = 0;
	struct event event;
	struct queue q;

	(void)state;
	queue_open(&q);
	for (unsigned turn = 0; turn < 300; turn++) {
		for (unsigned i = 0; i < turn % 17; i++)
			put_closed(&q, ++put, STR("x"));
		for (unsigned i = 0; i < turn % 13; i++)
			if (queue_next(&q, &event))
				assert_int_equal(event.u.closed.flow.number, ++taken);
	}
	while (queue_next(&q, &event))
		assert_int_equal(event.u.closed.flow.number, ++taken);
	assert_int_equal(put, taken);
	queue_close(&q);
}

static void
notes_are_limited_and_what_was_left_out_is_told(void **state)
{
	enum note_level level;
	struct str text;
	struct queue q;
	unsigned count = 0;

	(void)state;
	queue_open(&q);
	for (unsigned i = 0; i < NET_NOTES_PER_S + 5; i++)
		queue_note(&q, NOTE_INFO, STR("noise"), 1000 + i);
	while (queue_next_note(&q, &level, &text))
		count++;
	assert_int_equal(count, NET_NOTES_PER_S);
	queue_note(&q, NOTE_ERROR, STR("later"), 2000);
	assert_true(queue_next_note(&q, &level, &text));
	assert_true(str_same(text, STR("5 more lines of this kind were left out")));
	assert_true(queue_next_note(&q, &level, &text));
	assert_true(str_same(text, STR("later")));
	assert_int_equal(level, NOTE_ERROR);
	assert_false(queue_next_note(&q, &level, &text));
	queue_close(&q);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(events_come_in_their_order),
		cmocka_unit_test(strings_are_copied),
		cmocka_unit_test(a_full_inbox_says_so_until_it_was_emptied),
		cmocka_unit_test(many_events_in_any_mix),
		cmocka_unit_test(notes_are_limited_and_what_was_left_out_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
