/* SPDX-License-Identifier: Apache-2.0 */
/* phone.h - a device on the stage: it writes the messages of one dialog at a time, and what it
 * hears
 * must be what the test expects, in the scheme and over the transport that it speaks. */
#ifndef SUPPORT_PHONE_H
#define SUPPORT_PHONE_H

#include "sip/msg.h"
#include "support/stage.h"

enum { PHONE_TEXT_BYTES = 80 * 1024, PHONE_WORD_BYTES = 512, PHONE_LIST_BYTES = 4096 };

/* A message that was heard, with the octets that its views look at. */
struct heard_msg {
	struct msg msg;
	char *text;
};

struct phone {
	struct stage *stage;
	const char *user;
	enum transport transport;
	bool is_sips;
	struct addr at;
	char host[64];       /* `192.0.2.10:5060` */
	struct flow_id flow; /* none: a device that waits to be dialled */
	unsigned numbers;    /* for branches, tags and Call-IDs */

	/* The dialog. */
	bool is_called; /* the core made it */
	char call_id[PHONE_WORD_BYTES], local[PHONE_WORD_BYTES], remote[PHONE_WORD_BYTES];
	char target[PHONE_WORD_BYTES], tag[32], branch[64], uri[PHONE_WORD_BYTES];
	const char *routes; /* Record-Route lines to put into the next INVITE, or NULL */
	unsigned cseq, invite_cseq;

	struct heard_msg heard;   /* the last message                       */
	struct heard_msg invite;  /* the last INVITE                        */
	struct heard_msg request; /* the last request but INVITE and ACK    */
	char *out;
};

/* A session of NAME; DIRECTION as `sendrecv`. */
#define SDP(name, direction)                                                                 \
	"v=0\r\no=" name " 1 1 IN IP4 192.0.2.99\r\ns=-\r\nc=IN IP4 192.0.2.99\r\nt=0 0\r\n" \
	"m=audio 4000 RTP/AVP 0\r\na=" direction "\r\n"

/* A phone of USER at IP and PORT. One that speaks TCP or TLS opens its connection now; a device
 * waits
 * to be dialled. */
void phone_open(struct phone *, struct stage *, const char *user, const char *ip, uint16_t port,
	enum transport, bool is_sips);
void device_open(struct phone *, struct stage *, const char *user, const char *ip, uint16_t port,
	enum transport, bool is_sips);
void phone_close(struct phone *);

/* ---- what it says ---- */

/* Any octets, as they are, or put together as printf does. */
void phone_raw(struct phone *, struct str octets);
void phone_say(struct phone *, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* The first INVITE of a new dialog, to NUMBER; LINES are further whole header lines (or NULL);
 * without
 * a BODY the other side is to offer. The INVITE again: same transaction. */
void phone_invite(struct phone *, const char *number, const char *lines, const char *body);
void phone_invite_again(struct phone *);

/* A request inside the dialog (or, before there is one, outside). */
void phone_request(struct phone *, const char *method, const char *lines, const char *body);
void phone_ack(struct phone *, const char *body);
void phone_ack_refusal(struct phone *); /* of a 3xx to 6xx */
void phone_cancel(struct phone *);

/* A request to URI outside any dialog, with To and From of this user. */
void phone_ask(
	struct phone *, const char *method, const char *uri, const char *lines, const char *body);

/* REGISTER of this user with its Contact (or LINES instead if not NULL). */
void phone_register(struct phone *, unsigned expires_s, const char *lines);

/* The Authorization line for the challenge that was heard last, for METHOD to URI; a view that
 * lives
 * until the next call. */
const char *phone_credentials(
	struct phone *, const char *password, const char *method, const char *uri);

/* The response to the INVITE, or to the other request that was heard last. */
void phone_answer(struct phone *, unsigned status, const char *lines, const char *body);
void phone_reply(struct phone *, unsigned status, const char *lines, const char *body);

/* ---- what it hears ---- */

/* The next message to this phone, which must begin with START. */
const struct msg *phone_hear(struct phone *, const char *start);

/* The answer to a ping. */
void phone_hear_ping(struct phone *);

/* The value of a header of the message heard last, as a C string that lives until the next call. */
const char *phone_value(struct phone *, enum header_id);

/* Whether the message heard last holds PART. */
bool phone_heard(const struct phone *, const char *part);

/* ---- whole stretches ---- */

/* A calls NUMBER, B rings; then B answers and both talk. */
void phones_ring(struct phone *a, struct phone *b, const char *number);
void phones_talk(struct phone *a, struct phone *b, const char *number);

/* A hangs up, B hears it. */
void phones_part(struct phone *a, struct phone *b);

#endif
