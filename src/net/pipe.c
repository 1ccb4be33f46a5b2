/* SPDX-License-Identifier: Apache-2.0 */
#include "net/pipe.h"

#include <string.h>

#include "base/panic.h"

static int
bio_read(BIO *bio, char *at, int size)
{
	struct pipe *pipe = BIO_get_data(bio);
	size_t count = (size_t)size < pipe->in.len ? (size_t)size : pipe->in.len;

	BIO_clear_retry_flags(bio);
	if (count == 0) {
		BIO_set_retry_read(bio);
		return -1;
	}
	memcpy(at, pipe->in.at, count);
	pipe->in = str_from(pipe->in, count);
	return (int)count;
}

static int
bio_write(BIO *bio, const char *at, int size)
{
	struct pipe *pipe = BIO_get_data(bio);

	BIO_clear_retry_flags(bio);
	bytes_put(pipe->out, str_of(at, (size_t)size));
	pipe->has_written = true;
	return size;
}

static long
bio_ctrl(BIO *bio, int command, long number, void *pointer)
{
	(void)bio;
	(void)number;
	(void)pointer;
	return command == BIO_CTRL_FLUSH;
}

BIO_METHOD *
pipe_method(void)
{
	BIO_METHOD *method = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "pipe");

	need(method != NULL, "memory for TLS");
	BIO_meth_set_read(method, bio_read);
	BIO_meth_set_write(method, bio_write);
	BIO_meth_set_ctrl(method, bio_ctrl);
	return method;
}

BIO *
pipe_bio(const BIO_METHOD *method, struct pipe *pipe)
{
	BIO *bio = BIO_new(method);

	need(bio != NULL, "memory for TLS");
	BIO_set_data(bio, pipe);
	BIO_set_init(bio, 1);
	return bio;
}
