/* SPDX-License-Identifier: Apache-2.0 */
#include "main/renew.h"

#include <stdlib.h>

#include "base/limits.h"
#include "base/panic.h"
#include "main/config_file.h"
#include "main/expiry.h"
#include "main/fresh.h"
#include "main/log.h"
#include "main/watch.h"
#include "net/chain.h"

enum { LINE_BYTES = 1536 };

struct renew {
	const struct config *config;
	struct host *host;
	FILE *log;
	struct watch *watch; /* or NULL */
	uint64_t times;      /* that a set was put in force */
	int64_t look_at_ms;  /* when the dates are looked at next */
	int64_t ahead_s;     /* by how much the calendar was ahead of the clock */
	struct expiry expiry[IDENTITIES_MAX];
	struct fresh fresh, seen; /* the files of the set in force; those of the last try */
	int64_t refused_at_ms;    /* when an order was last refused in a line of the log */
	uint64_t refused_unsaid;  /* and how many without one since */
};

struct renew *
renew_open(const struct config *config, struct host *host, FILE *log)
{
	struct renew *r = calloc(1, sizeof *r);

	need(r != NULL, "memory");
	*r = (struct renew){ .config = config, .host = host, .log = log, .watch = watch_open() };
	fresh_look(&r->fresh, config);
	for (uint32_t i = 0; r->watch != NULL && i < config->identity_count; i++) {
		watch_add(r->watch, config->identities[i].certificate);
		watch_add(r->watch, config->identities[i].key);
		watch_add(r->watch, config->identities[i].trust);
		watch_add(r->watch, config->identities[i].crl);
	}
	if (r->watch == NULL || !host_watch_fd(host, watch_fd(r->watch)) ||
		!watch_sees_all(r->watch))
		log_line(log, log_now_ms(), NOTE_WARN,
			STR("certificates: the system does not tell when their files change; "
			    "SIGHUP does"));
	return r;
}

void
renew_close(struct renew *r)
{
	if (r->watch != NULL)
		watch_close(r->watch);
	free(r);
}

static const struct link *
first_to_end(const struct renew *r, uint32_t place)
{
	static struct link links[CHAIN_LINKS_MAX];
	uint32_t count = host_chain(r->host, place, links, CHAIN_LINKS_MAX);

	return count > 0 ? chain_first_to_end(links, count) : NULL;
}

static void
put_identity(struct buf *b, const struct identity *identity)
{
	buf_put(b, str_is_empty(identity->name) ? STR("default") : identity->name);
	buf_put(b, STR(" ("));
	buf_put(b, identity->certificate);
	buf_char(b, ')');
}

/* ---- a new set ------------------------------------------------------------------------------ */

static void
tell_renewed(struct renew *r, struct str cause)
{
	char text[LINE_BYTES];
	struct buf b = buf_on(text, sizeof text);

	buf_put(&b, STR("certificates: read again, time "));
	buf_number(&b, r->times);
	buf_put(&b, STR(" ("));
	buf_put(&b, cause);
	buf_put(&b,
		STR("): new handshakes use them, connections keep theirs and are "
		    "judged again"));
	for (uint32_t i = 0; i < r->config->identity_count; i++) {
		const struct link *first = first_to_end(r, i);

		if (first == NULL)
			continue;
		buf_put(&b, STR("; "));
		put_identity(&b, &r->config->identities[i]);
		buf_put(&b, STR(" until "));
		chain_put_date(&b, first->until_s);
	}
	log_line(r->log, log_now_ms(), NOTE_INFO,
		buf_ok(&b) ? buf_str(&b) : STR("certificates: read again"));
}

/* As at the start: a key that others can read or change is not taken. */
static bool
are_keys_guarded(const struct config *config, struct buf *why)
{
	struct config_memory *memory = memory_open();
	bool is_good = true;
	struct str fault;

	for (uint32_t i = 0; i < config->identity_count && is_good; i++) {
		struct str key = config->identities[i].key;

		is_good = str_is_empty(key) || file_is_guarded(memory, key, &fault);
		if (is_good)
			continue;
		buf_put(why, key);
		buf_put(why, STR(": "));
		buf_put(why, fault);
	}
	memory_close(memory);
	return is_good;
}

static void
tell_kept(struct renew *r, struct str cause, struct str why)
{
	char text[2 * LINE_BYTES];
	struct buf b = buf_on(text, sizeof text);

	buf_put(&b, STR("certificates: those before stay in use ("));
	buf_put(&b, cause);
	buf_put(&b, STR("): "));
	buf_put(&b, why);
	log_line(r->log, log_now_ms(), NOTE_ERROR, buf_str(&b));
}

/* Ends: whether all is good; else a sentence in WHY. Either way the log knows, and SEEN is how the
 * files were before they were read. */
static bool
renew_all(struct renew *r, struct str cause, struct buf *why)
{
	fresh_look(&r->seen, r->config);
	if (!are_keys_guarded(r->config, why) || !host_renew(r->host, why)) {
		tell_kept(r, cause, buf_str(why));
		return false;
	}
	r->times++;
	r->look_at_ms = 0;
	tell_renewed(r, cause);
	return true;
}

bool
renew_now(struct renew *r, struct str cause)
{
	char text[LINE_BYTES];
	struct buf why = buf_on(text, sizeof text);

	if (!renew_all(r, cause, &why))
		return false;
	r->fresh = r->seen;
	return true;
}

