/* SPDX-License-Identifier: Apache-2.0 */
#include "store/line.h"

#include <stdlib.h>
#include <string.h>

#include "base/panic.h"

struct line_answer {
	struct line_answer *next;
	struct ref ask;
	enum saved_status status;
	bool is_told; /* the set was, or there is none to tell */
	uint64_t version;
	size_t aor_len, set_len;
	char octets[]; /* of the address, then of the set */
};

void
line_put(struct line *line, struct ref ask, enum saved_status status, struct str aor,
	uint64_t version, struct str set)
{
	size_t octets = status == SAVED_DONE ? aor.len + set.len : 0;
	struct line_answer *answer = malloc(sizeof *answer + octets);

	/* Every question has exactly one answer; without memory for it nothing can go on. */
	need(answer != NULL, "memory");
	*answer = (struct line_answer){ .ask = ask, .status = status, .is_told = true };
	if (status == SAVED_DONE) {
		answer->is_told = false;
		answer->version = version;
		answer->aor_len = aor.len;
		answer->set_len = set.len;
		memcpy(answer->octets, aor.at, aor.len);
		if (set.len > 0)
			memcpy(answer->octets + aor.len, set.at, set.len);
	}
	if (line->last != NULL)
		line->last->next = answer;
	else
		line->first = answer;
	line->last = answer;
}

bool
line_next(struct line *line, struct store_news *news)
{
	struct line_answer *answer = line->first;

	free(line->taken);
	line->taken = NULL;
	if (answer == NULL)
		return false;
	if (!answer->is_told) {
		answer->is_told = true;
		*news = (struct store_news){ .kind = STORE_BINDINGS,
			.aor = str_of(answer->octets, answer->aor_len),
			.set = str_of(answer->octets + answer->aor_len, answer->set_len),
			.version = answer->version };
		return true;
	}
	*news = (struct store_news){
		.kind = STORE_SAVED, .ask = answer->ask, .status = answer->status
	};
	line->first = answer->next;
	if (line->first == NULL)
		line->last = NULL;
	line->taken = answer;
	return true;
}

void
line_clear(struct line *line)
{
	struct line_answer *answer = line->first;

	free(line->taken);
	while (answer != NULL) {
		struct line_answer *next = answer->next;

		free(answer);
		answer = next;
	}
	*line = (struct line){ .first = NULL };
}
