/* SPDX-License-Identifier: Apache-2.0 */
#include "main/recording.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/dice.h"
#include "directory/options.h"

enum { FILE_MAX = 64 * 1024, RECORDS_MAX = 64 };

static struct dn dns[2];
static struct listener listeners[3];
static struct directory directory;

static struct addr
v4(uint8_t last, uint16_t port)
{
	return (struct addr){ .family = ADDR_V4, .ip = { 192, 0, 2, last }, .port = port };
}

static struct addr
v6(uint16_t port)
{
	return (struct addr){
		.family = ADDR_V6, .ip = { 0x20, 1, 0xd, 0xb8, [15] = 9 }, .port = port
	};
}

static void
set_option(struct dn *dn, struct str name, struct str value)
{
	struct str why;
	size_t at;

	assert_true(option_set(dn, option_find(name), value, &why, &at));
}

static void
make_directory(void)
{
	for (int i = 0; i < 2; i++)
		dn_init(&dns[i]);
	dns[0].number = STR("7789");
	set_option(&dns[0], STR("contact"), STR("*"));
	set_option(&dns[0], STR("password"), STR("correct horse"));
	set_option(&dns[0], STR("service-route"), STR("yes"));
	dns[1].number = STR("east");
	set_option(&dns[1], STR("type"), STR("trunk"));
	set_option(&dns[1], STR("contact"), STR("sips:12@[2001:db8::9]:5071"));
	set_option(&dns[1], STR("prefix"), STR("9"));
	set_option(&dns[1], STR("outbound-proxy"), STR("sips:proxy.example.com:5081"));
	set_option(&dns[1], STR("gruu"), STR("yes"));
	dns[1].tls_name = STR("fly.example.com");
	dns[1].checks_from = dns[1].is_trusted = true;
	dns[1].terms = (struct terms){ 3, 2, true, true, { 1, 2, 3 } };
	dns[1].capacity = 30;
	dns[1].priority = 7;
	directory = (struct directory){ .dns = dns,
		.count = 2,
		.domains = { STR("example.com"), STR("192.0.2.1") },
		.domain_count = 2,
		.strangers = STRANGERS_NONE,
		.uuid_header = STR("X-Call") };
	listeners[0] =
		(struct listener){ TRANSPORT_UDP, v4(1, 5060), STR("sip.example.com"), { 1 } };
	listeners[1] = (struct listener){ TRANSPORT_TLS, v6(5061), STR(""), FLOW_NONE };
	listeners[2] = (struct listener){ TRANSPORT_TCP, v4(1, 5060), STR_NONE, FLOW_NONE };
}

static struct record
opening(void)
{
	struct record r = { .kind = RECORD_OPEN,
		.version = STR("9.9"),
		.now = { 1000, 1700000000 },
		.options = { .directory = &directory,
			.listeners = listeners,
			.listener_count = 3,
			.t1_ms = 20,
			.t4_ms = 50,
			.calls_max = 77,
			.addresses_max = 5 } };

	for (uint8_t i = 0; i < sizeof r.options.seed; i++)
		r.options.seed[i] = (uint8_t)(i * 7);
	return r;
}

