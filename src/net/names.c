/* SPDX-License-Identifier: Apache-2.0 */
#include "net/names.h"

#include <ares.h>
#include <arpa/nameser.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>

#include "base/panic.h"
#include "net/answer.h"
#include "net/bytes.h"
#include "net/sock.h"

enum { NAME_BYTES_MAX = 253, FAILED_S = 1 };

/* A socket of c-ares that the loop watches. */
struct watch {
	uv_poll_t poll;
	struct names *all;
	ares_socket_t fd;
	struct watch *next;
};

struct names {
	uv_loop_t *loop;
	struct queue *queue;
	ares_channel channel;
	struct watch *watches;
	uint32_t asks;
	bool is_closing;
	struct answer answer; /* that is being read */
};

/* One question: for services, or for addresses in both families. */
struct ask {
	struct names *all;
	struct ref ref;
	enum names_kind kind;
	uint32_t pending;
	enum names_status status[2]; /* of A and of AAAA */
	uint32_t count[2];
	struct addr addrs[2][NAMES_MAX];
	uint32_t ttl_s;
};

/* ---- the sockets of c-ares ----------------------------------------------------------------- */

static void
on_ready(uv_poll_t *poll, int status, int events)
{
	struct watch *watch = poll->data;
	bool is_readable = status < 0 || (events & UV_READABLE) != 0;
	bool is_writable = status < 0 || (events & UV_WRITABLE) != 0;

	ares_process_fd(watch->all->channel, is_readable ? watch->fd : ARES_SOCKET_BAD,
		is_writable ? watch->fd : ARES_SOCKET_BAD);
}

static void
on_watch_closed(uv_handle_t *handle)
{
	free(handle->data);
}

static void
unwatch(struct names *names, ares_socket_t fd)
{
	for (struct watch **at = &names->watches; *at != NULL; at = &(*at)->next) {
		struct watch *watch = *at;

		if (watch->fd == fd) {
			*at = watch->next;
			uv_close((uv_handle_t *)&watch->poll, on_watch_closed);
			return;
		}
	}
}

static void
on_socket(void *data, ares_socket_t fd, int is_readable, int is_writable)
{
	struct names *names = data;
	struct watch *watch = names->watches;

	if (!is_readable && !is_writable) {
		unwatch(names, fd);
		return;
	}
	while (watch != NULL && watch->fd != fd)
		watch = watch->next;
	if (watch == NULL) {
		watch = calloc(1, sizeof *watch);
		need(watch != NULL, "memory");
		if (uv_poll_init_socket(names->loop, &watch->poll, fd) < 0) {
			free(watch); /* c-ares will run into its own time limit */
			return;
		}
		watch->all = names;
		watch->fd = fd;
		watch->poll.data = watch;
		watch->next = names->watches;
		names->watches = watch;
	}
	(void)uv_poll_start(&watch->poll,
		(is_readable ? UV_READABLE : 0) | (is_writable ? UV_WRITABLE : 0), on_ready);
}

/* ---- open, close --------------------------------------------------------------------------- */

/* c-ares wants the server as text: `127.0.0.1:53` or `[::1]:53`. */
static bool
use_resolver(ares_channel channel, struct str resolver, struct buf *why)
{
	size_t colon = resolver.len;
	char text[ADDR_TEXT_MAX + 8];
	struct buf b = buf_on(text, sizeof text - 1);
	struct addr addr;
	uint64_t port = 53;

	while (colon > 0 && resolver.at[colon - 1] != ':' && resolver.at[colon - 1] != ']')
		colon--;
	if (!addr_parse(&addr, resolver)) { /* not a bare address: a port stands behind it */
		if (colon == 0 || !str_number(str_from(resolver, colon), 65535, &port) ||
			port == 0 || !addr_parse(&addr, str_upto(resolver, colon - 1))) {
			buf_put(why, STR("the resolver is not address:port: "));
			buf_quoted(why, resolver, LOG_TEXT_MAX);
			return false;
		}
	}
	addr.port = (uint16_t)port;
	addr_write_port(&b, &addr);
	text[buf_str(&b).len] = '\0';
	if (ares_set_servers_ports_csv(channel, text) == ARES_SUCCESS)
		return true;
	buf_put(why, STR("the resolver cannot be used: "));
	buf_quoted(why, resolver, LOG_TEXT_MAX);
	return false;
}

