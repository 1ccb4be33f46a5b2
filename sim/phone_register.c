/* SPDX-License-Identifier: Apache-2.0 */
/* REGISTER, credentials, and what is neither call nor registration. */
#include <stdlib.h>
#include <string.h>

#include "gate/digest.h"
#include "phone_inside.h"

enum {
	DRAW_REG_KIND = 0x90,
	DRAW_REG_S,
	DRAW_GARBAGE,
	DRAW_OCTET,
	DRAW_WHICH,
	DRAW_FLIP,
	DRAW_METHOD,
	DRAW_WRONG_SECRET,
	DRAW_REGISTRAR,
	DRAW_GRANT,
	TEXT_BYTES = 8192,
	GARBAGE_MAX = 600,
	FORGET_MS = 40 * 1000,
};

/* A talk that only carries a request outside any dialog. */
static struct talk *
ask_talk(struct world *w, uint32_t who, const char *id)
{
	struct talk *t = talk_new(w, who, 0);
	const struct phone *phone = &w->phones.all[who];

	if (t == NULL)
		return NULL;
	t->state = TALK_LEAVING;
	t->is_caller = true;
	snprintf(t->tag, sizeof t->tag, "g%08x", ++w->phones.numbers);
	snprintf(t->call_id, sizeof t->call_id, "%s", id);
	snprintf(t->local, sizeof t->local, "<%s:%s@example.com>;tag=%s", phone_scheme(phone),
		phone->user, t->tag);
	return t;
}

/* A device on a connection may name itself and its flow (RFC 5626 4.2). */
static void
write_instance(const struct world *w, uint32_t who, char *at, size_t room)
{
	at[0] = '\0';
	if (w->has_outbound && w->phones.all[who].transport != TRANSPORT_UDP)
		snprintf(at, room,
			";reg-id=1;+sip.instance=\"<urn:uuid:%08x-0000-1000-8000-%012x>\"", who,
			who);
}

/* Some of more than one address may have; they pile up. */
static int
write_many(const struct phone *phone, uint64_t own, char *at, size_t room)
{
	uint32_t count = 2 + draw_below(own, DRAW_REG_S, 1, 6);
	size_t used = 0;

	for (uint32_t i = 0; i < count && used < room; i++) {
		int len = snprintf(at + used, room - used, "Contact: <%s:n%u@%s>;expires=90\r\n",
			phone_scheme(phone), draw_below(own, DRAW_REG_S, 2, 12) + i,
			phone_host(phone));

		used += len > 0 ? (size_t)len : 0;
	}
	return used < room ? (int)used : 0;
}

static size_t
write_contacts(struct world *w, uint32_t who, uint64_t own, char *at, size_t room)
{
	const struct phone *phone = &w->phones.all[who];
	const char *scheme = phone_scheme(phone), *host = phone_host(phone);
	const char *transport = phone->transport == TRANSPORT_TCP ? ";transport=tcp" : "";
	uint32_t kind = draw_below(own, DRAW_REG_KIND, 0, 100);
	uint32_t expires_s = 60 + draw_below(own, DRAW_REG_S, 0, 540);
	char name[96];
	int len;

	write_instance(w, who, name, sizeof name);
	if (kind < 8)
		len = snprintf(at, room, "Contact: <%s:%s@%s%s>%s\r\nExpires: 0\r\n", scheme,
			phone->user, host, transport, name);
	else if (kind < 12)
		len = snprintf(at, room, "Contact: *\r\nExpires: 0\r\n");
	else if (kind < 20)
		len = snprintf(at, room,
			"Contact: <%s:%s@%s%s>;q=0.9%s\r\n"
			"Contact: <%s:other@%s%s>;q=0.1;expires=90\r\nExpires: %u\r\n",
			scheme, phone->user, host, transport, name, scheme, host, transport,
			expires_s);
	else if (kind < 24)
		len = snprintf(at, room, "Contact: <%s:%s@%s>;expires=5%s\r\n", scheme, phone->user,
			host, name);
	else if (kind < 27)
		len = snprintf(at, room, "Expires: 300\r\n"); /* only asks */
	else if (kind < 35)
		len = write_many(phone, own, at, room);
	else
		len = snprintf(at, room, "Contact: <%s:%s@%s%s>;expires=%u%s\r\n", scheme,
			phone->user, host, transport, expires_s, name);
	if (name[0] != '\0' && len > 0 && (size_t)len < room)
		len += snprintf(at + len, room - (size_t)len, "Supported: path, outbound\r\n");
	return len > 0 ? (size_t)len : 0;
}

