/* SPDX-License-Identifier: Apache-2.0 */
/* How inputs of the core change: as somebody would write them who knows the steps of core_world.h
 * and what headers may say, so that few of them are in vain. */
#include "core_world.h"
#include "mutate.h"

#if defined(__clang__)
/* What changes an input is none of what it reaches. */
#pragma clang attribute push(__attribute__((no_sanitize("coverage"))), apply_to = function)
#endif

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

enum { STEP_BYTES = 512, USUAL = 4 /* of this many times all but one a message stays right */ };

static uint32_t
one_of(struct change *c, const uint32_t *from, size_t count)
{
	return from[change_below(c, (uint32_t)count)];
}

/* ---- what may stand in a message ---- */

/* Names of headers, and URIs and words, that are put together when nothing whole is drawn. */
static const struct str names[] = { STR("Accept"), STR("Alert-Info"), STR("Allow"),
	STR("Allow-Events"), STR("Authorization"), STR("Call-ID"), STR("Call-Info"), STR("Contact"),
	STR("Content-Disposition"), STR("Content-Length"), STR("Content-Type"), STR("CSeq"),
	STR("Date"), STR("Diversion"), STR("Error-Info"), STR("Event"), STR("Expires"), STR("From"),
	STR("History-Info"), STR("Max-Forwards"), STR("Min-Expires"), STR("Min-SE"),
	STR("P-Asserted-Identity"), STR("P-Preferred-Identity"), STR("Path"), STR("Privacy"),
	STR("Proxy-Authorization"), STR("Proxy-Require"), STR("RAck"), STR("Reason"),
	STR("Record-Route"), STR("Refer-To"), STR("Referred-By"), STR("Replaces"), STR("Require"),
	STR("Retry-After"), STR("Route"), STR("RSeq"), STR("Session-Expires"), STR("Session-ID"),
	STR("Subject"), STR("Supported"), STR("To"), STR("Unsupported"), STR("User-Agent"),
	STR("User-to-User"), STR("Via"), STR("Warning"), STR("WWW-Authenticate"),
	STR("X-Genesys-CallUUID"), STR("X-Own") };

