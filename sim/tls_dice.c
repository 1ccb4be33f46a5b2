/* SPDX-License-Identifier: Apache-2.0 */
/* The one way to give OpenSSL 3 a generator of ours without a provider is an old one. */
#define OPENSSL_SUPPRESS_DEPRECATED
#include "tls_dice.h"

#include <openssl/rand.h>
#include <stddef.h>

#include "base/panic.h"

static struct dice *drawn_from;

static int
draw(unsigned char *at, int count)
{
	dice_bytes(drawn_from, at, (size_t)count);
	return 1;
}

static int
is_ready(void)
{
	return 1;
}

void
tls_dice_use(struct dice *dice)
{
	static const RAND_METHOD method = { .bytes = draw, .pseudorand = draw, .status = is_ready };

	drawn_from = dice;
	must(RAND_set_rand_method(dice != NULL ? &method : NULL) == 1);
}
