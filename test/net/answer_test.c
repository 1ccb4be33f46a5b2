/* SPDX-License-Identifier: Apache-2.0 */
#include "net/answer.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

enum { LOOP_MAX_S = 20 }; /* what reads without an end is ended */

enum { CNAME = 5, SOA = 6, SRV = 33, NAPTR = 35, A = 1 };

/* A message as it is being written. */
static struct {
	unsigned char octets[8192];
	size_t len;
} m;

static void
put(unsigned value, size_t bytes)
{
	for (size_t i = bytes; i-- > 0;)
		m.octets[m.len++] = (unsigned char)(value >> (8 * i));
}

/* `a.b.c`, or empty for the root. */
static void
put_name(const char *name)
{
	struct str rest = str_cstr(name);

	while (rest.len > 0) {
		struct str label = str_cut(&rest, '.');

		put((unsigned)label.len, 1);
		memcpy(m.octets + m.len, label.at, label.len);
		m.len += label.len;
	}
	put(0, 1);
}

static void
put_word(const char *word)
{
	put((unsigned)strlen(word), 1);
	memcpy(m.octets + m.len, word, strlen(word));
	m.len += strlen(word);
}

static void
begin(const char *name, unsigned type)
{
	m.len = 0;
	put(0x1234, 2);
	put(0x8180, 2);
	put(1, 2);
	put(0, 2);
	put(0, 4);
	put_name(name);
	put(type, 2);
	put(1, 2);
}

/* Begins a record; its data follow, then end_record. Pre: records of one section stand together. */
static size_t
record(const char *owner, unsigned type, unsigned ttl_s, bool is_authority)
{
	m.octets[is_authority ? 9 : 7]++;
	put_name(owner);
	put(type, 2);
	put(1, 2);
	put(ttl_s, 4);
	put(0, 2);
	return m.len;
}

static void
end_record(size_t at)
{
	m.octets[at - 2] = (unsigned char)((m.len - at) >> 8);
	m.octets[at - 1] = (unsigned char)(m.len - at);
}

static void
srv(const char *owner, unsigned priority, unsigned weight, unsigned port, const char *target)
{
	size_t at = record(owner, SRV, 300, false);

	put(priority, 2);
	put(weight, 2);
	put(port, 2);
	put_name(target);
	end_record(at);
}

static void
naptr(unsigned order, unsigned preference, const char *flags, const char *what, const char *pattern,
	const char *replacement)
{
	size_t at = record("a.example", NAPTR, 120, false);

	put(order, 2);
	put(preference, 2);
	put_word(flags);
	put_word(what);
	put_word(pattern);
	put_name(replacement);
	end_record(at);
}

static void
soa(unsigned ttl_s, unsigned minimum_s)
{
	size_t at = record("example", SOA, ttl_s, true);

	put_name("ns.example");
	put_name("admin.example");
	put(1, 4);
	put(2, 4);
	put(3, 4);
	put(4, 4);
	put(minimum_s, 4);
	end_record(at);
}

/* A copy of exactly this size, so that a sanitizer sees the first octet too many. */
static bool
read_part(struct answer *a, size_t len, enum names_kind kind)
{
	char *copy = malloc(len > 0 ? len : 1);
	bool ok;

	memcpy(copy, m.octets, len);
	ok = answer_read(a, str_of(copy, len), kind);
	for (uint32_t i = 0; ok && i < a->count; i++)
		assert_true(a->services[i].name.len <= ANSWER_NAME_MAX);
	free(copy);
	return ok;
}

static struct answer a;

static void
expect(const char *text)
{
	char found[1024];
	struct buf b = buf_on(found, sizeof found);

	for (uint32_t i = 0; i < a.count; i++) {
		const struct dns_record *s = &a.services[i];

		buf_number(&b, s->order);
		buf_char(&b, ' ');
		buf_number(&b, s->weight);
		buf_char(&b, ' ');
		buf_number(&b, s->port);
		buf_char(&b, ' ');
		buf_put(&b, s->name);
		buf_put(&b, STR("\n"));
	}
	if (!str_same(buf_str(&b), str_cstr(text)))
		fail_msg("%.*s", (int)b.used, found);
}

