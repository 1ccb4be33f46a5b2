/* SPDX-License-Identifier: Apache-2.0 */
#include "show.h"

#include <dirent.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <uv.h>

#include "main/config.h"
#include "main/handset.h"
#include "main/host.h"
#include "main/serve.h"
#include "outside.h"

/* A phone has no timers: where a datagram is lost it waits for ever, and the round is over. On a
 * busy machine a good round takes its time, too. */
enum {
	ROUND_MS = 10000,
	LOST_MS = 3000,
	END_MS = 9000,
	TURNS_TO_TELL = 20,
	PHONES = 2,
	WHY_BYTES = 1024
};

struct show {
	const struct throwaway *files;
	struct config config;
	struct host *host;
	FILE *log;
	char *log_text;
	size_t log_len;
	struct net *net;
	struct out out;
	char *octets, *tape_texts;
	struct tape tape;
	struct hashers hashers;
	struct handset phones[PHONES];
	int64_t until_ms;
	bool is_hit;
	unsigned round;
};

static const struct str numbers[PHONES] = { { "7789", 4 }, { "5000", 4 } };

static int64_t
now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static int
fault(const char *what)
{
	fprintf(stderr, "fault: %s\n", what);
	return SHOW_FAULT;
}

static int
count_descriptors(void)
{
	DIR *folder = opendir("/proc/self/fd");
	int count = 0;

	while (folder != NULL && readdir(folder) != NULL)
		count++;
	if (folder != NULL)
		closedir(folder);
	return count;
}

/* libuv keeps a pipe for all loops of the process, from the first on. */
static void
warm_up(void)
{
	uv_loop_t loop;

	(void)uv_loop_init(&loop);
	(void)uv_loop_close(&loop);
}

bool
show_prepare(struct throwaway *files)
{
	static const char text[] =
		"listen: [ \"sips:127.0.0.1:5061\", "
		"\"sip:127.0.0.1:5060;transport=udp\" ]\n"
		"domain: demo.example\ntimers: { t1: 50ms, t2: 200ms, t4: 100ms }\n"
		"tls: { certificate: certificate.pem, key: key.pem, trust: ca.pem }\n"
		"dn:\n  - { number: \"7789\", type: extension, contact: \"*\" }\n"
		"  - { number: \"5000\", type: extension, contact: \"*\" }\n";
	char why_text[WHY_BYTES];
	struct buf why = buf_on(why_text, sizeof why_text);

	if (throwaway_open(files, STR("demo.example"), &why) &&
		throwaway_configure(files, str_cstr(text), &why))
		return true;
	fprintf(stderr, "%.*s\n", (int)why.used, why_text);
	return false;
}

/* ---- the server, whose calls to the outside count ---- */

/* Any port is good: several of these may run at once. */
static struct host *
open_host(struct show *s, struct buf *why)
{
	struct host_options options = { .config = &s->config, .log = s->log };
	struct host *host;

	for (uint32_t i = 0; i < s->config.listen_count; i++)
		s->config.listens[i].addr.port = 0;
	outside_arm();
	host = host_open(&options, why);
	outside_disarm();
	return host;
}

static void
step(struct show *s)
{
	outside_arm();
	host_step(s->host, 1);
	outside_disarm();
}

static struct addr
listener_of(const struct show *s, enum transport transport)
{
	uint32_t count;
	const struct listener *listeners = host_listeners(s->host, &count);

	for (uint32_t i = 0; i < count; i++)
		if (listeners[i].transport == transport)
			return listeners[i].local;
	return (struct addr){ .family = ADDR_NONE };
}

/* ---- the phones, whose do not ---- */

static bool
open_phones(struct show *s)
{
	struct net_listen listen = { .transport = TRANSPORT_UDP,
		.addr = { .family = ADDR_V4, .ip = { 127, 0, 0, 1 } } };
	struct net_options net_options = { .listens = &listen,
		.listen_count = 1,
		.identities = &(struct identity){ .trust = str_cstr(s->files->ca) },
		.identity_count = 1 };
	char text[WHY_BYTES];
	struct buf why = buf_on(text, sizeof text);
	uint8_t seed[DICE_SEED_BYTES] = { (uint8_t)s->round };
	const struct listener *listeners;
	uint32_t count;

	s->net = net_open(&net_options, &why);
	if (s->net == NULL)
		return false;
	tape_open(&s->tape, s->tape_texts);
	out_clear(&s->out);
	listeners = net_listeners(s->net, &count);
	for (uint32_t i = 0; i < PHONES; i++) {
		enum transport transport = i == 0 ? TRANSPORT_TLS : TRANSPORT_UDP;
		struct handset_options o = { .number = numbers[i],
			.domain = STR("demo.example"),
			.transport = transport,
			.server = listener_of(s, transport),
			.flow = i == 0 ? (struct flow_id){ FLOW_DIALLED | 1 } : listeners[0].flow,
			.local = listeners[0].local,
			.leg = i,
			.tape = &s->tape,
			.hashers = &s->hashers,
			.seed = seed };

		seed[1] = (uint8_t)i;
		handset_open(&s->phones[i], &o);
	}
	return true;
}

static void
carry(struct show *s)
{
	for (uint32_t i = 0; i < s->out.count; i++)
		(void)net_carry(s->net, &s->out.acts[i]);
	net_flush(s->net);
	out_clear(&s->out);
}

static void
turn(struct show *s)
{
	struct event event;
	enum note_level level;
	struct str note;

	carry(s);
	step(s);
	if (outside_has_failed() && !s->is_hit) {
		s->is_hit = true;
		s->until_ms = now_ms() + LOST_MS;
	}
	net_wait(s->net, 1);
	while (net_note(s->net, &level, &note))
		continue;
	while (net_next(s->net, &event))
		for (int i = 0; i < PHONES; i++)
			if (s->phones[i].state != HANDSET_BROKEN)
				handset_hear(&s->phones[i], &event, &s->out);
	carry(s);
}

