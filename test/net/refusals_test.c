/* SPDX-License-Identifier: Apache-2.0 */
/* What the system refuses the network: each refusal is told, and no place and no descriptor is lost
 * by it. The linker puts the functions below before the real ones (--wrap). */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <uv.h>

#include <cmocka.h>

#include "base/limits.h"
#include "support/descriptors.h"
#include "support/nets.h"

#define DENIED_ERRNO EIO
#include "support/deny.h"

static bool is_full; /* nothing can be written at once */

DENY(int, uv_listen, (uv_stream_t * s, int n, uv_connection_cb c), (s, n, c), UV_EADDRINUSE)
DENY(int, uv_accept, (uv_stream_t * s, uv_stream_t *c), (s, c),
	((void)__real_uv_accept(s, c), UV_EMFILE))
DENY(int, uv_read_start, (uv_stream_t * s, uv_alloc_cb a, uv_read_cb r), (s, a, r), UV_ENOTCONN)
DENY(int, uv_write, (uv_write_t * r, uv_stream_t *s, const uv_buf_t *b, unsigned n, uv_write_cb c),
	(r, s, b, n, c), UV_EPIPE)
DENY(int, uv_shutdown, (uv_shutdown_t * r, uv_stream_t *s, uv_shutdown_cb c), (r, s, c),
	UV_ENOTCONN)
DENY(int, uv_tcp_open, (uv_tcp_t * t, uv_os_sock_t fd), (t, fd), UV_EEXIST)
DENY(int, uv_tcp_connect,
	(uv_connect_t * r, uv_tcp_t *t, const struct sockaddr *a, uv_connect_cb c), (r, t, a, c),
	UV_ENETUNREACH)
DENY(int, uv_udp_open, (uv_udp_t * u, uv_os_sock_t fd), (u, fd), UV_EEXIST)
DENY(int, uv_udp_recv_start, (uv_udp_t * u, uv_alloc_cb a, uv_udp_recv_cb r), (u, a, r),
	UV_EALREADY)
DENY(int, uv_poll_init, (uv_loop_t * l, uv_poll_t *p, int fd), (l, p, fd), UV_EEXIST)
DENY(int, uv_poll_start, (uv_poll_t * p, int e, uv_poll_cb c), (p, e, c), UV_EBADF)
DENY(int, getpeername, (int fd, struct sockaddr *a, socklen_t *l), (fd, a, l),
	(errno = ENOTCONN, -1))
DENY(int, getsockname, (int fd, struct sockaddr *a, socklen_t *l), (fd, a, l),
	(errno = ENOBUFS, -1))
DENY(int, sendmmsg, (int fd, struct mmsghdr *m, unsigned n, int f), (fd, m, n, f),
	(errno = ENOBUFS, -1))

int __real_uv_try_write(uv_stream_t *stream, const uv_buf_t *bufs, unsigned count);
int __wrap_uv_try_write(uv_stream_t *stream, const uv_buf_t *bufs, unsigned count);

int
__wrap_uv_try_write(uv_stream_t *stream, const uv_buf_t *bufs, unsigned count)
{
	return is_full ? UV_EAGAIN : __real_uv_try_write(stream, bufs, count);
}

static void
open_tcp(struct side *side)
{
	const struct net_listen listen = loopback(TRANSPORT_TCP);

	side_open(side, &(struct net_options){ .listens = &listen, .listen_count = 1 });
}

static void
open_dialler(struct side *side)
{
	side_open(side, &(struct net_options){ .listens = NULL });
}

static void
dial(struct side *client, const struct side *server, uint64_t number)
{
	carry_dial(client, number, TRANSPORT_TCP, side_addr(server, 0), STR(""));
}

static int
forget(void **state)
{
	(void)state;
	denied = NULL;
	is_full = false;
	return 0;
}

/* ---- listeners ------------------------------------------------------------------------------ */