/* One event of each kind. */
static const struct event events[] = {
	{ .kind = EV_TICK },
	{ .kind = EV_FLOW_OPEN,
		.u.open = { .flow = { 0x8000000000000003 },
			.transport = TRANSPORT_TLS,
			.local = { ADDR_V4, { 192, 0, 2, 1 }, 40000 },
			.peer = { ADDR_V6, { 0x20, 1, 0xd, 0xb8 }, 5061 },
			.listener = 1,
			.secured = { PROOF_NAME, STR("TLSv1.3"), STR("TLS_AES_256_GCM_SHA384"),
				STR("fly.example.com"), 5, STR("01234567890123456789012345678901"),
				STR("us.example.com"), NAMED_BY_DNS, 6 } } },
	{ .kind = EV_BYTES,
		.u.bytes = { { 1 }, { ADDR_V4, { 192, 0, 2, 7 }, 5062 },
			STR("OPTIONS\0\xff\r\n") } },
	{ .kind = EV_FLOW_CLOSED, .u.closed = { { 12 }, STR("the peer closed it") } },
	{ .kind = EV_FLOW_FAILED, .u.closed = { { 13 }, STR_NONE } },
	{ .kind = EV_NAMES,
		.u.names = { .ask = { 5, 7 },
			.status = NAMES_FOUND,
			.count = 2,
			.ttl_s = 300,
			.addrs = { { ADDR_V4, { 192, 0, 2, 8 }, 0 }, { ADDR_V6, { 1 }, 0 } } } },
	{ .kind = EV_NAMES,
		.u.names = { .ask = { 6, 7 },
			.kind = NAMES_NAPTR,
			.status = NAMES_FOUND,
			.count = 2,
			.ttl_s = 60,
			.services = { { 10, 20, 0, STR("s"), STR("SIPS+D2T"),
					      STR("_sips._tcp.a.example") },
				{ 0xffff, 1, 5061, STR_NONE, STR_NONE, STR("") } } } },
	{ .kind = EV_BINDINGS, .u.bindings = { STR("7789"), 0x1122334455667788, STR("a set") } },
	{ .kind = EV_SAVED, .u.saved = { { 2, 3 }, SAVED_STALE } },
	{ .kind = EV_ORDER, .u.order = ORDER_DRAIN },
	{ .kind = EV_DIRECTORY, .u.directory = &directory },
};

enum { EVENTS = sizeof events / sizeof events[0] };

static void
put(struct buf *b, const struct record *r)
{
	size_t before = b->used;

	recording_put(b, r);
	assert_true(buf_ok(b) && b->used - before <= recording_room(r));
}

/* A file with all there is; *STARTS the offset of each record, the last being that of the end. */
static struct str
make_file(char *at, size_t starts[RECORDS_MAX], size_t *count)
{
	struct buf b = buf_on(at, FILE_MAX);
	struct record r = opening();

	make_directory();
	buf_put(&b, STR(RECORDING_MAGIC));
	*count = 0;
	starts[(*count)++] = b.used;
	put(&b, &r);
	for (unsigned i = 0; i < EVENTS; i++) {
		r = (struct record){ .kind = RECORD_EVENT,
			.now = { 1000 + i, 1700000000 - i },
			.is_fresh = i % 2 == 0,
			.event = events[i] };
		starts[(*count)++] = b.used;
		put(&b, &r);
		r = (struct record){ .kind = RECORD_ANSWER,
			.verdicts = i == 2 ? STR("\x00\x01\x02\x03") : STR(""),
			.act_count = i,
			.hash = 0x8877665544332211 + i };
		starts[(*count)++] = b.used;
		put(&b, &r);
	}
	r = (struct record){ .kind = RECORD_END, .end = END_FULL };
	starts[(*count)++] = b.used;
	put(&b, &r);
	assert_true(buf_ok(&b));
	return buf_str(&b);
}

static void
expect_text(struct str one, struct str other)
{
	assert_int_equal(str_is_none(one), str_is_none(other));
	assert_true(str_same(one, other));
}

static void
expect_addr(const struct addr *one, const struct addr *other)
{
	assert_int_equal(one->family, other->family);
	assert_int_equal(one->port, other->port);
	assert_memory_equal(one->ip, other->ip, sizeof one->ip);
}

static void
expect_service(const struct dns_record *is, const struct dns_record *was)
{
	assert_int_equal(is->order, was->order);
	assert_int_equal(is->weight, was->weight);
	assert_int_equal(is->port, was->port);
	expect_text(is->flags, was->flags);
	expect_text(is->what, was->what);
	expect_text(is->name, was->name);
}

