/* SPDX-License-Identifier: Apache-2.0 */
/* config_value.h - small words of a configuration: times, host and port, listeners. */
#ifndef MAIN_CONFIG_VALUE_H
#define MAIN_CONFIG_VALUE_H

#include "net/net.h"

/* Reads `500ms` or `2s`: from 1 ms to a minute.
 * Ends: true with *MS; false with *WHY a sentence. */
bool value_time(struct str text, int64_t *ms, struct str *why);

/* A host, and a port if one is written (0 if not). */
struct endpoint {
	struct str host; /* IPv6 in brackets */
	struct addr ip;  /* without the port; family ADDR_NONE: the host is a name */
	uint16_t port;
};

/* Reads `host[:port]`, nothing around it. After: views into TEXT.
 * Ends: true; false with *WHY a sentence and *AT the offset of what is wrong. */
bool value_endpoint(struct str text, struct endpoint *endpoint, struct str *why, size_t *at);

/* Reads the URI of a listener: `sips:IP[:PORT]` or `sip:IP[:PORT];transport=`.
 * After: *LISTEN has its transport and address with the port, nothing else is set.
 * Ends: true; false with *WHY a sentence and *AT the offset of what is wrong. */
bool value_listen(struct str text, struct net_listen *listen, struct str *why, size_t *at);

#endif
