/* SPDX-License-Identifier: Apache-2.0 */
/* draw.h - what falls, without order: each draw depends on the seed, on what it is for and on which
 * one of those it is, never on how many draws came before. So a happening that is taken out of a
 * run leaves the others as they were, and a failing run can be cut down. */
#ifndef SIM_DRAW_H
#define SIM_DRAW_H

#include <stdbool.h>
#include <stdint.h>

#define MILLION 1000000u

/* The finisher of splitmix64. */
static inline uint64_t
draw_mix(uint64_t x)
{
	x ^= x >> 30;
	x *= 0xbf58476d1ce4e5b9;
	x ^= x >> 27;
	x *= 0x94d049bb133111eb;
	return x ^ (x >> 31);
}

/* The Nth draw for WHAT, a small number or the address of nothing: any constant of the caller's. */
static inline uint64_t
draw(uint64_t seed, uint64_t what, uint64_t n)
{
	return draw_mix(draw_mix(draw_mix(seed + 0x9e3779b97f4a7c15) ^ what) + n);
}

/* 0 to BOUND - 1. Pre: BOUND is not 0. */
static inline uint32_t
draw_below(uint64_t seed, uint64_t what, uint64_t n, uint32_t bound)
{
	return (uint32_t)((draw(seed, what, n) >> 32) * bound >> 32);
}

static inline bool
draw_ppm(uint64_t seed, uint64_t what, uint64_t n, uint32_t ppm)
{
	return draw_below(seed, what, n, MILLION) < ppm;
}

/* LOW to HIGH, both included. */
static inline int64_t
draw_span(uint64_t seed, uint64_t what, uint64_t n, int64_t low, int64_t high)
{
	return high <= low ? low
			   : low + (int64_t)draw_below(seed, what, n, (uint32_t)(high - low + 1));
}

#endif
