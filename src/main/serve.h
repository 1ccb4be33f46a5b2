/* SPDX-License-Identifier: Apache-2.0 */
/* serve.h - `sipward serve`: one process that serves until it is told to stop. */
#ifndef MAIN_SERVE_H
#define MAIN_SERVE_H

struct serve_options {
	const char *config; /* path */
	const char *keylog; /* path, or NULL */
};

/* Serves until SIGTERM or SIGINT, then hangs up what is left and ends. SIGUSR1 logs the counters.
 * Ends: the exit code of the process: 0, 1 (a listener could not be opened), 6 (configuration). */
int serve(const struct serve_options *);

#endif
