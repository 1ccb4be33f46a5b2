/* SPDX-License-Identifier: Apache-2.0 */
#include "net/net.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <unistd.h>
#include <uv.h>

#include "base/panic.h"
#include "net/chain.h"
#include "net/contexts.h"
#include "net/names.h"
#include "net/sock.h"
#include "net/stream.h"
#include "net/udp.h"

/* Numbers of UDP sockets come first, then those of accepted connections. */
enum { UDP_FLOW_FIRST = 1, STREAM_FLOW_FIRST = 1 + LISTENERS_MAX, WATCHES_MAX = 16 };

struct net {
	uv_loop_t loop;
	uv_timer_t alarm;
	struct queue queue;
	struct tls *tls;
	const struct identity *identities;
	uint32_t identity_count;
	struct udp udp;
	struct streams streams;
	struct names *names;
	struct listener listeners[LISTENERS_MAX];
	uint32_t listener_count;
	uv_poll_t watches[WATCHES_MAX];
	uint32_t watch_count;
};

/* ---- opening ------------------------------------------------------------------------------- */

static struct listener *
add_listener(struct net *net, const struct net_listen *listen, struct buf *why)
{
	struct listener *listener = &net->listeners[net->listener_count];

	if (net->listener_count == LISTENERS_MAX) {
		buf_put(why, STR("too many listeners"));
		return NULL;
	}
	net->listener_count++;
	*listener = (struct listener){ .transport = listen->transport, .flow = FLOW_NONE };
	listener->advertise = listen->advertise;
	return listener;
}

/* Where FD is bound. Ends: true; false with one sentence in WHY, and FD is closed. */
static bool
local_of(int fd, const struct addr *wanted, struct addr *local, struct buf *why)
{
	if (sock_local(fd, local))
		return true;
	buf_put(why, STR("cannot tell where a listener is bound: "));
	addr_write_port(why, wanted);
	buf_put(why, STR(": "));
	buf_put(why, str_cstr(strerror(errno)));
	close(fd);
	return false;
}

static bool
open_udp(struct net *net, const struct net_listen *listen, const struct addr *addr, struct buf *why)
{
	struct listener *listener = add_listener(net, listen, why);
	int fd;

	if (listener == NULL)
		return false;
	fd = sock_bind(TRANSPORT_UDP, addr, why);
	if (fd < 0)
		return false;
	if (!local_of(fd, addr, &listener->local, why))
		return false;
	listener->flow.number = UDP_FLOW_FIRST + net->listener_count - 1;
	return udp_listen(&net->udp, fd, listener->flow, why);
}

/* A wildcard: an answer must leave from the address that the request came to, so there is one
 * socket for each. */
static bool
open_udp_everywhere(struct net *net, const struct net_listen *listen, struct buf *why)
{
	struct addr addrs[LISTENERS_MAX / 4];
	uint32_t count = sock_addresses(listen->addr.family, addrs, LISTENERS_MAX / 4);

	for (uint32_t i = 0; i < count; i++) {
		addrs[i].port = listen->addr.port;
		if (!open_udp(net, listen, &addrs[i], why))
			return false;
	}
	if (count == 0) {
		buf_put(why, STR("no interface has an address for "));
		addr_write_port(why, &listen->addr);
	}
	return count > 0;
}

/* Whether each identity of a service has a certificate. */
static bool
may_serve(const struct net *net, const struct service *service)
{
	for (uint32_t i = 0; i < service->identity_count; i++)
		if (!tls_may_serve(net->tls, service->identities[i]))
			return false;
	return service->identity_count > 0 || tls_may_serve(net->tls, 0);
}

static bool
open_stream(struct net *net, const struct net_listen *listen, struct buf *why)
{
	struct listener *listener = add_listener(net, listen, why);
	int fd;

	if (listener == NULL)
		return false;
	if (listen->transport == TRANSPORT_TLS && !may_serve(net, &listen->service)) {
		buf_put(why, STR("a TLS listener needs a certificate: "));
		addr_write_port(why, &listen->addr);
		return false;
	}
	fd = sock_bind(listen->transport, &listen->addr, why);
	if (fd < 0)
		return false;
	if (!local_of(fd, &listen->addr, &listener->local, why))
		return false;
	return stream_listen(&net->streams, listen->transport, fd, net->listener_count - 1,
		&listen->service, why);
}

