/* SPDX-License-Identifier: Apache-2.0 */
/* A core with a recorder beside it, and a second core that is fed what was recorded. */
#include "main/record.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "directory/options.h"
#include "gate/digest.h"
#include "main/recording.h"

#define PASSWORD "correct horse"
#define KEY_ONE "c2VjcmV0LWtleS1udW1iZXItb25lLi4uLi4u"
#define KEY_TWO "c2VjcmV0LWtleS1udW1iZXItdHdvLi4uLi4u"

enum { FILE_MAX = 4 * 1024 * 1024, TEXT_MAX = 4096 };

static char folder[] = "/tmp/sipward-record-XXXXXX";
static char path[64];
static char file[FILE_MAX];

/* The host under test. */
static struct core *core;
static void *core_memory, *out_memory, *directory_memory;
static struct out out;
static struct recorder *recorder;
static struct when now;
static struct dn dns[2];
static struct directory directory;
static struct listener listener;
static struct core_options options;
static struct hashers hashers;
static char answer[TEXT_MAX]; /* the last message that was sent */

static struct addr
v4(uint8_t last, uint16_t port)
{
	return (struct addr){ .family = ADDR_V4, .ip = { 192, 0, 2, last }, .port = port };
}

static void
set_option(struct dn *dn, struct str name, struct str value)
{
	struct str why;
	size_t at;

	assert_true(option_set(dn, option_find(name), value, &why, &at));
}

static void
make_options(void)
{
	static const uint8_t key[MAP_KEY_BYTES];
	struct arena arena = arena_on(NULL, 0);
	uint32_t twice;

	for (int i = 0; i < 2; i++)
		dn_init(&dns[i]);
	dns[0].number = STR("7789");
	set_option(&dns[0], STR("contact"), STR("*"));
	set_option(&dns[0], STR("password"), STR(PASSWORD));
	dns[1].number = STR("5000");
	set_option(&dns[1], STR("contact"), STR("sip:192.0.2.50:5070;transport=udp"));
	directory = (struct directory){ .dns = dns,
		.count = 2,
		.domains = { STR("example.com") },
		.domain_count = 1,
		.strangers = STRANGERS_ALL,
		.uuid_header = STR("X-Call") };
	(void)directory_index(&directory, &arena, key, &twice);
	directory_memory = malloc(arena.used);
	arena = arena_on(directory_memory, arena.used);
	assert_true(directory_index(&directory, &arena, key, &twice));
	listener = (struct listener){ TRANSPORT_UDP, v4(1, 5060), STR(""), { 1 } };
	options = (struct core_options){ .directory = &directory,
		.listeners = &listener,
		.listener_count = 1,
		.seed = { 1, 2, 3 },
		.calls_max = 4,
		.requests_max = 16,
		.flows_max = 16,
		.addresses_max = 4 };
}

static struct core *
open_core(const struct core_options *o, struct when when, void **memory)
{
	size_t bytes = (core_memory_bytes(o) + 63) & ~(size_t)63;
	struct core *opened;

	*memory = aligned_alloc(64, bytes);
	assert_non_null(*memory);
	opened = core_open(o, *memory, bytes, when);
	assert_non_null(opened);
	return opened;
}

static int
host_open(void **state)
{
	char text[256];
	struct buf why = buf_on(text, sizeof text);

	(void)state;
	make_options();
	now = (struct when){ 5000, 1700000000 };
	core = open_core(&options, now, &core_memory);
	out_memory = malloc(OUT_BYTES);
	out_init(&out, out_memory, OUT_BYTES);
	(void)unlink(path);
	recorder = recorder_open(path, 1 << 20, &why);
	return recorder != NULL && recorder_begin(recorder, &options, now, &why) &&
			hashers_open(&hashers)
		? 0
		: -1;
}

static void
recorder_end(void)
{
	if (recorder != NULL)
		recorder_close(recorder);
	recorder = NULL;
}

