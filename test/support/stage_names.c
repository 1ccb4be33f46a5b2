/* SPDX-License-Identifier: Apache-2.0 */
/* The resolver of the stage: a table of what DNS says. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "support/stage.h"

static const char *const kinds[] = { "ADDRESSES", "SRV", "NAPTR" };

static struct stage_name *
find(struct stage *s, const char *name, enum names_kind kind)
{
	unsigned i = 0;

	while (i < s->name_count &&
		(strcmp(s->names[i].name, name) != 0 || s->names[i].kind != kind))
		i++;
	assert_true(i < STAGE_NAMES_MAX);
	if (i == s->name_count)
		s->names[s->name_count++] =
			(struct stage_name){ .name = name, .kind = kind, .ttl_s = 60 };
	return &s->names[i];
}

void
stage_name(struct stage *s, const char *name, const char *ip)
{
	struct stage_name *n = find(s, name, NAMES_ADDRESSES);

	assert_true(n->count < NAMES_MAX);
	n->addrs[n->count++] = stage_addr(ip, 0);
}

void
stage_service(
	struct stage *s, const char *name, enum names_kind kind, const struct dns_record *service)
{
	struct stage_name *n = find(s, name, kind);

	assert_true(n->count < SERVICES_MAX);
	n->services[n->count++] = *service;
}

void
stage_no_name(struct stage *s, const char *name)
{
	for (unsigned i = 0; i < s->name_count; i++)
		if (strcmp(s->names[i].name, name) == 0)
			s->names[i--] = s->names[--s->name_count];
}

void
stage_name_fails(struct stage *s, const char *name)
{
	for (int kind = NAMES_ADDRESSES; kind <= NAMES_NAPTR; kind++)
		find(s, name, (enum names_kind)kind)->fails = true;
}

void
stage_ttl(struct stage *s, const char *name, uint32_t ttl_s)
{
	for (int kind = NAMES_ADDRESSES; kind <= NAMES_NAPTR; kind++)
		find(s, name, (enum names_kind)kind)->ttl_s = ttl_s;
}

bool
stage_asked(const struct stage *s, const char *part)
{
	return memmem(s->asked, s->asked_len, part, strlen(part)) != NULL;
}

struct event
stage_answer(struct stage *s, const struct act *act)
{
	struct event e = { .kind = EV_NAMES };
	size_t room = sizeof s->asked - s->asked_len;
	int len = snprintf(s->asked + s->asked_len, room, "%s %.*s\n", kinds[act->u.resolve.kind],
		(int)act->u.resolve.name.len, act->u.resolve.name.at);

	if ((size_t)len < room)
		s->asked_len += (size_t)len;
	e.u.names.ask = act->u.resolve.ask;
	e.u.names.kind = act->u.resolve.kind;
	e.u.names.status = s->names_fail ? NAMES_FAILED : NAMES_ABSENT;
	e.u.names.ttl_s = 60;
	for (unsigned i = 0; i < s->name_count && !s->names_fail; i++) {
		const struct stage_name *n = &s->names[i];

		if (!str_alike(act->u.resolve.name, str_cstr(n->name)) ||
			n->kind != act->u.resolve.kind)
			continue;
		e.u.names.status = n->fails ? NAMES_FAILED
			: n->count > 0      ? NAMES_FOUND
					    : NAMES_ABSENT;
		e.u.names.ttl_s = n->ttl_s;
		e.u.names.count = n->fails ? 0 : n->count;
		if (n->kind == NAMES_ADDRESSES)
			memcpy(e.u.names.addrs, n->addrs, sizeof n->addrs);
		else
			memcpy(e.u.names.services, n->services, sizeof n->services);
	}
	return e;
}
