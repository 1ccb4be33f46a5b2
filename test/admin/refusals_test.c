/* SPDX-License-Identifier: Apache-2.0 */
/* What the system refuses the admin socket: the server then says so and does not start, and leaves
 * neither a file nor a descriptor behind. The linker puts the functions below before the real ones
 * (--wrap). */
#include <errno.h>
#include <microhttpd.h>
#include <poll.h>
#include <pthread.h>
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
#include <unistd.h>

#include <cmocka.h>

#include "admin/admin.h"
#include "support/descriptors.h"
#include "support/folder.h"

#define DENIED_ERRNO EPERM
#include "support/deny.h"

DENY(int, chmod, (const char *at, mode_t mode), (at, mode), -1)
DENY(int, fchmod, (int fd, mode_t mode), (fd, mode), -1)
DENY(int, lchown, (const char *at, uid_t user, gid_t group), (at, user, group), -1)
DENY(int, bind, (int fd, const struct sockaddr *at, socklen_t len), (fd, at, len), -1)
DENY(int, listen, (int fd, int count), (fd, count), -1)
DENY(enum MHD_Result, MHD_queue_response,
	(struct MHD_Connection * c, unsigned status, struct MHD_Response *r), (c, status, r),
	MHD_NO)

struct MHD_Daemon *__wrap_MHD_start_daemon(unsigned flags, uint16_t port, MHD_AcceptPolicyCallback,
	void *, MHD_AccessHandlerCallback, void *, ...);

struct MHD_Daemon *
__wrap_MHD_start_daemon(unsigned flags, uint16_t port, MHD_AcceptPolicyCallback may,
	void *may_closure, MHD_AccessHandlerCallback on, void *on_closure, ...)
{
	struct MHD_Daemon *daemon;
	va_list options;

	if (is_denied("MHD_start_daemon"))
		return NULL;
	va_start(options, on_closure);
	daemon = MHD_start_daemon_va(flags, port, may, may_closure, on, on_closure, options);
	va_end(options);
	return daemon;
}

static struct admin *
opens(const gid_t *group, struct buf *why)
{
	const struct admin_options options = { .path = path, .group = group };

	return admin_open(&options, why);
}

/* With FUNCTION refused it does not open and says WANTED; then it opens. */
static void
does_not_open(const char *function, const char *wanted)
{
	const gid_t group = getegid();
	char text[512];
	struct buf why = buf_on(text, sizeof text - 1);
	int before = descriptors();
	struct admin *admin;

	atomic_store(&denied, function);
	admin = opens(&group, &why);
	text[buf_str(&why).len] = '\0';
	assert_null(atomic_load(&denied));
	assert_null(admin);
	if (strstr(text, wanted) == NULL || strstr(text, "the admin socket") == NULL)
		fail_msg("%s: %s", function, text);
	assert_int_equal(descriptors(), before);
	assert_int_not_equal(access(path, F_OK), 0);
	admin = opens(&group, &why);
	assert_non_null(admin);
	admin_close(admin);
}

static void
a_socket_that_cannot_be_guarded_is_not_opened(void **state)
{
	(void)state;
	does_not_open("fchmod", "cannot be made");
	does_not_open("bind", "cannot be made");
}

static void
a_socket_that_its_group_cannot_have_is_not_opened(void **state)
{
	(void)state;
	does_not_open("lchown", "cannot be given to its group");
	does_not_open("chmod", "cannot be opened for its group");
}

static void
a_socket_that_cannot_be_listened_at_is_not_opened(void **state)
{
	(void)state;
	does_not_open("listen", "cannot be listened at");
}

static void
a_socket_behind_which_nobody_would_answer_is_not_opened(void **state)
{
	(void)state;
	does_not_open("MHD_start_daemon", "libmicrohttpd does not start");
}

/* ---- an answer that cannot be sent ---------------------------------------------------------- */

static void *
ask(void *closure)
{
	static const char question[] =
		"GET /v1/status HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	size_t *got = closure;
	char text[4096];
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);
	ssize_t more;

	memcpy(at.sun_path, path, strlen(path));
	*got = 0;
	if (connect(fd, (const struct sockaddr *)&at, sizeof at) == 0 &&
		send(fd, question, sizeof question - 1, MSG_NOSIGNAL) > 0)
		while ((more = recv(fd, text, sizeof text, 0)) > 0)
			*got += (size_t)more;
	close(fd);
	return NULL;
}

/* One question, answered by this thread as the loop would. Ends: how many octets came of it. */
static size_t
put_question(struct admin *admin)
{
	pthread_t thread;
	struct pollfd woken = { .fd = admin_fd(admin), .events = POLLIN };
	struct ask question;
	size_t got;

	assert_int_equal(pthread_create(&thread, NULL, ask, &got), 0);
	while (!admin_next(admin, &question))
		assert_int_equal(poll(&woken, 1, 5000), 1);
	admin_tell(admin, (struct answer){ .told = TOLD_ALL }, STR("\"calls\":0"));
	pthread_join(thread, NULL);
	return got;
}

/* The hand that passes questions over is free again, or nobody would be answered any more. */
static void
an_answer_that_is_lost_does_not_hold_up_the_next(void **state)
{
	char text[512];
	struct buf why = buf_on(text, sizeof text);
	struct admin *admin = opens(NULL, &why);

	(void)state;
	assert_non_null(admin);
	atomic_store(&denied, "MHD_queue_response");
	assert_int_equal(put_question(admin), 0);
	assert_null(atomic_load(&denied));
	assert_true(put_question(admin) > 100);
	admin_close(admin);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_socket_that_cannot_be_guarded_is_not_opened),
		cmocka_unit_test(a_socket_that_its_group_cannot_have_is_not_opened),
		cmocka_unit_test(a_socket_that_cannot_be_listened_at_is_not_opened),
		cmocka_unit_test(a_socket_behind_which_nobody_would_answer_is_not_opened),
		cmocka_unit_test(an_answer_that_is_lost_does_not_hold_up_the_next),
	};

	return cmocka_run_group_tests(tests, open_folder, close_folder);
}
