/* SPDX-License-Identifier: Apache-2.0 */
/* identity.h - whom a certificate names (RFC 5922 section 7), as a pure function.
 *
 * The shell takes the subjectAltName values out of the certificate; this says whether they name
 * whom we wanted, and if not, what was there.
 */
#ifndef SECURE_IDENTITY_H
#define SECURE_IDENTITY_H

#include "base/flow.h"

enum san_kind { SAN_URI, SAN_DNS, SAN_IP };

struct san {
	enum san_kind kind;
	struct str value; /* URI and DNS: the octets as they stand; IP: 4 or 16 raw octets */
};

/* Whether SANS name WANTED, a host name or an IP literal (brackets or not).
 *
 * For a name: `sip` URIs without a user part count first, by their host; dNSName values count only
 * if there is no such URI; no wildcard, no suffix, no common name; ASCII case ignored; a value that
 * holds a NUL or is empty matches nothing. For an IP literal: an iPAddress value of the same octets
 * (design: the reference's peers are named by address).
 * Ends: true with *MATCHED the value that did it (a name; for an address WANTED itself). */
bool identity_match(const struct san *sans, uint32_t count, struct str wanted, struct str *matched);

/* Which kind of SANS it is that names WANTED, which they do. */
enum named_by identity_named_by(const struct san *sans, uint32_t count, struct str wanted);

/* The same for a peer of whom wildcards are taken (`tls-wildcard`): then a dNSName `*.REST` also
 * names each host with one label before REST, which has two labels at least (RFC 6125 6.4.3). */
bool identity_match_wild(
	const struct san *sans, uint32_t count, struct str wanted, struct str *matched);

/* Puts whom a certificate proves its holder to be, for one that we did not dial, so that there is
 * no name to ask for: the same names and addresses that identity_match() would take, a comma
 * between. What holds anything but letters, digits, `-`, `_` and `.` is left out; a name that would
 * make it more than MAX octets ends the list, and is not cut into another name. */
void identity_list(struct buf *, const struct san *sans, uint32_t count, size_t max);

/* Whether LIST, as identity_list() puts it, has WANTED, a host name or an IP literal. */
bool identity_is_listed(struct str list, struct str wanted);

/* Puts what the certificate names, for the sentence in the log: `DNS:a.example, IP:192.0.2.1`, or
 * `nothing`; at most MAX octets, quoted. */
void identity_write(struct buf *, const struct san *sans, uint32_t count, size_t max);

#endif
