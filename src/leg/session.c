/* SPDX-License-Identifier: Apache-2.0 */
/* The session timer of a leg that we answer (RFC 4028).
 *
 * Toward a caller that supports it we promise `Session-Expires: N;refresher=uas` and refresh at
 * half the interval: by UPDATE where the peer allows that, else by a re-INVITE with the session
 * unchanged. A caller that wants to refresh by itself is watched. */
#include "leg/inside.h"

/* After a refresh that failed in a way that may pass, and while another INVITE is under way. */
enum { AGAIN_MS = 10 * 1000, BUSY_MS = 2 * 1000 };

void
session_hear(struct leg *leg, const struct msg *invite)
{
	struct session *s = &leg->session;
	struct str refresher = msg_refresher(invite);
	uint32_t asked_s;

	if (leg->kind != LEG_OF_CALLER)
		return;
	s->peer_has_timer = msg_has_token(invite, HEADER_SUPPORTED, STR("timer"));
	s->peer_has_update = msg_has_token(invite, HEADER_ALLOW, STR("UPDATE"));
	s->refresher = REFRESHER_NOBODY;
	if (!s->peer_has_timer)
		return;
	if (!msg_seconds(invite, HEADER_MIN_SE, &s->min_se_s) || s->min_se_s < MIN_SE_S)
		s->min_se_s = MIN_SE_S;
	/* Never above what was asked, never below the least that either side allows. */
	s->interval_s = SESSION_EXPIRES_S;
	if (msg_seconds(invite, HEADER_SESSION_EXPIRES, &asked_s) && asked_s < s->interval_s)
		s->interval_s = asked_s;
	if (s->interval_s < s->min_se_s)
		s->interval_s = s->min_se_s;
	s->refresher = str_alike(refresher, STR("uac")) ? REFRESHER_PEER : REFRESHER_WE;
}

/* Whether we could keep the promise to refresh. */
static bool
may_refresh(const struct leg *leg)
{
	return leg->session.peer_has_update || leg_text(leg, TEXT_SDP).len > 0;
}

void
session_write(const struct leg *leg, struct buf *b)
{
	const struct session *s = &leg->session;
	bool is_request = ref_is_none(leg->invite_in);
	bool we = s->refresher == REFRESHER_WE;

	if (s->refresher == REFRESHER_NOBODY || (we && !may_refresh(leg)))
		return;
	write_begin(b, HEADER_SESSION_EXPIRES);
	buf_number(b, s->interval_s);
	/* The roles are those of the request at hand. */
	buf_put(b, we == is_request ? STR(";refresher=uac") : STR(";refresher=uas"));
	write_end(b);
	if (is_request)
		write_number(b, HEADER_MIN_SE, s->min_se_s);
	else if (!we)
		write_header(b, HEADER_REQUIRE, STR("timer"));
}

void
session_start(struct legs *ls, struct leg *leg, const struct turn *t)
{
	struct session *s = &leg->session;
	int64_t interval_ms = (int64_t)s->interval_s * 1000;
	int64_t early_ms = interval_ms / 3 < 32000 ? interval_ms / 3 : 32000;

	if (s->refresher == REFRESHER_NOBODY ||
	    (s->refresher == REFRESHER_WE && !may_refresh(leg))) {
		alarm_disarm(ls->alarms, &leg->alarms[LEG_ALARM_SESSION]);
		return;
	}
	s->expires_at_ms = t->now.mono_ms + interval_ms;
	alarm_arm(ls->alarms, &leg->alarms[LEG_ALARM_SESSION],
	    s->refresher == REFRESHER_WE ? t->now.mono_ms + interval_ms / 2
					 : s->expires_at_ms - early_ms);
}

static void
again(struct legs *ls, struct leg *leg, int64_t wait_ms, const struct turn *t)
{
	int64_t at_ms = t->now.mono_ms + wait_ms;

	if (at_ms > leg->session.expires_at_ms)
		at_ms = leg->session.expires_at_ms;
	alarm_arm(ls->alarms, &leg->alarms[LEG_ALARM_SESSION], at_ms);
}

static struct word
expire(struct legs *ls, struct leg *leg, struct str why, const struct turn *t)
{
	leg_send_bye(ls, leg, STR("SIP;cause=408;text=\"session expired\""), NULL, t);
	return leg_say(WORD_BYE, 408, why, NULL);
}

static struct ref
send_refresh(struct legs *ls, struct leg *leg, const struct turn *t)
{
	char text[512];
	struct buf lines = buf_on(text, sizeof text);
	struct cargo kept = dialog_kept_session(leg);
	struct ref txn;

	session_write(leg, &lines);
	if (leg->session.peer_has_update) {
		write_header(&lines, HEADER_SUPPORTED, STR("timer"));
		return leg_request(ls, leg, METHOD_UPDATE, true, buf_str(&lines), NULL, t);
	}
	leg_write_abilities(&lines, STR("uui,timer"));
	txn = leg_request(ls, leg, METHOD_INVITE, true, buf_str(&lines), &kept, t);
	if (!ref_is_none(txn))
		leg->invite_cseq = leg->local_cseq;
	return txn;
}

struct word
session_ring(struct legs *ls, struct leg *leg, const struct turn *t)
{
	if (leg->state != LEG_TALKING && leg->state != LEG_ANSWERED)
		return leg_nothing();
	if (leg->session.refresher == REFRESHER_PEER)
		return expire(ls, leg, STR("the peer did not refresh its session"), t);
	if (t->now.mono_ms >= leg->session.expires_at_ms)
		return expire(ls, leg, STR("the session could not be refreshed"), t);
	if (!leg_may_change(leg)) {
		again(ls, leg, BUSY_MS, t);
		return leg_nothing();
	}
	leg->session.refresh = send_refresh(ls, leg, t);
	again(ls, leg, ref_is_none(leg->session.refresh) ? AGAIN_MS : INT32_MAX, t);
	return leg_nothing();
}

struct word
session_refreshed(struct legs *ls, struct leg *leg, const struct news *news, const struct msg *msg,
    const struct turn *t)
{
	uint32_t least_s;

	if (news->kind == NEWS_PROVISIONAL)
		return leg_nothing();
	leg->session.refresh = REF_NONE;
	if (news->kind != NEWS_FINAL || msg->status == 408 || msg->status == 481)
		return expire(ls, leg, STR("the refresh of the session failed"), t);
	if (msg->status < 300) {
		dialog_refresh_target(leg, msg);
		if (news->method == METHOD_INVITE)
			leg_send_ack(ls, leg, NULL, t);
		/* A 2xx without Session-Expires turns the timer off (RFC 4028 7.2). */
		if (msg_header(msg, HEADER_SESSION_EXPIRES) == NULL)
			leg->session.refresher = REFRESHER_NOBODY;
		session_start(ls, leg, t);
	} else if (msg->status == 491) {
		/* The caller owns the Call-ID, so we are the side that waits the shorter time. */
		again(ls, leg, 10 * (int64_t)dice_below(ls->dice, 201), t);
	} else if (msg->status == 422 && msg_seconds(msg, HEADER_MIN_SE, &least_s) &&
		   least_s > leg->session.interval_s) {
		leg->session.min_se_s = least_s;
		leg->session.interval_s = least_s;
		again(ls, leg, 0, t);
	} else {
		again(ls, leg, AGAIN_MS, t);
	}
	return leg_nothing();
}
