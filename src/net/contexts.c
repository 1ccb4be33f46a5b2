/* SPDX-License-Identifier: Apache-2.0 */
#include "net/contexts.h"

#include <stdlib.h>

#include "base/panic.h"
#include "net/bytes.h"
#include "net/cert.h"
#include "net/crl.h"

static const struct str usual_groups = { "X25519:P-256:P-384", 18 };

static SSL_CTX *
make_context(void)
{
	SSL_CTX *ctx = SSL_CTX_new(TLS_method());

	need(ctx != NULL, "memory for TLS");
	SSL_CTX_set_security_level(ctx, 2);
	SSL_CTX_set_options(ctx,
		SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION | SSL_OP_NO_TICKET |
			SSL_OP_CIPHER_SERVER_PREFERENCE);
	SSL_CTX_set_mode(ctx, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
	SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
	SSL_CTX_set_num_tickets(ctx, 0);
	SSL_CTX_set_max_early_data(ctx, 0);
	SSL_CTX_set_timeout(ctx, TICKET_S);
	need(SSL_CTX_set_cipher_list(ctx, "ECDHE+AESGCM:ECDHE+CHACHA20") == 1, "ciphers for TLS");
	return ctx;
}

static struct str
copy(struct str s)
{
	return str_of(bytes_cstr(s), s.len);
}

static void
take_names(struct context *context)
{
	X509 *own = SSL_CTX_get0_certificate(context->ssl);
	char text[CERT_NAMES_BYTES_MAX];
	struct buf list = buf_on(text, sizeof text);

	context->names = X509_get_ext_d2i(own, NID_subject_alt_name, NULL, NULL);
	cert_list(own, &list);
	context->own = copy(buf_str(&list));
}

static bool
context_open(struct context *context, const struct identity *identity, struct buf *why)
{
	context->ssl = make_context();
	context->name = copy(identity->name);
	context->trust = copy(identity->trust);
	context->crl = copy(identity->crl);
	context->groups = copy(str_is_empty(identity->groups) ? usual_groups : identity->groups);
	context->version_min = identity->wants_tls13 ? TLS1_3_VERSION : TLS1_2_VERSION;
	context->eku = identity->eku;
	SSL_CTX_set_min_proto_version(context->ssl, context->version_min);
	if (!cert_groups(context->ssl, context->groups, why))
		return false;
	context->may_serve = !str_is_empty(identity->certificate);
	context->may_dial = !str_is_empty(identity->trust);
	if (context->may_serve &&
		!cert_load(context->ssl, identity->certificate, identity->key, why))
		return false;
	if (context->may_serve &&
		X509_digest(SSL_CTX_get0_certificate(context->ssl), EVP_sha256(),
			context->fingerprint, NULL) != 1) {
		buf_put(why, STR("a certificate without a digest"));
		return false;
	}
	if (context->may_serve)
		take_names(context);
	if (context->may_dial && !cert_trust(context->ssl, identity->trust, why))
		return false;
	return str_is_empty(identity->crl) || crl_load(context->ssl, identity->crl, why);
}

struct contexts *
contexts_open(const struct identity *identities, uint32_t count, struct buf *why)
{
	struct contexts *set = calloc(1, sizeof *set);

	must(count <= IDENTITIES_MAX);
	need(set != NULL, "memory for TLS");
	set->holders = 1;
	set->all = calloc(count + 1, sizeof *set->all);
	need(set->all != NULL, "memory for TLS");
	while (set->count < count) {
		uint32_t place = set->count++;

		set->all[place].place = place;
		set->all[place].place_of_trust = identity_trust(identities, place);
		if (!context_open(&set->all[place], &identities[place], why)) {
			contexts_drop(set);
			return NULL;
		}
	}
	return set;
}

struct contexts *
contexts_hold(struct contexts *set)
{
	set->holders++;
	return set;
}

void
contexts_drop(struct contexts *set)
{
	if (set == NULL || --set->holders > 0)
		return;
	for (uint32_t i = 0; i < set->count; i++) {
		SSL_CTX_free(set->all[i].ssl);
		GENERAL_NAMES_free(set->all[i].names);
		free((void *)(uintptr_t)set->all[i].name.at);
		free((void *)(uintptr_t)set->all[i].trust.at);
		free((void *)(uintptr_t)set->all[i].crl.at);
		free((void *)(uintptr_t)set->all[i].groups.at);
		free((void *)(uintptr_t)set->all[i].own.at);
	}
	free(set->all);
	free(set);
}

static bool
hash_text(EVP_MD_CTX *md, struct str text)
{
	uint64_t len = text.len;

	return EVP_DigestUpdate(md, &len, sizeof len) == 1 &&
		EVP_DigestUpdate(md, text.at, text.len) == 1;
}

bool
context_digest(const struct context *context, const struct service *service, struct str name,
	uint8_t digest[CONTEXT_DIGEST_BYTES])
{
	uint32_t numbers[] = { service->listener, (uint32_t)service->client,
		(uint32_t)context->version_min };
	EVP_MD_CTX *md = EVP_MD_CTX_new();
	bool is_made = md != NULL && EVP_DigestInit_ex(md, EVP_sha256(), NULL) == 1 &&
		hash_text(md, str_of(numbers, sizeof numbers)) && hash_text(md, name) &&
		hash_text(md, context->name) && hash_text(md, context->groups) &&
		hash_text(md, str_of(context->fingerprint, sizeof context->fingerprint)) &&
		EVP_DigestFinal_ex(md, digest, NULL) == 1;

	EVP_MD_CTX_free(md);
	return is_made;
}

const struct context *
contexts_at(const struct contexts *set, uint32_t place)
{
	must(place < set->count);
	return &set->all[place];
}

uint32_t
contexts_choose(const struct contexts *set, const struct service *service, struct str name)
{
	for (uint32_t i = 0; i < service->identity_count && !str_is_empty(name); i++)
		if (cert_is_named(contexts_at(set, service->identities[i])->names, name))
			return service->identities[i];
	return service->identity_count > 0 ? service->identities[0] : 0;
}

struct str
contexts_wanted(SSL *ssl)
{
	const unsigned char *at;
	size_t len;

	/* A list of names, each with its kind; only one is of the kind that there is. */
	if (SSL_client_hello_get0_ext(ssl, TLSEXT_TYPE_server_name, &at, &len) != 1 || len < 5 ||
		at[2] != TLSEXT_NAMETYPE_host_name || (size_t)(at[3] << 8 | at[4]) != len - 5 ||
		len - 5 > TLS_NAME_BYTES_MAX)
		return STR("");
	return str_of(at + 5, len - 5);
}