static bool
open_listener(struct net *net, const struct net_listen *listen, struct buf *why)
{
	switch (listen->transport) {
	case TRANSPORT_UDP:
		return addr_is_any(&listen->addr) ? open_udp_everywhere(net, listen, why)
						  : open_udp(net, listen, &listen->addr, why);
	case TRANSPORT_TCP:
	case TRANSPORT_TLS: return open_stream(net, listen, why);
	case TRANSPORT_NONE: break;
	}
	buf_put(why, STR("a listener needs a transport"));
	return false;
}

/* As many as were asked for, if there are descriptors for so many and for all else. */
static uint32_t
most_connections(const struct net_options *options)
{
	uint64_t most = options->connections_max > 0 ? options->connections_max : CONNECTIONS_MAX;
	uint64_t kept = options->listen_count + CONNECTIONS_SPARE + DESCRIPTORS_KEPT, all;
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
		return (uint32_t)most;
	all = limit.rlim_cur;
	all = all > 2 * kept ? all - kept : all / 2;
	return (uint32_t)(all < most ? all : most);
}

static void
open_streams(struct net *net, const struct net_options *options)
{
	struct streams_options o = { .loop = &net->loop,
		.queue = &net->queue,
		.tls = net->tls,
		.max = most_connections(options),
		.ears = options->listen_count,
		.connect_ms = options->connect_ms > 0 ? options->connect_ms : CONNECT_MS,
		.handshake_ms = options->handshake_ms > 0 ? options->handshake_ms : HANDSHAKE_MS,
		.idle_ms = options->idle_ms > 0 ? options->idle_ms : IDLE_MS,
		.first_flow = STREAM_FLOW_FIRST };

	need(getrandom(o.key, sizeof o.key, 0) == sizeof o.key, "random numbers");
	streams_open(&net->streams, &o);
}

struct net *
net_open(const struct net_options *options, struct buf *why)
{
	struct tls_options tls_options = { .identities = options->identities,
		.identity_count = options->identity_count,
		.keylog = options->keylog,
		.now_ms = (int64_t)(uv_hrtime() / 1000000) };
	struct tls *tls = tls_open(&tls_options, why);
	struct net *net;
	bool is_open;

	if (tls == NULL)
		return NULL;
	net = calloc(1, sizeof *net);
	need(net != NULL, "memory");
	(void)signal(SIGPIPE, SIG_IGN);
	net->tls = tls;
	net->identities = options->identities;
	net->identity_count = options->identity_count;
	need(uv_loop_init(&net->loop) == 0, "event loop");
	need(uv_timer_init(&net->loop, &net->alarm) == 0, "timer");
	queue_open(&net->queue);
	udp_open(&net->udp, &net->loop, &net->queue, LISTENERS_MAX);
	open_streams(net, options);
	net->names = names_open(&net->loop, &net->queue, options->resolver, why);
	is_open = net->names != NULL;
	for (uint32_t i = 0; is_open && i < options->listen_count; i++)
		is_open = open_listener(net, &options->listens[i], why);
	if (!is_open) {
		net_close(net);
		return NULL;
	}
	return net;
}

void
net_close(struct net *net)
{
	uv_close((uv_handle_t *)&net->alarm, NULL);
	for (uint32_t i = 0; i < net->watch_count; i++)
		uv_close((uv_handle_t *)&net->watches[i], NULL);
	if (net->names != NULL)
		names_close(net->names);
	udp_close(&net->udp);
	streams_close(&net->streams);
	while (uv_run(&net->loop, UV_RUN_DEFAULT) != 0)
		continue;
	must(uv_loop_close(&net->loop) == 0);
	if (net->names != NULL)
		names_free(net->names);
	udp_free(&net->udp);
	streams_free(&net->streams);
	queue_close(&net->queue);
	tls_close(net->tls);
	free(net);
}

const struct listener *
net_listeners(const struct net *net, uint32_t *count)
{
	*count = net->listener_count;
	return net->listeners;
}

/* ---- a turn -------------------------------------------------------------------------------- */

/* Wakes the loop; what is due is seen to after it. The loop may find the alarm due before it has
 * looked at its sockets, and without a word would then wait for them for ever. */
static void
on_alarm(uv_timer_t *alarm)
{
	uv_stop(alarm->loop);
}