/* Opens a net with a listener of TRANSPORT while FUNCTION is refused: it says WHY. */
static void
does_not_open(enum transport transport, const char *function, const char *wanted)
{
	const struct net_listen listen = loopback(transport);
	const struct net_options options = { .listens = &listen, .listen_count = 1 };
	char text[512];
	struct buf why = buf_on(text, sizeof text - 1);
	int before;
	struct net *net;

	net = net_open(&options, &why); /* what the process keeps from its first net on */
	assert_non_null(net);
	net_close(net);
	why = buf_on(text, sizeof text - 1);
	before = descriptors();
	denied = function;
	net = net_open(&options, &why);
	text[buf_str(&why).len] = '\0';
	assert_null(denied);
	assert_null(net);
	if (!text_has(text, wanted))
		fail_msg("%s: %s", function, text);
	assert_int_equal(descriptors(), before);
}

static void
a_listener_that_cannot_listen_is_told(void **state)
{
	(void)state;
	does_not_open(TRANSPORT_TCP, "uv_listen", "cannot listen on 127.0.0.1:");
	does_not_open(TRANSPORT_TCP, "uv_tcp_open", "cannot listen on 127.0.0.1:");
	does_not_open(TRANSPORT_TCP, "getsockname", "cannot tell where a listener is bound");
}

static void
a_socket_that_hears_no_datagrams_is_told(void **state)
{
	(void)state;
	does_not_open(TRANSPORT_UDP, "uv_udp_recv_start", "cannot receive datagrams");
	does_not_open(TRANSPORT_UDP, "uv_udp_open", "cannot receive datagrams");
	does_not_open(TRANSPORT_UDP, "getsockname", "cannot tell where a listener is bound");
}

/* ---- who comes ------------------------------------------------------------------------------ */

/* Somebody comes while FUNCTION is refused: he is turned away with a NOTE, his place is free again
 * at once, and the next one is let in. */
static void
is_turned_away(const char *function, const char *note)
{
	struct side server, client;

	open_tcp(&server);
	open_dialler(&client);
	denied = function;
	dial(&client, &server, 1);
	await_note(&server, &client);
	if (!text_has(server.note, note))
		fail_msg("%s: %s", function, server.note);
	assert_null(denied);
	assert_int_equal(net_connections(server.net), 0);
	assert_int_equal(heard_count(&server, EV_FLOW_OPEN), 0);
	await(&client, &server, EV_FLOW_CLOSED, 1);
	dial(&client, &server, 2);
	(void)await(&server, &client, EV_FLOW_OPEN, 1);
	assert_int_equal(net_connections(server.net), 1);
	side_close(&server);
	side_close(&client);
}

static void
who_cannot_be_accepted_leaves_his_place(void **state)
{
	(void)state;
	is_turned_away("uv_accept", "accepting failed: too many open files");
}

static void
who_is_gone_already_leaves_his_place(void **state)
{
	(void)state;
	is_turned_away("getpeername", "the peer is gone already");
	is_turned_away("getsockname", "the peer is gone already");
}

static void
who_cannot_be_read_is_closed(void **state)
{
	struct side server, client;

	(void)state;
	open_tcp(&server);
	open_dialler(&client);
	denied = "uv_read_start";
	dial(&client, &server, 1);
	assert_true(text_has(await(&client, &server, EV_FLOW_CLOSED, 1)->reason, "cannot read: "));
	assert_int_equal(net_connections(client.net), 0);
	side_close(&server);
	side_close(&client);
}

/* ---- whom we dial --------------------------------------------------------------------------- */

/* A dial while FUNCTION is refused: it gets its answer, which leaves nothing behind. */
static void
dial_is_answered(const char *function)
{
	struct side server, client;
	int64_t from_ms;
	int before = 0;

	open_tcp(&server);
	open_dialler(&client);
	for (unsigned i = 1; i <= 2; i++) {
		denied = function;
		from_ms = test_now_ms();
		dial(&client, &server, i);
		(void)await(&client, &server, EV_FLOW_FAILED, i);
		assert_true(test_now_ms() - from_ms < CONNECT_MS / 2); /* now, not in the end */
		assert_null(denied);
		pass_ms(&server, &client, 5);
		assert_int_equal(net_connections(client.net), 0);
		/* What the loop keeps from its first socket on is no loss. */
		if (i == 2)
			assert_int_equal(descriptors(), before);
		before = descriptors();
	}
	side_close(&server);
	side_close(&client);
}

static void
a_dial_that_cannot_begin_is_answered(void **state)
{
	(void)state;
	dial_is_answered("uv_tcp_connect");
	dial_is_answered("uv_tcp_open");
}

