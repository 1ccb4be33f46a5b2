/* SPDX-License-Identifier: Apache-2.0 */
#include "main/host.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <time.h>

#include "main/log.h"
#include "store/store.h"

struct host {
	struct net *net;
	struct store *store;
	struct core *core;
	void *memory;
	size_t memory_bytes;
	char *octets; /* of the actions */
	struct out out;
};

static struct when
clock_now(void)
{
	struct timespec mono, wall;

	clock_gettime(CLOCK_MONOTONIC, &mono);
	clock_gettime(CLOCK_REALTIME, &wall);
	return (struct when){
		.mono_ms = (int64_t)mono.tv_sec * 1000 + mono.tv_nsec / 1000000,
		.wall_s = wall.tv_sec,
	};
}

static void
say(struct buf *why, const char *what)
{
	buf_put(why, str_cstr(what));
}

static bool
open_core(struct host *h, const struct config *config, struct buf *why)
{
	struct core_options options = { .directory = &config->directory,
		.t1_ms = config->t1_ms, .t2_ms = config->t2_ms, .t4_ms = config->t4_ms };

	options.listeners = net_listeners(h->net, &options.listener_count);
	if (getrandom(options.seed, sizeof options.seed, 0) != (ssize_t)sizeof options.seed) {
		say(why, "the system gave no random numbers");
		return false;
	}
	/* Most of it is never touched: it costs addresses, not memory. */
	h->memory_bytes = core_memory_bytes(&options);
	h->memory = mmap(NULL, h->memory_bytes, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (h->memory == MAP_FAILED) {
		h->memory = NULL;
		say(why, "no address space for the core: ");
		say(why, strerror(errno));
		return false;
	}
	h->core = core_open(&options, h->memory, h->memory_bytes, clock_now());
	explicit_bzero(options.seed, sizeof options.seed);
	if (h->core == NULL)
		say(why, "the core could not be opened: libcrypto lacks a digest");
	return h->core != NULL;
}

struct host *
host_open(const struct host_options *o, struct buf *why)
{
	const struct config *config = o->config;
	struct net_options options = { .listens = config->listens,
		.listen_count = config->listen_count, .certificate = config->certificate,
		.key = config->key, .trust = config->trust, .keylog = o->keylog,
		.resolver = config->resolver };
	struct host *h = calloc(1, sizeof *h);

	if (h == NULL) {
		say(why, "no memory");
		return NULL;
	}
	h->octets = malloc(OUT_BYTES);
	h->store = store_memory_open(BINDINGS_MAX);
	if (h->octets == NULL || h->store == NULL) {
		say(why, "no memory");
		host_close(h);
		return NULL;
	}
	out_init(&h->out, h->octets, OUT_BYTES);
	h->net = net_open(&options, why);
	if (h->net == NULL || !open_core(h, config, why) ||
	    (o->watch_fd >= 0 && !net_watch_fd(h->net, o->watch_fd))) {
		host_close(h);
		return NULL;
	}
	return h;
}

void
host_close(struct host *h)
{
	if (h->core != NULL)
		core_close(h->core);
	if (h->net != NULL)
		net_close(h->net);
	if (h->store != NULL)
		store_close(h->store);
	if (h->memory != NULL)
		munmap(h->memory, h->memory_bytes);
	free(h->octets);
	free(h);
}

/* Carries out everything that the core has answered. */
static void
carry_all(struct host *h)
{
	for (uint32_t i = 0; i < h->out.count; i++) {
		const struct act *act = &h->out.acts[i];

		if (net_carry(h->net, act))
			continue;
		if (act->kind == ACT_SAVE)
			store_ask(h->store, act->u.save.ask, act->u.save.aor, act->u.save.version,
			    act->u.save.set);
		else if (act->kind == ACT_NOTE)
			log_line(act->u.note.level, act->u.note.text);
	}
	net_flush(h->net);
	out_clear(&h->out);
}

static void
feed(struct host *h, const struct event *event, struct when now)
{
	if (!out_has_room(&h->out))
		carry_all(h);
	core_feed(h->core, event, now, &h->out);
}

/* What the store has to say, first the change and then the answer. */
static void
feed_store(struct host *h, struct when now)
{
	struct store_news news;

	while (store_next(h->store, &news)) {
		struct event event = { .kind = EV_SAVED };

		if (news.kind == STORE_BINDINGS) {
			event.kind = EV_BINDINGS;
			event.u.bindings.aor = news.aor;
			event.u.bindings.version = news.version;
			event.u.bindings.set = news.set;
		} else {
			event.u.saved.ask = news.ask;
			event.u.saved.status = news.status;
		}
		/* The views in NEWS end when the store is called again, which carrying out may do. */
		if (!out_has_room(&h->out))
			return;
		core_feed(h->core, &event, now, &h->out);
	}
}

/* What the core wants at once: alarms that are due, and what there was no room for. */
static void
feed_ticks(struct host *h, struct when now)
{
	struct event tick = { .kind = EV_TICK };

	do {
		feed(h, &tick, now);
		carry_all(h);
		feed_store(h, now);
		carry_all(h);
	} while (core_deadline_ms(h->core) <= now.mono_ms);
}

static int64_t
wait_of(const struct host *h, int64_t wait_ms)
{
	int64_t deadline_ms = core_deadline_ms(h->core);
	int64_t left_ms;

	if (deadline_ms == INT64_MAX)
		return wait_ms;
	left_ms = deadline_ms - clock_now().mono_ms;
	if (left_ms < 0)
		left_ms = 0;
	return wait_ms >= 0 && wait_ms < left_ms ? wait_ms : left_ms;
}

void
host_step(struct host *h, int64_t wait_ms)
{
	enum note_level level;
	struct event event;
	struct when now;
	struct str text;

	net_wait(h->net, wait_of(h, wait_ms));
	now = clock_now(); /* one sample for the whole batch */
	while (net_note(h->net, &level, &text))
		log_line(level, text);
	while (net_next(h->net, &event)) {
		feed(h, &event, now);
		if (core_deadline_ms(h->core) <= now.mono_ms)
			feed_ticks(h, now);
	}
	feed_ticks(h, now);
}

void
host_drain(struct host *h)
{
	struct event order = { .kind = EV_ORDER, .u.order = ORDER_DRAIN };
	struct when now = clock_now();

	feed(h, &order, now);
	feed_ticks(h, now);
}

bool
host_is_idle(const struct host *h)
{
	struct counts counts;

	core_count(h->core, &counts);
	return counts.calls == 0 && counts.legs == 0;
}

void
host_count(const struct host *h, struct counts *counts)
{
	core_count(h->core, counts);
}
