/* SPDX-License-Identifier: Apache-2.0 */
#include "outside.h"

#include <ares.h>
#include <errno.h>
#include <libfyaml.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>
#include <uv.h>

static bool is_armed, has_failed;
static int failing = -1;
static unsigned failing_k, calls[OUTSIDE_MAX];

/* Whether this call is the one that fails; it then has the errno ERROR. */
static bool
fails(int number, int error)
{
	if (!is_armed)
		return false;
	calls[number]++;
	if (number != failing || calls[number] != failing_k)
		return false;
	has_failed = true;
	errno = error;
	return true;
}

/* OpenSSL tells in a queue of its own what went wrong. */
static int
ssl_fails(int result)
{
	ERR_raise(ERR_LIB_SSL, ERR_R_MALLOC_FAILURE);
	return result;
}

/* Each function: what it takes, how that is handed on, and what it says when it fails. */
#define OUTSIDE(result, name, takes, hands, failed, error)                         \
	result __real_##name takes;                                                \
	result __wrap_##name takes;                                                \
	result __wrap_##name takes                                                 \
	{                                                                          \
		return fails(NUMBER_##name, error) ? failed : __real_##name hands; \
	}

enum number {
	NUMBER_socket,
	NUMBER_bind,
	NUMBER_listen,
	NUMBER_getsockname,
	NUMBER_getpeername,
	NUMBER_setsockopt,
	NUMBER_sendmmsg,
	NUMBER_getrandom,
	NUMBER_mmap64,
	NUMBER_open_memstream,
	NUMBER_fopen64,
	NUMBER_fstat64,
	NUMBER_stat64,
	NUMBER_access,
	NUMBER_read,
	NUMBER_fwrite,
	NUMBER_fflush,
	NUMBER_malloc,
	NUMBER_calloc,
	NUMBER_realloc,
	NUMBER_reallocarray,
	NUMBER_aligned_alloc,
	NUMBER_uv_loop_init,
	NUMBER_uv_timer_init,
	NUMBER_uv_tcp_init,
	NUMBER_uv_tcp_open,
	NUMBER_uv_tcp_connect,
	NUMBER_uv_listen,
	NUMBER_uv_accept,
	NUMBER_uv_fileno,
	NUMBER_uv_read_start,
	NUMBER_uv_try_write,
	NUMBER_uv_write,
	NUMBER_uv_shutdown,
	NUMBER_uv_udp_init,
	NUMBER_uv_udp_open,
	NUMBER_uv_udp_recv_start,
	NUMBER_uv_poll_init,
	NUMBER_uv_poll_start,
	NUMBER_uv_timer_start,
	NUMBER_ares_library_init,
	NUMBER_ares_init_options,
	NUMBER_BIO_meth_new,
	NUMBER_BIO_new,
	NUMBER_SSL_CTX_new,
	NUMBER_SSL_CTX_set_cipher_list,
	NUMBER_SSL_CTX_use_certificate_chain_file,
	NUMBER_SSL_CTX_use_PrivateKey_file,
	NUMBER_SSL_CTX_check_private_key,
	NUMBER_SSL_CTX_load_verify_file,
	NUMBER_SSL_new,
	NUMBER_SSL_do_handshake,
	NUMBER_SSL_read_ex,
	NUMBER_SSL_write_ex,
	NUMBER_SSL_shutdown,
	NUMBER_SSL_get0_peer_certificate,
	NUMBER_X509_digest,
	NUMBER_X509_verify_cert,
	NUMBER_X509_get_ext_d2i,
	NUMBER_fy_parser_create,
	NUMBER_fy_diag_create,
	NUMBERS
};

OUTSIDE(int, socket, (int a, int b, int c), (a, b, c), -1, EMFILE)
OUTSIDE(int, bind, (int fd, const struct sockaddr *a, socklen_t l), (fd, a, l), -1, EADDRINUSE)
OUTSIDE(int, listen, (int fd, int n), (fd, n), -1, EADDRINUSE)
OUTSIDE(int, getsockname, (int fd, struct sockaddr *a, socklen_t *l), (fd, a, l), -1, ENOBUFS)
OUTSIDE(int, getpeername, (int fd, struct sockaddr *a, socklen_t *l), (fd, a, l), -1, ENOTCONN)
OUTSIDE(int, setsockopt, (int fd, int v, int n, const void *a, socklen_t l), (fd, v, n, a, l), -1,
	ENOPROTOOPT)
OUTSIDE(int, sendmmsg, (int fd, struct mmsghdr *m, unsigned n, int f), (fd, m, n, f), -1, ENOBUFS)
OUTSIDE(ssize_t, getrandom, (void *at, size_t n, unsigned f), (at, n, f), -1, ENOSYS)
OUTSIDE(void *, mmap64, (void *at, size_t n, int p, int f, int fd, off64_t o), (at, n, p, f, fd, o),
	MAP_FAILED, ENOMEM)
OUTSIDE(FILE *, open_memstream, (char **at, size_t *n), (at, n), NULL, ENOMEM)
OUTSIDE(FILE *, fopen64, (const char *a, const char *b), (a, b), NULL, EMFILE)
OUTSIDE(int, fstat64, (int fd, struct stat64 *s), (fd, s), -1, EIO)
OUTSIDE(int, stat64, (const char *a, struct stat64 *s), (a, s), -1, EIO)
OUTSIDE(int, access, (const char *a, int m), (a, m), -1, EACCES)
OUTSIDE(ssize_t, read, (int fd, void *at, size_t n), (fd, at, n), -1, EIO)
OUTSIDE(size_t, fwrite, (const void *at, size_t n, size_t m, FILE *f), (at, n, m, f), 0, ENOSPC)
OUTSIDE(int, fflush, (FILE * f), (f), EOF, ENOSPC)
OUTSIDE(void *, malloc, (size_t n), (n), NULL, ENOMEM)
OUTSIDE(void *, calloc, (size_t n, size_t m), (n, m), NULL, ENOMEM)
OUTSIDE(void *, realloc, (void *at, size_t n), (at, n), NULL, ENOMEM)
OUTSIDE(void *, reallocarray, (void *at, size_t n, size_t m), (at, n, m), NULL, ENOMEM)
OUTSIDE(void *, aligned_alloc, (size_t n, size_t m), (n, m), NULL, ENOMEM)
OUTSIDE(int, uv_loop_init, (uv_loop_t * l), (l), UV_EMFILE, 0)
OUTSIDE(int, uv_timer_init, (uv_loop_t * l, uv_timer_t *t), (l, t), UV_EINVAL, 0)
OUTSIDE(int, uv_tcp_init, (uv_loop_t * l, uv_tcp_t *t), (l, t), UV_EINVAL, 0)
OUTSIDE(int, uv_tcp_open, (uv_tcp_t * t, uv_os_sock_t fd), (t, fd), UV_EEXIST, 0)
OUTSIDE(int, uv_tcp_connect,
	(uv_connect_t * r, uv_tcp_t *t, const struct sockaddr *a, uv_connect_cb c), (r, t, a, c),
	UV_ENETUNREACH, 0)
OUTSIDE(int, uv_listen, (uv_stream_t * s, int n, uv_connection_cb c), (s, n, c), UV_EADDRINUSE, 0)
/* A real failure takes the connection out of the line, too. */
OUTSIDE(int, uv_accept, (uv_stream_t * s, uv_stream_t *c), (s, c),
	((void)__real_uv_accept(s, c), UV_EMFILE), 0)
OUTSIDE(int, uv_fileno, (const uv_handle_t *h, uv_os_fd_t *fd), (h, fd), UV_EBADF, 0)
OUTSIDE(int, uv_read_start, (uv_stream_t * s, uv_alloc_cb a, uv_read_cb r), (s, a, r), UV_ENOTCONN,
	0)
OUTSIDE(int, uv_try_write, (uv_stream_t * s, const uv_buf_t *b, unsigned n), (s, b, n), UV_EPIPE, 0)
OUTSIDE(int, uv_write,
	(uv_write_t * r, uv_stream_t *s, const uv_buf_t *b, unsigned n, uv_write_cb c),
	(r, s, b, n, c), UV_EPIPE, 0)
OUTSIDE(int, uv_shutdown, (uv_shutdown_t * r, uv_stream_t *s, uv_shutdown_cb c), (r, s, c),
	UV_ENOTCONN, 0)
OUTSIDE(int, uv_udp_init, (uv_loop_t * l, uv_udp_t *u), (l, u), UV_EINVAL, 0)
OUTSIDE(int, uv_udp_open, (uv_udp_t * u, uv_os_sock_t fd), (u, fd), UV_EINVAL, 0)
OUTSIDE(int, uv_udp_recv_start, (uv_udp_t * u, uv_alloc_cb a, uv_udp_recv_cb r), (u, a, r),
	UV_EALREADY, 0)
OUTSIDE(int, uv_poll_init, (uv_loop_t * l, uv_poll_t *p, int fd), (l, p, fd), UV_EEXIST, 0)
OUTSIDE(int, uv_poll_start, (uv_poll_t * p, int e, uv_poll_cb c), (p, e, c), UV_EBADF, 0)
OUTSIDE(int, uv_timer_start, (uv_timer_t * t, uv_timer_cb c, uint64_t a, uint64_t b), (t, c, a, b),
	UV_EINVAL, 0)
OUTSIDE(int, ares_library_init, (int f), (f), ARES_ENOTINITIALIZED, 0)
OUTSIDE(int, ares_init_options, (ares_channel * c, struct ares_options *o, int m), (c, o, m),
	ARES_ENOMEM, 0)
OUTSIDE(BIO_METHOD *, BIO_meth_new, (int t, const char *n), (t, n), NULL, 0)
OUTSIDE(BIO *, BIO_new, (const BIO_METHOD *m), (m), NULL, 0)
OUTSIDE(SSL_CTX *, SSL_CTX_new, (const SSL_METHOD *m), (m), NULL, 0)
OUTSIDE(int, SSL_CTX_set_cipher_list, (SSL_CTX * c, const char *l), (c, l), 0, 0)
OUTSIDE(int, SSL_CTX_use_certificate_chain_file, (SSL_CTX * c, const char *p), (c, p), 0, 0)
OUTSIDE(int, SSL_CTX_use_PrivateKey_file, (SSL_CTX * c, const char *p, int t), (c, p, t), 0, 0)
OUTSIDE(int, SSL_CTX_check_private_key, (const SSL_CTX *c), (c), 0, 0)
OUTSIDE(int, SSL_CTX_load_verify_file, (SSL_CTX * c, const char *p), (c, p), 0, 0)
OUTSIDE(SSL *, SSL_new, (SSL_CTX * c), (c), NULL, 0)
OUTSIDE(int, SSL_do_handshake, (SSL * s), (s), ssl_fails(-1), EIO)
OUTSIDE(int, SSL_read_ex, (SSL * s, void *at, size_t n, size_t *g), (s, at, n, g), ssl_fails(0),
	EIO)
OUTSIDE(int, SSL_write_ex, (SSL * s, const void *at, size_t n, size_t *g), (s, at, n, g),
	ssl_fails(0), EIO)
OUTSIDE(int, SSL_shutdown, (SSL * s), (s), -1, 0)
OUTSIDE(X509 *, SSL_get0_peer_certificate, (const SSL *s), (s), NULL, 0)
OUTSIDE(int, X509_digest, (const X509 *x, const EVP_MD *m, unsigned char *at, unsigned *n),
	(x, m, at, n), 0, 0)
OUTSIDE(int, X509_verify_cert, (X509_STORE_CTX * c), (c), 0, 0)
OUTSIDE(void *, X509_get_ext_d2i, (const X509 *x, int n, int *c, int *i), (x, n, c, i), NULL, 0)
OUTSIDE(struct fy_parser *, fy_parser_create, (const struct fy_parse_cfg *c), (c), NULL, 0)
OUTSIDE(struct fy_diag *, fy_diag_create, (const struct fy_diag_cfg *c), (c), NULL, 0)

static const struct {
	const char *name;
	bool is_memory;
} functions[NUMBERS] = {
	{ "socket", false },
	{ "bind", false },
	{ "listen", false },
	{ "getsockname", false },
	{ "getpeername", false },
	{ "setsockopt", false },
	{ "sendmmsg", false },
	{ "getrandom", true },
	{ "mmap64", false },
	{ "open_memstream", false },
	{ "fopen64", false },
	{ "fstat64", false },
	{ "stat64", false },
	{ "access", false },
	{ "read", false },
	{ "fwrite", false },
	{ "fflush", false },
	{ "malloc", true },
	{ "calloc", true },
	{ "realloc", true },
	{ "reallocarray", true },
	{ "aligned_alloc", true },
	{ "uv_loop_init", true },
	{ "uv_timer_init", true },
	{ "uv_tcp_init", true },
	{ "uv_tcp_open", false },
	{ "uv_tcp_connect", false },
	{ "uv_listen", false },
	{ "uv_accept", false },
	{ "uv_fileno", false },
	{ "uv_read_start", false },
	{ "uv_try_write", false },
	{ "uv_write", false },
	{ "uv_shutdown", false },
	{ "uv_udp_init", true },
	{ "uv_udp_open", false },
	{ "uv_udp_recv_start", false },
	{ "uv_poll_init", false },
	{ "uv_poll_start", false },
	{ "uv_timer_start", false },
	{ "ares_library_init", false },
	{ "ares_init_options", false },
	{ "BIO_meth_new", true },
	{ "BIO_new", true },
	{ "SSL_CTX_new", true },
	{ "SSL_CTX_set_cipher_list", true },
	{ "SSL_CTX_use_certificate_chain_file", false },
	{ "SSL_CTX_use_PrivateKey_file", false },
	{ "SSL_CTX_check_private_key", false },
	{ "SSL_CTX_load_verify_file", false },
	{ "SSL_new", true },
	{ "SSL_do_handshake", false },
	{ "SSL_read_ex", false },
	{ "SSL_write_ex", false },
	{ "SSL_shutdown", false },
	{ "SSL_get0_peer_certificate", false },
	{ "X509_digest", false },
	{ "X509_verify_cert", false },
	{ "X509_get_ext_d2i", false },
	{ "fy_parser_create", false },
	{ "fy_diag_create", false },
};

void
outside_arm(void)
{
	is_armed = true;
}

void
outside_disarm(void)
{
	is_armed = false;
}

void
outside_fail(int number, unsigned k)
{
	failing = number;
	failing_k = k;
	has_failed = false;
	for (int i = 0; i < NUMBERS; i++)
		calls[i] = 0;
}

bool
outside_has_failed(void)
{
	return has_failed;
}

int
outside_count(void)
{
	return NUMBERS;
}

const char *
outside_name(int number)
{
	return functions[number].name;
}

unsigned
outside_calls(int number)
{
	return calls[number];
}

bool
outside_is_memory(int number)
{
	return functions[number].is_memory;
}
