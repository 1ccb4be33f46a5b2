/* SPDX-License-Identifier: Apache-2.0 */
#include "far.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/buf.h"
#include "net/sock.h"

/* ---- the trunks ----------------------------------------------------------------------------- */

static bool
open_trunks(struct far *far, const struct run *run)
{
	const struct papers *p = run->papers;
	struct net_listen listens[FAR_TRUNKS] = {
		[FAR_TCP] = { .transport = TRANSPORT_TCP, .addr = run->addr },
		[FAR_TLS] = { .transport = TRANSPORT_TLS,
			.addr = run->addr,
			.service = { .identity_count = 1, .client = CLIENT_REQUIRED } },
	};
	struct identity identity = { .certificate = p->trunk.certificate,
		.key = p->trunk.key,
		.trust = pki_ca(p->pki),
		.crl = p->crl };
	struct net_options options = { .listens = listens,
		.listen_count = FAR_TRUNKS,
		.identities = &identity,
		.identity_count = 1 };
	char text[512];
	struct buf why = buf_on(text, sizeof text);
	const struct listener *listeners;
	uint32_t count;

	far->net = net_open(&options, &why);
	if (far->net == NULL) {
		fprintf(stderr, "%.*s\n", (int)why.used, text);
		return false;
	}
	listeners = net_listeners(far->net, &count);
	for (int i = 0; i < FAR_TRUNKS; i++)
		far->trunks[i] = listeners[i].local;
	return true;
}

static struct far_flow *
find_flow(struct far *far, struct flow_id flow)
{
	for (int i = 0; i < FAR_FLOWS_MAX; i++)
		if (flow_same(far->flows[i].flow, flow))
			return &far->flows[i];
	return NULL;
}

/* All that is well, with the lines of the request that an answer repeats. */
static void
answer(struct far *far, const struct far_flow *flow, struct str request)
{
	static const char *const repeated[] = {
		"Via:", "From:", "To:", "Call-ID:", "CSeq:", "Contact:"
	};
	char text[FAR_HALF_BYTES];
	struct buf b = buf_on(text, sizeof text);
	struct act act = { .kind = ACT_SEND };

	if (str_begins(request, STR("REGISTER ")))
		far->has_registered[flow->trunk] = true;
	buf_put(&b, STR("SIP/2.0 200 OK\r\n"));
	while (request.len > 0) {
		struct str line = str_cut(&request, '\n');

		for (size_t i = 0; i < sizeof repeated / sizeof repeated[0]; i++) {
			if (!str_begins(line, str_cstr(repeated[i])))
				continue;
			buf_put(&b, str_upto(line, line.len - 1));
			buf_put(&b, i == 2 ? STR(";tag=far\r\n") : STR("\r\n"));
		}
	}
	buf_put(&b, STR("Expires: 3600\r\nContent-Length: 0\r\n\r\n"));
	act.u.send.flow = flow->flow;
	act.u.send.bytes = buf_str(&b);
	(void)net_carry(far->net, &act);
	net_flush(far->net);
}

/* No request that comes here has a body. */
static void
hear_bytes(struct far *far, struct far_flow *flow, struct str data)
{
	const char *end;

	if (flow == NULL || data.len > sizeof flow->bytes - flow->half)
		return;
	memcpy(flow->bytes + flow->half, data.at, data.len);
	flow->half += data.len;
	while ((end = memmem(flow->bytes, flow->half, "\r\n\r\n", 4)) != NULL) {
		size_t len = (size_t)(end - flow->bytes) + 4;

		answer(far, flow, str_of(flow->bytes, len));
		memmove(flow->bytes, flow->bytes + len, flow->half - len);
		flow->half -= len;
	}
}

static void
turn_trunks(struct far *far)
{
	enum note_level level;
	struct event event;
	struct str note;

	net_wait(far->net, 0);
	while (net_note(far->net, &level, &note))
		continue;
	while (net_next(far->net, &event)) {
		struct far_flow *flow;

		if (event.kind == EV_FLOW_OPEN) {
			flow = find_flow(far, FLOW_NONE);
			if (flow != NULL)
				*flow = (struct far_flow){ .flow = event.u.open.flow,
					.trunk = (int)event.u.open.listener };
		} else if (event.kind == EV_FLOW_CLOSED) {
			flow = find_flow(far, event.u.closed.flow);
			if (flow != NULL)
				flow->flow = FLOW_NONE;
		} else if (event.kind == EV_BYTES) {
			hear_bytes(far, find_flow(far, event.u.bytes.flow), event.u.bytes.data);
		}
	}
}

