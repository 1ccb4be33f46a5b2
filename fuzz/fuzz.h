/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz.h - what a fuzz target is: one function that takes any octets.
 *
 * Each fuzz/<name>_fuzz.c is built twice: with libFuzzer in front of it (engine.c), which looks for
 * new inputs, and with replay.c, which runs the inputs in fuzz/corpus/<name>.corpus and
 * fuzz/found/<name>.corpus as a unit test.
 */
#ifndef FUZZ_FUZZ_H
#define FUZZ_FUZZ_H

#include "base/buf.h"
#include "base/str.h"

/* The target: runs one input and leaves nothing behind. What is wrong ends the process, through
 * fuzz_fail or by what the sanitizers see. The octets stand in a block of exactly their size. */
void fuzz_one(struct str input);

/* Ends the process with WHY and the octets that it is about. */
_Noreturn void fuzz_fail(const char *why, struct str about);

#define fuzz_check(condition, about) \
	((condition) ? (void)0 : fuzz_fail("does not hold: " #condition, about))

/* Where VIEW is not part of WHOLE: ends the process. An empty one is part of anything. */
void fuzz_within(struct str view, struct str whole);

/* Takes the octets up to the first LF (which is dropped) off the front of *INPUT: the choices of an
 * input, such as sizes, stand before what is to be read. */
struct str fuzz_line(struct str *input);

/* A number out of the next octet of *CHOICES, 0 when there is none. */
unsigned fuzz_choice(struct str *choices);

/* A writer has put TEXT, of LEN octets, into a buffer that was large enough. Written again into one
 * of exactly that size it must fit, into one less or none it must say so, and never an octet behind
 * the end may be touched. WRITE is told where, and what it was told about. */
void fuzz_sizes(struct str text, void (*write)(struct buf *, const void *), const void *what);

#endif