static void
send_register(struct world *w, struct talk *t, const char *lines)
{
	const struct phone *phone = &w->phones.all[t->who];
	static char text[TEXT_BYTES];
	int len;

	len = snprintf(text, sizeof text,
		"REGISTER %s:example.com SIP/2.0\r\nVia: SIP/2.0/%s %s;rport;branch=z9hG4bKr%08x\r\n"
		"Max-Forwards: 70\r\nFrom: %s\r\nTo: <%s:%s@example.com>\r\nCall-ID: %s\r\n"
		"CSeq: %u REGISTER\r\n%sContent-Length: 0\r\n\r\n",
		phone_scheme(phone), transport_token(phone->transport), phone_host(phone),
		++w->phones.numbers, t->local, phone_scheme(phone), phone->user, t->call_id,
		++w->phones.all[t->who].cseq, lines);
	if (len <= 0 || len >= TEXT_BYTES)
		abort();
	say_text(w, t->who, talk_flow(w, t), text, (size_t)len);
	talk_repeat(w, t, REPEAT_ASK, text, (size_t)len, T2_MS);
}

void
phone_register(struct world *w, uint32_t who, uint64_t own)
{
	char id[64];
	struct talk *t;

	snprintf(id, sizeof id, "reg-%s-%u", w->phones.all[who].user, w->life);
	t = ask_talk(w, who, id);
	if (t == NULL)
		return;
	t->draw = own;
	(void)write_contacts(w, who, own, t->lines, sizeof t->lines);
	send_register(w, t, t->lines);
}

/* Its talk hears of it too, and ends. */
void
register_heard(struct world *w, uint32_t who, const struct msg *msg)
{
	struct phone *phone = &w->phones.all[who];

	if (msg->status >= 200 && msg->status < 300)
		phone->has_binding = true;
	for (uint32_t i = 0; i < TALKS_MAX; i++) {
		struct talk *t = &w->phones.talks[i];
		char line[1024], uri[64], lines[2048];

		if (t->state != TALK_LEAVING || t->who != who || msg->status != 401 ||
			t->has_auth || !str_same(msg->from.tag, str_cstr(t->tag)))
			continue;
		snprintf(uri, sizeof uri, "%s:example.com", phone_scheme(phone));
		if (!credentials_write(phone, msg, "REGISTER", uri, t->draw, line, sizeof line))
			continue;
		t->has_auth = true;
		snprintf(lines, sizeof lines, "%s%s", t->lines, line);
		send_register(w, t, lines);
		return;
	}
}

bool
credentials_write(const struct phone *phone, const struct msg *msg, const char *method,
	const char *uri, uint64_t own, char *line, size_t room)
{
	enum header_id id =
		msg->status == 407 ? HEADER_PROXY_AUTHENTICATE : HEADER_WWW_AUTHENTICATE;
	bool is_wrong = draw_below(own, DRAW_WRONG_SECRET, 0, 20) == 0;
	char hex[HASH_HEX_MAX];
	struct hashers hashers;
	struct cred asked;
	struct str response;
	struct digest_input in;

	if (phone->password == NULL || !cred_parse(&asked, msg_value(msg, id)) ||
		!hashers_open(&hashers))
		return false;
	in = (struct digest_input){ .algorithm = asked.algorithm,
		.username = str_cstr(phone->user),
		.realm = asked.realm,
		.password = is_wrong ? STR("guessed") : str_cstr(phone->password),
		.method = str_cstr(method),
		.uri = str_cstr(uri),
		.nonce = asked.nonce,
		.nc = STR("00000001"),
		.cnonce = STR("0a4f113b"),
		.qop = STR("auth") };
	response = in.algorithm == DIGEST_OTHER ? STR("") : digest_response(&hashers, &in, hex);
	hashers_close(&hashers);
	if (response.len == 0)
		return false;
	snprintf(line, room,
		"%s: Digest username=\"%s\", realm=\"%.*s\", nonce=\"%.*s\", uri=\"%s\", qop=auth, "
		"nc=00000001, cnonce=\"0a4f113b\", response=\"%.*s\", algorithm=%.*s\r\n",
		msg->status == 407 ? "Proxy-Authorization" : "Authorization", phone->user,
		(int)asked.realm.len, asked.realm.at, (int)asked.nonce.len, asked.nonce.at, uri,
		(int)response.len, response.at, (int)digest_name(in.algorithm).len,
		digest_name(in.algorithm).at);
	return true;
}

static void
grant(struct world *w, uint32_t who, struct flow_id flow, const struct msg *msg, uint64_t own)
{
	struct str contact = msg_value(msg, HEADER_CONTACT);
	uint32_t expires_s = 60, kind = draw_below(own, DRAW_GRANT, 0, 20);
	char lines[1024];

	(void)msg_seconds(msg, HEADER_EXPIRES, &expires_s);
	if (expires_s > 0 && kind < 6 && !w->is_calm) /* less than was asked for */
		expires_s = 1 + draw_below(own, DRAW_GRANT, 1, expires_s);
	snprintf(lines, sizeof lines, "%sContact: %.*s;expires=%u\r\nExpires: %u\r\n",
		kind % 4 == 0        ? "Service-Route: <sip:edge.example.net;lr>\r\n"
			: kind == 19 ? "Service-Route: <sip:strict.example.net>\r\n"
				     : "",
		(int)contact.len, contact.at, expires_s, expires_s);
	say_reply(w, who, flow, msg, 200, "g", expires_s == 0 ? "" : lines);
}

