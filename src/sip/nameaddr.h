/* SPDX-License-Identifier: Apache-2.0 */
/* nameaddr.h - From, To, Contact, Route and their kin: a display name, a URI, parameters.
 *
 * Both forms are read: `"Bob" <sips:bob@h;x>;tag=1` and `sips:bob@h;tag=1`, where every parameter
 * belongs to the header (RFC 3261 20.10).
 */
#ifndef SIP_NAMEADDR_H
#define SIP_NAMEADDR_H

#include "sip/uri.h"

struct nameaddr {
	struct str text;    /* all of it, trimmed                                           */
	struct str display; /* as written, quotes included; empty if there is none           */
	struct uri uri;
	struct str params; /* of the header, with the leading `;`, or empty                */
	struct str tag;    /* STR_NONE if there is none                                    */
	bool star;         /* Contact: `*` alone; nothing else is set then                  */
};

/* Reads TEXT, one value.
 * Ends: true; false with *AT the offset of what is wrong (two tags, an unbalanced quote, LWS
 * inside <>, `,` `;` or `?` unbracketed in a URI that has no <> count as wrong). */
bool nameaddr_parse(struct nameaddr *, struct str text, size_t *at);

/* A parameter of the header; STR_NONE if absent, empty if it has no value, unquoted. */
struct str nameaddr_param(const struct nameaddr *, struct str name);

#endif
