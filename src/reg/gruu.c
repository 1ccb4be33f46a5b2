/* SPDX-License-Identifier: Apache-2.0 */
#include "reg/gruu.h"

#include <string.h>

#include "sip/lex.h"

/* What a temporary one is made of, as octets: chance, the slot under a mask, the MAC. */
enum { CHANCE_BYTES = 8, SLOT_BYTES = 4, MAC_BYTES = 8 };
enum { TOKEN_BYTES = CHANCE_BYTES + SLOT_BYTES + MAC_BYTES };

#define TEMP_PREFIX STR("tgruu.")

struct str
gruu_host(const struct msg *msg)
{
	return msg_has_token(msg, HEADER_SUPPORTED, STR("gruu")) ? msg->to.uri.host : STR("");
}

bool
gruu_is(const struct uri *uri)
{
	return !str_is_none(uri_param(uri, STR("gr")));
}

/* Whether URN can be one, and stand in a URI as it is. */
static bool
is_urn(struct str urn)
{
	return str_begins_alike(urn, STR("urn:")) && urn.len <= GRUU_URN_BYTES_MAX &&
		lex_span(urn, LEX_PARAM) == urn.len;
}

/* The URN within `<urn:...>`; empty: it is no such thing. */
static struct str
urn_of(struct str instance)
{
	struct str urn = str_from(instance, 1);

	if (!str_begins(instance, STR("<")) || !str_ends(urn, STR(">")))
		return STR("");
	urn.len--;
	return is_urn(urn) ? urn : STR("");
}

/* ---- temporary ones -------------------------------------------------------------------------- */

static uint32_t
mask_of(const struct registrar *r, struct str chance)
{
	return (uint32_t)siphash(r->gruu_key, chance);
}

/* Under another key than the mask: of a hash of each part, so that none runs into the next. */
static uint64_t
mac_of(const struct registrar *r, struct str chance, struct str aor, const struct binding *binding)
{
	const struct str parts[] = { chance, aor, binding->instance, binding->call_id };
	uint64_t hashes[sizeof parts / sizeof parts[0]];

	for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++)
		hashes[i] = siphash(r->gruu_key + 2, parts[i]);
	return siphash(r->gruu_key + 2, str_of((const char *)hashes, sizeof hashes));
}

/* Puts the user part of a new one. */
static void
write_token(struct registrar *r, struct buf *b, const struct gruu_terms *terms,
	const struct binding *binding)
{
	uint8_t token[TOKEN_BYTES] = { 0 };
	struct str chance = str_of((const char *)token, CHANCE_BYTES);
	uint64_t mac;
	uint32_t slot;

	dice_bytes(r->dice, token, CHANCE_BYTES);
	slot = terms->slot ^ mask_of(r, chance);
	mac = mac_of(r, chance, terms->aor, binding);
	memcpy(token + CHANCE_BYTES, &slot, SLOT_BYTES);
	memcpy(token + CHANCE_BYTES + SLOT_BYTES, &mac, MAC_BYTES);
	buf_put(b, TEMP_PREFIX);
	buf_hex(b, token, sizeof token);
}

static bool
read_token(struct str user, uint8_t token[TOKEN_BYTES])
{
	struct str hex = str_from(user, TEMP_PREFIX.len);

	if (!str_begins(user, TEMP_PREFIX) || hex.len != 2 * TOKEN_BYTES)
		return false;
	for (size_t i = 0; i < TOKEN_BYTES; i++) {
		int high = char_hex(hex.at[2 * i]), low = char_hex(hex.at[2 * i + 1]);

		if (high < 0 || low < 0)
			return false;
		token[i] = (uint8_t)(16 * high + low);
	}
	return true;
}

/* The binding in force that the temporary one was made for. */
static enum gruu_verdict
find_temporary(const struct registrar *r, struct str user, struct when now, struct gruu *found)
{
	uint8_t token[TOKEN_BYTES] = { 0 };
	struct str chance = str_of((const char *)token, CHANCE_BYTES);
	const struct address *a;
	uint64_t mac;
	uint32_t slot;

	if (!read_token(user, token))
		return GRUU_BAD;
	memcpy(&slot, token + CHANCE_BYTES, SLOT_BYTES);
	memcpy(&mac, token + CHANCE_BYTES + SLOT_BYTES, MAC_BYTES);
	slot ^= mask_of(r, chance);
	a = slot < r->addresses.fresh ? pool_slot(&r->addresses, slot) : NULL;
	for (uint32_t i = 0; a != NULL && i < a->set.count; i++) {
		const struct binding *binding = &a->set.list[i];

		if (!address_reaches(r, a, i, now) || str_is_empty(urn_of(binding->instance)) ||
			mac_of(r, chance, address_aor(a), binding) != mac)
			continue;
		*found = (struct gruu){ address_aor(a), binding->instance };
		return GRUU_GOOD;
	}
	return GRUU_BAD;
}

/* ---- both ------------------------------------------------------------------------------------ */

enum gruu_verdict
registrar_gruu(const struct registrar *r, const struct uri *uri, struct when now, struct buf *room,
	struct gruu *found)
{
	struct str gr = uri_param(uri, STR("gr")), instance;

	if (str_is_none(gr))
		return GRUU_NONE;
	if (str_is_empty(gr))
		return find_temporary(r, uri->user, now, found);
	buf_char(room, '<');
	uri_write_canonical_user(room, gr);
	buf_char(room, '>');
	instance = buf_str(room);
	if (!buf_ok(room) || str_is_empty(urn_of(instance)))
		return GRUU_BAD;
	*found = (struct gruu){ STR(""), instance };
	return GRUU_GOOD;
}

static void
write_front(struct buf *b, struct str name, const struct binding *binding)
{
	buf_put(b, name);
	buf_put(b, scheme_name(binding->speech.scheme));
	buf_char(b, ':');
}

void
gruu_write(struct registrar *r, struct buf *b, const struct gruu_terms *terms,
	const struct binding *binding)
{
	struct str urn = urn_of(binding->instance);

	if (str_is_empty(terms->host) || str_is_empty(urn))
		return;
	write_front(b, STR(";pub-gruu=\""), binding);
	buf_put(b, terms->aor);
	buf_char(b, '@');
	buf_put(b, terms->host);
	buf_put(b, STR(";gr="));
	buf_put(b, urn);
	buf_char(b, '"');
	write_front(b, STR(";temp-gruu=\""), binding);
	write_token(r, b, terms, binding);
	buf_char(b, '@');
	buf_put(b, terms->host);
	buf_put(b, STR(";gr\""));
}
