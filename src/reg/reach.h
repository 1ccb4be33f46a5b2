/* SPDX-License-Identifier: Apache-2.0 */
/* reach.h - whether a URI may be registered at all. */
#ifndef REG_REACH_H
#define REG_REACH_H

#include "base/flow.h"
#include "sip/nameaddr.h"

enum reach_verdict {
	REACH_GOOD,
	REACH_SIPS_UDP,  /* sips with transport=udp                         */
	REACH_SIPS_BY,   /* sips over a transport that we lack (RFC 4168 5)  */
	REACH_SIPS_MANY, /* sips with ttl or a multicast maddr               */
	REACH_NOT_SIP,   /* no leg can be made to it                        */
	REACH_LONG,      /* beyond URI_BYTES_MAX                            */
	REACH_OURS,      /* one of our listeners: calls to it would loop    */
	REACH_NOWHERE,   /* loopback though SOURCE is none, or multicast, or no host at all */
};

/* Judges URI, registered by SOURCE. */
enum reach_verdict reach_judge(const struct uri *uri, const struct addr *source,
	const struct listener *listeners, uint32_t listener_count);

/* The q of a Contact, 1000 without one (RFC 3261 25.1: 0 to 1, at most three decimals).
 * Ends: true; false when it is malformed. */
bool contact_q(const struct nameaddr *, uint32_t *thousandths);

#endif
