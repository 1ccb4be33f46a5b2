/* SPDX-License-Identifier: Apache-2.0 */
/* bed.h - traces made by hand for the judge of the simulator: a caller A and a callee B, whose
 * messages are written with few words, and a clock. */
#ifndef TEST_SIM_BED_H
#define TEST_SIM_BED_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "sim/check.h"

enum { A, B, PEERS };

#define SDP "v=0\r\no=- 1 1 IN IP4 192.0.2.9\r\ns=call-7\r\n"
#define ANSWER "v=0\r\no=- 2 2 IN IP4 192.0.2.50\r\ns=call-7\r\n"
#define A_ID "call-of-a-1234@192.0.2.9"
#define B_ID "call-of-b-1234@example.com"
#define A_CONTACT "Contact: <sip:alice@192.0.2.9:5060>\r\n"
#define B_CONTACT "Contact: <sip:bob@192.0.2.50:5070>\r\n"
#define OUR_CONTACT "Contact: <sip:5000@192.0.2.1:5060>\r\n"
#define UUID "X-Genesys-CallUUID: UUID7\r\n"

struct peer {
	uint64_t flow;
	enum check_transport transport;
	const char *at;
};

struct bed {
	struct check *check;
	struct peer peers[PEERS];
	int64_t now_ms, late_ms;
	int64_t wall_s;
	struct check_counts counts;
	const char *scheme; /* of the URIs in what is written */
	const char *number; /* that A dials */
	const char *to;     /* the user in To */
	const char *hops;   /* Max-Forwards of what leaves */
	const char *astray; /* where it goes; NULL: to its peer */
};

void bed_open(struct bed *);
void bed_open_under(struct bed *, enum check_mode crossing);
void bed_close(struct bed *);
void bed_tls(struct bed *, bool is_sips); /* both sides over TLS: A's flow 3, B's, dialled, 4 */

/* One message. START: `INVITE sip:x@y` or `200 OK`; TAGS: `from;to`, or `from` alone; CSEQ: with
 * its method. What else: lines of the head, and a body. */
void in(struct bed *, int who, const char *start, const char *branch, const char *tags,
	const char *call_id, const char *cseq, const char *lines, const char *body);
void out(struct bed *, int who, const char *start, const char *branch, const char *tags,
	const char *call_id, const char *cseq, const char *lines, const char *body);

void step(struct bed *);                  /* the event is over */
void pass(struct bed *, int64_t span_ms); /* and time passes */
void note(struct bed *, const char *line);
void over(struct bed *); /* the quiet time is over, too */

void fine(struct bed *);
void broken(struct bed *, const char *id);

/* ---- pieces of a call ---- */

void a_invite(struct bed *);
void a_gets(struct bed *, const char *status); /* an answer to its INVITE */
void a_ack(struct bed *);                      /* of a 2xx */
void a_ack_refusal(struct bed *);
void a_cancels(struct bed *); /* and hears 200 and 487, and says ACK */
void b_invite(struct bed *);
void b_says(struct bed *, const char *status); /* an answer to our INVITE */
void b_ack(struct bed *);                      /* ours, of a 2xx */
void b_ack_refusal(struct bed *);
void b_cancel(struct bed *);  /* ours, and its 200 */
void a_bye(struct bed *);     /* from A, with its 200 */
void b_bye(struct bed *);     /* ours to B, with its 200 */
void a_bye_out(struct bed *); /* ours to A, with its 200 */
void b_bye_in(struct bed *);

void answered(struct bed *); /* all of it, up to both ACKs and the line in the log */
void ended(struct bed *);    /* by A */

#endif
