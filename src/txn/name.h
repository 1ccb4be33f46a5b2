/* SPDX-License-Identifier: Apache-2.0 */
/* name.h - what tells one request that we answer from another (RFC 3261 17.2.3, 8.2.2.2). */
#ifndef TXN_NAME_H
#define TXN_NAME_H

#include "base/map.h"
#include "sip/msg.h"

/* Views into the request, or into the transaction that keeps them. */
struct txn_name {
	struct str branch; /* STR_NONE without the magic cookie: then the rules of RFC 2543 hold */
	struct str host;   /* sent-by */
	uint16_t port;
	struct str method; /* INVITE for its ACK */
	struct str call_id, from_tag, to_tag;
	uint32_t cseq;
	struct str target, via; /* looked at without the cookie only */
	bool has_any_to_tag;    /* an ACK or CANCEL: its To tag need not be that of the request */
};

/* The name of a request. The views live as long as the message. */
struct txn_name txn_name_of(const struct msg *);

/* What a request is looked up by; its method does not count, so that a CANCEL finds what it means.
 * FOLD is scratch of HEAD_BYTES_MAX octets. */
uint64_t txn_name_hash(const struct map *, const struct txn_name *, char *fold);

/* Whether THEIRS names the transaction OURS, the method left aside. */
bool txn_name_matches(const struct txn_name *ours, const struct txn_name *theirs);

/* The same for merged requests: Call-ID, From tag and CSeq with its method. */
uint64_t txn_name_merge_hash(const struct map *, const struct txn_name *);
bool txn_name_is_merged(const struct txn_name *ours, const struct txn_name *theirs);

/* Copies the texts into BUF and points the views there; those that no rule needs become STR_NONE.
 * Ends: true; false if they do not fit. */
bool txn_name_keep(struct txn_name *, struct buf *);

#endif
