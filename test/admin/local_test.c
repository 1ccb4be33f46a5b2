/* SPDX-License-Identifier: Apache-2.0 */
#include "admin/local.h"

#include <errno.h>
#include <grp.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static char folder[] = "/tmp/sipward-local-XXXXXX";
static char path[64], text[512];
static struct buf why;

static int
open_folder(void **state)
{
	(void)state;
	if (mkdtemp(folder) == NULL || chmod(folder, 0711) != 0)
		return -1;
	snprintf(path, sizeof path, "%s/admin.sock", folder);
	return 0;
}

static int
close_folder(void **state)
{
	(void)state;
	return rmdir(folder);
}

static bool
opens(struct local *l, const gid_t *group)
{
	why = buf_on(text, sizeof text);
	return local_open(l, path, group, &why);
}

static bool
says(const char *part)
{
	return str_holds_alike(buf_str(&why), str_cstr(part));
}

static mode_t
mode_of(void)
{
	struct stat st;

	assert_int_equal(lstat(path, &st), 0);
	assert_true(S_ISSOCK(st.st_mode));
	return st.st_mode & 07777;
}

/* Connects as USER and GROUP. Ends: what connect() said, and whether the far end lets it in. */
static int
knock(const struct local *l, uid_t user, gid_t group, gid_t further, bool *enters)
{
	uid_t who = 0;
	int fd, status;
	pid_t child = fork();

	assert_true(child >= 0);
	if (child == 0) {
		struct sockaddr_un at = { .sun_family = AF_UNIX };
		int out = socket(AF_UNIX, SOCK_STREAM, 0);

		memcpy(at.sun_path, path, strlen(path));
		if (setgroups(1, &further) != 0 || setgid(group) != 0 || setuid(user) != 0)
			_exit(255);
		if (connect(out, (struct sockaddr *)&at, sizeof at) != 0)
			_exit(errno);
		_exit(0);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	fd = accept(l->fd, NULL, NULL);
	*enters = fd >= 0 && local_may_enter(l, fd);
	/* No group gives orders, whatever it may look at. */
	if (fd >= 0) {
		assert_int_equal(local_may_order(fd, &who), user == 0 || user == geteuid());
		assert_int_equal(who, user);
	}
	if (fd >= 0)
		close(fd);
	return WEXITSTATUS(status);
}

static void
for_its_owner_alone(void **state)
{
	mode_t mask = umask(0);
	struct local l;
	bool enters;

	(void)state;
	assert_true(opens(&l, NULL));
	assert_int_equal(mode_of(), 0600);
	assert_int_equal(knock(&l, geteuid(), getegid(), getegid(), &enters), 0);
	assert_true(enters);
	if (geteuid() == 0) {
		assert_int_equal(knock(&l, 12345, 12345, 12345, &enters), EACCES);
		/* Even where the file lets everybody through. */
		assert_int_equal(chmod(path, 0666), 0);
		assert_int_equal(knock(&l, 12345, 12345, 12345, &enters), 0);
		assert_false(enters);
	}
	local_close(&l);
	assert_int_not_equal(access(path, F_OK), 0);
	umask(mask);
}

static void
who_is_not_known_gives_no_orders(void **state)
{
	uid_t who = 0;

	(void)state;
	assert_false(local_may_order(-1, &who));
	assert_int_equal(who, (uid_t)-1);
}

static void
for_a_group_too(void **state)
{
	const gid_t group = 23456;
	struct local l;
	bool enters;

	(void)state;
	if (geteuid() != 0)
		skip();
	assert_true(opens(&l, &group));
	assert_int_equal(mode_of(), 0660);
	assert_int_equal(knock(&l, 12345, group, 12345, &enters), 0);
	assert_true(enters);
	assert_int_equal(knock(&l, 12345, 12345, group, &enters), 0);
	assert_true(enters);
	assert_int_equal(knock(&l, 12345, 12345, 12345, &enters), EACCES);
	assert_int_equal(chmod(path, 0666), 0);
	assert_int_equal(knock(&l, 12345, 12345, 12345, &enters), 0);
	assert_false(enters);
	assert_int_equal(knock(&l, 0, 12345, 12345, &enters), 0);
	assert_true(enters);
	local_close(&l);
}

static void
what_a_dead_server_left_is_replaced(void **state)
{
	struct local l, again;

	(void)state;
	assert_true(opens(&l, NULL));
	close(l.fd);
	assert_true(opens(&again, NULL));
	assert_int_equal(mode_of(), 0600);
	local_close(&again);
	assert_int_not_equal(access(path, F_OK), 0);
}

static void
what_took_its_place_stays(void **state)
{
	struct local l;

	(void)state;
	assert_true(opens(&l, NULL));
	assert_int_equal(unlink(path), 0);
	assert_int_equal(mkdir(path, 0700), 0);
	local_close(&l);
	assert_int_equal(rmdir(path), 0);
}

static void
a_server_that_lives_is_not_replaced(void **state)
{
	struct local l, again;

	(void)state;
	assert_true(opens(&l, NULL));
	assert_false(opens(&again, NULL));
	assert_true(says(path) && says("another server"));
	assert_int_equal(mode_of(), 0600);
	local_close(&l);
}

static void
anything_else_is_not_replaced(void **state)
{
	struct local l;
	FILE *file = fopen(path, "w");

	(void)state;
	assert_non_null(file);
	fclose(file);
	assert_false(opens(&l, NULL));
	assert_true(says("something else"));
	assert_int_equal(unlink(path), 0);

	assert_int_equal(mkdir(path, 0700), 0);
	assert_false(opens(&l, NULL));
	assert_int_equal(rmdir(path), 0);

	/* A link, even to a place where nothing is. */
	assert_int_equal(symlink("elsewhere", path), 0);
	assert_false(opens(&l, NULL));
	assert_true(says("something else"));
	assert_int_equal(unlink(path), 0);
}

static void
a_place_that_cannot_be(void **state)
{
	char name[200];
	struct local l;

	(void)state;
	memset(name, 'x', sizeof name - 1);
	name[sizeof name - 1] = '\0';
	why = buf_on(text, sizeof text);
	assert_false(local_open(&l, name, NULL, &why));
	assert_true(says("107"));
	why = buf_on(text, sizeof text);
	assert_false(local_open(&l, "/nowhere/at/all", NULL, &why));
	assert_true(says("/nowhere/at/all") && says("No such file"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(for_its_owner_alone),
		cmocka_unit_test(who_is_not_known_gives_no_orders),
		cmocka_unit_test(for_a_group_too),
		cmocka_unit_test(what_a_dead_server_left_is_replaced),
		cmocka_unit_test(what_took_its_place_stays),
		cmocka_unit_test(a_server_that_lives_is_not_replaced),
		cmocka_unit_test(anything_else_is_not_replaced),
		cmocka_unit_test(a_place_that_cannot_be),
	};

	return cmocka_run_group_tests(tests, open_folder, close_folder);
}
