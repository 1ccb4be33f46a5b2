/* SPDX-License-Identifier: Apache-2.0 */
/* The show. Two sides take turns in one thread: the host with the server, and a net with both
 * phones, who talk over the loopback as over any network. */
#include "main/demo.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

#include "main/handset.h"
#include "main/host.h"
#include "main/serve.h"
#include "main/throwaway.h"
#include "net/sock.h"

enum {
	DEMO_MS = 10 * 1000, /* for all of it */
	TURN_MS = 1,         /* how long one side waits before it is the other's turn */
	PORT_TRIES = 3,      /* a port that was free may be taken a moment later */
	PASSWORD_BYTES = 32,
	WHY_BYTES = 1024,
	CONFIG_BYTES = 2048,
};

enum { SECURE_PHONE, PLAIN_PHONE, PHONES };

struct demo {
	struct throwaway files;
	struct config config;
	bool has_config;
	struct host *host;
	FILE *log; /* of the server: into memory */
	char *log_text;
	size_t log_len;
	struct addr sips, sip; /* where it listens */
	struct net *net;       /* of the phones */
	struct out out;
	char *octets;
	char *tape_texts;
	struct tape tape;
	struct hashers hashers;
	bool has_hashers;
	struct handset phones[PHONES];
	char passwords[PHONES][PASSWORD_BYTES];
	struct leg_view views[PHONES];
	struct picture picture;
	int64_t until_us;
	char why_text[WHY_BYTES];
	struct buf why;
};

static const struct str domain = { "demo.example", 12 };
static const struct str numbers[PHONES] = { { "7789", 4 }, { "5000", 4 } };
static volatile sig_atomic_t is_stopped;

static void
on_signal(int number)
{
	(void)number;
	is_stopped = 1;
}

static int64_t
now_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static bool
fail(struct demo *d, struct str why)
{
	buf_put(&d->why, why);
	return false;
}

/* ---- the server ---------------------------------------------------------------------------- */

static bool
find_port(struct demo *d, enum transport transport, struct addr *addr)
{
	int fd;

	*addr = (struct addr){ .family = ADDR_V4, .ip = { 127, 0, 0, 1 } };
	fd = sock_bind(transport, addr, &d->why);
	if (fd < 0)
		return false;
	if (!sock_local(fd, addr))
		addr->port = 0;
	(void)close(fd);
	return addr->port != 0 || fail(d, STR("no port is free on 127.0.0.1"));
}

static bool
write_config(struct demo *d)
{
	char text[CONFIG_BYTES];
	struct buf b = buf_on(text, sizeof text);

	buf_put(&b, STR("listen:\n  - sips:"));
	addr_write_port(&b, &d->sips);
	buf_put(&b, STR("\n  - sip:"));
	addr_write_port(&b, &d->sip);
	buf_put(&b, STR(";transport=udp\ndomain: "));
	buf_put(&b, domain);
	buf_put(&b,
		STR("\ntls:\n  certificate: certificate.pem\n  key: key.pem\n  trust: ca.pem\n"
		    "dn:\n"));
	for (int i = 0; i < PHONES; i++) {
		buf_put(&b, STR("  - { number: "));
		buf_put(&b, numbers[i]);
		buf_put(&b, STR(", type: extension, contact: \"*\", password: \""));
		buf_put(&b, str_of(d->passwords[i], PASSWORD_BYTES));
		buf_put(&b, STR("\" }\n"));
	}
	return throwaway_configure(&d->files, buf_str(&b), &d->why);
}

static bool
try_server(struct demo *d)
{
	struct host_options options = { .config = &d->config, .log = d->log };

	if (!find_port(d, TRANSPORT_TLS, &d->sips) || !find_port(d, TRANSPORT_UDP, &d->sip) ||
		!write_config(d))
		return false;
	d->has_config = config_open(&d->config, d->files.config, stderr);
	if (!d->has_config)
		return fail(d, STR("the configuration that the demo wrote was refused"));
	d->host = host_open(&options, &d->why);
	if (d->host != NULL)
		return true;
	config_close(&d->config);
	d->has_config = false;
	return false;
}

static bool
open_server(struct demo *d)
{
	for (int i = 0; i < PORT_TRIES; i++) {
		d->why = buf_on(d->why_text, sizeof d->why_text);
		if (try_server(d))
			return true;
	}
	return false;
}

/* ---- the phones ---------------------------------------------------------------------------- */

static bool
open_net(struct demo *d)
{
	struct net_listen listen = { .transport = TRANSPORT_UDP,
		.addr = { .family = ADDR_V4, .ip = { 127, 0, 0, 1 } } };
	struct net_options options = { .listens = &listen,
		.listen_count = 1,
		.identities = &(struct identity){ .trust = str_cstr(d->files.ca) },
		.identity_count = 1 };

	d->net = net_open(&options, &d->why);
	return d->net != NULL;
}

