/* SPDX-License-Identifier: Apache-2.0 */
#include "net/tls_why.h"

#include <errno.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509_vfy.h>

#include "base/panic.h"

#define ROW(why, code, says, cure) [why] = { STR(code), STR(says), STR(cure) }

static const struct tls_why_row rows[TLS_WHYS] = {
	ROW(WHY_CERT_NONE, "cert-none",
		"the peer showed no certificate, and this listener requires one",
		"give it one of a CA that is trusted here, or take client-certificate off the "
		"listener"),
	ROW(WHY_CERT_EXPIRED, "cert-expired", "the peer's certificate is out of date",
		"renew it on the peer; if it is good there, compare the clocks"),
	ROW(WHY_CERT_EARLY, "cert-not-yet-valid", "the peer's certificate is not valid yet",
		"compare the clocks of the two sides"),
	ROW(WHY_CERT_ISSUER, "cert-issuer-unknown",
		"the issuer of the peer's certificate was not shown and is not known here",
		"if the issuer is an intermediate CA, let the peer send its whole chain; else put "
		"the issuer's certificate into the file of trusted CAs"),
	ROW(WHY_CERT_CA, "cert-ca-unknown",
		"the peer's chain ends at a CA that is not trusted here",
		"put the certificate of that CA into the file of trusted CAs, if it deserves that"),
	ROW(WHY_CERT_CA_KEY, "cert-ca-other-key",
		"the peer's certificate names a CA that is trusted here, but another key signed it",
		"the CA has renewed its key, or somebody uses its name: get its present "
		"certificate from who runs it"),
	ROW(WHY_CERT_SELF, "cert-self-signed",
		"the peer's certificate is signed by itself and not trusted here",
		"give the peer one of a CA, or put this very certificate into the file of trusted "
		"CAs"),
	ROW(WHY_CERT_NOT_CA, "cert-not-a-ca",
		"the peer's certificate was issued with one that may issue none",
		"have it issued by a real CA: somebody used an ordinary certificate as one"),
	ROW(WHY_CERT_DEPTH, "cert-chain-too-long",
		"the peer's chain is longer than one of its CAs allows",
		"have the certificate issued by a CA that stands nearer to the root"),
	ROW(WHY_CERT_USE, "cert-wrong-use",
		"the peer's certificate is not made for this use (its extendedKeyUsage)",
		"have it issued for serverAuth, and for clientAuth if the peer dials us"),
	ROW(WHY_CERT_REVOKED, "cert-revoked", "the peer's certificate was revoked by its CA",
		"find out why; the peer needs a new one"),
	ROW(WHY_CERT_NO_CRL, "cert-no-crl",
		"there is no revocation list of the CA that issued the peer's certificate",
		"put the CA's CRL into the file of CRLs"),
	ROW(WHY_CERT_OLD_CRL, "cert-old-crl",
		"the revocation list for the peer's certificate cannot be used: it is out of date, "
		"not valid yet or not signed by the CA",
		"fetch the CA's present CRL; look at the clock"),
	ROW(WHY_CERT_WEAK_KEY, "cert-weak-key",
		"a key in the peer's chain is too short (under 2048 bits of RSA, 224 of EC)",
		"make a new key on the peer, P-256 for choice, and have it certified"),
	ROW(WHY_CERT_WEAK_DIGEST, "cert-weak-digest",
		"a certificate in the peer's chain is signed with a broken digest (SHA-1 or MD5)",
		"have it issued again with SHA-256"),
	ROW(WHY_CERT_SIGNATURE, "cert-bad-signature",
		"a signature in the peer's chain does not fit", "install the peer's chain anew"),
	ROW(WHY_CERT_CONSTRAINT, "cert-ca-not-for-name",
		"a CA in the peer's chain may not issue for such a name (its nameConstraints)",
		"use a CA for names of that domain"),
	ROW(WHY_CERT_CRITICAL, "cert-unknown-extension",
		"a certificate in the peer's chain holds a critical extension that is not known "
		"here",
		"have it issued without that extension"),
	ROW(WHY_CERT_PIN, "cert-not-pinned",
		"the peer's certificate is not the one that the DN is tied to",
		"if the peer has a new one on purpose, put its fingerprint into tls-fingerprint of "
		"the DN"),
	ROW(WHY_CERT_OTHER, "cert-invalid", "the peer's chain of certificates is not valid",
		"look at it with `openssl s_client -showcerts`"),

	ROW(WHY_NAME_OTHER, "name-other", "the peer's certificate is for somebody else",
		"compare the contact of the DN with these names; tls-name of the DN says whom to "
		"expect"),
	ROW(WHY_NAME_NONE, "name-none", "the peer's certificate names no host",
		"have it issued with the name as subjectAltName (DNS, or URI:sip:)"),
	ROW(WHY_NAME_COMMON, "name-common-only",
		"the peer's certificate has its name as common name only, which counts for nothing",
		"have it issued with the same name as subjectAltName (DNS)"),
	ROW(WHY_NAME_WILDCARD, "name-wildcard",
		"the peer's certificate would fit by a wildcard, and SIP takes none (RFC 5922 7.2)",
		"have it issued with the full name, or set tls-wildcard of the DN"),
	ROW(WHY_NAME_ADDRESS, "name-no-address",
		"an address was dialled, and the peer's certificate names no such address",
		"set tls-name of the DN to one of its names, or put the name into the contact"),
	ROW(WHY_NAME_SIPS_URI, "name-sips-uri",
		"the peer's certificate has the name in a sips URI only, which names no host "
		"(RFC 5922 7.1)",
		"have it issued with the name as DNS, or as URI:sip:"),
	ROW(WHY_NAME_USER_URI, "name-of-a-user",
		"the peer's certificate names a user of the host, not the host (RFC 5922 7.1)",
		"have it issued with the host's name as DNS, or as URI:sip: without a user"),
	ROW(WHY_NAME_URI_FIRST, "name-uri-first",
		"the peer's certificate has the name as DNS, but beside a sip URI of another host, "
		"which alone counts then (RFC 5922 7.1)",
		"have the name added as URI:sip:, or the URI left out"),
	ROW(WHY_NAME_NUL, "name-with-nul",
		"the peer's certificate has a name that hides its end behind a NUL",
		"do not trust it, nor the CA that issued it, before this is explained"),

	ROW(WHY_OURS_CA, "ours-ca-unknown",
		"the phone does not know the CA of our certificate (it said unknown_ca)",
		"install that CA on the phone, and see that tls.certificate holds the whole chain"),
	ROW(WHY_OURS_BAD, "ours-bad",
		"the phone does not accept our certificate (it said bad_certificate)",
		"compare the name that the phone dials with those in our certificate"),
	ROW(WHY_OURS_EXPIRED, "ours-expired",
		"the phone finds our certificate out of date (it said certificate_expired)",
		"look at the phone's clock, and at the date of tls.certificate"),
	ROW(WHY_OURS_REVOKED, "ours-revoked",
		"the phone finds our certificate revoked (it said certificate_revoked)",
		"have a new one issued and put it into tls.certificate"),
	ROW(WHY_OURS_USE, "ours-unsupported",
		"the phone cannot use our kind of certificate (it said unsupported_certificate)",
		"use one for serverAuth; an old phone may know RSA keys only"),
	ROW(WHY_OURS_UNKNOWN, "ours-not-accepted",
		"the phone does not accept our certificate and does not say why (it said "
		"certificate_unknown)",
		"look whether it has our CA, whether the name it dials is in our certificate, and "
		"at its clock"),
	ROW(WHY_OURS_DENIED, "ours-denied",
		"the phone knows our certificate and refuses us (it said access_denied)",
		"look into the phone's list of permitted servers"),
	ROW(WHY_CLIENT_WANTED, "client-wanted",
		"the peer demands a client certificate, and got none (it said "
		"certificate_required)",
		"give the DN an identity with a certificate that the peer accepts"),
	ROW(WHY_CLIENT_CA, "client-ca-unknown",
		"the peer does not know the CA of our client certificate (it said unknown_ca)",
		"ask its operator to trust that CA, or use a certificate of one that it trusts"),
	ROW(WHY_CLIENT_BAD, "client-bad",
		"the peer does not accept our client certificate, or wants one (it said "
		"bad_certificate)",
		"ask its operator which certificate it expects of us"),
	ROW(WHY_CLIENT_EXPIRED, "client-expired",
		"the peer finds our client certificate out of date (it said certificate_expired)",
		"renew it; if it is good, the peer's clock is wrong"),
	ROW(WHY_CLIENT_REVOKED, "client-revoked",
		"the peer finds our client certificate revoked (it said certificate_revoked)",
		"have a new one issued"),
	ROW(WHY_CLIENT_USE, "client-unsupported",
		"the peer cannot use our client certificate (it said unsupported_certificate)",
		"use one that is made for clientAuth"),
	ROW(WHY_CLIENT_UNKNOWN, "client-not-accepted",
		"the peer does not accept our client certificate and does not say why (it said "
		"certificate_unknown)",
		"ask its operator what it logged"),
	ROW(WHY_CLIENT_DENIED, "client-denied",
		"the peer knows our certificate and refuses us (it said access_denied)",
		"ask its operator to permit us"),

	ROW(WHY_VERSION_OFFERED, "version-old", "the phone offers no TLS version from 1.2 on",
		"switch TLS 1.2 on in the phone, or give it newer firmware"),
	ROW(WHY_VERSION_ANSWERED, "version-old-server",
		"the peer answers with a TLS version that is older than 1.2",
		"its operator has to switch on TLS 1.2 or 1.3"),
	ROW(WHY_VERSION_REFUSED, "version-refused",
		"the peer does not speak our TLS versions, 1.2 and 1.3 (it said protocol_version)",
		"switch on TLS 1.2 or 1.3 there"),
	ROW(WHY_CIPHER, "cipher-none",
		"the phone offers no cipher that our certificate can be used with (ECDHE with "
		"AES-GCM or ChaCha20)",
		"switch those on in the phone; one that knows no EC certificates needs an RSA one "
		"from us"),
	ROW(WHY_GROUP, "group-none",
		"the phone offers no group for the key exchange that we have (X25519, P-256, "
		"P-384)",
		"switch P-256 on in the phone"),
	ROW(WHY_SIGNATURE, "signature-none",
		"the two sides share no way to sign that goes with the certificate",
		"use a P-256 or an RSA certificate of 2048 bits, signed with SHA-256"),
	ROW(WHY_PROTOCOL, "alpn-other", "the peer wants another protocol than SIP (its ALPN)",
		"find out who connects: a phone offers sip/2 or nothing"),
	ROW(WHY_PROTOCOL_REFUSED, "alpn-refused",
		"the peer demands a protocol to be named (it said no_application_protocol)",
		"see whether the contact of the DN is that of a SIP server"),
	ROW(WHY_NOTHING_SHARED, "nothing-shared",
		"the peer found nothing that both sides can do, or wants a client certificate (it "
		"said handshake_failure)",
		"compare ciphers (ours: ECDHE with AES-GCM or ChaCha20), groups and the kinds of "
		"key in the certificates"),
	ROW(WHY_TOO_WEAK, "too-weak",
		"the peer wants stronger cryptography than ours (it said insufficient_security)",
		"ask its operator what it demands"),
	ROW(WHY_SNI, "sni-unknown",
		"the peer does not serve the name that was asked for (it said unrecognized_name)",
		"compare the contact and the tls-name of the DN with the peer's name"),

	ROW(WHY_BROKEN, "tls-broken", "what came is damaged, or is not TLS as it is written",
		"look for a firewall, SIP ALG or proxy between that meddles with TLS"),
	ROW(WHY_BROKEN_THERE, "tls-broken-there", "the peer finds what we sent damaged",
		"look for a firewall, SIP ALG or proxy between that meddles with TLS"),
	ROW(WHY_FAULT_THERE, "fault-there",
		"the peer has a fault of its own (it said internal_error)",
		"look into the peer's log; its key or certificate may be missing"),
	ROW(WHY_ALERT, "alert-other", "the peer ended the handshake", "look into the peer's log"),
	ROW(WHY_KEY_UPDATES, "key-updates", "the peer changes its keys without end",
		"no sane device does that: find out who it is"),
	ROW(WHY_TLS, "tls-fault", "TLS itself broke",
		"look into the peer's log, and try `openssl s_client`"),

	ROW(WHY_CLEAR_SIP, "clear-sip", "the phone speaks SIP in clear on the port for TLS",
		"set its transport to TLS, or its port to that of plain SIP"),
	ROW(WHY_CLEAR_HTTP, "clear-http", "somebody speaks HTTP on the port for SIP over TLS",
		"a browser or a scanner; a phone's provisioning URL may have the wrong port"),
	ROW(WHY_CLEAR, "clear-other", "what the peer speaks is not TLS",
		"set the phone's transport to TLS, or find out who it is"),
	ROW(WHY_ANSWER_SIP, "answer-sip", "the peer answers in clear: its port is not one for TLS",
		"put the peer's TLS port (5061 as a rule) into the contact of the DN"),
	ROW(WHY_ANSWER_HTTP, "answer-http", "the peer answers in HTTP: that is no SIP server",
		"correct the host or the port in the contact of the DN"),
	ROW(WHY_ANSWER, "answer-other", "what the peer answers is not TLS",
		"put the peer's TLS port (5061 as a rule) into the contact of the DN"),
	ROW(WHY_TLS_IN_CLEAR, "tls-on-plain-port", "TLS came to a port for plain SIP over TCP",
		"set the phone's port to that of TLS (5061 as a rule), or its transport to TCP"),
	ROW(WHY_ANSWER_TLS, "answer-tls", "the peer answers with TLS, where plain SIP was dialled",
		"let the contact of the DN say sips, or transport=tls, or another port"),

	ROW(WHY_TCP_REFUSED, "tcp-refused", "nothing listens at the peer's address and port",
		"look whether the peer runs, and compare the port with the contact of the DN"),
	ROW(WHY_TCP_ROUTE, "tcp-no-route", "the network has no way to the peer's address",
		"look at the address in the contact of the DN, at routes and at cables"),
	ROW(WHY_TCP_TIME, "tcp-no-answer", "no answer to the connection attempt",
		"look whether the peer is on, and whether a firewall swallows its port"),
	ROW(WHY_TCP, "tcp-failed", "cannot connect", "look at the system's reason"),
	ROW(WHY_GONE_DIALLED, "gone-at-once",
		"the peer closed the connection before it said anything",
		"look into the peer's log: it may not know our address, or speak no TLS there"),
	ROW(WHY_GONE_MIDWAY, "gone-midway",
		"the peer closed the connection in the middle of the handshake and said no reason",
		"look into the peer's log; it may want a client certificate"),
	ROW(WHY_GONE_HELLO, "gone-in-hello",
		"the peer closed the connection during the handshake, before its first message was "
		"whole",
		"a scanner, or a connection that broke; look whether it happens again"),
	ROW(WHY_GONE_JUDGED, "gone-after-certificate",
		"the peer closed the connection during the handshake, after it saw our "
		"certificate, and said no reason",
		"most phones do so when they do not trust it: look at the phone's CAs, at the name "
		"it dials and at its clock"),
	ROW(WHY_TIME_DIALLED, "slow-answer",
		"the TLS handshake took too long: the peer took the connection and said nothing",
		"see whether that port speaks TLS at all, and whether the peer is overloaded"),
	ROW(WHY_TIME_MIDWAY, "slow-midway",
		"the TLS handshake took too long: the peer stopped in the middle",
		"look for a firewall that drops large packets (MTU), or an overloaded peer"),
	ROW(WHY_TIME_MUTE, "slow-mute",
		"the TLS handshake took too long: the peer connected and said nothing",
		"see that the phone's transport is TLS; a scanner does the same"),
	ROW(WHY_TIME_HELLO, "slow-hello",
		"the TLS handshake took too long: the peer's first message never became whole",
		"look for a firewall that drops large packets (MTU)"),
	ROW(WHY_TIME_JUDGED, "slow-after-certificate",
		"the TLS handshake took too long: the peer saw our certificate and said no more",
		"the phone may be waiting for somebody to accept the certificate on its screen"),

	ROW(WHY_NO_TRUST, "no-trust", "TLS cannot be dialled without CAs to trust",
		"set tls.trust to a file of CA certificates"),
	ROW(WHY_NO_NAME, "no-name", "no certificate can hold the name that was wanted",
		"correct the contact or the tls-name of the DN"),
};

