/* SPDX-License-Identifier: Apache-2.0 */
/* Any octets as the answer of a DNS server: what is found in it is what a slow reader finds, and
 * nothing that the reader of c-ares does not find. The first line: whether SRV or NAPTR was asked
 * for. */
#include "fuzz.h"
#include "net/answer.h"
#include "slow_answer.h"

#include <ares.h>
#include <string.h>

static struct answer answer;
static struct slow_answer slow;

static void
see_same(struct str message)
{
	uint32_t count = slow.count < SERVICES_MAX ? (uint32_t)slow.count : SERVICES_MAX;

	fuzz_check(answer.count == count, message);
	fuzz_check(answer.ttl_s == slow.ttl_s, message);
	for (uint32_t i = 0; i < answer.count; i++) {
		const struct dns_record *s = &answer.services[i];
		const struct slow_service *due = &slow.services[i];

		fuzz_check(s->order == due->order && s->weight == due->weight, message);
		fuzz_check(s->port == due->port, message);
		fuzz_check(str_same(s->flags, due->flags) && str_same(s->what, due->what), message);
		fuzz_check(str_same(s->name, str_of(due->name, due->name_len)), message);
		fuzz_within(s->flags, message);
		fuzz_within(s->what, message);
		fuzz_within(s->name, str_of(answer.names, sizeof answer.names));
	}
}

/* It does not look at whose record it is, and leaves nothing out. */
static bool
is_srv_of(const struct ares_srv_reply *all, const struct dns_record *s)
{
	for (; all != NULL; all = all->next)
		if (all->priority == s->order && all->weight == s->weight && all->port == s->port &&
			str_same(str_cstr(all->host), s->name))
			return true;
	return false;
}

static bool
is_naptr_of(const struct ares_naptr_reply *all, const struct dns_record *s)
{
	for (; all != NULL; all = all->next)
		if (all->order == s->order && all->preference == s->weight &&
			str_same(str_cstr((const char *)all->flags), s->flags) &&
			str_same(str_cstr((const char *)all->service), s->what) &&
			str_same(str_cstr(all->replacement), s->name))
			return true;
	return false;
}

static void
see_cares(struct str message, enum names_kind kind)
{
	const unsigned char *octets = (const unsigned char *)message.at;
	struct ares_srv_reply *srv = NULL;
	struct ares_naptr_reply *naptr = NULL;
	int status = kind == NAMES_SRV ? ares_parse_srv_reply(octets, (int)message.len, &srv)
				       : ares_parse_naptr_reply(octets, (int)message.len, &naptr);

	for (uint32_t i = 0; i < answer.count && status == ARES_SUCCESS; i++)
		fuzz_check(kind == NAMES_SRV ? is_srv_of(srv, &answer.services[i])
					     : is_naptr_of(naptr, &answer.services[i]),
			message);
	ares_free_data(srv);
	ares_free_data(naptr);
}

void
fuzz_one(struct str input)
{
	struct str choices = fuzz_line(&input);
	enum names_kind kind = fuzz_choice(&choices) % 2 == 0 ? NAMES_SRV : NAMES_NAPTR;
	bool is_good = answer_read(&answer, input, kind);

	fuzz_check(is_good == slow_answer_read(&slow, input, kind), input);
	if (is_good) {
		see_same(input);
		see_cares(input, kind);
	}
}
