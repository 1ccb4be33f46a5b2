/* SPDX-License-Identifier: Apache-2.0 */
#include "caller.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/panic.h"
#include "lines.h"

enum { INBOX_SIZE = 256 * 1024, PATIENCE_MS = 2000 };
enum call_state { CALL_INVITED, CALL_ANSWERED, CALL_ENDED, CALL_REFUSED };

struct call {
	enum call_state state;
	int64_t start_ns;
	int64_t wait_ns; /* until the 200 */
	int64_t due_ns;  /* of the BYE    */
	char *bye;       /* until it is sent */
	size_t bye_bytes;
	uint32_t repeats;
};

struct caller {
	int fd;
	SSL_CTX *ctx;
	SSL *ssl;
	uint16_t port, local_port;
	int64_t hold_ns;
	struct call *calls;
	uint32_t count, max, open;
	uint32_t *byes; /* numbers of calls in the order of their BYE */
	uint32_t bye_head, bye_count;
	size_t used;
	char inbox[INBOX_SIZE];
};

/* ---- the connection ------------------------------------------------------------------------ */

static bool
fail(const char *what)
{
	fprintf(stderr, "call: %s\n", what);
	return false;
}

static bool
dial(struct caller *c)
{
	struct sockaddr_in to = { .sin_family = AF_INET,
		.sin_port = htons(c->port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	struct sockaddr_in local;
	socklen_t len = sizeof local;
	int one = 1;

	c->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (c->fd < 0 || connect(c->fd, (struct sockaddr *)&to, sizeof to) < 0)
		return fail("cannot connect");
	if (getsockname(c->fd, (struct sockaddr *)&local, &len) == 0)
		c->local_port = ntohs(local.sin_port);
	(void)setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
	c->ctx = SSL_CTX_new(TLS_client_method());
	must(c->ctx != NULL);
	SSL_CTX_set_min_proto_version(c->ctx, TLS1_2_VERSION);
	SSL_CTX_set_read_ahead(c->ctx, 1);
	SSL_CTX_set_mode(c->ctx, SSL_MODE_AUTO_RETRY);
	c->ssl = SSL_new(c->ctx);
	must(c->ssl != NULL && SSL_set_fd(c->ssl, c->fd) == 1);
	if (SSL_connect(c->ssl) != 1)
		return fail("the TLS handshake failed");
	return fcntl(c->fd, F_SETFL, O_NONBLOCK) == 0 || fail("fcntl");
}

struct caller *
caller_open(const struct caller_options *options)
{
	struct caller *c = calloc(1, sizeof *c);

	must(c != NULL);
	c->port = options->port;
	c->hold_ns = options->hold_ns;
	c->max = options->calls_max;
	c->calls = calloc(c->max, sizeof *c->calls);
	c->byes = calloc(c->max, sizeof *c->byes);
	must(c->calls != NULL && c->byes != NULL);
	if (!dial(c)) {
		caller_close(c);
		return NULL;
	}
	return c;
}

void
caller_close(struct caller *c)
{
	for (uint32_t i = 0; i < c->count; i++)
		free(c->calls[i].bye);
	if (c->ssl != NULL)
		(void)SSL_shutdown(c->ssl);
	SSL_free(c->ssl);
	SSL_CTX_free(c->ctx);
	if (c->fd >= 0)
		close(c->fd);
	free(c->calls);
	free(c->byes);
	free(c);
}

int
caller_fd(const struct caller *c)
{
	return c->fd;
}

/* One message is one record. A server that does not read is waited for. */
static bool
send_text(struct caller *c, struct str text)
{
	for (;;) {
		int sent = SSL_write(c->ssl, text.at, (int)text.len);
		struct pollfd wait = { .fd = c->fd, .events = POLLOUT };

		if (sent > 0)
			return true;
		if (SSL_get_error(c->ssl, sent) != SSL_ERROR_WANT_WRITE)
			return fail("the connection is over");
		if (poll(&wait, 1, PATIENCE_MS) <= 0)
			return fail("the server does not read");
	}
}

/* ---- what it says -------------------------------------------------------------------------- */

static void
put_via(struct buf *b, const struct caller *c, uint32_t number, const char *kind)
{
	buf_put(b, STR("Via: SIP/2.0/TLS 127.0.0.1:"));
	buf_number(b, c->local_port);
	buf_put(b, STR(";branch=z9hG4bK-38-"));
	buf_put(b, str_cstr(kind));
	buf_number(b, number);
	buf_put(b, STR("\r\nMax-Forwards: 70\r\n"));
}

static void
put_from_and_id(struct buf *b, const struct caller *c, uint32_t number)
{
	buf_put(b, STR("From: \"7789\"<sips:7789@127.0.0.1>;tag=74cc50-185315ac-13c4-55013-"));
	buf_number(b, number);
	buf_put(b, STR("\r\nCall-ID: "));
	buf_number(b, number);
	buf_put(b, STR("-185315ac-13c4-55013-"));
	buf_number(b, c->local_port);
	buf_put(b, STR("\r\n"));
}

bool
caller_call(struct caller *c)
{
	char text[MESSAGE_MAX];
	struct buf b = buf_on(text, sizeof text);
	uint32_t number = c->count;
	struct call *call = &c->calls[number];

	must(number < c->max);
	buf_put(&b, STR("INVITE sips:5000@127.0.0.1:"));
	buf_number(&b, c->port);
	buf_put(&b, STR(";transport=TCP SIP/2.0\r\n"));
	put_via(&b, c, number, "i");
	put_from_and_id(&b, c, number);
	buf_put(&b, STR("To: <sips:5000@127.0.0.1:"));
	buf_number(&b, c->port);
	buf_put(&b, STR(">\r\nCSeq: 1 INVITE\r\n"));
	buf_put(&b,
		STR("Supported: replaces,100rel,eventlist,timer\r\n"
		    "Allow: REGISTER, INVITE, ACK, BYE, REFER, NOTIFY, CANCEL, INFO, OPTIONS, "
		    "PRACK, SUBSCRIBE, UPDATE, PUBLISH\r\n"
		    "User-Agent: AUDC-IPPhone/2.2.12.172 (420HD-Rev1; 00908F567540)\r\n"
		    "Session-Expires: 1800\r\nMin-SE: 90\r\nContact: <sips:7789@127.0.0.1:"));
	buf_number(&b, c->local_port);
	buf_put(&b, STR(";transport=TCP>\r\n"));
	lines_put_body(&b, lines_session());
	c->count++;
	c->open++;
	*call = (struct call){ .state = CALL_INVITED, .start_ns = now_ns() };
	return send_text(c, buf_str(&b));
}

/* A request inside the dialog that the answer L made (RFC 3261 12.2.1.1). */
static void
put_inside(struct buf *b, const struct caller *c, uint32_t number, const struct lines *l,
	const char *method, const char *kind, uint32_t cseq)
{
	buf_put(b, str_cstr(method));
	buf_char(b, ' ');
	buf_put(b, lines_uri(l->contact));
	buf_put(b, STR(" SIP/2.0\r\n"));
	put_via(b, c, number, kind);
	put_from_and_id(b, c, number);
	for (uint32_t i = l->record_route_count; i > 0; i--)
		lines_put(b, STR("Route"), l->record_routes[i - 1]);
	lines_put(b, STR("To"), l->to);
	buf_put(b, STR("CSeq: "));
	buf_number(b, cseq);
	buf_char(b, ' ');
	buf_put(b, str_cstr(method));
	buf_put(b, STR("\r\n"));
	lines_put_body(b, STR(""));
}

/* ---- what it hears ------------------------------------------------------------------------- */

static bool
answered(struct caller *c, uint32_t number, const struct lines *l)
{
	struct call *call = &c->calls[number];
	char text[MESSAGE_MAX];
	struct buf b = buf_on(text, sizeof text);
	struct str bye;

	call->state = CALL_ANSWERED;
	call->wait_ns = now_ns() - call->start_ns;
	call->due_ns = call->start_ns + call->wait_ns + c->hold_ns;
	put_inside(&b, c, number, l, "BYE", "b", 2);
	bye = buf_str(&b);
	call->bye = malloc(bye.len + 1);
	must(call->bye != NULL && bye.len > 0);
	memcpy(call->bye, bye.at, bye.len);
	call->bye_bytes = bye.len;
	c->byes[c->bye_count++] = number;
	b = buf_on(text, sizeof text);
	put_inside(&b, c, number, l, "ACK", "a", 1);
	return send_text(c, buf_str(&b));
}

static bool
refused(struct caller *c, uint32_t number, const struct lines *l)
{
	struct call *call = &c->calls[number];
	struct lines again = *l;
	char text[MESSAGE_MAX];
	struct buf b = buf_on(text, sizeof text);

	if (call->state == CALL_INVITED && c->count == c->open)
		fprintf(stderr, "call: the first answer is %.*s\n", (int)l->start.len, l->start.at);
	again.contact = STR("sips:5000@127.0.0.1");
	again.record_route_count = 0;
	put_inside(&b, c, number, &again, "ACK", "i", 1);
	c->open--;
	if (call->state != CALL_INVITED) {
		call->state = CALL_REFUSED;
		return true;
	}
	call->state = CALL_REFUSED;
	return send_text(c, buf_str(&b));
}

static bool
hear_answer(struct caller *c, const struct lines *l)
{
	struct str id = l->call_id;
	bool is_invite = str_ends(l->cseq, STR("INVITE"));
	uint64_t number, status;
	struct call *call;

	if (!str_number(str_cut(&id, '-'), c->count - 1, &number) ||
		!str_number(str_upto(str_from(l->start, 8), 3), 699, &status) || status < 200)
		return true;
	call = &c->calls[number];
	if (call->state == CALL_REFUSED || call->state == CALL_ENDED ||
		is_invite != (call->state == CALL_INVITED)) {
		call->repeats++;
		return true;
	}
	if (status >= 300)
		return refused(c, (uint32_t)number, l);
	if (is_invite)
		return answered(c, (uint32_t)number, l);
	call->state = CALL_ENDED;
	c->open--;
	return true;
}

static bool
hear_all(struct caller *c)
{
	struct str rest = str_of(c->inbox, c->used);
	struct lines l;

	while (lines_read(&l, rest) && l.head_bytes + l.body_bytes <= rest.len) {
		if (str_begins(l.start, STR("SIP/2.0 ")) && !hear_answer(c, &l))
			return false;
		rest = str_from(rest, l.head_bytes + l.body_bytes);
	}
	if (rest.len > 0)
		memmove(c->inbox, rest.at, rest.len);
	c->used = rest.len;
	return true;
}

bool
caller_hear(struct caller *c)
{
	for (;;) {
		int got = SSL_read(c->ssl, c->inbox + c->used, (int)(INBOX_SIZE - c->used));

		if (got > 0) {
			c->used += (size_t)got;
			if (!hear_all(c))
				return false;
			if (c->used == INBOX_SIZE)
				return fail("a message that never ends");
		} else if (SSL_get_error(c->ssl, got) == SSL_ERROR_WANT_READ) {
			return true;
		} else {
			return fail("the server closed the connection");
		}
	}
}

bool
caller_hang_up(struct caller *c, int64_t now)
{
	while (c->bye_head < c->bye_count && c->calls[c->byes[c->bye_head]].due_ns <= now) {
		struct call *call = &c->calls[c->byes[c->bye_head++]];
		bool is_sent = send_text(c, str_of(call->bye, call->bye_bytes));

		free(call->bye);
		call->bye = NULL;
		if (!is_sent)
			return false;
	}
	return true;
}

/* ---- figures ------------------------------------------------------------------------------- */

int64_t
caller_due_ns(const struct caller *c)
{
	return c->bye_head < c->bye_count ? c->calls[c->byes[c->bye_head]].due_ns : INT64_MAX;
}

uint32_t
caller_open_calls(const struct caller *c)
{
	return c->open;
}

uint32_t
caller_count(const struct caller *c)
{
	return c->count;
}

struct caller_totals
caller_total(const struct caller *c, uint32_t first)
{
	struct caller_totals t = { .started = c->count - first };

	for (uint32_t i = first; i < c->count; i++) {
		t.answered += c->calls[i].wait_ns > 0;
		t.ended += c->calls[i].state == CALL_ENDED;
		t.refused += c->calls[i].state == CALL_REFUSED;
		t.repeats += c->calls[i].repeats;
	}
	return t;
}

static int
compare(const void *a, const void *b)
{
	int64_t left = *(const int64_t *)a, right = *(const int64_t *)b;

	return (left > right) - (left < right);
}

int64_t
caller_percentile_ns(const struct caller *c, uint32_t first, uint32_t percent)
{
	int64_t *waits = calloc((size_t)c->count - first + 1, sizeof *waits);
	int64_t found;
	size_t count = 0;

	must(waits != NULL);
	for (uint32_t i = first; i < c->count; i++)
		if (c->calls[i].wait_ns > 0)
			waits[count++] = c->calls[i].wait_ns;
	qsort(waits, count, sizeof *waits, compare);
	found = count == 0 ? 0 : waits[(count - 1) * percent / 100];
	free(waits);
	return found;
}
