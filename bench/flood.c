/* SPDX-License-Identifier: Apache-2.0 */
/* flood PORT RATE OPEN_MAX HELLO - connects to 127.0.0.1, sends the octets of the file HELLO (a
 * ClientHello that somebody else made) and goes away with the first octet of the answer, so that it
 * makes the server work and does next to nothing itself.
 *
 * RATE connections a second whatever becomes of them, and at most OPEN_MAX at a time: then the
 * oldest is given up. RATE 0: OPEN_MAX at a time, each followed by the next, which finds out how
 * many the server can answer. Until its input ends; then one line of figures. */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/panic.h"
#include "lines.h"

enum { NS_PER_S = 1000000000, HELLO_MAX = 4096, EVENTS_MAX = 256, OPEN_MOST = 60000, WAIT_MS = 1 };

struct knock {
	int fd; /* -1: none */
	bool has_sent;
};

struct flood {
	struct sockaddr_in to;
	char hello[HELLO_MAX];
	size_t hello_bytes;
	struct knock *knocks; /* a ring: the next one takes the place of the oldest */
	uint32_t size, next, open;
	uint64_t rate, offered, answered, closed, given_up;
	int epoll;
};

static bool
read_words(struct flood *f, char **words)
{
	uint64_t port, size;
	FILE *file;

	if (!str_number(str_cstr(words[0]), 65535, &port) ||
		!str_number(str_cstr(words[1]), NS_PER_S, &f->rate) ||
		!str_number(str_cstr(words[2]), OPEN_MOST, &size) || size == 0)
		return false;
	file = fopen(words[3], "re");
	if (file == NULL)
		return false;
	f->hello_bytes = fread(f->hello, 1, sizeof f->hello, file);
	fclose(file);
	f->to = (struct sockaddr_in){ .sin_family = AF_INET,
		.sin_port = htons((uint16_t)port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	f->size = (uint32_t)size;
	f->knocks = calloc(f->size, sizeof *f->knocks);
	need(f->knocks != NULL, "memory");
	for (uint32_t i = 0; i < f->size; i++)
		f->knocks[i].fd = -1;
	return f->hello_bytes > 0;
}

/* With a reset: no port is left waiting behind it. */
static void
leave(struct flood *f, struct knock *knock)
{
	const struct linger at_once = { .l_onoff = 1 };

	(void)setsockopt(knock->fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
	close(knock->fd);
	knock->fd = -1;
	f->open--;
}

static void
watch(const struct flood *f, uint32_t place, int how)
{
	const struct knock *knock = &f->knocks[place];
	struct epoll_event event = { .data.u32 = place };

	event.events = knock->has_sent ? EPOLLIN : EPOLLOUT;
	(void)epoll_ctl(f->epoll, how, knock->fd, &event);
}

static bool
say(struct flood *f, struct knock *knock)
{
	ssize_t sent = send(knock->fd, f->hello, f->hello_bytes, MSG_NOSIGNAL);

	knock->has_sent = sent > 0;
	return sent > 0 || errno == EAGAIN || errno == ENOTCONN;
}

/* On loopback most are connected at once. */
static void
knock_next(struct flood *f)
{
	uint32_t place = f->next;
	struct knock *knock = &f->knocks[place];

	f->next = (f->next + 1) % f->size;
	f->offered++;
	if (knock->fd >= 0) {
		f->given_up++;
		leave(f, knock);
	}
	knock->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (knock->fd < 0) {
		f->closed++;
		return;
	}
	f->open++;
	if ((connect(knock->fd, (struct sockaddr *)&f->to, sizeof f->to) < 0 &&
		    errno != EINPROGRESS) ||
		!say(f, knock)) {
		f->closed++;
		leave(f, knock);
		return;
	}
	watch(f, place, EPOLL_CTL_ADD);
}

static void
hear(struct flood *f, uint32_t place)
{
	struct knock *knock = &f->knocks[place];
	char octet;

	if (knock->fd < 0)
		return;
	if (!knock->has_sent) {
		if (say(f, knock)) {
			watch(f, place, EPOLL_CTL_MOD);
			return;
		}
		f->closed++;
	} else if (recv(knock->fd, &octet, 1, 0) == 1) {
		f->answered++;
	} else {
		f->closed++;
	}
	leave(f, knock);
	if (f->rate == 0) {
		f->next = place;
		knock_next(f);
	}
}

/* Ends: false when the input is over. */
static bool
turn(struct flood *f)
{
	struct epoll_event events[EVENTS_MAX];
	int count = epoll_wait(f->epoll, events, EVENTS_MAX, WAIT_MS);

	for (int i = 0; i < count; i++) {
		if (events[i].data.u32 == f->size)
			return false;
		hear(f, events[i].data.u32);
	}
	return true;
}

static void
run(struct flood *f)
{
	struct epoll_event input = { .events = EPOLLIN, .data.u32 = f->size };
	int64_t began_ns = now_ns();
	double seconds;

	must(epoll_ctl(f->epoll, EPOLL_CTL_ADD, STDIN_FILENO, &input) == 0);
	while (turn(f)) {
		uint64_t due = (uint64_t)(now_ns() - began_ns) / 1000 * f->rate / 1000000;

		if (f->rate == 0)
			due = f->offered + f->size - f->open;
		/* A turn at most so many: who looks away for long finds no answer any more. */
		for (uint32_t i = 0; i < EVENTS_MAX && f->offered < due; i++)
			knock_next(f);
	}
	seconds = (double)(now_ns() - began_ns) / NS_PER_S;
	printf("offered=%lu answered=%lu closed=%lu given_up=%lu ms=%.0f\n", f->offered,
		f->answered, f->closed, f->given_up, seconds * 1000);
}

int
main(int argc, char **argv)
{
	static struct flood flood;

	if (argc != 5 || !read_words(&flood, argv + 1)) {
		fprintf(stderr, "usage: flood PORT RATE OPEN_MAX HELLO\n");
		return 2;
	}
	flood.epoll = epoll_create1(EPOLL_CLOEXEC);
	must(flood.epoll >= 0);
	run(&flood);
	return 0;
}
