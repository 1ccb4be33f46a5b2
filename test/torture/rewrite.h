/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TORTURE_REWRITE_H
#define TORTURE_REWRITE_H

#include "base/str.h"

/* MESSAGE as its sender would have written it over TLS: each `sip:` of its head is `sips:`, and
 * each Via over UDP or TCP is one over TLS. The body stays. In the SIZE octets at TEXT. */
struct str rewrite_sips(char *text, size_t size, struct str message);

#endif
