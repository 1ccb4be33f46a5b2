/* SPDX-License-Identifier: Apache-2.0 */
/* record.h - writes a recording (recording.h) while the server runs.
 *
 * Records go into a buffer that is written once a turn of the loop, or when it is full. Whatever
 * goes wrong, the server goes on without it: the recording stops and says so once.
 */
#ifndef MAIN_RECORD_H
#define MAIN_RECORD_H

#include "core/door.h"

struct recorder;

/* Makes the file PATH, which only its owner can read, for at most MAX_BYTES.
 * Ends: the recorder; NULL with one sentence in WHY: the file is there already, or cannot be
 * made. */
struct recorder *recorder_open(const char *path, uint64_t max_bytes, struct buf *why);

/* Puts how the core was opened. Its seed is made for this one run, and will stand in the file.
 * Ends: true; false with a sentence in WHY when that alone is too large. */
bool recorder_begin(
	struct recorder *, const struct core_options *, struct when now, struct buf *why);

/* What the core is about to be told, with OUT as it is then. */
void recorder_event(
	struct recorder *, const struct event *, struct when now, const struct out *out);

/* What came of it: the actions that were added to OUT, and the verdicts. Pre: recorder_event came
 * before. */
void recorder_answer(struct recorder *, const struct core *, const struct out *out);

/* Writes what waits.
 * Ends: true; false once, with a sentence in WHY, when the recording has stopped since the last
 * time. */
bool recorder_flush(struct recorder *, struct buf *why);

/* Writes the end and closes the file; a file that was never begun is taken away again. */
void recorder_close(struct recorder *);

/* Writes what waits in all haste, because the process is about to die of a broken invariant: the
 * event that broke it is what the recording is for. */
void recorder_rescue(void);

#endif
