/* SPDX-License-Identifier: Apache-2.0 */
/* tls_text.h - as much of SIP as the far ends of the TLS simulator read, by a reader of their own
 * that shares nothing with src/sip: whole messages with one header on a line. */
#ifndef SIM_TLS_TEXT_H
#define SIM_TLS_TEXT_H

#include "base/str.h"

/* How long the first message in TEXT is, CRLF before it included; 0: it is not whole yet. */
size_t text_frame(struct str text);

/* Anything but a ping. */
bool text_is_message(struct str text);
bool text_is_request(struct str text);

/* Whether it is a request with this method; the status of a response. */
bool text_has_method(struct str text, const char *method);
unsigned text_status(struct str text);

/* The user part of the Request-URI. */
struct str text_user(struct str text);

/* The value of the first header of that full name, or empty. */
struct str text_header(struct str text, const char *name);

/* What stands between `<` and `>`, and the tag behind it. */
struct str text_angle(struct str value);
struct str text_tag(struct str value);

/* FNV-1a; never 0. */
uint64_t text_hash(struct str text);

#endif
