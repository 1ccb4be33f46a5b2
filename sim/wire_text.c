/* SPDX-License-Identifier: Apache-2.0 */
/* Pieces of text, and what is known of a URI and of a list of values. */
#include "wire.h"

#include <string.h>

struct wire_text
wire_cstr(const char *text)
{
	return (struct wire_text){ text, text != NULL ? strlen(text) : 0 };
}

static char
lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c + ('a' - 'A')) : c;
}

bool
wire_same(struct wire_text a, struct wire_text b)
{
	return a.len == b.len && (a.len == 0 || memcmp(a.at, b.at, a.len) == 0);
}

bool
wire_same_alike(struct wire_text a, struct wire_text b)
{
	if (a.len != b.len)
		return false;
	for (size_t i = 0; i < a.len; i++)
		if (lower(a.at[i]) != lower(b.at[i]))
			return false;
	return true;
}

bool
wire_is(struct wire_text text, const char *other)
{
	return wire_same(text, wire_cstr(other));
}

bool
wire_alike(struct wire_text text, const char *other)
{
	return wire_same_alike(text, wire_cstr(other));
}

bool
wire_begins_alike(struct wire_text text, const char *start)
{
	struct wire_text front = wire_cstr(start);

	if (text.len < front.len)
		return false;
	text.len = front.len;
	return wire_same_alike(text, front);
}

bool
wire_holds(struct wire_text text, struct wire_text part)
{
	return part.len > 0 && text.len >= part.len &&
		memmem(text.at, text.len, part.at, part.len) != NULL;
}

static bool
is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

struct wire_text
wire_trim(struct wire_text text)
{
	while (text.len > 0 && is_space(text.at[0])) {
		text.at++;
		text.len--;
	}
	while (text.len > 0 && is_space(text.at[text.len - 1]))
		text.len--;
	return text;
}

int64_t
wire_number(struct wire_text text)
{
	int64_t number = 0;

	if (text.len == 0 || text.len > 18)
		return -1;
	for (size_t i = 0; i < text.len; i++) {
		if (text.at[i] < '0' || text.at[i] > '9')
			return -1;
		number = 10 * number + (text.at[i] - '0');
	}
	return number;
}

/* ---- keys ---- */

uint64_t
wire_mix(uint64_t seed, uint64_t part)
{
	uint64_t h = (seed ^ part) * 0x9e3779b97f4a7c15U;

	h ^= h >> 29;
	h *= 0xbf58476d1ce4e5b9U;
	return h ^ h >> 32;
}

uint64_t
wire_hash(uint64_t seed, struct wire_text text)
{
	uint64_t h = wire_mix(seed, text.len + 1);
	size_t i = 0;

	for (; i + 8 <= text.len; i += 8) {
		uint64_t word;

		memcpy(&word, text.at + i, sizeof word);
		h = wire_mix(h, word);
	}
	for (; i < text.len; i++)
		h = (h ^ (unsigned char)text.at[i]) * 0x100000001b3U;
	return wire_mix(h, 1);
}

uint64_t
wire_hash_fold(uint64_t seed, struct wire_text text)
{
	uint64_t h = wire_mix(seed, text.len + 1);

	for (size_t i = 0; i < text.len; i++)
		h = (h ^ (unsigned char)lower(text.at[i])) * 0x100000001b3U;
	return wire_mix(h, 1);
}

/* ---- lists and parameters ---- */

/* Where the first of MARKS stands in TEXT outside of quotes and angle brackets; its length if
 * nowhere. */
static size_t
find_mark(struct wire_text text, const char *marks)
{
	bool in_quotes = false;
	unsigned depth = 0;

	for (size_t i = 0; i < text.len; i++) {
		char c = text.at[i];

		if (in_quotes && c == '\\')
			i++;
		else if (c == '"')
			in_quotes = !in_quotes;
		else if (in_quotes)
			continue;
		else if (c == '<')
			depth++;
		else if (c == '>' && depth > 0)
			depth--;
		else if (depth == 0 && c != '\0' && strchr(marks, c) != NULL)
			return i;
	}
	return text.len;
}

static struct wire_text
upto(struct wire_text text, size_t len)
{
	return (struct wire_text){ text.at, len };
}

static struct wire_text
from(struct wire_text text, size_t at)
{
	return at >= text.len ? (struct wire_text){ text.at + text.len, 0 }
			      : (struct wire_text){ text.at + at, text.len - at };
}

