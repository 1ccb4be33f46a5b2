/* SPDX-License-Identifier: Apache-2.0 */
/* Sets of bindings as a store may hand them back. The first line says how: as it stands, or a set
 * that is made of the lines, written, and spoiled where the first line says. */
#include "base/limits.h"
#include "fuzz.h"
#include "reg/binding.h"

static struct binding_set set, again;
static char octets[64 * 1024], twice[64 * 1024];

static void
put(struct buf *b, const void *what)
{
	binding_set_write(b, what);
}

/* What is read is written and read again as the same; a sips binding is one of TLS, whoever says
 * something else. */
static void
read_set(struct str text)
{
	struct buf b = buf_on(twice, sizeof twice);

	if (!binding_set_read(&set, text))
		return;
	fuzz_check(set.count <= CONTACTS_PER_AOR_MAX, text);
	for (uint32_t i = 0; i < set.count; i++) {
		const struct binding *binding = &set.list[i];

		fuzz_within(binding->contact, text);
		fuzz_within(binding->params, text);
		fuzz_within(binding->call_id, text);
		fuzz_check(binding->q_thousandths <= 1000 && binding->expires_at_s >= 0, text);
		if (binding->speech.scheme == SCHEME_SIPS)
			fuzz_check(binding->speech.transport == TRANSPORT_TLS, text);
	}
	if (text.len > sizeof twice / 2)
		return;
	put(&b, &set);
	fuzz_check(buf_ok(&b), text);
	fuzz_sizes(buf_str(&b), put, &set);
	fuzz_check(binding_set_read(&again, buf_str(&b)), buf_str(&b));
	fuzz_check(again.count == set.count, text);
	for (uint32_t i = 0; i < set.count; i++) {
		const struct binding *x = &set.list[i], *y = &again.list[i];

		fuzz_check(
			str_same(x->contact, y->contact) && str_same(x->params, y->params), text);
		fuzz_check(str_same(x->call_id, y->call_id) && x->cseq == y->cseq, text);
		fuzz_check(flow_same(x->flow, y->flow) && addr_same(&x->source, &y->source), text);
		fuzz_check(x->expires_at_s == y->expires_at_s, text);
		fuzz_check(x->is_proven == y->is_proven, text);
	}
}

/* A binding out of one line: numbers from its first octets, texts from the rest. */
static struct binding
make(struct str line)
{
	unsigned kind = fuzz_choice(&line), n = fuzz_choice(&line);
	struct binding b = { .flow = { n * 0x0101010101010101U },
		.expires_at_s = (int64_t)n << (kind % 24),
		.q_thousandths = n * 3,
		.cseq = n << kind % 25,
		.is_proven = kind % 2 == 1,
		.source = { .family = kind % 4 == 0 ? ADDR_V6 : ADDR_V4,
			.ip = { 192, 0, 2, (uint8_t)n },
			.port = (uint16_t)(n * 257) },
		.speech = { kind % 3 == 0 ? SCHEME_SIPS : SCHEME_SIP,
			kind % 3 == 0           ? TRANSPORT_TLS
				: kind % 3 == 1 ? TRANSPORT_UDP
						: TRANSPORT_TCP } };

	b.contact = str_cut(&line, '|');
	b.params = str_cut(&line, '|');
	b.call_id = line;
	return b;
}

void
fuzz_one(struct str input)
{
	struct str choices = fuzz_line(&input), rest = input, text;
	struct buf b = buf_on(octets, sizeof octets);
	struct binding_set made = { .count = 0 };

	if (fuzz_choice(&choices) % 2 == 0) {
		read_set(input);
		return;
	}
	while (rest.len > 0 && made.count < CONTACTS_PER_AOR_MAX)
		made.list[made.count++] = make(str_cut(&rest, '\n'));
	put(&b, &made);
	if (!buf_ok(&b))
		return;
	text = buf_str(&b);
	fuzz_check(binding_set_read(&again, text) && again.count == made.count, text);
	for (uint32_t i = 0; i < made.count; i++)
		fuzz_check(str_same(made.list[i].contact, again.list[i].contact), text);
	while (choices.len > 0 && text.len > 0) {
		size_t at = (fuzz_choice(&choices) * 64 + fuzz_choice(&choices)) % text.len;

		octets[at] = (char)(octets[at] ^ (1 << fuzz_choice(&choices) % 8));
	}
	read_set(text);
}
