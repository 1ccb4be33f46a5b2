/* SPDX-License-Identifier: Apache-2.0 */
/* Why a call goes as it goes: before there is one (`route-test`) and when it was (`why`). Both are
 * told by the tables that decide, src/secure/crossing.c and src/secure/contract.c. */
#include "core/explain.h"

#include "secure/contract.h"

/* ---- what each mode would do ----------------------------------------------------------------- */

static void
put_outcome(struct json *j, unsigned status, unsigned warning, struct str leg, struct str rule,
	struct str why)
{
	json_put_text(j, STR("outcome"), status == 0 ? leg : STR("refused"));
	if (status != 0)
		json_put_number(j, STR("status"), status);
	if (warning != 0)
		json_put_number(j, STR("warning"), warning);
	json_put_text(j, STR("rule"), rule);
	json_put_text(j, STR("why"), why);
}

void
explain_modes(struct json *j, const struct verdict *v)
{
	json_key(j, STR("modes"));
	json_open(j, '[');
	for (int i = 0; i < CROSSING_MODES && v->is_set; i++) {
		enum crossing_mode mode = (enum crossing_mode)i;
		bool is_early = v->from == FROM_CLEAR || v->from == FROM_MIXED;
		const struct caller_row *own = crossing_caller_row(mode, v->from, v->says);
		const struct crossing_row *row = v->is_known || is_early
			? crossing_row(mode, v->from, is_early ? KNOWN_NONE : v->known)
			: NULL;

		if (row == NULL && (own == NULL || own->status == 0))
			continue;
		json_open(j, '{');
		json_put_text(j, STR("mode"), crossing_mode_name(mode));
		json_put_flag(j, STR("in_force"), mode == v->mode);
		if (own != NULL && own->status != 0)
			put_outcome(j, own->status, own->warning, STR(""), own->rule, own->why);
		else if (row != NULL)
			put_outcome(j, row->status, row->warning, crossing_leg_text(row->leg),
				row->rule, row->why);
		json_close(j, '}');
	}
	json_close(j, ']');
}

/* ---- what a leg carries ---------------------------------------------------------------------- */

static void
put_part(struct json *j, enum contract_side side, enum contract_part part,
	const struct speech *speech, struct str value)
{
	const struct contract_row *row = contract_row(side, part, speech);

	json_open(j, '{');
	json_put_text(j, STR("part"), contract_part_name(part));
	json_put_text(j, STR("value"), str_upto(value, LOG_TEXT_MAX));
	json_put_text(j, STR("rule"), row->rule);
	json_put_text(j, STR("why"), row->why);
	json_close(j, '}');
}

void
explain_leg(struct json *j, const struct explained *leg)
{
	struct speech speech = { leg->speech.scheme, leg->transport };

	json_open(j, '{');
	json_put_text(j, STR("side"), leg->side == SIDE_MADE ? STR("callee") : STR("caller"));
	json_put_text(j, STR("dn"), str_upto(leg->dn, LOG_TEXT_MAX));
	json_put_text(j, STR("scheme"), scheme_name(speech.scheme));
	json_put_text(j, STR("transport"), transport_name(speech.transport));
	json_key(j, STR("parts"));
	json_open(j, '[');
	for (int part = 0; part < CONTRACT_PARTS; part++)
		put_part(j, leg->side, (enum contract_part)part, &speech, leg->values[part]);
	json_close(j, ']');
	json_close(j, '}');
}

/* ---- a call that was ------------------------------------------------------------------------- */

enum { VALUE_BYTES = 512 };

/* Where a leg of the past went: who was there, and how it was known that it was he. */
static struct str
past_target(const struct past *past, int side, struct buf *b)
{
	const struct past_leg *leg = &past->legs[side];
	struct str name = past_text(past, PAST_NAME);

	buf_put(b, transport_name(leg->transport));
	buf_put(b, side == 0 ? STR(" from ") : STR(" to "));
	addr_write_port(b, &leg->peer);
	if (side == 1 && leg->transport == TRANSPORT_TLS && leg->tie == TIE_DIALLED) {
		buf_put(b, STR(", proven to be "));
		buf_put(b, str_upto(name, LOG_TEXT_MAX));
	} else if (side == 1 && leg->tie == TIE_REGISTERED) {
		buf_put(b, STR(", as it registered"));
	}
	return buf_str(b);
}

