/* SPDX-License-Identifier: Apache-2.0 */
#include "main/picture.h"

#include "base/panic.h"

enum {
	LADDER_WIDTH = 38, /* between two lifelines */
	COLUMN_WIDTH = 44, /* of one header set     */
	LABEL_WIDTH = 30,  /* what the rows of the last table are called */
};

/* ---- the tape ------------------------------------------------------------------------------ */

void
tape_open(struct tape *tape, void *at)
{
	tape->count = 0;
	tape->now_us = 0;
	tape->is_full = false;
	tape->texts = arena_on(at, TAPE_BYTES);
}

void
tape_put(struct tape *tape, uint32_t leg, bool is_sent, struct str text)
{
	struct seen *seen = &tape->seen[tape->count];
	struct str kept = tape->count < TAPE_MAX ? arena_copy(&tape->texts, text) : STR_NONE;

	must(leg < LEGS_SHOWN);
	if (str_is_none(kept)) {
		tape->is_full = true;
		return;
	}
	*seen = (struct seen){ tape->now_us, leg, is_sent, kept };
	tape->count++;
}

static bool
read_message(struct picture *p, const struct seen *seen, struct msg *msg)
{
	struct fault fault;

	return msg_parse(msg, seen->text, p->legs[seen->leg].transport != TRANSPORT_UDP, &fault);
}

/* Finds the INVITE that called, the last one that the caller sent without a tag in its To (one
 * before it may have been challenged), and the first one that reached the callee.
 * Ends: true with both in p->messages by leg. */
static bool
find_invites(struct picture *p)
{
	const struct seen *found[LEGS_SHOWN] = { NULL, NULL };

	for (uint32_t i = p->from; i < p->upto; i++) {
		const struct seen *seen = &p->tape->seen[i];
		struct msg *msg = &p->messages[seen->leg];
		bool is_caller = seen->leg == p->caller;

		if (seen->is_sent != is_caller || (!is_caller && found[seen->leg] != NULL))
			continue;
		if (str_begins(seen->text, STR("INVITE ")) && read_message(p, seen, msg) &&
			str_is_none(msg->to.tag))
			found[seen->leg] = seen;
	}
	for (uint32_t leg = 0; leg < LEGS_SHOWN; leg++)
		if (found[leg] == NULL || !read_message(p, found[leg], &p->messages[leg]))
			return false;
	return true;
}

/* ---- the judgement ------------------------------------------------------------------------- */

static bool
has_only_scheme(const struct msg *msg, enum uri_scheme scheme)
{
	struct values values = msg_values(msg, HEADER_CONTACT);
	struct nameaddr contact;
	struct str value;
	size_t at;

	if (msg->is_request && msg->target.scheme != scheme)
		return false;
	if (msg->from.uri.scheme != scheme || msg->to.uri.scheme != scheme)
		return false;
	while (values_next(&values, &value))
		if (!nameaddr_parse(&contact, value, &at) || contact.uri.scheme != scheme)
			return false;
	return true;
}

/* Why one message breaks the promise, or STR_NONE. */
static struct str
find_wrong(struct picture *p, const struct seen *seen, struct str foreign_call_id)
{
	enum transport transport = p->legs[seen->leg].transport;
	bool is_tls = transport == TRANSPORT_TLS;
	struct msg *msg = &p->messages[seen->leg];

	if (!is_tls && str_holds_alike(seen->text, STR("sips:")))
		return STR("a message of the plain leg holds sips:");
	if (is_tls && p->legs[seen->leg].proof != PROOF_NAME)
		return STR("a message of the secure leg went to an unchecked peer");
	if (!read_message(p, seen, msg))
		return STR("a message cannot be read");
	if (!has_only_scheme(msg, is_tls ? URI_SIPS : URI_SIP))
		return STR("a message has another scheme than its leg");
	if (!str_alike(msg->via.transport, is_tls ? STR("TLS") : STR("UDP")))
		return STR("a message has another transport in its Via than its leg");
	if (!str_is_empty(foreign_call_id) && str_holds_alike(seen->text, foreign_call_id))
		return STR("a message shows the Call-ID of the other leg");
	return STR_NONE;
}