static const struct str values[] = { STR("$a"), STR("$b"), STR("$c"), STR("$f"), STR("$n"),
	STR("$t"), STR("<$u>"), STR("$u"), STR("*"), STR(""), STR("0"), STR("1"), STR("5"),
	STR("70"), STR("89"), STR("90"), STR("255"), STR("300"), STR("1800"), STR("4294967295"),
	STR("4294967296"), STR("x"), STR("\"q\\\\\\\"\" <sip:7000@example.com>;tag=1"),
	STR("<sip:7000@example.com>"), STR("<sips:7000@example.com>"), STR("<sip:7001@192.0.2.71>"),
	STR("<sips:6002@192.0.2.62:5061>"), STR("<sip:x@[2001:db8::7]:5070;transport=tcp>"),
	STR("<sips:x@fly.example.net>"), STR("<sip:media.example.net;transport=tls;lr>"),
	STR("<sip:192.0.2.1;lr>"), STR("<sips:192.0.2.1:5061;lr>"), STR("<sip:192.0.2.80;lr>"),
	STR("<sips:192.0.2.61;lr>"), STR("<tel:+15551234;ext=1>"), STR("<tel:7000>"),
	STR("<urn:service:sos>"), STR("sip:5000@example.com"), STR("<sip:5000@example.com;gr=a>"),
	STR("<sip:d@192.0.2.9>;expires=60"), STR("<sip:d@192.0.2.9>;q=0.3, <sips:e@192.0.2.8>;q=1"),
	STR("<sips:d@192.0.2.70:40000>;+sip.instance=\"<urn:uuid:1>\";reg-id=1"),
	STR("<sip:d@192.0.2.72:40000;ob>;+sip.instance=\"<urn:uuid:2>\";reg-id=2;expires=90"),
	STR("<sip:d@192.0.2.9>;expires=0"), STR("<sip:d@224.0.0.1;ttl=1>"),
	STR("<sip:d@192.0.2.9;maddr=192.0.2.10;transport=udp>"), STR("1 INVITE"), STR("2 INVITE"),
	STR("1 1 INVITE"), STR("1 ACK"), STR("2147483648 BYE"), STR("INVITE"), STR("INVITE, ACK"),
	STR("UPDATE"), STR("INVITE, ACK, BYE, CANCEL, UPDATE, PRACK, OPTIONS"), STR("100rel"),
	STR("timer"), STR("path"), STR("gruu"), STR("outbound"), STR("outbound, path, gruu, timer"),
	STR("replaces"), STR("90;refresher=uac"), STR("90;refresher=uas"),
	STR("1800;refresher=none"), STR("application/sdp"), STR("multipart/mixed;boundary=a"),
	STR("id"), STR("id;critical"), STR("header;user"), STR("none"),
	STR("Q.850;cause=16;text=\"Normal\""), STR("SIP;cause=200;text=\"elsewhere\""),
	STR("SIP;cause=580"), STR("$c;to-tag=$t;from-tag=$f"), STR("$c;to-tag=$f;from-tag=$t"),
	STR("$c;to-tag=0;from-tag=$t;early-only"), STR("399 a \"b\""), STR("381 a \"sips wanted\""),
	STR("120 (later);duration=3600"), STR("18000"),
	STR("SIP/2.0/UDP 192.0.2.71:40000;rport;branch=z9hG4bKv"),
	STR("SIP/2.0/UDP h.example.net;branch=old;received=192.0.2.4;maddr=192.0.2.5"),
	STR("SIP/2.0/TLS 192.0.2.70:40000;branch=$b;alias"),
	STR("SIP/2.0/TCP 192.0.2.72;branch=$b"),
	STR("Digest username=\"7789\", realm=\"example.com\", nonce=\"$n\", uri=\"sip:x\", "
	    "response=\"0\""),
	STR("Digest realm=\"far\", nonce=\"1\", algorithm=MD5, qop=\"auth\""), STR("Basic eDp5"),
	STR("Sat, 13 Nov 2027 23:29:00 GMT"), STR("a b c d"), STR("<http://example.com/ring>"),
	STR("<sips:ring.example.net;transport=tls>"),
	STR("<sip:a@b>;index=1, <sips:c@d>;index=1.1"),
	STR("0123456789abcdef0123456789abcdef;remote=0123456789abcdef0123456789abcdef"),
	STR("id;history"), STR("\"sips:n\" <sip:far.example.org>, <tel:+1555;isub=sips:x>"),
	STR("<sip:7000@example.com;gr=urn:uuid:1>"), STR("<sip:$g>") };

