/* SPDX-License-Identifier: Apache-2.0 */
#include "net/identity.h"

uint32_t
identity_trust(const struct identity *identities, uint32_t place)
{
	uint32_t first = 0;

	while (!str_same(identities[first].trust, identities[place].trust) ||
		!str_same(identities[first].crl, identities[place].crl) ||
		identities[first].eku != identities[place].eku)
		first++;
	return first;
}
