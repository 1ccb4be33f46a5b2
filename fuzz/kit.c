/* SPDX-License-Identifier: Apache-2.0 */
#include "fuzz.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

_Noreturn void
fuzz_fail(const char *why, struct str about)
{
	fprintf(stderr, "fuzz: %s\n", why);
	if (about.len > 0) {
		(void)fwrite(about.at, 1, about.len, stderr);
		fputc('\n', stderr);
	}
	abort();
}

void
fuzz_within(struct str view, struct str whole)
{
	if (view.len == 0)
		return;
	fuzz_check(view.at >= whole.at && view.len <= whole.len, whole);
	fuzz_check((size_t)(view.at - whole.at) <= whole.len - view.len, whole);
}

struct str
fuzz_line(struct str *input)
{
	return str_cut(input, '\n');
}

unsigned
fuzz_choice(struct str *choices)
{
	unsigned choice;

	if (choices->len == 0)
		return 0;
	choice = (unsigned char)choices->at[0];
	*choices = str_from(*choices, 1);
	return choice;
}

void
fuzz_sizes(struct str text, void (*write)(struct buf *, const void *), const void *what)
{
	const size_t sizes[] = { text.len, text.len > 0 ? text.len - 1 : 0, 0 };

	for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
		char *exact = malloc(sizes[i] > 0 ? sizes[i] : 1);
		struct buf b = buf_on(exact, sizes[i]);

		write(&b, what);
		fuzz_check(b.used <= sizes[i], text);
		fuzz_check(buf_ok(&b) == (sizes[i] == text.len), text);
		if (buf_ok(&b))
			fuzz_check(str_same(buf_str(&b), text), text);
		else
			fuzz_check(buf_str(&b).len == 0, text);
		free(exact);
	}
}