static struct str
message(void)
{
	return str_of(m.octets, m.len);
}

static void
srv_records_come_by_priority(void **state)
{
	(void)state;
	begin("_sips._tcp.a.example", SRV);
	srv("_sips._tcp.a.example", 20, 0, 5061, "c.example");
	srv("_SIPS._tcp.A.example", 10, 60, 443, "b.example");
	srv("_sips._tcp.a.example", 10, 40, 5061, "d.example");
	srv("_sip._tcp.a.example", 1, 1, 5060, "other.example");
	assert_true(answer_read(&a, message(), NAMES_SRV));
	expect("10 60 443 b.example\n10 40 5061 d.example\n20 0 5061 c.example\n");
	assert_int_equal(a.ttl_s, 300);
	assert_true(answer_read(&a, message(), NAMES_NAPTR));
	assert_int_equal(a.count, 0);
}

static void
a_dot_is_kept_and_what_is_no_host_is_not(void **state)
{
	(void)state;
	begin("s", SRV);
	srv("s", 0, 0, 0, "");
	srv("s", 1, 0, 0, "port.example");
	srv("s", 1, 0, 5061, "192.0.2.1");
	srv("s", 1, 0, 5061, "sp ace.example");
	srv("s", 1, 0, 5061, "nu\x01l.example");
	assert_true(answer_read(&a, message(), NAMES_SRV));
	expect("0 0 0 \n");
}

static void
naptr_records_are_taken_apart(void **state)
{
	(void)state;
	begin("a.example", NAPTR);
	naptr(20, 5, "s", "SIPS+D2T", "", "_sips._tcp.a.example");
	naptr(10, 7, "S", "SIP+D2U", "", "_sip._udp.a.example");
	naptr(10, 7, "u", "E2U+sip", "!^.*$!sip:x@a.example!", "");
	naptr(10, 7, "s", "a word that is much longer than any service", "", "x");
	naptr(10, 7, "s", "sp ace", "", "x");
	assert_true(answer_read(&a, message(), NAMES_NAPTR));
	expect("10 7 0 _sip._udp.a.example\n20 5 0 _sips._tcp.a.example\n");
	assert_true(str_same(a.services[0].flags, STR("S")));
	assert_true(str_same(a.services[1].what, STR("SIPS+D2T")));
	assert_int_equal(a.ttl_s, 120);
}

static void
put_cname(const char *owner, const char *to, unsigned ttl_s)
{
	size_t at = record(owner, CNAME, ttl_s, false);

	put_name(to);
	end_record(at);
}

static void
cnames_are_followed_but_not_in_circles(void **state)
{
	char from[2] = "a", to[2] = "b";

	(void)state;
	begin("a", SRV);
	srv("c", 1, 2, 3, "there");
	put_cname("b", "c", 20);
	put_cname("a", "b", 50);
	assert_true(answer_read(&a, message(), NAMES_SRV));
	expect("1 2 3 there\n");
	assert_int_equal(a.ttl_s, 20);

	begin("a", SRV);
	put_cname("a", "b", 50);
	put_cname("b", "a", 50);
	srv("d", 1, 2, 3, "there");
	assert_true(answer_read(&a, message(), NAMES_SRV));
	expect("");

	begin("a", SRV);
	for (; to[0] < 'z'; from[0]++, to[0]++)
		put_cname(from, to, 50);
	srv("y", 1, 2, 3, "far");
	assert_true(answer_read(&a, message(), NAMES_SRV));
	expect("");
}

