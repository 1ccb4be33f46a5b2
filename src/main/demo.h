/* SPDX-License-Identifier: Apache-2.0 */
/* demo.h - the first minute: a server and two phones in one process, on loopback. */
#ifndef MAIN_DEMO_H
#define MAIN_DEMO_H

/* Makes a throw-away authority, serves on free ports of 127.0.0.1, lets a sips phone and a sip
 * phone
 * register and call each other both ways, and prints what crossed the wires. Ten seconds at most.
 * Ends: EXIT_FINE; EXIT_FAILED with one line on stderr when anything was not as promised. */
int demo(void);

#endif
