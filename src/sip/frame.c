/* SPDX-License-Identifier: Apache-2.0 */
#include "sip/frame.h"

#include <string.h>

#include "sip/lex.h"

/* Skips CR and LF at the front, in pairs, of which *CRLFS tells how many octets were seen.
 * Ends: FRAME_PING after a double CRLF; FRAME_FAULT at half a pair; FRAME_MORE at the end of DATA;
 *       FRAME_MESSAGE where something else begins. *SKIP is what is done with. */
static enum frame_kind
skip_crlfs(struct str data, unsigned *crlfs, size_t *skip)
{
	for (*skip = 0; *skip < data.len; (*skip)++) {
		bool wants_lf = (*crlfs & 1) != 0;
		char c = data.at[*skip];

		if (c != '\r' && c != '\n' && !wants_lf) {
			*crlfs = 0;
			return FRAME_MESSAGE;
		}
		if (c != (wants_lf ? '\n' : '\r'))
			return FRAME_FAULT;
		if (++*crlfs == 4) {
			*crlfs = 0;
			++*skip;
			return FRAME_PING;
		}
	}
	return FRAME_MORE;
}

/* The length of the head with its empty line; 0 when it is not there. */
static size_t
find_head(struct str data)
{
	struct str rest = data;

	while (rest.len >= 4) {
		const char *cr = memchr(rest.at, '\r', rest.len - 3);

		if (cr == NULL)
			return 0;
		if (memcmp(cr, "\r\n\r\n", 4) == 0)
			return (size_t)(cr - data.at) + 4;
		lex_drop(&rest, (size_t)(cr - rest.at) + 1);
	}
	return 0;
}

/* Reads the Content-Length of HEAD, which must stand there once. */
static enum sip_fault
find_length(struct str head, uint64_t *length)
{
	size_t at = lex_line_end(head, 0) + 2;
	struct str value = STR_NONE;

	while (at < head.len) {
		size_t end = lex_line_end(head, at);
		struct str line = str_of(head.at + at, end - at);
		char first = char_lower(head.at[at]);

		at = end + 2;
		if ((first != 'c' && first != 'l') ||
			header_find(lex_token(&line)) != HEADER_CONTENT_LENGTH)
			continue;
		while (line.len > 0 && char_is_space(line.at[0]))
			lex_drop(&line, 1);
		if (line.len == 0 || line.at[0] != ':' || !str_is_none(value))
			return FAULT_LENGTH;
		value = str_trim(str_from(line, 1));
	}
	if (value.len == 0 || lex_digits(value) < value.len)
		return FAULT_LENGTH;
	return str_number(value, BODY_BYTES_MAX, length) ? FAULT_NONE : FAULT_BODY_LARGE;
}

static struct frame
fault_at(size_t skip, struct str message, enum sip_fault fault)
{
	return (struct frame){ FRAME_FAULT, skip, message, fault };
}

struct frame
frame_next(struct str data, unsigned *crlfs)
{
	size_t skip, head;
	uint64_t length = 0;
	enum frame_kind kind = skip_crlfs(data, crlfs, &skip);
	struct str rest = str_from(data, skip);
	enum sip_fault fault;

	if (kind != FRAME_MESSAGE)
		return (struct frame){ kind, skip, STR_NONE,
			kind == FRAME_FAULT ? FAULT_START_LINE : FAULT_NONE };
	/* Whatever begins like this is no SIP, and would else be waited for. */
	if (!lex_is_token_char(rest.at[0]))
		return fault_at(skip, STR_NONE, FAULT_START_LINE);
	head = find_head(str_upto(rest, HEAD_BYTES_MAX));
	if (head == 0 && rest.len >= HEAD_BYTES_MAX)
		return fault_at(skip, str_upto(rest, HEAD_BYTES_MAX), FAULT_HEAD_LARGE);
	if (head == 0)
		return (struct frame){ FRAME_MORE, skip, STR_NONE, FAULT_NONE };
	fault = find_length(str_upto(rest, head), &length);
	if (fault != FAULT_NONE)
		return fault_at(skip, str_upto(rest, head), fault);
	if (rest.len - head < length)
		return (struct frame){ FRAME_MORE, skip, STR_NONE, FAULT_NONE };
	return (struct frame){ FRAME_MESSAGE, skip, str_upto(rest, head + (size_t)length),
		FAULT_NONE };
}
