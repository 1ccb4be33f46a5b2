/* SPDX-License-Identifier: Apache-2.0 */
/* expiry.h - when it is to be said that a certificate ends soon: 30, 14, 7 and 1 days ahead, once
 * each, and then every day that it is over. */
#ifndef MAIN_EXPIRY_H
#define MAIN_EXPIRY_H

#include <stdbool.h>
#include <stdint.h>

enum { DAY_S = 24 * 3600 };

/* What was said of one certificate. All zero: nothing. */
struct expiry {
	int64_t end_s;  /* of the certificate that it was said of  */
	int64_t said_s; /* the last time; 0: never                 */
	unsigned step;  /* how many of the four have passed        */
};

/* Looks at a certificate that ends at END_S. One with another end is another one.
 * Ends: true when a line is due now, which then counts as said. */
bool expiry_is_due(struct expiry *, int64_t end_s, int64_t now_s);

#endif
