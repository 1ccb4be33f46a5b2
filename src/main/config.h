/* SPDX-License-Identifier: Apache-2.0 */
/* config.h - the configuration file, read and checked in one pass after a clean YAML parse. */
#ifndef MAIN_CONFIG_H
#define MAIN_CONFIG_H

#include <stdio.h>
#include <sys/types.h>

#include "directory/directory.h"
#include "net/net.h"

enum { LISTENS_MAX = 32, CONFIG_BYTES_MAX = 16 * 1024 * 1024 };

struct config {
	struct net_listen listens[LISTENS_MAX];
	uint32_t listen_count;
	/* Ours over TLS; the first is what `tls` says, or nothing. Their paths are seen from where
	 * the server runs. */
	struct identity identities[IDENTITIES_MAX];
	uint32_t identity_count;
	struct str resolver;  /* IP:port, or empty */
	struct str records;   /* the path of the file for records of calls, or empty */
	struct str admin;     /* the path of the admin socket, or empty */
	bool admin_has_group; /* whose members may ask too */
	gid_t admin_group;
	int64_t t1_ms, t2_ms, t4_ms; /* 0: default */
	struct directory directory;
	struct config_memory *memory; /* all views live here */
};

/* Reads PATH. All errors go to ERRORS, each as `path:line:col: error: text`, the line and a caret;
 * warnings likewise. Opens every file it names (beside the configuration, unless the path is
 * absolute) and checks the certificates (readable, its time, fits its key).
 * After: a NUL stands behind each path.
 * Ends: true with *CONFIG, to be freed by config_close; false when there was an error. */
bool config_open(struct config *, const char *path, FILE *errors);
void config_close(struct config *);

/* Only looks where the server that PATH configures can be asked: reads no other file, so that who
 * may ask need not know its secrets.
 * Ends: true with *SOCKET in MEMORY, a NUL behind it; false when that was told to ERRORS. */
bool config_find_admin(
	struct config_memory *memory, const char *path, FILE *errors, struct str *socket);

#endif
