/* SPDX-License-Identifier: Apache-2.0 */
#include "admin/local.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/limits.h"

enum { WAITING_MAX = 16 };

static bool
fail(struct buf *why, const char *path, const char *what, int error)
{
	buf_put(why, STR("the admin socket "));
	buf_put(why, str_cstr(path));
	buf_put(why, STR(": "));
	buf_put(why, str_cstr(what));
	if (error != 0) {
		buf_put(why, STR(": "));
		buf_put(why, str_cstr(strerror(error)));
	}
	return false;
}

/* Ends: true with *AT; false when PATH is too long for a socket's name. */
static bool
name_of(const char *path, struct sockaddr_un *at)
{
	struct str name = str_cstr(path);

	*at = (struct sockaddr_un){ .sun_family = AF_UNIX };
	if (name.len >= sizeof at->sun_path)
		return false;
	memcpy(at->sun_path, name.at, name.len);
	return true;
}

/* Makes the place free: a server that died leaves its socket behind. */
static bool
make_way(const char *path, const struct sockaddr_un *at, struct buf *why)
{
	struct stat st;
	int fd, error;

	if (lstat(path, &st) != 0)
		return errno == ENOENT || fail(why, path, "cannot be looked at", errno);
	if (!S_ISSOCK(st.st_mode))
		return fail(why, path, "something else is there, and stays there", 0);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return fail(why, path, "no socket", errno);
	error = connect(fd, (const struct sockaddr *)at, sizeof *at) == 0 ? 0 : errno;
	close(fd);
	if (error == 0 || error == EAGAIN)
		return fail(why, path, "another server listens there", 0);
	if (error != ECONNREFUSED)
		return fail(why, path, "there is a socket that cannot be asked", error);
	if (unlink(path) != 0)
		return fail(why, path, "what an earlier server left cannot be taken away", errno);
	return true;
}

static bool
let_group_in(const char *path, gid_t group, struct buf *why)
{
	if (lchown(path, (uid_t)-1, group) != 0)
		return fail(why, path, "cannot be given to its group", errno);
	if (chmod(path, 0660) != 0)
		return fail(why, path, "cannot be opened for its group", errno);
	return true;
}

static bool
listen_at(struct local *l, const struct sockaddr_un *at, const gid_t *group, struct buf *why)
{
	struct stat st;

	/* The file has the mode of the descriptor from its first moment on. */
	if (fchmod(l->fd, 0600) != 0 || bind(l->fd, (const struct sockaddr *)at, sizeof *at) != 0)
		return fail(why, l->path, "cannot be made", errno);
	if (lstat(l->path, &st) != 0)
		return fail(why, l->path, "cannot be looked at", errno);
	l->device = st.st_dev;
	l->file = st.st_ino;
	if (group != NULL && !let_group_in(l->path, *group, why))
		return false;
	if (listen(l->fd, WAITING_MAX) != 0)
		return fail(why, l->path, "cannot be listened at", errno);
	return true;
}

bool
local_open(struct local *l, const char *path, const gid_t *group, struct buf *why)
{
	struct sockaddr_un at;

	*l = (struct local){ .fd = -1, .path = path, .has_group = group != NULL };
	if (group != NULL)
		l->group = *group;
	if (!name_of(path, &at))
		return fail(why, path, "a socket's name is at most 107 octets long", 0);
	if (!make_way(path, &at, why))
		return false;
	l->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (l->fd < 0)
		return fail(why, path, "no socket", errno);
	if (listen_at(l, &at, group, why))
		return true;
	local_close(l);
	return false;
}

void
local_close(struct local *l)
{
	struct stat st;

	if (l->file != 0 && lstat(l->path, &st) == 0 && S_ISSOCK(st.st_mode) &&
		st.st_dev == l->device && st.st_ino == l->file)
		(void)unlink(l->path);
	if (l->fd >= 0)
		close(l->fd);
	*l = (struct local){ .fd = -1 };
}

/* Whether GROUP is one of the further groups of the far end. */
static bool
is_member(int fd, gid_t group)
{
	gid_t groups[ADMIN_GROUPS_MAX];
	socklen_t len = sizeof groups;

	if (getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, groups, &len) != 0)
		return false;
	for (size_t i = 0; i < len / sizeof groups[0]; i++)
		if (groups[i] == group)
			return true;
	return false;
}

static bool
who_is(int fd, struct ucred *who)
{
	socklen_t len = sizeof *who;

	return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, who, &len) == 0 && len == sizeof *who;
}

static bool
is_master(uid_t user)
{
	return user == 0 || user == geteuid();
}

bool
local_may_enter(const struct local *l, int fd)
{
	struct ucred who;

	return who_is(fd, &who) &&
		(is_master(who.uid) ||
			(l->has_group && (who.gid == l->group || is_member(fd, l->group))));
}

bool
local_may_order(int fd, uid_t *who)
{
	struct ucred far;
	bool is_known = who_is(fd, &far);

	*who = is_known ? far.uid : (uid_t)-1;
	return is_known && is_master(far.uid);
}
