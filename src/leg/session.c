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
	struct session *s = &leg->asked;
	struct str refresher = msg_refresher(invite);
	uint32_t asked_s;

	*s = leg->session;
	if (leg->kind != LEG_OF_CALLER)
		return;
	s->peer_has_timer = msg_has_token(invite, HEADER_SUPPORTED, STR("timer"));
	if (msg_header(invite, HEADER_ALLOW) != NULL)
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

void
session_agree(struct leg *leg)
{
	const struct session *asked = &leg->asked;

	leg->session.refresher = asked->refresher;
	leg->session.interval_s = asked->interval_s;
	leg->session.min_se_s = asked->min_se_s;
	leg->session.peer_has_update = asked->peer_has_update;
	leg->session.peer_has_timer = asked->peer_has_timer;
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

	if ((leg->state != LEG_ANSWERED && leg->state != LEG_TALKING) ||
		s->refresher == REFRESHER_NOBODY ||
		(s->refresher == REFRESHER_WE && !may_refresh(leg))) {
		alarm_disarm(ls->alarms, &leg->alarms[LEG_ALARM_SESSION]);
		return;
	}
	s->expires_at_ms = t->now.mono_ms + interval_ms;
	alarm_arm(ls->alarms, &leg->alarms[LEG_ALARM_SESSION],
		s->refresher == REFRESHER_WE ? t->now.mono_ms + interval_ms / 2
					     : s->expires_at_ms - early_ms);
}

void
session_answered(struct legs *ls, struct leg *leg, const struct msg *answer, const struct turn *t)
{
	struct session *s = &leg->session;
	uint32_t interval_s;

	/* A 2xx without Session-Expires turns the timer off (RFC 4028 7.2). */
	if (!msg_seconds(answer, HEADER_SESSION_EXPIRES, &interval_s))
		s->refresher = REFRESHER_NOBODY;
	if (s->refresher != REFRESHER_NOBODY) {
		/* The peer may have asked for less than we did, and to do it itself. */
		s->interval_s = interval_s < MIN_SE_S ? MIN_SE_S : interval_s;
		s->refresher = str_alike(msg_refresher(answer), STR("uas")) ? REFRESHER_PEER
									    : REFRESHER_WE;
	}
	session_start(ls, leg, t);
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
	leg_hang_up(ls, leg, STR("SIP;cause=408;text=\"session expired\""), NULL, t);
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
	leg->session.refresh_is_invite = !leg->session.peer_has_update;
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
	if ((leg->state != LEG_TALKING && leg->state != LEG_ANSWERED) || leg->wants_bye)
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

/* The refresh was refused, but the dialog lives: the old expiry still counts. */
static void
retry(struct legs *ls, struct leg *leg, const struct msg *msg, const struct turn *t)
{
	struct session *s = &leg->session;
	uint32_t least_s;

	if (msg->status == 491) {
		/* The caller owns the Call-ID, so we are the side that waits the shorter time. */
		again(ls, leg, 10 * (int64_t)dice_below(ls->dice, 201), t);
	} else if (msg->status == 422 && msg_seconds(msg, HEADER_MIN_SE, &least_s) &&
		least_s > s->interval_s) {
		s->min_se_s = least_s;
		s->interval_s = least_s;
		again(ls, leg, 0, t);
	} else if ((msg->status == 405 || msg->status == 501) && s->peer_has_update &&
		leg_text(leg, TEXT_SDP).len > 0) {
		s->peer_has_update = false; /* whatever its Allow said */
		again(ls, leg, 0, t);
	} else {
		again(ls, leg, AGAIN_MS, t);
	}
}

struct word
session_refreshed(struct legs *ls, struct leg *leg, const struct news *news, const struct msg *msg,
	const struct turn *t)
{
	if (news->kind == NEWS_PROVISIONAL)
		return leg_nothing();
	leg->session.refresh = REF_NONE;
	if (news->kind == NEWS_FINAL && msg->status < 300) {
		dialog_refresh_target(leg, msg);
		if (news->method == METHOD_INVITE)
			(void)leg_send_ack(ls, leg, NULL, t);
	}
	if (leg->state != LEG_TALKING) /* we are hanging up */
		return leg_nothing();
	if (news->kind != NEWS_FINAL || msg->status == 408 || msg->status == 481)
		return expire(ls, leg, STR("the refresh of the session failed"), t);
	if (msg->status < 300)
		session_answered(ls, leg, msg, t);
	else
		retry(ls, leg, msg, t);
	return leg_nothing();
}
