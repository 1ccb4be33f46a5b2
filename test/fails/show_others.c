/* SPDX-License-Identifier: Apache-2.0 */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>
#include <uv.h>

#include "far.h"
#include "main/config.h"
#include "main/demo.h"
#include "main/host.h"
#include "main/renew.h"
#include "main/serve.h"
#include "main/verbs.h"
#include "net/sock.h"
#include "outside.h"
#include "show.h"
#include "support/descriptors.h"

enum { RECORD_BYTES = 1024 * 1024, WHY_BYTES = 1024, WORDS_MAX = 10 };

/* libuv keeps a pipe for all loops of the process, from the first on. */
static void
warm_up(void)
{
	uv_loop_t loop;

	(void)uv_loop_init(&loop);
	(void)uv_loop_close(&loop);
}

/* What is printed goes where all is judged. */
static void
print_to_judge(void)
{
	fflush(stdout);
	dup2(STDERR_FILENO, STDOUT_FILENO);
}

/* ---- serve ---------------------------------------------------------------------------------- */

/* Told to end before it begins, so that it starts, is ready and ends. */
static int
show_serve(struct run *run)
{
	const struct serve_options options = { .config_path = run->config,
		.keylog = run->keylog,
		.record = run->record,
		.record_max_bytes = RECORD_BYTES };
	struct addr nobody = run->addr;
	struct rlimit limit;
	sigset_t set;
	int before, code;

	nobody.port = 9;
	if (!run_configure(run, &nobody, &nobody, &nobody) || getrlimit(RLIMIT_NOFILE, &limit) < 0)
		return show_fault("nothing to begin with");
	limit.rlim_cur = limit.rlim_max - 1;
	(void)setrlimit(RLIMIT_NOFILE, &limit);
	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigprocmask(SIG_BLOCK, &set, NULL);
	raise(SIGTERM);
	before = descriptors();
	outside_arm();
	code = serve(&options);
	outside_disarm();
	if (descriptors() != before)
		return show_fault("descriptors are left open");
	if (code == EXIT_FINE)
		return SHOW_GOOD;
	/* A file of the command line that cannot be made is the fault of the command line. */
	return code == EXIT_FAILED || code == EXIT_CONFIG || code == EXIT_USAGE
		? SHOW_ENDED
		: show_fault("no such code");
}

/* ---- the other verbs ------------------------------------------------------------------------ */

struct other {
	struct config config;
	struct far far;
};

/* A phone that is not challenged registers: there is something to show. */
static bool
register_phone(const struct run *run, const struct host *host)
{
	char text[WHY_BYTES], local[ADDR_TEXT_MAX + 8];
	struct buf why = buf_on(text, sizeof text), b = buf_on(local, sizeof local);
	int fd = sock_bind(TRANSPORT_UDP, &run->addr, &why), len;
	struct sockaddr_storage to;
	struct addr own;
	uint32_t count, i = 0;
	const struct listener *listeners = host_listeners(host, &count);
	bool is_sent;

	if (fd < 0 || !sock_local(fd, &own))
		return false;
	while (listeners[i].transport != TRANSPORT_UDP)
		i++;
	addr_write_port(&b, &own);
	len = snprintf(text, sizeof text,
		"REGISTER sip:demo.example SIP/2.0\r\n"
		"Via: SIP/2.0/UDP %.*s;branch=z9hG4bK1\r\nFrom: <sip:6000@demo.example>;tag=1\r\n"
		"To: <sip:6000@demo.example>\r\nCall-ID: 1\r\nCSeq: 1 REGISTER\r\n"
		"Contact: <sip:6000@%.*s>\r\nMax-Forwards: 70\r\nContent-Length: 0\r\n\r\n",
		(int)b.used, local, (int)b.used, local);
	is_sent = sendto(fd, text, (size_t)len, 0, (struct sockaddr *)&to,
			  sock_from_addr(&to, &listeners[i].local)) == len;
	close(fd);
	return is_sent;
}

/* A server with all that belongs to it, until the other end of PIPE is closed. */
static void
serve_others(struct run *run, int ready, int pipe)
{
	struct other *o = calloc(1, sizeof *o);
	struct host_options options = { .log = NULL, .calls_max = 8 };
	char text[WHY_BYTES], octet = 0;
	struct buf why = buf_on(text, sizeof text);
	struct renew *renew;
	struct host *host;

	if (o == NULL || !far_open(&o->far, run) ||
		!run_configure(
			run, &o->far.trunks[FAR_TCP], &o->far.trunks[FAR_TLS], &o->far.dns_addr) ||
		!config_open(&o->config, run->config, stderr))
		return;
	options.config = &o->config;
	host = host_open(&options, &why);
	if (host == NULL) {
		fprintf(stderr, "%.*s\n", (int)why.used, text);
		return;
	}
	renew = renew_open(&o->config, host, NULL);
	host_take_orders(host, renew_orders(renew));
	if (!register_phone(run, host))
		return;
	for (int i = 0; i < 4; i++)
		host_step(host, 2);
	if (write(ready, "r", 1) != 1)
		return;
	while (read(pipe, &octet, 1) != 0) {
		host_step(host, 2);
		far_turn(&o->far);
	}
	host_close(host);
}

