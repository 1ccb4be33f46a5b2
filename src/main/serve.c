/* SPDX-License-Identifier: Apache-2.0 */
#include "main/serve.h"

#include <openssl/crypto.h>
#include <signal.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <time.h>
#include <unistd.h>

#include "base/limits.h"
#include "main/certs.h"
#include "main/config.h"
#include "main/host.h"
#include "main/log.h"
#include "main/record.h"
#include "main/renew.h"
#include "main/trial.h"
#include "net/cert.h"
#include "net/sock.h"

/* Half of it for connections, half for the keys that the configuration names. */
_Static_assert(KEYS_BYTES / 2 >= (CONNECTIONS_MAX + CONNECTIONS_SPARE) * KEY_BYTES_PER_CONNECTION,
	"a key for each connection");

/* Each connection is a descriptor; the system's usual 1,024 are the soft limit only. */
static void
raise_descriptors(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < limit.rlim_max) {
		limit.rlim_cur = limit.rlim_max;
		(void)setrlimit(RLIMIT_NOFILE, &limit);
	}
}

/* Private keys live where a core dump does not reach and the disk does not get them. Where the
 * system gives no such memory they live as all else does. */
static void
guard_keys(void)
{
	(void)CRYPTO_secure_malloc_init(KEYS_BYTES, KEY_CELL_BYTES);
}

/* From here on the signals that mean something to us wait in a descriptor. */
static int
open_signals(void)
{
	sigset_t set;

	(void)sigemptyset(&set);
	(void)sigaddset(&set, SIGTERM);
	(void)sigaddset(&set, SIGINT);
	(void)sigaddset(&set, SIGUSR1);
	(void)sigaddset(&set, SIGHUP);
	if (sigprocmask(SIG_BLOCK, &set, NULL) < 0)
		return -1;
	return signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
}

/* The first order to end is gentle. A supervisor may repeat SIGTERM without meaning more by it; who
 * presses Ctrl-C twice does not want to wait. */
static void
take_signals(struct host *host, struct renew *renew, int fd)
{
	struct signalfd_siginfo info;
	static bool is_ending;

	while (read(fd, &info, sizeof info) == sizeof info) {
		if (info.ssi_signo == SIGUSR1) {
			host_log_counters(host);
		} else if (info.ssi_signo == SIGHUP) {
			(void)renew_now(renew, STR("SIGHUP"));
		} else if (!is_ending) {
			is_ending = true;
			log_line(stderr, log_now_ms(), NOTE_INFO,
				STR("ending: calls get their BYE"));
			host_drain(host);
		} else if (info.ssi_signo == SIGINT) {
			host_stop(host);
		}
	}
}

static void
log_listeners(const struct host *host)
{
	uint32_t count;
	const struct listener *listeners = host_listeners(host, &count);

	for (uint32_t i = 0; i < count; i++) {
		char text[256];
		struct buf b = buf_on(text, sizeof text);

		buf_put(&b, STR("listening on "));
		addr_write_port(&b, &listeners[i].local);
		buf_put(&b, STR(" over "));
		buf_put(&b, sock_transport_name(listeners[i].transport));
		log_line(stderr, log_now_ms(), NOTE_INFO, buf_str(&b));
	}
}

static void
log_connections(const struct host *host)
{
	char text[256];
	struct buf b = buf_on(text, sizeof text);

	if (host_connections_max(host) == CONNECTIONS_MAX)
		return;
	buf_put(&b, STR("the system gives so few descriptors (ulimit -n) that there may be "));
	buf_number(&b, host_connections_max(host));
	buf_put(&b, STR(" connections, not "));
	buf_number(&b, CONNECTIONS_MAX);
	log_line(stderr, log_now_ms(), NOTE_INFO, buf_str(&b));
}

static bool
are_certificates_good(const struct config *config, struct buf *why)
{
	for (uint32_t i = 0; i < config->identity_count; i++)
		if (!cert_check(&config->identities[i], why))
			return false;
	return true;
}

