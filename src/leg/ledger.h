/* SPDX-License-Identifier: Apache-2.0 */
/* ledger.h - how each leg was secured, as it is shown and written down. */
#ifndef LEG_LEDGER_H
#define LEG_LEDGER_H

#include "base/json.h"
#include "leg/leg.h"

/* The leg speaks by its flow: takes in what is known of that, and that it is another one if it is.
 * IS_HEARD: the peer chose it. */
void ledger_see(const struct legs *, struct leg *, bool is_heard, const struct turn *);

/* The device was heard: what it says of itself (User-Agent, Server) is kept, cut. */
void ledger_hear(struct leg *, const struct msg *);

/* Puts the members of an object: the DN, scheme and transport, the far end and how it was checked,
 * what TLS said, the dialog, the changes of flow. Texts of peers are cut at LOG_TEXT_MAX. */
void ledger_write(const struct legs *, const struct leg *, struct json *);

#endif
