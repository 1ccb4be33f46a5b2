/* SPDX-License-Identifier: Apache-2.0 */
/* outbound.h - what RFC 5626 makes of a REGISTER: which flow of which instance it comes by. */
#ifndef REG_OUTBOUND_H
#define REG_OUTBOUND_H

#include "reg/registrar.h"
#include "sip/nameaddr.h"

/* What names a binding: for a phone that uses outbound its instance and the number of the flow,
 * whatever its URI is; else the URI alone. */
struct binding_key {
	const struct uri *uri;
	struct str instance; /* `<urn:uuid:...>` as it stands between the quotes, or empty */
	uint32_t reg_id;     /* 0: it does not use outbound                               */
};

enum outbound_verdict {
	OUTBOUND_NOT, /* it is not asked for, or cannot be kept alive: any reg-id is passed over */
	OUTBOUND_USED,
	OUTBOUND_LACKS,  /* the first hop is a proxy that knows nothing of it: 439 */
	OUTBOUND_MANY,   /* a reg-id, and several Contacts that are to come: 400   */
	OUTBOUND_BAD_ID, /* a reg-id that is no number from 1 to 2^31-1: 400       */
};

/* Judges REQUEST, COMING of whose Contacts are to come in force (RFC 5626 6). Over a datagram
 * socket of our own nothing would keep its flow alive, since we speak no STUN: there it is not
 * used.
 * Pre: the Contacts can be read. */
enum outbound_verdict outbound_judge(const struct register_request *request, uint32_t coming);

/* What names the binding of CONTACT. Views as CONTACT's. */
struct binding_key outbound_key(const struct nameaddr *contact, bool is_used);

/* Whether BINDING is the one of that name. */
bool outbound_is_same(const struct binding *, const struct binding_key *);

#endif