bool
picture_judge(struct picture *p, struct buf *why)
{
	struct str call_id[LEGS_SHOWN] = { STR_NONE, STR_NONE };

	if (p->tape->is_full) {
		buf_put(why, STR("more was sent than the picture can hold"));
		return false;
	}
	if (p->is_call && !find_invites(p)) {
		buf_put(why, STR("the INVITE of one leg was never seen"));
		return false;
	}
	/* Views into the tape: the messages are read anew below. */
	for (uint32_t leg = 0; p->is_call && leg < LEGS_SHOWN; leg++)
		call_id[leg] = p->messages[leg].call_id;
	for (uint32_t i = p->from; i < p->upto; i++) {
		const struct seen *seen = &p->tape->seen[i];
		struct str wrong = find_wrong(p, seen, call_id[1 - seen->leg]);

		if (str_is_none(wrong))
			continue;
		buf_put(why, wrong);
		buf_put(why, STR(": phone "));
		buf_put(why, p->legs[seen->leg].number);
		buf_put(why, seen->is_sent ? STR(" sent ") : STR(" was sent "));
		buf_quoted(why, str_upto(seen->text, str_find(seen->text, '\r')), COLUMN_WIDTH);
		return false;
	}
	return true;
}

/* ---- text ------------------------------------------------------------------------------------ */

static void
print(FILE *to, struct str text)
{
	for (size_t i = 0; i < text.len; i++)
		(void)fputc(text.at[i] >= ' ' && text.at[i] < 0x7f ? text.at[i] : '.', to);
}

static void
repeat(FILE *to, char c, size_t count)
{
	while (count-- > 0)
		(void)fputc(c, to);
}

/* TEXT and spaces up to WIDTH. */
static void
print_cell(FILE *to, struct str text, size_t width)
{
	text = str_upto(text, width);
	print(to, text);
	repeat(to, ' ', width - text.len);
}

static struct str
transport_text(enum transport transport)
{
	switch (transport) {
	case TRANSPORT_UDP: return STR("UDP");
	case TRANSPORT_TCP: return STR("TCP");
	case TRANSPORT_TLS: return STR("TLS");
	case TRANSPORT_NONE: break;
	}
	return STR("none");
}

static struct str
scheme_text(const struct msg *invite)
{
	return invite->target.scheme == URI_SIPS ? STR("sips") : STR("sip");
}

/* ---- the ladder ---------------------------------------------------------------------------- */

static void
put_label(struct picture *p, const struct seen *seen, struct buf *b)
{
	struct msg *msg = &p->messages[seen->leg];

	if (!read_message(p, seen, msg)) {
		buf_put(b, STR("(not to be read)"));
	} else if (msg->is_request) {
		buf_put(b, msg->method_text);
		buf_char(b, ' ');
		buf_put(b, str_upto(msg->target_text, str_find(msg->target_text, ';')));
	} else {
		buf_number(b, msg->status);
		buf_char(b, ' ');
		buf_put(b, msg->reason);
		buf_put(b, STR(" ("));
		buf_put(b, msg->cseq_method_text);
		buf_char(b, ')');
	}
}

static void
print_arrow(struct picture *p, const struct seen *seen, FILE *to)
{
	char text[URI_BYTES_MAX + LOG_TEXT_MAX];
	struct buf b = buf_on(text, sizeof text);
	bool is_right = seen->is_sent == (seen->leg == p->caller);
	struct str label;
	size_t dashes;

	put_label(p, seen, &b);
	label = str_upto(buf_str(&b), LADDER_WIDTH - 6);
	dashes = LADDER_WIDTH - 5 - label.len;
	(void)fputs(is_right ? "|-- " : "|<- ", to);
	print(to, label);
	(void)fputc(' ', to);
	repeat(to, '-', dashes);
	(void)fputc(is_right ? '>' : '-', to);
}

void
picture_ladder(struct picture *p, FILE *to)
{
	int64_t start_us = p->upto > p->from ? p->tape->seen[p->from].at_us : 0;
	uint32_t callee = 1 - p->caller;

	(void)fputs("      ms  ", to);
	print_cell(to, p->legs[p->caller].number, LADDER_WIDTH - 2);
	print_cell(to, STR("sipward"), LADDER_WIDTH);
	print(to, p->legs[callee].number);
	(void)fputc('\n', to);
	for (uint32_t i = p->from; i < p->upto; i++) {
		const struct seen *seen = &p->tape->seen[i];
		int64_t after_us = seen->at_us - start_us;

		(void)fprintf(
			to, "  %4d.%02d  ", (int)(after_us / 1000), (int)(after_us % 1000 / 10));
		if (seen->leg != p->caller) {
			(void)fputc('|', to);
			repeat(to, ' ', LADDER_WIDTH);
		}
		print_arrow(p, seen, to);
		if (seen->leg == p->caller) {
			(void)fputc('|', to);
			repeat(to, ' ', LADDER_WIDTH);
		}
		(void)fputs("|\n", to);
	}
}

