/* SPDX-License-Identifier: Apache-2.0 */
/* The files of TLS are opened before anything is served. */
#include <openssl/pem.h>
#include <openssl/x509.h>

#include "base/limits.h"
#include "main/config_file.h"
#include "main/config_parts.h"
#include "net/cert.h"

enum { SOON_DAYS = 30, DAY_S = 24 * 3600, SENTENCE_MAX = 1024 };

/* Where NEEDLE stands in S, or s.len. */
static size_t
place_of(struct str s, struct str needle)
{
	for (size_t i = 0; i < s.len; i++) {
		if (str_begins(str_from(s, i), needle))
			return i;
	}
	return s.len;
}

/* The first certificate in the file, or NULL. */
static X509 *
read_leaf(struct config_memory *memory, struct str path)
{
	BIO *bio = BIO_new_file(memory_copy(memory, path).at, "r");
	X509 *leaf = bio != NULL ? PEM_read_bio_X509(bio, NULL, NULL, NULL) : NULL;

	BIO_free(bio);
	return leaf;
}

/* A certificate that is good today, but not for long. */
static void
warn_of_end(struct reading *r, uint32_t place, int64_t now_s)
{
	X509 *leaf = read_leaf(r->memory, r->config->identities[place].certificate);
	ASN1_TIME *now = ASN1_TIME_set(NULL, (time_t)now_s);
	int days = SOON_DAYS, seconds;

	if (leaf != NULL && now != NULL &&
		ASN1_TIME_diff(&days, &seconds, now, X509_get0_notAfter(leaf)) == 1 &&
		days < SOON_DAYS)
		report_warning(r->report, r->identities[place].certificate->span,
			"this certificate expires in %d days", days);
	ASN1_TIME_free(now);
	X509_free(leaf);
}

static void
check_identity(struct reading *r, uint32_t place, int64_t now_s)
{
	const struct identity *identity = &r->config->identities[place];
	const struct identity_nodes *nodes = &r->identities[place];
	struct identity own = { .certificate = identity->certificate, .key = identity->key };
	char sentence[SENTENCE_MAX];
	struct buf why = buf_on(sentence, sizeof sentence);

	if (cert_check(&own, &why)) {
		warn_of_end(r, place, now_s);
		if (file_is_open_to_all(r->memory, own.key))
			report_warning(r->report, nodes->key->span,
				"everybody on this machine can read this key; chmod o-r it");
		return;
	}
	/* The sentence names the file that is at fault first. */
	report_error(r->report,
		place_of(buf_str(&why), own.key) < place_of(buf_str(&why), own.certificate)
			? nodes->key->span
			: nodes->certificate->span,
		"%.*s", (int)buf_str(&why).len, sentence);
}

static void
check_trust(struct reading *r, uint32_t place)
{
	struct identity trusting = { .trust = r->config->identities[place].trust };
	char sentence[SENTENCE_MAX];
	struct buf why = buf_on(sentence, sizeof sentence);

	if (!cert_check(&trusting, &why))
		report_error(r->report, r->identities[place].trust->span, "%.*s",
			(int)buf_str(&why).len, sentence);
}

void
tls_check(struct reading *r, int64_t now_s)
{
	for (uint32_t i = 0; i < r->config->identity_count; i++) {
		const struct identity *identity = &r->config->identities[i];
		bool is_own = i == 0 || r->identities[i].trust != r->identities[0].trust;

		if (identity->certificate.len > 0 && identity->key.len > 0)
			check_identity(r, i, now_s);
		if (identity->trust.len > 0 && is_own)
			check_trust(r, i);
	}
}
