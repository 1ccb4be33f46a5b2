/* SPDX-License-Identifier: Apache-2.0 */
/* show.h - short complete runs of the shell, whose calls to the outside are counted.
 *
 * Files: show.c (a server with calls), show_others.c (the rest). */
#ifndef FAILS_SHOW_H
#define FAILS_SHOW_H

#include "papers.h"

enum {
	SHOW_GOOD = 0,   /* it went on, and what came next was good                    */
	SHOW_ENDED = 1,  /* it would not start, or ended, with one line that tells why */
	SHOW_FAULT = 70, /* neither; stderr has a line that begins with `fault: `      */
};

enum show {
	SHOW_CALLS, /* two phones call each other, trunks are registered with, somebody asks */
	SHOW_SERVE, /* `sipward serve`, started and told to end                              */
	SHOW_VERBS, /* the other verbs, one after another                                    */
	SHOW_DEMO,  /* `sipward demo`                                                        */
	SHOW_CROWD, /* a server to which many connect at one moment                          */
	SHOWS
};

const char *show_title(enum show);

/* Runs it, with calls to the outside failing as outside_fail wants. What the server logs goes to
 * stderr. Ends: one of the above, if the process has not ended before. */
int show_run(enum show, struct run *);

/* ---- for the files above -------------------------------------------------------------------- */

/* Puts a line on stderr. Ends: SHOW_FAULT. */
int show_fault(const char *what);

/* A server in this process, with calls; IS_CROWD: with many who connect instead. */
int show_host(struct run *, bool is_crowd);

#endif
