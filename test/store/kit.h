/* SPDX-License-Identifier: Apache-2.0 */
/* kit.h - asking a store in tests. */
#ifndef TEST_STORE_KIT_H
#define TEST_STORE_KIT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "store/store.h"

#define assert_str(got, literal) assert_true(str_same(got, STR(literal)))

/* Takes the one answer that is due: for a save that is done what it has set comes before it.
 * Ends: the status, with *VERSION of a save that is done. */
static inline enum saved_status
take_answer(struct store *s, struct ref ask, struct str aor, struct str set, uint64_t *version)
{
	struct store_news news;

	assert_true(store_next(s, &news));
	if (news.kind == STORE_BINDINGS) {
		assert_true(str_same(news.aor, aor));
		assert_true(str_same(news.set, set));
		assert_true(news.version > 0);
		*version = news.version;
		assert_true(store_next(s, &news));
		assert_int_equal(news.kind, STORE_SAVED);
		assert_int_equal(news.status, SAVED_DONE);
	}
	assert_int_equal(news.kind, STORE_SAVED);
	assert_true(ref_same(news.ask, ask));
	return news.status;
}

/* Asks and takes the answer. */
static inline enum saved_status
save(struct store *s, struct str aor, struct str set, uint64_t asked, uint64_t *version)
{
	static uint32_t count;
	struct ref ask = { ++count, 1 };
	enum saved_status status;
	struct store_news news;

	store_ask(s, ask, aor, asked, set);
	status = take_answer(s, ask, aor, set, version);
	assert_false(store_next(s, &news));
	return status;
}

#endif
