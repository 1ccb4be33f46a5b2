/* SPDX-License-Identifier: Apache-2.0 */
/* exit.h - the exit codes of every verb. */
#ifndef MAIN_EXIT_H
#define MAIN_EXIT_H

enum { EXIT_FINE = 0, EXIT_FAILED = 1, EXIT_USAGE = 2, EXIT_CONFIG = 6 };

#endif