static bool
await(struct show *s, enum handset_state a, enum handset_state b)
{
	while (s->phones[0].state != a || s->phones[1].state != b) {
		if (now_ms() > s->until_ms || s->phones[0].state == HANDSET_BROKEN ||
			s->phones[1].state == HANDSET_BROKEN)
			return false;
		turn(s);
	}
	return true;
}

static bool
call(struct show *s, int caller)
{
	enum handset_state states[PHONES];
	int callee = 1 - caller;

	handset_call(&s->phones[caller], numbers[callee], &s->out);
	states[caller] = HANDSET_HEARS_TONE;
	states[callee] = HANDSET_RINGS;
	if (!await(s, states[0], states[1]))
		return false;
	handset_answer(&s->phones[callee], &s->out);
	if (!await(s, HANDSET_TALKING, HANDSET_TALKING))
		return false;
	handset_hang_up(&s->phones[0], &s->out);
	return await(s, HANDSET_READY, HANDSET_READY);
}

/* New phones register and call each other. */
static bool
play_round(struct show *s)
{
	bool is_good;

	s->round++;
	s->until_ms = now_ms() + ROUND_MS;
	if (!open_phones(s))
		return false;
	handset_register(&s->phones[0], &s->out);
	is_good = await(s, HANDSET_READY, HANDSET_NEW);
	if (is_good)
		handset_register(&s->phones[1], &s->out);
	is_good = is_good && await(s, HANDSET_READY, HANDSET_READY) && call(s, 0) && call(s, 1);
	net_close(s->net);
	return is_good;
}

/* ---- all of it ---- */

/* Whether the log says of something that it went wrong. */
static bool
has_told(struct show *s)
{
	static const char *const words[] = { "cannot", "failed", "gives no", "broke",
		"malloc failure" };

	for (int i = 0; i < TURNS_TO_TELL; i++)
		step(s); /* what went wrong last is told in the next turn */
	fflush(s->log);
	for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
		if (s->log_text != NULL && strstr(s->log_text, words[i]) != NULL)
			return true;
	return false;
}

static int
play(struct show *s)
{
	bool was_hit;

	if (play_round(s) && (outside_has_failed() || !has_told(s)))
		return SHOW_GOOD;
	was_hit = outside_has_failed();
	if (!was_hit)
		return fault("nothing failed, and yet the calls did, or the log says so");
	if (!has_told(s))
		return fault("the calls failed and the log says nothing of it");
	/* What was lost is lost; but new phones must be served. */
	if (!play_round(s))
		return fault("after one failed call to the outside no call is good any more");
	return SHOW_GOOD;
}

static bool
end_host(struct show *s)
{
	int64_t until_ms = now_ms() + END_MS;

	outside_arm();
	host_drain(s->host);
	outside_disarm();
	while (!host_is_over(s->host) && now_ms() < until_ms)
		step(s);
	return host_is_over(s->host);
}

static int
host_whole(struct show *s)
{
	char text[WHY_BYTES];
	struct buf why = buf_on(text, sizeof text);
	int code;

	s->host = open_host(s, &why);
	if (s->host == NULL) {
		if (buf_str(&why).len == 0)
			return fault("it does not start and says nothing");
		fprintf(stderr, "sipward: error: %.*s\n", (int)why.used, text);
		s->host = open_host(s, &why);
		if (s->host == NULL)
			return fault("it does not start a second time");
		code = SHOW_ENDED;
	} else {
		code = play(s);
	}
	if (!end_host(s))
		return fault("it does not end");
	outside_arm();
	host_close(s->host);
	outside_disarm();
	return code;
}

static int
run_host(const struct throwaway *files)
{
	struct show *s = calloc(1, sizeof *s);
	int code = SHOW_FAULT, before;

	if (s == NULL)
		return fault("no memory");
	s->files = files;
	s->octets = malloc(OUT_BYTES);
	s->tape_texts = malloc(TAPE_BYTES);
	s->log = open_memstream(&s->log_text, &s->log_len);
	if (s->octets == NULL || s->tape_texts == NULL || s->log == NULL ||
		!config_open(&s->config, files->config, stderr) || !hashers_open(&s->hashers))
		return fault("nothing to begin with");
	out_init(&s->out, s->octets, OUT_BYTES);
	before = count_descriptors();
	code = host_whole(s);
	if (code != SHOW_FAULT && count_descriptors() != before)
		code = fault("descriptors are left open");
	fclose(s->log);
	if (s->log_text != NULL)
		fputs(s->log_text, stderr);
	free(s->log_text);
	hashers_close(&s->hashers);
	config_close(&s->config);
	free(s->octets);
	free(s->tape_texts);
	free(s);
	return code;
}

/* Told to end before it begins, so that it starts, is ready and ends. */
static int
run_serve(const struct throwaway *files)
{
	sigset_t set;
	const struct serve_options options = { .config_path = files->config };
	int before = count_descriptors(), code;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigprocmask(SIG_BLOCK, &set, NULL);
	raise(SIGTERM);
	outside_arm();
	code = serve(&options);
	outside_disarm();
	if (count_descriptors() != before)
		return fault("descriptors are left open");
	if (code == EXIT_FINE)
		return SHOW_GOOD;
	return code == EXIT_FAILED || code == EXIT_CONFIG ? SHOW_ENDED : fault("no such code");
}

int
show_run(const struct throwaway *files, bool is_serve)
{
	warm_up();
	return is_serve ? run_serve(files) : run_host(files);
}
