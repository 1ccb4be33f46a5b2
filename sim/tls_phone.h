/* SPDX-License-Identifier: Apache-2.0 */
/* tls_phone.h - the devices of the TLS simulator: they register or wait to be dialled, call,
 * answer, refuse, cancel, hold and hang up, each by its own dice, and lose their connections. */
#ifndef SIM_TLS_PHONE_H
#define SIM_TLS_PHONE_H

#include "tls_sim.h"

enum { PHONE_DIALOGS_MAX = 8, PHONE_WORD_BYTES = 200, PHONE_ECHO_BYTES = 2048 };

enum dialog_state {
	DIALOG_FREE,
	DIALOG_CALLS,    /* our INVITE is out                      */
	DIALOG_RINGS,    /* an INVITE came                         */
	DIALOG_ANSWERED, /* our 200 is out, no ACK yet             */
	DIALOG_UP,
	DIALOG_CHANGES, /* our re-INVITE is out                   */
	DIALOG_REFUSED, /* our refusal is out, no ACK yet         */
	DIALOG_ENDS,    /* our BYE is out                         */
};

struct dialog {
	enum dialog_state state;
	struct wire *wire;
	bool wants_cancel, wants_change, wants_refusal, has_cancelled;
	int64_t due_ms; /* when it does what it wants next */
	unsigned cseq, invite_cseq;
	char call_id[PHONE_WORD_BYTES], local[PHONE_WORD_BYTES], remote[PHONE_WORD_BYTES];
	char target[PHONE_WORD_BYTES], branch[64];
	char echo[PHONE_ECHO_BYTES]; /* the lines of the INVITE that its responses repeat */
};

struct phones;

struct phone {
	struct phones *all;
	const struct sim_dn *dn;
	struct wire *wire; /* of one that registers */
	bool is_registered;
	int64_t due_ms; /* when it connects (again) */
	unsigned numbers;
	uint16_t port;
	struct dialog dialogs[PHONE_DIALOGS_MAX];
};

struct phone_tally {
	uint64_t calls, answered, cancelled, refused, failed, changed, lost, registered;
};

struct phones {
	struct sim *sim;
	struct phone phones[SIM_DNS_MAX];
	uint32_t count;
	struct phone_tally tally;
	bool is_calm; /* no new fault, no new call */
};

void phones_open(struct phones *, struct sim *);

/* A new call between two of them. Ends: false when nobody is free to call. */
bool phones_call(struct phones *);

/* Does what is due now. Ends: whether there was something. */
bool phones_act(struct phones *);
int64_t phones_due_ms(const struct phones *);

/* Dialogs that are not over. */
unsigned phones_busy(const struct phones *);

#endif
