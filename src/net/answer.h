/* SPDX-License-Identifier: Apache-2.0 */
/* answer.h - the answer of a DNS server, octet by octet: records of SRV and NAPTR with their TTLs.
 *
 * c-ares checks that an answer belongs to its question and gives addresses with their TTLs; the
 * structures in which its 1.18 gives services have none. What a server says is hostile: nothing is
 * believed that does not stand wholly inside the message, and what is no host name is left out.
 */
#ifndef NET_ANSWER_H
#define NET_ANSWER_H

#include "base/event.h"

enum {
	ANSWER_NAME_MAX = 255, /* RFC 1035 2.3.4 */

	ANSWER_WORD_MAX = 32, /* flags, or a service; a record with longer ones is left out */
};

struct answer {
	uint32_t count;
	uint32_t ttl_s; /* the least of all that was followed; of an absence as RFC 2308 5 has it;
	                 * UINT32_MAX: nothing was said about it */
	/* By their order; those beyond the last are left out. Names are views into `names`, the
	 * rest into the message. */
	struct dns_record services[SERVICES_MAX];
	char names[SERVICES_MAX][ANSWER_NAME_MAX];
};

/* Reads MESSAGE as the answer to a question for KIND, which is NAMES_SRV or NAMES_NAPTR. A chain of
 * CNAMEs is followed, but not in circles. Records with a regular expression are left out: RFC 3263
 * 4.1 has none.
 * Ends: true with *ANSWER (of no record, if there is none for the name that was asked for); false
 * if it is malformed. */
bool answer_read(struct answer *, struct str message, enum names_kind kind);

#endif
