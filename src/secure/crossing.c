/* SPDX-License-Identifier: Apache-2.0 */
#include "secure/crossing.h"

#include "base/panic.h"

enum crossing
crossing_of(enum scheme caller, enum scheme callee)
{
	if (caller == callee)
		return CROSSING_NONE;
	return caller == SCHEME_SIPS ? CROSSING_DOWN : CROSSING_UP;
}

struct str
crossing_text(enum crossing crossing)
{
	switch (crossing) {
	case CROSSING_NONE: return STR("both legs speak the same scheme");
	case CROSSING_DOWN:
		return STR("sips from the caller to this server, then sip to the callee");
	case CROSSING_UP: break;
	}
	return STR("sip from the caller to this server, then sips to the callee");
}

/* ---- names ----------------------------------------------------------------------------------- */

static const struct str modes[CROSSING_MODES] = {
	[MODE_PER_LEG] = STR("per-leg"),
	[MODE_OBSERVE] = STR("observe"),
	[MODE_NO_DOWNGRADE] = STR("no-downgrade"),
	[MODE_STRICT] = STR("strict"),
};

static const struct str policies[SIPS_POLICIES] = {
	[SIPS_ALLOWED] = STR("allowed"),
	[SIPS_REQUIRED] = STR("required"),
	[SIPS_REFUSED] = STR("refused"),
};

/* The place of NAME among COUNT names; COUNT: it is none of them. */
static uint32_t
place_of(struct str name, const struct str *names, uint32_t count)
{
	uint32_t i = 0;

	while (i < count && !str_same(names[i], name))
		i++;
	return i;
}

struct str
crossing_mode_name(enum crossing_mode mode)
{
	return modes[mode];
}

bool
crossing_mode_find(struct str name, enum crossing_mode *mode)
{
	uint32_t place = place_of(name, modes, CROSSING_MODES);

	if (place == CROSSING_MODES)
		return false;
	*mode = (enum crossing_mode)place;
	return true;
}

enum crossing_mode
crossing_stricter(enum crossing_mode a, enum crossing_mode b)
{
	return a > b ? a : b;
}

struct str
sips_policy_name(enum sips_policy policy)
{
	return policies[policy];
}

bool
sips_policy_find(struct str name, enum sips_policy *policy)
{
	uint32_t place = place_of(name, policies, SIPS_POLICIES);

	if (place == SIPS_POLICIES)
		return false;
	*policy = (enum sips_policy)place;
	return true;
}

bool
sips_policy_fits(enum sips_policy policy, enum scheme scheme)
{
	return policy == SIPS_ALLOWED || (policy == SIPS_REQUIRED) == (scheme == SCHEME_SIPS);
}

/* ---- the table ------------------------------------------------------------------------------- */

#define BIT(mode) (1u << (mode))
#define MILD (BIT(MODE_PER_LEG) | BIT(MODE_OBSERVE))
#define HARD (BIT(MODE_NO_DOWNGRADE) | BIT(MODE_STRICT))
#define UPWARD (MILD | BIT(MODE_NO_DOWNGRADE))
#define STRICT BIT(MODE_STRICT)
#define EVERY (MILD | HARD)

#define GOES(n, f, k, m, b, r, w)                                                    \
	{                                                                            \
		.name = STR(n), .from = (f), .known = (k), .modes = (m), .leg = (b), \
		.rule = STR(r), .why = STR(w)                                        \
	}
#define REFUSED(n, f, k, m, s, x, r, w)                                                        \
	{                                                                                      \
		.name = STR(n), .from = (f), .known = (k), .modes = (m), .leg = LEG_B_REFUSED, \
		.status = (s), .warning = (x), .rule = STR(r), .why = STR(w)                   \
	}

