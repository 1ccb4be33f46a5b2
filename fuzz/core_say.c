/* SPDX-License-Identifier: Apache-2.0 */
/* What devices say: messages as they should be, made of what the core said before, and then changed
 * as the input wants it. */
#include "core_world.h"
#include "fuzz.h"
#include "gate/digest.h"

#include <string.h>

enum { MESSAGE_MAX = 48 * 1024, WORDS_BYTES = 64 * 1024 };

/* One message while it is put together: its lines without CRLF, its body, and where it goes. */
struct draft {
	struct str lines[LINES_OF_MESSAGE_MAX];
	unsigned count;
	struct str body;
	struct flow_id flow;
	enum transport transport;
	struct addr at;
	struct str method, uri; /* of a request, for credentials */
};

static char words[WORDS_BYTES];
static struct buf word; /* where the lines of the draft stand */

static void
add(struct draft *d, struct str line)
{
	if (d->count < LINES_OF_MESSAGE_MAX)
		d->lines[d->count++] = line;
}

/* A line is written with buf_put to `word` between these two. */
static size_t
line_begin(void)
{
	return word.used;
}

static struct str
line_end(size_t from)
{
	return word.full ? STR("") : str_of(words + from, word.used - from);
}

/* Up to four parts, one behind the other. */
static struct str
join(struct str a, struct str b, struct str c, struct str e)
{
	size_t from = line_begin();

	buf_put(&word, a);
	buf_put(&word, b);
	buf_put(&word, c);
	buf_put(&word, e);
	return line_end(from);
}

static struct str
number_text(uint64_t number)
{
	size_t from = line_begin();

	buf_number(&word, number);
	return line_end(from);
}

static void
add_named(struct draft *d, struct str name, struct str value)
{
	add(d, join(name, value, STR(""), STR("")));
}

/* ---- changes ---- */

static const struct heard *
last_heard(void)
{
	return world.heard_count > 0 ? &world.heard[(world.heard_count - 1) % HEARD_MAX] : NULL;
}

static void
put_credentials(const struct draft *d)
{
	static struct hashers hashers;
	struct digest_input in = { .algorithm = DIGEST_SHA256,
		.username = STR("7789"),
		.realm = world.realm,
		.password = STR("Zq81!kept"),
		.method = d->method,
		.uri = d->uri,
		.nonce = world.nonce,
		.nc = STR("00000001"),
		.cnonce = STR("c"),
		.qop = STR("auth") };
	char hex[HASH_HEX_MAX];

	if (hashers.md5.md == NULL)
		fuzz_check(hashers_open(&hashers), STR_NONE);
	buf_put(&word,
		STR("Digest username=\"7789\", algorithm=SHA-256, qop=auth, cnonce=\"c\", "
		    "nc=00000001, realm=\""));
	buf_put(&word, in.realm);
	buf_put(&word, STR("\", nonce=\""));
	buf_put(&word, in.nonce);
	buf_put(&word, STR("\", uri=\""));
	buf_put(&word, in.uri);
	buf_put(&word, STR("\", response=\""));
	buf_put(&word, digest_response(&hashers, &in, hex));
	buf_put(&word, STR("\""));
}

static void
put_splice(const struct draft *d, char which)
{
	const struct heard *h = last_heard();

	if (which == 'n')
		buf_put(&word, world.nonce);
	else if (which == 'i')
		buf_put(&word, world.call);
	else if (which == 'g')
		buf_put(&word, world.gruu);
	else if (which == 'a')
		put_credentials(d);
	if (h == NULL)
		return;
	switch (which) {
	case 'c': buf_put(&word, h->call_id); break;
	case 't': buf_put(&word, h->to_tag); break;
	case 'f': buf_put(&word, h->from_tag); break;
	case 'b': buf_put(&word, h->branch); break;
	case 'u': buf_put(&word, h->contact); break;
	default: break;
	}
}

