/* SPDX-License-Identifier: Apache-2.0 */
#include "calls/world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static struct stage_dn dns[STAGE_DNS_MAX];
static struct stage_options settings = { .dns = dns };
static bool is_open;
static bool is_shut_seen[STAGE_FLOWS_MAX];

void
world_open(void)
{
	if (is_open)
		return;
	is_open = true;
	stage_open(&play.stage, &settings);
	/* What a scenario's devices say is theirs: echoes of it are no leak of the core. */
	play.stage.tap.may_echo_sips = true;
}

void
world_close(void)
{
	if (is_open)
		stage_close(&play.stage);
	is_open = false;
}

/* ---- settings ---- */

static uint32_t
number_of(struct str text)
{
	uint64_t number = 0;

	if (!str_number(text, UINT32_MAX, &number))
		play_fail("`%s` is no number", text_keep(text).at);
	return (uint32_t)number;
}

static const char *
option_text(const struct step *step, const char *name)
{
	struct str value = step_option(step, 3, name);

	return str_is_none(value) ? NULL : text_keep(value).at;
}

/* `dn NUMBER CONTACT [trunk|softswitch|acd-position] [password=... prefix=... ...]`: a new line of
 * the directory, or another one for a number that is there. */
static void
set_dn(const struct step *step)
{
	struct str number = step_word(step, 1), value;
	struct stage_dn dn = { .number = text_keep(number).at,
		.contact = text_keep(step_word(step, 2)).at,
		.password = option_text(step, "password"),
		.prefix = option_text(step, "prefix"),
		.tls_name = option_text(step, "tls-name"),
		.username = option_text(step, "username"),
		.realm = option_text(step, "realm"),
		.proxy = option_text(step, "outbound-proxy"),
		.no_register = step_has(step, 3, "no-register"),
		.no_invite = step_has(step, 3, "no-invite") };
	const struct {
		const char *name;
		uint32_t *place;
	} numbers[] = {
		{ "capacity", &dn.capacity },
		{ "priority", &dn.priority },
		{ "register-expires", &dn.register_expires_s },
		{ "oos-check", &dn.oos_check_s },
		{ "oos-force", &dn.oos_force_s },
		{ "recovery-timeout", &dn.recovery_timeout_s },
	};
	size_t i = 0;

	if (step_has(step, 3, "trunk"))
		dn.type = DN_TRUNK;
	if (step_has(step, 3, "softswitch"))
		dn.type = DN_SOFTSWITCH;
	if (step_has(step, 3, "acd-position"))
		dn.type = DN_ACD_POSITION;
	dn.registers = step_has(step, 3, "register");
	dn.wants_gruu = step_has(step, 3, "gruu");
	dn.tells_route = step_has(step, 3, "service-route");
	dn.is_trusted = step_has(step, 3, "trusted");
	for (size_t n = 0; n < sizeof numbers / sizeof numbers[0]; n++) {
		value = step_option(step, 3, numbers[n].name);
		if (!str_is_none(value))
			*numbers[n].place = number_of(value);
	}
	value = step_option(step, 3, "crossing");
	if (!str_is_none(value) && !crossing_mode_find(value, &dn.crossing))
		play_fail("`%s` is no mode", text_keep(value).at);
	value = step_option(step, 3, "sips");
	if (!str_is_none(value) && !sips_policy_find(value, &dn.sips))
		play_fail("`%s` is no such option", text_keep(value).at);
	while (i < settings.dn_count && !str_same(str_cstr(dns[i].number), number))
		i++;
	if (i == STAGE_DNS_MAX)
		play_fail("too many DNs");
	dns[i] = dn;
	if (i == settings.dn_count)
		settings.dn_count++;
}

static void
set_limits(const struct step *step)
{
	const struct {
		const char *name;
		uint32_t *limit;
	} limits[] = {
		{ "calls", &settings.calls },
		{ "requests", &settings.requests },
		{ "flows", &settings.flows },
		{ "addresses", &settings.addresses },
	};

	for (size_t i = 0; i < sizeof limits / sizeof limits[0]; i++) {
		struct str value = step_option(step, 1, limits[i].name);

		if (!str_is_none(value))
			*limits[i].limit = number_of(value);
	}
}

/* One of the WORDS must stand behind the statement. */
static int
choice(const struct step *step, const char *const *words, int count)
{
	for (int i = 0; i < count; i++)
		if (step_is(step, 1, words[i]))
			return i;
	play_fail("`%s` of what?", text_keep(step->line.text).at);
}

