/* SPDX-License-Identifier: Apache-2.0 */
/* call SERVER_PORT CALLEE_PORT RATE WARM_S SECONDS HOLD_MS - RATE calls a second from a sips phone
 * over
 * one TLS connection to a plain phone over UDP, through a server on 127.0.0.1.
 *
 * Open loop: a call begins when its time has come, however the others are doing. After a warm-up it
 * says `ready` and waits for a line; then come SECONDS of calls, and one line of figures. Both
 * phones live in one thread, so that the server has a core for itself where there are two. */
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <time.h>

#include "callee.h"
#include "caller.h"
#include "lines.h"

enum { NS_PER_S = 1000000000, NS_PER_MS = 1000000, DRAIN_S = 3 };

struct load {
	struct caller *caller;
	struct callee callee;
	uint32_t rate;
	int epoll;
};

static bool
watch(int epoll, int fd)
{
	struct epoll_event event = { .events = EPOLLIN, .data.fd = fd };

	return epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) == 0;
}

/* Waits until UNTIL_NS or until something came, and sees to that. */
static bool
turn(struct load *load, int64_t until_ns)
{
	struct epoll_event events[2];
	int64_t due_ns = caller_due_ns(load->caller), left_ns;
	struct timespec wait;
	int count;

	left_ns = (due_ns < until_ns ? due_ns : until_ns) - now_ns();
	left_ns = left_ns > 0 ? left_ns : 0;
	wait = (struct timespec){ .tv_sec = left_ns / NS_PER_S, .tv_nsec = left_ns % NS_PER_S };
	count = epoll_pwait2(load->epoll, events, 2, &wait, NULL);
	for (int i = 0; i < count; i++) {
		if (events[i].data.fd == load->callee.fd)
			callee_hear(&load->callee);
		else if (!caller_hear(load->caller))
			return false;
	}
	return caller_hang_up(load->caller, now_ns());
}

/* COUNT calls at the load's rate, then a while for the last of them to end. */
static bool
run(struct load *load, uint32_t count)
{
	int64_t start_ns = now_ns(), end_ns;
	uint32_t begun = 0;

	while (begun < count) {
		int64_t next_ns = start_ns + (int64_t)begun * NS_PER_S / load->rate;

		if (next_ns <= now_ns()) {
			if (!caller_call(load->caller))
				return false;
			begun++;
			if (begun % 64 != 0)
				continue;
			next_ns = 0;
		}
		if (!turn(load, next_ns))
			return false;
	}
	end_ns = now_ns() + (int64_t)DRAIN_S * NS_PER_S;
	while (caller_open_calls(load->caller) > 0 && now_ns() < end_ns)
		if (!turn(load, end_ns))
			return false;
	return true;
}

static bool
measure(struct load *load, uint32_t warm, uint32_t count)
{
	struct caller_totals t;
	uint32_t first;
	uint64_t invites;
	int64_t start_ns;
	bool is_whole;

	if (!run(load, warm))
		return false;
	printf("ready\n");
	fflush(stdout);
	if (getchar() == EOF)
		return false;
	first = caller_count(load->caller);
	invites = load->callee.invites;
	start_ns = now_ns();
	is_whole = run(load, count);
	start_ns = now_ns() - start_ns;
	t = caller_total(load->caller, first);
	printf("started=%u answered=%u ended=%u refused=%u repeats=%u rang=%llu p50_ns=%lld "
	       "p99_ns=%lld took_ms=%lld\n",
		t.started, t.answered, t.ended, t.refused, t.repeats,
		(unsigned long long)(load->callee.invites - invites),
		(long long)caller_percentile_ns(load->caller, first, 50),
		(long long)caller_percentile_ns(load->caller, first, 99),
		(long long)(start_ns / NS_PER_MS));
	fflush(stdout);
	return is_whole;
}

static bool
read_words(char **words, uint64_t *numbers, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++)
		if (!str_number(str_cstr(words[i]), 1000000, &numbers[i]))
			return false;
	return true;
}

int
main(int argc, char **argv)
{
	enum { SERVER, CALLEE, RATE, WARM_S, SECONDS, HOLD_MS, WORDS };
	struct load load = { .caller = NULL };
	struct caller_options options;
	uint64_t n[WORDS];
	bool is_done;

	if (argc != 1 + WORDS || !read_words(argv + 1, n, WORDS) || n[RATE] == 0) {
		fputs("usage: call SERVER_PORT CALLEE_PORT RATE WARM_S SECONDS HOLD_MS\n", stderr);
		return 2;
	}
	(void)prctl(PR_SET_TIMERSLACK, 1, 0, 0, 0);
	load.rate = (uint32_t)n[RATE];
	options = (struct caller_options){ .port = (uint16_t)n[SERVER],
		.hold_ns = (int64_t)n[HOLD_MS] * NS_PER_MS,
		.calls_max = (uint32_t)(n[RATE] * (n[WARM_S] + n[SECONDS])) + 1 };
	load.epoll = epoll_create1(EPOLL_CLOEXEC);
	if (load.epoll < 0 || !callee_open(&load.callee, (uint16_t)n[CALLEE])) {
		perror("call");
		return 1;
	}
	load.caller = caller_open(&options);
	if (load.caller == NULL || !watch(load.epoll, load.callee.fd) ||
		!watch(load.epoll, caller_fd(load.caller)))
		return 1;
	is_done = measure(&load, (uint32_t)(n[RATE] * n[WARM_S]), (uint32_t)(n[RATE] * n[SECONDS]));
	caller_close(load.caller);
	callee_close(&load.callee);
	return is_done ? 0 : 1;
}
