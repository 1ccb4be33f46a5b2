/* SPDX-License-Identifier: Apache-2.0 */
/* How configurations change: as somebody would who knows the keys and what each may say, and who
 * errs now and then. */
#include "directory/options.h"
#include "mutate.h"

#if defined(__clang__)
/* What changes an input is none of what it reaches. */
#pragma clang attribute push(__attribute__((no_sanitize("coverage"))), apply_to = function)
#endif

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

enum { LINE_BYTES = 1024, USUAL = 8 /* of this many times all but one a value is the key's own */ };

/* What keys may say, with a bar between. */
static const struct {
	struct str key, values;
} all[] = {
	{ STR("admin"),
		STR("/run/a|a|{ socket: a, group: root }|{ group: root }|{ socket: \"\" }|"
		    "{ socket: a, group: nobody-here }|{ socket: [ a ] }|[]") },
	{ STR("advertise"), STR("a.example|a.example:5070|192.0.2.9:5060|\"[2001:db8::1]:5061\"") },
	{ STR("asserted-identity"), STR("trusted|removed") },
	{ STR("authenticate-requests"),
		STR("none|register|invite|[ register ]|[ invite, register ]|\"register, invite\"|"
		    "\"invite,invite\"|[]|[ none ]|[ \"a,b\" ]|publish|[ [] ]|message|subscribe") },
	{ STR("call-uuid-header"), STR("X-Y|Via|\"a b\"|\"\"|X-Genesys-CallUUID") },
	{ STR("capacity"), STR("0|1|1000000|1000001") },
	{ STR("certificate"), STR("90|91|94|95|96|98|none.pem|/|\"\"|90x") },
	{ STR("client-certificate"), STR("none|optional|required") },
	{ STR("contact"),
		STR("\"*\"|sip:192.0.2.50|sip:192.0.2.50:5070;transport=tcp|sips:192.0.2.61|"
		    "sips:a.example;transport=tls|sip:a.example;transport=tls|sip:127.0.0.1|"
		    "sip:0.0.0.0|sip:224.0.0.1|sip:255.255.255.255|\"sip:[2001:db8::7]\"|"
		    "\"sip:[::1]:5060\"|\"[::ffff:127.0.0.1]\"|sip:5000@a.example|"
		    "sip:%35@a.example|tel:5000|http:5|https:5|a.example:5060|"
		    "sips:a;transport=udp|sip:a;transport=|sip:a;x=y|sip:a;transport=tcp;"
		    "transport=tcp|sip:a?b|sip:a:0|sip:a-|sip:1.2.3|sip:@a|\"sip:a b\"") },
	{ STR("crl"), STR("93|90|none.pem|\"\"") },
	{ STR("crossing"), STR("per-leg|observe|no-downgrade|strict") },
	{ STR("dn"), STR("[]|{}|x|[ 5 ]|[ {} ]") },
	{ STR("domain"),
		STR("a.example|[ a.example, b.example ]|[ a, a ]|a.example:5060|[ [] ]|"
		    "192.0.2.1|[ \"\" ]|\"[2001:db8::1]\"|[ c.example, C.EXAMPLE. ]") },
	{ STR("eku"), STR("tls|any|sip") },
	{ STR("emit-transport-tls"), STR("yes|no") },
	{ STR("from-domain"), STR("any|certificate") },
	{ STR("group"), STR("root|nobody-here") },
	{ STR("groups"), STR("P-256|\"X25519:P-256\"|none-such|[]") },
	{ STR("gruu"), STR("yes|no|true|false") },
	{ STR("identities"),
		STR("{ a: { certificate: 90, key: 91 } }|{ default: {} }|{ \"\": {} }|{ a/b: {} }|"
		    "{ a: { certificate: 90, key: 91, trust: 90, crl: 93 }, b: { certificate: 94, "
		    "key: 91, eku: sip } }|{ a: 1 }|[]") },
	{ STR("identity"), STR("a|b|default|defualt|[ a, b ]|[ a, a ]|[]|none-such") },
	{ STR("key"), STR("91|92|100|90|99|none.pem|/") },
	{ STR("listen"),
		STR("[ sip:127.0.0.1 ]|[ sips:127.0.0.1 ]|[ sip:127.0.0.1;transport=tcp ]|[]|x|"
		    "[ sip:0.0.0.0 ]|[ \"sip:[::]\" ]|[ sip:127.0.0.1, sips:127.0.0.1 ]|"
		    "[ { uri: sips:127.0.0.1, identity: a, client-certificate: required } ]|"
		    "[ sip:0.0.0.0, sip:127.0.0.1 ]|[ { uri: sip:a } ]|[ {} ]") },
	{ STR("min-version"), STR("\"1.2\"|\"1.3\"|1.3|1.1") },
	{ STR("number"), STR("1|5000|7789|east|\"\"|a b|\"*\"") },
	{ STR("oos-check"), STR("0|1|10|300|301") },
	{ STR("oos-force"), STR("0|5|30|31") },
	{ STR("outbound-proxy"),
		STR("sip:192.0.2.9|sips:p.example|sip:p.example;transport=udp|sip:5@p|\"*\"|"
		    "sip:p.example:5070;transport=tls|x y") },
	{ STR("password"),
		STR("secret|\"change me\"|\"${file:97}\"|\"${file:98}\"|\"${file:99}\"|"
		    "\"${file:none}\"|\"${file:/}\"|\"${env:HOME}\"|\"${env:NOT_SET}\"|"
		    "\"a${env:HOME}\"|\"${env:a}b}\"|\"${file:}\"|\"\"|\"a\\x01\"") },
	{ STR("prefix"), STR("9|+49|\"*#\"|x|\"\"") },
	{ STR("priority"), STR("0|1|65535|65536") },
	{ STR("realm"), STR("a.example|\"a\\\"b\"|'a\\b'|\"\"") },
	{ STR("records"), STR("/tmp/r|r|\"\"|[]") },
	{ STR("recovery-timeout"), STR("0|30|3600|3601") },
	{ STR("register"), STR("yes|no|true|false|maybe") },
	{ STR("register-expires"), STR("59|60|3600|86400|86401") },
	{ STR("resolver"), STR("192.0.2.53|192.0.2.53:5353|a.example|\"[2001:db8::53]:53\"|1:2") },
	{ STR("service-route"), STR("yes|no") },
	{ STR("service-type"), STR("softswitch|msml|recorder|moh|x") },
	{ STR("sips"), STR("allowed|required|refused") },
	{ STR("socket"), STR("a|/run/a|\"\"") },
	{ STR("store"), STR("x") },
	{ STR("strangers"), STR("dn-only|none|all|dnonly") },
	{ STR("t1"), STR("500ms|1s|0s|5|ms|500m|100000000s") },
	{ STR("t2"), STR("4s|100ms|32s") },
	{ STR("t4"), STR("5s|5000ms") },
	{ STR("timers"), STR("{ t1: 500ms }|{ t1: 5s, t2: 4s }|{ t4: 5s }|{}|x") },
	{ STR("tls"),
		STR("{ certificate: 90, key: 91 }|{ certificate: 90, key: 91, trust: 90 }|"
		    "{ certificate: 90 }|{ key: 91 }|{ trust: 90 }|{ trust: 90, crl: 93 }|"
		    "{ crl: 93 }|{ trust: /etc/ssl/certs }|{ certificate: 94, key: 91, "
		    "min-version: \"1.3\", groups: P-256, eku: any }|x|{}") },
	{ STR("tls-fingerprint"),
		STR("0123456789abcdef0123456789abcdef0123456789abcdef0123456789ABCDEF|0123|"
		    "\"01:23:45:67:89:ab:cd:ef:01:23:45:67:89:ab:cd:ef:01:23:45:67:89:ab:cd:ef:01:"
		    "23:45:67:89:ab:cd:ef\"|\"01:23:4567\"|\"01:23\"|xy|0x") },
	{ STR("tls-name"), STR("a.example|192.0.2.9|a.example:5061|\"*\"|sip:a") },
	{ STR("tls-wildcard"), STR("yes|no") },
	{ STR("trust"), STR("90|91|99|/etc/ssl/certs|none.pem|\"\"") },
	{ STR("type"),
		STR("extension|acd-position|trunk|voip-service|acd-queue|routing-point|extensio") },
	{ STR("uri"),
		STR("sip:127.0.0.1|sips:127.0.0.1|sips:127.0.0.2:5062|sip:0.0.0.0;transport=tcp") },
	{ STR("username"), STR("me|\"a\\\"b\"|\"\"") },
};