static void
expect_directory(const struct directory *d)
{
	assert_int_equal(d->count, 2);
	assert_int_equal(d->domain_count, 2);
	expect_text(directory_realm(d), STR("example.com"));
	expect_text(d->domains[1], STR("192.0.2.1"));
	expect_text(d->uuid_header, STR("X-Call"));
	assert_int_equal(d->strangers, STRANGERS_NONE);
	for (int i = 0; i < 2; i++) {
		const struct dn *is = &d->dns[i], *was = &dns[i];

		expect_text(is->number, was->number);
		assert_int_equal(is->type, was->type);
		assert_int_equal(is->contact.is_self, was->contact.is_self);
		assert_int_equal(is->contact.speech.scheme, was->contact.speech.scheme);
		assert_int_equal(is->contact.speech.transport, was->contact.speech.transport);
		expect_text(is->contact.number, was->contact.number);
		expect_text(is->contact.host, was->contact.host);
		expect_addr(&is->contact.ip, &was->contact.ip);
		assert_int_equal(is->contact.port, was->contact.port);
		assert_int_equal(is->contact.has_transport, was->contact.has_transport);
		assert_int_equal(is->password.len > 0, was->password.len > 0);
		assert_false(str_holds_alike(is->password, STR("horse")));
		assert_int_equal(is->challenges_register, was->challenges_register);
		assert_int_equal(is->challenges_invite, was->challenges_invite);
		expect_text(is->tls_name, was->tls_name);
		assert_true(terms_same(&is->terms, &was->terms));
		assert_int_equal(is->terms.trust, was->terms.trust);
		assert_int_equal(is->checks_from, was->checks_from);
		assert_int_equal(is->is_trusted, was->is_trusted);
		expect_text(is->prefix, was->prefix);
		assert_int_equal(is->priority, was->priority);
		assert_int_equal(is->capacity, was->capacity);
		assert_int_equal(is->tells_route, was->tells_route);
		assert_int_equal(is->wants_gruu, was->wants_gruu);
		assert_int_equal(is->has_proxy, was->has_proxy);
		assert_int_equal(is->proxy.port, was->proxy.port);
		expect_text(is->proxy.host, was->proxy.host);
	}
	assert_ptr_equal(directory_find(d, STR("7789")), &d->dns[0]);
	assert_ptr_equal(directory_trunk(d, STR("9555")), &d->dns[1]);
}

static void
expect_opening(const struct record *is)
{
	const struct record was = opening();
	const struct core_options *o = &is->options;

	expect_text(is->version, was.version);
	assert_int_equal(is->now.mono_ms, was.now.mono_ms);
	assert_int_equal(is->now.wall_s, was.now.wall_s);
	assert_memory_equal(o->seed, was.options.seed, sizeof o->seed);
	assert_int_equal(o->t1_ms, 20);
	assert_int_equal(o->t2_ms, 0);
	assert_int_equal(o->t4_ms, 50);
	assert_int_equal(o->calls_max, 77);
	assert_int_equal(o->requests_max + o->flows_max, 0);
	assert_int_equal(o->addresses_max, 5);
	assert_true(o->is_replay);
	assert_int_equal(o->listener_count, 3);
	for (uint32_t i = 0; i < 3; i++) {
		assert_int_equal(o->listeners[i].transport, listeners[i].transport);
		expect_addr(&o->listeners[i].local, &listeners[i].local);
		expect_text(o->listeners[i].advertise, listeners[i].advertise);
		assert_true(flow_same(o->listeners[i].flow, listeners[i].flow));
	}
	expect_directory(o->directory);
}