static void
names_may_be_compressed(void **state)
{
	size_t at;

	(void)state;
	begin("s.example", SRV);
	at = record("s.example", SRV, 60, false);
	put(1, 2);
	put(2, 2);
	put(5061, 2);
	put(4, 1);
	memcpy(m.octets + m.len, "host", 4);
	m.len += 4;
	put(0xc00e, 2); /* .example of the question */
	end_record(at);
	assert_true(answer_read(&a, message(), NAMES_SRV));
	expect("1 2 5061 host.example\n");
	m.octets[m.len - 1] = (unsigned char)(m.len - 7); /* a pointer to its own name */
	assert_false(answer_read(&a, message(), NAMES_SRV));
	m.octets[m.len - 1] = (unsigned char)(m.len - 2); /* and to itself */
	assert_false(answer_read(&a, message(), NAMES_SRV));
	m.octets[m.len - 1] = 0xff; /* forwards, beyond the end */
	assert_false(answer_read(&a, message(), NAMES_SRV));
	m.octets[m.len - 2] = 0x80; /* a kind of label that there is not */
	assert_false(answer_read(&a, message(), NAMES_SRV));
}

/* A name that is nothing but a pointer, to itself and from one to another, has no length that would
 * end it. */
static void
pointers_lead_back(void **state)
{
	size_t at, first;

	(void)state;
	alarm(LOOP_MAX_S);
	begin("s", SRV);
	at = record("s", SRV, 60, false);
	put(0, 4);
	put(0, 2);
	first = m.len;
	put(0xc000 | (unsigned)first, 2);
	end_record(at);
	assert_false(answer_read(&a, message(), NAMES_SRV));
	at = record("s", SRV, 60, false);
	put(0, 4);
	put(0, 2);
	put(0xc000 | (unsigned)first, 2);
	end_record(at);
	m.octets[first + 1] = (unsigned char)(m.len - 2);
	assert_false(answer_read(&a, message(), NAMES_SRV));
	begin("s", SRV);
	m.octets[12] = 0xc0; /* the question */
	m.octets[13] = 12;
	assert_false(answer_read(&a, message(), NAMES_SRV));
	alarm(0);
}

/* A label with a dot in it is not two labels. */
static void
a_dot_ends_no_label(void **state)
{
	(void)state;
	begin("a.b", SRV);
	srv("a-b", 1, 2, 3, "there");
	memcpy(memmem(m.octets, m.len, "a-b", 3), "a.b", 3);
	assert_true(answer_read(&a, message(), NAMES_SRV));
	expect("");
	srv("a.b", 4, 5, 6, "here");
	assert_true(answer_read(&a, message(), NAMES_SRV));
	expect("4 5 6 here\n");
}

static void
an_absence_has_the_ttl_of_its_soa(void **state)
{
	(void)state;
	begin("s", SRV);
	soa(600, 40);
	assert_true(answer_read(&a, message(), NAMES_SRV));
	assert_int_equal(a.ttl_s, 40);
	begin("s", SRV);
	soa(30, 40);
	assert_true(answer_read(&a, message(), NAMES_SRV));
	assert_int_equal(a.ttl_s, 30);
	begin("s", SRV);
	soa(0x7fffffff, 0x7fffffff);
	assert_true(answer_read(&a, message(), NAMES_SRV));
	assert_int_equal(a.ttl_s, 3 * 3600);
	begin("s", SRV);
	soa(0x80000000, 40); /* RFC 2181 8 */
	assert_true(answer_read(&a, message(), NAMES_SRV));
	assert_int_equal(a.ttl_s, 0);
	begin("s", SRV);
	assert_true(answer_read(&a, message(), NAMES_SRV));
	assert_int_equal(a.ttl_s, UINT32_MAX);
}

static void
more_records_than_are_kept_leave_the_best(void **state)
{
	(void)state;
	begin("s", SRV);
	for (unsigned i = 0; i < 60; i++)
		srv("s", 100 - i, i, 5061, i % 2 ? "odd.example" : "even.example");
	assert_true(answer_read(&a, message(), NAMES_SRV));
	assert_int_equal(a.count, SERVICES_MAX);
	for (uint32_t i = 0; i < SERVICES_MAX; i++) {
		assert_int_equal(a.services[i].order, 41 + i);
		assert_true(str_same(a.services[i].name,
			a.services[i].weight % 2 ? STR("odd.example") : STR("even.example")));
	}
}