/* ---- what is sent --------------------------------------------------------------------------- */

static void
what_cannot_be_written_later_ends_the_connection(void **state)
{
	struct side server, client;

	(void)state;
	open_tcp(&server);
	open_dialler(&client);
	dial(&client, &server, 1);
	(void)await(&client, &server, EV_FLOW_OPEN, 1);
	is_full = true;
	denied = "uv_write";
	carry_send(&client, dialled(1), (struct addr){ 0 }, STR("OPTIONS"));
	assert_true(text_has(
		await(&client, &server, EV_FLOW_CLOSED, 1)->reason, "sending failed: broken pipe"));
	side_close(&server);
	side_close(&client);
}

static void
what_is_written_later_arrives(void **state)
{
	struct side server, client;

	(void)state;
	open_tcp(&server);
	open_dialler(&client);
	dial(&client, &server, 1);
	(void)await(&client, &server, EV_FLOW_OPEN, 1);
	is_full = true;
	carry_send(&client, dialled(1), (struct addr){ 0 }, STR("OPTIONS"));
	await_bytes(&server, &client, 7);
	side_close(&server);
	side_close(&client);
}

static void
who_cannot_be_shut_gently_is_cut(void **state)
{
	struct side server, client;

	(void)state;
	open_tcp(&server);
	open_dialler(&client);
	dial(&client, &server, 1);
	(void)await(&server, &client, EV_FLOW_OPEN, 1);
	denied = "uv_shutdown";
	carry_shut(&client, dialled(1));
	assert_null(denied);
	assert_int_equal(net_connections(client.net), 0);
	(void)await(&client, &server, EV_FLOW_CLOSED, 1);
	side_close(&server);
	side_close(&client);
}

static void
a_datagram_that_cannot_leave_is_told(void **state)
{
	const struct net_listen listen = loopback(TRANSPORT_UDP);
	struct side side;
	const struct listener *listeners;
	uint32_t count;

	(void)state;
	side_open(&side, &(struct net_options){ .listens = &listen, .listen_count = 1 });
	listeners = net_listeners(side.net, &count);
	denied = "sendmmsg";
	carry_send(&side, listeners[0].flow, listeners[0].local, STR("OPTIONS"));
	await_note(&side, NULL);
	assert_true(text_has(side.note, "cannot send a datagram to 127.0.0.1:"));
	assert_int_equal(side.bytes_len, 0);
	/* That was lost; the next one leaves. */
	carry_send(&side, listeners[0].flow, listeners[0].local, STR("OPTIONS"));
	await_bytes(&side, NULL, 7);
	side_close(&side);
}

/* ---- descriptors of others ------------------------------------------------------------------ */

static void
a_descriptor_that_cannot_be_watched_is_told(void **state)
{
	static const char *const functions[] = { "uv_poll_init", "uv_poll_start" };
	struct side side;
	int ends[2];

	(void)state;
	open_dialler(&side);
	for (size_t i = 0; i < 2; i++) {
		assert_int_equal(pipe(ends), 0);
		denied = functions[i];
		assert_false(net_watch_fd(side.net, ends[0]));
		assert_null(denied);
		close(ends[1]);
	}
	assert_int_equal(pipe(ends), 0);
	assert_true(net_watch_fd(side.net, ends[0]));
	side_close(&side);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(a_listener_that_cannot_listen_is_told, forget),
		cmocka_unit_test_setup(a_socket_that_hears_no_datagrams_is_told, forget),
		cmocka_unit_test_setup(who_cannot_be_accepted_leaves_his_place, forget),
		cmocka_unit_test_setup(who_is_gone_already_leaves_his_place, forget),
		cmocka_unit_test_setup(who_cannot_be_read_is_closed, forget),
		cmocka_unit_test_setup(a_dial_that_cannot_begin_is_answered, forget),
		cmocka_unit_test_setup(what_cannot_be_written_later_ends_the_connection, forget),
		cmocka_unit_test_setup(what_is_written_later_arrives, forget),
		cmocka_unit_test_setup(who_cannot_be_shut_gently_is_cut, forget),
		cmocka_unit_test_setup(a_datagram_that_cannot_leave_is_told, forget),
		cmocka_unit_test_setup(a_descriptor_that_cannot_be_watched_is_told, forget),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
