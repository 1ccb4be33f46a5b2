/* SPDX-License-Identifier: Apache-2.0 */
#include "net/bytes.h"

#include <stdlib.h>
#include <string.h>

#include "base/panic.h"

enum { FIRST_BYTES = 1024 };

static void
grow(struct bytes *bytes, size_t need)
{
	size_t size = bytes->size > 0 ? bytes->size : FIRST_BYTES;

	while (size < need)
		size *= 2;
	bytes->at = realloc(bytes->at, size);
	need(bytes->at != NULL, "memory");
	bytes->size = size;
}

void
bytes_put(struct bytes *bytes, struct str s)
{
	if (s.len == 0)
		return;
	if (s.len > bytes->size - bytes->used)
		grow(bytes, bytes->used + s.len);
	memcpy(bytes->at + bytes->used, s.at, s.len);
	bytes->used += s.len;
}

struct str
bytes_str(const struct bytes *bytes)
{
	return str_of(bytes->at, bytes->used);
}

struct bytes
bytes_take(struct bytes *bytes)
{
	struct bytes taken = *bytes;

	*bytes = (struct bytes){ 0 };
	return taken;
}

void
bytes_free(struct bytes *bytes)
{
	free(bytes->at);
	*bytes = (struct bytes){ 0 };
}

char *
bytes_cstr(struct str s)
{
	char *text = malloc(s.len + 1);

	need(text != NULL, "memory");
	if (s.len > 0)
		memcpy(text, s.at, s.len);
	text[s.len] = '\0';
	return text;
}
