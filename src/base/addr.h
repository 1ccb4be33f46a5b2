/* SPDX-License-Identifier: Apache-2.0 */
/* addr.h - an IP address and a port, as a plain value. */
#ifndef BASE_ADDR_H
#define BASE_ADDR_H

#include "base/buf.h"

enum addr_family { ADDR_NONE, ADDR_V4, ADDR_V6 };

struct addr {
	enum addr_family family;
	uint8_t ip[16]; /* the first 4 for v4; network order */
	uint16_t port;  /* host order; 0: none               */
};

/* The textual form of an address, of either family, without brackets or port; room for NUL none. */
enum { ADDR_TEXT_MAX = 64 };

/* Reads an IP literal: `192.0.2.1`, `2001:db8::1` or `[2001:db8::1]`, with RFC 5954's grammar (so
 * 444.555.666.777 and a triple colon are refused), no zone, no port.
 * Ends: true with *ADDR set and port 0, or false. */
bool addr_parse(struct addr *addr, struct str text);

/* Puts the address in RFC 5952 form; addr_write brackets v6 as a URI host does, addr_write_bare
 * does not (Via received), addr_write_port adds `:port`. */
void addr_write(struct buf *, const struct addr *);
void addr_write_bare(struct buf *, const struct addr *);
void addr_write_port(struct buf *, const struct addr *);

/* The same address; the same address and port. An IPv4-mapped IPv6 address is not its IPv4 form. */
bool addr_same_ip(const struct addr *, const struct addr *);
bool addr_same(const struct addr *, const struct addr *);

/* 127.0.0.0/8 and ::1, and their v4-mapped forms. */
bool addr_is_loopback(const struct addr *);

/* 0.0.0.0 and ::. */
bool addr_is_any(const struct addr *);

/* 224.0.0.0/4, ff00::/8 and 255.255.255.255. */
bool addr_is_multicast(const struct addr *);

#endif