/* Ends: its process, when it is ready; -1. */
static pid_t
start_others(struct run *run, int *hold)
{
	int ready[2], held[2];
	char octet;
	pid_t pid;

	if (pipe2(ready, O_CLOEXEC) < 0 || pipe2(held, O_CLOEXEC) < 0)
		return -1;
	fflush(NULL);
	pid = fork();
	if (pid == 0) {
		close(held[1]);
		(void)fcntl(held[0], F_SETFL, O_NONBLOCK);
		serve_others(run, ready[1], held[0]);
		_exit(0);
	}
	close(ready[1]);
	close(held[0]);
	*hold = held[1];
	if (pid > 0 && read(ready[0], &octet, 1) != 1)
		pid = -1;
	close(ready[0]);
	return pid;
}

static int
run_verb(const struct run *run, const char *const *words)
{
	char *given[WORDS_MAX] = { (char *)(uintptr_t) "sipward" };
	int count = 1, code;

	for (; words[count - 1] != NULL; count++) {
		const char *word = words[count - 1];

		if (strcmp(word, "FILE") == 0)
			word = run->config;
		else if (strcmp(word, "SOCKET") == 0)
			word = run->admin;
		given[count] = (char *)(uintptr_t)word;
	}
	outside_arm();
	code = verbs_run(count, given);
	fflush(stdout);
	outside_disarm();
	return code;
}

/* Each must be good, or say with its code what failed and be good when it is said again. */
static int
say_verbs(const struct run *run)
{
	static const char *const verbs[][WORDS_MAX] = {
		{ "status", "--socket", "SOCKET" },
		{ "status", "--json", "-c", "FILE" },
		{ "show", "registrations", "--socket", "SOCKET" },
		{ "show", "registrations", "--json", "--socket", "SOCKET" },
		{ "show", "calls", "7789", "--socket", "SOCKET" },
		{ "route-test", "--from", "7789", "--to", "5000", "--socket", "SOCKET" },
		{ "reload", "--socket", "SOCKET" },
		{ "check", "-c", "FILE" },
		{ "cert", "check", "-c", "FILE" },
		{ "cert", "test", "west", "-c", "FILE" },
		{ "version" },
		{ "help" },
	};
	bool has_ended = false;

	for (size_t i = 0; i < sizeof verbs / sizeof verbs[0]; i++) {
		int code = run_verb(run, verbs[i]);

		if (code == EXIT_FINE)
			continue;
		fprintf(stderr, "(sipward %s %s: code %d)\n", verbs[i][0], verbs[i][1], code);
		if (!outside_has_failed())
			return show_fault("nothing failed, and yet a verb did");
		if (code < EXIT_FAILED || code > EXIT_LATE || code == EXIT_USAGE || has_ended)
			return show_fault("no such code, or one of a verb where nothing failed");
		if (run_verb(run, verbs[i]) != EXIT_FINE)
			return show_fault("said a second time it fails, too");
		has_ended = true;
	}
	return has_ended ? SHOW_ENDED : SHOW_GOOD;
}

static int
show_verbs(struct run *run)
{
	int hold = -1, code, before;
	pid_t others = start_others(run, &hold);

	if (others < 0)
		return show_fault("nothing to begin with");
	print_to_judge();
	before = descriptors();
	code = say_verbs(run);
	if (code != SHOW_FAULT && descriptors() != before)
		code = show_fault("descriptors are left open");
	close(hold);
	(void)waitpid(others, NULL, 0);
	return code;
}

/* ---- the demo ------------------------------------------------------------------------------- */

static int
show_demo(struct run *run)
{
	int before, code;

	print_to_judge();
	(void)setenv("TMPDIR", run->folder, 1);
	before = descriptors();
	outside_arm();
	code = demo();
	outside_disarm();
	if (descriptors() != before)
		return show_fault("descriptors are left open");
	if (code == EXIT_FINE)
		return SHOW_GOOD;
	return code == EXIT_FAILED ? SHOW_ENDED : show_fault("no such code");
}

/* ---- all ------------------------------------------------------------------------------------ */

const char *
show_title(enum show show)
{
	static const char *const titles[SHOWS] = { "a server with calls",
		"serve, from start to end", "the other verbs", "the demo", "a crowd" };

	return titles[show];
}

int
show_run(enum show show, struct run *run)
{
	warm_up();
	switch (show) {
	case SHOW_CALLS: return show_host(run, false);
	case SHOW_SERVE: return show_serve(run);
	case SHOW_VERBS: return show_verbs(run);
	case SHOW_DEMO: return show_demo(run);
	case SHOW_CROWD: return show_host(run, true);
	case SHOWS: break;
	}
	return SHOW_FAULT;
}