static void
expect_event(const struct event *is, const struct event *was)
{
	assert_int_equal(is->kind, was->kind);
	switch (is->kind) {
	case EV_TICK: return;
	case EV_BYTES:
		assert_true(flow_same(is->u.bytes.flow, was->u.bytes.flow));
		expect_addr(&is->u.bytes.from, &was->u.bytes.from);
		expect_text(is->u.bytes.data, was->u.bytes.data);
		return;
	case EV_FLOW_OPEN:
		assert_true(flow_same(is->u.open.flow, was->u.open.flow));
		assert_int_equal(is->u.open.transport, was->u.open.transport);
		expect_addr(&is->u.open.local, &was->u.open.local);
		expect_addr(&is->u.open.peer, &was->u.open.peer);
		assert_int_equal(is->u.open.listener, was->u.open.listener);
		assert_int_equal(is->u.open.secured.proof, was->u.open.secured.proof);
		expect_text(is->u.open.secured.version, was->u.open.secured.version);
		expect_text(is->u.open.secured.cipher, was->u.open.secured.cipher);
		expect_text(is->u.open.secured.name, was->u.open.secured.name);
		assert_int_equal(is->u.open.secured.trust, was->u.open.secured.trust);
		expect_text(is->u.open.secured.fingerprint, was->u.open.secured.fingerprint);
		expect_text(is->u.open.secured.own, was->u.open.secured.own);
		assert_int_equal(is->u.open.secured.named_by, was->u.open.secured.named_by);
		assert_int_equal(is->u.open.secured.identity, was->u.open.secured.identity);
		return;
	case EV_FLOW_CLOSED:
	case EV_FLOW_FAILED:
		assert_true(flow_same(is->u.closed.flow, was->u.closed.flow));
		expect_text(is->u.closed.reason, was->u.closed.reason);
		return;
	case EV_NAMES:
		assert_true(ref_same(is->u.names.ask, was->u.names.ask));
		assert_int_equal(is->u.names.status, was->u.names.status);
		assert_int_equal(is->u.names.kind, was->u.names.kind);
		assert_int_equal(is->u.names.count, was->u.names.count);
		for (uint32_t i = 0; i < was->u.names.count; i++)
			if (was->u.names.kind == NAMES_ADDRESSES)
				expect_addr(&is->u.names.addrs[i], &was->u.names.addrs[i]);
			else
				expect_service(&is->u.names.services[i], &was->u.names.services[i]);
		assert_int_equal(is->u.names.ttl_s, was->u.names.ttl_s);
		return;
	case EV_BINDINGS:
		expect_text(is->u.bindings.aor, was->u.bindings.aor);
		assert_true(is->u.bindings.version == was->u.bindings.version);
		expect_text(is->u.bindings.set, was->u.bindings.set);
		return;
	case EV_SAVED:
		assert_true(ref_same(is->u.saved.ask, was->u.saved.ask));
		assert_int_equal(is->u.saved.status, was->u.saved.status);
		return;
	case EV_ORDER: assert_int_equal(is->u.order, was->u.order); return;
	case EV_DIRECTORY: expect_directory(is->u.directory); return;
	}
	fail();
}

static void
all_that_is_written_is_read(void **state)
{
	static char octets[FILE_MAX];
	size_t starts[RECORDS_MAX], count;
	struct str file = make_file(octets, starts, &count);
	struct recording reading;
	struct record r;

	(void)state;
	assert_true(recording_open(&reading, file, NULL));
	assert_int_equal(recording_next(&reading, &r), RECORDING_MORE);
	assert_int_equal(r.kind, RECORD_OPEN);
	expect_opening(&r);
	for (unsigned i = 0; i < EVENTS; i++) {
		assert_int_equal(recording_next(&reading, &r), RECORDING_MORE);
		assert_int_equal(r.kind, RECORD_EVENT);
		assert_int_equal(r.now.mono_ms, 1000 + i);
		assert_int_equal(r.now.wall_s, 1700000000 - i);
		assert_int_equal(r.is_fresh, i % 2 == 0);
		expect_event(&r.event, &events[i]);
		assert_int_equal(recording_next(&reading, &r), RECORDING_MORE);
		assert_int_equal(r.kind, RECORD_ANSWER);
		expect_text(r.verdicts, i == 2 ? STR("\x00\x01\x02\x03") : STR(""));
		assert_int_equal(r.act_count, i);
		assert_true(r.hash == 0x8877665544332211 + i);
	}
	assert_int_equal(recording_next(&reading, &r), RECORDING_MORE);
	assert_int_equal(r.kind, RECORD_END);
	assert_int_equal(r.end, END_FULL);
	assert_int_equal(recording_next(&reading, &r), RECORDING_OVER);
	recording_close(&reading);
}

