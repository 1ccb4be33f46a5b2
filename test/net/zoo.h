/* SPDX-License-Identifier: Apache-2.0 */
/* zoo.h - certificates by their names: whom each of them names, by which clause, and why OpenSSL's
 * own check says something else where it does. */
#ifndef NET_ZOO_H
#define NET_ZOO_H

#include <openssl/x509v3.h>

#include "support/mint.h"

struct zoo_name {
	const char *clause;
	struct str wanted;
	bool is_named;
	struct mint_wish wish;
	const char *differs; /* NULL: OpenSSL says the same */
};

#define NAMED true
#define NOT_NAMED false
#define RAW(kind, text)                 \
	{                               \
		{                       \
			kind, STR(text) \
		}                       \
	}

#define A STR("a.example")

/* Why two checks differ. */
#define BY_WILDCARD "OpenSSL follows RFC 6125 6.4.3, where a star may stand for a label"
#define BY_COMMON "OpenSSL takes the common name where there is no dNSName (RFC 2818 3.1)"
#define BY_URI "OpenSSL does not look at URIs"
#define BY_URI_FIRST "OpenSSL does not look at URIs, so one hides no dNSName from it"

static const struct zoo_name zoo_names[] = {
	/* One dNSName or several, compared whole. */
	{ "RFC 5922 7.2", A, NAMED, { .sans = "DNS:a.example" }, NULL },
	{ "RFC 4343 3", A, NAMED, { .sans = "DNS:A.EXAMPLE" }, NULL },
	{ "RFC 4343 3", STR("A.exAMPLE"), NAMED, { .sans = "DNS:a.EXample" }, NULL },
	{ "RFC 5922 7.2", A, NOT_NAMED, { .sans = "DNS:b.example" }, NULL },
	{ "RFC 5922 7.1", A, NAMED, { .sans = "DNS:b.example,DNS:a.example" }, NULL },
	{ "RFC 5922 7.1", A, NAMED, { .sans = "DNS:b.example,DNS:c.example,DNS:a.example" }, NULL },
	{ "RFC 5922 7.2", A, NOT_NAMED, { .sans = "DNS:a.example.org" }, NULL },
	{ "RFC 5922 7.2", A, NOT_NAMED, { .sans = "DNS:xa.example" }, NULL },
	{ "RFC 5922 7.2", A, NOT_NAMED, { .sans = "DNS:a-example" }, NULL },
	{ "RFC 5922 7.2", A, NOT_NAMED, { .sans = "DNS:a.exampl" }, NULL },
	{ "RFC 5922 7.2: no suffix", A, NOT_NAMED, { .sans = "DNS:example" }, NULL },
	{ "RFC 5922 7.2: no suffix", STR("x.a.example"), NOT_NAMED, { .sans = "DNS:a.example" },
		NULL },
	{ "RFC 5922 7.2", A, NOT_NAMED, { .sans = "DNS:x.a.example" }, NULL },
	{ "RFC 5922 7.2: no suffix", STR("x.a.example"), NOT_NAMED, { .sans = "DNS:.a.example" },
		NULL },
	{ "RFC 5922 7.2", A, NOT_NAMED, { .sans = "DNS:.a.example" }, NULL },
	{ "RFC 5280 4.2.1.6", A, NOT_NAMED, { .sans = "DNS:a.example." }, NULL },
	{ "RFC 5922 7.2", STR("a.example."), NOT_NAMED, { .sans = "DNS:a.example" }, NULL },
	{ "RFC 5922 7.2", STR("localhost"), NAMED, { .sans = "DNS:localhost" }, NULL },
	{ "RFC 5922 7.2", STR("pbx-1.a.example"), NAMED, { .sans = "DNS:pbx-1.a.example" }, NULL },
	{ "RFC 5922 7.2", STR("_sip.a.example"), NAMED, { .sans = "DNS:_sip.a.example" }, NULL },
	{ "RFC 5922 7.2", STR("1.a.example"), NAMED, { .sans = "DNS:1.a.example" }, NULL },
	{ "RFC 5922 7.2", A, NOT_NAMED, { .sans = "DNS:a.example:5061" }, NULL },
	{ "RFC 5922 7.2", A, NOT_NAMED, { .sans = "DNS:sip:a.example" }, NULL },
	{ "RFC 5922 7.2", A, NOT_NAMED, { .sans = "DNS:bob@a.example" }, NULL },

	/* Values that are no names. */
	{ "RFC 5280 4.2.1.6", A, NOT_NAMED, { .raws = RAW(GEN_DNS, "") }, NULL },
	{ "RFC 5280 4.2.1.6", A, NOT_NAMED, { .raws = RAW(GEN_DNS, " ") }, NULL },
	{ "RFC 5280 4.2.1.6", A, NOT_NAMED, { .raws = RAW(GEN_DNS, " a.example") }, NULL },
	{ "RFC 5280 4.2.1.6", A, NOT_NAMED, { .raws = RAW(GEN_DNS, "a.example ") }, NULL },
	{ "RFC 5280 4.2.1.6", A, NOT_NAMED, { .raws = RAW(GEN_DNS, "a.example\n") }, NULL },
	{ "RFC 5922 7.1", A, NOT_NAMED, { .raws = RAW(GEN_DNS, "a.example\0") }, NULL },
	{ "RFC 5922 7.1", A, NOT_NAMED, { .raws = RAW(GEN_DNS, "a.example\0.evil.example") },
		NULL },
	{ "RFC 5922 7.1", A, NOT_NAMED, { .raws = RAW(GEN_DNS, "\0a.example") }, NULL },
	{ "RFC 5922 7.1", A, NOT_NAMED, { .raws = RAW(GEN_DNS, "a.ex\0ample") }, NULL },
	{ "RFC 5922 7.1", A, NAMED,
		{ .raws = { { GEN_DNS, STR("x\0y") }, { GEN_DNS, STR("a.example") } } }, NULL },

	/* Wildcards, whole and partial. */
	{ "RFC 5922 7.2: no wildcard", A, NOT_NAMED, { .sans = "DNS:*.example" }, NULL },
	{ "RFC 5922 7.2: no wildcard", STR("x.a.example"), NOT_NAMED, { .sans = "DNS:*.a.example" },
		BY_WILDCARD },
	{ "RFC 5922 7.2: no wildcard", STR("X.A.example"), NOT_NAMED, { .sans = "DNS:*.a.example" },
		BY_WILDCARD },
	{ "RFC 5922 7.2: no wildcard", STR("x.y.a.example"), NOT_NAMED,
		{ .sans = "DNS:*.a.example" }, NULL },
	{ "RFC 5922 7.2: no wildcard", STR("a.example"), NOT_NAMED, { .sans = "DNS:*.a.example" },
		NULL },
	{ "RFC 5922 7.2: no wildcard", STR("x.y.a.example"), NOT_NAMED,
		{ .sans = "DNS:*.*.a.example" }, NULL },
	{ "RFC 5922 7.2: no wildcard", STR("x.y.a.example"), NOT_NAMED,
		{ .sans = "DNS:x.*.a.example" }, NULL },
	{ "RFC 5922 7.2: no wildcard", STR("pbx1.a.example"), NOT_NAMED,
		{ .sans = "DNS:pbx*.a.example" }, BY_WILDCARD },
	{ "RFC 5922 7.2: no wildcard", STR("pbx1.a.example"), NOT_NAMED,
		{ .sans = "DNS:*1.a.example" }, BY_WILDCARD },
	{ "RFC 5922 7.2: no wildcard", STR("pbx1.a.example"), NOT_NAMED,
		{ .sans = "DNS:p*1.a.example" }, NULL },
	{ "RFC 5922 7.2: no wildcard", STR("pbx1.a.example"), NOT_NAMED,
		{ .sans = "DNS:p*b*.a.example" }, NULL },
	{ "RFC 5922 7.2: no wildcard", STR("xn--pbx.a.example"), NOT_NAMED,
		{ .sans = "DNS:xn--*.a.example" }, NULL },
	{ "RFC 5922 7.2: no wildcard", STR("localhost"), NOT_NAMED, { .sans = "DNS:*" }, NULL },
	{ "RFC 5922 7.2: no wildcard", STR("*.a.example"), NOT_NAMED, { .sans = "DNS:*.a.example" },
		"OpenSSL takes the star for an octet of the name that is looked for" },
	{ "RFC 5922 7.2: no wildcard", STR("127.0.0.2"), NOT_NAMED, { .sans = "DNS:*.0.0.2" },
		NULL },
	{ "RFC 5922 7.1", A, NAMED, { .sans = "DNS:*.example,DNS:a.example" }, NULL },

	/* Names that are not ASCII. */
	{ "RFC 5280 7.2", STR("xn--bcher-kva.example"), NAMED,
		{ .sans = "DNS:xn--bcher-kva.example" }, NULL },
	{ "RFC 5280 7.2", STR("XN--Bcher-KVA.example"), NAMED,
		{ .sans = "DNS:xn--bcher-kva.example" }, NULL },
	{ "RFC 5280 7.2", STR("xn--bcher-kva.example"), NOT_NAMED,
		{ .raws = RAW(GEN_DNS,
			  "b\xc3\xbc"
			  "cher.example") },
		NULL },
	{ "RFC 5280 7.2: an IA5String",
		STR("b\xc3\xbc"
		    "cher.example"),
		NOT_NAMED,
		{ .raws = RAW(GEN_DNS,
			  "b\xc3\xbc"
			  "cher.example") },
		"OpenSSL compares octets, whatever they are" },
	{ "RFC 5280 7.2", A, NOT_NAMED, { .raws = RAW(GEN_DNS, "\xd0\xb0.example") }, NULL },

	/* Common names, empty subjects, no name at all. */
	{ "RFC 5922 7.1: no common name", A, NOT_NAMED, { .subject = "a.example" }, BY_COMMON },
	{ "RFC 5922 7.1: no common name", A, NOT_NAMED,
		{ .subject = "a.example", .sans = "DNS:b.example" }, NULL },
	{ "RFC 5922 7.1: no common name", A, NOT_NAMED,
		{ .subject = "a.example", .sans = "URI:sip:b.example" }, BY_COMMON },
	{ "RFC 5922 7.1: no common name", A, NOT_NAMED,
		{ .subject = "a.example", .sans = "IP:127.0.0.2" }, BY_COMMON },
	{ "RFC 5922 7.1: no common name", STR("x.a.example"), NOT_NAMED,
		{ .subject = "*.a.example" }, BY_COMMON },
	{ "RFC 5922 7.1: no common name", A, NOT_NAMED, { .subject = "sip:a.example" }, NULL },
	{ "RFC 5922 7.1: no common name", STR("127.0.0.2"), NOT_NAMED, { .subject = "127.0.0.2" },
		NULL },
	{ "RFC 5280 4.1.2.6", A, NAMED, { .subject = "", .sans = "DNS:a.example" }, NULL },
	{ "RFC 5922 7.1", A, NOT_NAMED, { .subject = "" }, NULL },
	{ "RFC 5922 7.1", A, NOT_NAMED, { .subject = "leaf" }, NULL },

	/* sip URIs without a user are domains, and count first. */
	{ "RFC 5922 7.1", A, NAMED, { .sans = "URI:sip:a.example" }, BY_URI },
	{ "RFC 3261 19.1.4", A, NAMED, { .sans = "URI:SIP:a.example" }, BY_URI },
	{ "RFC 3261 19.1.4", A, NAMED, { .sans = "URI:sip:A.Example" }, BY_URI },
	{ "RFC 5922 7.1", A, NAMED, { .sans = "URI:sip:a.example:5061" }, BY_URI },
	{ "RFC 5922 7.1", A, NAMED, { .sans = "URI:sip:a.example;transport=tls" }, BY_URI },
	{ "RFC 5922 7.1", A, NAMED, { .sans = "URI:sip:a.example;lr" }, BY_URI },
	{ "RFC 5922 7.1", A, NAMED, { .sans = "URI:sip:a.example?Subject=x" }, BY_URI },
	{ "RFC 5922 7.1", A, NAMED, { .sans = "URI:sip:b.example,URI:sip:a.example" }, BY_URI },
	{ "RFC 5922 7.1", A, NAMED, { .sans = "URI:sip:a.example,DNS:b.example" }, BY_URI },
	{ "RFC 5922 7.1", STR("xn--bcher-kva.example"), NAMED,
		{ .sans = "URI:sip:xn--bcher-kva.example" }, BY_URI },
	{ "RFC 5922 7.1: of two only URI", A, NOT_NAMED,
		{ .sans = "URI:sip:b.example,DNS:a.example" }, BY_URI_FIRST },
	{ "RFC 5922 7.1: of two only URI", A, NOT_NAMED, { .sans = "URI:sip:,DNS:a.example" },
		BY_URI_FIRST },
	{ "RFC 5922 7.1: of two only URI", A, NOT_NAMED,
		{ .sans = "URI:sip:[2001:db8::1],DNS:a.example" }, BY_URI_FIRST },
	{ "RFC 5922 7.1: of two only URI", A, NOT_NAMED,
		{ .sans = "URI:sip:*.example,DNS:a.example" }, BY_URI_FIRST },
	{ "RFC 5922 7.1: scheme sip", A, NOT_NAMED, { .sans = "URI:sips:a.example" }, NULL },
	{ "RFC 5922 7.1: scheme sip", A, NAMED, { .sans = "URI:sips:b.example,DNS:a.example" },
		NULL },
	{ "RFC 5922 7.1: scheme sip", A, NOT_NAMED, { .sans = "URI:https://a.example" }, NULL },
	{ "RFC 5922 7.1: scheme sip", A, NOT_NAMED, { .sans = "URI:xmpp:a.example" }, NULL },
	{ "RFC 5922 7.1: scheme sip", A, NOT_NAMED, { .sans = "URI:tel:+15551234" }, NULL },
	{ "RFC 5922 7.1: scheme sip", A, NAMED, { .sans = "URI:https://b.example,DNS:a.example" },
		NULL },
	{ "RFC 5922 7.1: scheme sip", A, NOT_NAMED, { .sans = "URI:a.example" }, NULL },
	{ "RFC 5922 7.1: scheme sip", A, NOT_NAMED, { .sans = "URI:sip" }, NULL },
	{ "RFC 5922 7.1: no user", A, NOT_NAMED, { .sans = "URI:sip:bob@a.example" }, NULL },
	{ "RFC 5922 7.1: no user", A, NOT_NAMED, { .sans = "URI:sip:bob:pw@a.example" }, NULL },
	{ "RFC 5922 7.1: no user", A, NOT_NAMED, { .sans = "URI:sip:@a.example" }, NULL },
	{ "RFC 5922 7.1: no user", A, NAMED, { .sans = "URI:sip:bob@b.example,DNS:a.example" },
		NULL },
	{ "RFC 5922 7.1: no user", A, NAMED, { .sans = "URI:sip:bob@a.example,DNS:a.example" },
		NULL },
	{ "RFC 5922 7.2", A, NOT_NAMED, { .sans = "URI:sip:b.example" }, NULL },
	{ "RFC 5922 7.2: no suffix", A, NOT_NAMED, { .sans = "URI:sip:example" }, NULL },
	{ "RFC 5922 7.2: no wildcard", A, NOT_NAMED, { .sans = "URI:sip:*.example" }, NULL },
	{ "RFC 5922 7.2", A, NOT_NAMED, { .sans = "URI:sip:a.example." }, NULL },
	{ "RFC 3261 25.1: hosts hold no escape", A, NOT_NAMED, { .sans = "URI:sip:%61.example" },
		NULL },
	{ "RFC 3261 25.1", A, NOT_NAMED, { .sans = "URI:sip://a.example" }, NULL },
	{ "RFC 3261 25.1", A, NOT_NAMED, { .sans = "URI:sip: a.example" }, NULL },
	{ "RFC 3261 25.1", A, NOT_NAMED, { .sans = "URI:sip:a.example/x" }, NULL },
	{ "RFC 5922 7.1", A, NOT_NAMED, { .raws = RAW(GEN_URI, "sip:a.example\0") }, NULL },
	{ "RFC 5922 7.1", A, NOT_NAMED, { .raws = RAW(GEN_URI, "sip:a.example\0.evil") }, NULL },
	{ "RFC 5922 7.1", A, NOT_NAMED, { .raws = RAW(GEN_URI, "sip:a.example;x=\0") }, NULL },
	{ "RFC 5922 7.1", A, NOT_NAMED, { .raws = RAW(GEN_URI, "\0sip:a.example") }, NULL },
	{ "RFC 5922 7.1", A, NAMED,
		{ .raws = { { GEN_URI, STR("sip:a.example:1\0") },
			  { GEN_URI, STR("sip:a.example") } } },
		BY_URI },

	/* Addresses: an iPAddress of the same octets, by our own rule. */
	{ "RFC 5280 4.2.1.6", STR("127.0.0.2"), NAMED, { .sans = "IP:127.0.0.2" }, NULL },
	{ "RFC 5280 4.2.1.6", STR("127.0.0.2"), NOT_NAMED, { .sans = "IP:127.0.0.3" }, NULL },
	{ "RFC 5280 4.2.1.6", STR("127.0.0.2"), NAMED, { .sans = "IP:127.0.0.3,IP:127.0.0.2" },
		NULL },
	{ "RFC 5280 4.2.1.6", STR("127.0.0.2"), NAMED, { .sans = "DNS:b.example,IP:127.0.0.2" },
		NULL },
	{ "RFC 5280 4.2.1.6", STR("127.0.0.2"), NAMED, { .sans = "URI:sip:b.example,IP:127.0.0.2" },
		NULL },
	{ "RFC 5280 4.2.1.6", STR("2001:db8::1"), NAMED, { .sans = "IP:2001:db8::1" }, NULL },
	{ "RFC 5280 4.2.1.6", STR("2001:DB8:0:0::1"), NAMED, { .sans = "IP:2001:db8::1" }, NULL },
	{ "RFC 5280 4.2.1.6", STR("[2001:db8::1]"), NAMED, { .sans = "IP:2001:db8::1" }, NULL },
	{ "RFC 5280 4.2.1.6", STR("2001:db8::2"), NOT_NAMED, { .sans = "IP:2001:db8::1" }, NULL },
	{ "RFC 5280 4.2.1.6", STR("fe80::1"), NAMED, { .sans = "IP:fe80::1" }, NULL },
	{ "RFC 5280 4.2.1.6", STR("127.0.0.2"), NOT_NAMED, { .sans = "IP:::ffff:127.0.0.2" },
		NULL },
	{ "RFC 5280 4.2.1.6", STR("::ffff:127.0.0.2"), NOT_NAMED, { .sans = "IP:127.0.0.2" },
		NULL },
	{ "RFC 5280 4.2.1.6", STR("::ffff:127.0.0.2"), NAMED, { .sans = "IP:::ffff:127.0.0.2" },
		NULL },
	{ "RFC 9525 6.3: no name for an address", STR("127.0.0.2"), NOT_NAMED,
		{ .sans = "DNS:127.0.0.2" }, NULL },
	{ "RFC 9525 6.3: no name for an address", STR("127.0.0.2"), NOT_NAMED,
		{ .sans = "URI:sip:127.0.0.2" }, NULL },
	{ "RFC 9525 6.3: no name for an address", STR("2001:db8::1"), NOT_NAMED,
		{ .sans = "URI:sip:[2001:db8::1]" }, NULL },
	{ "RFC 9525 6.3", A, NOT_NAMED, { .sans = "IP:127.0.0.2" }, NULL },
	{ "RFC 5280 4.2.1.6: 4 or 16 octets", STR("127.0.0.2"), NOT_NAMED,
		{ .raws = RAW(GEN_IPADD, "\x7f\0\0\2\0") }, NULL },
	{ "RFC 5280 4.2.1.6: 4 or 16 octets", STR("127.0.0.2"), NOT_NAMED,
		{ .raws = RAW(GEN_IPADD, "\x7f\0\0\2\xff\xff\xff\xff") }, NULL },
	{ "RFC 5280 4.2.1.6: 4 or 16 octets", STR("127.0.0.2"), NOT_NAMED,
		{ .raws = RAW(GEN_IPADD, "\x7f\0\0") }, NULL },
	{ "RFC 5280 4.2.1.6: 4 or 16 octets", STR("127.0.0.2"), NOT_NAMED,
		{ .raws = RAW(GEN_IPADD, "") }, NULL },
	{ "RFC 5280 4.2.1.6: 4 or 16 octets", STR("127.0.0.2"), NOT_NAMED,
		{ .raws = RAW(GEN_IPADD, "127.0.0.2") }, NULL },

	/* Other kinds of names. */
	{ "RFC 5922 7.1: URI and DNS only", A, NOT_NAMED, { .sans = "email:bob@a.example" }, NULL },
	{ "RFC 5922 7.1: URI and DNS only", A, NOT_NAMED, { .raws = RAW(GEN_EMAIL, "a.example") },
		NULL },
	{ "RFC 5922 7.1: URI and DNS only", A, NAMED,
		{ .sans = "email:bob@b.example,DNS:a.example" }, NULL },
	{ "RFC 5922 7.1: URI and DNS only", A, NOT_NAMED,
		{ .sans = "otherName:1.2.3.4;UTF8:a.example" }, NULL },
	{ "RFC 4985: no SRVName", A, NOT_NAMED,
		{ .sans = "otherName:1.3.6.1.5.5.7.8.7;IA5STRING:_sips.a.example" }, NULL },
	{ "RFC 5922 7.1: URI and DNS only", A, NOT_NAMED, { .sans = "RID:1.2.3.4" }, NULL },
};

#undef A

enum { ZOO_NAMES = sizeof zoo_names / sizeof zoo_names[0] };

#endif
