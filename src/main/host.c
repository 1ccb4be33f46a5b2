/* SPDX-License-Identifier: Apache-2.0 */
#include "main/host.h"

#include <stdlib.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <time.h>

#include "base/panic.h"
#include "main/log.h"
#include "main/record.h"
#include "main/records.h"
#include "store/store.h"

enum phase { PHASE_SERVES, PHASE_DRAINS, PHASE_RETIRES, PHASE_OVER };

enum { DRAIN_LOOK_MS = 50 };

struct host {
	struct net *net;
	struct store *store;
	struct core *core;
	void *memory; /* of the core; costs nothing until it is written */
	size_t memory_bytes;
	void *out_memory;
	FILE *log;
	struct recorder *recorder; /* or NULL */
	struct asks *asks;         /* or NULL */
	struct orders orders;
	struct records *records; /* or NULL */
	enum phase phase;
	int64_t phase_at_ms; /* when it began */
	int64_t quiet_at_ms; /* when the last call was over; 0: not yet */
	struct when now;     /* one sample for a whole turn */
	struct out out;
};

static struct when
clock_now(void)
{
	struct timespec mono, wall;

	(void)clock_gettime(CLOCK_MONOTONIC, &mono);
	(void)clock_gettime(CLOCK_REALTIME, &wall);
	return (struct when){ .mono_ms = (int64_t)mono.tv_sec * 1000 + mono.tv_nsec / 1000000,
		.wall_s = (int64_t)wall.tv_sec };
}

/* ---- opening, closing ---------------------------------------------------------------------- */

static void *
map_memory(size_t bytes)
{
	void *at = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
		MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	return at == MAP_FAILED ? NULL : at;
}

static bool
open_core(struct host *host, const struct host_options *options, struct buf *why)
{
	const struct config *config = options->config;
	struct core_options o = { .directory = &config->directory,
		.t1_ms = config->t1_ms,
		.t2_ms = config->t2_ms,
		.t4_ms = config->t4_ms,
		.calls_max = options->calls_max,
		.writes_records = !str_is_empty(config->records) };

	o.listeners = net_listeners(host->net, &o.listener_count);
	/* Made for this one core: a recording tells it, so nothing else may hang on it. */
	need(getrandom(o.seed, sizeof o.seed, 0) == sizeof o.seed, "random numbers");
	host->memory_bytes = core_memory_bytes(&o);
	host->memory = map_memory(host->memory_bytes);
	host->out_memory = map_memory(OUT_BYTES);
	if (host->memory == NULL || host->out_memory == NULL) {
		buf_put(why, STR("the system gives no memory"));
		return false;
	}
	out_init(&host->out, host->out_memory, OUT_BYTES);
	host->now = clock_now();
	host->core = core_open(&o, host->memory, host->memory_bytes, host->now);
	if (host->core == NULL)
		buf_put(why, STR("the core does not open: libcrypto gives no digests"));
	if (host->core == NULL)
		return false;
	return host->recorder == NULL || recorder_begin(host->recorder, &o, host->now, why);
}

static bool
open_asks(struct host *host, const struct config *config, struct buf *why)
{
	uint32_t count;
	const struct listener *listeners = net_listeners(host->net, &count);

	host->asks = asks_open(config, listeners, count, host->now, why);
	if (host->asks == NULL)
		return false;
	if (net_watch_fd(host->net, asks_fd(host->asks)))
		return true;
	buf_put(why, STR("the admin socket cannot be watched"));
	return false;
}

static bool
open_parts(struct host *host, const struct host_options *options, struct buf *why)
{
	const struct config *config = options->config;
	const struct net_options net_options = { .listens = config->listens,
		.listen_count = config->listen_count,
		.identities = config->identities,
		.identity_count = config->identity_count,
		.keylog = options->keylog,
		.resolver = config->resolver };

	host->net = net_open(&net_options, why);
	if (host->net == NULL)
		return false;
	host->store = store_memory_open(BINDINGS_MAX);
	if (host->store == NULL ||
		(store_fd(host->store) >= 0 && !net_watch_fd(host->net, store_fd(host->store)))) {
		buf_put(why, STR("the store does not open"));
		return false;
	}
	if (!str_is_empty(config->records)) {
		host->records = records_open(config->records.at, why);
		if (host->records == NULL)
			return false;
	}
	if (!open_core(host, options, why))
		return false;
	store_replay(host->store);
	return str_is_empty(config->admin) || open_asks(host, config, why);
}

