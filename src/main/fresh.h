/* SPDX-License-Identifier: Apache-2.0 */
/* fresh.h - which files of our identities are others than those read before.
 *
 * Told by what the system says of a file (which one it is, its size, when it was written), never by
 * what is in it: a key is read by none but OpenSSL.
 */
#ifndef MAIN_FRESH_H
#define MAIN_FRESH_H

#include <sys/types.h>
#include <time.h>

#include "main/config.h"

enum fresh_file { FRESH_CERTIFICATE, FRESH_KEY, FRESH_TRUST, FRESH_CRL, FRESH_FILES };

/* A file, or a folder; all zero: there is none. */
struct mark {
	dev_t device;
	ino_t file;
	off_t size;
	struct timespec written, changed;
};

struct fresh {
	struct mark marks[IDENTITIES_MAX][FRESH_FILES];
};

/* Looks at all files of CONFIG. Before they are read, so that one that is written meanwhile counts
 * as new the next time. Pre: a NUL stands behind each path. */
void fresh_look(struct fresh *, const struct config *);

/* Whether a file of the identity at PLACE is not the same, or was written, between two looks. */
bool fresh_is_other(
	const struct fresh *before, const struct fresh *now, uint32_t place, enum fresh_file);

/* Its path in the configuration, or empty; and what it holds: `certificate`, `key`, `trust`, `crl`,
 * as the configuration has it. */
struct str fresh_path(const struct identity *, enum fresh_file);
struct str fresh_name(enum fresh_file);

#endif
