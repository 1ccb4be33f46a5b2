/* SPDX-License-Identifier: Apache-2.0 */
/* HTTP over the socket, each request as its octets; the test's own thread is the loop. */
#include "admin/admin.h"

#include <grp.h>
#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
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

#include "support/folder.h"

enum { REPLY_BYTES = 64 * 1024, CLIENTS = 6, QUESTIONS_EACH = 20 };

static struct admin *admin;

static int
open_waiting(int64_t wait_ms)
{
	const struct admin_options options = { .path = path, .wait_ms = wait_ms };
	char text[256];
	struct buf why = buf_on(text, sizeof text);

	admin = admin_open(&options, &why);
	return admin != NULL ? 0 : -1;
}

static int
open_admin(void **state)
{
	(void)state;
	return open_waiting(20000);
}

static int
open_brisk_admin(void **state)
{
	(void)state;
	return open_waiting(1000);
}

static int
open_hasty_admin(void **state)
{
	(void)state;
	return open_waiting(50);
}

static int
close_admin(void **state)
{
	(void)state;
	admin_close(admin);
	return 0;
}

/* ---- a client -------------------------------------------------------------------------------- */

struct client {
	int fd;
	pthread_t thread;
	size_t len;
	char text[REPLY_BYTES]; /* what it heard, until the far end closed */
};

static int
call(void)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	memcpy(at.sun_path, path, strlen(path));
	if (connect(fd, (struct sockaddr *)&at, sizeof at) != 0)
		abort();
	return fd;
}

static void *
hear(void *closure)
{
	struct client *c = closure;
	ssize_t more;

	while ((more = recv(c->fd, c->text + c->len, sizeof c->text - 1 - c->len, 0)) > 0)
		c->len += (size_t)more;
	c->text[c->len] = '\0';
	close(c->fd);
	return NULL;
}

static void
client_open(struct client *c, const char *octets, size_t len)
{
	memset(c, 0, sizeof *c);
	c->fd = call();
	(void)!send(c->fd, octets, len, MSG_NOSIGNAL);
	assert_int_equal(pthread_create(&c->thread, NULL, hear, c), 0);
}

/* A request that is the last of its connection. */
static void
client_ask(struct client *c, const char *start, const char *lines)
{
	char text[1024];
	int len = snprintf(text, sizeof text,
		"%s HTTP/1.1\r\nHost: x\r\nConnection: close\r\n%s\r\n", start, lines);

	client_open(c, text, (size_t)len);
}

static const char *
client_close(struct client *c)
{
	assert_int_equal(pthread_join(c->thread, NULL), 0);
	return c->text;
}

static bool
await_question(int wait_ms)
{
	struct pollfd poll_fd = { .fd = admin_fd(admin), .events = POLLIN };

	return poll(&poll_fd, 1, wait_ms) == 1;
}

/* The next question that comes. */
static struct ask
take(void)
{
	struct ask ask;

	do
		assert_true(await_question(20000));
	while (!admin_next(admin, &ask));
	return ask;
}

/* ---- what is asked --------------------------------------------------------------------------- */