/* A header that is whole and means something where it is added. */
static const struct str whole[] = { STR("+Authorization: $a"), STR("+Proxy-Authorization: $a"),
	STR("+Require: 100rel"), STR("+Require: foo"), STR("+Proxy-Require: foo"),
	STR("+Supported: timer|+Session-Expires: 90;refresher=uas"),
	STR("+Supported: timer|+Session-Expires: 300;refresher=uac|+Min-SE: 90"),
	STR("+Supported: timer, replaces, gruu, outbound, path"),
	STR("+Require: timer|+Session-Expires: 120;refresher=uac"), STR("+Session-Expires: 60"),
	STR("+Record-Route: <sips:192.0.2.61;lr>"), STR("+Record-Route: <sip:192.0.2.80;lr>"),
	STR("+Record-Route: <sip:192.0.2.80>"), STR("+Route: <sip:192.0.2.1;lr>"),
	STR("+Route: <sip:192.0.2.1;lr>, <sip:192.0.2.80;lr>"),
	STR("+Route: <sips:192.0.2.1:5061;lr>"), STR("+Replaces: $c;to-tag=$t;from-tag=$f"),
	STR("=Call-ID: $c"), STR("=To: <sip:a@b>;tag=$t"), STR("=From: <sip:a@b>;tag=$f"),
	STR("=Contact: *|+Expires: 0"), STR("+Expires: 0"), STR("+Expires: 60"),
	STR("+Path: <sip:192.0.2.80;lr>|+Supported: path"),
	STR("+Path: <sips:192.0.2.61;lr;ob>|+Supported: path, outbound"),
	STR("+Reason: SIP;cause=200;text=\"elsewhere\""), STR("+RSeq: 1|+Require: 100rel"),
	STR("+RAck: 1 1 INVITE"), STR("+Content-Disposition: render;handling=optional"),
	STR("+Content-Encoding: gzip"), STR("+Content-Language: eo"), STR("+Max-Breadth: 1"),
	STR("=Max-Forwards: 0"), STR("=Max-Forwards: 1"), STR("-Max-Forwards"), STR("-Contact"),
	STR("-Content-Type"), STR("-To"), STR("-Via"), STR("!"), STR("!x"),
	STR("!v=0\\r\\no=- 1 2 IN IP4 0.0.0.0\\r\\ns=-\\r\\nm=audio 4 RTP/AVP 0\\r\\n"),
	STR("+Privacy: id|+P-Preferred-Identity: <sip:7789@example.com>"),
	STR("+P-Asserted-Identity: <sip:7789@example.com>, <tel:7789>"),
	STR("+P-Asserted-Identity: \"N\" <sips:9@far.example.org>, <tel:+15551234>"),
	STR("=From: <sips:9@fly.example.net>;tag=w"), STR("^INVITE sip:$g SIP/2.0"),
	STR("^INVITE sip:4223@example.com SIP/2.0"), STR("^INVITE sip:5003@example.com SIP/2.0"),
	STR("^INVITE sips:96123@example.com SIP/2.0"), STR("^INVITE sip:9900@192.0.2.1 SIP/2.0"),
	STR("=Via: SIP/2.0/TLS 192.0.2.10:5061;alias;rport;branch=z9hG4bKal"),
	STR("+X-Genesys-CallUUID: 0123456789ABCDEF"), STR("+User-to-User: 34;encoding=hex"),
	STR("=Contact: <$u>;expires=300"),
	STR("=Contact: <$u>;expires=60;pub-gruu=\"sip:9@e;gr=1\""),
	STR("=Contact: <$u>|+Expires: 90|+Service-Route: <sip:192.0.2.80;lr>"),
	STR("=Contact: <$u>|+Expires: 90|+Supported: path, outbound"),
	STR("+Supported: outbound, path, gruu|=Contact: "
	    "<sips:d@192.0.2.70:40000;ob>;+sip.instance=\"<urn:uuid:1>\";reg-id=1;expires=600"),
	STR("+Supported: outbound, path, gruu|=Contact: "
	    "<sips:d@192.0.2.70:40000;ob>;+sip.instance=\"<urn:uuid:1>\";reg-id=2;expires=600"),
	STR("=To: <sips:7000@example.com>|=From: <sips:7000@example.com>;tag=o"),
	STR("=To: <sip:7001@example.com>|=From: <sip:7001@example.com>;tag=p"),
	STR("=From: <sip:1@far.example.org>;tag=q"), STR("=From: <sips:1@far.example.org>;tag=r"),
	STR("+Retry-After: 5"), STR("+Retry-After: 60"), STR("+Min-SE: 200"), STR("+Min-SE: 7200"),
	STR("+Min-Expires: 7200"), STR("+Warning: 381 a \"sips\""), STR("+Unsupported: timer"),
	STR("+Allow: INVITE, ACK"), STR("+Allow: UPDATE, INVITE"),
	STR("+WWW-Authenticate: Digest realm=\"far\", nonce=\"1\", qop=\"auth\""),
	STR("+Proxy-Authenticate: Digest realm=\"far\", nonce=\"2\""),
	STR("=Contact: <sip:5001@192.0.2.51>"), STR("=Contact: <sips:6001@192.0.2.61>"),
	STR("=Contact: <sip:7001@example.com>;q=0.5, <sips:7000@example.com>;q=0.9"),
	STR("^REGISTER sips:example.com SIP/2.0"), STR("^REGISTER sip:example.com SIP/2.0"),
	STR("^INVITE sips:7000@example.com SIP/2.0"), STR("^INVITE sip:7789@192.0.2.1 SIP/2.0"),
	STR("^INVITE sip:7789@example.com;gr=urn:uuid:2 SIP/2.0"),
	STR("^INVITE sip:9123@example.com;user=phone SIP/2.0"), STR("^INVITE tel:7000 SIP/2.0"),
	STR("^OPTIONS sip:192.0.2.1 SIP/2.0"), STR("^ACK sip:x SIP/2.0"),
	STR("^INVITE sip:7000@elsewhere.example.org SIP/2.0"), STR("^CANCEL sip:x SIP/2.0"),
	STR("^SIP/2.0 200 OK"), STR("^SIP/2.0 999 X"),
	STR("^INVITE sip:7000@example.com SIP/3.0") };

