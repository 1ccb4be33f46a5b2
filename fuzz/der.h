/* SPDX-License-Identifier: Apache-2.0 */
/* der.h - a certificate octet by octet, as X.690 and RFC 5280 have it, without a line of OpenSSL:
 * one that says what the fuzzer wants, and what is in the alternative names of another. */
#ifndef FUZZ_DER_H
#define FUZZ_DER_H

#include "base/str.h"

/* Tags of a GeneralName (RFC 5280 4.2.1.6). */
enum { NAME_EMAIL = 0x81, NAME_DNS = 0x82, NAME_URI = 0x86, NAME_IP = 0x87, NAME_ID = 0x88 };

struct der_name {
	unsigned char tag;
	struct str value;
};

enum { DER_NAMES_MAX = 512, DER_USES_MAX = 8, DER_BYTES_MAX = 96 * 1024 };

struct der_wish {
	struct str common_name; /* STR_NONE: the subject has none */
	struct der_name names[DER_NAMES_MAX];
	unsigned name_count;
	struct str uses[DER_USES_MAX]; /* extended key usage: object identifiers, `1.3.6.1` */
	unsigned use_count;
	int key_usage; /* its octet of bits; -1: there is none */
};

/* Writes it behind the front of TO. Ends: the octets, nothing if they do not fit or something
 * cannot be said in DER. */
struct str der_write(const struct der_wish *, char to[DER_BYTES_MAX]);

/* The names in TEXT, a SEQUENCE of them; views into it.
 * Ends: how many, at most MAX; what is not like that ends them. */
unsigned der_names(struct str text, struct der_name *names, unsigned max);

#endif