/* Another file in place of the first. */
static void
recorder_again(uint64_t max_bytes)
{
	recorder_end();
	(void)unlink(path);
	recorder = recorder_open(path, max_bytes, NULL);
	assert_non_null(recorder);
	assert_true(recorder_begin(recorder, &options, now, NULL));
}

static int
host_close(void **state)
{
	(void)state;
	recorder_end();
	core_close(core);
	hashers_close(&hashers);
	free(core_memory);
	free(out_memory);
	free(directory_memory);
	return 0;
}

static void
carry(void)
{
	for (uint32_t i = 0; i < out.count; i++)
		if (out.acts[i].kind == ACT_SEND)
			snprintf(answer, sizeof answer, "%.*s", (int)out.acts[i].u.send.bytes.len,
				out.acts[i].u.send.bytes.at);
	out_clear(&out);
}

static void
feed(const struct event *event)
{
	recorder_event(recorder, event, now, &out);
	core_feed(core, event, now, &out);
	recorder_answer(recorder, core, &out);
	if (!out_has_room(&out))
		carry();
}

static void
turn(void)
{
	const struct event tick = { .kind = EV_TICK };

	feed(&tick);
	carry();
	assert_true(recorder_flush(recorder, NULL));
	now.mono_ms += 10;
}

static void
octets(struct flow_id flow, const char *text)
{
	const struct event event = { .kind = EV_BYTES,
		.u.bytes = { flow, v4(7, 5062), str_cstr(text) } };

	feed(&event);
}

static void
datagram(const char *text)
{
	octets(listener.flow, text);
}

static void
opened(uint64_t number)
{
	struct event event = { .kind = EV_FLOW_OPEN, .u.open.transport = TRANSPORT_TCP };

	event.u.open.flow.number = number;
	event.u.open.local = v4(1, 5060);
	event.u.open.peer = v4(7, (uint16_t)(6000 + number));
	feed(&event);
}

static void
closed(uint64_t number)
{
	const struct event event = { .kind = EV_FLOW_CLOSED,
		.u.closed = { { number }, STR("over") } };

	feed(&event);
}

static const char *
request(const char *method, const char *transport, const char *id, const char *lines)
{
	static char text[TEXT_MAX];

	snprintf(text, sizeof text,
		"%s sip:%s@example.com SIP/2.0\r\n"
		"Via: SIP/2.0/%s 192.0.2.7:5062;branch=z9hG4bK%s;rport\r\n"
		"From: <sip:%s>;tag=1\r\n"
		"To: <sip:%s@example.com>\r\n"
		"Call-ID: %s\r\nCSeq: 1 %s\r\nMax-Forwards: 70\r\n%s",
		method, method[0] == 'R' ? "7789" : "5000", transport, id,
		method[0] == 'R' ? "7789@example.com" : "1234@example.net",
		method[0] == 'R' ? "7789" : "5000", id, method, lines);
	return text;
}

/* An INVITE with a key in its body. */
static const char *
invite(const char *transport, const char *id, const char *key)
{
	static char lines[1024];
	char sdp[512];
	int len = snprintf(sdp, sizeof sdp,
		"v=0\r\no=- 1 1 IN IP4 192.0.2.7\r\ns=-\r\nc=IN IP4 192.0.2.7\r\nt=0 0\r\n"
		"m=audio 4000 RTP/SAVP 8\r\na=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:%s|2^20\r\n",
		key);

	snprintf(lines, sizeof lines,
		"Contact: <sip:1234@192.0.2.7:5062>\r\nContent-Type: application/sdp\r\n"
		"Content-Length: %d\r\n\r\n%s",
		len, sdp);
	return request("INVITE", transport, id, lines);
}

