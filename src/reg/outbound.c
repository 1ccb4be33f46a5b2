/* SPDX-License-Identifier: Apache-2.0 */
#include "reg/outbound.h"

/* RFC 5626 4.2: 1 to 2^31-1. */
static bool
read_reg_id(struct str text, uint32_t *reg_id)
{
	uint64_t number;

	if (!str_number(text, INT32_MAX, &number) || number == 0)
		return false;
	*reg_id = (uint32_t)number;
	return true;
}

/* The instance that CONTACT names; empty without one, and for one that no URN can be. */
static struct str
instance_of(const struct nameaddr *contact)
{
	struct str instance = nameaddr_param(contact, STR("+sip.instance"));

	for (size_t i = 0; i < instance.len; i++)
		if (instance.at[i] <= ' ' || instance.at[i] == 0x7f || instance.at[i] == '\\')
			return STR("");
	return str_is_none(instance) ? STR("") : instance;
}

/* Whether some proxy before us keeps the flow and says so in its Path. */
static bool
has_edge(const struct msg *msg)
{
	struct values paths = msg_values(msg, HEADER_PATH);
	struct nameaddr path;
	struct str value;
	size_t at;

	while (values_next(&paths, &value))
		if (nameaddr_parse(&path, value, &at) &&
			!str_is_none(uri_param(&path.uri, STR("ob"))))
			return true;
	return false;
}

enum outbound_verdict
outbound_judge(const struct register_request *request, uint32_t coming)
{
	struct values values = msg_values(request->msg, HEADER_CONTACT);
	bool is_asked = msg_has_token(request->msg, HEADER_SUPPORTED, STR("outbound"));
	bool has_flow = false, has_id = false;
	struct nameaddr contact;
	struct str value, id;
	uint32_t reg_id;
	size_t at;

	while (values_next(&values, &value)) {
		if (!nameaddr_parse(&contact, value, &at) || contact.star)
			continue;
		id = nameaddr_param(&contact, STR("reg-id"));
		if (str_is_none(id))
			continue;
		has_id = true;
		if (str_is_empty(instance_of(&contact)))
			continue; /* it says nothing then */
		if (!read_reg_id(id, &reg_id))
			return OUTBOUND_BAD_ID;
		has_flow = true;
	}
	if (has_id && coming > 1)
		return OUTBOUND_MANY;
	if (!has_flow || !is_asked)
		return OUTBOUND_NOT;
	if (has_edge(request->msg))
		return OUTBOUND_USED;
	if (request->msg->via_count > 1)
		return OUTBOUND_LACKS;
	return request->transport == TRANSPORT_UDP ? OUTBOUND_NOT : OUTBOUND_USED;
}

struct binding_key
outbound_key(const struct nameaddr *contact, bool is_used)
{
	struct binding_key key = { .uri = &contact->uri, .instance = instance_of(contact) };

	if (is_used && !str_is_empty(key.instance))
		(void)read_reg_id(nameaddr_param(contact, STR("reg-id")), &key.reg_id);
	return key;
}

bool
outbound_is_same(const struct binding *binding, const struct binding_key *key)
{
	struct uri bound;
	size_t at;

	if (binding->reg_id != key->reg_id)
		return false;
	if (key->reg_id != 0)
		return str_alike(binding->instance, key->instance);
	return uri_parse(&bound, binding->contact, &at) && uri_same_binding(&bound, key->uri);
}
