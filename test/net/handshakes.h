/* SPDX-License-Identifier: Apache-2.0 */
/* handshakes.h - which failures are staged on sockets, in handshakes_test.c, and which in
 * alerts_test.c; all others are staged in tls_why_test.c. */
#ifndef NET_HANDSHAKES_H
#define NET_HANDSHAKES_H

#include "net/tls_why.h"

static const enum tls_why on_sockets[] = {
	WHY_CLEAR_SIP,
	WHY_CLEAR_HTTP,
	WHY_CLEAR,
	WHY_TLS_IN_CLEAR,
	WHY_ANSWER_TLS,
	WHY_TCP_REFUSED,
	WHY_TCP_ROUTE,
	WHY_TCP_TIME,
	WHY_GONE_DIALLED,
	WHY_GONE_MIDWAY,
	WHY_GONE_HELLO,
	WHY_GONE_JUDGED,
	WHY_TIME_DIALLED,
	WHY_TIME_MIDWAY,
	WHY_TIME_MUTE,
	WHY_TIME_HELLO,
	WHY_TIME_JUDGED,
	WHY_NO_TRUST,
	WHY_NO_NAME,
};

static const enum tls_why by_alerts[] = {
	WHY_CERT_NONE,
	WHY_OURS_CA,
	WHY_OURS_BAD,
	WHY_OURS_EXPIRED,
	WHY_OURS_REVOKED,
	WHY_OURS_USE,
	WHY_OURS_UNKNOWN,
	WHY_OURS_DENIED,
	WHY_CLIENT_WANTED,
	WHY_CLIENT_CA,
	WHY_CLIENT_BAD,
	WHY_CLIENT_EXPIRED,
	WHY_CLIENT_REVOKED,
	WHY_CLIENT_USE,
	WHY_CLIENT_UNKNOWN,
	WHY_CLIENT_DENIED,
	WHY_VERSION_OFFERED,
	WHY_VERSION_ANSWERED,
	WHY_VERSION_REFUSED,
	WHY_CIPHER,
	WHY_GROUP,
	WHY_SIGNATURE,
	WHY_PROTOCOL,
	WHY_PROTOCOL_REFUSED,
	WHY_NOTHING_SHARED,
	WHY_TOO_WEAK,
	WHY_SNI,
	WHY_BROKEN_THERE,
	WHY_FAULT_THERE,
	WHY_ALERT,
};

enum {
	ON_SOCKETS = sizeof on_sockets / sizeof on_sockets[0],
	BY_ALERTS = sizeof by_alerts / sizeof by_alerts[0],
};

#endif
