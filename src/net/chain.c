/* SPDX-License-Identifier: Apache-2.0 */
#include "net/chain.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "net/bytes.h"
#include "net/cert.h"

static int64_t
seconds_of(const ASN1_TIME *time)
{
	struct tm tm;

	return ASN1_TIME_to_tm(time, &tm) == 1 ? (int64_t)timegm(&tm) : 0;
}

/* What was put, as a C string. */
static void
end_text(struct buf *b)
{
	b->at[b->used] = '\0';
}

static void
take_link(struct link *link, X509 *cert)
{
	const EVP_PKEY *key = X509_get0_pubkey(cert);
	struct buf subject = buf_on(link->subject, sizeof link->subject - 1);
	struct buf issuer = buf_on(link->issuer, sizeof link->issuer - 1);
	struct buf names = buf_on(link->names, sizeof link->names - 1);
	const char *kind = key != NULL ? EVP_PKEY_get0_type_name(key) : NULL;

	cert_put_name(&subject, X509_get_subject_name(cert));
	cert_put_name(&issuer, X509_get_issuer_name(cert));
	cert_put_names(&names, cert, sizeof link->names - 1);
	end_text(&subject);
	end_text(&issuer);
	end_text(&names);
	(void)snprintf(link->key, sizeof link->key, "%s %d bits", kind != NULL ? kind : "unknown",
		key != NULL ? EVP_PKEY_get_bits(key) : 0);
	link->from_s = seconds_of(X509_get0_notBefore(cert));
	link->until_s = seconds_of(X509_get0_notAfter(cert));
	link->serves = X509_check_purpose(cert, X509_PURPOSE_SSL_SERVER, 0) == 1;
	link->dials = X509_check_purpose(cert, X509_PURPOSE_SSL_CLIENT, 0) == 1;
	link->is_ca = X509_check_ca(cert) > 0;
}

static bool
is_issued_by(X509 *cert, X509 *issuer)
{
	return X509_check_issued(issuer, cert) == X509_V_OK &&
		X509_verify(cert, X509_get0_pubkey(issuer)) == 1;
}

uint32_t
chain_take(struct link *links, uint32_t max, X509 *leaf, STACK_OF(X509) * others)
{
	uint32_t count = 0;
	X509 *before = NULL;

	if (leaf == NULL || max == 0)
		return 0;
	links[0] = (struct link){ 0 };
	take_link(&links[count++], leaf);
	before = leaf;
	for (int i = 0; i < sk_X509_num(others) && count < max; i++) {
		X509 *cert = sk_X509_value(others, i);

		if (i == 0 && X509_cmp(cert, leaf) == 0)
			continue;
		links[count - 1].is_issued_by_next = is_issued_by(before, cert);
		links[count] = (struct link){ 0 };
		take_link(&links[count++], cert);
		before = cert;
	}
	links[count - 1].is_issued_by_next = is_issued_by(before, before);
	ERR_clear_error();
	return count;
}

uint32_t
chain_of(struct link *links, uint32_t max, const SSL_CTX *ctx)
{
	STACK_OF(X509) *others = NULL;

	(void)SSL_CTX_get0_chain_certs((SSL_CTX *)(uintptr_t)ctx, &others);
	return chain_take(links, max, SSL_CTX_get0_certificate(ctx), others);
}

uint32_t
chain_read(struct link *links, uint32_t max, struct str path, struct buf *why)
{
	char *text = bytes_cstr(path);
	BIO *bio = BIO_new_file(text, "r");
	STACK_OF(X509) *all = sk_X509_new_null();
	X509 *cert;
	uint32_t count = 0;

	while (bio != NULL && (cert = PEM_read_bio_X509(bio, NULL, NULL, NULL)) != NULL)
		if (sk_X509_push(all, cert) <= 0)
			X509_free(cert);
	ERR_clear_error();
	if (sk_X509_num(all) > 0)
		count = chain_take(links, max, sk_X509_value(all, 0), all);
	if (count == 0) {
		buf_put(why, path);
		buf_put(why,
			bio == NULL ? STR(" cannot be read")
				    : STR(" holds no certificate in PEM form"));
	}
	sk_X509_pop_free(all, X509_free);
	BIO_free(bio);
	free(text);
	return count;
}

const struct link *
chain_first_to_end(const struct link *links, uint32_t count)
{
	const struct link *first = links;

	for (uint32_t i = 1; i < count; i++)
		if (links[i].until_s < first->until_s)
			first = &links[i];
	return first;
}

void
chain_put_date(struct buf *b, int64_t at_s)
{
	time_t time = (time_t)at_s;
	char text[64];
	struct tm tm;

	if (gmtime_r(&time, &tm) == NULL ||
		strftime(text, sizeof text, "%Y-%m-%d %H:%M:%S UTC", &tm) == 0)
		buf_put(b, STR("an unreadable date"));
	else
		buf_put(b, str_cstr(text));
}
