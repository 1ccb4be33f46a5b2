/* SPDX-License-Identifier: Apache-2.0 */
/* tlspair.h - two ends of one TLS connection, both ours, in memory. */
#ifndef SUPPORT_TLSPAIR_H
#define SUPPORT_TLSPAIR_H

#include "net/tls.h"

/* They hand each other what leaves, STEP octets at a time. A test opens them as it likes. */
struct pair {
	struct tls *server, *client;
	struct tls_end *a, *b; /* a dials b */
	struct bytes a_out, b_out;
	enum tls_word a_word, b_word;
	size_t step;
};

static inline void
pair_close(struct pair *p)
{
	tls_end_close(p->a);
	tls_end_close(p->b);
	tls_close(p->server);
	tls_close(p->client);
	bytes_free(&p->a_out);
	bytes_free(&p->b_out);
}

/* Moves what one end wrote to the other's handshake. */
static inline void
pair_move(struct bytes *from, struct tls_end *to, enum tls_word *word, size_t step)
{
	struct bytes taken = bytes_take(from);
	struct str rest = bytes_str(&taken);

	while (rest.len > 0 && *word == TLS_WAITS) {
		tls_end_hear(to, str_upto(rest, step));
		rest = str_from(rest, step);
		*word = tls_end_shake(to);
	}
	bytes_free(&taken);
}

/* Each hears the other once. */
static inline void
pair_turn(struct pair *p)
{
	pair_move(&p->a_out, p->b, &p->b_word, p->step);
	pair_move(&p->b_out, p->a, &p->a_word, p->step);
}

static inline void
pair_shake(struct pair *p)
{
	for (int i = 0; i < 6; i++)
		pair_turn(p);
}

#endif
