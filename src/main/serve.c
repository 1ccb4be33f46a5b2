/* SPDX-License-Identifier: Apache-2.0 */
#include "main/serve.h"

#include <signal.h>
#include <stdio.h>
#include <sys/signalfd.h>
#include <time.h>
#include <unistd.h>

#include "main/exit.h"
#include "main/host.h"
#include "main/log.h"

enum {
	DRAIN_MS = 5000, /* so long may peers take to answer a BYE, then we go without */
	WHY_BYTES = 1024,
};

static int64_t
mono_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Signals become something to read, so that none interrupts anything. */
static int
open_signals(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGUSR1);
	if (sigprocmask(SIG_BLOCK, &set, NULL) != 0)
		return -1;
	return signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
}

static void
log_host(const struct host *host)
{
	struct counts counts;

	host_count(host, &counts);
	log_counters(&counts);
}

/* Ends: true when the server is to stop. */
static bool
hear_signals(int fd, const struct host *host)
{
	struct signalfd_siginfo info;
	bool is_over = false;

	while (read(fd, &info, sizeof info) == (ssize_t)sizeof info) {
		if (info.ssi_signo == SIGUSR1)
			log_host(host);
		else
			is_over = true;
	}
	return is_over;
}

static void
run(struct host *host, int signals)
{
	int64_t until_ms;

	fprintf(stderr, "sipward: ready\n");
	while (!hear_signals(signals, host))
		host_step(host, -1);
	log_line(NOTE_INFO, STR("told to stop: calls are hung up"));
	host_drain(host);
	until_ms = mono_ms() + DRAIN_MS;
	while (!host_is_idle(host) && mono_ms() < until_ms) {
		host_step(host, until_ms - mono_ms());
		(void)hear_signals(signals, host);
	}
	log_host(host);
}

int
serve(const struct serve_options *o)
{
	char text[WHY_BYTES];
	struct buf why = buf_on(text, sizeof text);
	static struct config config; /* large, and one process serves once */
	struct host_options options = { .config = &config };
	struct host *host;

	if (!config_open(&config, o->config, stderr))
		return EXIT_CONFIG;
	if (o->keylog != NULL) {
		options.keylog = str_cstr(o->keylog);
		log_line(NOTE_WARN, STR("TLS keys are written to a file: whoever has it can read all calls"));
	}
	options.watch_fd = open_signals();
	host = options.watch_fd < 0 ? NULL : host_open(&options, &why);
	if (host == NULL) {
		fprintf(stderr, "sipward: %.*s\n", (int)buf_str(&why).len, text);
		if (options.watch_fd >= 0)
			close(options.watch_fd);
		config_close(&config);
		return EXIT_FAILED;
	}
	run(host, options.watch_fd);
	host_close(host);
	close(options.watch_fd);
	config_close(&config);
	return EXIT_FINE;
}