bool
wire_list_next(struct wire_text *rest, struct wire_text *value)
{
	size_t end;

	if (rest->at == NULL || rest->len == 0)
		return false;
	end = find_mark(*rest, ",");
	*value = wire_trim(upto(*rest, end));
	*rest = from(*rest, end + 1);
	return true;
}

struct wire_list
wire_values(const struct wire_msg *msg, enum wire_id id)
{
	return (struct wire_list){ .msg = msg, .id = id };
}

bool
wire_values_next(struct wire_list *list, struct wire_text *value)
{
	while (!wire_list_next(&list->rest, value)) {
		const struct wire_msg *msg = list->msg;

		while (list->line < msg->header_count && msg->headers[list->line].id != list->id)
			list->line++;
		if (list->line == msg->header_count)
			return false;
		list->rest = msg->headers[list->line++].value;
	}
	return true;
}

struct wire_text
wire_uri_of(struct wire_text name_addr)
{
	bool in_quotes = false;

	for (size_t i = 0; i < name_addr.len; i++) {
		char c = name_addr.at[i];
		const char *end;

		if (in_quotes && c == '\\')
			i++;
		else if (c == '"')
			in_quotes = !in_quotes;
		else if (c == '<' && !in_quotes) {
			struct wire_text uri = from(name_addr, i + 1);

			end = uri.len > 0 ? memchr(uri.at, '>', uri.len) : NULL;
			return end == NULL ? (struct wire_text){ NULL, 0 }
					   : upto(uri, (size_t)(end - uri.at));
		}
	}
	return wire_trim(upto(name_addr, find_mark(name_addr, ";")));
}

struct wire_text
wire_param(struct wire_text name_addr, const char *name)
{
	struct wire_text rest = from(name_addr, find_mark(name_addr, ";") + 1);

	while (rest.len > 0) {
		size_t end = find_mark(rest, ";");
		struct wire_text one = upto(rest, end);
		size_t is = find_mark(one, "=");

		rest = from(rest, end + 1);
		if (wire_alike(wire_trim(upto(one, is)), name))
			return wire_trim(from(one, is + 1));
	}
	return (struct wire_text){ NULL, 0 };
}

/* ---- URIs ---- */

bool
wire_uri_is_sips(struct wire_text uri)
{
	return wire_begins_alike(uri, "sips:");
}

/* What stands behind the scheme, without parameters and headers of the host part. */
static struct wire_text
address_of(struct wire_text uri, struct wire_text *user)
{
	const char *colon = uri.len > 0 ? memchr(uri.at, ':', uri.len) : NULL;
	struct wire_text rest =
		colon != NULL ? from(uri, (size_t)(colon - uri.at) + 1) : from(uri, uri.len);
	const char *sign = rest.len > 0 ? memchr(rest.at, '@', rest.len) : NULL;
	size_t end = 0;

	*user = (struct wire_text){ NULL, 0 };
	if (sign != NULL) {
		*user = upto(rest, (size_t)(sign - rest.at));
		rest = from(rest, user->len + 1);
	}
	while (end < rest.len && rest.at[end] != ';' && rest.at[end] != '?')
		end++;
	return upto(rest, end);
}

struct wire_text
wire_uri_user(struct wire_text uri)
{
	struct wire_text user;

	(void)address_of(uri, &user);
	return user;
}

struct wire_text
wire_uri_host_port(struct wire_text uri)
{
	struct wire_text user;

	return address_of(uri, &user);
}

struct wire_text
wire_uri_host(struct wire_text uri)
{
	struct wire_text host = wire_uri_host_port(uri);
	const char *end;

	if (host.len > 0 && host.at[0] == '[') {
		end = memchr(host.at, ']', host.len);
		return end == NULL ? host
				   : (struct wire_text){ host.at + 1, (size_t)(end - host.at) - 1 };
	}
	end = host.len > 0 ? memchr(host.at, ':', host.len) : NULL;
	return end == NULL ? host : upto(host, (size_t)(end - host.at));
}

struct wire_text
wire_uri_behind(struct wire_text uri)
{
	const char *colon = uri.len > 0 ? memchr(uri.at, ':', uri.len) : NULL;

	if (colon == NULL)
		return uri;
	return (struct wire_text){ colon + 1, uri.len - (size_t)(colon + 1 - uri.at) };
}

struct wire_text
wire_uri_bare(struct wire_text uri)
{
	struct wire_text host = wire_uri_host_port(uri);

	if (uri.len == 0 || host.at == NULL)
		return uri;
	return upto(uri, (size_t)(host.at + host.len - uri.at));
}
