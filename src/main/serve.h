/* SPDX-License-Identifier: Apache-2.0 */
/* serve.h - the verbs that read a configuration. Each returns a code of exit.h. */
#ifndef MAIN_SERVE_H
#define MAIN_SERVE_H

#include "main/exit.h"

/* Serves until SIGTERM or SIGINT. KEYLOG is the file for the TLS keys, or NULL. */
int serve(const char *config_path, const char *keylog);

/* Says what is wrong with a configuration, or that nothing is. */
int check(const char *config_path);

#endif