/* A name of 255 octets is one; with one octet more it is none. */
static void
names_have_a_length(void **state)
{
	char name[300];
	size_t at;

	(void)state;
	memset(name, 'a', sizeof name);
	for (size_t i = 63; i < 253; i += 64)
		name[i] = '.';
	for (size_t len = 252; len <= 254; len++) {
		name[len] = '\0';
		begin("s", SRV);
		srv("s", 1, 2, 3, name);
		assert_int_equal(answer_read(&a, message(), NAMES_SRV), len < 254);
		name[len] = 'a';
	}
	begin("s", SRV);
	at = record("s", SRV, 60, false);
	put(1, 2);
	put(2, 2);
	put(3, 2);
	put(64, 1); /* too long a label */
	memset(m.octets + m.len, 'a', 64);
	m.len += 64;
	put(0, 1);
	end_record(at);
	assert_false(answer_read(&a, message(), NAMES_SRV));
}

/* Cut anywhere, or with any one octet changed, it is read or refused, and nothing beyond it is
 * touched. */
static void
broken_messages_are_refused(void **state)
{
	size_t whole;

	(void)state;
	begin("a.example", NAPTR);
	put_cname("b", "c", 20);
	naptr(20, 5, "s", "SIPS+D2T", "", "_sips._tcp.a.example");
	srv("a.example", 1, 2, 3, "x.example");
	whole = m.len;
	for (size_t len = 0; len < whole; len++)
		for (int kind = NAMES_SRV; kind <= NAMES_NAPTR; kind++)
			assert_false(read_part(&a, len, (enum names_kind)kind));
	for (size_t at = 0; at < whole; at++) {
		for (unsigned octet = 0; octet < 256; octet++) {
			unsigned char was = m.octets[at];

			m.octets[at] = (unsigned char)octet;
			(void)read_part(&a, whole, NAMES_SRV);
			(void)read_part(&a, whole, NAMES_NAPTR);
			m.octets[at] = was;
		}
	}
	m.octets[5] = 0; /* no question */
	assert_false(read_part(&a, whole, NAMES_SRV));
	m.octets[5] = 1;
	m.octets[6] = 2; /* more answers than are looked at */
	assert_false(read_part(&a, whole, NAMES_SRV));
}

/* Data that are shorter or longer than what stands in them. */
static void
data_end_where_they_say(void **state)
{
	(void)state;
	begin("s", SRV);
	srv("s", 1, 2, 3, "x");
	m.octets[m.len - 10] = 10; /* of 9 */
	m.octets[m.len++] = 0;
	assert_false(answer_read(&a, message(), NAMES_SRV));
	m.len--;
	m.octets[m.len - 10] = 8;
	assert_false(answer_read(&a, message(), NAMES_SRV));
	m.octets[m.len - 10] = 9;
	assert_true(answer_read(&a, message(), NAMES_SRV));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(srv_records_come_by_priority),
		cmocka_unit_test(a_dot_is_kept_and_what_is_no_host_is_not),
		cmocka_unit_test(naptr_records_are_taken_apart),
		cmocka_unit_test(cnames_are_followed_but_not_in_circles),
		cmocka_unit_test(names_may_be_compressed),
		cmocka_unit_test(pointers_lead_back),
		cmocka_unit_test(a_dot_ends_no_label),
		cmocka_unit_test(an_absence_has_the_ttl_of_its_soa),
		cmocka_unit_test(more_records_than_are_kept_leave_the_best),
		cmocka_unit_test(names_have_a_length),
		cmocka_unit_test(broken_messages_are_refused),
		cmocka_unit_test(data_end_where_they_say),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