struct names *
names_open(uv_loop_t *loop, struct queue *queue, struct str resolver, struct buf *why)
{
	struct names *names = calloc(1, sizeof *names);
	struct ares_options options = { .timeout = DNS_TRY_MS, .tries = DNS_TRIES };
	int error;

	need(names != NULL, "memory");
	names->loop = loop;
	names->queue = queue;
	options.sock_state_cb = on_socket;
	options.sock_state_cb_data = names;
	error = ares_library_init(ARES_LIB_INIT_ALL);
	if (error == ARES_SUCCESS) {
		error = ares_init_options(&names->channel, &options,
			ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES | ARES_OPT_SOCK_STATE_CB);
		if (error == ARES_SUCCESS &&
			(str_is_empty(resolver) || use_resolver(names->channel, resolver, why)))
			return names;
		if (error == ARES_SUCCESS)
			ares_destroy(names->channel);
		ares_library_cleanup();
	}
	if (error != ARES_SUCCESS) {
		buf_put(why, STR("names cannot be looked up: "));
		buf_put(why, str_cstr(ares_strerror(error)));
	}
	free(names);
	return NULL;
}

void
names_close(struct names *names)
{
	names->is_closing = true;
	ares_destroy(names->channel);
	while (names->watches != NULL)
		unwatch(names, names->watches->fd);
	ares_library_cleanup();
}

void
names_free(struct names *names)
{
	free(names);
}

/* ---- questions and answers ----------------------------------------------------------------- */

static void
answer(struct names *names, struct ref ref, const struct addr *addrs, uint32_t count,
	uint32_t ttl_s)
{
	struct event event = { .kind = EV_NAMES };

	event.u.names.ask = ref;
	event.u.names.status = NAMES_FOUND;
	event.u.names.ttl_s = ttl_s;
	event.u.names.count = count;
	for (uint32_t i = 0; i < count; i++)
		event.u.names.addrs[i] = addrs[i];
	queue_put(names->queue, &event);
}

static void
answer_none(struct names *names, struct ref ref, enum names_kind kind, enum names_status status,
	uint32_t ttl_s)
{
	struct event event = { .kind = EV_NAMES };

	event.u.names.ask = ref;
	event.u.names.kind = kind;
	event.u.names.status = status;
	event.u.names.ttl_s = ttl_s;
	queue_put(names->queue, &event);
}

static void
finish(struct ask *ask)
{
	struct names *names = ask->all;
	struct addr merged[NAMES_MAX];
	uint32_t count = 0;
	bool is_absent = ask->status[0] == NAMES_ABSENT && ask->status[1] == NAMES_ABSENT;

	/* IPv4 first, but never so many that no room is left for one of the other family. */
	for (uint32_t i = 0; i < ask->count[0] && count < NAMES_MAX - (ask->count[1] > 0); i++)
		merged[count++] = ask->addrs[0][i];
	for (uint32_t i = 0; i < ask->count[1] && count < NAMES_MAX; i++)
		merged[count++] = ask->addrs[1][i];
	if (names->is_closing)
		;
	else if (count > 0)
		answer(names, ask->ref, merged, count, ask->ttl_s);
	else
		answer_none(names, ask->ref, NAMES_ADDRESSES,
			is_absent ? NAMES_ABSENT : NAMES_FAILED,
			is_absent ? DNS_ABSENT_S : FAILED_S);
	names->asks--;
	free(ask);
}