/* A REGISTER with credentials, right for PASSWORD or wrong, for the nonce of the last 401. */
static const char *
registration(const char *id, const char *password, char response[HASH_HEX_MAX + 1])
{
	const char *nonce = strstr(answer, "nonce=\"");
	char lines[1024], hex[HASH_HEX_MAX];
	struct digest_input in = { .algorithm = DIGEST_SHA256,
		.username = STR("7789"),
		.realm = STR("example.com"),
		.password = str_cstr(password),
		.method = STR("REGISTER"),
		.uri = STR("sip:7789@example.com"),
		.nc = STR("00000001"),
		.cnonce = STR("abc"),
		.qop = STR("auth") };
	struct str due;

	assert_non_null(nonce);
	in.nonce = str_of(nonce + 7, strcspn(nonce + 7, "\""));
	due = digest_response(&hashers, &in, hex);
	snprintf(response, HASH_HEX_MAX + 1, "%.*s", (int)due.len, due.at);
	snprintf(lines, sizeof lines,
		"Contact: <sip:7789@192.0.2.7:5062>\r\n"
		"Authorization: Digest username=\"7789\", realm=\"example.com\", nonce=\"%.*s\", "
		"uri=\"sip:7789@example.com\", response=\"%s\", algorithm=SHA-256, cnonce=\"abc\", "
		"qop=auth, nc=00000001\r\nContent-Length: 0\r\n\r\n",
		(int)in.nonce.len, in.nonce.at, response);
	return request("REGISTER", "UDP", id, lines);
}

static struct str
recorded(void)
{
	FILE *from = fopen(path, "rb");
	size_t len;

	assert_non_null(from);
	len = fread(file, 1, sizeof file, from);
	assert_true(len < sizeof file);
	fclose(from);
	return str_of(file, len);
}

static void
expect_absent(struct str all, const char *secret)
{
	if (memmem(all.at, all.len, secret, strlen(secret)) != NULL)
		fail_msg("%s is in the file", secret);
}

/* Feeds a second core; all that it answers is what the first did. Ends: how many events. */
static unsigned
replayed(struct str all)
{
	struct recording reading;
	struct record event, came;
	uint64_t hash = RECORDING_HASH;
	unsigned events = 0;
	void *memory, *acts_memory = malloc(OUT_BYTES);
	static struct out acts;
	struct core *second;

	out_init(&acts, acts_memory, OUT_BYTES);
	assert_true(recording_open(&reading, all, NULL));
	assert_int_equal(recording_next(&reading, &event), RECORDING_MORE);
	second = open_core(&event.options, event.now, &memory);
	while (recording_next(&reading, &event) == RECORDING_MORE && event.kind == RECORD_EVENT) {
		uint32_t first;

		assert_int_equal(recording_next(&reading, &came), RECORDING_MORE);
		if (event.is_fresh)
			out_clear(&acts);
		first = acts.count;
		core_tell(second, came.verdicts);
		core_feed(second, &event.event, event.now, &acts);
		for (uint32_t i = first; i < acts.count; i++)
			hash = recording_hash(hash, &acts.acts[i], NULL);
		assert_int_equal(acts.count - first, came.act_count);
		assert_true(hash == came.hash);
		assert_true(str_same(core_verdicts(second), came.verdicts));
		events++;
	}
	assert_int_equal(event.kind, RECORD_END);
	recording_close(&reading);
	core_close(second);
	free(memory);
	free(acts_memory);
	return events;
}

static void
a_registration_replays_without_its_password(void **state)
{
	char right[HASH_HEX_MAX + 1], wrong[HASH_HEX_MAX + 1];
	struct str all;

	(void)state;
	datagram(request("REGISTER", "UDP", "r1", "Content-Length: 0\r\n\r\n"));
	turn();
	assert_non_null(strstr(answer, "401"));
	datagram(registration("r2", "wrong", wrong));
	turn();
	assert_non_null(strstr(answer, "401"));
	datagram(registration("r3", PASSWORD, right));
	turn();
	/* The store keeps what it is asked to. */
	assert_null(strstr(answer, "r3"));
	recorder_end();
	all = recorded();
	expect_absent(all, PASSWORD);
	expect_absent(all, right);
	expect_absent(all, wrong);
	assert_non_null(memmem(all.at, all.len, "username=\"7789\"", 15));
	assert_int_equal(replayed(all), 6);
}

