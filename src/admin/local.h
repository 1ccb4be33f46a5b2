/* SPDX-License-Identifier: Apache-2.0 */
/* local.h - a socket in the file system, and who may speak through it. */
#ifndef ADMIN_LOCAL_H
#define ADMIN_LOCAL_H

#include <sys/types.h>

#include "base/buf.h"

struct local {
	int fd;
	const char *path;
	bool has_group; /* its members may come in too */
	gid_t group;
	dev_t device; /* of the file, to know it again */
	ino_t file;
};

/* Listens at PATH, which stays the caller's and ends with a NUL: for its owner alone, or with a
 * GROUP (NULL: none) for that too. A socket that nobody listens at any more is replaced; anything
 * else is not.
 * Ends: true; false with a sentence in WHY. */
bool local_open(struct local *, const char *path, const gid_t *group, struct buf *why);

/* Takes the file away if it is still ours. The descriptor is closed. */
void local_close(struct local *);

/* Whether the far end of the connection FD may come in: root, who runs this server, or a member of
 * the group. */
bool local_may_enter(const struct local *, int fd);

/* Whether it may change something: root, or who runs this server; no group does. *WHO is its user,
 * or -1 when the system does not say. */
bool local_may_order(int fd, uid_t *who);

#endif