static void
put_change(struct change *c, struct buf *b)
{
	static const char ways[] = { '+', '=', '+', '=', '-' };
	char way = ways[change_below(c, sizeof ways)];

	buf_char(b, '|');
	if (change_below(c, 2) == 0) {
		buf_put(b, whole[change_below(c, COUNT(whole))]);
		return;
	}
	buf_char(b, way);
	buf_put(b, names[change_below(c, COUNT(names))]);
	if (way == '-')
		return;
	buf_put(b, STR(": "));
	buf_put(b, values[change_below(c, COUNT(values))]);
}

/* ---- steps ---- */

static void
put_number(struct buf *b, uint32_t number)
{
	buf_char(b, ' ');
	buf_number(b, number);
}

/* Mostly 0: what was last. */
static void
put_ago(struct change *c, struct buf *b)
{
	put_number(
		b, change_below(c, 2) == 0 ? 0 : change_below(c, change_below(c, 3) == 0 ? 6 : 2));
}

static void
put_status(struct change *c, struct buf *b)
{
	static const uint32_t usual[] = { 100, 180, 181, 182, 183, 200, 200, 200, 302, 401, 404,
		407, 408, 422, 480, 481, 486, 487, 491, 500, 503, 603 };
	static const uint32_t all[] = { 199, 202, 204, 300, 301, 305, 380, 400, 402, 403, 405, 406,
		410, 412, 413, 414, 415, 416, 417, 420, 421, 423, 424, 428, 429, 430, 433, 436, 437,
		438, 439, 440, 469, 470, 482, 483, 484, 485, 488, 489, 493, 494, 501, 502, 504, 505,
		513, 555, 580, 600, 604, 606, 607, 608, 699 };

	put_number(b,
		change_below(c, 3) > 0 ? one_of(c, usual, COUNT(usual))
				       : one_of(c, all, COUNT(all)));
}

static void
put_span(struct change *c, struct buf *b)
{
	static const uint32_t spans_ms[] = { 1, 100, 200, 500, 501, 1000, 2000, 4000, 5000, 7500,
		10000, 16000, 31999, 32000, 33000, 45000, 60000, 64000, 90000, 180000, 200000,
		300000, 600000, 1800000, 3600000, 7200000 };

	put_number(b, one_of(c, spans_ms, COUNT(spans_ms)));
}

static void
put_seconds(struct change *c, struct buf *b)
{
	static const uint32_t spans_s[] = { 0, 1, 59, 60, 90, 120, 600, 3600, 7200, 86400 };

	put_number(b, one_of(c, spans_s, COUNT(spans_s)));
}

/* For which names somebody asks. */
static const struct str asked[] = { STR(""), STR("$i"), STR("5000"), STR("5001"), STR("5002"),
	STR("6001"), STR("7000"), STR("7001"), STR("7789"), STR("9123"), STR("4223"), STR("42"),
	STR("404"), STR("east"), STR("west"), STR("1001") };

