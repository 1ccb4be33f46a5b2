/* SPDX-License-Identifier: Apache-2.0 */
#include "main/look.h"

#include <jansson.h>
#include <stdlib.h>

#include "base/panic.h"
#include "main/client.h"
#include "main/config.h"
#include "main/config_memory.h"
#include "main/look_show.h"

enum { TARGET_BYTES_MAX = 2048, WHY_BYTES = 1024 };

#define USUAL_SOCKET "/run/sipward/admin.sock"

/* One run of a verb. */
struct look {
	const struct look_options *options;
	struct config_memory *memory; /* of the socket's path */
	const char *socket;
	struct reply *reply;
	json_t *answer; /* of the last question */
};

/* ---- asking ---------------------------------------------------------------------------------- */

static int
complain(int code, struct str why)
{
	fputs("sipward: error: ", stderr);
	table_print_text(why, stderr);
	fputc('\n', stderr);
	return code;
}

static int
look_open(struct look *look, const struct look_options *options)
{
	struct str path = str_cstr(USUAL_SOCKET);

	*look = (struct look){ .options = options, .memory = memory_open() };
	look->reply = malloc(sizeof *look->reply);
	need(look->reply != NULL, "memory");
	if (options->socket != NULL)
		path = str_cstr(options->socket);
	else if (options->config_path != NULL &&
		!config_find_admin(look->memory, options->config_path, stderr, &path))
		return EXIT_CONFIG;
	look->socket = path.at;
	return EXIT_FINE;
}

static int
look_close(struct look *look, int code)
{
	json_decref(look->answer);
	free(look->reply);
	memory_close(look->memory);
	return code;
}

/* What the server says to a question that it does not answer. */
static int
complain_of(const struct reply *reply, const json_t *problem)
{
	const char *detail = json_string_value(json_object_get(problem, "detail"));
	struct str why = detail != NULL ? str_cstr(detail) : STR("the server gives no answer");

	switch (reply->status) {
	case 403: return complain(EXIT_DENIED, why);
	case 404: return complain(EXIT_NOT_FOUND, why);
	case 422: return complain(EXIT_CONFIG, why);
	case 503: return complain(EXIT_UNREACHABLE, why);
	case 504: return complain(EXIT_LATE, why);
	default: return complain(EXIT_FAILED, why);
	}
}

static int
ask_by(struct look *look, int (*way)(const char *, struct str, struct reply *, struct buf *),
	struct str target)
{
	char text[WHY_BYTES];
	struct buf why = buf_on(text, sizeof text);
	int code = way(look->socket, target, look->reply, &why);

	json_decref(look->answer);
	look->answer = NULL;
	if (code != EXIT_FINE)
		return complain(code, buf_str(&why));
	look->answer = json_loadb(look->reply->body.at, look->reply->body.len,
		JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL, NULL);
	if (!json_is_object(look->answer))
		return complain(EXIT_FAILED, STR("what the server says cannot be read"));
	if (look->reply->status != 200)
		return complain_of(look->reply, look->answer);
	return EXIT_FINE;
}

static int
ask(struct look *look, struct str target)
{
	return ask_by(look, client_get, target);
}

/* Prints the answer, and gives back what LOOK has. */
static int
finish(struct look *look, int code, void (*show)(const json_t *))
{
	if (code == EXIT_FINE && look->options->is_json) {
		fwrite(look->reply->body.at, 1, look->reply->body.len, stdout);
		fputc('\n', stdout);
	} else if (code == EXIT_FINE) {
		show(look->answer);
	}
	return look_close(look, code);
}

/* One question with one answer: for PATH NAME BEHIND OTHER, where the two names are escaped and all
 * but PATH may be NULL. */
static int
look_once(const struct look_options *options, const char *path, const char *name,
	const char *behind, const char *other, void (*show)(const json_t *))
{
	char text[TARGET_BYTES_MAX];
	struct buf target = buf_on(text, sizeof text);
	struct look look;
	int code = look_open(&look, options);

	buf_put(&target, str_cstr(path));
	if (name != NULL)
		client_put_escaped(&target, str_cstr(name));
	if (behind != NULL)
		buf_put(&target, str_cstr(behind));
	if (other != NULL)
		client_put_escaped(&target, str_cstr(other));
	if (code == EXIT_FINE && !buf_ok(&target))
		code = complain(EXIT_NOT_FOUND, STR("no name is so long"));
	if (code == EXIT_FINE)
		code = ask(&look, buf_str(&target));
	return finish(&look, code, show);
}

