/* SPDX-License-Identifier: Apache-2.0 */
/* crossing.h - a call whose legs might speak different schemes, as one table.
 *
 * The caller's leg is fixed by its request, the callee's by what its device can do. The mode
 * (`crossing`) says which of the pairs are let through. The table has a row for each scheme of the
 * caller, each thing that is known of the callee's device, and the modes in which it holds; every
 * row names the clause or the option that fixed it. Nothing else decides this, and everything that
 * tells of it (documents, `route-test`, `why`) is made from the same rows.
 */
#ifndef SECURE_CROSSING_H
#define SECURE_CROSSING_H

#include "base/buf.h"
#include "secure/scheme.h"

/* ---- a call that was let through ---- */

enum crossing {
	CROSSING_NONE, /* both legs speak the same scheme                 */
	CROSSING_DOWN, /* the caller's leg is sips, the callee's is not   */
	CROSSING_UP,   /* the callee's leg is sips, the caller's is not   */
};

enum crossing crossing_of(enum scheme caller, enum scheme callee);

/* One honest sentence for logs and pictures. */
struct str crossing_text(enum crossing);

/* ---- the modes, from the mildest to the strictest ---- */

enum crossing_mode {
	MODE_PER_LEG,      /* each leg follows its device                             */
	MODE_OBSERVE,      /* the same, and it is told what strict would refuse       */
	MODE_NO_DOWNGRADE, /* a sips caller reaches sips devices alone                */
	MODE_STRICT,       /* as RFC 5630 5.3 tells a proxy: neither down nor up      */
	CROSSING_MODES,
};

/* `per-leg`, `observe`, `no-downgrade`, `strict`. */
struct str crossing_mode_name(enum crossing_mode);
bool crossing_mode_find(struct str name, enum crossing_mode *mode);

enum crossing_mode crossing_stricter(enum crossing_mode, enum crossing_mode);

/* The option `sips` of a DN: what a leg of its own may speak (RFC 5630 5.1.2). */
enum sips_policy { SIPS_ALLOWED, SIPS_REQUIRED, SIPS_REFUSED, SIPS_POLICIES };

/* `allowed`, `required`, `refused`. */
struct str sips_policy_name(enum sips_policy);
bool sips_policy_find(struct str name, enum sips_policy *policy);

/* Whether a contact that speaks so is one of a device with this option. */
bool sips_policy_fits(enum sips_policy, enum scheme);

/* ---- the table ---- */

/* What the caller's request is. */
enum crossing_from {
	FROM_SIPS,  /* sips over TLS                          */
	FROM_SIP,   /* sip over anything                      */
	FROM_CLEAR, /* sips that came over UDP or TCP         */
	FROM_MIXED, /* sips with a Contact that is not        */
};

/* What is known of the callee's device. */
enum crossing_known {
	KNOWN_ANY,    /* in rows only: whatever there is                       */
	KNOWN_SIPS,   /* it registered a sips Contact                           */
	KNOWN_BOTH,   /* it registered Contacts of both kinds                   */
	KNOWN_ALWAYS, /* its contact is configured as sips, or `sips: required` */
	KNOWN_TLS,    /* a sip Contact, reached over TLS                        */
	KNOWN_PLAIN,  /* a sip Contact, reached over UDP or TCP                 */
	KNOWN_NONE,   /* it registered nothing that may be used                 */
};

/* What becomes of the callee's leg. */
enum crossing_leg {
	LEG_B_SIPS,    /* sips over TLS                                          */
	LEG_B_SIP,     /* sip, over what the device speaks                       */
	LEG_B_SWAPPED, /* to a sips Contact: sip in its place, and still over TLS */
	LEG_B_REFUSED,
};

struct crossing_row {
	struct str name; /* as in test/rows, without the mode: `sips-tls` */
	enum crossing_from from;
	enum crossing_known known;
	unsigned modes; /* bit 1 << enum crossing_mode */
	enum crossing_leg leg;
	unsigned status;  /* LEG_B_REFUSED */
	unsigned warning; /* 380, 381, or 0 */
	struct str rule;  /* the clause or option that fixed it */
	struct str why;   /* one sentence */
};

/* All rows; *COUNT their number. */
const struct crossing_row *crossing_rows(uint32_t *count);

/* The one row for this. Pre: KNOWN is not KNOWN_ANY, nor KNOWN_BOTH for a caller that speaks sip:
 * there the Contact that comes first decides. */
const struct crossing_row *crossing_row(
	enum crossing_mode, enum crossing_from, enum crossing_known);

struct str crossing_from_text(enum crossing_from);
struct str crossing_known_text(enum crossing_known);
struct str crossing_leg_text(enum crossing_leg);

/* ---- asking it ---- */

struct crossing_ask {
	enum crossing_mode mode;
	enum crossing_from from;
	enum sips_policy policy;    /* of the callee */
	bool is_fixed;              /* its contact is configured, not registered */
	const struct speech *known; /* what each of its contacts speaks, the best first */
	uint32_t count;
};

struct crossing_answer {
	const struct crossing_row *row;
	enum crossing_known known;
	uint32_t chosen;      /* the place of the contact; count: none           */
	struct speech speech; /* of the callee's leg, unless it is refused       */
};

/* Which contact the call goes to and what the leg speaks. A contact that its DN's option does not
 * fit is passed over; a sips caller reaches a sips one where there is any (RFC 5630 6.2). */
struct crossing_answer crossing_choose(const struct crossing_ask *);

/* ---- the caller's own DN ---- */

/* What is configured for who calls. */
enum caller_says {
	SAYS_NOTHING,  /* a stranger, or a device that registers */
	SAYS_SIP,      /* its contact is configured as sip       */
	SAYS_SIPS,     /* its contact is configured as sips      */
	SAYS_REQUIRED, /* `sips: required`                       */
	SAYS_REFUSED,  /* `sips: refused`                        */
};

struct caller_row {
	enum crossing_from from;
	enum caller_says says;
	unsigned modes;
	unsigned status; /* 0: it is let in, with a line in the log */
	unsigned warning;
	struct str rule, why;
};

/* The row for a caller that speaks otherwise than its DN says; NULL: nothing is to be said. */
const struct caller_row *crossing_caller_row(
	enum crossing_mode, enum crossing_from, enum caller_says);
const struct caller_row *crossing_caller_rows(uint32_t *count);

/* ---- saying so ---- */

/* The Warning line of a refusal, with its CRLF: `Warning: 380 AGENT "SIPS Not Allowed"` (RFC 3261
 * 20.43, RFC 5630 9). AGENT is a host that everybody may know. Puts nothing for code 0. */
void crossing_write_warning(struct buf *, unsigned warning, struct str agent);

#endif