static bool
open_phones(struct demo *d)
{
	struct handset_options options = {
		.domain = domain, .tape = &d->tape, .hashers = &d->hashers
	};
	const struct listener *listeners;
	uint8_t seed[DICE_SEED_BYTES];
	uint32_t count;

	d->has_hashers = hashers_open(&d->hashers);
	if (!d->has_hashers)
		return fail(d, STR("libcrypto has no digests"));
	if (!open_net(d))
		return false;
	listeners = net_listeners(d->net, &count);
	for (uint32_t i = 0; i < PHONES; i++) {
		bool is_secure = i == SECURE_PHONE;

		if (getrandom(seed, sizeof seed, 0) != (ssize_t)sizeof seed)
			return fail(d, STR("the system gave no random numbers"));
		options.leg = i;
		options.number = numbers[i];
		options.password = str_of(d->passwords[i], PASSWORD_BYTES);
		options.seed = seed;
		options.transport = is_secure ? TRANSPORT_TLS : TRANSPORT_UDP;
		options.server = is_secure ? d->sips : d->sip;
		options.flow = is_secure ? (struct flow_id){ FLOW_DIALLED | 1 } : listeners[0].flow;
		options.local = listeners[0].local; /* the secure one learns its own */
		handset_open(&d->phones[i], &options);
	}
	return true;
}

/* Carries out what the phones want. */
static void
carry(struct demo *d)
{
	for (uint32_t i = 0; i < d->out.count; i++)
		(void)net_carry(d->net, &d->out.acts[i]);
	net_flush(d->net);
	out_clear(&d->out);
}

/* One turn of both sides. */
static void
turn(struct demo *d)
{
	enum note_level level;
	struct event event;
	struct str note;

	carry(d);
	host_step(d->host, TURN_MS);
	net_wait(d->net, TURN_MS);
	while (net_note(d->net, &level, &note))
		(void)fprintf(stderr, "phones: %.*s\n", (int)note.len, note.at);
	while (net_next(d->net, &event)) {
		d->tape.now_us = now_us();
		for (int i = 0; i < PHONES; i++)
			handset_hear(&d->phones[i], &event, &d->out);
		carry(d);
	}
	d->tape.now_us = now_us();
}

/* Says which phone is not where it should be. */
static bool
fail_late(struct demo *d, const enum handset_state wanted[PHONES])
{
	buf_put(&d->why, STR("the ten seconds are over"));
	for (int i = 0; i < PHONES; i++) {
		if (d->phones[i].state == wanted[i])
			continue;
		buf_put(&d->why, STR(", and phone "));
		buf_put(&d->why, numbers[i]);
		buf_put(&d->why, STR(" still waits"));
	}
	return false;
}

/* Goes on until each phone is in the state that is wanted of it.
 * Ends: true; false with the reason in d->why. */
static bool
await(struct demo *d, enum handset_state secure, enum handset_state plain)
{
	const enum handset_state wanted[PHONES] = { secure, plain };
	bool is_there = false;

	while (!is_there) {
		turn(d);
		is_there = true;
		for (int i = 0; i < PHONES; i++) {
			if (d->phones[i].state == HANDSET_BROKEN)
				return fail(d, handset_why(&d->phones[i]));
			is_there = is_there && d->phones[i].state == wanted[i];
		}
		if (is_stopped != 0)
			return fail(d, STR("stopped"));
		if (!is_there && now_us() > d->until_us)
			return fail_late(d, wanted);
	}
	return true;
}

/* ---- the script ---- */

static bool
await_caller(
	struct demo *d, uint32_t caller, enum handset_state of_caller, enum handset_state of_callee)
{
	return caller == SECURE_PHONE ? await(d, of_caller, of_callee)
				      : await(d, of_callee, of_caller);
}

/* One call from its INVITE to its BYE. The secure phone hangs up: once as the caller and once as
 * the callee. */
static bool
call(struct demo *d, uint32_t caller)
{
	struct handset *from = &d->phones[caller], *to = &d->phones[1 - caller];

	handset_call(from, to->options.number, &d->out);
	if (!await_caller(d, caller, HANDSET_HEARS_TONE, HANDSET_RINGS))
		return false;
	handset_answer(to, &d->out);
	if (!await_caller(d, caller, HANDSET_TALKING, HANDSET_TALKING))
		return false;
	handset_hang_up(&d->phones[SECURE_PHONE], &d->out);
	return await(d, HANDSET_READY, HANDSET_READY);
}

static bool
register_both(struct demo *d)
{
	d->tape.now_us = now_us();
	handset_register(&d->phones[SECURE_PHONE], &d->out);
	if (!await(d, HANDSET_READY, HANDSET_NEW))
		return false;
	handset_register(&d->phones[PLAIN_PHONE], &d->out);
	return await(d, HANDSET_READY, HANDSET_READY);
}

/* The server has nothing of a call left. */
static bool
await_idle(struct demo *d)
{
	struct counts counts;

	for (;;) {
		host_count(d->host, &counts);
		if (counts.calls == 0 && counts.legs == 0)
			return true;
		turn(d);
		if (is_stopped != 0 || now_us() > d->until_us)
			return fail(
				d, STR("the ten seconds are over, and sipward still holds a call"));
	}
}

/* ---- what is printed ---- */

