/* SPDX-License-Identifier: Apache-2.0 */
/* sock.h - sockets of our own, made as we want them before the event loop gets them. */
#ifndef NET_SOCK_H
#define NET_SOCK_H

#include <sys/socket.h>

#include "base/flow.h"

/* Writes ADDR as the system's; SA is cleared first.
 * Ends: the length that goes with it. Pre: ADDR has a family. */
socklen_t sock_from_addr(struct sockaddr_storage *sa, const struct addr *addr);

/* Reads the system's address.
 * Ends: true with *ADDR, or false for a family that is not IP. */
bool sock_to_addr(struct addr *addr, const struct sockaddr *sa);

/* Makes a socket for TRANSPORT that is bound to ADDR, ready to be received from or listened on:
 * non-blocking, closed on exec, IPv6 only for IPv6.
 * Ends: the descriptor, or -1 with one sentence in WHY that names the address. */
int sock_bind(enum transport, const struct addr *addr, struct buf *why);

/* Makes a stream socket, not connected. Ends: the descriptor, or -1 with errno. */
int sock_stream(enum addr_family);

/* No delay, keep-alive, and a limit to how long data stays unacknowledged. */
void sock_tune_stream(int fd);

/* The address that FD is bound to, and that of its peer. Ends: true, or false with errno. */
bool sock_local(int fd, struct addr *addr);
bool sock_peer(int fd, struct addr *addr);

/* The addresses of this machine's interfaces that are up, of FAMILY, without link-local ones; at
 * most MAX. Ends: how many. */
uint32_t sock_addresses(enum addr_family family, struct addr *addrs, uint32_t max);

/* `UDP`, `TCP`, `TLS`. */
struct str sock_transport_name(enum transport);

#endif
