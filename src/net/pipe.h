/* SPDX-License-Identifier: Apache-2.0 */
/* pipe.h - a BIO that moves octets between OpenSSL and a connection, and keeps none. */
#ifndef NET_PIPE_H
#define NET_PIPE_H

#include <openssl/bio.h>

#include "net/bytes.h"

struct pipe {
	struct str in;     /* what came and was not read by OpenSSL yet */
	struct bytes *out; /* what is to leave                          */
	bool has_written;  /* something has left                        */
};

/* What all pipes share. */
BIO_METHOD *pipe_method(void);

/* A BIO over PIPE, which outlives it. */
BIO *pipe_bio(const BIO_METHOD *, struct pipe *pipe);

#endif
