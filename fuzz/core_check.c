/* SPDX-License-Identifier: Apache-2.0 */
/* The witness: what leaves is well formed, and nothing of a sips leg leaves in clear. Devices may
 * say anything, so what is theirs to say proves nothing: only what the core chose itself does. */
#include "call/uuid.h"
#include "core_world.h"
#include "fuzz.h"
#include "sip/cred.h"
#include "sip/lex.h"

#include <string.h>

static struct msg msg;

static unsigned
count_of(enum header_id id)
{
	const struct header *line = msg_header(&msg, id);
	unsigned count = 0;

	for (; line != NULL; line = msg_header_next(&msg, line))
		count++;
	return count;
}

static bool
has(struct str text, struct str part)
{
	return part.len > 0 && memmem(text.at, text.len, part.at, part.len) != NULL;
}

/* ---- what was said ---- */

static const struct str password = STR("Zq81!kept");
static const struct str branch_mark = STR("z9hG4bKn");

/* The number of a branch that a device of ours chose at the front of TEXT. */
static unsigned
branch_number(struct str text)
{
	uint64_t number = 0;
	struct str digits;

	if (!str_begins(text, branch_mark))
		return 0;
	text = str_from(text, branch_mark.len);
	digits = str_upto(text, lex_digits(text));
	return str_number(digits, BRANCHES_MAX - 1, &number) ? (unsigned)number : 0;
}

/* Whether a device says CALL_ID elsewhere than in the place that is hidden from the other leg: what
 * it writes into a reason or another header is its own, and may be carried across. */
static bool
is_told_again(struct str bytes, struct str call_id)
{
	static const struct str name = STR("Call-ID: ");
	struct str rest = bytes;
	const char *at;

	while ((at = memmem(rest.at, rest.len, call_id.at, call_id.len)) != NULL) {
		size_t before = (size_t)(at - bytes.at);

		if (before < name.len || memcmp(at - name.len, name.at, name.len) != 0)
			return true;
		rest = str_from(bytes, before + call_id.len);
	}
	return false;
}

void
witness_hears(enum transport transport, struct str bytes)
{
	bool is_clear = transport != TRANSPORT_TLS;
	struct str rest = bytes;

	world.is_password_said |= has(bytes, password);
	for (unsigned i = 0; i < world.secret_count; i++)
		if (is_clear ? has(bytes, world.secrets[i])
			     : is_told_again(bytes, world.secrets[i]))
			world.secrets[i--] = world.secrets[--world.secret_count];
	if (!is_clear)
		return;
	while (rest.len > branch_mark.len) {
		const char *at = memmem(rest.at, rest.len, branch_mark.at, branch_mark.len);
		unsigned number;

		if (at == NULL)
			return;
		rest = str_from(rest, (size_t)(at - rest.at));
		number = branch_number(rest);
		world.clear_branches[number / 8] |= (uint8_t)(1 << number % 8);
		rest = str_from(rest, 1);
	}
}

/* ---- what is well formed ---- */

static void
see_line(struct str line, bool is_first, bool is_answer, struct str bytes)
{
	size_t colon = str_find(line, ':'), at;

	fuzz_check(is_first || (colon > 0 && colon < line.len), bytes);
	/* What an answer repeats may have anything but CR and LF in its quotes. */
	if (!lex_is_value(is_first ? line : str_from(line, colon + 1), is_answer, &at))
		fuzz_fail("a control octet", bytes);
}

static size_t
see_lines(struct str bytes)
{
	bool is_answer = str_begins(bytes, STR("SIP/2.0 "));
	const char *end = memmem(bytes.at, bytes.len, "\r\n\r\n", 4);
	struct str head;

	if (end == NULL)
		fuzz_fail("no empty line", bytes);
	head = str_of(bytes.at, (size_t)(end - bytes.at) + 2);
	for (bool is_first = true; head.len > 0; is_first = false) {
		struct str line = str_cut(&head, '\r');

		fuzz_check(head.len > 0 && head.at[0] == '\n', bytes);
		head = str_from(head, 1);
		see_line(line, is_first, is_answer, bytes);
	}
	return (size_t)(end - bytes.at) + 4;
}