/* Two streams whose pieces cross, and a body that differs from another in its key alone. */
static void
calls_over_streams_replay_without_their_keys(void **state)
{
	char one[TEXT_MAX], two[TEXT_MAX];
	struct str all;

	(void)state;
	opened(101);
	opened(102);
	snprintf(one, sizeof one, "%s", invite("TCP", "c1", KEY_ONE));
	snprintf(two, sizeof two, "%s", invite("TCP", "c2", KEY_TWO));
	assert_int_equal(strlen(one), strlen(two));
	for (size_t at = 0; at < strlen(one); at += 7) {
		char piece[8];

		snprintf(piece, sizeof piece, "%.7s", one + at);
		octets((struct flow_id){ 101 }, piece);
		snprintf(piece, sizeof piece, "%.7s", two + at);
		octets((struct flow_id){ 102 }, piece);
		if (at % 5 == 0)
			turn();
	}
	turn();
	assert_non_null(strstr(answer, "INVITE sip:5000@192.0.2.50"));
	assert_non_null(strstr(answer, KEY_TWO));
	closed(101);
	datagram(invite("UDP", "c3", KEY_ONE));
	opened(103);
	turn();
	for (int i = 0; i < 40; i++) {
		now.mono_ms += 1000;
		turn();
	}
	recorder_end();
	all = recorded();
	expect_absent(all, KEY_ONE);
	expect_absent(all, KEY_TWO);
	assert_true(replayed(all) > 100);
}

static void
another_directory_and_the_end_replay(void **state)
{
	const struct event reload = { .kind = EV_DIRECTORY, .u.directory = &directory };
	const struct event drain = { .kind = EV_ORDER, .u.order = ORDER_DRAIN };

	(void)state;
	datagram(invite("UDP", "d1", KEY_ONE));
	turn();
	dns[0].password = STR("another secret");
	dns[1].contact.port = 5099;
	feed(&reload);
	turn();
	datagram(invite("UDP", "d2", KEY_ONE));
	turn();
	feed(&drain);
	turn();
	recorder_end();
	expect_absent(recorded(), "another secret");
	assert_int_equal(replayed(recorded()), 8);
}

static void
a_file_that_is_there_is_left_alone(void **state)
{
	char text[256] = "";
	struct buf why = buf_on(text, sizeof text - 1);
	struct stat before, after;

	(void)state;
	assert_int_equal(stat(path, &before), 0);
	assert_int_equal(before.st_mode & 0777, 0600);
	assert_null(recorder_open(path, 1 << 20, &why));
	assert_non_null(strstr(text, path));
	assert_non_null(strstr(text, "there already"));
	assert_int_equal(stat(path, &after), 0);
	assert_int_equal(before.st_size, after.st_size);
	why = buf_on(text, sizeof text - 1);
	memset(text, 0, sizeof text);
	assert_null(recorder_open("/nowhere/at/all", 1 << 20, &why));
	assert_non_null(strstr(text, "cannot be made: No such file"));
}

static void
what_was_never_begun_is_taken_away(void **state)
{
	struct buf why = { 0 };
	char text[256] = "";

	(void)state;
	recorder_end();
	(void)unlink(path);
	recorder = recorder_open(path, 1 << 20, &why);
	assert_non_null(recorder);
	recorder_end();
	assert_int_not_equal(access(path, F_OK), 0);
	why = buf_on(text, sizeof text - 1);
	recorder = recorder_open(path, 100, &why);
	assert_false(recorder_begin(recorder, &options, now, &why));
	assert_non_null(strstr(text, "larger"));
	recorder_end();
	assert_int_not_equal(access(path, F_OK), 0);
}

