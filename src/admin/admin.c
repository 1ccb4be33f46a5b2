/* SPDX-License-Identifier: Apache-2.0 */
#include "admin/admin.h"

#include <microhttpd.h>
#include <stdlib.h>

#include "admin/hand.h"
#include "admin/local.h"
#include "admin/path.h"
#include "base/panic.h"

enum { ENVELOPE_BYTES = 256, PROBLEM_BYTES = 1024 };

struct admin {
	struct MHD_Daemon *daemon;
	struct local local;
	struct hand *hand;
	int64_t wait_ms;
	char members[ASK_PAGE_BYTES];                 /* of the thread's answer */
	char answer[ASK_PAGE_BYTES + ENVELOPE_BYTES]; /* the same in its object */
};

/* ---- answers --------------------------------------------------------------------------------- */

static enum MHD_Result
send_text(struct MHD_Connection *connection, unsigned status, const char *type, const char *allow,
	struct str text)
{
	struct MHD_Response *response = MHD_create_response_from_buffer(
		text.len, (void *)(uintptr_t)text.at, MHD_RESPMEM_MUST_COPY);
	enum MHD_Result sent;

	if (response == NULL)
		return MHD_NO;
	(void)MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, type);
	(void)MHD_add_response_header(response, MHD_HTTP_HEADER_CACHE_CONTROL, "no-store");
	if (allow != NULL)
		(void)MHD_add_response_header(response, MHD_HTTP_HEADER_ALLOW, allow);
	sent = MHD_queue_response(connection, status, response);
	MHD_destroy_response(response);
	return sent;
}

static void
put_problem(struct json *j, unsigned status)
{
	json_put_text(j, STR("type"), STR("about:blank"));
	json_put_text(j, STR("title"), str_cstr(MHD_get_reason_phrase_for(status)));
	json_put_number(j, STR("status"), status);
}

/* As RFC 9457 has it. ALLOW: the methods of the path, where that is what is wrong, or NULL. */
static enum MHD_Result
send_fault(
	struct MHD_Connection *connection, unsigned status, const char *allow, const char *detail)
{
	char text[PROBLEM_BYTES];
	struct buf b = buf_on(text, sizeof text);
	struct json j = json_on(&b);

	json_open(&j, '{');
	put_problem(&j, status);
	json_put_text(&j, STR("detail"), str_cstr(detail));
	json_close(&j, '}');
	return send_text(connection, status, "application/problem+json", allow, buf_str(&b));
}

static enum MHD_Result
send_problem(struct MHD_Connection *connection, unsigned status, const char *detail)
{
	return send_fault(connection, status, NULL, detail);
}

static enum MHD_Result
send_answer(struct admin *admin, struct MHD_Connection *connection, const struct path *path,
	const struct answer *answer, struct str members)
{
	struct buf b = buf_on(admin->answer, sizeof admin->answer);
	char text[16];
	struct buf cursor = buf_on(text, sizeof text);
	struct json j = json_on(&b);
	bool is_bad = answer->told == TOLD_BAD;

	json_open(&j, '{');
	if (is_bad)
		put_problem(&j, MHD_HTTP_UNPROCESSABLE_CONTENT);
	else
		json_put_text(&j, STR("schema"), path->schema);
	if (members.len > 0)
		buf_char(&b, ',');
	buf_put(&b, members);
	if (answer->told == TOLD_MORE) {
		buf_number(&cursor, answer->next);
		json_put_text(&j, STR("cursor"), buf_str(&cursor));
	}
	json_close(&j, '}');
	if (!buf_ok(&b))
		return send_problem(connection, MHD_HTTP_INTERNAL_SERVER_ERROR,
			"the answer is larger than an answer may be");
	if (is_bad)
		return send_text(connection, MHD_HTTP_UNPROCESSABLE_CONTENT,
			"application/problem+json", NULL, buf_str(&b));
	return send_text(connection, MHD_HTTP_OK, "application/json", NULL, buf_str(&b));
}

/* ---- who may --------------------------------------------------------------------------------- */

/* -1: it is not known. */
static int
fd_of(struct MHD_Connection *connection)
{
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);

	return info != NULL ? info->connect_fd : -1;
}

