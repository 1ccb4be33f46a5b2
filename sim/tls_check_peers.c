/* SPDX-License-Identifier: Apache-2.0 */
/* Who is talked to, and when: certificates, clear text, early data, handshakes that are cut. */
#include <stdio.h>
#include <string.h>

#include "base/panic.h"
#include "tls_checks.h"

static const char name[] = "h1.phones.example", ip[] = "192.0.2.50";

static const int versions[] = { TLS1_2_VERSION, TLS1_3_VERSION };

/* ---- certificates ---- */

/* A dial with something to say from the first moment. */
static struct wire *
dial(struct check_world *w, const char *wanted, enum cert_kind kind, int version)
{
	struct wire *wire;

	w->next.far = (struct far_options){
		.is_server = true, .version = version, .room_bytes = 17408, .kind = kind, .ip = ip
	};
	wire = sim_dial(w->sim, wanted, ip);
	sim_send(w->sim, wire, STR("said at once"));
	return wire;
}

static void
dial_one(struct check_world *w, const char *wanted, enum cert_kind kind, int version)
{
	struct sim *s = w->sim;
	uint64_t opened = s->tally.opened, failed = s->tally.failed, heard = s->tally.octets_out;
	bool is_good = cert_kind_is_good(kind, wanted == ip);
	struct wire *wire = dial(w, wanted, kind, version);

	sim_settle(s);
	if (is_good && (s->tally.opened != opened + 1 || s->tally.octets_out == heard))
		sim_break(s, "S2", "%s was refused, %s wanted", cert_kind_name(kind), wanted);
	if (!is_good && s->tally.opened != opened)
		sim_break(s, "S2", "%s was taken, %s wanted", cert_kind_name(kind), wanted);
	if (!is_good && (s->tally.failed != failed + 1 || s->tally.octets_out != heard))
		sim_break(s, "S2", "%s was not refused at once", cert_kind_name(kind));
	if (wire->is_used)
		wire_hang(wire, CUT_RESET);
	sim_settle(s);
}

void
check_certificates(struct check_world *w)
{
	for (int kind = 0; kind < CERT_KINDS; kind++)
		for (int v = 0; v < 2; v++) {
			dial_one(w, name, (enum cert_kind)kind, versions[v]);
			dial_one(w, ip, (enum cert_kind)kind, versions[v]);
		}
	snprintf(w->counted, sizeof w->counted, "%d kinds, for a name and for an address",
		CERT_KINDS);
}

/* ---- what is no TLS ---- */

static void
nobody_came(struct check_world *w, uint64_t opened, const char *what)
{
	struct sim *s = w->sim;

	check_exhaust(w);
	if (s->tally.opened != opened || s->tally.octets_in > 0)
		sim_break(s, "S2", "%s became a flow", what);
	if (s->streams.count != 0)
		sim_break(s, "S2", "%s keeps its connection", what);
}

void
check_first_octets(struct check_world *w)
{
	static const char rest[] = "PTIONS sips:7777@example.com SIP/2.0\r\n"
				   "Via: SIP/2.0/TLS 192.0.2.78;branch=z9hG4bK1\r\n"
				   "Call-ID: 1\r\nCSeq: 1 OPTIONS\r\nContent-Length: 0\r\n\r\n";
	char text[sizeof rest + 1];

	for (int octet = 0; octet < 256; octet++) {
		text[0] = (char)octet;
		memcpy(text + 1, rest, sizeof rest - 1);
		(void)check_raw(w, str_of(text, sizeof rest));
		nobody_came(w, 0, "clear text");
	}
	(void)check_raw(w,
		STR("O"
		    "PTIONS"));
	nobody_came(w, 0, "a piece of clear text");
}

