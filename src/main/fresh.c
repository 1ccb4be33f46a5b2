/* SPDX-License-Identifier: Apache-2.0 */
#include "main/fresh.h"

#include <sys/stat.h>

struct str
fresh_path(const struct identity *identity, enum fresh_file which)
{
	const struct str paths[FRESH_FILES] = {
		[FRESH_CERTIFICATE] = identity->certificate,
		[FRESH_KEY] = identity->key,
		[FRESH_TRUST] = identity->trust,
		[FRESH_CRL] = identity->crl,
	};

	return paths[which];
}

struct str
fresh_name(enum fresh_file which)
{
	static const struct str names[FRESH_FILES] = {
		[FRESH_CERTIFICATE] = STR("certificate"),
		[FRESH_KEY] = STR("key"),
		[FRESH_TRUST] = STR("trust"),
		[FRESH_CRL] = STR("crl"),
	};

	return names[which];
}

void
fresh_look(struct fresh *fresh, const struct config *config)
{
	*fresh = (struct fresh){ 0 };
	for (uint32_t i = 0; i < config->identity_count; i++) {
		for (unsigned k = 0; k < FRESH_FILES; k++) {
			struct str path = fresh_path(&config->identities[i], (enum fresh_file)k);
			struct stat st;

			if (!str_is_empty(path) && stat(path.at, &st) == 0)
				fresh->marks[i][k] = (struct mark){ .device = st.st_dev,
					.file = st.st_ino,
					.size = st.st_size,
					.written = st.st_mtim,
					.changed = st.st_ctim };
		}
	}
}

static bool
is_same_moment(struct timespec a, struct timespec b)
{
	return a.tv_sec == b.tv_sec && a.tv_nsec == b.tv_nsec;
}

bool
fresh_is_other(
	const struct fresh *before, const struct fresh *now, uint32_t place, enum fresh_file which)
{
	const struct mark *a = &before->marks[place][which], *b = &now->marks[place][which];

	return a->device != b->device || a->file != b->file || a->size != b->size ||
		!is_same_moment(a->written, b->written) || !is_same_moment(a->changed, b->changed);
}