static void
an_answer_in_its_envelope(void **state)
{
	static struct client c;
	struct ask ask;
	const char *reply;

	(void)state;
	client_ask(&c, "GET /v1/calls?number=77%2089&cursor=7", "");
	ask = take();
	assert_int_equal(ask.what, ASK_CALLS);
	assert_true(str_same(ask.name, STR("77 89")));
	assert_int_equal(ask.from, 7);
	admin_tell(admin, (struct answer){ .told = TOLD_MORE, .next = 9 },
		STR("\"items\":[{\"a\":1}]"));
	reply = client_close(&c);
	assert_non_null(strstr(reply, "HTTP/1.1 200 OK\r\n"));
	assert_non_null(strstr(reply, "Content-Type: application/json\r\n"));
	assert_non_null(strstr(reply, "Cache-Control: no-store\r\n"));
	assert_non_null(strstr(
		reply, "\r\n\r\n{\"schema\":\"calls/1\",\"items\":[{\"a\":1}],\"cursor\":\"9\"}"));

	client_ask(&c, "GET /v1/calls/a%2Fb%22", "");
	assert_non_null(strstr(client_close(&c), "HTTP/1.1 404 "));
	client_ask(&c, "GET /v1/calls/ab%22", "");
	ask = take();
	assert_true(str_same(ask.name, STR("ab\"")));
	admin_tell(admin, (struct answer){ .told = TOLD_NONE }, STR(""));
	reply = client_close(&c);
	assert_non_null(strstr(reply, "HTTP/1.1 404 "));
	assert_non_null(strstr(reply, "Content-Type: application/problem+json\r\n"));
	assert_non_null(strstr(reply, "\"status\":404"));

	client_ask(&c, "HEAD /v1/status", "");
	(void)take();
	admin_tell(admin, (struct answer){ .told = TOLD_ALL }, STR("\"a\":1"));
	reply = client_close(&c);
	assert_non_null(strstr(reply, "HTTP/1.1 200 OK\r\n"));
	assert_null(strstr(reply, "schema"));
}

static void
what_is_no_question(void **state)
{
	static const struct {
		const char *start, *lines, *status;
	} rows[] = {
		{ "GET /", "", "404" },
		{ "GET /v1/nothing", "", "404" },
		{ "GET /v1/calls?nothing=1", "", "400" },
		{ "GET /v1/calls?cursor=x", "", "400" },
		{ "GET /v1/calls?number", "", "400" },
		{ "GET /v1/status?x=1", "", "400" },
		{ "POST /v1/calls", "", "405" },
		{ "DELETE /v1/calls/1", "", "405" },
		{ "OPTIONS *", "", "405" },
		{ "POST /v1/nothing", "", "405" },
		{ "GET /v1/calls", "Content-Length: 5\r\n", "413" },
		{ "GET /v1/calls", "Content-Length: 99999999999\r\n", "413" },
		{ "GET /v1/calls", "Transfer-Encoding: chunked\r\n", "413" },
	};
	static struct client c;

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		char status[32];

		client_ask(&c, rows[i].start, rows[i].lines);
		snprintf(status, sizeof status, "HTTP/1.1 %s ", rows[i].status);
		if (strstr(client_close(&c), status) == NULL)
			fail_msg("%s: %s", rows[i].start, c.text);
		assert_non_null(strstr(c.text, "application/problem+json"));
		if (rows[i].status[2] == '5')
			assert_non_null(strstr(c.text, "Allow: GET, HEAD\r\n"));
	}
	assert_false(await_question(0));
}

/* cve/9: lengths that are none, or more than there can be, on the socket that takes orders: nobody
 * is asked, the connection ends, and the next one is served. */
static void
a_length_that_is_none_is_no_order(void **state)
{
	static const char *const lengths[] = { "-1", "-2147483648", "-9223372036854775808", "+5",
		"5x", "0x5", " ", "5, 5", "00", "2147483648", "4294967296", "18446744073709551615",
		"18446744073709551616", "99999999999999999999999999999999999999999999" };
	static const char *const starts[] = { "GET /v1/status", "POST /v1/reload" };
	static struct client c;

	(void)state;
	for (size_t i = 0; i < 2 * (sizeof lengths / sizeof lengths[0]); i++) {
		char lines[128];

		snprintf(lines, sizeof lines, "Content-Length: %s\r\n", lengths[i / 2]);
		client_ask(&c, starts[i % 2], lines);
		if (strstr(client_close(&c), "HTTP/1.1 4") == NULL)
			fail_msg("%s with %s got: %s", starts[i % 2], lengths[i / 2], c.text);
		assert_false(await_question(0));
	}
	client_ask(&c, "GET /v1/status", "Content-Length: 0\r\n");
	(void)take();
	admin_tell(admin, (struct answer){ .told = TOLD_ALL }, STR(""));
	assert_non_null(strstr(client_close(&c), "HTTP/1.1 200 OK\r\n"));
}