/* `crossing MODE`: of every call; later: of the next reload. */
static void
set_crossing(const struct step *step)
{
	if (!crossing_mode_find(step_word(step, 1), &settings.crossing))
		play_fail("`%s` of what?", text_keep(step->line.text).at);
}

static bool
set_something(const struct step *step)
{
	static const char *const strangers[] = { "dn-only", "none", "all" };

	if (step_is(step, 0, "dn"))
		set_dn(step);
	else if (step_is(step, 0, "limits"))
		set_limits(step);
	else if (step_is(step, 0, "strangers"))
		settings.strangers = (enum strangers)choice(step, strangers, 3);
	else if (step_is(step, 0, "crossing"))
		set_crossing(step);
	else if (step_is(step, 0, "advertise"))
		settings.advertise = text_keep(step_word(step, 1)).at;
	else if (step_is(step, 0, "seed"))
		settings.seed = (uint8_t)number_of(step_word(step, 1));
	else
		return step_is(step, 0, "about") || step_is(step, 0, "row") ||
			step_is(step, 0, "why");
	if (is_open && !step_is(step, 0, "dn") && !step_is(step, 0, "crossing"))
		play_fail("too late: the server runs already");
	return true;
}

/* ---- what the world does ---- */

static void
set_names(const struct step *step)
{
	static const char *const words[] = { "prompt", "wait", "fail", "come" };
	int word = choice(step, words, 4);

	if (word == 3) {
		stage_names_come(&play.stage);
		return;
	}
	play.stage.names_wait = word == 1;
	play.stage.names_fail = word == 2;
}

/* `name HOST IP`, `srv NAME PRIORITY WEIGHT PORT TARGET`, `naptr NAME ORDER PREFERENCE SERVICE
 * REPLACEMENT`, `name NAME fails`, `ttl NAME SECONDS`: what DNS says. */
static void
set_record(const struct step *step)
{
	const char *name = text_keep(step_word(step, 1)).at;
	bool is_srv = step_is(step, 0, "srv");
	struct dns_record service = { .flags = STR("s") };
	struct str last = step_word(step, 5);

	if (step_is(step, 0, "ttl")) {
		stage_ttl(&play.stage, name, number_of(step_word(step, 2)));
		return;
	}
	if (step_is(step, 0, "name")) {
		if (step_is(step, 2, "fails"))
			stage_name_fails(&play.stage, name);
		else
			stage_name(&play.stage, name, text_keep(step_word(step, 2)).at);
		return;
	}
	service.order = (uint16_t)number_of(step_word(step, 2));
	service.weight = (uint16_t)number_of(step_word(step, 3));
	if (is_srv)
		service.port = (uint16_t)number_of(step_word(step, 4));
	else
		service.what = text_keep(step_word(step, 4));
	service.name = str_same(last, STR(".")) ? STR("") : text_keep(last);
	stage_service(&play.stage, name, is_srv ? NAMES_SRV : NAMES_NAPTR, &service);
}

static void
expect_asked(const struct step *step, unsigned from, bool is_wanted)
{
	struct str part = step_rest(step, from);

	if (stage_asked(&play.stage, text_keep(part).at) != is_wanted)
		play_fail("DNS was %sasked for `%s`:\n%.*s", is_wanted ? "not " : "",
			text_keep(part).at, (int)play.stage.asked_len, play.stage.asked);
}

static void
expect_log(const struct step *step, unsigned from, bool is_wanted)
{
	struct str part = step_rest(step, from);

	if (stage_noted(&play.stage, text_keep(part).at) != is_wanted)
		play_fail("the log %s `%s`:\n%.*s", is_wanted ? "lacks" : "holds",
			text_keep(part).at, (int)play.stage.notes_len, play.stage.notes);
}

