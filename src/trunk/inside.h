/* SPDX-License-Identifier: Apache-2.0 */
/* inside.h - what the files of trunk/ share. Of this folder only. */
#ifndef TRUNK_INSIDE_H
#define TRUNK_INSIDE_H

#include "trunk/enrol.h"

/* What stands on the shelf of an enrol. */
enum enrol_text {
	ENROL_TEXT_NUMBER,   /* of the DN */
	ENROL_TEXT_USERNAME, /* what proves us ...         */
	ENROL_TEXT_PASSWORD,
	ENROL_TEXT_REALM,   /* ... and in which realm     */
	ENROL_TEXT_USER,    /* the username as the user part of a URI                  */
	ENROL_TEXT_CALLED,  /* the same as a number that is called (RFC 3261 10.3)     */
	ENROL_TEXT_HOST,    /* of the DN's contact         */
	ENROL_TEXT_NAME,    /* whom a TLS peer must prove to be */
	ENROL_TEXT_CALL_ID, /* the same for every REGISTER (RFC 3261 10.2) */
	ENROL_TEXT_TAG,
	ENROL_TEXT_CONTACT, /* the one that was registered: a URI       */
	ENROL_TEXT_ROUTES,  /* Service-Route, ready to be sent            */
	ENROL_TEXT_HOP,     /* the host of the DN's outbound proxy, or of its contact */
	ENROL_TEXT_PROXY,   /* the outbound proxy as the Route of a REGISTER, or empty */
	ENROL_TEXT_GRUU,    /* what the registrar gave us as one, behind its scheme    */
};

/* The one gate through which the state changes. */
void enrol_move(struct enrols *, struct enrol *, enum enrol_state);

/* It is over: nothing is left of it. */
void enrol_forget(struct enrols *, struct enrol *);

struct str enrol_text(const struct enrol *, enum enrol_text);

/* ---- enrol_say.c ---- */

/* Sends a REGISTER for ASKED_S seconds (0: takes the registration back), by WAY if that is allowed.
 * PROOF: whole header lines, or empty; TRIES: how often it was said before.
 * Ends: true with e->txn the transaction; false with *WHY a sentence. */
bool enrol_say(struct enrols *, struct enrol *, const struct way *way, uint32_t asked_s,
	struct str proof, unsigned tries, const struct turn *, struct str *why);

/* The way that it took the last time, as long as that leads there. Ends: false when it is gone. */
bool enrol_way_again(const struct enrols *, const struct enrol *, struct way *way);

/* Puts the URI of the registrar, and of us there. */
void enrol_write_registrar(struct buf *, const struct enrol *);
void enrol_write_aor(struct buf *, const struct enrol *);

/* ---- enrol_hear.c ---- */

/* Whatever it is, it failed for now: it is tried again after a while, LEAST_S at least. */
void enrol_back_off(
	struct enrols *, struct enrol *, struct str why, uint32_t least_s, const struct turn *);

#endif
