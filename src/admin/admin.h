/* SPDX-License-Identifier: Apache-2.0 */
/* admin.h - the side of the shell for those who look on: HTTP on a socket in the file system.
 *
 * A thread of its own (libmicrohttpd's) reads requests and writes answers. It never touches the
 * core: a question is handed to the loop and its answer is waited for. The loop is woken by a
 * descriptor and never waits itself.
 *
 * Files: local.c (the socket, and who may come in), path.c (which path is which question), hand.c
 * (from thread to thread), admin.c (HTTP).
 */
#ifndef ADMIN_ADMIN_H
#define ADMIN_ADMIN_H

#include <sys/types.h>

#include "core/door.h"

struct admin;

struct admin_options {
	const char *path;   /* stays the caller's */
	const gid_t *group; /* whose members may come in, or NULL */
	int64_t wait_ms;    /* how long a question waits; 0: as in limits.h */
};

/* Listens, and answers from now on. The signals that the caller has blocked stay blocked.
 * Ends: the admin; NULL with one sentence in WHY. */
struct admin *admin_open(const struct admin_options *, struct buf *why);

/* Who waits for an answer is told that the server ends. */
void admin_close(struct admin *);

/* Readable when there is a question. */
int admin_fd(const struct admin *);

/* Takes the next question; its views live until admin_tell, which must follow at once.
 * Ends: true with *ASK; false when there is none. */
bool admin_next(struct admin *, struct ask *ask);

/* The answer: MEMBERS are those of a JSON object, as core_ask puts them; those of a problem
 * (RFC 9457) when it is TOLD_BAD. */
void admin_tell(struct admin *, struct answer, struct str members);

#endif
