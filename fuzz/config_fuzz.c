/* SPDX-License-Identifier: Apache-2.0 */
/* Any octets as the configuration: it is read or refused, and each refusal has a line that says so,
 * with no octet in it that could spoil a terminal. Beside it there are files that it may name. */
#include "config_files.h"
#include "fuzz.h"
#include "main/config.h"
#include "main/config_memory.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* libfyaml 0.7.12 loses some hundred octets when a quoted scalar has more than ten doubled quotes
 * (fy_atom_iter_chunk_next); once for each reading of such a file. What it holds for us is seen to
 * by the tests of test/main. */
const char *__lsan_default_suppressions(void);

const char *
__lsan_default_suppressions(void)
{
	return "leak:libfyaml.so\n";
}

static void
see_errors(struct str text, bool is_good, struct str input)
{
	bool has_error = memmem(text.at, text.len, ": error: ", 9) != NULL;

	fuzz_check(is_good != has_error, input);
	for (size_t i = 0; i < text.len; i++)
		fuzz_check(text.at[i] == '\n' || text.at[i] == '\t' ||
				((unsigned char)text.at[i] >= 0x20 && text.at[i] != 0x7f),
			input);
}

static void
see_config(const struct config *config, struct str input)
{
	const struct directory *d = &config->directory;

	fuzz_check(config->listen_count > 0 && config->listen_count <= LISTENS_MAX, input);
	fuzz_check(d->domain_count > 0, input);
	for (uint32_t i = 0; i < d->count; i++) {
		const struct dn *dn = &d->dns[i];

		fuzz_check(dn->number.len > 0 && directory_find(d, dn->number) == dn, input);
		if (!dn->contact.is_self && dn->contact.speech.scheme == SCHEME_SIPS)
			fuzz_check(dn->contact.speech.transport == TRANSPORT_TLS, input);
		fuzz_check(!dn->challenges_invite || dn->password.len > 0, input);
	}
}

/* Who only looks for the socket finds what the server opens. */
static void
see_admin(const struct config *config, const char *path, struct str input)
{
	struct config_memory *memory = memory_open();
	struct str socket = STR_NONE;
	char *errors = NULL;
	size_t len = 0;
	FILE *to = open_memstream(&errors, &len);
	bool is_found;

	fuzz_check(to != NULL, STR_NONE);
	is_found = config_find_admin(memory, path, to, &socket);
	fclose(to);
	see_errors(str_of(errors, len), is_found, input);
	if (config != NULL) {
		fuzz_check(is_found == (config->admin.len > 0), input);
		fuzz_check(!is_found || str_same(socket, config->admin), input);
	}
	free(errors);
	memory_close(memory);
}

void
fuzz_one(struct str input)
{
	static struct config config;
	char path[64], *errors = NULL;
	size_t len = 0;
	FILE *to = open_memstream(&errors, &len);
	int file = memfd_create("config", 0);
	bool is_good;

	config_files_open();
	fuzz_check(file >= 0 && to != NULL, STR_NONE);
	fuzz_check(write(file, input.at, input.len) == (ssize_t)input.len, STR_NONE);
	snprintf(path, sizeof path, "/proc/self/fd/%d", file);
	is_good = config_open(&config, path, to);
	fclose(to);
	see_errors(str_of(errors, len), is_good, input);
	see_admin(is_good ? &config : NULL, path, input);
	close(file);
	if (is_good) {
		see_config(&config, input);
		config_close(&config);
	}
	free(errors);
}