static void
see_once(struct str bytes, size_t head)
{
	static const enum header_id once[] = { HEADER_FROM, HEADER_TO, HEADER_CALL_ID, HEADER_CSEQ,
		HEADER_CONTENT_LENGTH };
	uint64_t length = 0;

	for (size_t i = 0; i < sizeof once / sizeof once[0]; i++)
		fuzz_check(count_of(once[i]) == 1, bytes);
	fuzz_check(
		str_number(msg_value(&msg, HEADER_CONTENT_LENGTH), BODY_BYTES_MAX, &length), bytes);
	fuzz_check(bytes.len - head == length, bytes);
	fuzz_check((count_of(HEADER_CONTENT_TYPE) > 0) == (length > 0), bytes);
}

static void
see_response(struct str bytes)
{
	static const struct {
		unsigned status;
		enum header_id needs;
	} needs[] = { { 401, HEADER_WWW_AUTHENTICATE }, { 405, HEADER_ALLOW },
		{ 420, HEADER_UNSUPPORTED }, { 422, HEADER_MIN_SE }, { 423, HEADER_MIN_EXPIRES },
		{ 415, HEADER_ACCEPT } };

	for (size_t i = 0; i < sizeof needs / sizeof needs[0]; i++)
		fuzz_check(msg.status != needs[i].status || count_of(needs[i].needs) > 0, bytes);
	/* A To that could not be read is repeated without its folds, and may be read then. */
	fuzz_check(msg.status == 100 || msg.status == 400 || msg.to.tag.len > 0, bytes);
	if (msg.method == METHOD_INVITE && msg.status > 100 && msg.status < 300)
		fuzz_check(count_of(HEADER_CONTACT) == 1, bytes);
	fuzz_check(msg.method != METHOD_REGISTER || msg.status < 600, bytes);
}

static void
see_request(enum transport transport, struct str bytes)
{
	static const struct str names[] = { STR("?"), STR("UDP"), STR("TCP"), STR("TLS") };

	fuzz_check(msg.via_count == 1 && str_same(msg.via.transport, names[transport]), bytes);
	fuzz_check(msg.via.branch.len > 7 && via_has_cookie(&msg.via), bytes);
	fuzz_check(count_of(HEADER_MAX_FORWARDS) == 1 && msg.from.tag.len > 0, bytes);
	fuzz_check(msg.method != METHOD_INVITE || count_of(HEADER_CONTACT) == 1, bytes);
	fuzz_check(msg.method != METHOD_ACK || count_of(HEADER_CONTACT) == 0, bytes);
	fuzz_check(msg.target.scheme == URI_SIP || msg.target.scheme == URI_SIPS, bytes);
}

/* ---- what is secret ---- */

static bool
is_secret(struct str call_id)
{
	for (unsigned i = 0; i < world.secret_count; i++)
		if (str_same(world.secrets[i], call_id))
			return true;
	return false;
}

/* Whether a device has named its call so: then its dialog has no To tag where its From had none
 * (RFC 3261 12.1.1), and its To is what that From was. */
static bool
is_named_by_device(struct str call_id)
{
	if (str_begins(call_id, STR("call-")))
		return true;
	for (unsigned i = 0; i < SAID_MAX && i < world.said_count; i++)
		if (has(world.said[i].bytes, call_id))
			return true;
	return false;
}

/* Whether the first hop is to be asked for sips (RFC 3261 8.1.1.8). Where a hop is no loose router,
 * the first of them stood in the place of the Request-URI, and where to stands last. */
static bool
is_routed_by_sips(void)
{
	struct values routes = msg_values(&msg, HEADER_ROUTE);
	bool is_first = true, is_sips = false;
	struct nameaddr route;
	struct str value;
	size_t at;

	for (; values_next(&routes, &value); is_first = false) {
		if (!nameaddr_parse(&route, value, &at) ||
			str_is_none(uri_param(&route.uri, STR("lr"))))
			return false;
		if (is_first)
			is_sips = route.uri.scheme == URI_SIPS;
	}
	return is_sips;
}

/* Who somebody is said to be is said in the scheme of the leg, or in none of the two. */
static void
see_asserted(bool is_sips, struct str bytes)
{
	struct values values = msg_values(&msg, HEADER_P_ASSERTED_IDENTITY);
	struct nameaddr who;
	struct str value;
	size_t at;

	while (values_next(&values, &value)) {
		fuzz_check(nameaddr_parse(&who, value, &at), bytes);
		fuzz_check(who.uri.scheme == URI_TEL || (who.uri.scheme == URI_SIPS) == is_sips,
			bytes);
		fuzz_check(who.uri.scheme != URI_OTHER, bytes);
	}
}