/* What any of them may be instead. */
static const struct str any[] = { STR("x"), STR("\"\""), STR("''"), STR("~"), STR("[]"), STR("{}"),
	STR("[ a, b ]"), STR("{ a: b }"), STR("*a"), STR("&a b"), STR("!!str a"), STR("|\n    a"),
	STR(">\n    a\n    b"), STR("\"\\u0000\""), STR("\"\\x1b\""), STR("'it''s'"), STR("- a"),
	STR("@a"), STR("%a"), STR("`a"), STR("\t"), STR("\xc3\xa9"), STR("\xe2\x80\xa8"),
	STR("\xef\xbb\xbf"), STR("\x7f"), STR("# a"), STR("...\n"), STR("---\n"), STR("? a"),
	STR("<<: *a"), STR("") };

static struct str
one_of(struct change *c, struct str values)
{
	uint32_t count = 1, which;

	for (size_t i = 0; i < values.len; i++)
		count += values.at[i] == '|';
	for (which = change_below(c, count); which > 0; which--)
		(void)str_cut(&values, '|');
	return str_cut(&values, '|');
}

/* A value for the key that ends at the end of BEFORE. */
static void
put_value(struct change *c, struct buf *b, struct str before)
{
	if (change_below(c, USUAL) == 0) {
		buf_put(b, any[change_below(c, COUNT(any))]);
		return;
	}
	for (size_t i = 0; i < COUNT(all); i++) {
		struct str key = all[i].key;

		if (str_ends(before, key) &&
			(before.len == key.len ||
				str_find(STR(" {,\n"), before.at[before.len - key.len - 1]) < 4)) {
			buf_put(b, one_of(c, all[i].values));
			return;
		}
	}
	buf_put(b, one_of(c, all[change_below(c, COUNT(all))].values));
}

