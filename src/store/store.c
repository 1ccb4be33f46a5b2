/* SPDX-License-Identifier: Apache-2.0 */
#include "store/store.h"

#include "store/kind.h"

void
store_close(struct store *s)
{
	line_clear(&s->line);
	switch (s->kind) {
	case STORE_NULL: store_null_close(s); break;
	case STORE_MEMORY: store_memory_close(s); break;
	}
}

void
store_ask(struct store *s, struct ref ask, struct str aor, uint64_t version, struct str set)
{
	switch (s->kind) {
	case STORE_NULL: store_null_ask(s, ask, aor, version, set); break;
	case STORE_MEMORY: store_memory_ask(s, ask, aor, version, set); break;
	}
}

bool
store_next(struct store *s, struct store_news *news)
{
	if (line_next(&s->line, news))
		return true;
	switch (s->kind) {
	case STORE_NULL: break;
	case STORE_MEMORY: return store_memory_next(s, news);
	}
	return false;
}

void
store_replay(struct store *s)
{
	switch (s->kind) {
	case STORE_NULL: break;
	case STORE_MEMORY: store_memory_replay(s); break;
	}
}

int
store_fd(const struct store *s)
{
	switch (s->kind) {
	case STORE_NULL:
	case STORE_MEMORY: break;
	}
	return -1;
}