static void
an_order_is_a_post_of_who_may(void **state)
{
	static const char *const methods[] = { "GET", "HEAD", "PUT", "DELETE", "OPTIONS" };
	static struct client c;
	struct ask ask;
	char start[64];

	(void)state;
	for (size_t i = 0; i < sizeof methods / sizeof methods[0]; i++) {
		snprintf(start, sizeof start, "%s /v1/reload", methods[i]);
		client_ask(&c, start, "");
		assert_non_null(strstr(client_close(&c), "HTTP/1.1 405 "));
		assert_non_null(strstr(c.text, "Allow: POST\r\n"));
	}
	client_ask(&c, "POST /v1/reload", "Content-Length: 5\r\n");
	assert_non_null(strstr(client_close(&c), "HTTP/1.1 413 "));
	client_ask(&c, "POST /v1/reload?all=1", "");
	assert_non_null(strstr(client_close(&c), "HTTP/1.1 400 "));
	assert_false(await_question(0));

	client_ask(&c, "POST /v1/reload", "Content-Length: 0\r\n");
	ask = take();
	assert_int_equal(ask.what, ASK_RELOAD);
	assert_int_equal(ask.uid, geteuid());
	admin_tell(admin, (struct answer){ .told = TOLD_ALL }, STR("\"times\":1"));
	assert_non_null(strstr(client_close(&c), "{\"schema\":\"reload/1\",\"times\":1}"));

	client_ask(&c, "POST /v1/reload", "");
	(void)take();
	admin_tell(admin, (struct answer){ .told = TOLD_BAD }, STR("\"detail\":\"no\""));
	assert_non_null(strstr(client_close(&c), "HTTP/1.1 422 "));
	assert_non_null(strstr(c.text, "application/problem+json"));
	assert_non_null(strstr(c.text, "\"status\":422,\"detail\":\"no\"}"));
	assert_null(strstr(c.text, "schema"));
}

/* Another user, whom the file lets through. */
static void
an_order_of_somebody_else(void **state)
{
	static const char wanted[] =
		"POST /v1/reload HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
	static struct client c;
	struct ask ask;
	pid_t child;
	int status;

	(void)state;
	if (geteuid() != 0)
		skip();
	assert_int_equal(chmod(folder, 0711), 0);
	assert_int_equal(chmod(path, 0666), 0);
	child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		int fd;

		if (setgroups(0, NULL) != 0 || setgid(12345) != 0 || setuid(12345) != 0)
			_exit(2);
		fd = call();
		(void)!send(fd, wanted, strlen(wanted), MSG_NOSIGNAL);
		while (c.len < sizeof c.text - 1 && recv(fd, c.text + c.len, 1, 0) == 1)
			c.len++;
		_exit(strstr(c.text, "HTTP/1.1 403 ") != NULL &&
					strstr(c.text, "takes orders from root") != NULL
				? 0
				: 1);
	}
	ask = take();
	assert_int_equal(ask.what, ASK_REFUSED);
	assert_int_equal(ask.uid, 12345);
	admin_tell(admin, (struct answer){ .told = TOLD_ALL }, STR(""));
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

