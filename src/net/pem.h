/* SPDX-License-Identifier: Apache-2.0 */
/* pem.h - a file of certificates, keys or lists, before OpenSSL reads it. */
#ifndef NET_PEM_H
#define NET_PEM_H

#include <stdbool.h>

#include "base/buf.h"

enum pem_kind { PEM_FILE, PEM_FILE_OR_FOLDER };

/* Whether PATH, which the configuration calls WHAT, can be read and has an end: who reads a pipe or
 * a device may wait for ever, and a server that takes new certificates with it.
 * Ends: true; false with one sentence in WHY that names the file. */
bool pem_is_readable(const char *path, struct str what, enum pem_kind, struct buf *why);

#endif