const struct tls_why_row *
tls_why_row(enum tls_why why)
{
	must(why < TLS_WHYS);
	return &rows[why];
}

void
tls_why_put(struct buf *b, enum tls_why why, struct str fact)
{
	const struct tls_why_row *row = tls_why_row(why);

	buf_put(b, row->says);
	if (!str_is_empty(fact)) {
		buf_put(b, STR(": "));
		buf_put(b, fact);
	}
	buf_put(b, STR("; "));
	buf_put(b, row->cure);
	buf_put(b, STR(" ["));
	buf_put(b, row->code);
	buf_char(b, ']');
}

/* ---- what the peer said, what OpenSSL says ------------------------------------------------- */

/* RFC 8446 6.2; an alert on a certificate means ours. */
static enum tls_why
of_alert(int alert, enum tls_side side)
{
	bool is_dialled = side == TLS_DIALLED;

	switch (alert) {
	case SSL_AD_UNKNOWN_CA: return is_dialled ? WHY_CLIENT_CA : WHY_OURS_CA;
	case SSL_AD_BAD_CERTIFICATE: return is_dialled ? WHY_CLIENT_BAD : WHY_OURS_BAD;
	case SSL_AD_CERTIFICATE_EXPIRED: return is_dialled ? WHY_CLIENT_EXPIRED : WHY_OURS_EXPIRED;
	case SSL_AD_CERTIFICATE_REVOKED: return is_dialled ? WHY_CLIENT_REVOKED : WHY_OURS_REVOKED;
	case SSL_AD_UNSUPPORTED_CERTIFICATE: return is_dialled ? WHY_CLIENT_USE : WHY_OURS_USE;
	case SSL_AD_CERTIFICATE_UNKNOWN: return is_dialled ? WHY_CLIENT_UNKNOWN : WHY_OURS_UNKNOWN;
	case SSL_AD_ACCESS_DENIED: return is_dialled ? WHY_CLIENT_DENIED : WHY_OURS_DENIED;
	case TLS13_AD_CERTIFICATE_REQUIRED: return WHY_CLIENT_WANTED;
	case SSL_AD_PROTOCOL_VERSION:
	case SSL_AD_INAPPROPRIATE_FALLBACK: return WHY_VERSION_REFUSED;
	case SSL_AD_HANDSHAKE_FAILURE: return WHY_NOTHING_SHARED;
	case SSL_AD_INSUFFICIENT_SECURITY: return WHY_TOO_WEAK;
	case SSL_AD_UNRECOGNIZED_NAME: return WHY_SNI;
	case SSL_AD_NO_APPLICATION_PROTOCOL: return WHY_PROTOCOL_REFUSED;
	case SSL_AD_INTERNAL_ERROR: return WHY_FAULT_THERE;
	case SSL_AD_UNEXPECTED_MESSAGE:
	case SSL_AD_BAD_RECORD_MAC:
	case SSL_AD_RECORD_OVERFLOW:
	case SSL_AD_ILLEGAL_PARAMETER:
	case SSL_AD_DECODE_ERROR:
	case SSL_AD_DECRYPT_ERROR: return WHY_BROKEN_THERE;
	default: return WHY_ALERT;
	}
}