static void
challenge(struct world *w, uint32_t who, struct flow_id flow, const struct msg *msg)
{
	const char *realm = backing_realm(w, w->phones.all[who].user);
	char line[160];

	snprintf(line, sizeof line,
		"WWW-Authenticate: Digest realm=\"%s\", nonce=\"1\", algorithm=MD5, qop=\"auth\"\r\n",
		realm != NULL ? realm : "elsewhere");
	say_reply(w, who, flow, msg, 401, "g", line);
}

void
phone_heard_register(struct world *w, uint32_t who, struct flow_id flow, const struct msg *msg)
{
	uint64_t own = draw(w->options.seed, DRAW_REGISTRAR, ++w->phones.numbers);
	uint32_t kind = w->is_calm ? 99 : draw_below(own, DRAW_GRANT, 2, 100);

	if (kind < 8) /* it never heard of it */
		return;
	if (kind < 12)
		say_reply(w, who, flow, msg, 423, "g", "Min-Expires: 90\r\n");
	else if (kind < 16)
		say_reply(w, who, flow, msg, 503, "g", "Retry-After: 7\r\n");
	else if (kind < 20)
		challenge(w, who, flow, msg);
	else if (kind < 23)
		say_reply(w, who, flow, msg, 200, "g", ""); /* and does not list us */
	else
		grant(w, who, flow, msg, own);
}

void
phone_options(struct world *w, uint32_t who, uint64_t own)
{
	const struct phone *phone = &w->phones.all[who];
	char id[64], text[1024];
	struct talk *t;
	int len;

	snprintf(id, sizeof id, "opt-%08x@%s", ++w->phones.numbers, phone->user);
	t = ask_talk(w, who, id);
	if (t == NULL)
		return;
	t->draw = own;
	len = snprintf(text, sizeof text,
		"OPTIONS %s:example.com SIP/2.0\r\nVia: SIP/2.0/%s %s;rport;branch=z9hG4bKo%08x\r\n"
		"Max-Forwards: 70\r\nFrom: %s\r\nTo: <%s:example.com>\r\nCall-ID: %s\r\n"
		"CSeq: 1 OPTIONS\r\nContent-Length: 0\r\n\r\n",
		phone_scheme(phone), transport_token(phone->transport), phone_host(phone),
		++w->phones.numbers, t->local, phone_scheme(phone), t->call_id);
	say_text(w, who, talk_flow(w, t), text, (size_t)len);
	talk_repeat(w, t, REPEAT_ASK, text, (size_t)len, T2_MS);
}

/* ---- what no honest device does ---- */

void
phone_storm(struct world *w)
{
	enum { STORMER = 13 }; /* a stranger, by datagrams */
	const struct phone *phone = &w->phones.all[STORMER];
	uint32_t n = ++w->phones.numbers;
	char text[512];
	int len = snprintf(text, sizeof text,
		"OPTIONS sip:example.com SIP/2.0\r\nVia: SIP/2.0/UDP %s;rport;branch=z9hG4bKo%08x\r\n"
		"Max-Forwards: 70\r\nFrom: <sip:%s@example.com>;tag=s%x\r\n"
		"To: <sip:example.com>\r\nCall-ID: storm-%08x@%s\r\nCSeq: 1 OPTIONS\r\n"
		"Content-Length: 0\r\n\r\n",
		phone_host(phone), n, phone->user, n, n, phone->user);

	wire_say(w, STORMER, FLOW_NONE, text, (size_t)len);
}

static struct flow_id
any_flow(struct world *w, uint32_t who)
{
	struct talk t = { .who = who };

	return talk_flow(w, &t);
}

void
phone_ping(struct world *w, uint32_t who, uint64_t own)
{
	static const char *const pings[] = { "\r\n\r\n", "\r\n", "\r\n\r\n\r\n\r\n", "\0\0\0\0" };
	uint32_t which = draw_below(own, DRAW_WHICH, 0, 4);

	wire_say(w, who, any_flow(w, who), pings[which], which == 1 ? 2 : which == 2 ? 8 : 4);
}

