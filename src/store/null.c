/* SPDX-License-Identifier: Apache-2.0 */
/* null.c - the template of a store: it confirms whatever it is asked and keeps nothing. */
#include <stdlib.h>

#include "store/kind.h"

struct store *
store_null_open(void)
{
	struct store *s = malloc(sizeof *s);

	if (s != NULL)
		*s = (struct store){ .kind = STORE_NULL };
	return s;
}

void
store_null_ask(struct store *s, struct ref ask, struct str aor, uint64_t version, struct str set)
{
	line_put(&s->line, ask, SAVED_DONE, aor, version + 1, set);
}

void
store_null_close(struct store *s)
{
	free(s);
}
