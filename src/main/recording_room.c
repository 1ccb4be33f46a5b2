/* SPDX-License-Identifier: Apache-2.0 */
/* How many octets a record can take. */
#include "directory/directory.h"
#include "main/recording.h"

enum { FIXED_BYTES = 512 }; /* more than the fields of fixed size of any one thing */

static size_t
directory_room(const struct directory *d)
{
	size_t bytes = FIXED_BYTES + d->uuid_header.len;
	const struct dn *dn = d->dns;

	for (uint32_t i = 0; i < d->domain_count; i++)
		bytes += d->domains[i].len + 4;
	for (uint32_t i = 0; i < d->count; i++, dn++)
		bytes += FIXED_BYTES + dn->number.len + dn->contact.number.len +
			dn->contact.host.len + dn->username.len + dn->realm.len + dn->tls_name.len +
			dn->prefix.len + dn->proxy.host.len;
	return bytes;
}

static size_t
names_room(const struct event *e)
{
	const struct dns_record *s = e->u.names.services;
	size_t bytes = 0;

	for (uint32_t i = 0; i < e->u.names.count && e->u.names.kind != NAMES_ADDRESSES; i++, s++)
		bytes += s->flags.len + s->what.len + s->name.len;
	return bytes;
}

static size_t
event_room(const struct event *e)
{
	const struct secured *s = &e->u.open.secured;

	switch (e->kind) {
	case EV_BYTES: return e->u.bytes.data.len;
	case EV_FLOW_OPEN:
		return s->version.len + s->cipher.len + s->name.len + s->fingerprint.len +
			s->own.len;
	case EV_FLOW_CLOSED:
	case EV_FLOW_FAILED: return e->u.closed.reason.len;
	case EV_BINDINGS: return e->u.bindings.aor.len + e->u.bindings.set.len;
	case EV_DIRECTORY: return directory_room(e->u.directory);
	case EV_NAMES: return names_room(e);
	case EV_TICK:
	case EV_SAVED:
	case EV_ORDER: break;
	}
	return 0;
}

size_t
recording_room(const struct record *r)
{
	size_t bytes = RECORDING_HEAD_BYTES + FIXED_BYTES;

	if (r->kind != RECORD_OPEN)
		return bytes + (r->kind == RECORD_EVENT ? event_room(&r->event) : 0) +
			(r->kind == RECORD_ANSWER ? r->verdicts.len : 0);
	bytes += r->version.len + directory_room(r->options.directory);
	for (uint32_t i = 0; i < r->options.listener_count; i++)
		bytes += FIXED_BYTES + r->options.listeners[i].advertise.len;
	return bytes;
}
