/* SPDX-License-Identifier: Apache-2.0 */
/* What kind of device one is in a call, when it answers and how: drawn from the number of the call,
 * so that the device at the other end may know. */
#include "phone_inside.h"

enum { CALLEE = 64 /* added to what a draw is for: the callee's own */ };

/* Percent of calls. */
enum { ANSWERS = 92, ASKS_FOR_PROOF = 70 };

uint32_t
talk_percent(const struct talk *t, uint64_t what)
{
	return draw_below(t->draw, what, t->is_caller ? 0 : CALLEE, 100);
}

bool
talk_misdoes(const struct world *w, const struct talk *t, enum misdeed misdeed)
{
	return !w->is_calm && t->manner == MANNER_WRONG && t->misdeed == misdeed;
}

void
talk_draw_manner(struct world *w, struct talk *t)
{
	uint32_t side = t->is_caller ? 0 : CALLEE;

	if (!draw_ppm(t->draw, DRAW_MANNER, side, w->weather.bad_ppm))
		return;
	switch (draw_below(t->draw, DRAW_MANNER, side + 1, 10)) {
	case 0:
	case 1:
	case 2:
		t->manner = MANNER_SLOW;
		w->troubles[TROUBLE_SLOW_DEVICE]++;
		break;
	case 3:
	case 4:
		t->manner = t->is_caller ? MANNER_RIGHT : MANNER_SILENT;
		w->troubles[TROUBLE_SILENT_DEVICE] += !t->is_caller;
		break;
	default:
		t->manner = MANNER_WRONG;
		w->troubles[TROUBLE_WRONG_DEVICE]++;
		t->misdeed = 1 + draw_below(t->draw, DRAW_MISDEED, side, MISDEED_KINDS - 1);
	}
}

int64_t
talk_answer_ms(const struct talk *t)
{
	return draw_span(t->draw, DRAW_ANSWER_MS, 0, 60, 3000);
}

/* A trunk that knows us wants to be sure. */
static bool
asks_for_proof(const struct world *w, const struct talk *t)
{
	return !t->is_proven && backing_realm(w, w->phones.all[t->who].user) != NULL &&
		draw_below(t->draw, DRAW_PROOF, 0, 100) < ASKS_FOR_PROOF;
}

unsigned
talk_final_status(struct world *w, const struct talk *t)
{
	static const unsigned others[] = { 486, 480, 404, 603, 503, 500, 302, 488, 408, 481, 300,
		410 };

	if (talk_misdoes(w, t, MISDEED_REDIRECTS))
		return 302;
	if (talk_misdoes(w, t, MISDEED_CHALLENGES))
		return t->call % 2 == 0 ? 401 : 407;
	if (talk_misdoes(w, t, MISDEED_TWO_FINALS))
		return 486;
	if (asks_for_proof(w, t))
		return t->call % 2 == 0 ? 401 : 407;
	if (draw_below(t->draw, DRAW_STATUS, 0, 100) < ANSWERS)
		return 200;
	return others[draw_below(t->draw, DRAW_STATUS_WHICH, 0, 12)];
}
