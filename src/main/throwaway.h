/* SPDX-License-Identifier: Apache-2.0 */
/* throwaway.h - a folder with a certificate authority of its own, gone when it is closed. */
#ifndef MAIN_THROWAWAY_H
#define MAIN_THROWAWAY_H

#include "base/buf.h"

enum { THROWAWAY_PATH_BYTES = 512 };

struct throwaway {
	char folder[THROWAWAY_PATH_BYTES];
	char ca[THROWAWAY_PATH_BYTES];          /* ca.pem           */
	char certificate[THROWAWAY_PATH_BYTES]; /* certificate.pem  */
	char key[THROWAWAY_PATH_BYTES];         /* key.pem          */
	char config[THROWAWAY_PATH_BYTES];      /* sipward.yaml     */
};

/* Makes a folder that nobody else may read, in it an authority (P-256), and a server certificate
 * for
 * the host NAME and for 127.0.0.1, good for 90 days.
 * Ends: true; false with one sentence in WHY, and nothing is left behind. */
bool throwaway_open(struct throwaway *, struct str name, struct buf *why);

/* Writes TEXT as the configuration, instead of what it was.
 * Ends: true; false with one sentence in WHY. */
bool throwaway_configure(struct throwaway *, struct str text, struct buf *why);

/* Removes all of it. */
void throwaway_close(struct throwaway *);

#endif
