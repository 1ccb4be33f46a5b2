/* SPDX-License-Identifier: Apache-2.0 */
/* relay TLS_PORT UDP_PORT CALLEE_PORT CERTIFICATE KEY - moves what comes over TLS to a phone over
 * UDP
 * and back, one record a datagram, and knows no SIP: what a server of calls could cost at least. */
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/ssl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/panic.h"
#include "base/str.h"

enum { PIECE_BYTES = 16 * 1024 };

struct relay {
	SSL_CTX *ctx;
	SSL *ssl; /* of the one connection, or NULL */
	int epoll, listener, udp, stream;
};

static bool
read_port(const char *word, struct sockaddr_in *at)
{
	uint64_t port;

	if (!str_number(str_cstr(word), 65535, &port))
		return false;
	*at = (struct sockaddr_in){ .sin_family = AF_INET,
		.sin_port = htons((uint16_t)port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	return true;
}

static void
watch(const struct relay *r, int fd)
{
	struct epoll_event event = { .events = EPOLLIN, .data.fd = fd };

	must(epoll_ctl(r->epoll, EPOLL_CTL_ADD, fd, &event) == 0);
}

static bool
open_sockets(struct relay *r, char **words)
{
	struct sockaddr_in tls, udp, callee;
	int one = 1;

	if (!read_port(words[0], &tls) || !read_port(words[1], &udp) ||
		!read_port(words[2], &callee))
		return false;
	r->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	r->udp = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	(void)setsockopt(r->listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
	return bind(r->listener, (struct sockaddr *)&tls, sizeof tls) == 0 &&
		listen(r->listener, 8) == 0 &&
		bind(r->udp, (struct sockaddr *)&udp, sizeof udp) == 0 &&
		connect(r->udp, (struct sockaddr *)&callee, sizeof callee) == 0;
}

static void
drop(struct relay *r)
{
	SSL_free(r->ssl);
	close(r->stream);
	r->ssl = NULL;
	r->stream = -1;
}

static void
take(struct relay *r)
{
	int fd = accept(r->listener, NULL, NULL);
	int one = 1;

	if (fd < 0)
		return;
	if (r->ssl != NULL)
		drop(r);
	(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
	r->stream = fd;
	r->ssl = SSL_new(r->ctx);
	must(r->ssl != NULL && SSL_set_fd(r->ssl, fd) == 1);
	if (SSL_accept(r->ssl) != 1 || fcntl(fd, F_SETFL, O_NONBLOCK) < 0)
		drop(r);
	else
		watch(r, fd);
}

static void
move_out(struct relay *r)
{
	char piece[PIECE_BYTES];
	int got;

	while ((got = SSL_read(r->ssl, piece, sizeof piece)) > 0)
		(void)send(r->udp, piece, (size_t)got, 0);
	if (SSL_get_error(r->ssl, got) != SSL_ERROR_WANT_READ)
		drop(r);
}

static void
move_in(struct relay *r)
{
	char piece[PIECE_BYTES];
	ssize_t got;

	while ((got = recv(r->udp, piece, sizeof piece, 0)) > 0)
		if (r->ssl != NULL && SSL_write(r->ssl, piece, (int)got) <= 0)
			drop(r);
}

int
main(int argc, char **argv)
{
	struct relay r = { .stream = -1 };
	struct epoll_event events[4];

	r.ctx = SSL_CTX_new(TLS_server_method());
	r.epoll = epoll_create1(EPOLL_CLOEXEC);
	must(r.ctx != NULL && r.epoll >= 0);
	(void)signal(SIGPIPE, SIG_IGN);
	SSL_CTX_set_read_ahead(r.ctx, 1);
	if (argc != 6 || !open_sockets(&r, argv + 1) ||
		SSL_CTX_use_certificate_chain_file(r.ctx, argv[4]) != 1 ||
		SSL_CTX_use_PrivateKey_file(r.ctx, argv[5], SSL_FILETYPE_PEM) != 1) {
		fputs("relay: cannot begin\n", stderr);
		return 1;
	}
	watch(&r, r.listener);
	watch(&r, r.udp);
	for (;;) {
		int count = epoll_wait(r.epoll, events, 4, -1);

		for (int i = 0; i < count; i++) {
			if (events[i].data.fd == r.listener)
				take(&r);
			else if (events[i].data.fd == r.udp)
				move_in(&r);
			else if (r.ssl != NULL && events[i].data.fd == r.stream)
				move_out(&r);
		}
	}
}
