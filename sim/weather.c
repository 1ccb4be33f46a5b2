/* SPDX-License-Identifier: Apache-2.0 */
#include "weather.h"

enum { DRAW_WEATHER = 0x77 };

const char *
weather_kind_name(enum weather_kind kind)
{
	static const char *const names[] = {
#define X(name) #name,
		WEATHER_KINDS(X)
#undef X
	};

	return names[kind];
}

const char *
trouble_text(enum trouble trouble)
{
	static const char *const texts[] = {
#define X(name, text) text,
		TROUBLES(X)
#undef X
	};

	return texts[trouble];
}

void
weather_calm(struct weather *w)
{
	*w = (struct weather){
		.delay_min_ms = 1, .delay_max_ms = 5, .store_max_ms = 2, .names_max_ms = 2
	};
}

/* The worst of what is drawn for KIND: 0 when this seed has none of it. */
static uint32_t
share(uint64_t seed, enum weather_kind kind, uint32_t n, uint32_t most)
{
	if (draw_below(seed, DRAW_WEATHER, 100 + kind, 100) < 35)
		return 0;
	return draw_below(seed, DRAW_WEATHER, 1000 + 16 * kind + n, most + 1);
}

static void
draw_net(struct weather *w, uint64_t seed, uint32_t lose_ppm)
{
	static const int64_t delays_ms[] = { 2, 10, 50, 200, 500 };

	w->lose_ppm = lose_ppm != UINT32_MAX ? lose_ppm : share(seed, WEATHER_LOSS, 0, 300000);
	w->twice_ppm = share(seed, WEATHER_TWICE, 0, 200000);
	w->delay_max_ms += delays_ms[draw_below(seed, DRAW_WEATHER, 1, 5)];
	w->spike_ppm = share(seed, WEATHER_DELAY, 1, 20000);
	w->spike_ms = draw_span(seed, DRAW_WEATHER, 2, 500, 20000);
	w->split_ppm = share(seed, WEATHER_SPLIT, 0, 800000);
	w->reset_ppm = share(seed, WEATHER_RESET, 0, 15000);
	w->dial_fail_ppm = share(seed, WEATHER_DIAL, 0, 200000);
	w->dial_hang_ppm = share(seed, WEATHER_DIAL, 1, 50000);
}

void
weather_draw(struct weather *w, uint64_t seed, uint32_t lose_ppm, uint32_t off)
{
	weather_calm(w);
	draw_net(w, seed, lose_ppm);
	w->store_fail_ppm = share(seed, WEATHER_STORE, 0, 200000);
	w->store_stale_ppm = share(seed, WEATHER_STORE, 1, 100000);
	w->store_mute_ppm = share(seed, WEATHER_STORE, 2, 50000);
	w->store_max_ms = 2 + share(seed, WEATHER_STORE, 3, 8000);
	w->names_fail_ppm = share(seed, WEATHER_NAMES, 0, 300000);
	w->names_max_ms = 2 + share(seed, WEATHER_NAMES, 1, 6000);
	w->late_max_ms =
		share(seed, WEATHER_LATE, 0, 4) == 4 ? 2000 : share(seed, WEATHER_LATE, 1, 60);
	w->bad_ppm = share(seed, WEATHER_DEVICES, 0, 400000);
	w->has_clock_jumps = share(seed, WEATHER_CLOCK, 0, 100) > 50;
	w->has_crashes = share(seed, WEATHER_CRASH, 0, 100) > 75;
	w->has_reloads = share(seed, WEATHER_RELOAD, 0, 100) > 50;
	for (enum weather_kind kind = 0; kind < WEATHERS; kind++) {
		if ((off >> kind & 1) == 0)
			continue;
		switch (kind) {
		case WEATHER_LOSS: w->lose_ppm = 0; break;
		case WEATHER_TWICE: w->twice_ppm = 0; break;
		case WEATHER_DELAY: w->spike_ppm = 0; break;
		case WEATHER_SPLIT: w->split_ppm = 0; break;
		case WEATHER_RESET: w->reset_ppm = 0; break;
		case WEATHER_DIAL: w->dial_fail_ppm = w->dial_hang_ppm = 0; break;
		case WEATHER_STORE:
			w->store_fail_ppm = w->store_stale_ppm = w->store_mute_ppm = 0;
			w->store_max_ms = 2;
			break;
		case WEATHER_NAMES:
			w->names_fail_ppm = 0;
			w->names_max_ms = 2;
			break;
		case WEATHER_LATE: w->late_max_ms = 0; break;
		case WEATHER_CLOCK: w->has_clock_jumps = false; break;
		case WEATHER_CRASH: w->has_crashes = false; break;
		case WEATHER_RELOAD: w->has_reloads = false; break;
		case WEATHER_DEVICES: w->bad_ppm = 0; break;
		case WEATHERS: break;
		}
	}
}
