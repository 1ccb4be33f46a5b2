/* SPDX-License-Identifier: Apache-2.0 */
/* replay.h - a recording of a running server (main/recording.h), fed to a core once more. */
#ifndef SIM_REPLAY_H
#define SIM_REPLAY_H

#include <stdbool.h>
#include <stdio.h>

/* Replays the recording in the file PATH and compares, after each event, what the core answers with
 * what it had answered; the first difference ends it and is told with the number of its event.
 * IS_VERBOSE: every event and every action is told on TO; otherwise only how it ended.
 * Ends: true, all was the same up to the recording's own end; false with a sentence on TO: it
 * differs, is cut off (and was the same until there), is no recording, or cannot be read. */
bool replay_file(const char *path, bool is_verbose, FILE *to);

#endif