/* The picture of the part of the tape from FROM on. */
static void
frame_picture(struct demo *d, uint32_t from, bool is_call, uint32_t caller)
{
	for (int i = 0; i < PHONES; i++)
		d->views[i] = d->phones[i].view;
	d->picture.tape = &d->tape;
	d->picture.from = from;
	d->picture.upto = d->tape.count;
	d->picture.is_call = is_call;
	d->picture.caller = caller;
	d->picture.legs = d->views;
}

static bool
show_registrations(struct demo *d)
{
	bool is_good = register_both(d);

	frame_picture(d, 0, false, SECURE_PHONE);
	(void)printf("Two phones register with sipward, domain %.*s, on 127.0.0.1\n\n",
		(int)domain.len, domain.at);
	picture_ladder(&d->picture, stdout);
	return is_good && picture_judge(&d->picture, &d->why);
}

static bool
show_call(struct demo *d, int number, uint32_t caller)
{
	uint32_t from = d->tape.count;
	const struct str callee = numbers[1 - caller];
	bool is_good = call(d, caller) && await_idle(d);

	frame_picture(d, from, true, caller);
	(void)printf("\nCall %d: %.*s calls %.*s\n\n", number, (int)numbers[caller].len,
		numbers[caller].at, (int)callee.len, callee.at);
	picture_ladder(&d->picture, stdout);
	if (!is_good || !picture_judge(&d->picture, &d->why))
		return false;
	(void)printf("\nThe INVITE of call %d as it came, and as it went on\n\n", number);
	picture_headers(&d->picture, stdout);
	(void)printf("\nHow the legs of call %d were secured\n\n", number);
	picture_security(&d->picture, stdout);
	return true;
}

static bool
run(struct demo *d)
{
	struct counts counts;

	if (!throwaway_open(&d->files, domain, &d->why) || !open_server(d) || !open_phones(d))
		return false;
	if (!show_registrations(d) || !show_call(d, 1, SECURE_PHONE) ||
		!show_call(d, 2, PLAIN_PHONE))
		return false;
	if (fflush(d->log) == 0)
		(void)printf("\nWhat sipward wrote in its log\n\n%s", d->log_text);
	host_count(d->host, &counts);
	(void)printf(
		"\n%u messages, %u calls left, %u legs left. No octet of the plain leg says "
		"sips:, and no Call-ID is on both legs.\n"
		"Next: sipward check -c FILE, then sipward serve -c FILE; examples/sipward.yaml "
		"is a start.\n",
		d->tape.count, counts.calls, counts.legs);
	return true;
}

/* ---- opening and closing ---- */

static bool
make_password(char password[PASSWORD_BYTES])
{
	uint8_t random[PASSWORD_BYTES / 2];
	struct buf b = buf_on(password, PASSWORD_BYTES);

	if (getrandom(random, sizeof random, 0) != (ssize_t)sizeof random)
		return false;
	buf_hex(&b, random, sizeof random);
	return true;
}

static bool
prepare(struct demo *d)
{
	struct sigaction action = { .sa_handler = on_signal };

	d->why = buf_on(d->why_text, sizeof d->why_text);
	d->until_us = now_us() + (int64_t)DEMO_MS * 1000;
	d->octets = malloc(OUT_BYTES);
	d->tape_texts = malloc(TAPE_BYTES);
	d->log = open_memstream(&d->log_text, &d->log_len);
	if (d->octets == NULL || d->tape_texts == NULL || d->log == NULL)
		return fail(d, STR("no memory"));
	out_init(&d->out, d->octets, OUT_BYTES);
	tape_open(&d->tape, d->tape_texts);
	(void)sigaction(SIGINT, &action, NULL);
	(void)sigaction(SIGTERM, &action, NULL);
	return (make_password(d->passwords[SECURE_PHONE]) &&
		       make_password(d->passwords[PLAIN_PHONE])) ||
		fail(d, STR("the system gave no random numbers"));
}

static void
clean_up(struct demo *d)
{
	if (d->net != NULL)
		net_close(d->net);
	if (d->host != NULL)
		host_close(d->host);
	if (d->has_config)
		config_close(&d->config);
	if (d->has_hashers)
		hashers_close(&d->hashers);
	throwaway_close(&d->files);
	if (d->log != NULL)
		(void)fclose(d->log);
	free(d->log_text);
	free(d->octets);
	free(d->tape_texts);
	explicit_bzero(d, sizeof *d);
	free(d);
}

int
demo(void)
{
	struct demo *d = calloc(1, sizeof *d);
	bool is_good;

	if (d == NULL) {
		(void)fputs("sipward: the demo failed: no memory\n", stderr);
		return EXIT_FAILED;
	}
	is_good = prepare(d) && run(d);
	(void)fflush(stdout);
	if (!is_good && d->log != NULL && fflush(d->log) == 0 && d->log_len > 0)
		(void)fprintf(stderr, "\nWhat the server wrote:\n%s\n", d->log_text);
	if (!is_good)
		(void)fprintf(stderr, "sipward: the demo failed: %.*s\n", (int)buf_str(&d->why).len,
			d->why_text);
	clean_up(d);
	return is_good ? EXIT_FINE : EXIT_FAILED;
}
