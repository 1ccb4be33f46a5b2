/* SPDX-License-Identifier: Apache-2.0 */
/* What a phone is told, when it registers, of the way that its requests shall take. */
#include "core/inside.h"

/* Puts where over TRANSPORT the peer of A reaches us into B, without the usual port.
 * Ends: whether that is all, so that a port need not be written. */
static bool
write_face(const struct core *core, const struct arrival *a, enum transport transport,
	struct flow_id id, struct buf *b)
{
	char text[URI_BYTES_MAX];
	struct buf face = buf_on(text, sizeof text);
	struct str rest, host;
	struct addr ip;
	uint64_t port;

	flows_write_face(&core->flows, &face, transport, &a->source, id);
	rest = buf_str(&face);
	host = uri_take_host(&rest, &ip);
	if (!str_is_empty(rest) && str_number(str_from(rest, 1), UINT16_MAX, &port) &&
		port == transport_port(transport))
		rest = STR("");
	buf_put(b, host);
	buf_put(b, rest);
	return str_is_empty(rest);
}

/* Whether `sip:FACE` leads here as well as `sips:FACE` does: something takes clear SIP there. */
static bool
is_clear_there(const struct core *core, const struct arrival *a, struct str face)
{
	static const enum transport clear[] = { TRANSPORT_UDP, TRANSPORT_TCP };

	for (size_t i = 0; i < sizeof clear / sizeof clear[0]; i++) {
		char text[URI_BYTES_MAX];
		struct buf b = buf_on(text, sizeof text);

		if (flows_face(&core->flows, clear[i], &a->source) != NULL &&
			write_face(core, a, clear[i], FLOW_NONE, &b) &&
			str_alike(buf_str(&b), face))
			return true;
	}
	return false;
}

struct str
service_route_write(
	const struct core *core, const struct arrival *a, const struct dn *dn, const struct turn *t)
{
	enum transport transport = a->flow->transport;
	bool is_only = dn->sips == SIPS_REQUIRED, is_sips = a->msg->target.scheme == URI_SIPS;
	struct speech speech = { SCHEME_SIP, transport };
	char text[URI_BYTES_MAX];
	struct buf face = buf_on(text, sizeof text);
	char *value = arena_take(t->scratch, URI_BYTES_MAX, 1);
	struct buf b = buf_on(value, value != NULL ? URI_BYTES_MAX : 0);
	bool is_usual = write_face(core, a, transport, a->flow->id, &face);

	if (!dn->tells_route || (is_only && !is_sips))
		return STR("");
	if (is_sips && !is_only && (!is_usual || !is_clear_there(core, a, buf_str(&face))))
		return STR("");
	buf_put(&b, is_only ? STR("<sips:") : STR("<sip:"));
	buf_put(&b, buf_str(&face));
	if (!is_sips)
		buf_put(&b, scheme_contact_param(&speech, false));
	buf_put(&b, STR(";lr>"));
	return buf_ok(&b) ? buf_str(&b) : STR("");
}
