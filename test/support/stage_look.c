/* SPDX-License-Identifier: Apache-2.0 */
/* What came of it, and what is put together from the rest: the second half of stage.h. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "support/stage.h"

/* The longest timer after the last message: 64*T1 for the answer to a BYE, and as much again for a
 * transaction that was answered meanwhile. */
enum { ALL_OVER_MS = 3 * 64 * STAGE_T1_MS };

const struct stage_sent *
stage_take(struct stage *s, enum transport transport, const struct addr *to)
{
	for (unsigned i = s->first_untaken; i < s->sent_count; i++) {
		struct stage_sent *sent = &s->sent[i];

		if (sent->is_taken || sent->transport != transport || !addr_same(&sent->to, to))
			continue;
		sent->is_taken = true;
		while (s->first_untaken < s->sent_count && s->sent[s->first_untaken].is_taken)
			s->first_untaken++;
		return sent;
	}
	return NULL;
}

static void
show_waiting(const struct stage *s)
{
	for (unsigned i = s->first_untaken; i < s->sent_count; i++)
		if (!s->sent[i].is_taken)
			print_message("not taken, to port %u:\n%.*s\n", s->sent[i].to.port,
				(int)s->sent[i].bytes.len, s->sent[i].bytes.at);
}

const struct stage_sent *
expect_send(struct stage *s, enum transport transport, const struct addr *to, const char *start)
{
	const struct stage_sent *sent = stage_take(s, transport, to);

	if (sent == NULL) {
		show_waiting(s);
		print_message("the log:\n%.*s\n", (int)s->notes_len, s->notes);
		fail_msg("expected `%s`, nothing came", start);
	} else if (!str_begins(sent->bytes, str_cstr(start))) {
		print_message("the log:\n%.*s\n", (int)s->notes_len, s->notes);
		fail_msg("expected `%s`, but\n%.*s", start, (int)sent->bytes.len, sent->bytes.at);
	}
	return sent;
}

void
expect_quiet(struct stage *s)
{
	for (unsigned i = s->first_untaken; i < s->sent_count; i++) {
		if (s->sent[i].is_taken)
			continue;
		show_waiting(s);
		fail_msg("something was sent that was not expected");
	}
}

void
stage_forget_sent(struct stage *s)
{
	for (unsigned i = 0; i < s->sent_count; i++)
		free((void *)(uintptr_t)s->sent[i].bytes.at);
	s->sent_count = s->first_untaken = 0;
}

struct counts
stage_counts(const struct stage *s)
{
	struct counts counts;

	core_count(s->core, &counts);
	return counts;
}

void
expect_empty(struct stage *s)
{
	struct counts counts;

	expect_quiet(s);
	stage_pass_ms(s, ALL_OVER_MS);
	expect_quiet(s);
	counts = stage_counts(s);
	if (counts.calls != 0 || counts.legs != 0)
		print_message("the log:\n%.*s\n", (int)s->notes_len, s->notes);
	assert_int_equal(counts.calls, 0);
	assert_int_equal(counts.legs, 0);
	assert_int_equal(counts.transactions, 0);
	assert_int_equal(counts.timers, 0);
	assert_int_equal(counts.asks, 0);
}

bool
stage_noted(const struct stage *s, const char *part)
{
	return memmem(s->notes, s->notes_len, part, strlen(part)) != NULL;
}

void
stage_forget_notes(struct stage *s)
{
	s->notes_len = 0;
}

void
stage_drain(struct stage *s)
{
	const struct event e = { .kind = EV_ORDER, .u.order = ORDER_DRAIN };

	stage_feed(s, &e);
}

void
stage_names_come(struct stage *s)
{
	/* An answer may lead to the next question. */
	while (s->waiting_count > 0) {
		struct event e = s->waiting[0];

		memmove(s->waiting, s->waiting + 1, --s->waiting_count * sizeof e);
		stage_feed(s, &e);
	}
}
