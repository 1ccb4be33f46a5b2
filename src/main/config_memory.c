/* SPDX-License-Identifier: Apache-2.0 */
#include "main/config_memory.h"

#include <openssl/crypto.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/panic.h"

enum { BLOCK_BYTES = 64 * 1024, ALIGN = 16 };

/* A block; its octets follow. */
struct block {
	struct block *next;
	size_t size;
	size_t used;
};

enum { HEAD_BYTES = (sizeof(struct block) + ALIGN - 1) / ALIGN * ALIGN };

struct config_memory {
	struct block *blocks; /* the first has room, maybe */
};

struct config_memory *
memory_open(void)
{
	struct config_memory *memory = calloc(1, sizeof *memory);

	need(memory != NULL, "memory");
	return memory;
}

void
memory_close(struct config_memory *memory)
{
	if (memory == NULL)
		return;
	while (memory->blocks != NULL) {
		struct block *block = memory->blocks;

		memory->blocks = block->next;
		OPENSSL_cleanse(block, HEAD_BYTES + block->size);
		free(block);
	}
	free(memory);
}

void *
memory_take(struct config_memory *memory, size_t bytes)
{
	struct block *block = memory->blocks;
	size_t size = BLOCK_BYTES;

	must(bytes < SIZE_MAX / 2);
	bytes = (bytes + ALIGN - 1) / ALIGN * ALIGN;
	if (block == NULL || bytes > block->size - block->used) {
		if (bytes > size)
			size = bytes;
		block = calloc(1, HEAD_BYTES + size);
		need(block != NULL, "memory");
		*block = (struct block){ .next = memory->blocks, .size = size };
		memory->blocks = block;
	}
	block->used += bytes;
	return (char *)block + HEAD_BYTES + block->used - bytes;
}

struct str
memory_copy(struct config_memory *memory, struct str s)
{
	char *copy = memory_take(memory, s.len + 1);

	if (s.len > 0)
		memcpy(copy, s.at, s.len);
	return str_of(copy, s.len);
}

struct str
memory_text(struct config_memory *memory, const char *format, ...)
{
	va_list args, again;
	char *text;
	int len;

	va_start(args, format);
	va_copy(again, args);
	len = vsnprintf(NULL, 0, format, args);
	va_end(args);
	must(len >= 0);
	text = memory_take(memory, (size_t)len + 1);
	vsnprintf(text, (size_t)len + 1, format, again);
	va_end(again);
	return str_of(text, (size_t)len);
}
