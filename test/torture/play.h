/* SPDX-License-Identifier: Apache-2.0 */
/* play.h - sends one message of a set to the whole core on the stage, judges all that comes of it,
 * and sends a good request behind it, which must be answered whatever the message was. */
#ifndef TORTURE_PLAY_H
#define TORTURE_PLAY_H

#include "base/flow.h"
#include "torture/set.h"

/* How the octets come. */
enum manner {
	MANNER_WHOLE,  /* at once                                                 */
	MANNER_OCTETS, /* one at a time                                           */
	MANNER_GLUED,  /* with the good request in the same read, right behind it */
};

struct play {
	const struct row *row;
	enum transport transport;
	enum manner manner;
	char name[160]; /* of the test */
};

/* Whether this is to be sent in this way at all. */
bool play_is_asked(const struct play *);

/* Plays it; a test of cmocka, whose state is a struct play. */
void play_run(void **state);
void play_clean(void);

#endif