static void
put_past_caller(struct json *j, const struct past *past)
{
	char text[VALUE_BYTES];
	struct buf target = buf_on(text, sizeof text);
	const struct past_leg *kept = &past->legs[0];
	struct explained leg = { .side = SIDE_ANSWERED,
		.speech = kept->speech,
		.transport = kept->transport,
		.dn = past_text(past, PAST_CALLER) };

	/* What came in clear is on no leg that there could be. */
	if (kept->speech.scheme == SCHEME_SIPS && kept->transport != TRANSPORT_TLS)
		return;
	leg.values[PART_REQUEST_URI] = past_text(past, PAST_ASKED_URI);
	leg.values[PART_FROM] = past_text(past, PAST_ASKED_FROM);
	leg.values[PART_TO] = past_text(past, PAST_ASKED_TO);
	leg.values[PART_CONTACT] = past_text(past, PAST_OUR_CONTACT);
	leg.values[PART_VIA] = STR("as it came");
	leg.values[PART_ROUTE] = STR("as it came");
	leg.values[PART_TARGET] = past_target(past, 0, &target);
	explain_leg(j, &leg);
}

static void
put_past_callee(struct json *j, const struct past *past)
{
	char target_text[VALUE_BYTES], via_text[VALUE_BYTES];
	struct buf target = buf_on(target_text, sizeof target_text);
	struct buf via = buf_on(via_text, sizeof via_text);
	const struct past_leg *kept = &past->legs[1];
	struct explained leg = { .side = SIDE_MADE,
		.speech = kept->speech,
		.transport = kept->transport,
		.dn = past_text(past, PAST_DN) };

	contract_write_via(&via, kept->transport, past_text(past, PAST_FACE));
	leg.values[PART_REQUEST_URI] = past_text(past, PAST_REQUEST_URI);
	leg.values[PART_FROM] = past_text(past, PAST_FROM);
	leg.values[PART_TO] = past_text(past, PAST_TO);
	leg.values[PART_CONTACT] = past_text(past, PAST_CONTACT);
	leg.values[PART_VIA] = buf_str(&via);
	leg.values[PART_ROUTE] = str_is_empty(past_text(past, PAST_ROUTE))
		? STR("none")
		: past_text(past, PAST_ROUTE);
	leg.values[PART_TARGET] = past_target(past, 1, &target);
	explain_leg(j, &leg);
}

static struct str
crossing_word_of(const struct past *past)
{
	if (!past->legs[1].is_there)
		return STR("none");
	switch (crossing_of(past->legs[0].speech.scheme, past->legs[1].speech.scheme)) {
	case CROSSING_DOWN: return STR("down");
	case CROSSING_UP: return STR("up");
	case CROSSING_NONE: break;
	}
	return STR("none");
}