/* Reads FILE to where it ends, in memory of just its size, so that ASan sees a read beyond it. */
static enum recording_found
read_all(struct str file, size_t *at)
{
	char *copy = malloc(file.len + 1), text[256];
	struct buf why = buf_on(text, sizeof text);
	enum recording_found found = RECORDING_CUT;
	struct recording reading;
	struct record r;

	assert_non_null(copy);
	memcpy(copy + 1, file.at, file.len);
	*at = 0;
	if (recording_open(&reading, str_of(copy + 1, file.len), &why)) {
		do
			found = recording_next(&reading, &r);
		while (found == RECORDING_MORE);
		*at = reading.at;
		recording_close(&reading);
	} else {
		assert_true(why.used > 0);
	}
	free(copy);
	return found;
}

static void
a_file_that_was_cut_says_where(void **state)
{
	static char octets[FILE_MAX];
	size_t starts[RECORDS_MAX], count, record = 0, at;
	struct str file = make_file(octets, starts, &count);

	(void)state;
	assert_int_equal(read_all(file, &at), RECORDING_OVER);
	for (size_t len = 0; len < file.len; len++) {
		assert_int_equal(read_all(str_upto(file, len), &at), RECORDING_CUT);
		if (len < starts[0])
			continue;
		while (record + 1 < count && starts[record + 1] <= len)
			record++;
		assert_int_equal(at, starts[record]);
	}
}

static void
other_files_are_refused(void **state)
{
	static const struct {
		struct str file, part;
	} rows[] = {
		{ STR(""), STR("ends before") },
		{ STR("sipward rec"), STR("ends before") },
		{ STR("sipward recording 2\nabc"), STR("another version") },
		{ STR("\x7f"
		      "ELF and so on"),
			STR("no recording") },
	};
	struct recording reading;
	char text[256];

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct buf why = buf_on(text, sizeof text);

		assert_false(recording_open(&reading, rows[i].file, &why));
		assert_true(str_holds_alike(buf_str(&why), rows[i].part));
	}
}

/* What stands in a wrong place, or is no value of its field. */
static void
a_record_that_lies_is_refused(void **state)
{
	static char octets[FILE_MAX], spoilt[FILE_MAX];
	size_t starts[RECORDS_MAX], count, at;
	struct str file = make_file(octets, starts, &count);
	/* From the start of a record: its length (4), its kind (1), then the fields. */
	const struct {
		size_t record, offset;
		uint8_t value;
	} rows[] = {
		{ 0, 4, 0 },
		{ 0, 4, RECORD_EVENT },
		{ 0, 4, RECORD_END + 1 },
		{ 0, 4, 255 },
		{ 1, 4, RECORD_OPEN },
		{ 1, 4, RECORD_ANSWER },
		{ 1, 0, 26 },
		{ 1, 0, 24 },
		{ 1, 5, 0xe0 /* before the opening */ },
		{ 1, 5 + 7, 0xff /* negative */ },
		{ 1, 5 + 16, 2 /* is_fresh */ },
		{ 1, 5 + 17, 200 /* the kind of event */ },
		{ 2, 5 + 3, 1 /* how many verdicts */ },
		{ 6, 5 + 4, 4 /* a verdict */ },
		{ 2, 4, RECORD_END },
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		memcpy(spoilt, file.at, file.len);
		spoilt[starts[rows[i].record] + rows[i].offset] = (char)rows[i].value;
		if (read_all(str_of(spoilt, file.len), &at) != RECORDING_BAD)
			fail_msg("row %zu", i);
		assert_int_equal(at, starts[rows[i].record]);
	}
	/* More behind the end. */
	memcpy(spoilt, file.at, file.len);
	assert_int_equal(read_all(str_of(spoilt, file.len + 1), &at), RECORDING_BAD);
}

