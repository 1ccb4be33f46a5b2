/* SPDX-License-Identifier: Apache-2.0 */
/* What the system refuses the host and its files: nothing counts as done that was not. The linker
 * puts the functions below before the real ones (--wrap). */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <uv.h>

#include <cmocka.h>

#include "main/host.h"
#include "main/record.h"
#include "main/records.h"
#include "main/renew.h"
#include "main/throwaway.h"
#include "support/nets.h"
#include "support/pki.h"

#define DENIED_ERRNO ENOSPC
#include "support/deny.h"

enum { RECORD_BYTES = 1024 * 1024 };

static bool is_short; /* a write takes a part only */
static bool is_blind; /* no folder can be watched */

DENY(int, uv_poll_init, (uv_loop_t * l, uv_poll_t *p, int fd), (l, p, fd), UV_EEXIST)
DENY(int, uv_poll_start, (uv_poll_t * p, int e, uv_poll_cb c), (p, e, c), UV_EBADF)
DENY(int, inotify_init1, (int flags), (flags), -1)
DENY(size_t, fwrite, (const void *at, size_t n, size_t m, FILE *f), (at, n, m, f), 0)
DENY(int, fchmod, (int fd, mode_t mode), (fd, mode), -1)
/* What could not be written shows here at the latest; closed it is all the same. */
DENY(int, fclose, (FILE * f), (f), (__real_fclose(f), errno = ENOSPC, EOF))

int __real_inotify_add_watch(int fd, const char *path, uint32_t mask);
int __wrap_inotify_add_watch(int fd, const char *path, uint32_t mask);

int
__wrap_inotify_add_watch(int fd, const char *path, uint32_t mask)
{
	errno = ENOSPC;
	return is_blind ? -1 : __real_inotify_add_watch(fd, path, mask);
}

ssize_t __real_write(int fd, const void *at, size_t len);
ssize_t __wrap_write(int fd, const void *at, size_t len);

ssize_t
__wrap_write(int fd, const void *at, size_t len)
{
	if (is_denied("write"))
		return -1;
	return __real_write(fd, at, is_short && len > 1 ? len / 2 : len);
}

static struct pki *pki;
static struct pki_leaf leaf;
static struct config config;
static char folder[] = "/tmp/sipward-refusals-XXXXXX";
static char path[64], text[1024];
static struct buf why;

static int
open_all(void **state)
{
	int len;

	(void)state;
	pki = pki_open("refusals");
	leaf = pki_leaf(pki, "DNS:a.example,IP:127.0.0.1");
	len = snprintf(text, sizeof text,
		"listen: [ \"sips:127.0.0.1:5061\" ]\ndomain: a.example\n"
		"tls: { certificate: %s, key: %s, trust: %s }\nadmin: admin.sock\n"
		"dn:\n  - { number: 1, type: extension, contact: \"*\", password: x }\n",
		leaf.certificate.at, leaf.key.at, pki_ca(pki).at);
	if (mkdtemp(folder) == NULL ||
		!config_open(
			&config, pki_file(pki, "a.yaml", str_of(text, (size_t)len)).at, stderr))
		return -1;
	config.listens[0].addr.port = 0;
	(void)snprintf(path, sizeof path, "%s/f", folder);
	return 0;
}

static int
close_all(void **state)
{
	(void)state;
	config_close(&config);
	pki_close(pki);
	return rmdir(folder);
}

static int
forget(void **state)
{
	(void)state;
	denied = NULL;
	is_short = is_blind = false;
	why = buf_on(text, sizeof text - 1);
	return 0;
}

static void
says(const char *wanted)
{
	text[buf_str(&why).len] = '\0';
	assert_null(denied);
	if (!text_has(text, wanted))
		fail_msg("not `%s`: %s", wanted, text);
}

/* ---- what is watched ------------------------------------------------------------------------ */

static void
an_admin_socket_that_cannot_be_watched_stops_the_start(void **state)
{
	static const char *const functions[] = { "uv_poll_init", "uv_poll_start" };
	const struct host_options options = { .config = &config, .calls_max = 4 };

	for (size_t i = 0; i < 2; i++) {
		(void)forget(state);
		denied = functions[i];
		assert_null(host_open(&options, &why));
		says("the admin socket cannot be watched");
		assert_int_not_equal(access(config.admin.at, F_OK), 0);
	}
}

/* Whether the log says that it takes a signal, when FUNCTION is refused; NULL: none is. */
static bool
asks_for_signals(const char *function)
{
	const struct host_options options = { .config = &config, .calls_max = 4 };
	struct host *host = host_open(&options, &why);
	char *log = NULL;
	size_t log_len;
	FILE *file = open_memstream(&log, &log_len);
	struct renew *renew;
	bool asks;

	assert_true(host != NULL && file != NULL);
	denied = function;
	renew = renew_open(&config, host, file);
	assert_null(denied);
	/* Who asks for it is heard. */
	assert_true(renew_now(renew, STR("SIGHUP")));
	host_close(host);
	renew_close(renew);
	fclose(file);
	asks = text_has(log, "the system does not tell when their files change; SIGHUP does");
	assert_true(text_has(log, "read again, time 1 (SIGHUP)"));
	free(log);
	return asks;
}