static enum tls_why
of_reason(int reason, enum tls_side side)
{
	switch (reason) {
	case SSL_R_PEER_DID_NOT_RETURN_A_CERTIFICATE: return WHY_CERT_NONE;
	case SSL_R_CERTIFICATE_VERIFY_FAILED: return WHY_CERT_OTHER;
	case SSL_R_UNSUPPORTED_PROTOCOL:
	case SSL_R_VERSION_TOO_LOW:
	case SSL_R_UNKNOWN_PROTOCOL:
	case SSL_R_INAPPROPRIATE_FALLBACK:
		return side == TLS_SERVED ? WHY_VERSION_OFFERED : WHY_VERSION_ANSWERED;
	case SSL_R_NO_SHARED_CIPHER: return WHY_CIPHER;
	case SSL_R_NO_SUITABLE_KEY_SHARE:
	case SSL_R_NO_SHARED_GROUPS:
	case SSL_R_NO_SUITABLE_GROUPS: return WHY_GROUP;
	case SSL_R_NO_SHARED_SIGNATURE_ALGORITHMS:
	case SSL_R_NO_SUITABLE_SIGNATURE_ALGORITHM:
	case SSL_R_WRONG_SIGNATURE_TYPE: return WHY_SIGNATURE;
	case SSL_R_NO_APPLICATION_PROTOCOL: return WHY_PROTOCOL;
	case SSL_R_HTTP_REQUEST:
	case SSL_R_HTTPS_PROXY_REQUEST: return side == TLS_SERVED ? WHY_CLEAR_HTTP : WHY_ANSWER;
	case SSL_R_WRONG_VERSION_NUMBER: return side == TLS_SERVED ? WHY_CLEAR : WHY_ANSWER;
	case SSL_R_UNEXPECTED_EOF_WHILE_READING: return WHY_GONE_MIDWAY;
	case SSL_R_DECRYPTION_FAILED_OR_BAD_RECORD_MAC:
	case SSL_R_BAD_SIGNATURE:
	case SSL_R_DIGEST_CHECK_FAILED:
	case SSL_R_LENGTH_MISMATCH:
	case SSL_R_LENGTH_TOO_LONG:
	case SSL_R_BAD_EXTENSION:
	case SSL_R_BAD_PACKET:
	case SSL_R_BAD_RECORD_TYPE:
	case SSL_R_PACKET_LENGTH_TOO_LONG:
	case SSL_R_ENCRYPTED_LENGTH_TOO_LONG:
	case SSL_R_EXCESSIVE_MESSAGE_SIZE:
	case SSL_R_UNEXPECTED_MESSAGE:
	case SSL_R_UNEXPECTED_RECORD:
	case SSL_R_RECORD_TOO_SMALL: return WHY_BROKEN;
	default: return WHY_TLS;
	}
}

