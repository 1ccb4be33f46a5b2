/* SPDX-License-Identifier: Apache-2.0 */
/* ledger.h - how each leg was secured, as it is shown and written down. */
#ifndef LEG_LEDGER_H
#define LEG_LEDGER_H

#include "base/json.h"
#include "leg/leg.h"

/* Puts the members of an object: the DN, scheme and transport, the far end and how it was checked,
 * what TLS said, the dialog. Texts of peers are cut at LOG_TEXT_MAX. */
void ledger_write(const struct legs *, const struct leg *, struct json *);

#endif