/* The octets that a text of the input stands for. */
static struct str
spell(const struct draft *d, struct str text)
{
	size_t from = line_begin();

	for (size_t i = 0; i < text.len; i++) {
		char c = text.at[i], after = i + 1 < text.len ? text.at[i + 1] : '\0';

		if (c == '\\' && (after == 'r' || after == 'n')) {
			buf_char(&word, after == 'r' ? '\r' : '\n');
			i++;
		} else if (c == '$' && after >= 'a' && after <= 'z') {
			put_splice(d, after);
			i++;
		} else {
			buf_char(&word, c);
		}
	}
	return line_end(from);
}

static bool
is_named(struct str line, struct str name)
{
	return str_alike(str_upto(line, str_find(line, ':')), name);
}

static void
change_line(struct draft *d, char how, struct str text)
{
	struct str name = str_upto(text, str_find(text, ':'));
	unsigned kept = how == '+' ? d->count : 1;

	for (unsigned i = kept; how != '+' && i < d->count; i++) {
		if (!is_named(d->lines[i], name)) {
			d->lines[kept++] = d->lines[i];
		} else if (how == '=') {
			d->lines[kept++] = text;
			how = ' '; /* the others stay */
			name = STR("");
		}
	}
	d->count = kept;
	if (how == '+')
		add(d, text);
}

static void
change(struct draft *d, struct str changes)
{
	while (changes.len > 0) {
		struct str one = str_trim(str_cut(&changes, '|'));
		char how = one.len > 0 ? one.at[0] : '\0';
		struct str text = how != '\0' ? spell(d, str_from(one, 1)) : STR("");

		switch (how) {
		case '^': d->lines[0] = text; break;
		case '!': d->body = text; break;
		case '+':
		case '-':
		case '=': change_line(d, how, text); break;
		default: break;
		}
	}
}

/* ---- saying ---- */

static void
tell(struct flow_id flow, enum transport transport, const struct addr *at, struct str octets)
{
	if (flow_is_none(flow) || octets.len == 0)
		return;
	world_show(">>>", transport, octets);
	witness_hears(transport, octets);
	world_octets(flow, at, octets);
}

static struct said *
remember(struct str octets, unsigned far)
{
	struct said *said = &world.said[world.said_count % SAID_MAX];
	struct str kept = world_keep(octets);

	if (str_is_none(kept))
		return NULL;
	world.said_count++;
	*said = (struct said){ .bytes = kept, .far = far };
	return said;
}

static struct said *
say(struct draft *d, unsigned far, struct str changes)
{
	static char message[MESSAGE_MAX];
	struct buf b = buf_on(message, sizeof message);
	struct said *said;
	bool has_length = false;

	change(d, changes);
	for (unsigned i = 0; i < d->count; i++) {
		buf_put(&b, d->lines[i]);
		buf_put(&b, STR("\r\n"));
		has_length |= is_named(d->lines[i], STR("Content-Length"));
	}
	if (!has_length) {
		buf_put(&b, STR("Content-Length: "));
		buf_number(&b, d->body.len);
		buf_put(&b, STR("\r\n"));
	}
	buf_put(&b, STR("\r\n"));
	buf_put(&b, d->body);
	if (!buf_ok(&b) || word.full)
		return NULL;
	said = remember(buf_str(&b), far);
	if (said != NULL)
		tell(d->flow, d->transport, &d->at, said->bytes);
	return said;
}

static struct draft
draft_to(struct flow_id flow, enum transport transport, const struct addr *at)
{
	word = buf_on(words, sizeof words);
	return (struct draft){ .flow = flow, .transport = transport, .at = *at, .body = STR("") };
}

static struct draft
draft_of(unsigned far)
{
	const struct far *f = &world.fars[far % FARS];
	struct flow_id flow = world_flow_of(far);

	world.number = (world.number + 1) % (BRANCHES_MAX - 1);
	return draft_to(flow, f->transport, &f->at);
}

static struct str
new_branch(void)
{
	return join(STR("z9hG4bKn"), number_text(world.number), STR(""), STR(""));
}

static struct str
host_of(const struct addr *at)
{
	for (unsigned i = 0; i < FARS; i++)
		if (addr_same(&world.fars[i].at, at))
			return world.fars[i].host;
	return STR("192.0.2.99");
}

