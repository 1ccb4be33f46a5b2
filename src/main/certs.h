/* SPDX-License-Identifier: Apache-2.0 */
/* certs.h - `cert check`: what our certificates say, and whether that is what phones will want. */
#ifndef MAIN_CERTS_H
#define MAIN_CERTS_H

#include <stdio.h>

#include "main/config.h"
#include "net/chain.h"

/* A name by which phones find a TLS listener of ours, and that none of its certificates has. */
struct unnamed {
	const struct net_listen *listen;
	struct str host;
	const char *what; /* `advertised name`, `address`, `domain` */
};

/* Looks for them (RFC 5922 6) in the files as they are now. HOST may be a view into TEXT.
 * Ends: how many LIST are filled, at most MAX. */
uint32_t certs_unnamed(
	const struct config *, struct unnamed *list, uint32_t max, char text[ADDR_TEXT_MAX]);

/* Prints the chains of all identities as they lie on the disk, and what is wrong with them: an end
 * that is near, a gap, a use that is missing, a listener's name or a domain that a certificate does
 * not name (RFC 5922 6).
 * Ends: how many things are wrong. */
uint32_t certs_show(const struct config *, int64_t now_s, FILE *to);

/* Puts one certificate of a chain as a few lines. */
void certs_put_link(const struct link *, uint32_t number, int64_t now_s, FILE *to);

#endif
