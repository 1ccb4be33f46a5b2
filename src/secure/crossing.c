/* SPDX-License-Identifier: Apache-2.0 */
#include "secure/crossing.h"

enum crossing
crossing_of(enum scheme caller, enum scheme callee)
{
	if (caller == callee)
		return CROSSING_NONE;
	return caller == SCHEME_SIPS ? CROSSING_DOWN : CROSSING_UP;
}

struct str
crossing_text(enum crossing crossing)
{
	switch (crossing) {
	case CROSSING_NONE: return STR("both legs speak the same scheme");
	case CROSSING_DOWN:
		return STR("sips from the caller to this server, then sip to the callee");
	case CROSSING_UP: break;
	}
	return STR("sip from the caller to this server, then sips to the callee");
}