static void
put_pair(struct change *c, struct buf *b, struct str key)
{
	buf_put(b, key);
	buf_put(b, STR(": "));
	put_value(c, b, key);
}

static struct str
option_of(struct change *c)
{
	uint32_t count;
	const struct option *options = options_all(&count);
	struct str name = options[change_below(c, count)].name;

	/* What is not carried out has little to say. */
	return option_find(name)->is_carried || change_below(c, 8) == 0
		? name
		: options[change_below(c, 8)].name;
}

/* A whole DN on a line. */
static void
put_dn(struct change *c, struct buf *b)
{
	static const struct str needs[] = { STR("type"), STR("contact") };

	buf_put(b, STR("  - { number: "));
	buf_number(b, change_below(c, 100));
	for (size_t i = 0; i < COUNT(needs); i++) {
		buf_put(b, STR(", "));
		put_pair(c, b, needs[i]);
	}
	for (uint32_t more = change_below(c, 5); more > 0; more--) {
		buf_put(b, STR(", "));
		put_pair(c, b, option_of(c));
	}
	buf_put(b, STR(" }\n"));
}

static void
put_root(struct change *c, struct buf *b)
{
	static const struct str keys[] = { STR("listen"), STR("domain"), STR("tls"),
		STR("crossing"), STR("strangers"), STR("timers"), STR("call-uuid-header"),
		STR("resolver"), STR("dn"), STR("store"), STR("admin"), STR("records"),
		STR("identities") };

	put_pair(c, b, keys[change_below(c, COUNT(keys))]);
	buf_char(b, '\n');
}

/* Puts a line where one begins. */
static void
put_line(struct change *c)
{
	size_t starts[LINES_MAX + 1];
	unsigned count = change_lines(c, starts);
	char text[LINE_BYTES];
	struct buf b = buf_on(text, sizeof text);

	if (change_below(c, 2) == 0)
		put_dn(c, &b);
	else
		put_root(c, &b);
	if (buf_ok(&b))
		change_put(c, starts[change_below(c, count + 1)], 0, buf_str(&b));
}

/* Where C stands for the next time from FROM on, or the size. */
static size_t
next_of(const struct change *c, size_t from, char mark)
{
	while (from < c->size && c->at[from] != mark)
		from++;
	return from;
}

/* Another value behind some key. */
static void
change_value(struct change *c)
{
	size_t colon = next_of(c, change_below(c, (uint32_t)c->size), ':'), from = colon + 1, to;
	char text[LINE_BYTES];
	struct buf b = buf_on(text, sizeof text);

	if (from >= c->size)
		return;
	for (to = from; to < c->size && str_find(STR(",}\n"), c->at[to]) == 3;)
		to++;
	buf_char(&b, ' ');
	put_value(c, &b, str_of(c->at, colon));
	if (buf_ok(&b))
		change_put(c, from, to - from, buf_str(&b));
}

/* One more in some map between braces, or between two lines of one without. */
static void
put_more(struct change *c)
{
	size_t at = next_of(c, change_below(c, (uint32_t)c->size), '}');
	char text[LINE_BYTES];
	struct buf b = buf_on(text, sizeof text);
	struct str key =
		change_below(c, 2) == 0 ? option_of(c) : all[change_below(c, COUNT(all))].key;

	if (at == c->size) {
		at = next_of(c, change_below(c, (uint32_t)c->size), '\n');
		buf_put(&b, STR("\n    "));
	} else {
		buf_put(&b, STR(", "));
	}
	put_pair(c, &b, key);
	if (buf_ok(&b))
		change_put(c, at, 0, buf_str(&b));
}

void
change_own(struct change *c)
{
	switch (change_below(c, 8)) {
	case 0:
	case 1: put_line(c); break;
	case 2:
	case 3:
	case 4: change_value(c); break;
	case 5:
	case 6: put_more(c); break;
	default: change_order(c); break;
	}
}

#if defined(__clang__)
#pragma clang attribute pop
#endif
