/* SPDX-License-Identifier: Apache-2.0 */
#include "tls_octets.h"

#include <string.h>

#include "base/panic.h"

void
octets_put(struct octets *o, struct str s)
{
	bytes_put(&o->bytes, s);
}

struct str
octets_str(const struct octets *o)
{
	return str_from(bytes_str(&o->bytes), o->from);
}

void
octets_drop(struct octets *o, size_t count)
{
	o->from += count;
	must(o->from <= o->bytes.used);
	if (o->from == o->bytes.used) {
		o->bytes.used = 0;
		o->from = 0;
	} else if (o->from > o->bytes.used / 2) {
		o->bytes.used -= o->from;
		memmove(o->bytes.at, o->bytes.at + o->from, o->bytes.used);
		o->from = 0;
	}
}

void
octets_free(struct octets *o)
{
	bytes_free(&o->bytes);
	o->from = 0;
}
