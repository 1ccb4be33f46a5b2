/* SPDX-License-Identifier: Apache-2.0 */
/* A target with a mistake in it, to see that mistakes are found: what stands before the first `;`
 * of a SIP URI is copied to where eight octets have room. */
#include "fuzz.h"

#include <stdlib.h>
#include <string.h>

void
fuzz_one(struct str input)
{
	size_t end = str_find(input, ';');
	char *room;

	if (!str_begins(input, STR("sip:")) || end == input.len)
		return;
	room = malloc(8);
	fuzz_check(room != NULL, input);
	memcpy(room, input.at, end);
	fuzz_check(room[0] == 's', input);
	free(room);
}