/* A request that opens a dialog is all the core's own, but for what a header brings along. */
static void
see_schemes(enum transport transport, struct str bytes)
{
	bool is_sips = msg.target.scheme == URI_SIPS;
	bool is_opening = str_is_none(msg.to.tag) &&
		(msg.method == METHOD_INVITE || msg.method == METHOD_CANCEL) &&
		!is_named_by_device(msg.call_id);
	struct nameaddr contact;

	fuzz_check(!(is_sips || is_routed_by_sips()) || transport == TRANSPORT_TLS, bytes);
	if (is_opening) {
		see_asserted(is_sips, bytes);
		fuzz_check((msg.from.uri.scheme == URI_SIPS) == is_sips, bytes);
		fuzz_check((msg.to.uri.scheme == URI_SIPS) == is_sips, bytes);
	}
	if (is_opening && msg_contact(&msg, &contact))
		fuzz_check((contact.uri.scheme == URI_SIPS) == (is_sips || is_routed_by_sips()),
			bytes);
	if (is_opening && is_sips && msg.method == METHOD_INVITE && !is_secret(msg.call_id) &&
		world.secret_count < SECRETS_MAX) {
		struct str kept = world_keep(msg.call_id);

		if (!str_is_none(kept))
			world.secrets[world.secret_count++] = kept;
	}
}

/* What could not be read is repeated as it stands; and what crosses may, with what is ours, be more
 * than we would read. A dialog has the To of the answer, in which there need be no room for a tag.
 * A sips request is one all the same. */
static void
see_unread(enum transport transport, enum sip_fault what, struct str head)
{
	struct str start = str_upto(head, str_find(head, '\r'));
	size_t to_len = msg_value(&msg, HEADER_TO).len;

	fuzz_check(str_begins(start, STR("SIP/2.0 4")) || str_begins(start, STR("SIP/2.0 5")) ||
			(what == FAULT_TO && to_len > NAME_ADDR_BYTES_MAX - TAG_ROOM_BYTES) ||
			head.len > HEAD_BYTES_MAX,
		head);
	fuzz_check(transport == TRANSPORT_TLS || str_begins(start, STR("SIP/2.0 ")) ||
			!has(start, STR(" sips:")),
		head);
}

/* HEAD holds nothing that only TLS may carry. */
static void
see_clear(enum transport transport, struct str head)
{
	for (unsigned i = 0; transport != TRANSPORT_TLS && i < world.secret_count; i++)
		fuzz_check(!has(head, world.secrets[i]), head);
}

static void
see_secrecy(enum transport transport, struct str bytes)
{
	unsigned number;

	/* The session is the other device's own, who may write into it what it likes. */
	see_clear(transport, str_upto(bytes, bytes.len - msg.body.len));
	if (transport == TRANSPORT_TLS || msg.is_request)
		return;
	/* What was asked over TLS is not answered in clear. */
	number = branch_number(msg.via.branch);
	if (number > 0)
		fuzz_check((world.clear_branches[number / 8] >> number % 8 & 1) != 0, bytes);
}

static void
take_apart(struct heard *h)
{
	struct nameaddr contact;

	h->is_request = msg.is_request;
	h->method = msg.method;
	h->method_text = msg.is_request ? msg.method_text : msg.cseq_method_text;
	h->status = msg.status;
	h->cseq = msg.cseq;
	h->via = msg_value(&msg, HEADER_VIA);
	h->branch = msg.via.branch;
	h->from = msg.from.text;
	h->from_tag = msg.from.tag;
	h->to = msg.to.text;
	h->to_tag = msg.to.tag;
	h->call_id = msg.call_id;
	if (msg_contact(&msg, &contact))
		h->contact = contact.uri.text;
}

/* What devices may need of a challenge. */
static void
learn_nonce(void)
{
	struct cred cred;

	if (!msg.is_request && msg.status == 401 &&
		cred_parse(&cred, msg_value(&msg, HEADER_WWW_AUTHENTICATE))) {
		world.nonce = world_keep(cred.nonce);
		world.realm = world_keep(cred.realm);
	}
}

/* The identifier of the call that TEXT tells of behind MARK. */
static void
learn_call(struct str text, struct str mark)
{
	const char *at = memmem(text.at, text.len, mark.at, mark.len);
	struct str rest = at != NULL ? str_from(text, (size_t)(at - text.at) + mark.len) : STR("");

	rest = str_upto(rest, UUID_BYTES);
	if (rest.len == UUID_BYTES && lex_is_token(rest))
		world.call = world_keep(rest);
}