/* Ends: a status of c-ares; that it holds no address is one of them. */
static int
take_v4(struct ask *ask, const unsigned char *answer, int len)
{
	struct ares_addrttl found[NAMES_MAX];
	int count = NAMES_MAX;
	int status = ares_parse_a_reply(answer, len, NULL, found, &count);

	for (int i = 0; status == ARES_SUCCESS && i < count; i++) {
		struct addr *addr = &ask->addrs[0][ask->count[0]++];

		*addr = (struct addr){ .family = ADDR_V4 };
		memcpy(addr->ip, &found[i].ipaddr, 4);
		if (found[i].ttl >= 0 && (uint32_t)found[i].ttl < ask->ttl_s)
			ask->ttl_s = (uint32_t)found[i].ttl;
	}
	return status;
}

static int
take_v6(struct ask *ask, const unsigned char *answer, int len)
{
	struct ares_addr6ttl found[NAMES_MAX];
	int count = NAMES_MAX;
	int status = ares_parse_aaaa_reply(answer, len, NULL, found, &count);

	for (int i = 0; status == ARES_SUCCESS && i < count; i++) {
		struct addr *addr = &ask->addrs[1][ask->count[1]++];

		*addr = (struct addr){ .family = ADDR_V6 };
		memcpy(addr->ip, &found[i].ip6addr, 16);
		if (found[i].ttl >= 0 && (uint32_t)found[i].ttl < ask->ttl_s)
			ask->ttl_s = (uint32_t)found[i].ttl;
	}
	return status;
}

static bool
is_absence(int status)
{
	return status == ARES_SUCCESS || status == ARES_ENODATA || status == ARES_ENOTFOUND ||
		status == ARES_EBADNAME;
}

static void
on_answer(struct ask *ask, int family, int status, const unsigned char *answer, int len)
{
	if (status == ARES_SUCCESS) {
		if (family == 0)
			status = take_v4(ask, answer, len);
		else
			status = take_v6(ask, answer, len);
	}
	if (ask->count[family] > 0)
		ask->status[family] = NAMES_FOUND;
	else if (is_absence(status))
		ask->status[family] = NAMES_ABSENT;
	else
		ask->status[family] = NAMES_FAILED;
	if (--ask->pending == 0)
		finish(ask);
}

static void
on_a(void *data, int status, int timeouts, unsigned char *answer, int len)
{
	(void)timeouts;
	on_answer(data, 0, status, answer, len);
}

static void
on_aaaa(void *data, int status, int timeouts, unsigned char *answer, int len)
{
	(void)timeouts;
	on_answer(data, 1, status, answer, len);
}

static void
answer_services(const struct ask *ask, const struct answer *a)
{
	struct event event = { .kind = EV_NAMES };

	event.u.names.ask = ask->ref;
	event.u.names.kind = ask->kind;
	event.u.names.status = NAMES_FOUND;
	event.u.names.ttl_s = a->ttl_s;
	event.u.names.count = a->count;
	memcpy(event.u.names.services, a->services, a->count * sizeof a->services[0]);
	queue_put(ask->all->queue, &event);
}

static void
on_services(void *data, int status, int timeouts, unsigned char *answer, int len)
{
	struct ask *ask = data;
	struct names *names = ask->all;
	struct answer *a = &names->answer;
	bool is_read =
		answer != NULL && len > 0 && answer_read(a, str_of(answer, (size_t)len), ask->kind);

	(void)timeouts;
	if (names->is_closing)
		;
	else if (status == ARES_SUCCESS && !is_read)
		answer_none(names, ask->ref, ask->kind, NAMES_FAILED, FAILED_S);
	else if (status == ARES_SUCCESS && a->count > 0)
		answer_services(ask, a);
	else if (is_absence(status))
		answer_none(names, ask->ref, ask->kind, NAMES_ABSENT,
			is_read && a->ttl_s != UINT32_MAX ? a->ttl_s : DNS_ABSENT_S);
	else
		answer_none(names, ask->ref, ask->kind, NAMES_FAILED, FAILED_S);
	names->asks--;
	free(ask);
}