static const struct crossing_row rows[] = {
	GOES("sips-sips", FROM_SIPS, KNOWN_SIPS, EVERY, LEG_B_SIPS, "RFC 5630 5.1.1.1",
		"a sips Contact takes sips callers"),
	GOES("sips-both", FROM_SIPS, KNOWN_BOTH, EVERY, LEG_B_SIPS, "RFC 5630 6.2",
		"of Contacts of both kinds a sips caller reaches the sips ones alone"),
	GOES("sips-sips", FROM_SIPS, KNOWN_ALWAYS, EVERY, LEG_B_SIPS, "RFC 5630 5.1.2",
		"the device always speaks sips"),
	GOES("sips-tls", FROM_SIPS, KNOWN_TLS, MILD, LEG_B_SIP, "crossing: per-leg",
		"each leg follows its device: down to sip, though over TLS"),
	REFUSED("sips-tls", FROM_SIPS, KNOWN_TLS, HARD, 480, 380, "RFC 5630 5.3",
		"a sips call is not passed on as sip, not even over TLS"),
	GOES("sips-plain", FROM_SIPS, KNOWN_PLAIN, MILD, LEG_B_SIP, "crossing: per-leg",
		"each leg follows its device: down to sip in clear"),
	REFUSED("sips-plain", FROM_SIPS, KNOWN_PLAIN, HARD, 480, 380, "RFC 5630 5.3",
		"a sips call is not passed on as sip"),

	GOES("sip-sips", FROM_SIP, KNOWN_SIPS, UPWARD, LEG_B_SIPS, "crossing: per-leg",
		"each leg follows its device: up to sips"),
	GOES("sip-sips", FROM_SIP, KNOWN_SIPS, STRICT, LEG_B_SWAPPED, "RFC 5630 5.3",
		"a sip call to a sips Contact stays sip, the scheme swapped, and goes over TLS"),
	GOES("sip-always", FROM_SIP, KNOWN_ALWAYS, UPWARD, LEG_B_SIPS, "crossing: per-leg",
		"the device always speaks sips: up to sips"),
	REFUSED("sip-always", FROM_SIP, KNOWN_ALWAYS, STRICT, 480, 381, "RFC 5630 5.1.2",
		"the device always speaks sips, and a sip call is not passed on as sips"),
	GOES("sip-sip", FROM_SIP, KNOWN_TLS, EVERY, LEG_B_SIP, "RFC 5630 5.3",
		"a sip call goes over TLS where the device has it"),
	GOES("sip-sip", FROM_SIP, KNOWN_PLAIN, EVERY, LEG_B_SIP, "RFC 3261 16.5",
		"a sip call to a sip Contact"),

	REFUSED("any-none", FROM_SIPS, KNOWN_NONE, EVERY, 480, 0, "RFC 3261 21.4.18",
		"the DN is not registered"),
	REFUSED("any-none", FROM_SIP, KNOWN_NONE, EVERY, 480, 0, "RFC 3261 21.4.18",
		"the DN is not registered"),
	REFUSED("clear-any", FROM_CLEAR, KNOWN_ANY, EVERY, 400, 0, "RFC 3261 26.2.2",
		"sips came over UDP or TCP"),
	REFUSED("mixed-any", FROM_MIXED, KNOWN_ANY, EVERY, 400, 0, "RFC 5630 5.1.2",
		"a sips Request-URI with a Contact that is not sips"),
};

enum { ROW_COUNT = sizeof rows / sizeof rows[0] };

const struct crossing_row *
crossing_rows(uint32_t *count)
{
	*count = ROW_COUNT;
	return rows;
}

const struct crossing_row *
crossing_row(enum crossing_mode mode, enum crossing_from from, enum crossing_known known)
{
	uint32_t i = 0;

	while (rows[i].from != from || (rows[i].modes & BIT(mode)) == 0 ||
		(rows[i].known != known && rows[i].known != KNOWN_ANY)) {
		i++;
		must(i < ROW_COUNT);
	}
	return &rows[i];
}

struct str
crossing_from_text(enum crossing_from from)
{
	switch (from) {
	case FROM_SIPS: return STR("sips over TLS");
	case FROM_SIP: return STR("sip");
	case FROM_CLEAR: return STR("sips in clear");
	case FROM_MIXED: break;
	}
	return STR("sips with a sip Contact");
}

struct str
crossing_known_text(enum crossing_known known)
{
	switch (known) {
	case KNOWN_ANY: return STR("anything");
	case KNOWN_SIPS: return STR("a sips Contact");
	case KNOWN_BOTH: return STR("Contacts of both kinds");
	case KNOWN_ALWAYS: return STR("always sips");
	case KNOWN_TLS: return STR("a sip Contact over TLS");
	case KNOWN_PLAIN: return STR("a sip Contact over UDP or TCP");
	case KNOWN_NONE: break;
	}
	return STR("no Contact");
}

