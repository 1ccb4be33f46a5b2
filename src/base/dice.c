/* SPDX-License-Identifier: Apache-2.0 */
#include "base/dice.h"

#include <string.h>

static uint32_t
turn(uint32_t x, unsigned bits)
{
	return x << bits | x >> (32 - bits);
}

static void
quarter(uint32_t s[16], unsigned a, unsigned b, unsigned c, unsigned d)
{
	s[a] += s[b];
	s[d] = turn(s[d] ^ s[a], 16);
	s[c] += s[d];
	s[b] = turn(s[b] ^ s[c], 12);
	s[a] += s[b];
	s[d] = turn(s[d] ^ s[a], 8);
	s[c] += s[d];
	s[b] = turn(s[b] ^ s[c], 7);
}

/* One block of ChaCha20, with a 64-bit counter and no nonce: the key is used for one stream. */
static void
refill(struct dice *d)
{
	uint32_t start[16] = { 0x61707865, 0x3320646e, 0x79622d32, 0x6b206574 };
	uint32_t s[16];

	memcpy(start + 4, d->key, sizeof d->key);
	start[12] = (uint32_t)d->block;
	start[13] = (uint32_t)(d->block >> 32);
	memcpy(s, start, sizeof s);
	for (int round = 0; round < 10; round++) {
		quarter(s, 0, 4, 8, 12);
		quarter(s, 1, 5, 9, 13);
		quarter(s, 2, 6, 10, 14);
		quarter(s, 3, 7, 11, 15);
		quarter(s, 0, 5, 10, 15);
		quarter(s, 1, 6, 11, 12);
		quarter(s, 2, 7, 8, 13);
		quarter(s, 3, 4, 9, 14);
	}
	for (int i = 0; i < 16; i++) {
		uint32_t word = s[i] + start[i];

		for (int octet = 0; octet < 4; octet++)
			d->stock[4 * i + octet] = (uint8_t)(word >> (8 * octet));
	}
	d->block++;
	d->left = sizeof d->stock;
}

void
dice_init(struct dice *d, const uint8_t seed[DICE_SEED_BYTES])
{
	*d = (struct dice){ .left = 0 };
	for (size_t i = 0; i < 8; i++)
		d->key[i] = (uint32_t)seed[4 * i] | (uint32_t)seed[4 * i + 1] << 8 |
			(uint32_t)seed[4 * i + 2] << 16 | (uint32_t)seed[4 * i + 3] << 24;
}

void
dice_bytes(struct dice *d, void *at, size_t count)
{
	uint8_t *to = at;

	while (count > 0) {
		size_t step;

		if (d->left == 0)
			refill(d);
		step = count < d->left ? count : d->left;
		memcpy(to, d->stock + sizeof d->stock - d->left, step);
		d->left -= (uint32_t)step;
		to += step;
		count -= step;
	}
}

uint64_t
dice_u64(struct dice *d)
{
	uint8_t raw[8];
	uint64_t number = 0;

	dice_bytes(d, raw, sizeof raw);
	for (size_t i = 0; i < sizeof raw; i++)
		number = number << 8 | raw[i];
	return number;
}

uint32_t
dice_below(struct dice *d, uint32_t below)
{
	return (uint32_t)(dice_u64(d) % below);
}

void
dice_guid(struct dice *d, struct buf *b)
{
	static const char hex[] = "0123456789ABCDEF";
	uint8_t raw[16];

	dice_bytes(d, raw, sizeof raw);
	raw[6] = (uint8_t)((raw[6] & 0x0f) | 0x40);
	raw[8] = (uint8_t)((raw[8] & 0x3f) | 0x80);
	for (size_t i = 0; i < sizeof raw; i++) {
		if (i == 4 || i == 6 || i == 8 || i == 10)
			buf_char(b, '-');
		buf_char(b, hex[raw[i] >> 4]);
		buf_char(b, hex[raw[i] & 15]);
	}
}
