/* SPDX-License-Identifier: Apache-2.0 */
#include "main/records.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/limits.h"
#include "base/panic.h"

struct records {
	const char *path;
	int fd; /* -1: it could not be opened again */
	bool is_failing, is_told;
	int error;     /* why it fails */
	uint64_t lost; /* since then */
	struct buf lines;
	uint32_t count; /* of them */
	char text[RECORDS_BUFFER_BYTES];
};

static int
open_file(const char *path)
{
	/* A pipe without a reader must not hold up the calls, and a link leads anywhere. */
	int fd = open(
		path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0640);
	struct stat st;

	if (fd >= 0 && (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode))) {
		close(fd);
		errno = EINVAL;
		return -1;
	}
	return fd;
}

struct records *
records_open(const char *path, struct buf *why)
{
	int fd = open_file(path);
	struct records *r;

	if (fd < 0) {
		buf_put(why, STR("the records cannot be written to "));
		buf_put(why, str_cstr(path));
		buf_put(why, STR(": "));
		buf_put(why, str_cstr(errno == EINVAL ? "it is no file" : strerror(errno)));
		return NULL;
	}
	r = calloc(1, sizeof *r);
	need(r != NULL, "memory");
	r->path = path;
	r->fd = fd;
	r->lines = buf_on(r->text, sizeof r->text);
	return r;
}

/* Makes the file anew if what is open is not what stands at the path any more. */
static void
follow(struct records *r)
{
	struct stat open_one, there;

	if (r->fd >= 0 && fstat(r->fd, &open_one) == 0 && lstat(r->path, &there) == 0 &&
		open_one.st_dev == there.st_dev && open_one.st_ino == there.st_ino)
		return;
	if (r->fd >= 0)
		close(r->fd);
	r->fd = open_file(r->path);
}

static void
write_out(struct records *r)
{
	size_t done = 0;

	if (r->lines.used == 0)
		return;
	follow(r);
	while (r->fd >= 0 && done < r->lines.used) {
		ssize_t more = write(r->fd, r->text + done, r->lines.used - done);

		if (more < 0 && errno == EINTR)
			continue;
		if (more <= 0)
			break;
		done += (size_t)more;
	}
	r->is_failing = done < r->lines.used;
	if (r->is_failing) {
		r->error = errno;
		r->lost += r->count;
	}
	r->lines = buf_on(r->text, sizeof r->text);
	r->count = 0;
}

void
records_put(struct records *r, struct str record)
{
	must(record.len < sizeof r->text);
	if (r->lines.size - r->lines.used < record.len + 1)
		write_out(r);
	buf_put(&r->lines, record);
	buf_char(&r->lines, '\n');
	r->count++;
}

bool
records_flush(struct records *r, struct buf *why)
{
	write_out(r);
	if (!r->is_failing) {
		r->is_told = false;
		return true;
	}
	if (r->is_told)
		return true;
	r->is_told = true;
	buf_put(why, STR("records of calls are lost ("));
	buf_number(why, r->lost);
	buf_put(why, STR(" so far): "));
	buf_put(why, str_cstr(r->path));
	buf_put(why, STR(": "));
	buf_put(why, str_cstr(strerror(r->error)));
	return false;
}

void
records_close(struct records *r)
{
	write_out(r);
	if (r->fd >= 0)
		close(r->fd);
	free(r);
}