/* Ends: whether the step says a message, which may be changed. */
static bool
put_step(struct change *c, struct buf *b)
{
	static const char letters[] = "IIIIIIRRRRROAAAAAAAAUUBBBBBCZFDNSEMPTTTGLLHQW";
	char what = letters[change_below(c, sizeof letters - 1)];

	buf_char(b, what);
	switch (what) {
	case 'I':
		put_number(b, change_below(c, FARS));
		put_number(b, change_below(c, 10));
		if (change_below(c, 4) == 0)
			put_number(b, 1);
		return true;
	case 'R':
		put_number(b, change_below(c, FARS));
		put_seconds(c, b);
		return true;
	case 'O':
		put_number(b, change_below(c, FARS));
		put_number(b, change_below(c, 15));
		return true;
	case 'A':
		put_ago(c, b);
		put_status(c, b);
		return true;
	case 'U':
	case 'C': put_ago(c, b); return true;
	case 'B':
		put_ago(c, b);
		put_number(b, change_below(c, change_below(c, 2) == 0 ? 3 : 15));
		put_number(b, change_below(c, 5) > 0 ? 1 : change_below(c, 3));
		return true;
	case 'L': put_number(b, change_below(c, DIRECTORIES)); return false;
	case 'H':
		put_number(b, change_below(c, 5));
		put_number(b, change_below(c, 4));
		put_number(b, change_below(c, 6) == 0);
		return false;
	case 'Q':
		put_number(b, change_below(c, 10));
		buf_put(b, STR(" 0|"));
		buf_put(b, asked[change_below(c, COUNT(asked))]);
		buf_char(b, '|');
		buf_put(b, asked[change_below(c, COUNT(asked))]);
		return false;
	case 'N':
		put_ago(c, b);
		put_number(b, change_below(c, 4) % 3);
		put_number(b, change_below(c, 3));
		return false;
	case 'W': buf_put(b, STR(" 1 OPTIONS sip:x SIP/2.0\\r\\n")); return false;
	case 'T': put_span(c, b); return false;
	case 'M':
		put_number(b, change_below(c, 3));
		put_number(b, change_below(c, 4));
		put_number(b, change_below(c, 4));
		return false;
	default:
		put_ago(c, b);
		put_number(b, change_below(c, 4));
		return false;
	}
}

static void
put_line(struct change *c, size_t at, size_t len)
{
	char text[STEP_BYTES];
	struct buf b = buf_on(text, sizeof text);

	if (at > 0 && c->at[at - 1] != '\n')
		buf_char(&b, '\n');
	if (put_step(c, &b))
		while (change_below(c, USUAL) == 0)
			put_change(c, &b);
	buf_char(&b, '\n');
	if (buf_ok(&b))
		change_put(c, at, len, buf_str(&b));
}

/* ---- what becomes of an input ---- */

/* A number of a step becomes another one, or a change is put behind it or taken away. */
static void
change_step(struct change *c, size_t from, size_t to)
{
	struct str line = str_of(c->at + from, to - from);
	size_t bar = str_find(line, '|'), end = line.len;
	char text[STEP_BYTES];
	struct buf b = buf_on(text, sizeof text);

	if (end > 0 && line.at[end - 1] == '\n')
		end--;
	switch (change_below(c, 4)) {
	case 0:
		put_change(c, &b);
		if (buf_ok(&b))
			change_put(c, from + end, 0, buf_str(&b));
		break;
	case 1: /* without its changes */
		if (bar < end)
			change_put(c, from + bar, end - bar, STR(""));
		break;
	case 2: /* other changes behind the same step */
		put_change(c, &b);
		if (bar < end && buf_ok(&b))
			change_put(c, from + bar, end - bar, buf_str(&b));
		break;
	default: /* another step before the same changes */
		(void)put_step(c, &b);
		if (buf_ok(&b))
			change_put(c, from, bar < end ? bar : end, buf_str(&b));
		break;
	}
}

void
change_own(struct change *c)
{
	size_t starts[LINES_MAX + 1];
	unsigned count = change_lines(c, starts), line = change_below(c, count + 1);

	switch (change_below(c, 8)) {
	case 0:
	case 1:
	case 2: put_line(c, starts[line], 0); break;
	case 3: put_line(c, c->size, 0); break;
	case 4: change_order(c); break;
	default:
		if (line < count)
			change_step(c, starts[line], starts[line + 1]);
		break;
	}
}

#if defined(__clang__)
#pragma clang attribute pop
#endif