/* ---- two header sets ----------------------------------------------------------------------- */

/* Prints both texts beside each other, folded; a `=` between those that are the same. */
static void
print_pair(FILE *to, struct str left, struct str right)
{
	bool is_same = str_same(left, right);
	bool is_first = true;

	while (is_first || left.len > 0 || right.len > 0) {
		size_t indent = is_first ? 0 : 2;
		size_t width = COLUMN_WIDTH - indent;

		(void)fputs("  ", to);
		repeat(to, ' ', left.len > 0 ? indent : 0);
		print_cell(to, str_upto(left, width), left.len > 0 ? width : COLUMN_WIDTH);
		(void)fputs(is_first && is_same ? " =" : " |", to);
		if (right.len > 0) {
			repeat(to, ' ', 1 + indent);
			print(to, str_upto(right, width));
		}
		(void)fputc('\n', to);
		left = str_from(left, width);
		right = str_from(right, width);
		is_first = false;
	}
}

/* A header line as it stands in the message. */
static struct str
line_of(const struct header *h)
{
	return str_of(h->name.at, (size_t)(h->value.at + h->value.len - h->name.at));
}

/* The first line of MSG with the name of H that was not printed yet, or NULL. */
static const struct header *
find_partner(const struct msg *msg, const struct header *h, const bool *is_printed)
{
	for (uint32_t i = 0; i < msg->header_count; i++) {
		const struct header *other = &msg->headers[i];

		if (!is_printed[i] && other->id == h->id && str_alike(other->name, h->name))
			return other;
	}
	return NULL;
}

static void
print_session(FILE *to, const struct msg *caller, const struct msg *callee)
{
	if (str_same(caller->body, callee->body))
		(void)fprintf(to,
			"  and a session description of %zu octets, the same on both legs\n",
			caller->body.len);
	else
		(void)fprintf(to, "  and a session description of %zu octets, and of %zu octets\n",
			caller->body.len, callee->body.len);
}

void
picture_headers(struct picture *p, FILE *to)
{
	const struct msg *caller = &p->messages[p->caller];
	const struct msg *callee = &p->messages[1 - p->caller];
	bool is_printed[HEADERS_MAX] = { false };

	if (!find_invites(p))
		return;
	print_pair(to, str_upto(caller->text, str_find(caller->text, '\r')),
		str_upto(callee->text, str_find(callee->text, '\r')));
	for (uint32_t i = 0; i < caller->header_count; i++) {
		const struct header *h = &caller->headers[i];
		const struct header *partner = find_partner(callee, h, is_printed);

		if (partner != NULL)
			is_printed[partner - callee->headers] = true;
		print_pair(to, line_of(h), partner != NULL ? line_of(partner) : STR_NONE);
	}
	for (uint32_t i = 0; i < callee->header_count; i++)
		if (!is_printed[i])
			print_pair(to, STR_NONE, line_of(&callee->headers[i]));
	print_session(to, caller, callee);
}

/* ---- how each leg was secured -------------------------------------------------------------- */

static void
print_row(FILE *to, struct str what, struct str caller, struct str callee)
{
	(void)fputs("  ", to);
	print_cell(to, what, LABEL_WIDTH);
	print_cell(to, caller, LABEL_WIDTH);
	print(to, callee);
	(void)fputc('\n', to);
}

static struct str
or_none(struct str text)
{
	return str_is_empty(text) ? STR("none") : text;
}

static struct str
proved_text(enum digest digest)
{
	switch (digest) {
	case DIGEST_MD5: return STR("its password (MD5 digest)");
	case DIGEST_SHA256: return STR("its password (SHA-256 digest)");
	case DIGEST_OTHER: break;
	}
	return STR("nothing");
}

void
picture_security(struct picture *p, FILE *to)
{
	const struct leg_view *caller = &p->legs[p->caller], *callee = &p->legs[1 - p->caller];

	if (!find_invites(p))
		return;
	print_row(to, STR("leg of"), caller->number, callee->number);
	print_row(to, STR("scheme"), scheme_text(&p->messages[p->caller]),
		scheme_text(&p->messages[1 - p->caller]));
	print_row(to, STR("transport"), transport_text(caller->transport),
		transport_text(callee->transport));
	print_row(to, STR("TLS version"), or_none(caller->version), or_none(callee->version));
	print_row(to, STR("cipher"), or_none(caller->cipher), or_none(callee->cipher));
	print_row(
		to, STR("verified name of sipward"), or_none(caller->name), or_none(callee->name));
	print_row(to, STR("the phone proved itself by"), proved_text(caller->proved),
		proved_text(callee->proved));
}