void
phone_garbage(struct world *w, uint32_t who, uint64_t own)
{
	static const char *const heads[] = { "INVITE sip:5000@example.com SIP/2.0\r\n",
		"SIP/2.0 200 OK\r\n", "INVITE sip:", "\x16\x03\x01\x02", "GET / HTTP/1.1\r\n\r\n",
		"BYE sip:x SIP/2.0\r\nContent-Length: 4294967297\r\n\r\n",
		"OPTIONS sip:x SIP/2.0\r\nVia: SIP/2.0/UDP h;branch=z9hG4bKx\r\nl: -1\r\n\r\n",
		"" };
	char text[GARBAGE_MAX + 256];
	const char *head = heads[draw_below(own, DRAW_GARBAGE, 0, 8)];
	size_t len = strlen(head), more = draw_below(own, DRAW_GARBAGE, 1, GARBAGE_MAX);

	memcpy(text, head, len);
	for (size_t i = 0; i < more; i++)
		text[len + i] = (char)draw_below(own, DRAW_OCTET, i, 256);
	wire_say(w, who, any_flow(w, who), text, len + more);
}

/* What was said over TLS is replayed over TLS only: what a device itself tells the world in clear
 * is not the server's to keep. */
static uint32_t
whom_to_replay(struct world *w, uint32_t who, uint64_t own)
{
	uint32_t other = draw_below(own, DRAW_WHICH, 1, PHONES);

	return w->phones.all[who].transport == TRANSPORT_TLS ||
			w->phones.all[other].transport != TRANSPORT_TLS
		? other
		: who;
}

/* Puts ANOTHER, which is as long, wherever WORD stands. */
static void
rename_all(char *text, size_t len, const char *word, const char *another)
{
	size_t size = strlen(word);
	char *mark = text;

	while ((mark = memmem(mark, len - (size_t)(mark - text), word, size)) != NULL)
		memcpy(mark, another, size);
}

void
phone_replay(struct world *w, uint32_t who, uint64_t own)
{
	const struct phone *other = &w->phones.all[whom_to_replay(w, who, own)];
	uint32_t place = draw_below(own, DRAW_WHICH, 0, SAID_MAX);
	uint64_t flips = draw_below(own, DRAW_FLIP, 0, 4);
	char fresh[] = "z9hG4bK..";
	size_t len = other->said[place].len;
	char *copy;

	if (other->said[place].text == NULL || len == 0)
		return;
	/* What another contact would be bound for is for the fuzzer to try. */
	if (len > 8 && memcmp(other->said[place].text, "REGISTER", 8) == 0)
		flips = 0;
	copy = malloc(len);
	if (copy == NULL)
		abort();
	memcpy(copy, other->said[place].text, len);
	/* It is no longer of the call or the registration whose name it has, and what was changed
	 * is no repeat. */
	rename_all(copy, len, "call-", "copy-");
	rename_all(copy, len, ": reg-", ": rep-");
	fresh[7] = (char)('A' + own % 26);
	fresh[8] = (char)('A' + own / 26 % 26);
	if (flips > 0)
		rename_all(copy, len, "z9hG4bKs0", fresh);
	for (uint64_t i = 0; i < flips; i++) {
		size_t at = draw_below(own, DRAW_OCTET, i, (uint32_t)len);

		copy[at] = (char)(copy[at] ^ 1 << draw_below(own, DRAW_FLIP, 1 + i, 7));
	}
	wire_say(w, who, any_flow(w, who), copy, len);
	free(copy);
}

/* A request into a dialog of somebody else, with a tag that it guessed or saw. */
void
phone_forge(struct world *w, uint32_t who, uint64_t own)
{
	static const char *const methods[] = { "BYE", "INVITE", "ACK", "CANCEL", "INFO", "UPDATE" };
	const struct talk *t = &w->phones.talks[draw_below(own, DRAW_WHICH, 0, 64)];
	const struct phone *phone = &w->phones.all[who];
	const char *method = methods[draw_below(own, DRAW_METHOD, 0, 6)];
	char text[2048];
	int len;

	if (t->state == TALK_NONE || t->call == 0 || t->target[0] == '\0' ||
		(w->phones.all[t->who].transport == TRANSPORT_TLS &&
			phone->transport != TRANSPORT_TLS))
		return;
	len = snprintf(text, sizeof text,
		"%s %s SIP/2.0\r\nVia: SIP/2.0/%s %s;rport;branch=z9hG4bKf%08x\r\nMax-Forwards: 70\r\n"
		"From: %s%s\r\nTo: %s%s\r\nCall-ID: %s\r\nCSeq: %u %s\r\nContent-Length: 0\r\n\r\n",
		method, t->target, transport_token(phone->transport), phone_host(phone),
		++w->phones.numbers, t->local, own % 2 ? "x" : "", t->remote, own % 2 ? "" : "x",
		t->call_id, t->cseq + 1, method);
	if (len > 0 && len < (int)sizeof text)
		wire_say(w, who, any_flow(w, who), text, (size_t)len);
}