enum tls_why
tls_why_of_error(unsigned long error, enum tls_side side)
{
	int reason = ERR_GET_REASON(error);

	if (reason > SSL_AD_REASON_OFFSET && reason < SSL_AD_REASON_OFFSET + 256)
		return of_alert(reason - SSL_AD_REASON_OFFSET, side);
	return of_reason(reason, side);
}

struct str
tls_why_fact(enum tls_why why, unsigned long error)
{
	int reason = ERR_GET_REASON(error);
	const char *text = ERR_reason_error_string(error);

	if (why != WHY_TLS && why != WHY_BROKEN && why != WHY_BROKEN_THERE && why != WHY_ALERT)
		return STR("");
	if (reason > SSL_AD_REASON_OFFSET)
		text = SSL_alert_desc_string_long(reason - SSL_AD_REASON_OFFSET);
	return text != NULL ? str_cstr(text) : STR("");
}

enum tls_why
tls_why_of_chain(int error)
{
	switch (error) {
	case X509_V_ERR_CERT_HAS_EXPIRED: return WHY_CERT_EXPIRED;
	case X509_V_ERR_CERT_NOT_YET_VALID: return WHY_CERT_EARLY;
	case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
	case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE: return WHY_CERT_ISSUER;
	case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
	case X509_V_ERR_CERT_UNTRUSTED:
	case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN: return WHY_CERT_CA;
	case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT: return WHY_CERT_SELF;
	case X509_V_ERR_INVALID_CA:
	case X509_V_ERR_INVALID_NON_CA:
	case X509_V_ERR_KEYUSAGE_NO_CERTSIGN: return WHY_CERT_NOT_CA;
	case X509_V_ERR_PATH_LENGTH_EXCEEDED:
	case X509_V_ERR_CERT_CHAIN_TOO_LONG: return WHY_CERT_DEPTH;
	case X509_V_ERR_INVALID_PURPOSE: return WHY_CERT_USE;
	case X509_V_ERR_CERT_REVOKED: return WHY_CERT_REVOKED;
	case X509_V_ERR_UNABLE_TO_GET_CRL:
	case X509_V_ERR_UNABLE_TO_GET_CRL_ISSUER: return WHY_CERT_NO_CRL;
	case X509_V_ERR_CRL_HAS_EXPIRED:
	case X509_V_ERR_CRL_NOT_YET_VALID:
	case X509_V_ERR_CRL_SIGNATURE_FAILURE: return WHY_CERT_OLD_CRL;
	case X509_V_ERR_EE_KEY_TOO_SMALL:
	case X509_V_ERR_CA_KEY_TOO_SMALL: return WHY_CERT_WEAK_KEY;
	case X509_V_ERR_CA_MD_TOO_WEAK: return WHY_CERT_WEAK_DIGEST;
	case X509_V_ERR_CERT_SIGNATURE_FAILURE: return WHY_CERT_SIGNATURE;
	case X509_V_ERR_PERMITTED_VIOLATION:
	case X509_V_ERR_EXCLUDED_VIOLATION: return WHY_CERT_CONSTRAINT;
	case X509_V_ERR_UNHANDLED_CRITICAL_EXTENSION: return WHY_CERT_CRITICAL;
	default: return WHY_CERT_OTHER;
	}
}

