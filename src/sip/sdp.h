/* SPDX-License-Identifier: Apache-2.0 */
/* sdp.h - session descriptions, as far as a B2BUA that passes them on needs to look (RFC 4566).
 *
 * Read only; a body is octets to us and is never rewritten.
 */
#ifndef SIP_SDP_H
#define SIP_SDP_H

#include "base/str.h"

enum sdp_direction { SDP_SENDRECV, SDP_SENDONLY, SDP_RECVONLY, SDP_INACTIVE };

struct sdp {
	struct str session_id, version; /* of the o= line */
	uint32_t media_count;
	enum sdp_direction direction; /* of the first media section, the session's if it has none;
	                               * c=0.0.0.0 counts as inactive: the old way to hold */
};

/* Looks at BODY. Ends: true; false when it has no v= or o= line or a line is not `x=...`. Line ends
 * may be CRLF or LF, and the last may be missing. */
bool sdp_read(struct sdp *, struct str body);

#endif
