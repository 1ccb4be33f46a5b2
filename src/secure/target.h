/* SPDX-License-Identifier: Apache-2.0 */
/* target.h - the one choice of where an octet of a leg may go.
 *
 * Everything a leg ever sends goes to a struct target, and target_choose() is the only function
 * that makes one: a test reads the sources for that. A leg marked sips gets no target but TLS, and
 * none whose far end was not checked.
 */
#ifndef SECURE_TARGET_H
#define SECURE_TARGET_H

#include "secure/scheme.h"

enum { TARGET_NAME_MAX = 256 };

struct target {
	enum transport transport;
	struct addr addr;
	struct flow_id flow; /* a live flow; FLOW_NONE: it must be dialled first */
	uint32_t name_len;
	char name[TARGET_NAME_MAX]; /* TLS that we dial: the name to verify */
	struct terms terms;         /* likewise: on what terms              */
};

/* What a live flow is to the leg that wants to use it. */
enum flow_tie {
	TIE_NONE,       /* no live flow: one is to be dialled                                   */
	TIE_DIALLED,    /* we dialled it and verified flow_name                                  */
	TIE_DIALOG,     /* the peer of this very dialog opened it and spoke on it                */
	TIE_REGISTERED, /* the device registered over it                                        */
};

/* A way that the leg might take. */
struct candidate {
	enum transport transport;
	struct addr addr;
	struct flow_id flow;
	enum flow_tie tie;
	struct str flow_name;    /* TIE_DIALLED over TLS: the name that was verified, */
	struct terms flow_terms; /* and on what terms                                 */
};

/* What the leg demands. */
struct demand {
	struct speech speech;
	struct str name;    /* whom a TLS flow that we dial must prove to be, */
	struct terms terms; /* and on what terms                              */
};

enum target_verdict {
	TARGET_CHOSEN,
	TARGET_NOT_TLS,     /* the leg is sips, the way is not TLS             */
	TARGET_NO_NAME,     /* TLS to be dialled, and no name to verify        */
	TARGET_OTHER_NAME,  /* the flow was verified for another name          */
	TARGET_OTHER_TERMS, /* it was dialled as another identity of ours, or checked otherwise */
	TARGET_UNREACHABLE, /* no address, port 0, or a multicast address    */
	TARGET_OTHER_TRANSPORT, /* the leg must use TLS though it speaks sip (sip;transport=tls) */
};

/* Chooses WAY for a leg with DEMAND, or refuses it.
 *
 * Pre:  nothing.
 * After: on TARGET_CHOSEN *TARGET is a value of its own.
 * Ends: TARGET_CHOSEN, or why not. For a demand of SCHEME_SIPS only TRANSPORT_TLS is ever chosen;
 *       a flow to be dialled only with a name; a dialled flow only when it was verified for that
 *       name (ASCII case ignored) on the same terms; a flow that the peer opened only when it is
 *       the dialog's own or its registration's. A demand of sip over TLS
 *       (transport=tls) is held to TLS likewise. */
enum target_verdict target_choose(
	const struct demand *, const struct candidate *way, struct target *target);

/* One sentence on a refusal, for the log and `Reason`. */
struct str target_verdict_text(enum target_verdict);

struct str target_name(const struct target *);

/* After a dial: the same target with its flow. Pre: it had none. */
void target_set_flow(struct target *, struct flow_id flow);

#endif