/* A ClientHello, and behind it what nobody may believe yet. */
void
check_early_data(struct check_world *w)
{
	static const char *const records[] = {
		"\x17\x03\x03\x00\x07OPTIONS", /* data in clear            */
		"\x14\x03\x03\x00\x01\x01\x17\x03\x03\x00\x07OPTIONS", /* behind a CCS    */
		"\x16\x03\x03\x00\x07OPTIONS", /* no handshake message     */
		"\x15\x03\x03\x00\x02\x01\x5a\x17\x03\x03\x00\x07OPTIONS",
	};
	static const size_t sizes[] = { 12, 18, 12, 19 };

	for (unsigned i = 0; i < 2 * sizeof records / sizeof records[0]; i++) {
		struct wire *wire = check_client(w, versions[i % 2], false);
		char octets[4096];
		size_t len;

		far_turn(&wire->far);
		len = far_take(&wire->far, octets, sizeof octets);
		must(len > 0);
		octets_put(&wire->to_us, str_of(octets, len));
		octets_put(&wire->to_us, str_of(records[i / 2], sizes[i / 2]));
		far_close(&wire->far);
		far_open_raw(&wire->far, &w->sim->fars);
		nobody_came(w, 0, "one who began with data");
	}
}

/* ---- handshakes that are cut ---- */

/* How many octets go each way before both sides are ready. */
static void
measure(struct check_world *w, bool is_dialled, int version, uint64_t *in, uint64_t *out)
{
	struct wire *wire =
		is_dialled ? dial(w, name, CERT_DNS, version) : check_client(w, version, false);

	*in = *out = 0;
	if (!check_ready(w, wire))
		return;
	*in = wire->in_total;
	*out = wire->out_total;
	wire_hang(wire, CUT_RESET);
	sim_settle(w->sim);
}

static void
cut_one(struct check_world *w, bool is_dialled, int version, uint64_t in_at, uint64_t out_at,
	enum wire_cut cut)
{
	struct wire *wire;

	w->next.weather = calm_weather();
	w->next.weather.cut_in_at = in_at;
	w->next.weather.cut_out_at = out_at;
	w->next.weather.cut = cut;
	if (is_dialled) {
		(void)dial(w, name, CERT_DNS, version);
	} else {
		wire = check_client(w, version, false);
		wire->weather = w->next.weather;
	}
	check_exhaust(w);
	if (w->sim->streams.count != 0)
		sim_break(w->sim, "S2", "a connection was cut and is still there");
}

void
check_cut_handshakes(struct check_world *w)
{
	uint32_t step = w->with_all ? 1 : 16;
	uint64_t in, out, before;
	unsigned count = 0;

	for (int i = 0; i < 8; i++) {
		bool is_dialled = i % 2 == 1;
		int version = versions[i / 2 % 2];
		enum wire_cut cut = i / 4 == 1 ? CUT_FIN : CUT_RESET;

		w->next.weather = calm_weather();
		measure(w, is_dialled, version, &in, &out);
		before = w->sim->tally.opened;
		for (uint64_t at = dice_below(&w->sim->dice, step); at < in; at += step, count++)
			cut_one(w, is_dialled, version, at, NEVER_CUT, cut);
		/* The last octets towards us may be a ticket; before them the handshake is over. */
		if (!is_dialled && w->sim->tally.opened != before)
			sim_break(w->sim, "S2", "a handshake that was cut opened a flow");
		for (uint64_t at = dice_below(&w->sim->dice, step); at < out; at += step, count++)
			cut_one(w, is_dialled, version, NEVER_CUT, at, cut);
	}
	snprintf(w->counted, sizeof w->counted, "%u handshakes were cut", count);
}

/* ---- data that comes with the last flight ---- */

void
check_glued(struct check_world *w)
{
	for (int i = 0; i < 8; i++) {
		struct wire *wire = check_client(w, versions[i % 2], false);
		uint64_t heard = w->sim->tally.octets_in;

		wire->weather.chunk_max = i / 2 == 0 ? READ_BYTES : (uint32_t)i;
		sim_say(w->sim, wire, STR("said before the handshake was over"));
		sim_settle(w->sim);
		if (w->sim->tally.octets_in != heard + 34)
			sim_break(w->sim, "T10", "what came with the last flight was not heard");
		wire_hang(wire, CUT_FIN);
		sim_settle(w->sim);
	}
}
