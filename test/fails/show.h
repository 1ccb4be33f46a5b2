/* SPDX-License-Identifier: Apache-2.0 */
/* show.h - a short complete run of the shell: it starts, two phones register, one calls the other
 * and is called back, over sips and over sip; then it ends. */
#ifndef FAILS_SHOW_H
#define FAILS_SHOW_H

#include "main/throwaway.h"

enum {
	SHOW_GOOD = 0,   /* it went on, and the next calls were good               */
	SHOW_ENDED = 1,  /* it would not start, or ended, with one line that tells why */
	SHOW_FAULT = 70, /* neither; stderr has a line that begins with `fault: `  */
};

/* Makes certificates and a configuration in FILES. Ends: false with a line on stderr. */
bool show_prepare(struct throwaway *files);

/* All of it, with calls to the outside counted and failing as outside_fail wants. What the server
 * logs goes to stderr. IS_SERVE: `sipward serve` itself, started and told to end. Ends: one of the
 * above, if the process has not ended before. */
int show_run(const struct throwaway *files, bool is_serve);

#endif