/* The server goes on, and says so once. */
static void
it_stops_at_its_size(void **state)
{
	char text[256] = "";
	struct buf why = buf_on(text, sizeof text - 1);
	unsigned rounds = 0, told = 0;

	(void)state;
	recorder_again(64 * 1024);
	for (; rounds < 1000; rounds++) {
		datagram(request("OPTIONS", "UDP", "o", "Content-Length: 0\r\n\r\n"));
		carry();
		told += !recorder_flush(recorder, &why);
	}
	assert_int_equal(told, 1);
	assert_string_equal(text, "the recording stops: the file has reached its size");
	recorder_end();
	assert_in_range(recorded().len, 50 * 1024, 64 * 1024);
	assert_in_range(replayed(recorded()), 50, 900);
	assert_int_equal(file[recorded().len - 1], END_FULL);
}

static void
a_file_that_cannot_be_written_ends_the_recording(void **state)
{
	struct rlimit before, small;
	char text[256] = "";
	struct buf why = buf_on(text, sizeof text - 1);
	unsigned told = 0;

	(void)state;
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
	small = (struct rlimit){ 8192, before.rlim_max };
	(void)signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
	for (int i = 0; i < 100; i++) {
		datagram(request("OPTIONS", "UDP", "o", "Content-Length: 0\r\n\r\n"));
		carry();
		told += !recorder_flush(recorder, &why);
	}
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
	(void)signal(SIGXFSZ, SIG_DFL);
	assert_int_equal(told, 1);
	assert_string_equal(
		text, "the recording stops: its file cannot be written: File too large");
}

/* The event that a broken invariant never came back from. */
static void
the_last_event_is_rescued(void **state)
{
	const struct event event = { .kind = EV_BYTES,
		.u.bytes = { { 1 }, v4(7, 5062), STR("the last words") } };
	struct recording reading;
	struct record r;

	(void)state;
	turn();
	recorder_event(recorder, &event, now, &out);
	recorder_rescue();
	assert_true(recording_open(&reading, recorded(), NULL));
	for (int i = 0; i < 4; i++)
		assert_int_equal(recording_next(&reading, &r), RECORDING_MORE);
	assert_true(str_same(r.event.u.bytes.data, STR("the last words")));
	assert_int_equal(recording_next(&reading, &r), RECORDING_CUT);
	recording_close(&reading);
	recorder_answer(recorder, core, &out);
}

static void
more_streams_than_it_follows_end_the_recording(void **state)
{
	char text[256] = "";
	struct buf why = buf_on(text, sizeof text - 1);
	struct event event = { .kind = EV_FLOW_OPEN, .u.open.transport = TRANSPORT_TCP };

	(void)state;
	recorder_again(FILE_MAX);
	for (uint64_t i = 0; i < FLOWS_MAX + 3; i++) {
		const struct event again = { .kind = EV_FLOW_CLOSED,
			.u.closed = { { 100 }, STR("") } };

		event.u.open.flow.number = 100 + i;
		recorder_event(recorder, &event, now, &out);
		/* One that goes makes room for another. */
		if (i == 0)
			recorder_event(recorder, &again, now, &out);
		assert_true(i > FLOWS_MAX || recorder_flush(recorder, &why));
	}
	assert_false(recorder_flush(recorder, &why));
	assert_non_null(strstr(text, "more connections"));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, host_open, host_close)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_registration_replays_without_its_password),
		TEST(calls_over_streams_replay_without_their_keys),
		TEST(another_directory_and_the_end_replay),
		TEST(a_file_that_is_there_is_left_alone),
		TEST(what_was_never_begun_is_taken_away),
		TEST(it_stops_at_its_size),
		TEST(a_file_that_cannot_be_written_ends_the_recording),
		TEST(the_last_event_is_rescued),
		TEST(more_streams_than_it_follows_end_the_recording),
	};
	int failed;

	if (mkdtemp(folder) == NULL)
		return 1;
	snprintf(path, sizeof path, "%s/recording", folder);
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	(void)unlink(path);
	(void)rmdir(folder);
	return failed;
}
