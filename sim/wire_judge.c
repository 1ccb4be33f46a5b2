/* SPDX-License-Identifier: Apache-2.0 */
/* What every message that leaves must be like, whoever it is for. */
#include "wire.h"

#include <string.h>

static const char *
judge_request(const struct wire_msg *m, const char *transport)
{
	if (m->via_count != 1) /* RFC 3261 8.1.1.7: a B2BUA is where the request begins */
		return "a request that has not one Via";
	if (m->count[WIRE_MAX_FORWARDS] == 0) /* 8.1.1.6 */
		return "a request without Max-Forwards";
	if (!wire_alike(m->via_transport, transport))
		return "the Via names another transport than the message leaves by";
	if (wire_is(m->method, "ACK") && m->contact_count > 0)
		return "an ACK with a Contact";
	return NULL;
}

static const char *
judge_response(const struct wire_msg *m)
{
	static const struct {
		unsigned status;
		enum wire_id needs;
		const char *why;
	} needs[] = {
		{ 401, WIRE_WWW_AUTHENTICATE, "a 401 without WWW-Authenticate" }, /* 22.2 */
		{ 405, WIRE_ALLOW, "a 405 without Allow" },                       /* 8.2.1 */
		{ 415, WIRE_ACCEPT, "a 415 without Accept" },                     /* 8.2.3 */
		{ 420, WIRE_UNSUPPORTED, "a 420 without Unsupported" },           /* 8.2.2.3 */
		{ 422, WIRE_MIN_SE, "a 422 without Min-SE" },                     /* RFC 4028 6 */
		{ 423, WIRE_MIN_EXPIRES, "a 423 without Min-Expires" },           /* 10.3 */
	};

	for (size_t i = 0; i < sizeof needs / sizeof needs[0]; i++)
		if (m->status == needs[i].status && m->count[needs[i].needs] == 0)
			return needs[i].why;
	/* 8.2.6.2 */
	if (m->status > 100 && m->to_tag.len == 0)
		return "a response without a To tag";
	if (wire_is(m->method, "INVITE") && m->status > 100 && m->status < 300 &&
		m->contact_count != 1) /* 12.1.1 */
		return "an answer to INVITE without one Contact";
	if (wire_is(m->method, "REGISTER") && m->status >= 600) /* 10.2.7, 21.6 */
		return "a 6xx to REGISTER";
	return NULL;
}

const char *
wire_judge(const struct wire_msg *m, const char *transport)
{
	if (m->fault != NULL)
		return m->fault;
	if (m->content_length < 0 || (uint64_t)m->content_length != m->text.len - m->head.len)
		return "Content-Length is not that of the body";
	if ((m->count[WIRE_CONTENT_TYPE] > 0) != (m->body.len > 0))
		return "Content-Type and body do not go together";
	return m->is_request ? judge_request(m, transport) : judge_response(m);
}
