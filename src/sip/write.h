/* SPDX-License-Identifier: Apache-2.0 */
/* write.h - the one way in which octets of SIP are put together.
 *
 * Every start line and header we ever send goes through here, and every octet is checked: no CR,
 * LF or other control octet but a tab can get into a header, whatever a peer had put into the
 * value; folds in a value become single spaces. What breaks the rule makes the message unsendable:
 * the buf is marked as full. The one exception is what a response echoes (Via, From, To): there a
 * quoted string may hold control octets other than CR and LF, as the peer's own words.
 */
#ifndef SIP_WRITE_H
#define SIP_WRITE_H

#include "base/buf.h"
#include "sip/msg.h"

/* `METHOD target SIP/2.0` and `SIP/2.0 status reason`. */
void write_request_line(struct buf *, struct str method, struct str target);
void write_status_line(struct buf *, unsigned status, struct str reason);

/* One header line. */
void write_header(struct buf *, enum header_id, struct str value);
void write_named(struct buf *, struct str name, struct str value);
void write_number(struct buf *, enum header_id, uint64_t value);

/* A header line whose value is put together piece by piece: begin, then any buf_put of text that
 * write_piece checks, then end. */
void write_begin(struct buf *, enum header_id);
void write_piece(struct buf *, struct str piece);
void write_end(struct buf *);

/* Copies every line of a header from MSG, values as they stand (folds become spaces). */
void write_copy(struct buf *, const struct msg *, enum header_id);

/* Puts a From or To that a peer wrote, as it stands, tag and all. Where its display name holds what
 * is not sent, or it does not fit: the URI and the tag alone, for the name says nothing to a dialog
 * (RFC 3261 12.2.1.1). Pre: it was taken apart. */
void write_party(struct buf *, const struct nameaddr *);

/* Ends the message: Content-Length, the empty line and the body (which may be empty). Content-Type
 * and its kin are the caller's to write before. */
void write_body(struct buf *, struct str body);

/* Begins a response to REQUEST: the status line, then From, To (with LOCAL_TAG added unless it has
 * a
 * tag or LOCAL_TAG is empty), Call-ID, CSeq, and every Via value in order, the topmost as
 * via_write_answered puts it, `received` always (RFC 3261 8.2.6.2). For a 100 Timestamp too.
 * Pre: msg_may_answer(REQUEST), though it may be broken: a From or To that could not be taken apart
 * is echoed as it stands.
 * Ends: B is full only when the memory does not hold the response (or STATUS, REASON or LOCAL_TAG
 * break the rule above), whatever the request holds. */
void write_response(struct buf *, const struct msg *request, const struct addr *from,
	unsigned status, struct str reason, struct str local_tag);

/* The usual reason phrase of a status; "Unknown" for one that is not in the table. */
struct str reason_phrase(unsigned status);

#endif