/* ---- what is not TLS, and what never came -------------------------------------------------- */

/* `REGISTER sip:...`: a method of SIP, whatever it is. */
static bool
is_sip(struct str first)
{
	size_t end = 0;

	if (str_begins(first, STR("SIP/")))
		return true;
	while (end < first.len && first.at[end] >= 'A' && first.at[end] <= 'Z')
		end++;
	return end >= 3 && str_begins(str_from(first, end), STR(" sip"));
}

static bool
is_http(struct str first)
{
	static const struct str words[] = { STR("HTTP/"), STR("GET "), STR("POST "), STR("HEAD "),
		STR("PUT "), STR("PRI "), STR("CONNECT ") };

	for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
		if (str_begins(first, words[i]))
			return true;
	return false;
}

bool
tls_why_is_record(struct str first)
{
	return first.len == 0 ||
		((uint8_t)first.at[0] >= SSL3_RT_CHANGE_CIPHER_SPEC &&
			(uint8_t)first.at[0] <= SSL3_RT_APPLICATION_DATA);
}

enum tls_why
tls_why_of_clear(struct str first, enum tls_side side)
{
	if (is_sip(first))
		return side == TLS_SERVED ? WHY_CLEAR_SIP : WHY_ANSWER_SIP;
	if (is_http(first))
		return side == TLS_SERVED ? WHY_CLEAR_HTTP : WHY_ANSWER_HTTP;
	return side == TLS_SERVED ? WHY_CLEAR : WHY_ANSWER;
}

enum tls_why
tls_why_of_dial(int error)
{
	switch (-error) {
	case ECONNREFUSED: return WHY_TCP_REFUSED;
	case EHOSTUNREACH:
	case ENETUNREACH: return WHY_TCP_ROUTE;
	case ETIMEDOUT: return WHY_TCP_TIME;
	default: return WHY_TCP;
	}
}

enum tls_why
tls_why_of_loss(enum tls_loss loss, enum tls_side side, bool has_heard, bool has_said)
{
	bool is_late = loss == TLS_LATE;

	if (side == TLS_SERVED && has_said)
		return is_late ? WHY_TIME_JUDGED : WHY_GONE_JUDGED;
	if (side == TLS_SERVED)
		return is_late ? WHY_TIME_HELLO : WHY_GONE_HELLO;
	if (has_heard)
		return is_late ? WHY_TIME_MIDWAY : WHY_GONE_MIDWAY;
	return is_late ? WHY_TIME_DIALLED : WHY_GONE_DIALLED;
}