struct answer
explain_why(const struct core *core, const struct ask *ask, struct json *j)
{
	uint32_t count;
	const struct past *past = past_find(&core->calls.pasts, ask->name, &count);

	if (past == NULL)
		return (struct answer){ .told = TOLD_NONE };
	json_put_text(j, STR("call"), str_of(past->uuid, UUID_BYTES));
	json_put_text(j, STR("state"),
		past->over_at_s == 0               ? STR("going on")
			: past->answered_at_s != 0 ? STR("over")
			: past->legs[1].is_there   ? STR("not answered")
						   : STR("refused"));
	json_put_text(j, STR("from"), past_text(past, PAST_CALLER));
	json_put_text(j, STR("to"), past_text(past, PAST_NUMBER));
	json_put_text(j, STR("dn"), past_text(past, PAST_DN));
	json_put_moment(j, STR("start"), past->opened_at_s);
	json_put_moment(j, STR("answer"), past->answered_at_s);
	json_put_moment(j, STR("end"), past->over_at_s);
	json_put_number(j, STR("sip_code"), past->status);
	json_put_text(j, STR("why"), past_text(past, PAST_WHY));
	json_put_text(j, STR("crossing"), crossing_word_of(past));
	if (past->verdict.is_set) {
		json_put_text(j, STR("mode"), crossing_mode_name(past->verdict.mode));
		json_put_text(j, STR("caller_speaks"), crossing_from_text(past->verdict.from));
	}
	if (past->verdict.is_set && past->verdict.is_known)
		json_put_text(j, STR("device_has"), crossing_known_text(past->verdict.known));
	explain_modes(j, &past->verdict);
	json_key(j, STR("legs"));
	json_open(j, '[');
	put_past_caller(j, past);
	if (past->legs[1].is_there)
		put_past_callee(j, past);
	json_close(j, ']');
	return (struct answer){ .told = TOLD_ALL };
}

/* ---- which DN crossed with which ------------------------------------------------------------- */

struct answer
explain_pairs(const struct core *core, const struct ask *ask, struct json *j)
{
	const struct pairs *pairs = &core->pairs;
	uint32_t slot, slots = pairs->pool.fresh;

	page_begin(j);
	for (slot = ask->from; slot < slots && !page_ends(ask, slot, j); slot++) {
		const struct pair *pair = pool_slot(&pairs->pool, slot);

		if (!str_is_empty(ask->name) && !str_same(ask->name, pair_caller(pair)) &&
			!str_same(ask->name, pair_callee(pair)))
			continue;
		json_open(j, '{');
		json_put_text(j, STR("from"), pair_caller(pair));
		json_put_text(j, STR("to"), pair_callee(pair));
		json_put_number(j, STR("calls"), pair->calls);
		json_put_number(j, STR("down"), pair->down);
		json_put_number(j, STR("up"), pair->up);
		json_put_number(j, STR("refused"), pair->refused);
		json_put_number(j, STR("strict_would_refuse"), pair->strict);
		json_put_moment(j, STR("last"), pair->last_at_s);
		json_close(j, '}');
	}
	return page_end(slot, slots, j);
}

/* Whether this DN could be made strict without a refusal, as far as its calls so far say. */
static struct str
could_be_strict(const struct core *core, const struct tally *tally, const struct dn *dn)
{
	enum crossing_mode mode = core->directory->crossing;

	if (dn != NULL && crossing_stricter(mode, dn->crossing) == MODE_STRICT)
		return STR("is strict");
	if (tally->strict > 0)
		return STR("no");
	/* What was not counted might have been refused. */
	if (core->pairs.others.strict > 0 || tally->calls == 0)
		return STR("unknown");
	return STR("yes");
}

struct answer
explain_tallies(const struct core *core, const struct ask *ask, struct json *j)
{
	const struct pairs *pairs = &core->pairs;
	uint32_t slot, slots = pairs->tallies.fresh;

	page_begin(j);
	for (slot = ask->from; slot < slots && !page_ends(ask, slot, j); slot++) {
		const struct tally *tally = pool_slot(&pairs->tallies, slot);
		const struct dn *dn = directory_find(core->directory, tally_number(tally));

		if (!str_is_empty(ask->name) && !str_same(ask->name, tally_number(tally)))
			continue;
		json_open(j, '{');
		json_put_text(j, STR("number"), tally_number(tally));
		json_put_text(j, STR("crossing"),
			dn != NULL ? crossing_mode_name(crossing_stricter(
					     core->directory->crossing, dn->crossing))
				   : STR(""));
		json_put_number(j, STR("calls"), tally->calls);
		json_put_number(j, STR("refused"), tally->refused);
		json_put_number(j, STR("strict_would_refuse"), tally->strict);
		json_put_text(j, STR("could_be_strict"), could_be_strict(core, tally, dn));
		json_put_moment(j, STR("last"), tally->last_at_s);
		json_close(j, '}');
	}
	return page_end(slot, slots, j);
}
