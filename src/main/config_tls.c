/* SPDX-License-Identifier: Apache-2.0 */
/* The files of TLS are opened before anything is served. */
#include <openssl/pem.h>
#include <openssl/x509.h>

#include "base/limits.h"
#include "main/config_file.h"
#include "main/config_parts.h"
#include "main/config_value.h"
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

/* A key that others can use is none. */
static bool
check_key(struct reading *r, const struct identity *own, const struct identity_nodes *nodes)
{
	struct str why;

	if (file_is_guarded(r->memory, own->key, &why))
		return true;
	report_error(r->report, nodes->key->span, "%.*s", SHOW(why));
	return false;
}

static void
check_identity(struct reading *r, uint32_t place, int64_t now_s)
{
	const struct identity *identity = &r->config->identities[place];
	const struct identity_nodes *nodes = &r->identities[place];
	struct identity own = { .certificate = identity->certificate, .key = identity->key };
	char sentence[SENTENCE_MAX];
	struct buf why = buf_on(sentence, sizeof sentence);

	if (!check_key(r, &own, nodes))
		return;
	if (cert_check(&own, &why)) {
		warn_of_end(r, place, now_s);
		return;
	}
	/* The sentence names the file that is at fault first. */
	report_error(r->report,
		place_of(buf_str(&why), own.key) < place_of(buf_str(&why), own.certificate)
			? nodes->key->span
			: nodes->certificate->span,
		"%.*s", (int)buf_str(&why).len, sentence);
}

/* Checks what PART of an identity has, which was read from NODE. */
static void
check_part(struct reading *r, const struct identity *part, const struct yaml *node)
{
	char sentence[SENTENCE_MAX];
	struct buf why = buf_on(sentence, sizeof sentence);

	if (!cert_check(part, &why))
		report_error(r->report, node->span, "%.*s", (int)buf_str(&why).len, sentence);
}

static void
check_rules(struct reading *r, uint32_t place)
{
	const struct identity *identity = &r->config->identities[place];
	const struct identity_nodes *nodes = &r->identities[place], *first = &r->identities[0];
	struct identity trust = { .trust = identity->trust }, crl = { .crl = identity->crl };
	struct identity groups = { .groups = identity->groups };

	if (identity->trust.len > 0 && (place == 0 || nodes->trust != first->trust))
		check_part(r, &trust, nodes->trust);
	if (identity->crl.len > 0 && (place == 0 || nodes->crl != first->crl))
		check_part(r, &crl, nodes->crl);
	if (identity->groups.len > 0 && nodes->groups != NULL)
		check_part(r, &groups, nodes->groups);
	if (identity->crl.len > 0 && identity->trust.len == 0)
		report_error(r->report, nodes->crl->span,
			"crl says nothing without trust: FILE, the CAs whose lists these are");
}

/* Puts HOST into the list of what the certificate NAMES lacks. */
static struct str
add_missing(struct reading *r, const GENERAL_NAMES *names, struct str host, struct str missing)
{
	if (str_is_empty(host) || cert_is_named(names, host))
		return missing;
	return memory_text(
		r->memory, "%.*s%s%.*s", SHOW(missing), missing.len > 0 ? ", " : "", SHOW(host));
}

/* Where a listener says that it is: what stands in our Contact. */
static struct str
host_of(struct reading *r, const struct net_listen *listen)
{
	struct buf host = buf_on(memory_take(r->memory, ADDR_TEXT_MAX), ADDR_TEXT_MAX);
	struct endpoint endpoint;
	struct str why;
	size_t at;

	if (listen->advertise.len > 0)
		return value_endpoint(listen->advertise, &endpoint, &why, &at) ? endpoint.host
									       : STR("");
	if (addr_is_any(&listen->addr))
		return STR("");
	addr_write(&host, &listen->addr);
	return buf_str(&host);
}

/* Who calls a sips URI of ours checks our certificate against its host (RFC 5922 6): the domains,
 * and what our Contacts show. */
static void
warn_of_missing_names(struct reading *r, uint32_t i)
{
	const struct net_listen *listen = &r->config->listens[i];
	const struct service *service = &listen->service;
	uint32_t place = service->identity_count > 0 ? service->identities[0] : 0;
	X509 *leaf = read_leaf(r->memory, r->config->identities[place].certificate);
	const struct directory *directory = &r->config->directory;
	GENERAL_NAMES *names;
	struct str missing = STR("");

	if (leaf == NULL)
		return;
	names = X509_get_ext_d2i(leaf, NID_subject_alt_name, NULL, NULL);
	for (uint32_t d = 0; d < directory->domain_count && place == 0; d++)
		missing = add_missing(r, names, directory->domains[d], missing);
	missing = add_missing(r, names, host_of(r, listen), missing);
	if (missing.len > 0)
		report_warning(r->report, r->listens[i]->span,
			"the certificate that is shown here does not name %.*s: who checks it will "
			"not connect (RFC 5922 6)",
			SHOW(missing));
	GENERAL_NAMES_free(names);
	X509_free(leaf);
}

void
tls_check(struct reading *r, int64_t now_s)
{
	for (uint32_t i = 0; i < r->config->identity_count; i++) {
		const struct identity *identity = &r->config->identities[i];

		if (identity->certificate.len > 0 && identity->key.len > 0)
			check_identity(r, i, now_s);
		check_rules(r, i);
	}
	for (uint32_t i = 0; i < r->config->listen_count && r->report->errors == 0; i++)
		if (r->config->listens[i].transport == TRANSPORT_TLS)
			warn_of_missing_names(r, i);
}