static bool
may_enter(const struct admin *admin, struct MHD_Connection *connection)
{
	return local_may_enter(&admin->local, fd_of(connection));
}

static bool
may_order(struct MHD_Connection *connection, uint32_t *uid)
{
	uid_t who;
	bool may = local_may_order(fd_of(connection), &who);

	*uid = who;
	return may;
}

/* The loop puts it into the log; what it answers changes nothing. */
static enum MHD_Result
refuse_order(struct admin *admin, struct MHD_Connection *connection, uint32_t uid)
{
	const struct ask ask = {
		.what = ASK_REFUSED, .name = STR(""), .other = STR(""), .uid = uid
	};
	struct buf nothing = buf_on(admin->members, 0);
	struct answer answer;

	(void)hand_ask(admin->hand, &ask, admin->wait_ms, &answer, &nothing);
	return send_problem(connection, MHD_HTTP_FORBIDDEN,
		"the server takes orders from root and from who runs it");
}

/* ---- questions ------------------------------------------------------------------------------- */

static enum MHD_Result
put_question(struct admin *admin, struct MHD_Connection *connection, const struct path *path,
	const struct ask *ask)
{
	struct buf members = buf_on(admin->members, sizeof admin->members);
	struct answer answer;

	switch (hand_ask(admin->hand, ask, admin->wait_ms, &answer, &members)) {
	case HAND_LATE:
		return send_problem(connection, MHD_HTTP_GATEWAY_TIMEOUT,
			path->is_order ? "the server is too busy to answer; its log says whether "
					 "the order was carried out"
				       : "the server is too busy to answer");
	case HAND_OVER:
		return send_problem(connection, MHD_HTTP_SERVICE_UNAVAILABLE, "the server ends");
	case HAND_TOLD: break;
	}
	if (answer.told == TOLD_NONE)
		return send_problem(connection, MHD_HTTP_NOT_FOUND, "there is no such thing here");
	return send_answer(admin, connection, path, &answer, buf_str(&members));
}

/* What stands behind the `?`, word by word. */
struct words {
	const struct path *path;
	struct ask *ask;
	const char *fault;
};

static enum MHD_Result
on_word(void *closure, enum MHD_ValueKind kind, const char *key, size_t key_len, const char *value,
	size_t value_len)
{
	struct words *w = closure;

	(void)kind;
	w->fault = path_word(w->path, w->ask, str_of(key, key_len), str_of(value, value_len));
	return w->fault == NULL ? MHD_YES : MHD_NO;
}

static enum MHD_Result
hear_question(struct admin *admin, struct MHD_Connection *connection, struct str text)
{
	struct ask ask = { .name = STR(""), .other = STR(""), .uid = (uint32_t)-1 };
	const struct path *path = path_find(text, &ask.name);
	struct words words = { .path = path, .ask = &ask };

	if (path == NULL)
		return send_problem(connection, MHD_HTTP_NOT_FOUND, "there is no such path");
	if (ask.name.len > ASK_NAME_BYTES_MAX)
		return send_problem(connection, MHD_HTTP_NOT_FOUND, "no name is so long");
	ask.what = path->what;
	(void)MHD_get_connection_values_n(connection, MHD_GET_ARGUMENT_KIND, on_word, &words);
	if (words.fault != NULL)
		return send_problem(connection, MHD_HTTP_BAD_REQUEST, words.fault);
	/* Judged once more: what changes something does not hang on what was said of the head. */
	if (path->is_order && !may_order(connection, &ask.uid))
		return refuse_order(admin, connection, ask.uid);
	return put_question(admin, connection, path, &ask);
}

static bool
has_body(struct MHD_Connection *connection)
{
	const char *length =
		MHD_lookup_connection_value(connection, MHD_HEADER_KIND, "Content-Length");

	return MHD_lookup_connection_value(connection, MHD_HEADER_KIND, "Transfer-Encoding") !=
		NULL ||
		(length != NULL && !str_same(str_cstr(length), STR("0")));
}

/* Ends: false when the method is not one of the path's, with *ENDING what came of saying so. */
static bool
is_method(struct MHD_Connection *connection, const struct path *path, struct str method,
	enum MHD_Result *ending)
{
	bool is_order = path != NULL && path->is_order;

