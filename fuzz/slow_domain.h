/* SPDX-License-Identifier: Apache-2.0 */
/* slow_domain.h - what a URI in a certificate stands for, told again from RFC 5922 7.1. */
#ifndef FUZZ_SLOW_DOMAIN_H
#define FUZZ_SLOW_DOMAIN_H

#include <string.h>

#include "sip/uri.h"

/* The domain that a SIP URI without a user stands for; empty: it is none. */
static inline struct str
domain_of(struct str text)
{
	struct str host;
	struct addr ip;

	if (!str_begins_alike(text, STR("sip:")) || memchr(text.at, '@', text.len) != NULL)
		return STR("");
	text = str_from(text, 4);
	host = uri_take_host(&text, &ip);
	/* Behind it is the port, a parameter or a header. */
	return text.len == 0 || memchr(":;?", text.at[0], 3) != NULL ? host : STR("");
}

#endif
