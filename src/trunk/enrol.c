/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/panic.h"
#include "sip/lex.h"
#include "trunk/inside.h"

/* Those that are asked for when a directory comes in do not all ask at once. */
enum { SPREAD_MS = 20 };

/* How long it waits for addresses that are being looked up. */
enum { LOOK_AGAIN_MS = 250 };

bool
enrols_open(struct enrols *es, struct arena *arena, uint32_t max, struct txns *txns,
	struct flows *flows, struct alarms *alarms, struct dice *dice)
{
	*es = (struct enrols){ .txns = txns, .flows = flows, .alarms = alarms, .dice = dice };
	return pool_open(&es->pool, arena, 2 * max, sizeof(struct enrol));
}

struct str
enrol_text(const struct enrol *e, enum enrol_text text)
{
	return shelf_get(&e->shelf, text);
}

struct str
enrol_number(const struct enrol *e)
{
	return enrol_text(e, ENROL_TEXT_NUMBER);
}

struct str
enrol_routes(const struct enrol *e)
{
	return enrol_text(e, ENROL_TEXT_ROUTES);
}

struct str
enrol_gruu(const struct enrol *e)
{
	return enrol_text(e, ENROL_TEXT_GRUU);
}

void
enrol_move(struct enrols *es, struct enrol *e, enum enrol_state next)
{
	if (next == ENROL_ASKING || next == ENROL_CHALLENGED)
		alarm_disarm(es->alarms, &e->alarm); /* its transaction comes to an end by itself */
	e->state = next;
}

void
enrol_forget(struct enrols *es, struct enrol *e)
{
	if (!ref_is_none(e->txn))
		txn_disown(es->txns, e->txn);
	alarm_disarm(es->alarms, &e->alarm);
	pool_give(&es->pool, e->ref);
}

bool
enrol_is_in_force(const struct enrol *e, struct when now)
{
	return e->until_ms > now.mono_ms;
}

/* ---- the directory ---- */

/* What the options say that must be as it was for the registration to go on. */
static const struct {
	enum enrol_text text;
} same_texts[] = { { ENROL_TEXT_USERNAME }, { ENROL_TEXT_PASSWORD }, { ENROL_TEXT_REALM },
	{ ENROL_TEXT_HOST }, { ENROL_TEXT_NAME }, { ENROL_TEXT_HOP } };

static struct str
option_of(const struct dn *dn, enum enrol_text text)
{
	struct secret secret = dn_secret(dn);

	switch (text) {
	case ENROL_TEXT_NUMBER: return dn->number;
	case ENROL_TEXT_USERNAME: /* also where nothing needs to be proved */
		return str_is_empty(dn->username) ? dn->number : dn->username;
	case ENROL_TEXT_PASSWORD: return secret.password;
	case ENROL_TEXT_REALM: return secret.realm;
	case ENROL_TEXT_HOST: return dn->contact.host;
	case ENROL_TEXT_NAME: return dn_tls_name(dn);
	case ENROL_TEXT_HOP: return dn_hop(dn).host;
	case ENROL_TEXT_USER:
	case ENROL_TEXT_CALLED:
	case ENROL_TEXT_CALL_ID:
	case ENROL_TEXT_TAG:
	case ENROL_TEXT_CONTACT:
	case ENROL_TEXT_ROUTES:
	case ENROL_TEXT_PROXY:
	case ENROL_TEXT_GRUU: break;
	}
	return STR("");
}

static bool
is_unchanged(const struct enrol *e, const struct dn *dn)
{
	struct contact hop = dn_hop(dn);
	struct speech speech = dn_speech(dn);

	for (size_t i = 0; i < sizeof same_texts / sizeof same_texts[0]; i++)
		if (!str_same(enrol_text(e, same_texts[i].text), option_of(dn, same_texts[i].text)))
			return false;
	return e->wanted_s == dn->register_expires_s && e->port == dn->contact.port &&
		terms_same(&e->terms, &dn->terms) && e->emits_tls == dn->emits_tls &&
		e->wants_gruu == dn->wants_gruu && e->speech.scheme == speech.scheme &&
		e->speech.transport == speech.transport && e->hop.port == hop.port &&
		e->hop.speech.scheme == hop.speech.scheme;
}

