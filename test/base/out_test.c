/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/check.h"
#include "base/out.h"

static char bytes[OUT_BYTES];
static struct out out;

static int
init_out(void **state)
{
	(void)state;
	out_init(&out, bytes, sizeof bytes);
	return 0;
}

static void
actions_come_out_in_their_order(void **state)
{
	struct addr to = { .family = ADDR_V4, .ip = { 192, 0, 2, 1 }, .port = 5060 };
	struct flow_id flow = { 7 };
	struct ref ask = { 3, 1 };
	struct buf b = out_buf(&out, 100);
	struct str sent;

	(void)state;
	buf_put(&b, STR("INVITE"));
	sent = out_wrote(&out, &b);
	out_send(&out, flow, &to, sent);
	out_dial(&out, flow, TRANSPORT_TLS, &to, out_keep(&out, STR("h")), &(struct terms){ 0 },
		STR("trunk"));
	out_resolve(&out, ask, NAMES_SRV, STR("name"));
	out_save(&out, ask, STR("aor"), 9, STR("set"));
	out_note(&out, NOTE_WARN, STR("line"));
	out_shut(&out, flow);
	assert_int_equal(out.count, 6);
	assert_int_equal(out.acts[0].kind, ACT_SEND);
	check_str(out.acts[0].u.send.bytes, "INVITE");
	assert_true(addr_same(&out.acts[0].u.send.to, &to));
	assert_int_equal(out.acts[1].kind, ACT_DIAL);
	check_str(out.acts[1].u.dial.name, "h");
	assert_int_equal(out.acts[1].u.dial.transport, TRANSPORT_TLS);
	check_str(out.acts[1].u.dial.about, "trunk");
	check_str(out.acts[2].u.resolve.name, "name");
	assert_int_equal(out.acts[2].u.resolve.kind, NAMES_SRV);
	assert_true(ref_same(out.acts[3].u.save.ask, ask));
	assert_int_equal(out.acts[3].u.save.version, 9);
	check_str(out.acts[3].u.save.aor, "aor");
	assert_int_equal(out.acts[4].u.note.level, NOTE_WARN);
	assert_true(flow_same(out.acts[5].u.shut, flow));
}

static void
what_was_written_is_kept(void **state)
{
	struct buf b = out_buf(&out, 3);
	struct str one, two;

	(void)state;
	buf_put(&b, STR("one"));
	one = out_wrote(&out, &b);
	two = out_keep(&out, STR("two"));
	check_str(one, "one");
	check_str(two, "two");
	assert_ptr_equal(two.at, one.at + 3);
	b = out_buf(&out, 3);
	buf_put(&b, STR("four"));
	assert_false(buf_ok(&b));
	out_clear(&out);
	assert_int_equal(out.count, 0);
	assert_ptr_equal(out_keep(&out, STR("x")).at, bytes);
}

/* While it says that there is room, the worst step fits; and it says so at least four times. */
static void
room_means_room_for_the_worst_step(void **state)
{
	unsigned steps = 0;

	(void)state;
	for (; out_has_room(&out); steps++) {
		struct buf b = out_buf(&out, OUT_BYTES_PER_STEP_MAX);

		while (b.used < OUT_BYTES_PER_STEP_MAX)
			buf_char(&b, 'x');
		assert_true(buf_ok(&b));
		(void)out_wrote(&out, &b);
		for (unsigned i = 0; i < ACTS_PER_STEP_MAX; i++)
			out_shut(&out, FLOW_NONE);
	}
	assert_in_range(steps, 4, ACTS_MAX / ACTS_PER_STEP_MAX);
	out_clear(&out);
	while (out.count + ACTS_PER_STEP_MAX <= ACTS_MAX) {
		assert_true(out_has_room(&out));
		out_shut(&out, FLOW_NONE);
	}
	assert_false(out_has_room(&out));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(actions_come_out_in_their_order, init_out),
		cmocka_unit_test_setup(what_was_written_is_kept, init_out),
		cmocka_unit_test_setup(room_means_room_for_the_worst_step, init_out),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
