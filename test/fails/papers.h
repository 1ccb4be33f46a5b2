/* SPDX-License-Identifier: Apache-2.0 */
/* papers.h - what a run is made of: certificates, a folder, an address and a configuration.
 *
 * Several runs go on at once, and other tests beside them. Each has an address of the loopback to
 * itself, which follows from the number of its process, and on that whatever ports are free. */
#ifndef FAILS_PAPERS_H
#define FAILS_PAPERS_H

#include "base/addr.h"
#include "support/pki.h"

enum { PAPERS_PATH_BYTES = 256 };

/* For all runs. */
struct papers {
	struct pki *pki, *other;
	struct pki_leaf server, trunk, phone, stranger; /* their certificates */
	struct str crl;
	char folder[PAPERS_PATH_BYTES];    /* of the folders of the runs */
	char trust[PAPERS_PATH_BYTES + 8]; /* a folder of CAs, with nobody in it */
};

/* Of one run. */
struct run {
	const struct papers *papers;
	char folder[PAPERS_PATH_BYTES];
	char config[PAPERS_PATH_BYTES + 32]; /* paths in the folder */
	char admin[PAPERS_PATH_BYTES + 32];
	char record[PAPERS_PATH_BYTES + 32];
	char keylog[PAPERS_PATH_BYTES + 32];
	struct addr addr; /* its own, without a port */
};

/* Failing ends the process. */
void papers_open(struct papers *);
void papers_close(struct papers *);

/* The run of this process; its folder is removed by whoever started it, when it is gone. */
void run_open(struct run *, const struct papers *);
void run_remove(const struct papers *, int pid);

/* Writes the configuration: TCP_TRUNK and TLS_TRUNK are where the trunks are, RESOLVER knows the
 * name of the second. Ends: false with a line on stderr. */
bool run_configure(struct run *, const struct addr *tcp_trunk, const struct addr *tls_trunk,
	const struct addr *resolver);

#define TRUNK_NAME "trunk.example"
#define PHONE_PASSWORD "0123456789abcdef"

#endif