int
look_status(const struct look_options *options)
{
	return look_once(options, "/v1/status", NULL, NULL, NULL, show_status);
}

int
look_call(const struct look_options *options, const char *id)
{
	return look_once(options, "/v1/calls/", id, NULL, NULL, show_call);
}

int
look_why(const struct look_options *options, const char *id)
{
	return look_once(options, "/v1/why/", id, NULL, NULL, show_why);
}

int
look_route(const struct look_options *options, const char *from, const char *to)
{
	return look_once(options, "/v1/route?from=", from, "&to=", to, show_route);
}

int
look_reload(const struct look_options *options)
{
	struct look look;
	int code = look_open(&look, options);

	if (code == EXIT_FINE)
		code = ask_by(&look, client_post, STR("/v1/reload"));
	return finish(&look, code, show_reload);
}

/* ---- lists ----------------------------------------------------------------------------------- */

static const struct {
	const char *noun, *path;
	const struct show_list *list;
} lists[] = {
	{ "calls", "/v1/calls", &show_calls },
	{ "registrations", "/v1/registrations", &show_registrations },
	{ "crossings", "/v1/crossings", &show_pairs },
	{ "dns", "/v1/crossings/dns", &show_tallies }, /* the second half of `crossings` */
};

enum { LISTS = sizeof lists / sizeof lists[0] - 1 };

const char *
look_nouns(void)
{
	return "calls|registrations|crossings";
}

/* Asks for one page after another, each item to the table, or as it is. */
static int
read_pages(struct look *look, size_t list, const char *number, struct table *table)
{
	const char *cursor = NULL;
	bool has_items = false;
	int code;

	do {
		char text[TARGET_BYTES_MAX];
		struct buf target = buf_on(text, sizeof text);
		json_t *item;
		size_t i;

		buf_put(&target, str_cstr(lists[list].path));
		buf_put(&target, STR("?cursor="));
		client_put_escaped(&target, cursor != NULL ? str_cstr(cursor) : STR("0"));
		if (number != NULL) {
			buf_put(&target, STR("&number="));
			client_put_escaped(&target, str_cstr(number));
		}
		code = buf_ok(&target) ? ask(look, buf_str(&target))
				       : complain(EXIT_NOT_FOUND, STR("no number is so long"));
		if (code != EXIT_FINE)
			return code;
		json_array_foreach(json_object_get(look->answer, "items"), i, item)
		{
			if (look->options->is_json) {
				fputs(has_items ? "," : "", stdout);
				(void)json_dumpf(item, stdout, JSON_COMPACT);
			} else {
				lists[list].list->put(table, item);
			}
			has_items = true;
		}
		cursor = json_string_value(json_object_get(look->answer, "cursor"));
	} while (cursor != NULL);
	return EXIT_FINE;
}

/* Reads a list and prints it. */
static int
print_list(struct look *look, size_t list, const char *number)
{
	struct table *table = table_open(lists[list].list->titles, lists[list].list->columns);
	int code = read_pages(look, list, number, table);

	if (code == EXIT_FINE && !look->options->is_json)
		table_print(table, stdout);
	table_close(table);
	return code;
}

int
look_list(const struct look_options *options, const char *noun, const char *number)
{
	struct look look;
	size_t list = 0;
	bool has_second;
	int code;

	while (list < LISTS && !str_same(str_cstr(lists[list].noun), str_cstr(noun)))
		list++;
	if (list == LISTS)
		return complain(EXIT_USAGE,
			STR("there is no such list; show calls|registrations|crossings"));
	has_second = lists[list].list == &show_pairs;
	code = look_open(&look, options);
	if (code == EXIT_FINE && options->is_json)
		printf("{\"schema\":\"%s/1\",\"items\":[", noun);
	if (code == EXIT_FINE)
		code = print_list(&look, list, number);
	if (code == EXIT_FINE && has_second) {
		fputs(options->is_json ? "],\"dns\":[" : "\n", stdout);
		code = print_list(&look, list + 1, number);
	}
	if (code == EXIT_FINE && options->is_json)
		fputs("]}\n", stdout);
	return look_close(&look, code);
}