static void
add_start(struct draft *d, struct str method, struct str uri, struct str branch)
{
	static const struct str names[] = { STR("UDP "), STR("UDP "), STR("TCP "), STR("TLS ") };

	d->method = method;
	d->uri = uri;
	add(d, join(method, STR(" "), uri, STR(" SIP/2.0")));
	add(d,
		join(join(STR("Via: SIP/2.0/"), names[d->transport], host_of(&d->at), STR("")),
			STR(";rport;branch="), branch, STR("")));
	add(d, STR("Max-Forwards: 70"));
}

static void
add_cseq(struct draft *d, uint32_t cseq, struct str method)
{
	add(d, join(STR("CSeq: "), number_text(cseq), STR(" "), method));
}

static struct str
scheme_of(const struct far *f)
{
	return f->is_sips ? STR("sips:") : STR("sip:");
}

static void
add_contact(struct draft *d, bool is_sips)
{
	add(d,
		join(STR("Contact: <"), is_sips ? STR("sips:d@") : STR("sip:d@"), host_of(&d->at),
			STR(">")));
}

static void
put_body(struct draft *d)
{
	/* Another version each time, or it would be no change of the session. */
	d->body = join(STR("v=0\r\no=- 1 "), number_text(world.number),
		STR(" IN IP4 192.0.2.9\r\ns=-\r\n"), STR(""));
	add(d, STR("Content-Type: application/sdp"));
}

void
say_invite(const struct numbers *a, struct str changes)
{
	static const struct str numbers[] = { STR("5000"), STR("5001"), STR("5002"), STR("6001"),
		STR("6002"), STR("7000"), STR("7001"), STR("7789"), STR("9123"), STR("404") };
	unsigned far = a->n[0] % FARS;
	struct draft d = draft_of(far);
	const struct far *f = &world.fars[far];
	struct str serial = number_text(world.number), branch = new_branch();
	struct str who = numbers[a->n[1] % 10];
	struct str uri = join(scheme_of(f), who, STR("@example.com"), STR(""));
	struct str from = join(join(STR("<"), scheme_of(f), f->user, STR("@example.com>;tag=f")),
		serial, STR(""), STR(""));
	struct str to = join(STR("<"), uri, STR(">"), STR(""));
	struct str call_id = join(STR("call-"), serial, STR("-"), f->user);
	struct said kept = { .is_invite = true, .cseq = 1 }, *said;

	add_start(&d, STR("INVITE"), uri, branch);
	add_named(&d, STR("From: "), from);
	add_named(&d, STR("To: "), to);
	add_named(&d, STR("Call-ID: "), call_id);
	add_cseq(&d, 1, STR("INVITE"));
	add_contact(&d, f->is_sips);
	if (a->n[2] % 2 == 0)
		put_body(&d);
	kept.target = world_keep(uri);
	kept.branch = world_keep(branch);
	kept.from = world_keep(from);
	kept.to = world_keep(to);
	kept.call_id = world_keep(call_id);
	kept.far = far;
	said = say(&d, far, changes);
	if (said != NULL) {
		kept.bytes = said->bytes;
		*said = kept;
	}
}

void
say_cancel(const struct numbers *a, struct str changes)
{
	unsigned ago = a->n[0];
	struct draft d;

	for (unsigned i = world.said_count; i > 0 && i + SAID_MAX > world.said_count; i--) {
		const struct said said = world.said[(i - 1) % SAID_MAX];

		if (!said.is_invite || ago-- > 0)
			continue;
		d = draft_of(said.far);
		add_start(&d, STR("CANCEL"), said.target, said.branch);
		add_named(&d, STR("From: "), said.from);
		add_named(&d, STR("To: "), said.to);
		add_named(&d, STR("Call-ID: "), said.call_id);
		add_cseq(&d, said.cseq, STR("CANCEL"));
		(void)say(&d, said.far, changes);
		return;
	}
}