/* What is no HTTP, or too much of it, ends its own connection and no other. */
static void
octets_of_any_kind(void **state)
{
	static struct client c;
	static char large[256 * 1024];
	int len;

	(void)state;
	client_open(&c, "\0\1\2\xff\r\n\r\n", 8);
	shutdown(c.fd, SHUT_WR);
	(void)client_close(&c);

	memset(large, 'x', sizeof large);
	len = snprintf(large, sizeof large, "GET /v1/status HTTP/1.1\r\nHost: x\r\nX: ");
	large[len] = 'x';
	client_open(&c, large, sizeof large);
	assert_null(strstr(client_close(&c), "HTTP/1.1 200"));

	len = snprintf(large, sizeof large, "GET /v1/calls?number=");
	memset(large + len, '7', 1000);
	snprintf(large + len + 1000, 100, " HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
	client_open(&c, large, strlen(large));
	assert_non_null(strstr(client_close(&c), "HTTP/1.1 400 "));

	client_ask(&c, "GET /v1/status", "");
	(void)take();
	admin_tell(admin, (struct answer){ .told = TOLD_ALL }, STR(""));
	assert_non_null(strstr(client_close(&c), "{\"schema\":\"status/1\"}"));
}

static void
a_loop_that_does_not_come(void **state)
{
	static struct client c;

	(void)state;
	client_ask(&c, "GET /v1/status", "");
	assert_non_null(strstr(client_close(&c), "HTTP/1.1 504 "));
	client_ask(&c, "POST /v1/reload", "");
	assert_non_null(strstr(client_close(&c), "HTTP/1.1 504 "));
	assert_non_null(strstr(c.text, "its log says whether"));
}

/* Who waits for an answer when the server ends is told so, or cut off. */
static void
the_end_does_not_wait(void **state)
{
	static struct client c;

	(void)state;
	client_ask(&c, "GET /v1/status", "");
	assert_true(await_question(20000));
	admin_close(admin);
	assert_null(strstr(client_close(&c), "HTTP/1.1 200"));
	assert_int_equal(open_waiting(1000), 0);
}

static atomic_int left;
static atomic_int wrong;

static void *
ask_on(void *closure)
{
	const unsigned *id = closure;
	static _Thread_local char reply[4096];

	for (unsigned i = 0; i < QUESTIONS_EACH; i++) {
		char text[256], wanted[64];
		size_t got = 0;
		ssize_t more;
		int fd = call(),
		    len = snprintf(text, sizeof text,
			    "GET /v1/calls/%u-%u HTTP/1.1\r\nHost: x\r\n"
			    "Connection: close\r\n\r\n",
			    *id, i);

		(void)!send(fd, text, (size_t)len, MSG_NOSIGNAL);
		while ((more = recv(fd, reply + got, sizeof reply - 1 - got, 0)) > 0)
			got += (size_t)more;
		reply[got] = '\0';
		close(fd);
		snprintf(wanted, sizeof wanted, "\"name\":\"%u-%u\"}", *id, i);
		if (strstr(reply, wanted) == NULL)
			atomic_fetch_add(&wrong, 1);
	}
	atomic_fetch_sub(&left, 1);
	return NULL;
}

static void
many_at_once(void **state)
{
	pthread_t threads[CLIENTS];
	unsigned ids[CLIENTS];

	(void)state;
	atomic_store(&left, CLIENTS);
	for (unsigned i = 0; i < CLIENTS; i++) {
		ids[i] = i;
		assert_int_equal(pthread_create(&threads[i], NULL, ask_on, &ids[i]), 0);
	}
	while (atomic_load(&left) > 0) {
		struct ask ask;
		char text[128];
		struct buf b = buf_on(text, sizeof text);
		struct json j = json_on(&b);

		if (!await_question(10) || !admin_next(admin, &ask))
			continue;
		json_put_text(&j, STR("name"), ask.name);
		admin_tell(admin, (struct answer){ .told = TOLD_ALL }, buf_str(&b));
	}
	for (unsigned i = 0; i < CLIENTS; i++)
		assert_int_equal(pthread_join(threads[i], NULL), 0);
	assert_int_equal(atomic_load(&wrong), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, open_admin, close_admin)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(an_answer_in_its_envelope),
		TEST(what_is_no_question),
		cmocka_unit_test_setup_teardown(
			a_length_that_is_none_is_no_order, open_brisk_admin, close_admin),
		TEST(an_order_is_a_post_of_who_may),
		TEST(an_order_of_somebody_else),
		TEST(octets_of_any_kind),
		cmocka_unit_test_setup_teardown(
			a_loop_that_does_not_come, open_hasty_admin, close_admin),
		TEST(the_end_does_not_wait),
		TEST(many_at_once),
	};

	return cmocka_run_group_tests(tests, open_folder, close_folder);
}
