/* SPDX-License-Identifier: Apache-2.0 */
#include "main/watch.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/limits.h"

enum { NEWS = IN_CLOSE_WRITE | IN_MOVED_TO | IN_MOVED_FROM | IN_CREATE | IN_DELETE | IN_ATTRIB };

struct file {
	const char *path;
	char *folder;
	struct stat seen; /* all zero: it was not there */
};

struct watch {
	int fd;
	uint32_t count;
	int64_t quiet_at_ms; /* INT64_MAX: nothing has changed */
	bool is_blind;       /* the system watches not all of the folders */
	struct file files[WATCH_FILES_MAX];
};

struct watch *
watch_open(void)
{
	struct watch *watch = calloc(1, sizeof *watch);

	if (watch == NULL)
		return NULL;
	watch->quiet_at_ms = INT64_MAX;
	watch->fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
	if (watch->fd < 0) {
		free(watch);
		return NULL;
	}
	return watch;
}

void
watch_close(struct watch *watch)
{
	for (uint32_t i = 0; i < watch->count; i++)
		free(watch->files[i].folder);
	close(watch->fd);
	free(watch);
}

int
watch_fd(const struct watch *watch)
{
	return watch->fd;
}

/* The folder that PATH stands in, with the slash at its end; `.` when it names none. */
static char *
folder_of(struct str path)
{
	size_t end = path.len;
	char *folder;

	while (end > 0 && path.at[end - 1] != '/')
		end--;
	if (end == 0)
		path = STR(".");
	else
		path = str_upto(path, end);
	folder = calloc(1, path.len + 1);
	if (folder != NULL)
		memcpy(folder, path.at, path.len);
	return folder;
}

/* A folder that was put in the place of another is another one, so this is done again and again. */
static void
look_at_folders(struct watch *watch)
{
	watch->is_blind = false;
	for (uint32_t i = 0; i < watch->count; i++) {
		const struct file *file = &watch->files[i];

		if (inotify_add_watch(watch->fd, file->folder, NEWS) < 0)
			watch->is_blind = true;
		if (S_ISDIR(file->seen.st_mode) &&
			inotify_add_watch(watch->fd, file->path, NEWS) < 0)
			watch->is_blind = true;
	}
}

static void
look_at(const char *path, struct stat *seen)
{
	memset(seen, 0, sizeof *seen);
	if (stat(path, seen) < 0)
		memset(seen, 0, sizeof *seen);
}

static bool
is_same(const struct stat *a, const struct stat *b)
{
	return a->st_dev == b->st_dev && a->st_ino == b->st_ino && a->st_size == b->st_size &&
		a->st_mode == b->st_mode && a->st_uid == b->st_uid && a->st_gid == b->st_gid &&
		a->st_mtim.tv_sec == b->st_mtim.tv_sec && a->st_mtim.tv_nsec == b->st_mtim.tv_nsec;
}

void
watch_add(struct watch *watch, struct str path)
{
	struct file *file = &watch->files[watch->count];

	for (uint32_t i = 0; i < watch->count; i++)
		if (str_same(str_cstr(watch->files[i].path), path))
			return;
	if (watch->count == WATCH_FILES_MAX || path.len == 0)
		return;
	*file = (struct file){ .path = path.at, .folder = folder_of(path) };
	if (file->folder == NULL)
		return;
	look_at(file->path, &file->seen);
	watch->count++;
	look_at_folders(watch);
}

bool
watch_sees_all(const struct watch *watch)
{
	return !watch->is_blind;
}

static bool
has_changed(struct watch *watch)
{
	bool has = false;

	for (uint32_t i = 0; i < watch->count; i++) {
		struct stat now;

		look_at(watch->files[i].path, &now);
		if (!is_same(&now, &watch->files[i].seen))
			has = true;
		watch->files[i].seen = now;
	}
	return has;
}

bool
watch_turn(struct watch *watch, int64_t now_ms)
{
	char news[sizeof(struct inotify_event) + NAME_MAX + 1];
	bool has_news = false;

	while (read(watch->fd, news, sizeof news) > 0)
		has_news = true;
	if (has_news) {
		look_at_folders(watch);
		if (has_changed(watch))
			watch->quiet_at_ms = now_ms + WATCH_QUIET_MS;
	}
	if (now_ms < watch->quiet_at_ms)
		return false;
	watch->quiet_at_ms = INT64_MAX;
	return true;
}

int64_t
watch_due_at_ms(const struct watch *watch)
{
	return watch->quiet_at_ms;
}
