/* SPDX-License-Identifier: Apache-2.0 */
/* serve.h - the verbs that read a configuration. Each returns a code of exit.h. */
#ifndef MAIN_SERVE_H
#define MAIN_SERVE_H

#include <stdint.h>

#include "main/exit.h"

struct serve_options {
	const char *config_path;
	const char *keylog; /* the file for the TLS keys, or NULL */
	const char *record; /* the file for a recording, or NULL */
	uint64_t record_max_bytes;
};

/* Serves until SIGTERM or SIGINT. */
int serve(const struct serve_options *);

/* Says what is wrong with a configuration, or that nothing is. */
int check(const char *config_path);

/* `cert check`: what our certificates say. Ends: the exit code. */
int cert_check_verb(const char *config_path);

/* `cert test`: a handshake with the device of DN. Ends: the exit code. */
int cert_test_verb(const char *config_path, const char *dn);

#endif
