/* SPDX-License-Identifier: Apache-2.0 */
/* via.h - one Via value (RFC 3261 20.42, RFC 3581). */
#ifndef SIP_VIA_H
#define SIP_VIA_H

#include "base/flow.h"
#include "sip/uri.h"

struct via {
	struct str text;      /* all of it, trimmed                             */
	struct str transport; /* `UDP`, `TCP`, `TLS`, or another token          */
	struct str host;      /* sent-by host; IPv6 in brackets                 */
	uint16_t port;        /* sent-by port; 0: not written                   */
	struct str params;    /* with the leading `;`, or empty                 */
	struct str branch;    /* STR_NONE if absent                             */
	struct str received;  /* STR_NONE if absent                             */
	bool has_rport;       /* `rport`, with or without a value               */
	uint16_t rport;       /* its value, 0 if it has none                    */
};

/* Reads TEXT, one value of a Via header. Ends: true; false with *AT the offset of what is wrong. */
bool via_parse(struct via *, struct str text, size_t *at);

/* Whether the branch begins with the magic cookie (case ignored) and has more behind it. */
bool via_has_cookie(const struct via *);

/* Puts the top Via of a request that came FROM as a response must show it: the value as it was,
 * without any received and with a bare rport filled, and `received` added when asked by rport, when
 * the sent-by host is not the source address, or ALWAYS (RFC 3261 18.2.1, RFC 3581 4). */
void via_write_answered(struct buf *, const struct via *, const struct addr *from, bool always);

/* Where a response to this request goes when it is a datagram (RFC 3261 18.2.2, RFC 3581 4): the
 * source FROM, with the port of the source if rport was asked for, else the sent-by port. */
struct addr via_answer_to(const struct via *, const struct addr *from);

#endif
