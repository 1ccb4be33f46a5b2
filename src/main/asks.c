/* SPDX-License-Identifier: Apache-2.0 */
#include "main/asks.h"

#include <stdlib.h>

#include "admin/admin.h"
#include "base/panic.h"
#include "net/sock.h"

/* Questions that one turn of the loop answers; who asks on and on must not hold up the calls. */
enum { ASKS_PER_TURN = 4 };

struct asks {
	struct admin *admin;
	const struct listener *listeners;
	uint32_t listener_count;
	struct when start;
	char page[ASK_PAGE_BYTES];
};

struct asks *
asks_open(const struct config *config, const struct listener *listeners, uint32_t count,
	struct when now, struct buf *why)
{
	const struct admin_options options = { .path = config->admin.at,
		.group = config->admin_has_group ? &config->admin_group : NULL };
	struct asks *asks = calloc(1, sizeof *asks);

	need(asks != NULL, "memory");
	asks->listeners = listeners;
	asks->listener_count = count;
	asks->start = now;
	asks->admin = admin_open(&options, why);
	if (asks->admin != NULL)
		return asks;
	free(asks);
	return NULL;
}

void
asks_close(struct asks *asks)
{
	admin_close(asks->admin);
	free(asks);
}

int
asks_fd(const struct asks *asks)
{
	return admin_fd(asks->admin);
}

/* What the core does not know of its own server. */
static void
put_server(const struct asks *asks, struct when now, struct json *j)
{
	json_put_text(j, STR("version"), STR(SIPWARD_VERSION));
	json_put_moment(j, STR("start"), asks->start.wall_s);
	json_put_number(j, STR("up_s"), (uint64_t)(now.mono_ms - asks->start.mono_ms) / 1000);
	json_key(j, STR("listeners"));
	json_open(j, '[');
	for (uint32_t i = 0; i < asks->listener_count; i++) {
		const struct listener *l = &asks->listeners[i];
		char text[ADDR_TEXT_MAX];
		struct buf b = buf_on(text, sizeof text);

		addr_write_port(&b, &l->local);
		json_open(j, '{');
		json_put_text(j, STR("transport"), sock_transport_name(l->transport));
		json_put_text(j, STR("local"), buf_str(&b));
		json_put_text(j, STR("advertise"), l->advertise);
		json_close(j, '}');
	}
	json_close(j, ']');
}

static struct answer
take_order(const struct orders *orders, const struct ask *ask, struct json *j)
{
	if (orders->taker == NULL)
		return (struct answer){ .told = TOLD_NONE };
	if (ask->what == ASK_RELOAD)
		return (struct answer){
			.told = orders->reload(orders->taker, ask->uid, j) ? TOLD_ALL : TOLD_BAD
		};
	orders->refused(orders->taker, ask->uid);
	return (struct answer){ .told = TOLD_ALL };
}

void
asks_answer(
	struct asks *asks, const struct core *core, const struct orders *orders, struct when now)
{
	struct ask ask;

	for (int i = 0; i < ASKS_PER_TURN && admin_next(asks->admin, &ask); i++) {
		struct buf b = buf_on(asks->page, sizeof asks->page);
		struct json j = json_on(&b);
		struct answer answer;

		if (ask.what == ASK_STATUS)
			put_server(asks, now, &j);
		if (ask.what == ASK_RELOAD || ask.what == ASK_REFUSED)
			answer = take_order(orders, &ask, &j);
		else
			answer = core_ask(core, &ask, now, &j);
		admin_tell(asks->admin, answer, buf_str(&b));
	}
}
