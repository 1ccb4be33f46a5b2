/* SPDX-License-Identifier: Apache-2.0 */
#include "main/client.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum { REQUEST_BYTES_MAX = 3 * 1024 };

static int
fail(int code, struct buf *why, const char *socket_path, const char *what, int error)
{
	buf_put(why, str_cstr(socket_path));
	buf_put(why, STR(": "));
	buf_put(why, str_cstr(what));
	if (error != 0) {
		buf_put(why, STR(": "));
		buf_put(why, str_cstr(strerror(error)));
	}
	return code;
}

/* What the system says, as an exit code. */
static int
code_of(int error)
{
	switch (error) {
	case EACCES:
	case EPERM: return EXIT_DENIED;
	case EAGAIN:
	case EINPROGRESS: return EXIT_LATE;
	default: return EXIT_UNREACHABLE;
	}
}

static int
open_connection(const char *path, int fd, struct buf *why)
{
	const struct timeval wait = { .tv_sec = CLIENT_WAIT_S };
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	struct str name = str_cstr(path);

	if (name.len >= sizeof at.sun_path)
		return fail(EXIT_UNREACHABLE, why, path, "this is too long for a socket", 0);
	memcpy(at.sun_path, name.at, name.len);
	if (setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof wait) != 0 ||
		setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &wait, sizeof wait) != 0)
		return fail(EXIT_FAILED, why, path, "no clock for it", errno);
	if (connect(fd, (const struct sockaddr *)&at, sizeof at) != 0)
		return fail(code_of(errno), why, path, "no server answers here", errno);
	return EXIT_FINE;
}

static int
exchange(const char *path, int fd, struct str request, struct reply *reply, struct buf *why)
{
	size_t got = 0;
	ssize_t more;

	while (request.len > 0) {
		more = send(fd, request.at, request.len, MSG_NOSIGNAL);
		if (more < 0)
			return fail(
				code_of(errno), why, path, "the server takes no question", errno);
		request = str_from(request, (size_t)more);
	}
	while ((more = recv(fd, reply->text + got, sizeof reply->text - got, 0)) > 0)
		got += (size_t)more;
	if (more < 0)
		return fail(code_of(errno), why, path, "the server does not answer", errno);
	if (!reply_read(reply, str_of(reply->text, got)))
		return fail(EXIT_FAILED, why, path, "what answers here is no sipward", 0);
	return EXIT_FINE;
}

static int
ask(const char *path, struct str method, struct str target, struct reply *reply, struct buf *why)
{
	char text[REQUEST_BYTES_MAX];
	struct buf request = buf_on(text, sizeof text);
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int code;

	buf_put(&request, method);
	buf_char(&request, ' ');
	buf_put(&request, target);
	buf_put(&request, STR(" HTTP/1.1\r\nHost: sipward\r\nConnection: close\r\n"));
	if (!str_same(method, STR("GET")))
		buf_put(&request, STR("Content-Length: 0\r\n"));
	buf_put(&request, STR("\r\n"));
	if (fd < 0 || !buf_ok(&request)) {
		code = fail(EXIT_FAILED, why, path, "it cannot be asked that", fd < 0 ? errno : 0);
	} else {
		code = open_connection(path, fd, why);
		if (code == EXIT_FINE)
			code = exchange(path, fd, buf_str(&request), reply, why);
	}
	if (fd >= 0)
		close(fd);
	return code;
}

int
client_get(const char *path, struct str target, struct reply *reply, struct buf *why)
{
	return ask(path, STR("GET"), target, reply, why);
}

int
client_post(const char *path, struct str target, struct reply *reply, struct buf *why)
{
	return ask(path, STR("POST"), target, reply, why);
}

/* Takes the next line, without its CRLF. Ends: false when there is none. */
static bool
take_line(struct str *text, struct str *line)
{
	size_t at = str_find(*text, '\n');

	if (at == text->len || at == 0 || text->at[at - 1] != '\r')
		return false;
	*line = str_upto(*text, at - 1);
	*text = str_from(*text, at + 1);
	return true;
}

bool
reply_read(struct reply *reply, struct str text)
{
	struct str line, version = STR("HTTP/1.1 ");
	uint64_t status, length = 0;
	bool has_length = false;

	if (!take_line(&text, &line) || !str_begins(line, version) || line.len < 12 ||
		!str_number(str_upto(str_from(line, version.len), 3), 599, &status))
		return false;
	for (;;) {
		struct str name;

		if (!take_line(&text, &line))
			return false;
		if (line.len == 0)
			break;
		name = str_cut(&line, ':');
		if (str_alike(name, STR("Transfer-Encoding")))
			return false;
		if (!str_alike(name, STR("Content-Length")))
			continue;
		if (has_length || !str_number(str_trim(line), REPLY_BYTES_MAX, &length))
			return false;
		has_length = true;
	}
	reply->status = (unsigned)status;
	reply->body = text;
	return has_length && text.len == length;
}

void
client_put_escaped(struct buf *b, struct str text)
{
	static const char hex[] = "0123456789ABCDEF";

	for (size_t i = 0; i < text.len; i++) {
		char c = text.at[i];

		if (char_is_alpha(c) || char_is_digit(c) || c == '-' || c == '.' || c == '_' ||
			c == '~') {
			buf_char(b, c);
			continue;
		}
		buf_char(b, '%');
		buf_char(b, hex[(uint8_t)c >> 4]);
		buf_char(b, hex[(uint8_t)c & 15]);
	}
}
