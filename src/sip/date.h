/* SPDX-License-Identifier: Apache-2.0 */
/* date.h - the Date header (RFC 3261 20.17): a moment in GMT, for people. */
#ifndef SIP_DATE_H
#define SIP_DATE_H

#include "base/buf.h"

/* Puts WALL_S, seconds since 1970, as `Sat, 13 Nov 2010 23:29:00 GMT`, always 29 octets.
 * Pre: from 1970 to 9999. */
void date_write(struct buf *, int64_t wall_s);

#endif
