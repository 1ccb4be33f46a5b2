/* SPDX-License-Identifier: Apache-2.0 */
#include "callee.h"

#include <arpa/inet.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lines.h"

enum { SOCKET_BYTES = 4 * 1024 * 1024 };

bool
callee_open(struct callee *c, uint16_t port)
{
	int bytes = SOCKET_BYTES;

	*c = (struct callee){ .local = { .sin_family = AF_INET,
				      .sin_port = htons(port),
				      .sin_addr.s_addr = htonl(INADDR_LOOPBACK) } };
	c->fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (c->fd < 0)
		return false;
	(void)setsockopt(c->fd, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof bytes);
	(void)setsockopt(c->fd, SOL_SOCKET, SO_SNDBUF, &bytes, sizeof bytes);
	return bind(c->fd, (struct sockaddr *)&c->local, sizeof c->local) == 0;
}

void
callee_close(struct callee *c)
{
	close(c->fd);
}

static void
answer(struct callee *c, const struct lines *l, const struct sockaddr_in *to, struct str status,
	struct str body)
{
	bool has_tag = str_holds_alike(l->to, STR(";tag="));
	char text[MESSAGE_MAX];
	struct buf b = buf_on(text, sizeof text);
	struct str out;

	buf_put(&b, STR("SIP/2.0 "));
	buf_put(&b, status);
	buf_put(&b, STR("\r\n"));
	for (uint32_t i = 0; i < l->via_count; i++)
		lines_put(&b, STR("Via"), l->vias[i]);
	for (uint32_t i = 0; i < l->record_route_count; i++)
		lines_put(&b, STR("Record-Route"), l->record_routes[i]);
	lines_put(&b, STR("From"), l->from);
	buf_put(&b, STR("To: "));
	buf_put(&b, l->to);
	buf_put(&b, has_tag ? STR("\r\n") : STR(";tag=5C0A7F2B-9D1E4C36\r\n"));
	lines_put(&b, STR("Call-ID"), l->call_id);
	lines_put(&b, STR("CSeq"), l->cseq);
	buf_put(&b, STR("Contact: <sip:5000@127.0.0.1:"));
	buf_number(&b, ntohs(c->local.sin_port));
	buf_put(&b, STR(">\r\nUser-Agent: PolycomSoundPointIP-SPIP_450-UA/4.0.1.13681\r\n"));
	if (body.len > 0)
		lines_put(&b, STR("Allow"),
			STR("INVITE, ACK, BYE, CANCEL, OPTIONS, INFO, MESSAGE, SUBSCRIBE, NOTIFY, "
			    "PRACK, UPDATE, REFER"));
	lines_put_body(&b, body);
	out = buf_str(&b);
	(void)sendto(c->fd, out.at, out.len, 0, (const struct sockaddr *)to, sizeof *to);
}

static void
hear_one(struct callee *c, struct str data, const struct sockaddr_in *from)
{
	struct lines l;

	if (!lines_read(&l, data))
		return;
	if (str_begins(l.start, STR("INVITE "))) {
		c->invites++;
		answer(c, &l, from, STR("180 Ringing"), STR(""));
		answer(c, &l, from, STR("200 OK"), lines_session());
	} else if (str_begins(l.start, STR("ACK "))) {
		c->acks++;
	} else if (str_begins(l.start, STR("BYE "))) {
		c->byes++;
		answer(c, &l, from, STR("200 OK"), STR(""));
	} else {
		c->others++;
		answer(c, &l, from, STR("200 OK"), STR(""));
	}
}

void
callee_hear(struct callee *c)
{
	char data[MESSAGE_MAX];
	struct sockaddr_in from;
	socklen_t len = sizeof from;
	ssize_t got;

	while ((got = recvfrom(c->fd, data, sizeof data, 0, (struct sockaddr *)&from, &len)) > 0) {
		hear_one(c, str_of(data, (size_t)got), &from);
		len = sizeof from;
	}
}
