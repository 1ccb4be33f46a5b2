/* SPDX-License-Identifier: Apache-2.0 */
#include "secure/target.h"

#include <string.h>

/* Whether a TLS flow leads to a far end that this leg may take as checked. */
static enum target_verdict
check_far_end(const struct demand *demand, const struct candidate *way)
{
	switch (way->tie) {
	case TIE_NONE:
		return demand->name.len == 0 || demand->name.len > TARGET_NAME_MAX ? TARGET_NO_NAME
										   : TARGET_CHOSEN;
	case TIE_DIALOG:
	case TIE_REGISTERED: return TARGET_CHOSEN;
	case TIE_DIALLED:
		if (demand->name.len > 0 && str_alike(demand->name, way->flow_name))
			return terms_same(&demand->terms, &way->flow_terms) ? TARGET_CHOSEN
									    : TARGET_OTHER_TERMS;
		break;
	}
	return TARGET_OTHER_NAME;
}

static enum target_verdict
judge(const struct demand *demand, const struct candidate *way)
{
	if (demand->speech.scheme == SCHEME_SIPS && way->transport != TRANSPORT_TLS)
		return TARGET_NOT_TLS;
	if (demand->speech.transport == TRANSPORT_TLS && way->transport != TRANSPORT_TLS)
		return TARGET_OTHER_TRANSPORT;
	if (way->transport == TRANSPORT_NONE || way->addr.family == ADDR_NONE ||
		way->addr.port == 0 || addr_is_multicast(&way->addr) || addr_is_any(&way->addr))
		return TARGET_UNREACHABLE;
	if ((way->tie == TIE_NONE) != flow_is_none(way->flow) && way->transport != TRANSPORT_UDP)
		return TARGET_UNREACHABLE;
	if (way->transport == TRANSPORT_TLS)
		return check_far_end(demand, way);
	return TARGET_CHOSEN;
}

enum target_verdict
target_choose(const struct demand *demand, const struct candidate *way, struct target *target)
{
	enum target_verdict verdict = judge(demand, way);

	if (verdict != TARGET_CHOSEN)
		return verdict;
	*target = (struct target){
		.transport = way->transport,
		.addr = way->addr,
		.flow = way->flow,
	};
	if (way->transport == TRANSPORT_TLS && demand->name.len <= TARGET_NAME_MAX) {
		target->terms = demand->terms;
		target->name_len = (uint32_t)demand->name.len;
		if (demand->name.len > 0)
			memcpy(target->name, demand->name.at, demand->name.len);
	}
	return TARGET_CHOSEN;
}

struct str
target_verdict_text(enum target_verdict verdict)
{
	switch (verdict) {
	case TARGET_CHOSEN: return STR("chosen");
	case TARGET_NOT_TLS: return STR("a sips leg leaves over TLS only");
	case TARGET_NO_NAME: return STR("there is no name that the TLS peer could prove");
	case TARGET_OTHER_NAME: return STR("the connection was verified for another name");
	case TARGET_OTHER_TERMS: return STR("the connection was made as another of our identities");
	case TARGET_UNREACHABLE: return STR("there is no address to send to");
	case TARGET_OTHER_TRANSPORT: break;
	}
	return STR("this device is reached over TLS only");
}

struct str
target_name(const struct target *target)
{
	return str_of(target->name, target->name_len);
}

void
target_set_flow(struct target *target, struct flow_id flow)
{
	target->flow = flow;
}
