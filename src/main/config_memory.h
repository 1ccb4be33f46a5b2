/* SPDX-License-Identifier: Apache-2.0 */
/* config_memory.h - everything that a configuration holds, freed at once.
 *
 * Blocks are wiped before they are given back, since passwords stand in them.
 */
#ifndef MAIN_CONFIG_MEMORY_H
#define MAIN_CONFIG_MEMORY_H

#include "base/str.h"

struct config_memory;

/* Ends: the memory; out of memory ends the process, as in all functions here. */
struct config_memory *memory_open(void);
void memory_close(struct config_memory *);

/* BYTES octets of zeros, aligned for anything. */
void *memory_take(struct config_memory *, size_t bytes);

/* A copy of S with a NUL behind it, which is not counted. */
struct str memory_copy(struct config_memory *, struct str s);

/* A formatted text, with a NUL behind it likewise. */
struct str memory_text(struct config_memory *, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

#endif
