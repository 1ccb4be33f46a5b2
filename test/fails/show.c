/* SPDX-License-Identifier: Apache-2.0 */
#include "show.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "far.h"
#include "guest.h"
#include "main/config.h"
#include "main/handset.h"
#include "main/host.h"
#include "main/record.h"
#include "main/renew.h"
#include "net/sock.h"
#include "outside.h"
#include "support/descriptors.h"

/* A phone has no timers: where a datagram is lost it waits for ever, and the round is over. */
enum {
	ROUND_MS = 10000,
	LOST_MS = 2000,
	PATIENCE_MS = 9000, /* DNS has its time */
	END_MS = 9000,
	TURNS_TO_TELL = 20,
	PHONES = 2,
	CROWD = 80,
	WHY_BYTES = 1024,
	RECORD_BYTES = 1024 * 1024
};

/* On a busy machine what is good comes late, but in as many turns: both must be over. */
struct deadline {
	int64_t at_ms;
	uint64_t at_turn;
};

struct show_state {
	struct run *run;
	struct config config;
	struct host *host;
	struct renew *renew;
	struct recorder *recorder;
	FILE *log;
	char *log_text;
	size_t log_len;
	struct far far;
	struct net *net; /* of the phones; or NULL */
	struct out out;
	char *octets, *tape_texts;
	struct tape tape;
	struct hashers hashers;
	struct handset phones[PHONES];
	uint64_t turns;
	struct deadline round_end;
	bool is_hit;
	bool is_kept; /* the certificates could not be read again */
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

/* A turn takes a few ms where nothing happens. */
static struct deadline
deadline_in(const struct show_state *s, int64_t ms)
{
	return (struct deadline){ now_ms() + ms, s->turns + (uint64_t)ms / 4 };
}

static bool
is_late(const struct show_state *s, const struct deadline *deadline)
{
	return s->turns > deadline->at_turn && now_ms() > deadline->at_ms;
}

int
show_fault(const char *what)
{
	fprintf(stderr, "fault: %s\n", what);
	return SHOW_FAULT;
}

/* ---- the server, whose calls to the outside count ---- */

static void
close_host(struct show_state *s)
{
	outside_arm();
	if (s->host != NULL)
		host_close(s->host);
	if (s->renew != NULL)
		renew_close(s->renew);
	if (s->recorder != NULL)
		recorder_close(s->recorder);
	outside_disarm();
	s->host = NULL;
	s->renew = NULL;
	s->recorder = NULL;
}

/* Any port is good. */
static bool
open_host(struct show_state *s, struct buf *why)
{
	struct host_options options = {
		.config = &s->config, .log = s->log, .keylog = str_cstr(s->run->keylog)
	};

	for (uint32_t i = 0; i < s->config.listen_count; i++)
		s->config.listens[i].addr.port = 0;
	(void)unlink(s->run->record);
	outside_arm();
	options.recorder = s->recorder = recorder_open(s->run->record, RECORD_BYTES, why);
	if (s->recorder != NULL)
		s->host = host_open(&options, why);
	if (s->host != NULL) {
		s->renew = renew_open(&s->config, s->host, s->log);
		host_take_orders(s->host, renew_orders(s->renew));
	}
	outside_disarm();
	if (s->host == NULL)
		close_host(s);
	return s->host != NULL;
}

static void
step(struct show_state *s, int64_t wait_ms)
{
	outside_arm();
	host_step(s->host, wait_ms);
	renew_turn(s->renew, now_ms(), (int64_t)time(NULL));
	outside_disarm();
	far_turn(&s->far);
}

static struct addr
listener_of(const struct show_state *s, enum transport transport, uint32_t number)
{
	uint32_t count;
	const struct listener *listeners = host_listeners(s->host, &count);

	for (uint32_t i = 0; i < count; i++)
		if (listeners[i].transport == transport && number-- == 0)
			return listeners[i].local;
	return (struct addr){ .family = ADDR_NONE };
}

/* ---- the phones, whose do not ---- */

static bool
open_phones(struct show_state *s)
{
	const struct papers *p = s->run->papers;
	struct net_listen listen = { .transport = TRANSPORT_UDP, .addr = s->run->addr };
	struct identity identity = {
		.certificate = p->phone.certificate, .key = p->phone.key, .trust = pki_ca(p->pki)
	};
	struct net_options net_options = {
		.listens = &listen, .listen_count = 1, .identities = &identity, .identity_count = 1
	};
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
			.password = STR(PHONE_PASSWORD),
			.domain = STR("demo.example"),
			.transport = transport,
			.server = listener_of(s, transport, 0),
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
close_phones(struct show_state *s)
{
	if (s->net != NULL)
		net_close(s->net);
	s->net = NULL;
}

static void
carry(struct show_state *s)
{
	for (uint32_t i = 0; i < s->out.count; i++)
		(void)net_carry(s->net, &s->out.acts[i]);
	net_flush(s->net);
	out_clear(&s->out);
}

static void
turn(struct show_state *s, int64_t wait_ms)
{
	struct event event;
	enum note_level level;
	struct str note;

	s->turns++;
	step(s, wait_ms);
	if (outside_has_failed() && !s->is_hit) {
		s->is_hit = true;
		s->round_end = deadline_in(s, LOST_MS);
	}
	if (s->net == NULL)
		return;
	carry(s);
	net_wait(s->net, wait_ms > 1 ? 0 : 1);
	while (net_note(s->net, &level, &note))
		continue;
	while (net_next(s->net, &event))
		for (int i = 0; i < PHONES; i++)
			if (s->phones[i].state != HANDSET_BROKEN)
				handset_hear(&s->phones[i], &event, &s->out);
	carry(s);
}

static bool
await(struct show_state *s, enum handset_state a, enum handset_state b)
{
	while (s->phones[0].state != a || s->phones[1].state != b) {
		if (is_late(s, &s->round_end) || s->phones[0].state == HANDSET_BROKEN ||
			s->phones[1].state == HANDSET_BROKEN)
			return false;
		turn(s, 1);
	}
	return true;
}

static bool
call(struct show_state *s, int caller)
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

/* The trunks have registered us, and who asked has an answer, or will get none. */
static bool
await_far(struct show_state *s)
{
	struct far *far = &s->far;

	while (!far->has_registered[FAR_TCP] || !far->has_registered[FAR_TLS] || !far->has_asked) {
		if (is_late(s, &s->round_end))
			return false;
		turn(s, 1);
	}
	return true;
}

/* New phones register and call each other. */
static bool
play_round(struct show_state *s)
{
	bool is_good;

	s->round++;
	s->round_end = deadline_in(s, ROUND_MS);
	close_phones(s);
	if (!open_phones(s))
		return false;
	far_ask(&s->far, s->run->admin);
	handset_register(&s->phones[0], &s->out);
	is_good = await(s, HANDSET_READY, HANDSET_NEW);
	if (is_good)
		handset_register(&s->phones[1], &s->out);
	return is_good && await(s, HANDSET_READY, HANDSET_READY) && call(s, 0) && call(s, 1);
}

/* ---- all of it ---- */

static bool
says_so(struct show_state *s)
{
	static const char *const words[] = { "cannot", "failed", "gives no", "broke",
		"malloc failure", "stay in use", "does not tell", "are lost", "no address",
		"not registered", "cut by us" };

	fflush(s->log);
	for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
		if (s->log_text != NULL && strstr(s->log_text, words[i]) != NULL)
			return true;
	return false;
}

/* Whether the log says of something that it went wrong, within PATIENCE_MS. */
static bool
has_told(struct show_state *s, int64_t patience_ms)
{
	struct deadline end = deadline_in(s, patience_ms);

	for (int i = 0; i < TURNS_TO_TELL; i++)
		turn(s, 1); /* what went wrong last is told in the next turn */
	while (!says_so(s) && !is_late(s, &end))
		turn(s, 10);
	return says_so(s);
}

static void
read_certificates_again(struct show_state *s)
{
	outside_arm();
	s->is_kept = !renew_now(s->renew, STR("the show"));
	outside_disarm();
}

static int
play(struct show_state *s)
{
	bool is_good = play_round(s);
	bool has_trunks = await_far(s), is_odd;

	read_certificates_again(s);
	is_odd = has_told(s, 0) || !is_good || !has_trunks || s->is_kept || !s->far.was_told;
	if (is_odd && !outside_has_failed())
		return show_fault("nothing failed, and yet something did, or the log says so");
	if (is_good && has_trunks && !s->is_kept && s->far.was_told)
		return SHOW_GOOD;
	/* Who asked at the admin socket knows that he has no answer. */
	if ((!is_good || !has_trunks || s->is_kept) && !has_told(s, PATIENCE_MS))
		return show_fault(is_good ? "a trunk or the certificates failed and the log says "
					    "nothing of it"
					  : "the calls failed and the log says nothing of it");
	/* What was lost is lost; but new phones must be served. */
	if (!play_round(s))
		return show_fault("after one failed call to the outside no call is good any more");
	while (!s->far.has_asked && !is_late(s, &s->round_end))
		turn(s, 1);
	if (!s->far.was_told)
		return show_fault("after one failed call to the outside nobody is answered");
	return SHOW_GOOD;
}

/* They come before the server looks, so that it hears of all of them in one turn. */
static bool
meet_crowd(struct show_state *s)
{
	struct addr addr = listener_of(s, TRANSPORT_TCP, 0);
	struct sockaddr_storage at;
	socklen_t len = sock_from_addr(&at, &addr);
	bool is_good = true;
	int crowd[CROWD];

	for (int i = 0; i < CROWD; i++) {
		crowd[i] = sock_stream(ADDR_V4);
		is_good = is_good && crowd[i] >= 0 &&
			(connect(crowd[i], (struct sockaddr *)&at, len) == 0 ||
				errno == EINPROGRESS);
	}
	for (int i = 0; i < TURNS_TO_TELL; i++)
		turn(s, 1);
	for (int i = 0; i < CROWD; i++)
		close(crowd[i]);
	return is_good;
}

/* Ends: whether the guest is let in, within the time of a round. *SESSION: what it had. */
static bool
meet_guest(struct show_state *s, uint32_t listener, const struct pki_leaf *own,
	SSL_SESSION *earlier, SSL_SESSION **session)
{
	struct addr at = listener_of(s, TRANSPORT_TLS, listener);
	struct guest guest = { .fd = -1 };
	enum guest_word word = GUEST_REFUSED;

	s->round_end = deadline_in(s, ROUND_MS);
	if (guest_come(&guest, &at, own, earlier))
		word = GUEST_WAITS;
	while (word == GUEST_WAITS && !is_late(s, &s->round_end)) {
		turn(s, 1);
		word = guest_shake(&guest);
	}
	if (session != NULL)
		*session = word == GUEST_DONE ? SSL_get1_session(guest.ssl) : NULL;
	guest_leave(&guest);
	return word == GUEST_DONE;
}

static int
meet_others(struct show_state *s)
{
	SSL_SESSION *session = NULL;
	bool is_good = meet_crowd(s);

	is_good = meet_guest(s, 1, NULL, NULL, &session) && is_good;
	is_good = meet_guest(s, 1, NULL, session, NULL) && is_good;
	SSL_SESSION_free(session);
	if (meet_guest(s, 0, &s->run->papers->stranger, NULL, NULL))
		return show_fault("a stranger's certificate is good");
	if (is_good)
		return SHOW_GOOD;
	if (!outside_has_failed() || !has_told(s, PATIENCE_MS))
		return show_fault("a guest was not let in, and nothing says why");
	if (!meet_guest(s, 1, NULL, NULL, NULL))
		return show_fault("after one failed call to the outside no guest is let in");
	return SHOW_GOOD;
}

static bool
end_host(struct show_state *s)
{
	struct deadline end = deadline_in(s, END_MS);

	outside_arm();
	host_drain(s->host);
	outside_disarm();
	while (!host_is_over(s->host) && !is_late(s, &end))
		turn(s, 10);
	return host_is_over(s->host);
}

static int
host_whole(struct show_state *s, bool is_crowd)
{
	char text[WHY_BYTES];
	struct buf why = buf_on(text, sizeof text);
	int code;

	if (open_host(s, &why)) {
		code = is_crowd ? meet_others(s) : play(s);
	} else {
		if (buf_str(&why).len == 0)
			return show_fault("it does not start and says nothing");
		fprintf(stderr, "sipward: error: %.*s\n", (int)why.used, text);
		if (!open_host(s, &why))
			return show_fault("it does not start a second time");
		code = SHOW_ENDED;
	}
	if (!end_host(s))
		return show_fault("it does not end");
	close_host(s);
	close_phones(s);
	return code;
}

static bool
prepare(struct show_state *s)
{
	s->octets = malloc(OUT_BYTES);
	s->tape_texts = malloc(TAPE_BYTES);
	s->log = open_memstream(&s->log_text, &s->log_len);
	if (s->octets == NULL || s->tape_texts == NULL || s->log == NULL)
		return false;
	out_init(&s->out, s->octets, OUT_BYTES);
	return hashers_open(&s->hashers) && far_open(&s->far, s->run) &&
		run_configure(s->run, &s->far.trunks[FAR_TCP], &s->far.trunks[FAR_TLS],
			&s->far.dns_addr) &&
		config_open(&s->config, s->run->config, stderr);
}

int
show_host(struct run *run, bool is_crowd)
{
	struct show_state *s = calloc(1, sizeof *s);
	int code = SHOW_FAULT, before;

	if (s == NULL)
		return show_fault("no memory");
	before = descriptors();
	s->run = run;
	if (!prepare(s))
		return show_fault("nothing to begin with");
	code = host_whole(s, is_crowd);
	far_close(&s->far);
	if (code != SHOW_FAULT && descriptors() != before)
		code = show_fault("descriptors are left open");
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