/* ---- orders --------------------------------------------------------------------------------- */

static void
put_file(const struct renew *r, uint32_t place, enum fresh_file which, struct json *to)
{
	const struct identity *identity = &r->config->identities[place];
	struct str path = fresh_path(identity, which);
	const struct link *first;

	if (str_is_empty(path))
		return;
	json_open(to, '{');
	json_put_text(to, STR("identity"),
		str_is_empty(identity->name) ? STR("default") : identity->name);
	json_put_text(to, STR("holds"), fresh_name(which));
	json_put_text(to, STR("path"), path);
	json_put_flag(to, STR("is_new"), fresh_is_other(&r->fresh, &r->seen, place, which));
	first = which == FRESH_CERTIFICATE ? first_to_end(r, place) : NULL;
	if (first != NULL)
		json_put_moment(to, STR("until"), first->until_s);
	json_close(to, '}');
}

static bool
take_reload(void *taker, uint32_t uid, struct json *to)
{
	struct renew *r = taker;
	char text[LINE_BYTES], cause_text[64];
	struct buf why = buf_on(text, sizeof text), cause = buf_on(cause_text, sizeof cause_text);

	buf_put(&cause, STR("by command of uid "));
	buf_number(&cause, uid);
	if (!renew_all(r, buf_str(&cause), &why)) {
		json_put_text(to, STR("detail"), buf_str(&why));
		return false;
	}
	json_put_number(to, STR("times"), r->times);
	json_key(to, STR("files"));
	json_open(to, '[');
	for (uint32_t i = 0; i < r->config->identity_count; i++)
		for (unsigned k = 0; k < FRESH_FILES; k++)
			put_file(r, i, (enum fresh_file)k, to);
	json_close(to, ']');
	r->fresh = r->seen;
	return true;
}

/* One line a second: who is refused may ask on and on. */
static void
tell_refused(void *taker, uint32_t uid)
{
	struct renew *r = taker;
	int64_t now_ms = log_now_ms();
	char text[LINE_BYTES];
	struct buf b = buf_on(text, sizeof text);

	if (now_ms >= r->refused_at_ms && now_ms - r->refused_at_ms < ORDER_REFUSED_GAP_MS) {
		r->refused_unsaid++;
		return;
	}
	buf_put(&b, STR("certificates: an order to read them again is refused, by uid "));
	buf_number(&b, uid);
	buf_put(&b, STR(": root and who runs the server may give it"));
	if (r->refused_unsaid > 0) {
		buf_put(&b, STR("; orders refused since the last such line: "));
		buf_number(&b, r->refused_unsaid);
	}
	r->refused_at_ms = now_ms;
	r->refused_unsaid = 0;
	log_line(r->log, now_ms, NOTE_WARN, buf_str(&b));
}

struct orders
renew_orders(struct renew *r)
{
	return (struct orders){ .taker = r, .reload = take_reload, .refused = tell_refused };
}

/* ---- what ends ------------------------------------------------------------------------------ */

static void
tell_end(struct renew *r, uint32_t place, const struct link *first, int64_t now_s)
{
	char text[LINE_BYTES];
	struct buf b = buf_on(text, sizeof text);
	bool is_over = now_s >= first->until_s;

	buf_put(&b, STR("certificates: "));
	buf_put(&b, str_cstr(first->subject));
	buf_put(&b, STR(" of identity "));
	put_identity(&b, &r->config->identities[place]);
	if (is_over) {
		buf_put(&b, STR(" expired on "));
	} else {
		buf_put(&b, STR(" expires in "));
		buf_number(&b, (uint64_t)(first->until_s - now_s) / DAY_S);
		buf_put(&b, STR(" days, on "));
	}
	chain_put_date(&b, first->until_s);
	buf_put(&b, STR("; put a new one in its place"));
	log_line(r->log, log_now_ms(), is_over ? NOTE_ERROR : NOTE_WARN, buf_str(&b));
}

static bool
has_jumped(struct renew *r, int64_t ahead_s)
{
	int64_t by_s = ahead_s - r->ahead_s;

	r->ahead_s = ahead_s;
	return by_s > CALENDAR_JUMP_S || by_s < -CALENDAR_JUMP_S;
}

void
renew_turn(struct renew *r, int64_t now_ms, int64_t now_s)
{
	if (r->watch != NULL && watch_turn(r->watch, now_ms))
		(void)renew_now(r, STR("a file has changed"));
	if (has_jumped(r, now_s - now_ms / 1000))
		r->look_at_ms = now_ms;
	if (now_ms < r->look_at_ms)
		return;
	r->look_at_ms = now_ms + CALENDAR_LOOK_MS;
	host_review(r->host, now_s);
	for (uint32_t i = 0; i < r->config->identity_count; i++) {
		const struct link *first = first_to_end(r, i);

		if (first != NULL && expiry_is_due(&r->expiry[i], first->until_s, now_s))
			tell_end(r, i, first, now_s);
	}
}

int64_t
renew_wait_ms(const struct renew *r, int64_t now_ms)
{
	int64_t due_at_ms = r->watch != NULL ? watch_due_at_ms(r->watch) : INT64_MAX;

	if (r->look_at_ms < due_at_ms)
		due_at_ms = r->look_at_ms;
	return due_at_ms > now_ms ? due_at_ms - now_ms : 0;
}
