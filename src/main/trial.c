/* SPDX-License-Identifier: Apache-2.0 */
#include "main/trial.h"

#include "base/panic.h"
#include "main/certs.h"

enum {
	TURN_MS = 50,
	NAMES_MS = 10 * 1000,
	/* Who demands a certificate of ours refuses after the handshake (RFC 8446 4.4.2.4). */
	AFTER_MS = 500,
	LINE_BYTES = 2048,
};

struct trial {
	struct net *net;
	const struct dn *dn;
	FILE *to;
	int64_t now_s;
	struct event event; /* the last one; its views live until the next turn */
};

static struct str
name_of(const struct dn *dn)
{
	return dn_tls_name(dn);
}

/* Turns the net until there is an event, at most SPAN_MS. */
static bool
next_event(struct trial *t, int64_t span_ms)
{
	for (int64_t spent_ms = 0; spent_ms <= span_ms; spent_ms += TURN_MS) {
		net_wait(t->net, TURN_MS);
		if (net_next(t->net, &t->event))
			return true;
	}
	return false;
}

static bool
find_addr(struct trial *t, struct addr *addr)
{
	struct contact hop = dn_hop(t->dn);
	struct act act = { .kind = ACT_RESOLVE };

	*addr = hop.ip;
	if (addr->family == ADDR_NONE) {
		act.u.resolve.name = hop.host;
		(void)net_carry(t->net, &act);
		if (!next_event(t, NAMES_MS) || t->event.kind != EV_NAMES ||
			t->event.u.names.count == 0) {
			fprintf(t->to, "failed: DNS has no address for %.*s\n", (int)hop.host.len,
				hop.host.at);
			return false;
		}
		*addr = t->event.u.names.addrs[0];
	}
	addr->port = contact_port(&hop);
	return true;
}

static void
put_secured(struct trial *t)
{
	static struct link links[CHAIN_LINKS_MAX];
	const struct secured *s = &t->event.u.open.secured;
	uint32_t count = net_peer_chain(t->net, t->event.u.open.flow, links, CHAIN_LINKS_MAX);

	fprintf(t->to, "verified: %.*s, %.*s, the peer is %.*s\n", (int)s->version.len,
		s->version.at, (int)s->cipher.len, s->cipher.at, (int)s->name.len, s->name.at);
	for (uint32_t i = 0; i < count; i++)
		certs_put_link(&links[i], i + 1, t->now_s, t->to);
}

static bool
put_failure(struct trial *t)
{
	fprintf(t->to, "failed: %.*s\n", (int)t->event.u.closed.reason.len,
		t->event.u.closed.reason.at);
	return false;
}

/* Takes leave as TLS wants it. */
static void
shut(struct trial *t, struct flow_id flow)
{
	const struct act act = { .kind = ACT_SHUT, .u.shut = flow };

	(void)net_carry(t->net, &act);
	net_flush(t->net);
	(void)next_event(t, LINGER_MS);
}

static bool
shake(struct trial *t)
{
	char text[ADDR_TEXT_MAX + 8];
	struct buf b = buf_on(text, sizeof text);
	struct act act = { .kind = ACT_DIAL };
	struct addr addr;

	if (!find_addr(t, &addr))
		return false;
	addr_write_port(&b, &addr);
	fprintf(t->to, "TLS to %.*s, who must prove to be %.*s\n", (int)b.used, text,
		(int)name_of(t->dn).len, name_of(t->dn).at);
	act.u.dial.flow.number = FLOW_DIALLED | 1;
	act.u.dial.transport = TRANSPORT_TLS;
	act.u.dial.to = addr;
	act.u.dial.name = name_of(t->dn);
	act.u.dial.terms = t->dn->terms;
	(void)net_carry(t->net, &act);
	if (!next_event(t, CONNECT_MS + HANDSHAKE_MS + TURN_MS))
		return false;
	if (t->event.kind != EV_FLOW_OPEN)
		return put_failure(t);
	put_secured(t);
	if (next_event(t, AFTER_MS) && t->event.kind == EV_FLOW_CLOSED)
		return put_failure(t);
	shut(t, act.u.dial.flow);
	return true;
}

static bool
is_over_tls(const struct dn *dn, FILE *to)
{
	const char *why = NULL;

	if (dn == NULL)
		why = "there is no such DN";
	else if (dn->contact.is_self)
		why = "its phone registers: we never dial it, it dials us";
	else if (dn_speech(dn).transport != TRANSPORT_TLS)
		why = "its contact is not one over TLS";
	if (why != NULL)
		fprintf(to, "failed: %s\n", why);
	return why == NULL;
}

bool
trial_run(const struct config *config, struct str number, int64_t now_s, FILE *to)
{
	const struct net_options options = { .identities = config->identities,
		.identity_count = config->identity_count,
		.resolver = config->resolver };
	struct trial t = {
		.dn = directory_find(&config->directory, number), .to = to, .now_s = now_s
	};
	char text[LINE_BYTES];
	struct buf why = buf_on(text, sizeof text);
	bool is_good;

	if (!is_over_tls(t.dn, to))
		return false;
	t.net = net_open(&options, &why);
	if (t.net == NULL) {
		fprintf(to, "failed: %.*s\n", (int)buf_str(&why).len, text);
		return false;
	}
	is_good = shake(&t);
	net_close(t.net);
	return is_good;
}
