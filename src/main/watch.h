/* SPDX-License-Identifier: Apache-2.0 */
/* watch.h - notices that files have changed, when they have been quiet for a moment.
 *
 * The folders of the files are watched (inotify), since whoever renews a file puts another one in
 * its place; what has really changed is told by the files themselves. Where the system gives no
 * such news (a file system of another machine), a signal does.
 */
#ifndef MAIN_WATCH_H
#define MAIN_WATCH_H

#include "base/str.h"

struct watch;

/* Ends: the watch, of no file yet; NULL when the system has none to give. */
struct watch *watch_open(void);
void watch_close(struct watch *);

/* Readable when there may be news. */
int watch_fd(const struct watch *);

/* Watches the file or folder at PATH, which is the caller's, ends with a NUL and lives as long as
 * the watch. Once more changes nothing; more than WATCH_FILES_MAX are not watched. */
void watch_add(struct watch *, struct str path);

/* Whether the system watches all folders of what was added. */
bool watch_sees_all(const struct watch *);

/* Takes the news.
 * Ends: true, once, when a file has changed and none has for WATCH_QUIET_MS since. */
bool watch_turn(struct watch *, int64_t now_ms);

/* When watch_turn should be called though there is no news; INT64_MAX: never. */
int64_t watch_due_at_ms(const struct watch *);

#endif
