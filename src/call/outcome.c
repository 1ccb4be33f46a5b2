/* SPDX-License-Identifier: Apache-2.0 */
#include "call/outcome.h"

#include <stddef.h>

static const struct {
	unsigned heard, told;
} table[] = {
	{ 401, 403 }, { 407, 403 }, /* we have no credentials that it takes           */
	{ 405, 500 }, { 416, 480 }, /* our scheme towards it, not the caller's        */
	{ 420, 500 }, { 421, 500 }, /* what it needs, we lack                         */
	{ 422, 500 }, { 423, 500 },
	{ 430, 480 },               /* its flow is gone (RFC 5626)                    */
	{ 481, 500 }, { 491, 500 }, /* about our dialog with it                       */
	{ 501, 500 }, { 505, 500 },
	{ 503, 500 }, /* would stop the caller from using us (16.7 (6)) */
};

unsigned
outcome_for_caller(unsigned status)
{
	for (size_t i = 0; i < sizeof table / sizeof table[0]; i++)
		if (table[i].heard == status)
			return table[i].told;
	/* A redirection that was not followed; its Contacts are not the caller's to see. */
	return status < 400 ? 480 : status;
}

unsigned
outcome_inside(unsigned status)
{
	unsigned told = outcome_for_caller(status);

	if (status == 491) /* glare is glare on both legs: the peer tries again */
		return 491;
	return told == 480 && status != 480 ? 500 : told;
}