struct host *
host_open(const struct host_options *options, struct buf *why)
{
	struct host *host = calloc(1, sizeof *host);

	need(host != NULL, "memory");
	host->log = options->log;
	host->recorder = options->recorder;
	if (!open_parts(host, options, why)) {
		host_close(host);
		return NULL;
	}
	return host;
}

void
host_close(struct host *host)
{
	if (host->core != NULL)
		core_close(host->core);
	if (host->store != NULL)
		store_close(host->store);
	if (host->net != NULL)
		net_close(host->net);
	if (host->records != NULL)
		records_close(host->records);
	/* The network watched its descriptor until now. */
	if (host->asks != NULL)
		asks_close(host->asks);
	if (host->memory != NULL)
		(void)munmap(host->memory, host->memory_bytes);
	if (host->out_memory != NULL)
		(void)munmap(host->out_memory, OUT_BYTES);
	free(host);
}

/* ---- a turn -------------------------------------------------------------------------------- */

/* Before what came of it leaves: what a peer has seen is in the file, whatever happens next. */
static void
write_recording(struct host *host)
{
	char text[512];
	struct buf why = buf_on(text, sizeof text);

	if (!recorder_flush(host->recorder, &why))
		log_line(host->log, log_now_ms(), NOTE_WARN, buf_str(&why));
}

static void
write_records(struct host *host)
{
	char text[512];
	struct buf why = buf_on(text, sizeof text);

	if (!records_flush(host->records, &why))
		log_line(host->log, log_now_ms(), NOTE_ERROR, buf_str(&why));
}

static void
carry_all(struct host *host)
{
	if (host->recorder != NULL)
		write_recording(host);
	for (uint32_t i = 0; i < host->out.count; i++) {
		const struct act *act = &host->out.acts[i];

		if (net_carry(host->net, act))
			continue;
		if (act->kind == ACT_SAVE)
			store_ask(host->store, act->u.save.ask, act->u.save.aor,
				act->u.save.version, act->u.save.set);
		else if (act->kind == ACT_NOTE)
			log_line(host->log, log_now_ms(), act->u.note.level, act->u.note.text);
		else if (act->kind == ACT_RECORD && host->records != NULL)
			records_put(host->records, act->u.record);
	}
	net_flush(host->net);
	if (host->records != NULL)
		write_records(host);
	out_clear(&host->out);
}

static void
feed(struct host *host, const struct event *event)
{
	if (host->recorder != NULL)
		recorder_event(host->recorder, event, host->now, &host->out);
	core_feed(host->core, event, host->now, &host->out);
	if (host->recorder != NULL)
		recorder_answer(host->recorder, host->core, &host->out);
	if (!out_has_room(&host->out))
		carry_all(host);
}

/* Ends: whether the store had anything to say. */
static bool
hear_store(struct host *host)
{
	struct store_news news;
	bool has_news = false;

	while (store_next(host->store, &news)) {
		struct event event = { .kind = EV_SAVED };

		has_news = true;
		if (news.kind == STORE_BINDINGS) {
			event.kind = EV_BINDINGS;
			event.u.bindings.aor = news.aor;
			event.u.bindings.set = news.set;
			event.u.bindings.version = news.version;
		} else {
			event.u.saved.ask = news.ask;
			event.u.saved.status = news.status;
		}
		feed(host, &event);
	}
	return has_news;
}

static void
hear_net(struct host *host)
{
	enum note_level level;
	struct event event;
	struct str text;

	while (net_next(host->net, &event))
		feed(host, &event);
	while (net_note(host->net, &level, &text))
		log_line(host->log, log_now_ms(), level, text);
}

/* Carries what the core wants until nobody has anything to add. */
static void
settle(struct host *host)
{
	do
		carry_all(host);
	while (hear_store(host));
}