	if (is_order ? str_same(method, STR("POST"))
		     : str_same(method, STR("GET")) || str_same(method, STR("HEAD")))
		return true;
	*ending = is_order ? send_fault(connection, MHD_HTTP_METHOD_NOT_ALLOWED, "POST",
				     "this path is an order: it changes something")
			   : send_fault(connection, MHD_HTTP_METHOD_NOT_ALLOWED, "GET, HEAD",
				     "this path is only looked at");
	return false;
}

/* Called with the head of a request, and again when it is whole. */
static enum MHD_Result
on_request(void *closure, struct MHD_Connection *connection, const char *path, const char *method,
	const char *version, const char *body, size_t *body_len, void **seen)
{
	struct admin *admin = closure;
	struct str name;
	const struct path *wanted = path_find(str_cstr(path), &name);
	bool is_head_only = *seen == NULL;
	enum MHD_Result ending;
	uint32_t uid;

	(void)version;
	(void)body;
	*seen = admin;
	*body_len = 0;
	if (!is_head_only)
		return hear_question(admin, connection, str_cstr(path));
	if (wanted != NULL && wanted->is_order && str_same(str_cstr(method), STR("POST")) &&
		!may_order(connection, &uid))
		return refuse_order(admin, connection, uid);
	if (!may_enter(admin, connection))
		return send_problem(connection, MHD_HTTP_FORBIDDEN,
			"the server answers to root, to who runs it and to its admin group");
	if (!is_method(connection, wanted, str_cstr(method), &ending))
		return ending;
	if (has_body(connection))
		return send_problem(
			connection, MHD_HTTP_CONTENT_TOO_LARGE, "a question has no body");
	return MHD_YES;
}

/* What libmicrohttpd would say about peers that break off goes nowhere. */
static void
on_log(void *closure, const char *format, va_list values)
{
	(void)closure;
	(void)format;
	(void)values;
}

/* ---- opening --------------------------------------------------------------------------------- */

struct admin *
admin_open(const struct admin_options *options, struct buf *why)
{
	struct admin *admin = calloc(1, sizeof *admin);

	need(admin != NULL, "memory");
	admin->wait_ms = options->wait_ms > 0 ? options->wait_ms : ASK_WAIT_MS;
	if (!local_open(&admin->local, options->path, options->group, why)) {
		free(admin);
		return NULL;
	}
	admin->hand = hand_open();
	admin->daemon = MHD_start_daemon(
		MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_POLL | MHD_USE_ERROR_LOG, 0, NULL, NULL,
		on_request, admin, MHD_OPTION_EXTERNAL_LOGGER, on_log, NULL,
		MHD_OPTION_LISTEN_SOCKET, admin->local.fd, MHD_OPTION_CONNECTION_LIMIT,
		(unsigned)ADMIN_CONNECTIONS_MAX, MHD_OPTION_CONNECTION_TIMEOUT,
		(unsigned)ADMIN_IDLE_S, MHD_OPTION_CONNECTION_MEMORY_LIMIT,
		(size_t)ADMIN_HEAD_BYTES_MAX, MHD_OPTION_STRICT_FOR_CLIENT, 1, MHD_OPTION_END);
	if (admin->daemon != NULL)
		return admin;
	buf_put(why, STR("the admin socket: libmicrohttpd does not start"));
	admin_close(admin);
	return NULL;
}

void
admin_close(struct admin *admin)
{
	hand_end(admin->hand);
	/* It closes the socket that it was given. */
	if (admin->daemon != NULL) {
		MHD_stop_daemon(admin->daemon);
		admin->local.fd = -1;
	}
	local_close(&admin->local);
	hand_close(admin->hand);
	free(admin);
}

int
admin_fd(const struct admin *admin)
{
	return hand_fd(admin->hand);
}

bool
admin_next(struct admin *admin, struct ask *ask)
{
	return hand_take(admin->hand, ask);
}

void
admin_tell(struct admin *admin, struct answer answer, struct str members)
{
	hand_tell(admin->hand, answer, members);
}