/* No octet that was changed, whichever, makes the reader leave the file. */
static void
a_hostile_file_is_survived(void **state)
{
	static char octets[FILE_MAX], spoilt[FILE_MAX];
	static const uint8_t seed[DICE_SEED_BYTES] = { 5 };
	size_t starts[RECORDS_MAX], count, at, refused = 0;
	struct str file = make_file(octets, starts, &count);
	struct dice dice;

	(void)state;
	dice_init(&dice, seed);
	for (size_t i = starts[0]; i < file.len; i++) {
		static const uint8_t values[] = { 0, 1, 0x7f, 0xff };

		memcpy(spoilt, file.at, file.len);
		spoilt[i] = (char)values[i % sizeof values];
		refused += read_all(str_of(spoilt, file.len), &at) != RECORDING_OVER;
	}
	for (int round = 0; round < 2000; round++) {
		memcpy(spoilt, file.at, file.len);
		for (uint32_t i = 1 + dice_below(&dice, 4); i > 0; i--)
			spoilt[dice_below(&dice, (uint32_t)file.len)] = (char)dice_u64(&dice);
		refused += read_all(str_of(spoilt, file.len), &at) != RECORDING_OVER;
	}
	assert_true(refused > 500);
}

/* Reads a file of nothing but an opening with the directory as it is now. */
static enum recording_found
read_opening(void)
{
	static char octets[FILE_MAX];
	struct buf b = buf_on(octets, sizeof octets);
	struct record r = opening();
	size_t at;

	buf_put(&b, STR(RECORDING_MAGIC));
	put(&b, &r);
	return read_all(buf_str(&b), &at);
}

static void
a_directory_that_no_configuration_makes_is_refused(void **state)
{
	(void)state;
	make_directory();
	assert_int_equal(read_opening(), RECORDING_CUT);
	dns[1].number = dns[0].number;
	assert_int_equal(read_opening(), RECORDING_BAD);
	make_directory();
	dns[1].contact.speech.transport = TRANSPORT_TCP; /* its scheme is sips */
	assert_int_equal(read_opening(), RECORDING_BAD);
	make_directory();
	dns[1].contact.speech = (struct speech){ SCHEME_SIP, TRANSPORT_NONE };
	assert_int_equal(read_opening(), RECORDING_BAD);
}

/* The live server hashes what it masks; a replay was given masked octets and hashes what it made
 * of them. Over what lies between two pieces as well. */
static void
the_hash_is_of_masked_octets(void **state)
{
	static const struct mask_key key = { { 1, 2 } };
	static char plain[8000], masked[8000];
	struct act act = { .kind = ACT_SEND, .u.send = { { 1 }, { ADDR_V4, { 1 }, 5 }, STR("") } };
	uint64_t live, replayed;

	(void)state;
	for (size_t fill = 900; fill < 1100; fill++) {
		struct buf b = buf_on(plain, sizeof plain);
		struct mask mask = { 0 };

		buf_put(&b, STR("SIP/2.0 200 OK\r\nSubject: "));
		for (size_t i = 0; i < fill; i++)
			buf_char(&b, 'x');
		buf_put(&b, STR("\r\n\r\na=crypto:1 F inline:c2VjcmV0a2V5\r\n"));
		act.u.send.bytes = buf_str(&b);
		live = recording_hash(RECORDING_HASH, &act, &key);
		assert_true(live != recording_hash(RECORDING_HASH, &act, NULL));
		mask_copy(&mask, &key, false, buf_str(&b), masked);
		act.u.send.bytes = str_of(masked, b.used);
		replayed = recording_hash(RECORDING_HASH, &act, NULL);
		assert_true(live == replayed);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_that_is_written_is_read),
		cmocka_unit_test(a_file_that_was_cut_says_where),
		cmocka_unit_test(other_files_are_refused),
		cmocka_unit_test(a_record_that_lies_is_refused),
		cmocka_unit_test(a_hostile_file_is_survived),
		cmocka_unit_test(a_directory_that_no_configuration_makes_is_refused),
		cmocka_unit_test(the_hash_is_of_masked_octets),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