/* Puts the username as a user part: with escapes for what may not stand there. */
static void
write_user(struct buf *b, struct str username)
{
	for (size_t i = 0; i < username.len; i++) {
		uint8_t octet = (uint8_t)username.at[i];

		if (lex_is(username.at[i], LEX_USER)) {
			buf_char(b, username.at[i]);
		} else {
			buf_char(b, '%');
			buf_hex(b, &octet, 1);
		}
	}
}

static bool
put_texts(struct enrols *es, struct enrol *e, const struct dn *dn)
{
	char text[3 * PASSWORD_BYTES_MAX], called[3 * PASSWORD_BYTES_MAX], id[256];
	struct buf user = buf_on(text, sizeof text), b = buf_on(called, sizeof called);
	struct buf tag = buf_on(id, sizeof id);
	bool ok = shelf_put(&e->shelf, ENROL_TEXT_NUMBER, dn->number);

	for (size_t i = 0; i < sizeof same_texts / sizeof same_texts[0]; i++)
		ok = ok &&
			shelf_put(&e->shelf, same_texts[i].text, option_of(dn, same_texts[i].text));
	write_user(&user, option_of(dn, ENROL_TEXT_USERNAME));
	uri_write_canonical_user(&b, buf_str(&user));
	ok = ok && shelf_put(&e->shelf, ENROL_TEXT_USER, buf_str(&user)) &&
		shelf_put(&e->shelf, ENROL_TEXT_CALLED, buf_str(&b));
	dice_guid(es->dice, &tag);
	ok = ok && shelf_put(&e->shelf, ENROL_TEXT_TAG, buf_str(&tag));
	tag = buf_on(id, sizeof id);
	dice_guid(es->dice, &tag);
	return ok && shelf_put(&e->shelf, ENROL_TEXT_CALL_ID, buf_str(&tag));
}

static void
begin(struct enrols *es, const struct dn *dn, int64_t at_ms)
{
	struct ref ref;
	struct enrol *e = pool_take(&es->pool, &ref);

	if (e == NULL)
		return;
	/* The text is left as it is: it is large, and nobody reads what was not written. */
	memset(e, 0, offsetof(struct enrol, text));
	e->ref = ref;
	e->speech = dn_speech(dn);
	e->hop = dn_hop(dn);
	e->wants_gruu = dn->wants_gruu;
	e->terms = dn->terms;
	e->emits_tls = dn->emits_tls;
	e->port = dn->contact.port;
	e->wanted_s = e->asked_s = dn->register_expires_s;
	e->alarm = alarm_of(ALARM_ENROL, ref, 0);
	shelf_init(&e->shelf, e->text, sizeof e->text);
	if (!put_texts(es, e, dn)) {
		pool_give(&es->pool, ref);
		return;
	}
	alarm_arm(es->alarms, &e->alarm, at_ms);
}

/* Takes the registration back, if there is one; what is under way is waited for. */
static void
leave(struct enrols *es, struct enrol *e, struct when now)
{
	e->is_leaving = true;
	if (!ref_is_none(e->txn))
		return;
	if (!enrol_is_in_force(e, now)) {
		enrol_forget(es, e);
		return;
	}
	enrol_move(es, e, ENROL_LEAVING);
	alarm_arm(es->alarms, &e->alarm, now.mono_ms);
}

/* The one of this number that stays. */
static struct enrol *
find(const struct enrols *es, struct str number)
{
	for (uint32_t slot = 0; slot < es->pool.fresh; slot++) {
		struct enrol *e = pool_slot(&es->pool, slot);

		if (e != NULL && !e->is_leaving && str_same(enrol_number(e), number))
			return e;
	}
	return NULL;
}

void
enrols_directory(struct enrols *es, const struct directory *directory, struct when now)
{
	int64_t at_ms = now.mono_ms;

	for (uint32_t slot = 0; slot < es->pool.fresh; slot++) {
		struct enrol *e = pool_slot(&es->pool, slot);
		const struct dn *dn;

		if (e == NULL || e->is_leaving)
			continue;
		dn = directory_find(directory, enrol_number(e));
		if (dn == NULL || !dn->registers || !is_unchanged(e, dn))
			leave(es, e, now);
	}
	for (uint32_t i = 0; i < directory->count && !es->is_draining; i++) {
		const struct dn *dn = &directory->dns[i];

		if (!dn->registers || find(es, dn->number) != NULL)
			continue;
		begin(es, dn, at_ms);
		at_ms += SPREAD_MS;
	}
}

