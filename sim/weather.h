/* SPDX-License-Identifier: Apache-2.0 */
/* weather.h - all that can go wrong around the server, drawn once from the seed. Each seed has some
 * of it only, so that each fault is also met without the others. */
#ifndef SIM_WEATHER_H
#define SIM_WEATHER_H

#include "draw.h"

/* X(name): what may be calm in a seed, and is turned off to cut a failing run down. */
#define WEATHER_KINDS(X) \
	X(LOSS)          \
	X(TWICE)         \
	X(DELAY)         \
	X(SPLIT)         \
	X(RESET)         \
	X(DIAL)          \
	X(STORE)         \
	X(NAMES)         \
	X(LATE)          \
	X(CLOCK)         \
	X(CRASH)         \
	X(RELOAD)        \
	X(DEVICES)

enum weather_kind {
#define X(name) WEATHER_##name,
	WEATHER_KINDS(X)
#undef X
		WEATHERS
};

struct weather {
	uint32_t lose_ppm, twice_ppm;       /* of datagrams                                    */
	int64_t delay_min_ms, delay_max_ms; /* one way                                         */
	uint32_t spike_ppm;                 /* of messages that take up to SPIKE_MS more       */
	int64_t spike_ms;
	uint32_t split_ppm;                    /* of messages on streams that come in pieces      */
	uint32_t reset_ppm;                    /* of messages on streams in the midst of which the
	                                       * connection dies                                 */
	uint32_t dial_fail_ppm, dial_hang_ppm; /* refused; never answered                        */
	uint32_t store_fail_ppm, store_stale_ppm, store_mute_ppm;
	int64_t store_max_ms;
	uint32_t names_fail_ppm;
	int64_t names_max_ms;
	int64_t late_max_ms; /* how late the host may come with what is due        */
	uint32_t bad_ppm;    /* of devices that are slow, wrong, hostile or silent */
	bool has_clock_jumps, has_crashes, has_reloads;
};

/* X(name, text): what is counted when it comes, so that none of it is only drawn. */
#define TROUBLES(X)                                                  \
	X(LOST, "datagrams lost")                                    \
	X(TWICE, "datagrams doubled")                                \
	X(OVERTAKEN, "datagrams overtaken by later ones")            \
	X(SPIKE, "messages much delayed")                            \
	X(SPLIT, "messages in pieces")                               \
	X(RESET_IN, "connections that died in a message")            \
	X(RESET_OUT, "connections that died under ours")             \
	X(DIAL_REFUSED, "dials refused")                             \
	X(DIAL_MUTE, "dials not answered")                           \
	X(STORE_FAILED, "saves failed")                              \
	X(STORE_STALE, "saves refused as stale")                     \
	X(STORE_MUTE, "saves done and not told for long")            \
	X(STORE_SLOW, "saves that took a second or more")            \
	X(NAMES_FAILED, "questions to DNS failed")                   \
	X(NAMES_ODD, "questions to DNS answered oddly")              \
	X(NAMES_SLOW, "questions to DNS that took a second or more") \
	X(LATE, "timers late")                                       \
	X(WALL, "jumps of the calendar")                             \
	X(STALL, "stalls of the machine")                            \
	X(CRASH, "deaths of the server")                             \
	X(RELOAD, "reloads")                                         \
	X(SLOW_DEVICE, "calls of slow devices")                      \
	X(WRONG_DEVICE, "calls of wrong devices")                    \
	X(SILENT_DEVICE, "calls of silent devices")                  \
	X(HOSTILE_DEVICE, "messages of hostile devices")

enum trouble {
#define X(name, text) TROUBLE_##name,
	TROUBLES(X)
#undef X
		TROUBLE_KINDS
};

const char *trouble_text(enum trouble);

/* The weather of SEED, with LOSE_PPM of datagrams lost (UINT32_MAX: drawn too), less the kinds in
 * OFF, a bit each. */
void weather_draw(struct weather *, uint64_t seed, uint32_t lose_ppm, uint32_t off);

/* No fault at all; messages take a few milliseconds. */
void weather_calm(struct weather *);

const char *weather_kind_name(enum weather_kind);

#endif
