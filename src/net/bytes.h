/* SPDX-License-Identifier: Apache-2.0 */
/* bytes.h - octets that wait in the shell and grow as they come. */
#ifndef NET_BYTES_H
#define NET_BYTES_H

#include "base/str.h"

/* All zero: empty, and nothing to free. */
struct bytes {
	char *at;
	size_t used;
	size_t size;
};

/* Puts a copy of S at the end. Memory that the system does not give ends the process. */
void bytes_put(struct bytes *, struct str s);

/* What is in it; the view lives until the next put, take or free. */
struct str bytes_str(const struct bytes *);

/* Moves all out; BYTES is empty then, and the caller frees what came out. */
struct bytes bytes_take(struct bytes *);

/* Empties it and gives the memory back. */
void bytes_free(struct bytes *);

/* A NUL-terminated copy of S for the system's own calls; the caller frees it. A NUL inside S cuts
 * what the system sees, so peers' text must be looked at first. */
char *bytes_cstr(struct str s);

#endif