static void
say_outside(unsigned far, struct str method, struct str uri, struct str contact_tail,
	struct str changes)
{
	const struct far *f = &world.fars[far];
	struct draft d = draft_of(far);
	struct str serial = number_text(world.number);
	struct str who = join(STR("<"), scheme_of(f), f->user, STR("@example.com>"));

	add_start(&d, method, uri, new_branch());
	add(&d, join(STR("From: "), who, STR(";tag=r"), serial));
	add(&d,
		join(STR("To: "),
			contact_tail.len > 0 ? who : join(STR("<"), uri, STR(">"), STR("")),
			STR(""), STR("")));
	add_named(&d, STR("Call-ID: o-"), contact_tail.len > 0 ? f->user : serial);
	add_cseq(&d, world.number, method);
	add_contact(&d, f->is_sips);
	d.lines[d.count - 1] = join(d.lines[d.count - 1], contact_tail, STR(""), STR(""));
	(void)say(&d, far, changes);
}

void
say_register(const struct numbers *a, struct str changes)
{
	unsigned far = a->n[0] % FARS;
	struct str uri = world.fars[far].is_sips ? STR("sips:example.com") : STR("sip:example.com");
	static char tail[32];
	struct buf b = buf_on(tail, sizeof tail);

	buf_put(&b, STR(";expires="));
	buf_number(&b, a->n[1]);
	say_outside(far, STR("REGISTER"), uri, buf_str(&b), changes);
}

static const struct str methods[] = { STR("BYE"), STR("INVITE"), STR("INFO"), STR("OPTIONS"),
	STR("ACK"), STR("UPDATE"), STR("MESSAGE"), STR("PRACK"), STR("NOTIFY"), STR("SUBSCRIBE"),
	STR("REFER"), STR("CANCEL"), STR("REGISTER"), STR("PUBLISH"), STR("FOO") };
enum { METHODS_SAID = sizeof methods / sizeof methods[0] };

void
say_other(const struct numbers *a, struct str changes)
{
	unsigned far = a->n[0] % FARS;
	struct str uri = world.fars[far].is_sips ? STR("sips:7001@example.com")
						 : STR("sip:7001@example.com");

	say_outside(far, methods[a->n[1] % METHODS_SAID], uri, STR(""), changes);
}

static void
learn(const struct heard *h, struct str local, struct str remote, struct str target)
{
	struct dialog *d = &world.dialogs[world.dialog_count++ % DIALOGS_MAX];

	*d = (struct dialog){ .call_id = h->call_id,
		.local = world_keep(local),
		.remote = world_keep(remote),
		.target = target.len > 0 ? target : STR("sip:x"),
		.cseq = h->cseq,
		.invite_cseq = h->cseq,
		.flow = h->flow,
		.transport = h->transport,
		.at = h->at };
}

void
say_answer(struct heard *h, unsigned status, struct str changes)
{
	struct draft d = draft_to(h->flow, h->transport, &h->at);
	bool is_new = str_is_none(h->to_tag) && status > 100;
	bool is_sips = str_begins(h->contact, STR("sips:"));
	struct str to = join(h->to, is_new ? STR(";tag=d") : STR(""),
		is_new ? number_text(world.number) : STR(""), STR(""));

	h->is_answered = h->is_answered || status >= 200;
	add(&d, join(STR("SIP/2.0 "), number_text(status), STR(" X"), STR("")));
	add_named(&d, STR("Via: "), h->via);
	add_named(&d, STR("From: "), h->from);
	add_named(&d, STR("To: "), to);
	add_named(&d, STR("Call-ID: "), h->call_id);
	add_cseq(&d, h->cseq, h->method_text);
	add_contact(&d, is_sips);
	if (h->method == METHOD_INVITE && status > 100 && status < 300) {
		if (is_new)
			learn(h, to, h->from, h->contact);
		put_body(&d);
	}
	(void)say(&d, 0, changes);
}

