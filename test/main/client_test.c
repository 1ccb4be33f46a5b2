/* SPDX-License-Identifier: Apache-2.0 */
#include "main/client.h"

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

#include "support/folder.h"

static struct reply reply;

static void
answers_that_are_read(void **state)
{
	static const struct {
		struct str text;
		unsigned status; /* 0: it is refused */
		const char *body;
	} rows[] = {
		{ STR("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"), 200, "{}" },
		{ STR("HTTP/1.1 404 Not Found\r\nX: y\r\ncontent-length:0\r\n\r\n"), 404, "" },
		{ STR("HTTP/1.1 599 \r\nContent-Length: 1\r\n\r\n\0"), 599, "" },
		{ STR("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n{}"), 0, "" },
		{ STR("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n{}"), 0, "" },
		{ STR("HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n{}"), 0, "" },
		{ STR("HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 2\r\n\r\n{}"), 0,
			"" },
		{ STR("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: 2\r\n\r\n{}"),
			0, "" },
		{ STR("HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999\r\n\r\n{}"), 0, "" },
		{ STR("HTTP/1.1 200 OK\r\n\r\n{}"), 0, "" },
		{ STR("HTTP/1.1 600 No\r\nContent-Length: 0\r\n\r\n"), 0, "" },
		{ STR("HTTP/1.1 2x0 OK\r\nContent-Length: 0\r\n\r\n"), 0, "" },
		{ STR("HTTP/1.1 20\r\nContent-Length: 0\r\n\r\n"), 0, "" },
		{ STR("HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n"), 0, "" },
		{ STR("HTTP/1.1 200 OK\nContent-Length: 0\n\n"), 0, "" },
		{ STR("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n"), 0, "" },
		{ STR("\n"), 0, "" },
		{ STR(""), 0, "" },
		{ STR("SIP/2.0 200 OK\r\nContent-Length: 0\r\n\r\n"), 0, "" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		bool is_read = reply_read(&reply, rows[i].text);

		if (is_read != (rows[i].status != 0))
			fail_msg("row %zu", i);
		if (!is_read)
			continue;
		assert_int_equal(reply.status, rows[i].status);
		assert_memory_equal(reply.body.at, rows[i].body, strlen(rows[i].body));
	}
}

static void
names_are_escaped(void **state)
{
	char text[64];
	struct buf b = buf_on(text, sizeof text);

	(void)state;
	client_put_escaped(&b, STR("aZ09-._~/?%+ \xc3\xa4\x01"));
	assert_true(str_same(buf_str(&b), STR("aZ09-._~%2F%3F%25%2B%20%C3%A4%01")));
}

/* ---- against a server ------------------------------------------------------------------------ */

struct server {
	int fd;
	const char *says;
	size_t len;
	char heard[1024];
};

static void *
serve_one(void *closure)
{
	struct server *s = closure;
	int fd = accept(s->fd, NULL, NULL);

	(void)!recv(fd, s->heard, sizeof s->heard - 1, 0);
	for (size_t sent = 0; sent < s->len;) {
		ssize_t more = send(fd, s->says + sent, s->len - sent, MSG_NOSIGNAL);

		if (more < 0)
			break;
		sent += (size_t)more;
	}
	close(fd);
	return NULL;
}

static int
exchange(struct server *s, int (*way)(const char *, struct str, struct reply *, struct buf *),
	const char *target, const char *says, size_t len, struct buf *why)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	pthread_t thread;
	int code;

	*s = (struct server){ .fd = socket(AF_UNIX, SOCK_STREAM, 0), .says = says, .len = len };
	memcpy(at.sun_path, path, strlen(path));
	assert_int_equal(bind(s->fd, (struct sockaddr *)&at, sizeof at), 0);
	assert_int_equal(listen(s->fd, 1), 0);
	assert_int_equal(pthread_create(&thread, NULL, serve_one, s), 0);
	code = way(path, str_cstr(target), &reply, why);
	assert_int_equal(pthread_join(thread, NULL), 0);
	close(s->fd);
	assert_int_equal(unlink(path), 0);
	return code;
}

static int
ask(struct server *s, const char *says, size_t len, struct buf *why)
{
	return exchange(s, client_get, "/v1/status", says, len, why);
}

static void
one_request_and_its_answer(void **state)
{
	static const char says[] = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}";
	static struct server s;
	char text[256];
	struct buf why = buf_on(text, sizeof text);

	(void)state;
	assert_int_equal(ask(&s, says, sizeof says - 1, &why), EXIT_FINE);
	assert_int_equal(reply.status, 200);
	assert_true(str_same(reply.body, STR("{}")));
	assert_string_equal(s.heard,
		"GET /v1/status HTTP/1.1\r\nHost: sipward\r\n"
		"Connection: close\r\n\r\n");
}

static void
one_order_and_its_answer(void **state)
{
	static const char says[] = "HTTP/1.1 422 No\r\nContent-Length: 2\r\n\r\n{}";
	static struct server s;
	char text[256];
	struct buf why = buf_on(text, sizeof text);

	(void)state;
	assert_int_equal(
		exchange(&s, client_post, "/v1/reload", says, sizeof says - 1, &why), EXIT_FINE);
	assert_int_equal(reply.status, 422);
	assert_string_equal(s.heard,
		"POST /v1/reload HTTP/1.1\r\nHost: sipward\r\n"
		"Connection: close\r\nContent-Length: 0\r\n\r\n");
}

static void
what_answers_is_something_else(void **state)
{
	static char endless[2 * REPLY_BYTES_MAX];
	static struct server s;
	char text[256];
	struct buf why = buf_on(text, sizeof text);

	(void)state;
	assert_int_equal(ask(&s, "220 mail\r\n", 10, &why), EXIT_FAILED);
	assert_int_equal(ask(&s, "", 0, &why), EXIT_FAILED);
	memset(endless, 'x', sizeof endless);
	assert_int_equal(ask(&s, endless, sizeof endless, &why), EXIT_FAILED);
}

static void
nobody_answers(void **state)
{
	char text[512], name[300];
	struct buf why = buf_on(text, sizeof text);
	FILE *file;

	(void)state;
	assert_int_equal(client_get(path, STR("/"), &reply, &why), EXIT_UNREACHABLE);
	assert_true(str_holds_alike(buf_str(&why), STR("No such file")));
	file = fopen(path, "w");
	assert_non_null(file);
	fclose(file);
	why = buf_on(text, sizeof text);
	assert_int_equal(client_get(path, STR("/"), &reply, &why), EXIT_UNREACHABLE);
	if (geteuid() != 0) {
		assert_int_equal(chmod(path, 0), 0);
		assert_int_equal(client_get(path, STR("/"), &reply, &why), EXIT_DENIED);
	}
	assert_int_equal(unlink(path), 0);
	memset(name, 'x', sizeof name - 1);
	name[sizeof name - 1] = '\0';
	why = buf_on(text, sizeof text);
	assert_int_equal(client_get(name, STR("/"), &reply, &why), EXIT_UNREACHABLE);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(answers_that_are_read),
		cmocka_unit_test(names_are_escaped),
		cmocka_unit_test(one_request_and_its_answer),
		cmocka_unit_test(one_order_and_its_answer),
		cmocka_unit_test(what_answers_is_something_else),
		cmocka_unit_test(nobody_answers),
	};

	return cmocka_run_group_tests(tests, open_folder, close_folder);
}
