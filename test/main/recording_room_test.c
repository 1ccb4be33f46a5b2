/* SPDX-License-Identifier: Apache-2.0 */
/* How many octets a record can take: what is of any length counts in full. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "directory/directory.h"
#include "main/recording.h"

#define LONG STR("a text that is longer than nothing at all")

static size_t
room_of(struct event event)
{
	return recording_room(&(struct record){ .kind = RECORD_EVENT, .event = event });
}

static void
every_text_of_an_event_counts(void **state)
{
	static const struct directory one = { .uuid_header = { "X-Call", 6 } };
	size_t least = room_of((struct event){ .kind = EV_TICK });
	struct event open = { .kind = EV_FLOW_OPEN }, names = { .kind = EV_NAMES };
	struct event bytes = { .kind = EV_BYTES }, gone = { .kind = EV_FLOW_CLOSED };
	struct event set = { .kind = EV_BINDINGS }, other = { .kind = EV_DIRECTORY };
	struct str *const texts[] = { &open.u.open.secured.version, &open.u.open.secured.cipher,
		&open.u.open.secured.name, &open.u.open.secured.fingerprint,
		&open.u.open.secured.own };

	(void)state;
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
		assert_int_equal(room_of(open), least + i * LONG.len);
		*texts[i] = LONG;
	}
	bytes.u.bytes.data = gone.u.closed.reason = set.u.bindings.aor = LONG;
	set.u.bindings.set = LONG;
	assert_int_equal(room_of(bytes), least + LONG.len);
	assert_int_equal(room_of(gone), least + LONG.len);
	gone.kind = EV_FLOW_FAILED;
	assert_int_equal(room_of(gone), least + LONG.len);
	assert_int_equal(room_of(set), least + 2 * LONG.len);
	names.u.names.count = 1;
	assert_int_equal(room_of(names), least);
	names.u.names.kind = NAMES_SRV;
	names.u.names.services[0] =
		(struct dns_record){ .flags = LONG, .what = LONG, .name = LONG };
	assert_int_equal(room_of(names), least + 3 * LONG.len);
	other.u.directory = &one;
	assert_true(room_of(other) > least + one.uuid_header.len);
	assert_int_equal(room_of((struct event){ .kind = EV_SAVED }), least);
	assert_int_equal(room_of((struct event){ .kind = EV_ORDER }), least);
}

static void
a_record_of_another_kind(void **state)
{
	size_t least = room_of((struct event){ .kind = EV_TICK });
	struct directory none = { .uuid_header = STR_NONE };
	struct listener listener = { .advertise = LONG };
	struct record opening = { .kind = RECORD_OPEN, .options = { .directory = &none } };
	size_t before = recording_room(&opening);

	(void)state;
	assert_int_equal(recording_room(&(struct record){ .kind = RECORD_END }), least);
	assert_int_equal(
		recording_room(&(struct record){ .kind = RECORD_ANSWER, .verdicts = LONG }),
		least + LONG.len);
	opening.options.listeners = &listener;
	opening.options.listener_count = 1;
	assert_true(recording_room(&opening) > before + LONG.len);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_text_of_an_event_counts),
		cmocka_unit_test(a_record_of_another_kind),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
