/* SPDX-License-Identifier: Apache-2.0 */
/* tls_why.h - why a TLS connection did not come about, in words for whoever has to mend it.
 *
 * One table: each way to fail has a code that never changes, a sentence on what happened and one on
 * what to do next. doc/handshakes.md is made from it. A line reads
 *
 *   what happened: the fact of this very case; what to do next [code]
 */
#ifndef NET_TLS_WHY_H
#define NET_TLS_WHY_H

#include "base/buf.h"

enum tls_why {
	/* We did not accept the peer's certificate. */
	WHY_CERT_NONE,
	WHY_CERT_EXPIRED,
	WHY_CERT_EARLY,
	WHY_CERT_ISSUER,
	WHY_CERT_CA,
	WHY_CERT_CA_KEY,
	WHY_CERT_SELF,
	WHY_CERT_NOT_CA,
	WHY_CERT_DEPTH,
	WHY_CERT_USE,
	WHY_CERT_REVOKED,
	WHY_CERT_NO_CRL,
	WHY_CERT_OLD_CRL,
	WHY_CERT_WEAK_KEY,
	WHY_CERT_WEAK_DIGEST,
	WHY_CERT_SIGNATURE,
	WHY_CERT_CONSTRAINT,
	WHY_CERT_CRITICAL,
	WHY_CERT_PIN,
	WHY_CERT_OTHER,
	/* It is good, but does not name whom we wanted (RFC 5922 7). */
	WHY_NAME_OTHER,
	WHY_NAME_NONE,
	WHY_NAME_COMMON,
	WHY_NAME_WILDCARD,
	WHY_NAME_ADDRESS,
	WHY_NAME_SIPS_URI,
	WHY_NAME_USER_URI,
	WHY_NAME_URI_FIRST,
	WHY_NAME_NUL,
	/* The peer did not accept ours: a phone that connected, a server that we dialled. */
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
	/* Both speak TLS and found nothing in common. */
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
	/* TLS itself went wrong. */
	WHY_BROKEN,
	WHY_BROKEN_THERE,
	WHY_FAULT_THERE,
	WHY_ALERT,
	WHY_KEY_UPDATES,
	WHY_TLS,
	/* One of the two does not speak TLS. */
	WHY_CLEAR_SIP,
	WHY_CLEAR_HTTP,
	WHY_CLEAR,
	WHY_ANSWER_SIP,
	WHY_ANSWER_HTTP,
	WHY_ANSWER,
	WHY_TLS_IN_CLEAR,
	WHY_ANSWER_TLS,
	/* Nothing wrong was said, but not enough. */
	WHY_TCP_REFUSED,
	WHY_TCP_ROUTE,
	WHY_TCP_TIME,
	WHY_TCP,
	WHY_GONE_DIALLED,
	WHY_GONE_MIDWAY,
	WHY_GONE_HELLO,
	WHY_GONE_JUDGED,
	WHY_TIME_DIALLED,
	WHY_TIME_MIDWAY,
	WHY_TIME_MUTE,
	WHY_TIME_HELLO,
	WHY_TIME_JUDGED,
	/* We could not even begin. */
	WHY_NO_TRUST,
	WHY_NO_NAME,
	TLS_WHYS
};

/* Who opened the connection. */
enum tls_side { TLS_SERVED, TLS_DIALLED };

/* The row of the table; its parts live for ever. */
struct tls_why_row {
	struct str code, says, cure;
};

const struct tls_why_row *tls_why_row(enum tls_why);

/* Puts the whole sentence. FACT may be empty; it is put as it stands, so what is a peer's text in
 * it must be quoted already. */
void tls_why_put(struct buf *, enum tls_why, struct str fact);

/* What an error of OpenSSL's means on that SIDE, as ERR_peek_last_error() gives it; an alert of the
 * peer's is one. */
enum tls_why tls_why_of_error(unsigned long error, enum tls_side);

/* The fact that a sentence on an error of OpenSSL's lacks; empty where it says all. */
struct str tls_why_fact(enum tls_why, unsigned long error);

/* What the verdict X509_ERROR on a chain means. */
enum tls_why tls_why_of_chain(int x509_error);

/* What ended a handshake from outside. */
enum tls_loss { TLS_CLOSED, TLS_LATE };

/* What it means on that SIDE, by how far the two had got. */
enum tls_why tls_why_of_loss(enum tls_loss, enum tls_side, bool has_heard, bool has_said);

/* Whether what came begins as a record of TLS does; nothing at all is as good. */
bool tls_why_is_record(struct str first);

/* What the octets FIRST mean that came where a TLS record was due. */
enum tls_why tls_why_of_clear(struct str first, enum tls_side);

/* What it means that a dial failed with this negative number of the system's or libuv's. */
enum tls_why tls_why_of_dial(int error);

#endif
