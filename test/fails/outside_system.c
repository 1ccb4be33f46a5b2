/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <ifaddrs.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include "outside.h"

/* ---- sockets and addresses ------------------------------------------------------------------ */

OUTSIDE(int, socket, (int a, int b, int c), (a, b, c), -1, EMFILE)
OUTSIDE(int, bind, (int fd, const struct sockaddr *a, socklen_t l), (fd, a, l), -1, EADDRINUSE)
OUTSIDE(int, listen, (int fd, int n), (fd, n), -1, EADDRINUSE)
OUTSIDE(int, connect, (int fd, const struct sockaddr *a, socklen_t l), (fd, a, l), -1, EACCES)
OUTSIDE(int, getsockname, (int fd, struct sockaddr *a, socklen_t *l), (fd, a, l), -1, ENOBUFS)
OUTSIDE(int, getpeername, (int fd, struct sockaddr *a, socklen_t *l), (fd, a, l), -1, ENOTCONN)
OUTSIDE(int, getsockopt, (int fd, int v, int n, void *a, socklen_t *l), (fd, v, n, a, l), -1,
	ENOPROTOOPT)
OUTSIDE(int, setsockopt, (int fd, int v, int n, const void *a, socklen_t l), (fd, v, n, a, l), -1,
	ENOPROTOOPT)
OUTSIDE(int, sendmmsg, (int fd, struct mmsghdr *m, unsigned n, int f), (fd, m, n, f), -1, ENOBUFS)
OUTSIDE(ssize_t, send, (int fd, const void *at, size_t n, int f), (fd, at, n, f), -1, EPIPE)
OUTSIDE(ssize_t, recv, (int fd, void *at, size_t n, int f), (fd, at, n, f), -1, ECONNRESET)
OUTSIDE(int, getifaddrs, (struct ifaddrs * *all), (all), -1, ENOMEM)

/* ---- files and descriptors ------------------------------------------------------------------ */

int __real_open64(const char *path, int flags, mode_t mode);
int __wrap_open64(const char *path, int flags, ...);

int
__wrap_open64(const char *path, int flags, ...)
{
	va_list values;
	mode_t mode = 0;

	va_start(values, flags);
	if ((flags & O_CREAT) != 0)
		mode = va_arg(values, mode_t);
	va_end(values);
	return outside_fails(NUMBER_open64, EMFILE) ? -1 : __real_open64(path, flags, mode);
}

OUTSIDE(ssize_t, read, (int fd, void *at, size_t n), (fd, at, n), -1, EIO)
static int event_fd = -1;

int __real_eventfd(unsigned start, int flags);
int __wrap_eventfd(unsigned start, int flags);
ssize_t __real_write(int fd, const void *at, size_t n);
ssize_t __wrap_write(int fd, const void *at, size_t n);

int
__wrap_eventfd(unsigned start, int flags)
{
	if (outside_fails(NUMBER_eventfd, EMFILE))
		return -1;
	event_fd = __real_eventfd(start, flags);
	return event_fd;
}

/* An eventfd that is asked to count one on takes it always. */
ssize_t
__wrap_write(int fd, const void *at, size_t n)
{
	return fd != event_fd && outside_fails(NUMBER_write, ENOSPC) ? -1 : __real_write(fd, at, n);
}

OUTSIDE(ssize_t, writev, (int fd, const struct iovec *at, int n), (fd, at, n), -1, ENOSPC)
OUTSIDE(int, fstat64, (int fd, struct stat64 *s), (fd, s), -1, EIO)
OUTSIDE(int, lstat64, (const char *a, struct stat64 *s), (a, s), -1, EIO)
OUTSIDE(int, stat64, (const char *a, struct stat64 *s), (a, s), -1, EIO)
OUTSIDE(int, access, (const char *a, int m), (a, m), -1, EACCES)
OUTSIDE(int, chmod, (const char *a, mode_t m), (a, m), -1, EPERM)
OUTSIDE(int, fchmod, (int fd, mode_t m), (fd, m), -1, EPERM)
OUTSIDE(int, lchown, (const char *a, uid_t u, gid_t g), (a, u, g), -1, EPERM)
OUTSIDE(int, unlink, (const char *a), (a), -1, EACCES)
OUTSIDE(int, rmdir, (const char *a), (a), -1, EACCES)
OUTSIDE(char *, mkdtemp, (char *a), (a), NULL, ENOSPC)
OUTSIDE(int, signalfd, (int fd, const sigset_t *s, int f), (fd, s, f), -1, EMFILE)
OUTSIDE(int, inotify_init1, (int f), (f), -1, EMFILE)
OUTSIDE(int, inotify_add_watch, (int fd, const char *a, uint32_t m), (fd, a, m), -1, ENOSPC)