static bool
do_something(const struct step *step)
{
	static const char *const stores[] = { "prompt", "fails", "stale", "mute" };
	static const char *const dials[] = { "opens", "fails", "waits" };

	if (step_is(step, 0, "phone") || step_is(step, 0, "device"))
		party_declare(step);
	else if (step_is(step, 0, "name") || step_is(step, 0, "srv") || step_is(step, 0, "naptr") ||
		step_is(step, 0, "ttl"))
		set_record(step);
	else if (step_is(step, 0, "asked"))
		expect_asked(step, 1, true);
	else if (step_is(step, 0, "names"))
		set_names(step);
	else if (step_is(step, 0, "store"))
		play.stage.store = (enum stage_store)choice(step, stores, 4);
	else if (step_is(step, 0, "dial"))
		play.stage.dial = (enum stage_dial)choice(step, dials, 3);
	else if (step_is(step, 0, "certificate"))
		play.stage.certificate =
			step_is(step, 1, "none") ? NULL : text_keep(step_word(step, 1)).at;
	else if (step_is(step, 0, "shows"))
		play.stage.shown =
			step_is(step, 1, "none") ? NULL : text_keep(step_word(step, 1)).at;
	else if (step_is(step, 0, "drain"))
		stage_drain(&play.stage);
	else if (step_is(step, 0, "reload"))
		stage_reload(&play.stage, &settings);
	else if (step_is(step, 0, "log"))
		expect_log(step, 1, true);
	else if (step_is(step, 0, "no") && step_is(step, 1, "log"))
		expect_log(step, 2, false);
	else if (step_is(step, 0, "no") && step_is(step, 1, "asked"))
		expect_asked(step, 2, false);
	else if (step_is(step, 0, "no") && step_is(step, 1, "name"))
		stage_no_name(&play.stage, text_keep(step_word(step, 2)).at);
	else
		return false;
	return true;
}

/* ---- counters ---- */

static uint64_t
count_of(struct str name)
{
	struct counts c = stage_counts(&play.stage);
	const struct {
		const char *name;
		uint64_t count;
	} all[] = {
		{ "calls", c.calls },
		{ "legs", c.legs },
		{ "transactions", c.transactions },
		{ "timers", c.timers },
		{ "flows", c.flows },
		{ "bindings", c.bindings },
		{ "asks", c.asks },
		{ "enrolled", c.enrolled },
		{ "out-of-service", c.out_of_service },
		{ "calls-total", c.calls_total },
		{ "answered-total", c.answered_total },
		{ "down-total", c.crossings_down_total },
		{ "up-total", c.crossings_up_total },
		{ "refused-total", c.refused_total },
		{ "faults-total", c.faults_total },
		{ "strays-total", c.strays_total },
		{ "dials", play.stage.dials },
		{ "shuts", play.stage.shuts },
		{ "saves", play.stage.saves },
		{ "resolves", play.stage.resolves },
	};

	for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
		if (str_same(name, str_cstr(all[i].name)))
			return all[i].count;
	play_fail("there is no counter `%s`", text_keep(name).at);
}

static void
expect_counts(const struct step *step)
{
	for (unsigned i = 1; i < step->word_count; i += 2) {
		uint64_t count = count_of(step_word(step, i));

		if (count != number_of(step_word(step, i + 1)))
			play_fail("%s: %llu", text_keep(step_word(step, i)).at,
				(unsigned long long)count);
	}
}

bool
world_step(const struct step *step)
{
	if (set_something(step))
		return true;
	world_open();
	if (step_is(step, 0, "count"))
		expect_counts(step);
	else
		return do_something(step);
	return true;
}

/* ---- connections ---- */

bool
world_connection(struct side *side, const struct step *step)
{
	struct device *d = side->device;
	struct stage_flow *flow = stage_flow_to(&play.stage, d->transport, &d->at);

	if (step_is(step, 1, "connects")) {
		d->flow = stage_accept(&play.stage, d->transport, &d->at);
		return true;
	}
	if (!step_is(step, 1, "closes") && !step_is(step, 1, "opens") &&
		!step_is(step, 1, "fails") && !step_is(step, 1, "shut") &&
		!step_is(step, 1, "dialled"))
		return false;
	if (flow == NULL)
		play_fail("there is no connection of %s", d->name.at);
	if (step_is(step, 1, "closes"))
		stage_over(&play.stage, flow->id);
	else if (step_is(step, 1, "opens") || step_is(step, 1, "fails"))
		stage_dialled(&play.stage, flow->id, step_is(step, 1, "opens"));
	else if (step_is(step, 1, "shut") && !flow->is_shut)
		play_fail("the server has not closed it");
	else if (step_is(step, 1, "dialled") &&
		(!flow->is_dialled ||
			(flow->transport == TRANSPORT_TLS &&
				!str_same(str_cstr(flow->name), d->tls_name))))
		play_fail("it was not dialled, or to be verified as `%s`", flow->name);
	else if (step_is(step, 1, "shut"))
		is_shut_seen[flow - play.stage.flows] = true;
	return true;
}

