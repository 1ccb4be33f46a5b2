/* SPDX-License-Identifier: Apache-2.0 */
#include "main/config_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "main/config_report.h"

enum { SECRET_BYTES_MAX = 4096 };

/* Reads up to SIZE octets. Ends: how many, or -1 with errno. */
static ssize_t
read_all(int fd, char *at, size_t size)
{
	size_t got = 0;

	while (got < size) {
		ssize_t more = read(fd, at + got, size - got);

		if (more < 0 && errno == EINTR)
			continue;
		if (more < 0)
			return -1;
		if (more == 0)
			break;
		got += (size_t)more;
	}
	return (ssize_t)got;
}

bool
file_read(struct config_memory *memory, struct str path, size_t max, struct str *text,
	struct str *why)
{
	struct str name = memory_copy(memory, path);
	/* A pipe without a writer must not hold up the start. */
	int fd = open(name.at, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	struct stat st;
	ssize_t got = -1;
	char *at = NULL;

	if (fd < 0 || fstat(fd, &st) != 0) {
		*why = memory_copy(memory, str_cstr(strerror(errno)));
	} else if (!S_ISREG(st.st_mode)) {
		*why = STR("it is no regular file");
	} else if (st.st_size > (off_t)max) {
		*why = memory_text(memory, "it is larger than %zu KiB", max / 1024);
	} else {
		at = memory_take(memory, (size_t)st.st_size + 1);
		got = read_all(fd, at, (size_t)st.st_size);
		if (got < 0)
			*why = memory_copy(memory, str_cstr(strerror(errno)));
	}
	if (fd >= 0)
		close(fd);
	if (got >= 0)
		*text = str_of(at, (size_t)got);
	return got >= 0;
}

bool
file_is_open_to_all(struct config_memory *memory, struct str path)
{
	struct stat st;

	return stat(memory_copy(memory, path).at, &st) == 0 && (st.st_mode & S_IROTH) != 0;
}

bool
file_is_guarded(struct config_memory *memory, struct str path, struct str *why)
{
	struct stat st;

	if (stat(memory_copy(memory, path).at, &st) != 0)
		return true;
	if (st.st_uid != 0 && st.st_uid != geteuid()) {
		*why = memory_text(memory,
			"this key belongs to user %u, who can change it; chown it to root or to "
			"who runs the server",
			(unsigned)st.st_uid);
		return false;
	}
	if ((st.st_mode & (S_IRWXG | S_IRWXO)) != 0) {
		*why = memory_text(memory,
			"others than its owner can use this key (its mode is %04o); chmod 600 it",
			(unsigned)(st.st_mode & 07777));
		return false;
	}
	return true;
}

struct str
file_beside(struct config_memory *memory, struct str beside, struct str path)
{
	size_t folder = beside.len;

	while (folder > 0 && beside.at[folder - 1] != '/')
		folder--;
	if (folder == 0 || str_begins(path, STR("/")))
		return memory_copy(memory, path);
	return memory_text(memory, "%.*s%.*s", (int)folder, beside.at, (int)path.len, path.at);
}

/* What stands between `${KIND:` and the brace that ends TEXT. */
static bool
is_reference(struct str text, struct str kind, struct str *name)
{
	if (!str_begins(text, kind) || !str_ends(text, STR("}")))
		return false;
	*name = str_from(str_upto(text, text.len - 1), kind.len);
	return name->len > 0 && str_find(*name, '}') == name->len;
}

struct str
secret_path(struct config_memory *memory, struct str beside, struct str text)
{
	struct str name;

	if (!is_reference(text, STR("${file:"), &name))
		return STR_NONE;
	return file_beside(memory, beside, name);
}

bool
secret_read(struct config_memory *memory, struct str beside, struct str text, struct str *secret,
	struct str *why)
{
	struct str path = secret_path(memory, beside, text), name, reason;
	const char *value;

	if (!str_is_none(path)) {
		if (!file_read(memory, path, SECRET_BYTES_MAX, secret, &reason)) {
			*why = memory_text(
				memory, "cannot read %.*s: %.*s", SHOW(path), SHOW(reason));
			return false;
		}
		while (str_ends(*secret, STR("\n")) || str_ends(*secret, STR("\r")))
			secret->len--;
		if (secret->len == 0)
			*why = memory_text(memory, "there is nothing in %.*s", SHOW(path));
		return secret->len > 0;
	}
	if (is_reference(text, STR("${env:"), &name)) {
		value = getenv(memory_copy(memory, name).at);
		if (value == NULL || value[0] == '\0') {
			*why = memory_text(memory, "the environment has no %.*s", SHOW(name));
			return false;
		}
		*secret = memory_copy(memory, str_cstr(value));
		return true;
	}
	for (size_t i = 0; i + 1 < text.len; i++) {
		if (text.at[i] == '$' && text.at[i + 1] == '{') {
			*why = STR(
				"a ${ } is the whole value, and is ${file:PATH} or ${env:NAME}; a "
				"password that holds ${ goes into a file");
			return false;
		}
	}
	*secret = text;
	return true;
}
