/* SPDX-License-Identifier: Apache-2.0 */
/* binding.h - the set of bindings of one address-of-record, as values and as octets for the
 * store. */
#ifndef REG_BINDING_H
#define REG_BINDING_H

#include "base/event.h"
#include "base/limits.h"
#include "secure/scheme.h"

struct binding {
	struct str contact;     /* the URI as the phone sent it, without <>                  */
	struct str params;      /* its header parameters but expires and q, with leading `;`  */
	struct speech speech;   /* sips is TLS; sip: what it arrived over                     */
	struct flow_id flow;    /* the way back: the connection, or for UDP our socket        */
	struct addr source;     /* where it came from: the far end for UDP                    */
	int64_t expires_at_s;   /* calendar                                                   */
	uint32_t q_thousandths; /* 1000 without a q                                           */
	struct str call_id;
	uint32_t cseq;
	bool is_proven;      /* by digest */
	struct str instance; /* the value of +sip.instance, or empty                          */
	uint32_t reg_id;     /* with an instance: the flow, by RFC 5626; 0: it is not used    */
	struct str path;     /* the proxies before it, as Route values in order, or empty      */
};

struct binding_set {
	uint32_t count;
	struct binding list[CONTACTS_PER_AOR_MAX];
};

/* Octets for the store, and back. Views of a read set live as long as OCTETS.
 * Ends: false when the octets are no set of ours. */
void binding_set_write(struct buf *, const struct binding_set *);
bool binding_set_read(struct binding_set *, struct str octets);

#endif