static void
check_shuts(void)
{
	for (unsigned i = 0; i < play.stage.flow_count; i++) {
		const struct stage_flow *flow = &play.stage.flows[i];
		const struct device *d = device_at(flow->transport, &flow->peer);

		if (flow->is_shut && !is_shut_seen[i])
			play_fail("the server closed the connection of %s",
				d != NULL ? d->name.at : "somebody");
	}
}

/* ---- time ---- */

/* What goes to a device that is deaf is nobody's concern. */
static void
drop_unheard(void)
{
	struct stage *s = &play.stage;

	for (unsigned i = 0; i < play.device_count; i++) {
		const struct device *d = &play.devices[i];

		while (d->is_deaf && stage_take(s, d->transport, &d->at) != NULL)
			continue;
	}
}

static const struct stage_sent *
first_untaken(void)
{
	struct stage *s = &play.stage;

	drop_unheard();
	for (unsigned i = s->first_untaken; i < s->sent_count; i++)
		if (!s->sent[i].is_taken)
			return &s->sent[i];
	return NULL;
}

void
world_quiet(void)
{
	const struct stage_sent *sent = first_untaken();
	const struct device *d;

	if (sent != NULL) {
		d = device_at(sent->transport, &sent->to);
		play_fail("at %lld ms this was sent to %s, which was not expected:\n%s",
			(long long)(sent->at_ms - play_start_ms()),
			d != NULL ? d->name.at : "somebody unknown", text_keep(sent->bytes).at);
	}
	check_shuts();
}

/* Lets time pass until UNTIL, or until something was sent when AWAITS; ends early, too, when
 * something was sent before. */
static void
pass_until(int64_t until_ms, bool awaits)
{
	struct stage *s = &play.stage;

	while (core_deadline_ms(s->core) <= until_ms) {
		int64_t span_ms = core_deadline_ms(s->core) - s->now.mono_ms;

		stage_pass_ms(s, span_ms > 0 ? span_ms : 0);
		if (first_untaken() == NULL)
			continue;
		if (awaits)
			return;
		if (s->now.mono_ms < until_ms)
			world_quiet();
	}
	stage_pass_ms(s, until_ms - s->now.mono_ms);
}

/* `500ms` or `4s`. */
static bool
read_span(struct str text, int64_t *span_ms)
{
	bool is_ms = str_ends(text, STR("ms"));
	uint64_t number;

	if (!is_ms && !str_ends(text, STR("s")))
		return false;
	if (!str_number(str_upto(text, text.len - (is_ms ? 2 : 1)), 100000000, &number))
		return false;
	*span_ms = (int64_t)number * (is_ms ? 1 : 1000);
	return true;
}

bool
world_time(const struct step *step)
{
	struct str word = step_word(step, 0), upto;
	bool is_relative = str_begins(word, STR("+"));
	int64_t base_ms, from_ms, until_ms;
	size_t dots;

	word = str_from(word, is_relative ? 1 : 0);
	dots = text_find(word, STR(".."));
	upto = dots < word.len ? str_from(word, dots + 2) : word;
	if (is_relative && str_begins(upto, STR("+")))
		upto = str_from(upto, 1);
	if (step->word_count != 1 || !read_span(str_upto(word, dots), &from_ms) ||
		!read_span(upto, &until_ms))
		return false;
	world_open();
	world_quiet();
	base_ms = is_relative ? play.stage.now.mono_ms : play_start_ms();
	if (base_ms + from_ms < play.stage.now.mono_ms || until_ms < from_ms)
		play_fail("time goes on, never back");
	pass_until(base_ms + until_ms, dots < word.len);
	play.window_from_ms = base_ms + from_ms;
	if (dots < word.len && first_untaken() != NULL &&
		play.stage.now.mono_ms < play.window_from_ms)
		world_quiet();
	return true;
}

void
world_end(const struct step *step)
{
	static const char *const zero[] = { "calls", "legs", "transactions", "timers", "asks" };
	enum { ALL_OVER_MS = 3 * 64 * STAGE_T1_MS };

	world_open();
	world_quiet();
	for (unsigned i = 0; i < play.stage.flow_count; i++)
		is_shut_seen[i] = true;
	pass_until(play.stage.now.mono_ms + ALL_OVER_MS, false);
	if (first_untaken() != NULL)
		world_quiet();
	for (size_t i = 0; i < sizeof zero / sizeof zero[0]; i++)
		if (!step_has(step, 1, zero[i]) && count_of(str_cstr(zero[i])) != 0)
			play_fail("%s: %llu are left over", zero[i],
				(unsigned long long)count_of(str_cstr(zero[i])));
	expect_counts(step);
}
