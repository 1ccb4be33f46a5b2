/* SPDX-License-Identifier: Apache-2.0 */
#include "net/pem.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Why it cannot be read, or NULL. */
static const char *
fault_of(const char *path, enum pem_kind kind)
{
	struct stat st;

	if (access(path, R_OK) != 0 || stat(path, &st) != 0)
		return strerror(errno);
	if (S_ISREG(st.st_mode) || (kind == PEM_FILE_OR_FOLDER && S_ISDIR(st.st_mode)))
		return NULL;
	return kind == PEM_FILE ? "it is no regular file"
				: "it is neither a regular file nor a folder";
}

bool
pem_is_readable(const char *path, struct str what, enum pem_kind kind, struct buf *why)
{
	const char *fault = fault_of(path, kind);

	if (fault == NULL)
		return true;
	buf_put(why, STR("cannot read "));
	buf_put(why, what);
	buf_char(why, ' ');
	buf_put(why, str_cstr(path));
	buf_put(why, STR(": "));
	buf_put(why, str_cstr(fault));
	return false;
}
