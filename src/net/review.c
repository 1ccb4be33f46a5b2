/* SPDX-License-Identifier: Apache-2.0 */
#include "base/limits.h"
#include "net/stream.h"

enum { CUT_BYTES = 2048 };

void
streams_review(struct streams *s, int64_t now_s)
{
	/* Once round from wherever the last one is: one that begins again and again ends, too. */
	s->review_left = s->pool.count;
	s->review_at_s = now_s;
}

static void
cut(struct conn *conn)
{
	char text[CUT_BYTES];
	struct buf b = buf_on(text, sizeof text);

	buf_put(&b, STR("cut by us: "));
	buf_put(&b, tls_end_why(conn->tls));
	tls_end_shut(conn->tls);
	stream_end(conn, buf_str(&b));
}

void
streams_review_turn(struct streams *s)
{
	uint32_t judged = 0;

	while (s->review_left > 0 && judged < REVIEWS_PER_TURN) {
		struct conn *conn;

		s->review_left--;
		s->review_slot = s->review_slot + 1 < s->pool.count ? s->review_slot + 1 : 0;
		conn = pool_slot(&s->pool, s->review_slot);
		if (conn == NULL || conn->state != CONN_OPEN || conn->tls == NULL)
			continue;
		judged += tls_end_is_proven(conn->tls);
		if (!tls_end_is_good(conn->tls, s->review_at_s))
			cut(conn);
	}
}
