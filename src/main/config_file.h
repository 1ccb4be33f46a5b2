/* SPDX-License-Identifier: Apache-2.0 */
/* config_file.h - reading whole files: the configuration itself, and the secrets it names. */
#ifndef MAIN_CONFIG_FILE_H
#define MAIN_CONFIG_FILE_H

#include "main/config_memory.h"

/* Reads all of the regular file at PATH, at most MAX octets.
 * Ends: true with *TEXT in MEMORY; false with *WHY what the system said, or that it is no file or
 * too large. */
bool file_read(
	struct config_memory *, struct str path, size_t max, struct str *text, struct str *why);

/* Whether everybody on the machine may read the file at PATH. */
bool file_is_open_to_all(struct config_memory *, struct str path);

/* Whether the private key at PATH is kept from others: it is root's or ours, and nobody but its
 * owner may read or change it. A link is judged by what it leads to.
 * Ends: true, and for one that is not there; false with *WHY what is wrong and what to do. */
bool file_is_guarded(struct config_memory *, struct str path, struct str *why);

/* PATH as seen from the folder of the file BESIDE, unless it is absolute. In MEMORY. */
struct str file_beside(struct config_memory *, struct str beside, struct str path);

/* What a `password` says: `${file:PATH}` is what stands in the file (beside the configuration
 * BESIDE), without the line ends behind it, `${env:NAME}` the variable, else the text itself.
 * Ends: true with *SECRET in MEMORY; false with *WHY a sentence that does not hold the secret. */
bool secret_read(struct config_memory *, struct str beside, struct str text, struct str *secret,
	struct str *why);

/* The path that a `${file:PATH}` names, or STR_NONE. */
struct str secret_path(struct config_memory *, struct str beside, struct str text);

#endif