/* ---- DNS ------------------------------------------------------------------------------------ */

enum { DNS_BYTES = 512, DNS_HEAD_BYTES = 12, DNS_TYPE_A = 1, DNS_TYPE_AAAA = 28 };

static bool
open_dns(struct far *far, const struct run *run)
{
	char text[256];
	struct buf why = buf_on(text, sizeof text);

	far->name_addr = run->addr;
	far->dns = sock_bind(TRANSPORT_UDP, &run->addr, &why);
	return far->dns >= 0 && sock_local(far->dns, &far->dns_addr);
}

/* Puts the one record that answers a question for an address of TYPE. */
static size_t
put_record(uint8_t *at, int type, const struct addr *addr)
{
	const uint8_t head[] = { 0xc0, DNS_HEAD_BYTES, 0, (uint8_t)type, 0, 1, 0, 0, 0, 60, 0 };
	size_t len = type == DNS_TYPE_A ? 4 : 16;

	memcpy(at, head, sizeof head);
	at[sizeof head] = (uint8_t)len;
	memset(at + sizeof head + 1, 0, len);
	if (type == DNS_TYPE_A)
		memcpy(at + sizeof head + 1, addr->ip, 4);
	else
		at[sizeof head + len] = 1; /* ::1, where nobody is */
	return sizeof head + 1 + len;
}

/* Every name has one address of each family and nothing else. */
static void
turn_dns(struct far *far)
{
	uint8_t text[DNS_BYTES];
	struct sockaddr_storage from;
	socklen_t from_len = sizeof from;
	ssize_t got =
		recvfrom(far->dns, text, sizeof text - 64, 0, (struct sockaddr *)&from, &from_len);
	size_t at = DNS_HEAD_BYTES;
	int type;

	if (got <= DNS_HEAD_BYTES)
		return;
	while (at < (size_t)got && text[at] != 0)
		at += (size_t)text[at] + 1;
	if (at + 5 > (size_t)got)
		return;
	type = text[at + 2];
	at += 5;
	text[2] = 0x84;
	text[3] = 0;
	text[7] = type == DNS_TYPE_A || type == DNS_TYPE_AAAA;
	memset(text + 8, 0, 4);
	if (text[7] > 0)
		at += put_record(text + at, type, &far->name_addr);
	(void)sendto(far->dns, text, at, 0, (struct sockaddr *)&from, from_len);
}

/* ---- who asks ------------------------------------------------------------------------------- */

static void
stop_asking(struct far *far)
{
	if (far->asker >= 0)
		close(far->asker);
	far->asker = -1;
	far->has_asked = true;
	far->was_told = far->answer_len > 12 && memcmp(far->answer, "HTTP/1.1 200", 12) == 0;
}

void
far_ask(struct far *far, const char *socket_path)
{
	static const char question[] =
		"GET /v1/status HTTP/1.1\r\nHost: sipward\r\nConnection: close\r\n\r\n";
	struct sockaddr_un at = { .sun_family = AF_UNIX };

	far->has_asked = far->was_told = false;
	far->answer_len = 0;
	(void)snprintf(at.sun_path, sizeof at.sun_path, "%s", socket_path);
	far->asker = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (far->asker < 0 || connect(far->asker, (struct sockaddr *)&at, sizeof at) < 0 ||
		send(far->asker, question, sizeof question - 1, MSG_NOSIGNAL) < 0)
		stop_asking(far);
}

static void
turn_asker(struct far *far)
{
	ssize_t got;

	if (far->asker < 0)
		return;
	got = recv(
		far->asker, far->answer + far->answer_len, sizeof far->answer - far->answer_len, 0);
	if (got > 0)
		far->answer_len += (size_t)got;
	else if (got == 0 || errno != EAGAIN)
		stop_asking(far);
}

/* ---- all of it ------------------------------------------------------------------------------ */

bool
far_open(struct far *far, const struct run *run)
{
	*far = (struct far){ .dns = -1, .asker = -1 };
	for (int i = 0; i < FAR_FLOWS_MAX; i++)
		far->flows[i].flow = FLOW_NONE;
	return open_trunks(far, run) && open_dns(far, run);
}

void
far_close(struct far *far)
{
	if (far->net != NULL)
		net_close(far->net);
	if (far->dns >= 0)
		close(far->dns);
	if (far->asker >= 0)
		close(far->asker);
}

void
far_turn(struct far *far)
{
	turn_trunks(far);
	turn_dns(far);
	turn_asker(far);
}
