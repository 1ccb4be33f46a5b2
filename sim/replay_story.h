/* SPDX-License-Identifier: Apache-2.0 */
/* replay_story.h - events and actions in words, for people. */
#ifndef SIM_REPLAY_STORY_H
#define SIM_REPLAY_STORY_H

#include <stdio.h>

#include "base/out.h"

/* Each writes some lines: what the core is told, and what it wants done. */
void story_event(FILE *to, const struct event *);
void story_act(FILE *to, const struct act *);

#endif
