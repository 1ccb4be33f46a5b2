/* SPDX-License-Identifier: Apache-2.0 */
#include "pairs.h"

#include "call/call.h"
#include "pairs_known.h"

enum { LEG_ABSENT = PAIR_STATES - 1, FEW = 100 };

enum { SIDE_CALLER, SIDE_CALLEE };

static const struct known {
	uint8_t a, b, side, word;
} known[] = {
#define X(a, b, side, word) { LEG_##a, LEG_##b, SIDE_##side, WORD_##word },
	PAIRS_KNOWN(X)
#undef X
};

static struct pairs *into;

static const char *const states[PAIR_STATES] = {
#define X(name) #name,
	LEG_STATES(X)
#undef X
		"-",
};

static const char *const words[PAIR_WORDS] = {
#define X(name) #name,
	LEG_WORDS(X)
#undef X
};

void
pairs_into(struct pairs *p)
{
	into = p;
}

/* Linked in place of call_hear (`--wrap`): the server itself knows nothing of being counted. */
void __real_call_hear(
	struct calls *, struct call *, struct leg *from, const struct word *, const struct turn *);
void __wrap_call_hear(
	struct calls *, struct call *, struct leg *from, const struct word *, const struct turn *);

void
__wrap_call_hear(struct calls *cs, struct call *call, struct leg *from, const struct word *word,
	const struct turn *t)
{
	const struct leg *caller = leg_at(cs->legs, call->legs[0]);
	const struct leg *callee = leg_at(cs->legs, call->legs[1]);

	if (into != NULL)
		into->seen[caller != NULL ? caller->state : LEG_ABSENT]
			  [callee != NULL ? callee->state : LEG_ABSENT][from == callee]
			  [word->word]++;
	__real_call_hear(cs, call, from, word, t);
}

static void
print_one(FILE *to, unsigned a, unsigned b, unsigned side, unsigned word, uint64_t count)
{
	fprintf(to, "  %-8s %-8s %s says %-8s %12llu\n", states[a], states[b],
		side == 0 ? "caller" : "callee", words[word], (unsigned long long)count);
}

static uint64_t
print_those(const struct pairs *p, FILE *to, uint64_t low, uint64_t high)
{
	uint64_t count = 0;

	for (unsigned a = 0; a < PAIR_STATES; a++)
		for (unsigned b = 0; b < PAIR_STATES; b++)
			for (unsigned side = 0; side < 2; side++)
				for (unsigned word = 0; word < PAIR_WORDS; word++) {
					uint64_t seen = p->seen[a][b][side][word];

					if (seen < low || seen > high)
						continue;
					print_one(to, a, b, side, word, seen);
					count++;
				}
	return count;
}

static bool
is_known(unsigned a, unsigned b, unsigned side, unsigned word)
{
	for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
		if (known[i].a == a && known[i].b == b && known[i].side == side &&
			known[i].word == word)
			return true;
	return false;
}

/* Those that are known and were not seen, and those that were seen and are not known. */
static void
print_news(const struct pairs *p, FILE *to)
{
	fprintf(to, "known, and not seen in these runs:\n");
	for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
		if (p->seen[known[i].a][known[i].b][known[i].side][known[i].word] == 0)
			print_one(to, known[i].a, known[i].b, known[i].side, known[i].word, 0);
	fprintf(to, "seen for the first time:\n");
	for (unsigned a = 0; a < PAIR_STATES; a++)
		for (unsigned b = 0; b < PAIR_STATES; b++)
			for (unsigned side = 0; side < 2; side++)
				for (unsigned word = 0; word < PAIR_WORDS; word++)
					if (p->seen[a][b][side][word] > 0 &&
						!is_known(a, b, side, word))
						print_one(to, a, b, side, word,
							p->seen[a][b][side][word]);
}

void
pairs_print(const struct pairs *p, FILE *to)
{
	uint64_t often, seldom;

	fprintf(to,
		"meetings of two legs (caller's state, callee's state, who says what: count):\n");
	often = print_those(p, to, FEW, UINT64_MAX);
	fprintf(to, "seen fewer than %d times:\n", FEW);
	seldom = print_those(p, to, 1, FEW - 1);
	print_news(p, to);
	fprintf(to, "%llu meetings seen, %llu of them fewer than %d times\n",
		(unsigned long long)(often + seldom), (unsigned long long)seldom, FEW);
}