static void
learn_gruu(void)
{
	static const struct str mark = STR("temp-gruu=\"sip");
	struct str value = msg_value(&msg, HEADER_CONTACT);
	const char *at;

	if (str_is_empty(value))
		return;
	at = memmem(value.at, value.len, mark.at, mark.len);
	if (at == NULL)
		return;
	value = str_from(value, (size_t)(at - value.at) + mark.len);
	value = str_from(value, str_begins(value, STR("s:")) ? 2 : 1);
	world.gruu = world_keep(str_upto(value, str_find(value, '"')));
}

void
witness_sees(enum transport transport, struct heard *heard)
{
	struct str bytes = heard->bytes;
	struct fault fault;
	size_t head;

	if (str_same(bytes, STR("\r\n"))) {
		fuzz_check(transport != TRANSPORT_UDP, bytes);
		return;
	}
	fuzz_check(bytes.len <= WRITE_BYTES_MAX, bytes);
	fuzz_check(world.is_password_said || !has(bytes, password), bytes);
	head = see_lines(bytes);
	if (!msg_parse(&msg, bytes, true, &fault)) {
		see_unread(transport, fault.what, str_upto(bytes, head));
		see_clear(transport, str_upto(bytes, head));
		return;
	}
	see_once(bytes, head);
	see_secrecy(transport, bytes);
	if (msg.is_request) {
		see_request(transport, bytes);
		see_schemes(transport, bytes);
	} else {
		see_response(bytes);
	}
	learn_nonce();
	learn_gruu();
	learn_call(bytes, STR("X-Genesys-CallUUID: "));
	take_apart(heard);
}

void
witness_reads_note(struct str text)
{
	for (size_t i = 0; i < text.len; i++)
		fuzz_check((unsigned char)text.at[i] >= 0x20, text);
	fuzz_check(text.len <= NOTE_BYTES_MAX, text);
	fuzz_check(world.is_password_said || !has(text, password), text);
	learn_call(text, STR("call "));
	world_show("---", TRANSPORT_NONE, text);
}

void
witness_is_asked(struct str name)
{
	world.is_password_said |= has(name, password);
}

/* What is told to who looks on: members of an object. */
void
witness_reads_page(struct str text)
{
	unsigned depth = 0;
	bool is_text = false;

	for (size_t i = 0; i < text.len; i++) {
		char c = text.at[i];

		fuzz_check((unsigned char)c >= 0x20, text);
		if (is_text && c == '\\')
			i++;
		else if (c == '"')
			is_text = !is_text;
		else if (!is_text && (c == '{' || c == '['))
			depth++;
		else if (!is_text && (c == '}' || c == ']'))
			fuzz_check(depth-- > 0, text);
	}
	fuzz_check(depth == 0 && !is_text, text);
	fuzz_check(world.is_password_said || !has(text, password), text);
	world_show("???", TRANSPORT_NONE, text);
}

void
witness_reads_record(struct str text)
{
	for (size_t i = 0; i < text.len; i++)
		fuzz_check((unsigned char)text.at[i] >= 0x20, text);
	fuzz_check(
		text.len <= CALL_RECORD_BYTES_MAX && str_begins(text, STR("{\"schema\":")), text);
	fuzz_check(str_ends(text, STR("}")), text);
	fuzz_check(world.is_password_said || !has(text, password), text);
}

void
witness_counts(bool is_over)
{
	struct counts c;

	core_count(world.core, &c);
	fuzz_check(c.calls <= CORE_CALLS && c.legs <= 2 * CORE_CALLS + 1, STR_NONE);
	fuzz_check(c.transactions <= CORE_CALLS * TXNS_PER_CALL + CORE_REQUESTS, STR_NONE);
	fuzz_check(c.bindings <= CORE_ADDRESSES * CONTACTS_PER_AOR_MAX, STR_NONE);
	if (!is_over)
		return;
	fuzz_check(c.calls == 0, STR_NONE);
	fuzz_check(c.legs == 0, STR_NONE);
	fuzz_check(c.transactions == 0, STR_NONE);
	fuzz_check(c.timers == 0, STR_NONE);
	fuzz_check(c.asks == 0, STR_NONE);
	fuzz_check(c.bindings == 0, STR_NONE);
	fuzz_check(c.flows == 0, STR_NONE);
}
