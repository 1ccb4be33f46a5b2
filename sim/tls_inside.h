/* SPDX-License-Identifier: Apache-2.0 */
/* tls_inside.h - between tls_uv.c, which has the names of libuv, and tls_loop.c, which turns. */
#ifndef SIM_TLS_INSIDE_H
#define SIM_TLS_INSIDE_H

#include "tls_loop.h"

enum { FD_FIRST = 1000 };

struct post {
	struct post *next;
	uv_write_t *request;
	uv_write_cb on_written;
	struct octets left;
};

struct closing {
	struct closing *next;
	uv_handle_t *handle;
	uv_close_cb on_closed;
};

/* There is one loop at a time: src/net asks for sockets without naming one. */
extern struct loop *the_loop;

struct wire *wire_new(struct loop *);
int wire_fd(const struct wire *);

/* The wire of a handle, or NULL when it was never opened. */
struct wire *wire_of(const void *handle);

/* What the system takes of LEFT octets now: 0 to all of them. */
size_t wire_accept(struct wire *, struct str left);

#endif