static void
enter(struct host *host, enum phase phase)
{
	host->phase = phase;
	host->phase_at_ms = host->now.mono_ms;
	if (phase == PHASE_RETIRES)
		net_retire(host->net);
}

static void
drain_on(struct host *host)
{
	int64_t now_ms = host->now.mono_ms, since_ms = now_ms - host->phase_at_ms;
	struct counts counts;

	core_count(host->core, &counts);
	if (host->phase == PHASE_DRAINS) {
		if (counts.calls == 0 && counts.legs == 0 && host->quiet_at_ms == 0)
			host->quiet_at_ms = now_ms;
		if ((host->quiet_at_ms != 0 &&
			    (counts.transactions == 0 ||
				    now_ms >= host->quiet_at_ms + DRAIN_QUIET_MS)) ||
			since_ms >= DRAIN_MS)
			enter(host, PHASE_RETIRES);
	} else if (host->phase == PHASE_RETIRES) {
		if (net_connections(host->net) == 0 || since_ms > LINGER_MS + DRAIN_LOOK_MS)
			enter(host, PHASE_OVER);
	}
}

static int64_t
wait_of(const struct host *host, int64_t wait_ms)
{
	int64_t deadline_ms = core_deadline_ms(host->core);

	if (host->phase != PHASE_SERVES && (wait_ms < 0 || wait_ms > DRAIN_LOOK_MS))
		wait_ms = DRAIN_LOOK_MS;
	if (deadline_ms != INT64_MAX) {
		int64_t left_ms = deadline_ms - clock_now().mono_ms;

		left_ms = left_ms > 0 ? left_ms : 0;
		wait_ms = wait_ms < 0 || left_ms < wait_ms ? left_ms : wait_ms;
	}
	return wait_ms;
}

void
host_step(struct host *host, int64_t wait_ms)
{
	const struct event tick = { .kind = EV_TICK };

	net_wait(host->net, wait_of(host, wait_ms));
	host->now = clock_now();
	hear_net(host);
	(void)hear_store(host);
	feed(host, &tick);
	settle(host);
	if (host->asks != NULL)
		asks_answer(host->asks, host->core, &host->orders, host->now);
	if (host->phase != PHASE_SERVES)
		drain_on(host);
}

/* ---- the rest ------------------------------------------------------------------------------ */

void
host_drain(struct host *host)
{
	const struct event event = { .kind = EV_ORDER, .u.order = ORDER_DRAIN };

	if (host->phase != PHASE_SERVES)
		return;
	host->now = clock_now();
	enter(host, PHASE_DRAINS);
	feed(host, &event);
	settle(host);
}

void
host_stop(struct host *host)
{
	enter(host, PHASE_OVER);
}

bool
host_is_over(const struct host *host)
{
	return host->phase == PHASE_OVER;
}

bool
host_is_idle(const struct host *host)
{
	struct counts counts;

	core_count(host->core, &counts);
	return counts.calls == 0 && counts.legs == 0 && counts.transactions == 0;
}

uint32_t
host_connections_max(const struct host *host)
{
	return net_connections_max(host->net);
}

const struct listener *
host_listeners(const struct host *host, uint32_t *count)
{
	return net_listeners(host->net, count);
}

bool
host_watch_fd(struct host *host, int fd)
{
	return net_watch_fd(host->net, fd);
}

void
host_take_orders(struct host *host, struct orders orders)
{
	host->orders = orders;
}

bool
host_renew(struct host *host, struct buf *why)
{
	return net_renew(host->net, why);
}

void
host_review(struct host *host, int64_t now_s)
{
	net_review(host->net, now_s);
}

uint32_t
host_chain(const struct host *host, uint32_t place, struct link *links, uint32_t max)
{
	return net_chain(host->net, place, links, max);
}

void
host_count(const struct host *host, struct counts *counts)
{
	core_count(host->core, counts);
}

void
host_log_counters(const struct host *host)
{
	struct counts counts;

	core_count(host->core, &counts);
	log_counters(host->log, log_now_ms(), &counts);
}