static int64_t
mono_now_ms(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void
serve_on(struct host *host, const struct config *config, int signals)
{
	struct renew *renew = renew_open(config, host, stderr);

	host_take_orders(host, renew_orders(renew));
	renew_turn(renew, mono_now_ms(), log_now_ms() / 1000);
	fputs("sipward: ready\n", stderr);
	while (!host_is_over(host)) {
		host_step(host, renew_wait_ms(renew, mono_now_ms()));
		take_signals(host, renew, signals);
		renew_turn(renew, mono_now_ms(), log_now_ms() / 1000);
	}
	host_log_counters(host);
	host_close(host);
	renew_close(renew);
}

static int
run(const struct host_options *options, int signals)
{
	char text[2048];
	struct buf why = buf_on(text, sizeof text);
	struct host *host = host_open(options, &why);
	const struct config *config = options->config;

	if (host == NULL || !host_watch_fd(host, signals)) {
		struct buf again = buf_on(text + why.used, sizeof text - why.used);
		bool is_cert = host == NULL && !are_certificates_good(config, &again);

		if (host != NULL) {
			host_close(host);
			buf_put(&why, STR("signals cannot be watched"));
		}
		fprintf(stderr, "sipward: error: %.*s\n", (int)buf_str(&why).len, text);
		return is_cert ? EXIT_CONFIG : EXIT_FAILED;
	}
	log_listeners(host);
	log_connections(host);
	if (!str_is_empty(options->keylog))
		log_line(stderr, log_now_ms(), NOTE_WARN,
			STR("the keys of all TLS connections go to a file: whoever reads it "
			    "reads the calls"));
	if (options->recorder != NULL)
		log_line(stderr, log_now_ms(), NOTE_WARN,
			STR("what happens is being recorded: whoever reads the file knows who "
			    "called whom, and can foretell the tags and nonces of this run"));
	serve_on(host, config, signals);
	return EXIT_FINE;
}

static int
run_with_signals(const struct host_options *options)
{
	int signals = open_signals();
	int code;

	if (signals < 0) {
		fputs("sipward: error: signals cannot be watched\n", stderr);
		return EXIT_FAILED;
	}
	code = run(options, signals);
	close(signals);
	return code;
}

int
serve(const struct serve_options *o)
{
	static struct config config; /* too large for a stack frame */
	struct host_options options = { .config = &config, .log = stderr };
	char text[1024];
	struct buf why = buf_on(text, sizeof text);
	int code = EXIT_USAGE;

	guard_keys();
	if (!config_open(&config, o->config_path, stderr))
		return EXIT_CONFIG;
	if (o->keylog != NULL)
		options.keylog = str_cstr(o->keylog);
	raise_descriptors();
	if (o->record != NULL)
		options.recorder = recorder_open(o->record, o->record_max_bytes, &why);
	if (o->record == NULL || options.recorder != NULL)
		code = run_with_signals(&options);
	else
		fprintf(stderr, "sipward: error: --record: %.*s\n", (int)buf_str(&why).len, text);
	if (options.recorder != NULL)
		recorder_close(options.recorder);
	config_close(&config);
	return code;
}

int
check(const char *config_path)
{
	static struct config config;

	if (!config_open(&config, config_path, stderr))
		return EXIT_CONFIG;
	printf("%s: fine, %u listeners and %u DNs\n", config_path, config.listen_count,
		config.directory.count);
	config_close(&config);
	return EXIT_FINE;
}

int
cert_check_verb(const char *config_path)
{
	static struct config config;
	uint32_t faults;

	if (!config_open(&config, config_path, stderr))
		return EXIT_CONFIG;
	faults = certs_show(&config, log_now_ms() / 1000, stdout);
	printf(faults == 0 ? "fine\n" : "%u things are wrong\n", faults);
	config_close(&config);
	return faults == 0 ? EXIT_FINE : EXIT_FAILED;
}

int
cert_test_verb(const char *config_path, const char *dn)
{
	static struct config config;
	bool is_good;

	if (!config_open(&config, config_path, stderr))
		return EXIT_CONFIG;
	is_good = trial_run(&config, str_cstr(dn), log_now_ms() / 1000, stdout);
	config_close(&config);
	return is_good ? EXIT_FINE : EXIT_FAILED;
}
