/* SPDX-License-Identifier: Apache-2.0 */
/* tls_octets.h - octets that wait and are taken from the front. */
#ifndef SIM_TLS_OCTETS_H
#define SIM_TLS_OCTETS_H

#include "net/bytes.h"

struct octets {
	struct bytes bytes;
	size_t from;
};

void octets_put(struct octets *, struct str s);
struct str octets_str(const struct octets *);
void octets_drop(struct octets *, size_t count);
void octets_free(struct octets *);

#endif
