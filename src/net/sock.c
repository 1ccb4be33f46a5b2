/* SPDX-License-Identifier: Apache-2.0 */
#include "net/sock.h"

#include <errno.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <unistd.h>

#include "base/limits.h"
#include "base/panic.h"

enum { UDP_BUFFER_BYTES = 4 * 1024 * 1024 }; /* a burst of a second; the system may give less */

socklen_t
sock_from_addr(struct sockaddr_storage *sa, const struct addr *addr)
{
	must(addr->family != ADDR_NONE);
	memset(sa, 0, sizeof *sa);
	if (addr->family == ADDR_V4) {
		struct sockaddr_in in = { .sin_family = AF_INET, .sin_port = htons(addr->port) };

		memcpy(&in.sin_addr, addr->ip, 4);
		memcpy(sa, &in, sizeof in);
		return sizeof in;
	} else {
		struct sockaddr_in6 in6 = { .sin6_family = AF_INET6,
			.sin6_port = htons(addr->port) };

		memcpy(&in6.sin6_addr, addr->ip, 16);
		memcpy(sa, &in6, sizeof in6);
		return sizeof in6;
	}
}

bool
sock_to_addr(struct addr *addr, const struct sockaddr *sa)
{
	*addr = (struct addr){ .family = ADDR_NONE };
	if (sa->sa_family == AF_INET) {
		struct sockaddr_in in;

		memcpy(&in, sa, sizeof in);
		addr->family = ADDR_V4;
		addr->port = ntohs(in.sin_port);
		memcpy(addr->ip, &in.sin_addr, 4);
		return true;
	}
	if (sa->sa_family == AF_INET6) {
		struct sockaddr_in6 in6;

		memcpy(&in6, sa, sizeof in6);
		addr->family = ADDR_V6;
		addr->port = ntohs(in6.sin6_port);
		memcpy(addr->ip, &in6.sin6_addr, 16);
		return true;
	}
	return false;
}

static void
set_option(int fd, int level, int name, int value)
{
	/* Each is an improvement that the server can live without. */
	(void)setsockopt(fd, level, name, &value, sizeof value);
}

static int
domain_of(enum addr_family family)
{
	return family == ADDR_V6 ? AF_INET6 : AF_INET;
}

static void
write_why(struct buf *why, enum transport transport, const struct addr *addr, const char *error)
{
	buf_put(why, STR("cannot listen on "));
	addr_write_port(why, addr);
	buf_put(why, STR(" ("));
	buf_put(why, sock_transport_name(transport));
	buf_put(why, STR("): "));
	buf_put(why, str_cstr(error));
}

int
sock_bind(enum transport transport, const struct addr *addr, struct buf *why)
{
	bool is_udp = transport == TRANSPORT_UDP;
	struct sockaddr_storage sa;
	socklen_t len = sock_from_addr(&sa, addr);
	int type = (is_udp ? SOCK_DGRAM : SOCK_STREAM) | SOCK_NONBLOCK | SOCK_CLOEXEC;
	int fd = socket(domain_of(addr->family), type, 0);

	if (fd < 0) {
		write_why(why, transport, addr, strerror(errno));
		return -1;
	}
	if (addr->family == ADDR_V6)
		set_option(fd, IPPROTO_IPV6, IPV6_V6ONLY, 1);
	if (is_udp) {
		set_option(fd, SOL_SOCKET, SO_RCVBUF, UDP_BUFFER_BYTES);
		set_option(fd, SOL_SOCKET, SO_SNDBUF, UDP_BUFFER_BYTES);
	} else {
		/* For a restart while old connections wait out their time; never for UDP, where it
		 * would let two servers have one port. */
		set_option(fd, SOL_SOCKET, SO_REUSEADDR, 1);
	}
	if (bind(fd, (struct sockaddr *)&sa, len) < 0 || (!is_udp && listen(fd, SOMAXCONN) < 0)) {
		write_why(why, transport, addr, strerror(errno));
		close(fd);
		return -1;
	}
	return fd;
}

int
sock_stream(enum addr_family family)
{
	return socket(domain_of(family), SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
}

void
sock_tune_stream(int fd)
{
	set_option(fd, IPPROTO_TCP, TCP_NODELAY, 1);
	set_option(fd, SOL_SOCKET, SO_KEEPALIVE, 1);
	set_option(fd, IPPROTO_TCP, TCP_KEEPIDLE, KEEPALIVE_IDLE_S);
	set_option(fd, IPPROTO_TCP, TCP_KEEPINTVL, KEEPALIVE_EACH_S);
	set_option(fd, IPPROTO_TCP, TCP_KEEPCNT, KEEPALIVE_COUNT);
	set_option(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, TCP_UNACKED_MS);
}

bool
sock_local(int fd, struct addr *addr)
{
	struct sockaddr_storage sa;
	socklen_t len = sizeof sa;

	return getsockname(fd, (struct sockaddr *)&sa, &len) == 0 &&
		sock_to_addr(addr, (struct sockaddr *)&sa);
}

bool
sock_peer(int fd, struct addr *addr)
{
	struct sockaddr_storage sa;
	socklen_t len = sizeof sa;

	return getpeername(fd, (struct sockaddr *)&sa, &len) == 0 &&
		sock_to_addr(addr, (struct sockaddr *)&sa);
}

static bool
is_link_local(const struct addr *addr)
{
	return addr->family == ADDR_V6 && addr->ip[0] == 0xfe && (addr->ip[1] & 0xc0) == 0x80;
}

uint32_t
sock_addresses(enum addr_family family, struct addr *addrs, uint32_t max)
{
	struct ifaddrs *list, *one;
	uint32_t count = 0;

	if (getifaddrs(&list) < 0)
		return 0;
	for (one = list; one != NULL && count < max; one = one->ifa_next) {
		struct addr addr;
		bool is_known = false;

		if (one->ifa_addr == NULL || (one->ifa_flags & IFF_UP) == 0 ||
			!sock_to_addr(&addr, one->ifa_addr) || addr.family != family ||
			is_link_local(&addr))
			continue;
		addr.port = 0;
		for (uint32_t i = 0; i < count; i++)
			is_known = is_known || addr_same(&addrs[i], &addr);
		if (!is_known)
			addrs[count++] = addr;
	}
	freeifaddrs(list);
	return count;
}

struct str
sock_transport_name(enum transport transport)
{
	switch (transport) {
	case TRANSPORT_UDP: return STR("UDP");
	case TRANSPORT_TCP: return STR("TCP");
	case TRANSPORT_TLS: return STR("TLS");
	case TRANSPORT_NONE: break;
	}
	return STR("none");
}
