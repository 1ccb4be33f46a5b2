/* SPDX-License-Identifier: Apache-2.0 */
/* set.h - a set of messages: a table of what is expected, and a folder with the files it names.
 *
 * The table has these columns, divided by tabs; its first line names them:
 *   file    under the folder of the set
 *   server  `open`: the server challenges nobody; `asks`: it challenges all of its DNs; `spells`:
 *           it serves example.net too, and its numbers are those of escapes decoded once
 *   udp     what a datagram brings about
 *   stream  what the same octets over TCP bring about; `-`: not sent there
 *   tls     the same over TLS; `sips` in front: all URIs of the head are made sips and its Vias
 *           TLS; `-`: not sent there
 *   port    to which the answers to the datagram go; empty: 5060
 *   texts   `+text` stands in something that is sent, `-text` in nothing; divided by ` && `
 *   about   for the reader
 *
 * What is brought about is a row of these words:
 *   404     the next answer has this status
 *   call    an INVITE leaves for the callee, who is busy
 *   pong    the answer to a ping
 *   drop    nothing is sent, and a stream goes on
 *   wait    nothing is sent: the stream waits for more, and is closed when it waited too long
 *   shut    the stream is closed at once
 */
#ifndef TORTURE_SET_H
#define TORTURE_SET_H

#include "base/str.h"

enum { SET_ROWS_MAX = 400, SET_WORD_BYTES = 64, SET_TEXT_BYTES = 512 };

struct row {
	char file[96], server[SET_WORD_BYTES];
	char udp[SET_WORD_BYTES], stream[SET_WORD_BYTES], tls[SET_WORD_BYTES];
	char port[SET_WORD_BYTES], texts[SET_TEXT_BYTES];
	struct str data; /* in a piece of the heap of just its size */
};

struct set {
	unsigned count;
	struct row rows[SET_ROWS_MAX];
};

/* The whole file at PATH, for set_free(); STR_NONE when it cannot be read. */
struct str set_load(const char *path);
void set_free(struct str data);

/* Reads TABLE and all files that it names in FOLDER.
 * Ends: true; false when the table is not there, or without FOLDER. Aborts when the table is there
 * and names a file that is not. */
bool set_open(struct set *, const char *table, const char *folder);
void set_close(struct set *);

/* Takes the next word of *TEXT, between spaces. Ends: true, or false when there is none. */
bool set_word(struct str *text, struct str *word);

#endif