static int64_t
sooner(int64_t a_ms, int64_t b_ms)
{
	if (a_ms < 0 || b_ms < 0)
		return a_ms < 0 ? b_ms : a_ms;
	return a_ms < b_ms ? a_ms : b_ms;
}

void
net_wait(struct net *net, int64_t wait_ms)
{
	int64_t due_at_ms, now_ms;

	uv_update_time(&net->loop);
	now_ms = (int64_t)uv_now(&net->loop);
	tls_turn(net->tls, now_ms);
	streams_turn(&net->streams);
	streams_review_turn(&net->streams);
	streams_flush(&net->streams);
	wait_ms = sooner(wait_ms, names_turn(net->names));
	due_at_ms = streams_due_at_ms(&net->streams);
	if (due_at_ms != INT64_MAX)
		wait_ms = sooner(wait_ms, due_at_ms > now_ms ? due_at_ms - now_ms : 0);
	if (!queue_is_empty(&net->queue))
		wait_ms = 0;
	if (wait_ms > 0)
		need(uv_timer_start(&net->alarm, on_alarm, (uint64_t)wait_ms, 0) == 0, "timer");
	(void)uv_run(&net->loop, wait_ms == 0 ? UV_RUN_NOWAIT : UV_RUN_ONCE);
	if (wait_ms > 0)
		(void)uv_timer_stop(&net->alarm);
	streams_expire(&net->streams);
	(void)names_turn(net->names);
	streams_flush(&net->streams);
}

bool
net_next(struct net *net, struct event *event)
{
	return queue_next(&net->queue, event);
}

bool
net_note(struct net *net, enum note_level *level, struct str *text)
{
	return queue_next_note(&net->queue, level, text);
}

bool
net_carry(struct net *net, const struct act *act)
{
	switch (act->kind) {
	case ACT_SEND:
		if (act->u.send.flow.number < STREAM_FLOW_FIRST)
			udp_send(&net->udp, act->u.send.flow, &act->u.send.to, act->u.send.bytes);
		else
			stream_send(&net->streams, act->u.send.flow, act->u.send.bytes);
		return true;
	case ACT_DIAL:
		stream_dial(&net->streams, act->u.dial.flow, act->u.dial.transport, &act->u.dial.to,
			act->u.dial.name, &act->u.dial.terms);
		return true;
	case ACT_SHUT: stream_shut(&net->streams, act->u.shut); return true;
	case ACT_RESOLVE:
		names_ask(net->names, act->u.resolve.ask, act->u.resolve.kind, act->u.resolve.name);
		return true;
	case ACT_SAVE:
	case ACT_NOTE:
	case ACT_RECORD: break;
	}
	return false;
}

bool
net_renew(struct net *net, struct buf *why)
{
	struct contexts *contexts = contexts_open(net->identities, net->identity_count, why);

	if (contexts == NULL)
		return false;
	must(tls_use(net->tls, contexts));
	return true;
}

void
net_review(struct net *net, int64_t now_s)
{
	streams_review(&net->streams, now_s);
}

uint32_t
net_chain(const struct net *net, uint32_t place, struct link *links, uint32_t max)
{
	const struct contexts *contexts = tls_contexts(net->tls);

	return place < contexts->count ? chain_of(links, max, contexts_at(contexts, place)->ssl)
				       : 0;
}

uint32_t
net_peer_chain(const struct net *net, struct flow_id flow, struct link *links, uint32_t max)
{
	return stream_chain(&net->streams, flow, links, max);
}

void
net_flush(struct net *net)
{
	udp_flush(&net->udp);
	streams_flush(&net->streams);
}

void
net_retire(struct net *net)
{
	streams_retire(&net->streams);
	streams_flush(&net->streams);
}

uint32_t
net_connections_max(const struct net *net)
{
	return net->streams.max;
}

uint32_t
net_connections(const struct net *net)
{
	return net->streams.count;
}

static void
on_watched(uv_poll_t *poll, int status, int events)
{
	(void)poll;
	(void)status;
	(void)events;
}

bool
net_watch_fd(struct net *net, int fd)
{
	uv_poll_t *poll = &net->watches[net->watch_count];

	if (net->watch_count == WATCHES_MAX || uv_poll_init(&net->loop, poll, fd) < 0)
		return false;
	net->watch_count++;
	return uv_poll_start(poll, UV_READABLE, on_watched) == 0;
}
