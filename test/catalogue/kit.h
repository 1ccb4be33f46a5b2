/* SPDX-License-Identifier: Apache-2.0 */
/* kit.h - what the tests of the catalogue share. Each row of rows.tsv is a fault that a SIP server
 * of somebody had; its test is called `cve/<row>`, and a plant of test/plants puts the fault into
 * this one, so that the test is seen to fail. */
#ifndef CATALOGUE_KIT_H
#define CATALOGUE_KIT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "support/phone.h"

#define CVE(row, about, function)                                         \
	{                                                                 \
		"cve/" #row " " about, function, NULL, kit_teardown, NULL \
	}
#define COUNT_OF(array) (sizeof(array) / sizeof(array)[0])

enum { KIT_BYTES = 128 * 1024 };

extern struct stage kit;
extern struct phone caller; /* 1001 at 192.0.2.10 */
extern struct phone callee; /* 5000, a device at 192.0.2.50 that takes datagrams */

extern const enum transport kit_transports[3]; /* UDP, TCP, TLS */

/* A stage with DNs 5000 (fixed), 5001 (registers), 5002 (registers with the password `secret`), 9
 * (a trunk at 192.0.2.90 for numbers that begin with 9), and the caller over TRANSPORT. */
void kit_open(enum transport);
void kit_open_with(enum transport, const struct stage_options *);
void kit_close(void);
int kit_teardown(void **state);

/* The caller hangs up its connection, if it has one, and comes by another; what was sent to it is
 * forgotten. */
void kit_anew(void);

/* Whether the caller's connection was shut. */
bool kit_is_shut(void);

/* A request whose branch, Call-ID and From tag hold NUMBER, outside dialogs: METHOD and URI, LINES
 * of further headers, and at the end LENGTH (a whole line; NULL: the right one) and BODY.
 * Returns a view that lives until the next call but one. */
struct str kit_request(unsigned number, const char *method, const char *uri, const char *lines,
	const char *length, struct str body);

/* An INVITE to 5000 with a session. */
struct str kit_invite(unsigned number, const char *lines);

/* Sends octets as the caller. */
void kit_say(struct str octets);

/* The next message to the caller; STR_NONE when there is none. */
struct str kit_next(void);

/* The status of the next message to the caller, 0 when there is none. */
unsigned kit_status(void);

/* Whether anything that was sent since kit_forget holds PART; forgets what was sent. */
bool kit_sent(const char *part);
void kit_forget(void);

/* A good request, by a new connection if the old one was shut, and its 200. */
void kit_good(void);

/* A copy of S in a piece of the heap of just its size; for kit_free. */
struct str kit_exact(struct str s);
void kit_free(struct str s);

/* All timers run out, and nothing is left. */
void kit_empty(void);

#endif
