/* SPDX-License-Identifier: Apache-2.0 */
/* client.h - asks a running server: one request over its admin socket, and its answer. */
#ifndef MAIN_CLIENT_H
#define MAIN_CLIENT_H

#include "base/buf.h"
#include "base/limits.h"
#include "main/exit.h"

enum {
	/* An answer with its head: a page, and what HTTP says around it. */
	REPLY_BYTES_MAX = ASK_PAGE_BYTES + 8 * 1024,

	/* How long to wait; a server that cannot answer says so before. */
	CLIENT_WAIT_S = 2 + ASK_WAIT_MS / 1000,
};

struct reply {
	unsigned status;
	struct str body; /* a view of text */
	char text[REPLY_BYTES_MAX];
};

/* Asks the server behind SOCKET for TARGET, a path with its escapes.
 * Ends: EXIT_FINE with *REPLY, whatever its status; EXIT_UNREACHABLE, EXIT_DENIED, EXIT_LATE or
 * EXIT_FAILED (it talks no sense) with a sentence in WHY. */
int client_get(const char *socket, struct str target, struct reply *reply, struct buf *why);

/* Likewise, with an order. */
int client_post(const char *socket, struct str target, struct reply *reply, struct buf *why);

/* Reads the octets of an answer, all of them: HTTP/1.1, with a Content-Length that fits.
 * Ends: true with the reply's status and body; false when it is no such thing. */
bool reply_read(struct reply *, struct str text);

/* Puts TEXT as it may stand in a path or behind a `?` (RFC 3986 2.3). */
void client_put_escaped(struct buf *, struct str text);

#endif
