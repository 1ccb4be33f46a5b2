/* SPDX-License-Identifier: Apache-2.0 */
/* headers.h - which headers cross from one leg to the other, as one table. */
#ifndef CALL_HEADERS_H
#define CALL_HEADERS_H

#include "base/turn.h"
#include "leg/leg.h"

/* What of MSG goes to a leg that speaks TO: header lines written out, the body and its headers. A
 * value that names a sips URI does not cross to a sip leg, nor a Warning about the other's scheme;
 * who a Warning came from is not told. MSG may be NULL: nothing crosses. Views live in the scratch
 * and in MSG.
 * Ends: the cargo; a line that we would not write is left out. */
struct cargo headers_cross(const struct msg *msg, enum scheme to, const struct turn *);

/* Whether the Privacy of MSG asks for WHAT: `id`, `history` (RFC 3323 4.2). */
bool headers_privacy(const struct msg *, struct str what);

/* The Reason of MSG, or empty if there is none that we would write: it goes with a CANCEL, which
 * has no other cargo. */
struct str headers_reason(const struct msg *msg);

/* A reason phrase as it may stand on a leg that speaks TO; empty if it may not. */
struct str headers_phrase(struct str phrase, enum scheme to);

/* The display name of the caller as it may stand on a leg that speaks TO; empty if it may not. */
struct str headers_display(const struct nameaddr *from, enum scheme to);

#endif
