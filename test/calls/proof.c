/* SPDX-License-Identifier: Apache-2.0 */
/* `proves=PASSWORD`: credentials that the server made, summed up once more. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "calls/check.h"
#include "calls/draft.h"
#include "gate/digest.h"

static struct str
credentials_of(struct str message)
{
	unsigned of_server = text_header_count(message, STR("Authorization"));
	unsigned of_proxy = text_header_count(message, STR("Proxy-Authorization"));

	if (of_server + of_proxy != 1)
		play_fail("there are %u lines of credentials", of_server + of_proxy);
	return text_header(message, of_server == 1 ? "Authorization" : "Proxy-Authorization", 1);
}

void
check_proof(const struct step *step, struct str message)
{
	struct str password = step_option(step, 3, "proves"), value, uri = message, due;
	struct digest_input in = { .password = password, .method = text_method(message) };
	struct hashers hashers;
	char hex[HASH_HEX_MAX];

	if (str_is_none(password))
		return;
	value = credentials_of(message);
	str_cut(&uri, ' ');
	in.algorithm = str_same(draft_param(value, STR("algorithm")), STR("SHA-256"))
		? DIGEST_SHA256
		: DIGEST_MD5;
	in.username = draft_param(value, STR("username"));
	in.realm = draft_param(value, STR("realm"));
	in.nonce = draft_param(value, STR("nonce"));
	in.uri = str_cut(&uri, ' ');
	in.nc = draft_param(value, STR("nc"));
	in.cnonce = draft_param(value, STR("cnonce"));
	in.qop = STR("auth");
	if (!str_same(draft_param(value, STR("uri")), in.uri))
		play_fail("the uri of the digest is not the Request-URI");
	if (!str_same(draft_param(value, STR("qop")), in.qop) || in.cnonce.len < 16 ||
		in.nc.len != 8)
		play_fail("the credentials lack their qop, cnonce or nc");
	assert_true(hashers_open(&hashers));
	due = digest_response(&hashers, &in, hex);
	hashers_close(&hashers);
	if (!str_same(draft_param(value, STR("response")), due))
		play_fail("the response of the digest is not right for this password");
}
