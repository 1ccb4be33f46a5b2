/* SPDX-License-Identifier: Apache-2.0 */
/* contact.h - the `contact` option of a DN: where its device is and what it speaks.
 *
 *   contact = "*" | [ ("sips:" | "sip:") ] [ number "@" ] host [ ":" port ] [ ";transport=" t ]
 *
 * t is tls or tcp for sips; udp, tcp or tls for sip. Without a scheme it is sip. The host is a
 * name, an IPv4 address or an IPv6 address in brackets.
 */
#ifndef DIRECTORY_CONTACT_H
#define DIRECTORY_CONTACT_H

#include "secure/scheme.h"

struct contact {
	bool is_self;         /* `*`: where the device registers; nothing else is set       */
	struct speech speech; /* as speech_of_uri: sips is TLS, sip without transport is UDP */
	struct str number;    /* the user part, or empty: the dialled number takes its place */
	struct str host;      /* as written; IPv6 in brackets */
	struct addr ip;       /* the host as an address, or family ADDR_NONE: a name         */
	uint16_t port;        /* as written, or 0 */
	bool has_transport;   /* it says which transport; else a large request may go over TCP */
};

enum contact_fault {
	CONTACT_FINE,
	CONTACT_SCHEME,    /* neither sip nor sips                                     */
	CONTACT_SIPS_UDP,  /* sips over udp                                            */
	CONTACT_TRANSPORT, /* one that we do not have, or none behind `transport`      */
	CONTACT_TWICE,     /* a second transport                                       */
	CONTACT_PARAM,     /* a parameter other than transport, or headers             */
	CONTACT_HOST,      /* empty or no host                                         */
	CONTACT_PORT,      /* 0, above 65535 or no number                              */
	CONTACT_NUMBER,    /* what stands before the `@` is empty or no user part      */
	CONTACT_SPACE,     /* white space or another octet that is no part of any URI  */
};

/* Reads TEXT. After: *CONTACT holds views into TEXT.
 * Ends: CONTACT_FINE, or the fault with *AT its offset. */
enum contact_fault contact_parse(struct contact *, struct str text, size_t *at);

/* One sentence on a fault, with the cure. */
struct str contact_fault_text(enum contact_fault);

/* The port that a leg to this contact goes to: as written, else its transport's. Pre: not `*`. */
uint16_t contact_port(const struct contact *);

#endif
