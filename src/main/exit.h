/* SPDX-License-Identifier: Apache-2.0 */
/* exit.h - the exit codes of every verb. */
#ifndef MAIN_EXIT_H
#define MAIN_EXIT_H

enum {
	EXIT_FINE = 0,
	EXIT_FAILED = 1,
	EXIT_USAGE = 2,
	EXIT_NOT_FOUND = 3,
	EXIT_UNREACHABLE = 4, /* no server answers          */
	EXIT_DENIED = 5,      /* it does not answer to us   */
	EXIT_CONFIG = 6,      /* or a bad certificate       */
	EXIT_LATE = 7,        /* no answer within the time  */
};

#endif
