/* SPDX-License-Identifier: Apache-2.0 */
/* verbs.h - the command line: every verb, what may stand behind it, and the help, as one table. */
#ifndef MAIN_VERBS_H
#define MAIN_VERBS_H

/* Does what the words of a command line say, the program's name being the first.
 * Ends: a code of exit.h. */
int verbs_run(int count, char **words);

#endif
