/* SPDX-License-Identifier: Apache-2.0 */
/* A session description: what is read lies inside, and line ends of either kind mean the same. */
#include "fuzz.h"
#include "sip/sdp.h"

#include <string.h>

static char changed[32 * 1024];

/* The same with LF for each CRLF. */
static struct str
without_cr(struct str text)
{
	size_t len = 0;

	for (size_t i = 0; i < text.len && len < sizeof changed; i++)
		if (text.at[i] != '\r' || i + 1 == text.len || text.at[i + 1] != '\n')
			changed[len++] = text.at[i];
	return str_of(changed, len);
}

void
fuzz_one(struct str input)
{
	struct sdp sdp, again;
	size_t medias = 0;

	if (input.len > sizeof changed || !sdp_read(&sdp, input))
		return;
	fuzz_within(sdp.session_id, input);
	fuzz_within(sdp.version, input);
	for (size_t i = 0; i + 1 < input.len; i++)
		medias += input.at[i] == 'm' && input.at[i + 1] == '=' &&
			(i == 0 || input.at[i - 1] == '\n');
	fuzz_check(sdp.media_count == medias, input);
	if (memmem(input.at, input.len, "\r\r", 2) != NULL)
		return; /* the first of them is no end of a line */
	fuzz_check(sdp_read(&again, without_cr(input)), input);
	fuzz_check(again.media_count == sdp.media_count, input);
	fuzz_check(again.direction == sdp.direction, input);
	fuzz_check(str_same(again.session_id, sdp.session_id), input);
	fuzz_check(str_same(again.version, sdp.version), input);
}
