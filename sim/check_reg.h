/* SPDX-License-Identifier: Apache-2.0 */
/* check_reg.h - the registrar of the judge: check_reg.c keeps it, check_reach.c asks it. */
#ifndef SIM_CHECK_REG_H
#define SIM_CHECK_REG_H

#include "check_inside.h"

enum { URI_BYTES = 200, SKEW_S = 2 };

struct entry {
	char uri[URI_BYTES];
	uint64_t flow, call_id;
	uint64_t key; /* RFC 5626: of the instance and its flow; 0: the URI is the name */
	uint32_t cseq;
	enum check_transport transport;
	char peer[64];
	int64_t expires_at_s;
	bool is_gone, is_unsure, has_crashed;
	bool is_granted; /* its time was told, and is not only what was asked */
	bool is_blown;   /* the calendar jumped since: it may have been over for a while */
	bool is_stored, is_stored_gone; /* what the store has, and the server may not know yet */
};

struct aor {
	int64_t quiet_until_ms; /* the store has something that the server may not know yet */
	uint64_t txn;           /* whose that was */
	bool is_blurred;        /* two Contacts that only the server can tell apart */
	unsigned count;
	struct entry list[CONTACTS];
};

struct registry {
	struct bag aors, asks;
};

/* The address of a key; it is there from then on. */
struct aor *seen_reg_aor(struct check *, uint64_t key);

/* Whether it can be known what the server knows of it. */
bool seen_reg_is_clear(const struct check *, const struct aor *);

#endif
