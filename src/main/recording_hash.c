/* SPDX-License-Identifier: Apache-2.0 */
/* FNV-1a over all fields of an action, texts with their lengths. */
#include "main/recording.h"

#define FNV_PRIME 0x100000001b3ULL

enum { PIECE_BYTES = 1024 };

static uint64_t
add_octets(uint64_t hash, struct str octets)
{
	for (size_t i = 0; i < octets.len; i++)
		hash = (hash ^ (uint8_t)octets.at[i]) * FNV_PRIME;
	return hash;
}

static uint64_t
add_number(uint64_t hash, uint64_t number)
{
	for (int i = 0; i < 8; i++)
		hash = (hash ^ (uint8_t)(number >> (8 * i))) * FNV_PRIME;
	return hash;
}

static uint64_t
add_text(uint64_t hash, struct str text)
{
	return add_octets(add_number(hash, text.len), text);
}

/* Whether LINE, which is of a request of ours, has credentials. */
static bool
is_proof(struct str line)
{
	return str_begins(line, STR("Authorization: ")) ||
		str_begins(line, STR("Proxy-Authorization: "));
}

/* A line of ours with a proof, as it is, but that the response of its digest counts as zeros: a
 * replay has no password to make it of. */
static uint64_t
add_proof(uint64_t hash, struct str line)
{
	struct str name = STR(" response=\"");
	size_t at = 0;

	while (at < line.len && !str_begins(str_from(line, at), name))
		at++;
	at = at < line.len ? at + name.len : line.len;
	hash = add_octets(hash, str_upto(line, at));
	for (; at < line.len && char_hex(line.at[at]) >= 0; at++)
		hash = add_octets(hash, STR("0"));
	return add_octets(hash, str_from(line, at));
}

/* Octets that leave, with what is secret in them masked. */
static uint64_t
add_masked(uint64_t hash, struct mask *mask, struct str text, const struct mask_key *key)
{
	char piece[PIECE_BYTES];

	if (key == NULL)
		return add_octets(hash, text);
	for (size_t at = 0; at < text.len; at += PIECE_BYTES) {
		struct str part = str_upto(str_from(text, at), PIECE_BYTES);

		mask_copy(mask, key, false, part, piece);
		hash = add_octets(hash, str_of(piece, part.len));
	}
	return hash;
}

/* A message that leaves is whole, so it is masked from its front on. */
static uint64_t
add_message(uint64_t hash, struct str text, const struct mask_key *key)
{
	bool is_head = !str_begins(text, STR("SIP/2.0 "));
	struct mask mask = { 0 };
	struct str rest = text;

	hash = add_number(hash, text.len);
	while (is_head && rest.len > 0) {
		struct str line = str_upto(rest, str_find(rest, '\n') + 1);

		hash = is_proof(line) ? add_proof(hash, line) : add_masked(hash, &mask, line, key);
		is_head = !str_same(line, STR("\r\n"));
		rest = str_from(rest, line.len);
	}
	return add_masked(hash, &mask, rest, key);
}

static uint64_t
add_addr(uint64_t hash, const struct addr *addr)
{
	size_t bytes = addr->family == ADDR_V6 ? 16 : addr->family == ADDR_V4 ? 4 : 0;

	hash = add_number(hash, addr->family);
	hash = add_octets(hash, str_of(addr->ip, bytes));
	return add_number(hash, addr->port);
}

static uint64_t
add_ref(uint64_t hash, struct ref ref)
{
	return add_number(add_number(hash, ref.slot), ref.age);
}

static uint64_t
add_terms(uint64_t hash, const struct terms *terms)
{
	hash = add_number(hash, terms->identity);
	hash = add_number(hash, terms->takes_wildcard);
	return add_text(hash, str_of(terms->pin, terms->has_pin ? FINGERPRINT_BYTES : 0));
}

uint64_t
recording_hash(uint64_t hash, const struct act *act, const struct mask_key *key)
{
	hash = add_number(hash, act->kind);
	switch (act->kind) {
	case ACT_SEND:
		hash = add_number(hash, act->u.send.flow.number);
		hash = add_addr(hash, &act->u.send.to);
		return add_message(hash, act->u.send.bytes, key);
	case ACT_DIAL:
		hash = add_number(hash, act->u.dial.flow.number);
		hash = add_number(hash, act->u.dial.transport);
		hash = add_addr(hash, &act->u.dial.to);
		hash = add_text(hash, act->u.dial.name);
		hash = add_terms(hash, &act->u.dial.terms);
		return add_text(hash, act->u.dial.about);
	case ACT_SHUT: return add_number(hash, act->u.shut.number);
	case ACT_RESOLVE:
		hash = add_number(add_ref(hash, act->u.resolve.ask), act->u.resolve.kind);
		return add_text(hash, act->u.resolve.name);
	case ACT_SAVE:
		hash = add_ref(hash, act->u.save.ask);
		hash = add_text(hash, act->u.save.aor);
		hash = add_number(hash, act->u.save.version);
		return add_text(hash, act->u.save.set);
	case ACT_NOTE:
		hash = add_number(hash, act->u.note.level);
		return add_text(hash, act->u.note.text);
	case ACT_RECORD: return add_text(hash, act->u.record);
	}
	return hash;
}