static uint32_t
look_in_hosts(struct names *names, const char *name, struct addr *addrs)
{
	static const int families[] = { AF_INET, AF_INET6 };
	uint32_t count = 0;

	for (size_t f = 0; f < 2; f++) {
		struct hostent *host = NULL;
		size_t bytes = families[f] == AF_INET ? 4 : 16;

		if (ares_gethostbyname_file(names->channel, name, families[f], &host) !=
			ARES_SUCCESS)
			continue;
		for (char **at = host->h_addr_list; *at != NULL && count < NAMES_MAX; at++) {
			struct addr *addr = &addrs[count++];

			*addr = (struct addr){ .family = bytes == 4 ? ADDR_V4 : ADDR_V6 };
			memcpy(addr->ip, *at, bytes);
		}
		ares_free_hostent(host);
	}
	if (count == 0 && str_alike(str_cstr(name), STR("localhost"))) { /* RFC 6761 6.3 */
		addrs[count++] = (struct addr){ .family = ADDR_V4, .ip = { 127, 0, 0, 1 } };
		addrs[count++] = (struct addr){ .family = ADDR_V6, .ip = { [15] = 1 } };
	}
	return count;
}

/* Puts a question to DNS. */
static void
ask_dns(struct names *names, struct ref ref, enum names_kind kind, const char *name)
{
	struct ask *ask = names->asks < ASKS_MAX ? calloc(1, sizeof *ask) : NULL;

	if (ask == NULL) {
		answer_none(names, ref, kind, NAMES_FAILED, FAILED_S);
		return;
	}
	*ask = (struct ask){ .all = names, .ref = ref, .kind = kind, .ttl_s = UINT32_MAX };
	names->asks++;
	switch (kind) {
	case NAMES_SRV:
		ares_query(names->channel, name, ns_c_in, ns_t_srv, on_services, ask);
		return;
	case NAMES_NAPTR:
		ares_query(names->channel, name, ns_c_in, ns_t_naptr, on_services, ask);
		return;
	case NAMES_ADDRESSES: break;
	}
	ask->pending = 2;
	/* Either may be answered, and ASK be gone, before the second call returns. */
	ares_query(names->channel, name, ns_c_in, ns_t_a, on_a, ask);
	ares_query(names->channel, name, ns_c_in, ns_t_aaaa, on_aaaa, ask);
}

/* How much of NAME are the labels of a service, `_sips._tcp.`. */
static size_t
service_labels(struct str name)
{
	size_t at = 0;

	while (at < name.len && name.at[at] == '_')
		at += str_find(str_from(name, at), '.') + 1;
	return at < name.len ? at : 0;
}

void
names_ask(struct names *names, struct ref ref, enum names_kind kind, struct str name)
{
	struct addr addrs[NAMES_MAX];
	bool is_addr = addr_parse(&addrs[0], name);
	uint32_t count;
	char *text;

	if (is_addr && kind == NAMES_ADDRESSES) {
		answer(names, ref, addrs, 1, DNS_HOSTS_S);
		return;
	}
	if (is_addr || str_is_empty(name) || name.len > NAME_BYTES_MAX ||
		str_find(name, '\0') < name.len) {
		answer_none(names, ref, kind, NAMES_ABSENT, DNS_ABSENT_S);
		return;
	}
	text = bytes_cstr(name);
	count = look_in_hosts(names, text + service_labels(name), addrs);
	if (count == 0)
		ask_dns(names, ref, kind, text);
	else if (kind == NAMES_ADDRESSES)
		answer(names, ref, addrs, count, DNS_HOSTS_S);
	else /* whoever wrote the address down means that, and no DNS */
		answer_none(names, ref, kind, NAMES_ABSENT, DNS_HOSTS_S);
	free(text);
}

int64_t
names_turn(struct names *names)
{
	struct timeval wait;

	if (names->asks == 0)
		return -1;
	/* Sockets are told of by the loop; this is for questions that are overdue. */
	ares_process_fd(names->channel, ARES_SOCKET_BAD, ARES_SOCKET_BAD);
	if (names->asks == 0 || ares_timeout(names->channel, NULL, &wait) == NULL)
		return -1;
	return (int64_t)wait.tv_sec * 1000 + wait.tv_usec / 1000 + 1;
}