static void
certificates_that_cannot_be_watched_are_told(void **state)
{
	(void)state;
	assert_false(asks_for_signals(NULL));
	assert_true(asks_for_signals("inotify_init1"));
	assert_true(asks_for_signals("uv_poll_init"));
	assert_true(asks_for_signals("uv_poll_start"));
	is_blind = true;
	assert_true(asks_for_signals(NULL));
}

/* ---- what is written ------------------------------------------------------------------------ */

static void
records_that_cannot_be_written_are_told_and_counted(void **state)
{
	struct records *r = records_open(path, &why);

	(void)state;
	assert_non_null(r);
	records_put(r, STR("one"));
	records_put(r, STR("two"));
	denied = "write";
	assert_false(records_flush(r, &why));
	says("records of calls are lost (2 so far): ");
	says("No space left on device");
	/* Once is enough, until it has been good again. */
	records_put(r, STR("three"));
	denied = "write";
	assert_true(records_flush(r, &why));
	records_put(r, STR("four"));
	assert_true(records_flush(r, &why));
	records_put(r, STR("five"));
	denied = "write";
	why = buf_on(text, sizeof text - 1);
	assert_false(records_flush(r, &why));
	says("(4 so far)");
	records_close(r);
	assert_int_equal(unlink(path), 0);
}

static void
records_that_are_written_in_parts_are_whole(void **state)
{
	static const char all[] = "a first line\na second line\n";
	struct records *r = records_open(path, &why);
	char got[64];
	FILE *file;

	(void)state;
	assert_non_null(r);
	is_short = true;
	records_put(r, STR("a first line"));
	records_put(r, STR("a second line"));
	assert_true(records_flush(r, &why));
	records_close(r);
	is_short = false;
	file = fopen(path, "r");
	assert_non_null(file);
	assert_int_equal(fread(got, 1, sizeof got, file), sizeof all - 1);
	assert_memory_equal(got, all, sizeof all - 1);
	fclose(file);
	assert_int_equal(unlink(path), 0);
}

static void
a_recording_that_cannot_be_written_says_so(void **state)
{
	char *log = NULL;
	size_t log_len;
	FILE *file = open_memstream(&log, &log_len);
	struct host_options options = { .config = &config,
		.calls_max = 4,
		.log = file,
		.recorder = recorder_open(path, RECORD_BYTES, &why) };
	struct host *host;

	(void)state;
	assert_non_null(options.recorder);
	host = host_open(&options, &why);
	assert_non_null(host);
	host_step(host, 0);
	fflush(file);
	assert_true(log == NULL || !text_has(log, "recording"));
	denied = "write";
	host_step(host, 0);
	fflush(file);
	assert_null(denied);
	assert_true(text_has(
		log, "the recording stops: its file cannot be written: No space left on device"));
	host_close(host);
	recorder_close(options.recorder);
	fclose(file);
	free(log);
	assert_int_equal(unlink(path), 0);
}

/* ---- what the demo writes ------------------------------------------------------------------- */

static void
a_configuration_that_was_not_written_is_told(void **state)
{
	static const char *const functions[] = { "fwrite", "fclose" };
	struct throwaway files;

	(void)forget(state);
	assert_true(throwaway_open(&files, STR("a.example"), &why));
	for (size_t i = 0; i < 2; i++) {
		(void)forget(state);
		denied = functions[i];
		assert_false(throwaway_configure(&files, STR("listen: []\n"), &why));
		says("cannot write ");
		says("No space left on device");
	}
	assert_true(throwaway_configure(&files, STR("listen: []\n"), &why));
	throwaway_close(&files);
}

/* Nor is a folder left behind, with a key that nobody uses. */
static void
certificates_that_were_not_written_are_told(void **state)
{
	struct throwaway files;

	(void)forget(state);
	assert_int_equal(setenv("TMPDIR", folder, 1), 0);
	denied = "fclose";
	assert_false(throwaway_open(&files, STR("a.example"), &why));
	says("cannot write ");
	assert_int_equal(files.folder[0], '\0');
	(void)forget(state);
	denied = "fchmod";
	assert_false(throwaway_open(&files, STR("a.example"), &why));
	says("cannot guard ");
	assert_int_equal(unsetenv("TMPDIR"), 0);
	/* An empty folder can be removed. */
	assert_int_equal(rmdir(folder), 0);
	assert_int_equal(mkdir(folder, 0700), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(
			an_admin_socket_that_cannot_be_watched_stops_the_start, forget),
		cmocka_unit_test_setup(certificates_that_cannot_be_watched_are_told, forget),
		cmocka_unit_test_setup(records_that_cannot_be_written_are_told_and_counted, forget),
		cmocka_unit_test_setup(records_that_are_written_in_parts_are_whole, forget),
		cmocka_unit_test_setup(a_recording_that_cannot_be_written_says_so, forget),
		cmocka_unit_test_setup(a_configuration_that_was_not_written_is_told, forget),
		cmocka_unit_test_setup(certificates_that_were_not_written_are_told, forget),
	};

	return cmocka_run_group_tests(tests, open_all, close_all);
}
