/* SPDX-License-Identifier: Apache-2.0 */
/* contract.h - what the messages of a leg carry, and which rule fixed it.
 *
 * One table says it for each part of a message, for the leg that we make and the one that we
 * answer, by what the leg speaks. The same file writes these parts, for the legs themselves and
 * for who asks before there is a leg; so what is told is what would be sent.
 */
#ifndef SECURE_CONTRACT_H
#define SECURE_CONTRACT_H

#include "base/addr.h"
#include "base/buf.h"
#include "secure/scheme.h"

enum contract_part {
	PART_REQUEST_URI,
	PART_FROM,
	PART_TO,
	PART_CONTACT,
	PART_VIA,
	PART_ROUTE,
	PART_TARGET, /* where it goes, and what the far end must prove */
	CONTRACT_PARTS,
};

/* The callee's leg, whose INVITE we write; the caller's, whose INVITE we answer. */
enum contract_side { SIDE_MADE, SIDE_ANSWERED };

struct contract_row {
	enum contract_side side;
	enum contract_part part;
	unsigned schemes;    /* bit 1 << enum scheme    */
	unsigned transports; /* bit 1 << enum transport */
	struct str shape;    /* what it looks like */
	struct str rule;     /* the clause, option or decision that fixed it */
	struct str why;      /* one sentence */
};

/* All rows; *COUNT their number. */
const struct contract_row *contract_rows(uint32_t *count);

/* The one row for this. Pre: SPEECH has a transport, TLS for sips. */
const struct contract_row *contract_row(
	enum contract_side, enum contract_part, const struct speech *);

/* `Request-URI`, `From`, ... `target`. */
struct str contract_part_name(enum contract_part);

/* What the parts of one leg are made of. */
struct contract_terms {
	struct speech speech;
	struct str request_uri;
	struct str to_uri;        /* without brackets                               */
	struct str from_display;  /* with its quotes, or empty                      */
	struct str from_user;     /* escapes in; empty: none                        */
	struct str realm;         /* the host in From                               */
	struct str contact_user;  /* escapes in; empty: none                        */
	struct str contact_param; /* with its `;`, or empty                         */
	struct str gruu;          /* our Contact behind its scheme instead, or empty */
	struct str face;          /* host and port of ours that the device shall see */
	struct str name;          /* TLS that we dial: whom the far end must prove to be */
	struct addr target;
	struct str routes; /* Route values, or empty */
};

/* Puts the value of PART as it stands in the message that makes the dialog, without a tag and a
 * branch; of PART_TARGET a text for people. What could not stand in a message makes the buf
 * full. */
void contract_write(struct buf *, enum contract_part, const struct contract_terms *);

/* What our Contact speaks in a leg of SCHEME along ROUTES, Route values: sips where the Request-URI
 * or the topmost Route is (RFC 3261 8.1.1.8). */
enum scheme contract_contact_scheme(enum scheme, struct str routes);

/* The two parts that are written again and again: our Contact, and a Via up to its branch. */
void contract_write_contact(
	struct buf *, enum scheme, struct str user, struct str face, struct str param);
void contract_write_via(struct buf *, enum transport, struct str face);

#endif