/* ---- streams -------------------------------------------------------------------------------- */

OUTSIDE(FILE *, fopen64, (const char *a, const char *b), (a, b), NULL, EMFILE)
OUTSIDE(FILE *, open_memstream, (char **at, size_t *n), (at, n), NULL, ENOMEM)
OUTSIDE(size_t, fwrite, (const void *at, size_t n, size_t m, FILE *f), (at, n, m, f), 0, ENOSPC)
OUTSIDE(int, fputs, (const char *a, FILE *f), (a, f), EOF, ENOSPC)
OUTSIDE(int, fputc, (int c, FILE *f), (c, f), EOF, ENOSPC)
OUTSIDE(int, puts, (const char *a), (a), EOF, ENOSPC)
OUTSIDE(int, fflush, (FILE * f), (f), EOF, ENOSPC)

int __real_fclose(FILE *file);
int __wrap_fclose(FILE *file);

/* What could not be written shows here at the latest; closed it is all the same. */
int
__wrap_fclose(FILE *file)
{
	bool has_failed = outside_fails(NUMBER_fclose, ENOSPC);
	int result = __real_fclose(file);

	if (!has_failed)
		return result;
	errno = ENOSPC;
	return EOF;
}

int __wrap_fprintf(FILE *file, const char *format, ...) __attribute__((format(printf, 2, 3)));
int __wrap_printf(const char *format, ...) __attribute__((format(printf, 1, 2)));

int
__wrap_fprintf(FILE *file, const char *format, ...)
{
	va_list values;
	int result;

	if (outside_fails(NUMBER_fprintf, ENOSPC))
		return -1;
	va_start(values, format);
	result = vfprintf(file, format, values);
	va_end(values);
	return result;
}

int
__wrap_printf(const char *format, ...)
{
	va_list values;
	int result;

	if (outside_fails(NUMBER_printf, ENOSPC))
		return -1;
	va_start(values, format);
	result = vprintf(format, values);
	va_end(values);
	return result;
}

/* ---- what the system lets us do ------------------------------------------------------------- */

OUTSIDE(int, sigprocmask, (int how, const sigset_t *s, sigset_t *old), (how, s, old), -1, EINVAL)
OUTSIDE(int, sigaction, (int n, const struct sigaction *a, struct sigaction *old), (n, a, old), -1,
	EINVAL)
OUTSIDE(int, getrlimit64, (__rlimit_resource_t r, struct rlimit64 *l), (r, l), -1, EINVAL)
OUTSIDE(int, setrlimit64, (__rlimit_resource_t r, const struct rlimit64 *l), (r, l), -1, EPERM)
OUTSIDE(struct group *, getgrnam, (const char *name), (name), NULL, EMFILE)

OUTSIDE(ssize_t, getrandom, (void *at, size_t n, unsigned f), (at, n, f), -1, ENOSYS)

/* ---- memory --------------------------------------------------------------------------------- */

OUTSIDE(void *, mmap64, (void *at, size_t n, int p, int f, int fd, off64_t o), (at, n, p, f, fd, o),
	MAP_FAILED, ENOMEM)
OUTSIDE(void *, malloc, (size_t n), (n), NULL, ENOMEM)
OUTSIDE(void *, calloc, (size_t n, size_t m), (n, m), NULL, ENOMEM)
OUTSIDE(void *, realloc, (void *at, size_t n), (at, n), NULL, ENOMEM)
OUTSIDE(void *, reallocarray, (void *at, size_t n, size_t m), (at, n, m), NULL, ENOMEM)
OUTSIDE(void *, aligned_alloc, (size_t a, size_t n), (a, n), NULL, ENOMEM)