void
say_ack(const struct heard *h, struct str changes)
{
	bool is_good = h->status < 300;
	struct draft d = draft_to(h->flow, h->transport, &h->at);

	world.number = (world.number + 1) % (BRANCHES_MAX - 1);
	add_start(&d, STR("ACK"), is_good && h->contact.len > 0 ? h->contact : STR("sip:x"),
		is_good ? new_branch() : h->branch);
	add_named(&d, STR("From: "), h->from);
	add_named(&d, STR("To: "), h->to);
	add_named(&d, STR("Call-ID: "), h->call_id);
	add_cseq(&d, h->cseq, STR("ACK"));
	if (is_good)
		learn(h, h->from, h->to, h->contact);
	(void)say(&d, 0, changes);
}

void
say_inside(const struct numbers *a, struct str changes)
{
	struct str method = methods[a->n[1] % METHODS_SAID];
	struct dialog *dialog;
	struct draft d;

	if (a->n[0] >= world.dialog_count || a->n[0] >= DIALOGS_MAX)
		return;
	dialog = &world.dialogs[(world.dialog_count - 1 - a->n[0]) % DIALOGS_MAX];
	d = draft_to(dialog->flow, dialog->transport, &dialog->at);
	/* A CANCEL has the branch of what it cancels: of the last that was said. */
	if (!str_same(method, STR("CANCEL")))
		world.number = (world.number + 1) % (BRANCHES_MAX - 1);
	dialog->cseq += a->n[2];
	add_start(&d, method, dialog->target, new_branch());
	add_named(&d, STR("From: "), dialog->local);
	add_named(&d, STR("To: "), dialog->remote);
	add_named(&d, STR("Call-ID: "), dialog->call_id);
	add_cseq(&d, dialog->cseq, method);
	if (str_same(method, STR("INVITE")) || str_same(method, STR("UPDATE"))) {
		add_contact(&d, str_begins(dialog->target, STR("sips:")));
		put_body(&d);
	}
	(void)say(&d, 0, changes);
}

void
say_again(const struct numbers *a)
{
	const struct said *said;
	unsigned far;

	if (a->n[0] >= world.said_count || a->n[0] >= SAID_MAX)
		return;
	said = &world.said[(world.said_count - 1 - a->n[0]) % SAID_MAX];
	far = a->n[1] < FARS ? a->n[1] : said->far;
	tell(world_flow_of(far), world.fars[far].transport, &world.fars[far].at, said->bytes);
}

void
say_raw(const struct numbers *a, struct str changes)
{
	unsigned far = a->n[0] % FARS;
	struct draft d = draft_of(far);

	tell(d.flow, d.transport, &d.at, spell(&d, changes));
}

/* Page by page, as an admin's client does. */
void
ask_core(const struct numbers *a, struct str names)
{
	static char page[ASK_PAGE_BYTES];
	struct draft d = draft_to(FLOW_NONE, TRANSPORT_NONE, &world.fars[0].at);
	struct str name = str_cut(&names, '|');
	struct ask ask = { .what = (enum ask_what)(a->n[0] % ASK_KINDS),
		.name = spell(&d, name),
		.other = spell(&d, names),
		.from = a->n[1] };
	struct answer answer = { .told = TOLD_MORE };

	witness_is_asked(ask.name);
	witness_is_asked(ask.other);
	while (answer.told == TOLD_MORE) {
		struct buf b = buf_on(page, sizeof page);
		struct json j = json_on(&b);

		answer = core_ask(world.core, &ask, world.now, &j);
		fuzz_check(buf_ok(&b), ask.name);
		fuzz_check(answer.told != TOLD_MORE || answer.next > ask.from, ask.name);
		fuzz_check(answer.told != TOLD_NONE || b.used == 0, ask.name);
		witness_reads_page(buf_str(&b));
		ask.from = answer.next;
	}
}

struct heard *
heard_ago(unsigned ago, bool is_request)
{
	for (unsigned i = world.heard_count; i > 0 && i + HEARD_MAX > world.heard_count; i--) {
		struct heard *h = &world.heard[(i - 1) % HEARD_MAX];
		bool is_answer = h->status >= 200 && h->method == METHOD_INVITE;

		if ((is_request ? h->is_request && h->method != METHOD_ACK : is_answer) &&
			ago-- == 0)
			return h;
	}
	return NULL;
}