struct str
crossing_leg_text(enum crossing_leg leg)
{
	switch (leg) {
	case LEG_B_SIPS: return STR("sips over TLS");
	case LEG_B_SIP: return STR("sip");
	case LEG_B_SWAPPED: return STR("sip over TLS");
	case LEG_B_REFUSED: break;
	}
	return STR("refused");
}

/* ---- asking it ------------------------------------------------------------------------------- */

/* What is known of the contact in place I, when HAS_SIP says that there are sip ones to be had
 * too. */
static enum crossing_known
known_of(const struct crossing_ask *ask, uint32_t i, bool has_sip)
{
	const struct speech *speech = &ask->known[i];

	if (speech->scheme == SCHEME_SIP)
		return speech->transport == TRANSPORT_TLS ? KNOWN_TLS : KNOWN_PLAIN;
	if (ask->is_fixed || ask->policy == SIPS_REQUIRED)
		return KNOWN_ALWAYS;
	return has_sip && ask->from == FROM_SIPS ? KNOWN_BOTH : KNOWN_SIPS;
}

struct crossing_answer
crossing_choose(const struct crossing_ask *ask)
{
	struct crossing_answer answer = { .known = KNOWN_NONE, .chosen = ask->count };
	uint32_t first[2] = { ask->count, ask->count }; /* by scheme */

	for (uint32_t i = ask->count; i-- > 0;)
		if (sips_policy_fits(ask->policy, ask->known[i].scheme))
			first[ask->known[i].scheme] = i;
	answer.chosen = first[SCHEME_SIPS];
	if (answer.chosen == ask->count ||
		(ask->from == FROM_SIP && first[SCHEME_SIP] < answer.chosen))
		answer.chosen = first[SCHEME_SIP];
	if (answer.chosen < ask->count) {
		answer.known = known_of(ask, answer.chosen, first[SCHEME_SIP] < ask->count);
		answer.speech = ask->known[answer.chosen];
	}
	answer.row = crossing_row(ask->mode, ask->from, answer.known);
	if (answer.row->leg == LEG_B_SWAPPED)
		answer.speech.scheme = SCHEME_SIP;
	return answer;
}

/* ---- the caller's own DN --------------------------------------------------------------------- */

static const struct caller_row caller_rows[] = {
	{ FROM_SIPS, SAYS_REFUSED, EVERY, 480, 380, STR("sips: refused"),
		STR("its DN says that it never speaks sips") },
	{ FROM_SIP, SAYS_REQUIRED, EVERY, 480, 381, STR("sips: required"),
		STR("its DN says that it always speaks sips") },
	{ FROM_SIPS, SAYS_SIP, UPWARD, 0, 0, STR("crossing: per-leg"),
		STR("it calls with sips, and its contact is configured as sip") },
	{ FROM_SIPS, SAYS_SIP, STRICT, 480, 380, STR("RFC 5630 5.1.2"),
		STR("it calls with sips, and its contact is configured as sip") },
	{ FROM_SIP, SAYS_SIPS, UPWARD, 0, 0, STR("crossing: per-leg"),
		STR("it calls with sip, and its contact is configured as sips") },
	{ FROM_SIP, SAYS_SIPS, STRICT, 480, 381, STR("RFC 5630 5.1.2"),
		STR("it calls with sip, and its contact is configured as sips") },
};

enum { CALLER_ROW_COUNT = sizeof caller_rows / sizeof caller_rows[0] };

const struct caller_row *
crossing_caller_rows(uint32_t *count)
{
	*count = CALLER_ROW_COUNT;
	return caller_rows;
}

const struct caller_row *
crossing_caller_row(enum crossing_mode mode, enum crossing_from from, enum caller_says says)
{
	for (uint32_t i = 0; i < CALLER_ROW_COUNT; i++)
		if (caller_rows[i].from == from && caller_rows[i].says == says &&
			(caller_rows[i].modes & BIT(mode)) != 0)
			return &caller_rows[i];
	return NULL;
}

/* ---- saying so ------------------------------------------------------------------------------- */

void
crossing_write_warning(struct buf *b, unsigned warning, struct str agent)
{
	if (warning == 0)
		return;
	buf_put(b, STR("Warning: "));
	buf_number(b, warning);
	buf_char(b, ' ');
	buf_put(b, agent);
	buf_put(b,
		warning == 380 ? STR(" \"SIPS Not Allowed\"\r\n") : STR(" \"SIPS Required\"\r\n"));
}
