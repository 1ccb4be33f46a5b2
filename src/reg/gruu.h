/* SPDX-License-Identifier: Apache-2.0 */
/* gruu.h - URIs that lead to one instance of an address-of-record (RFC 5627).
 *
 *   public     sips:7000@example.com;gr=urn:uuid:...   the address, and the URN of the instance
 *   temporary  sips:tgruu.<40 hex digits>@example.com;gr   says neither whose it is nor which
 *
 * Nothing is kept of them. A public one is made of what it leads to, and good for ever. A temporary
 * one names the slot of its address, masked, and proves by a MAC under a key of this run that it
 * was made for that address, instance and Call-ID: it ends with the binding, with another Call-ID
 * (RFC 5627 3.2), and with the server. No two are the same. Either is good in both schemes, and
 * shown in the one of its Contact (RFC 5630 5.2.1).
 */
#ifndef REG_GRUU_H
#define REG_GRUU_H

#include "reg/table.h"
#include "sip/uri.h"

/* Whose GRUUs a 200 shows. */
struct gruu_terms {
	struct str host; /* of the To of the REGISTER; empty: it shows none */
	struct str aor;
	uint32_t slot; /* of the address in the registrar's table */
};

/* The host in the GRUUs of an answer to MSG; empty: the phone knows nothing of them. */
struct str gruu_host(const struct msg *);

/* Whether URI has the form of a GRUU: a parameter `gr`. */
bool gruu_is(const struct uri *);

/* Puts `;pub-gruu="..."` and `;temp-gruu="..."` of BINDING, behind its Contact. Nothing of one
 * without an instance, or whose instance is no URN that a URI takes as it is. */
void gruu_write(
	struct registrar *, struct buf *, const struct gruu_terms *, const struct binding *);

#endif