void
enrols_drain(struct enrols *es, struct when now)
{
	es->is_draining = true;
	for (uint32_t slot = 0; slot < es->pool.fresh; slot++) {
		struct enrol *e = pool_slot(&es->pool, slot);

		if (e != NULL && !e->is_leaving)
			leave(es, e, now);
	}
}

/* ---- time ---- */

/* It is due to be forgotten by the registrar: that is asked for once, where the way still leads
 * there; otherwise time sees to it. */
static void
ring_leaving(struct enrols *es, struct enrol *e, const struct turn *t)
{
	struct way way;
	struct str why;

	if (!enrol_way_again(es, e, &way) || !enrol_say(es, e, &way, 0, STR(""), 0, t, &why))
		enrol_forget(es, e);
}

struct enrol *
enrols_ring(struct enrols *es, const struct alarm *alarm, const struct turn *t)
{
	struct enrol *e = pool_at(&es->pool, alarm->owner);
	struct way way;
	struct str why;

	must(e != NULL && ref_is_none(e->txn));
	if (e->state == ENROL_LEAVING) {
		ring_leaving(es, e, t);
		return NULL;
	}
	/* What is in force is asked for anew where it is, whatever its name leads to by now. */
	if (enrol_is_in_force(e, t->now) && e->transport != TRANSPORT_UDP &&
		enrol_way_again(es, e, &way) &&
		enrol_say(es, e, &way, e->asked_s, STR(""), 0, t, &why)) {
		enrol_move(es, e, ENROL_ASKING);
		return NULL;
	}
	return e;
}

void
enrol_wait(struct enrols *es, struct enrol *e, const struct turn *t)
{
	enrol_move(es, e, ENROL_WAITING);
	alarm_arm(es->alarms, &e->alarm, t->now.mono_ms + LOOK_AGAIN_MS);
}

void
enrol_ask(struct enrols *es, struct enrol *e, const struct leg_plan *plan, const struct turn *t)
{
	struct str why = STR("its contact has no address");

	(void)shelf_put(&e->shelf, ENROL_TEXT_PROXY, plan->routes);
	while (e->way_next < plan->way_count) {
		const struct way *way = &plan->ways[e->way_next++];

		if (enrol_say(es, e, way, e->asked_s, STR(""), 0, t, &why)) {
			if (e->way_next >= plan->way_count)
				e->way_next = 0;
			enrol_move(es, e, ENROL_ASKING);
			return;
		}
	}
	e->way_next = 0;
	enrol_back_off(es, e, why, 0, t);
}

void
enrol_fail(struct enrols *es, struct enrol *e, struct str why, const struct turn *t)
{
	enrol_back_off(es, e, why, 0, t);
}

void
enrols_flow_gone(struct enrols *es, struct flow_id flow, const struct turn *t)
{
	for (uint32_t slot = 0; slot < es->pool.fresh; slot++) {
		struct enrol *e = pool_slot(&es->pool, slot);

		/* One under way hears of it from its transaction. */
		if (e == NULL || !flow_same(e->flow, flow) || !enrol_is_in_force(e, t->now) ||
			!ref_is_none(e->txn))
			continue;
		enrol_back_off(es, e, STR("the connection is gone"), 0, t);
	}
}

/* ---- looking ---- */

const struct enrol *
enrols_find(const struct enrols *es, struct str number)
{
	return find(es, number);
}

const struct enrol *
enrols_called(const struct enrols *es, struct str number, const struct enrol *after)
{
	uint32_t slot = after != NULL ? after->ref.slot + 1 : 0;

	for (; slot < es->pool.fresh; slot++) {
		const struct enrol *e = pool_slot(&es->pool, slot);

		if (e != NULL && str_same(enrol_text(e, ENROL_TEXT_CALLED), number))
			return e;
	}
	return NULL;
}

uint32_t
enrols_count(const struct enrols *es, struct when now)
{
	uint32_t count = 0;

	for (uint32_t slot = 0; slot < es->pool.fresh; slot++) {
		const struct enrol *e = pool_slot(&es->pool, slot);

		count += e != NULL && enrol_is_in_force(e, now);
	}
	return count;
}
