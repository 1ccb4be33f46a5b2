/* SPDX-License-Identifier: Apache-2.0 */
/* dialog.h - what a dialog is made of (RFC 3261 12), and the head of every message in it.
 * Of this folder only. */
#ifndef LEG_DIALOG_H
#define LEG_DIALOG_H

#include "leg/leg.h"

/* The largest texts that must fit on a shelf beside the session. */
enum { TAG_BYTES_MAX = 128 };

/* Gives the leg its tag: a GUID, a dash, and a number that leads back to the leg's slot and age. */
bool dialog_make_tag(struct legs *, struct leg *);

/* The slot and age behind the last dash of a tag of ours; REF_NONE when it has no such shape. */
struct ref dialog_tag_ref(struct str tag);

/* The dialog's side of an INVITE that we answer: Call-ID, both ends, remote target, route set.
 * Ends: false when something does not fit. */
bool dialog_from_invite(struct leg *, const struct msg *invite, const struct turn *);

/* The dialog's side of a response to our INVITE that has a To tag: the tag, the target, the routes.
 * Called again for each, so that the 2xx decides (RFC 3261 12.1.2, 13.2.2.4). */
bool dialog_from_answer(struct leg *, const struct msg *answer, const struct turn *);

/* A target refresh that was accepted (RFC 3261 12.2.1.2): the Contact of MSG, if it has one. */
void dialog_refresh_target(struct leg *, const struct msg *msg);

/* The same for the peer's re-INVITE: held until that is accepted, then taken (RFC 6141 4).
 * Ends: false when it has no Contact that we can use. */
bool dialog_hold_target(struct leg *, const struct msg *invite);
void dialog_take_target(struct leg *);

/* Puts our Contact value: `<scheme:user@host:port;transport>`. */
bool dialog_put_contact(
	struct leg *, enum scheme, struct str user, struct str host, struct str param);

/* Puts the start line and the headers up to Route of a request inside the dialog, in strict form
 * where the first proxy is a strict router. BRANCH and TRANSPORT go into the Via, whose host is the
 * face that PEER shall see. */
void dialog_write_request(const struct legs *, const struct leg *, struct buf *, struct str method,
	uint32_t cseq, struct str branch, const struct txn_way *way, enum transport);

/* Puts the cargo of a message, then Content-Length and the body: the end of every message. */
void dialog_write_cargo(struct buf *, const struct cargo *);

/* Puts the line with the call's UUID, if the leg has one. */
void dialog_write_uuid(const struct legs *, const struct leg *, struct buf *);

/* The URI that the next request is to be brought to: the first route, else the remote target; its
 * ip is that of its maddr, if it has one.
 * Ends: false when it cannot be read. */
bool dialog_next_hop(const struct leg *, struct uri *hop);

/* Whether that is a route, and not the remote target. */
bool dialog_is_routed(const struct leg *);

/* Whether that request is one of sips: its target is, or the HOP that it is brought to
 * (RFC 3261 8.1.1.8, 8.1.2). */
bool dialog_is_to_sips(const struct leg *, const struct uri *hop);

/* Keeps the session that CARGO describes to the peer, so that it can be told again. */
void dialog_keep_session(struct leg *, const struct cargo *);

/* The cargo that tells it again; an empty body if none was kept. */
struct cargo dialog_kept_session(const struct leg *);

/* A keyed hash of the session that MSG describes; 0 without a body. */
uint64_t dialog_session_hash(const struct legs *, const struct msg *);

#endif
