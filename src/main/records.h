/* SPDX-License-Identifier: Apache-2.0 */
/* records.h - the file with a line of JSON for each call that is over.
 *
 * Lines are added to what is there, a batch at a time. A file that was moved away is made anew, so
 * that whoever rotates it need not tell us. Whatever goes wrong, the calls go on.
 */
#ifndef MAIN_RECORDS_H
#define MAIN_RECORDS_H

#include "base/buf.h"

struct records;

/* Opens PATH, which stays the caller's and ends with a NUL; a new file is for its owner and group.
 * Ends: the records; NULL with one sentence in WHY. */
struct records *records_open(const char *path, struct buf *why);

/* Writes what waits, and closes the file. */
void records_close(struct records *);

/* Puts one record down; records_flush writes it. */
void records_put(struct records *, struct str record);

/* Writes what waits.
 * Ends: true; false with a sentence in WHY, once until it works again, when lines were lost. */
bool records_flush(struct records *, struct buf *why);

#endif
