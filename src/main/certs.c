/* SPDX-License-Identifier: Apache-2.0 */
#include "main/certs.h"

#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "main/expiry.h"
#include "net/bytes.h"
#include "net/cert.h"

enum { SOON_S = 30 * DAY_S, LINE_BYTES = 1024 };

static void
put_date(const char *what, int64_t at_s, FILE *to)
{
	char text[64];
	struct buf b = buf_on(text, sizeof text);

	chain_put_date(&b, at_s);
	fprintf(to, "     %-8s%.*s", what, (int)b.used, text);
}

void
certs_put_link(const struct link *link, uint32_t number, int64_t now_s, FILE *to)
{
	int64_t left_s = link->until_s - now_s;

	fprintf(to, "  %u. %s, %s\n", number, link->subject, link->key);
	if (!link->is_ca)
		fprintf(to, "     %-8s%s\n", "names", link->names);
	fprintf(to, "     %-8s%s\n", "issuer", link->issuer);
	put_date("until", link->until_s, to);
	if (left_s < 0)
		fputs(", expired\n", to);
	else
		fprintf(to, ", %lld days left\n", (long long)(left_s / DAY_S));
	fprintf(to, "     %-8s%s\n", "use",
		link->is_ca                           ? "issues others"
			: link->serves && link->dials ? "as server and as client"
			: link->serves                ? "as server"
			: link->dials                 ? "as client"
						      : "none in TLS");
}

/* ---- what is wrong -------------------------------------------------------------------------- */

static uint32_t
wrong(FILE *to, const char *text)
{
	fprintf(to, "     wrong   %s\n", text);
	return 1;
}

static uint32_t
judge_chain(const struct link *links, uint32_t count, int64_t now_s, FILE *to)
{
	uint32_t faults = 0;

	for (uint32_t i = 0; i < count; i++) {
		if (links[i].until_s < now_s)
			faults += wrong(to, "one of them is out of date: renew it");
		else if (links[i].until_s - now_s < SOON_S)
			faults += wrong(to, "one of them ends within 30 days: renew it");
		if (i + 1 < count && !links[i].is_issued_by_next)
			faults += wrong(to,
				"one is not issued by the next: the file begins with the server's "
				"own, then who issued it, and so on");
	}
	if (!links[0].serves)
		faults += wrong(to,
			"no phone takes the first for a server's: its extendedKeyUsage lacks "
			"serverAuth");
	return faults;
}

static X509 *
read_leaf(struct str path)
{
	char *text = bytes_cstr(path);
	BIO *bio = BIO_new_file(text, "r");
	X509 *leaf = bio != NULL ? PEM_read_bio_X509(bio, NULL, NULL, NULL) : NULL;

	BIO_free(bio);
	free(text);
	return leaf;
}

/* Whether one of the identities that the listener serves names HOST. */
static bool
serves_name(const struct config *config, const struct service *service, struct str host)
{
	uint32_t count = service->identity_count > 0 ? service->identity_count : 1;
	bool is_named = false;

	for (uint32_t i = 0; i < count && !is_named; i++) {
		uint32_t place = service->identity_count > 0 ? service->identities[i] : 0;
		X509 *leaf = read_leaf(config->identities[place].certificate);
		char text[LINE_BYTES];
		struct buf why = buf_on(text, sizeof text);

		is_named = leaf != NULL && cert_names(leaf, host, false, &why);
		X509_free(leaf);
	}
	return is_named;
}

/* The host of `host[:port]`. */
static struct str
host_of(struct str advertise)
{
	size_t end = str_begins(advertise, STR("[")) ? str_find(advertise, ']') : 0;

	return str_upto(advertise, end + str_find(str_from(advertise, end), ':'));
}

struct search {
	const struct config *config;
	struct unnamed *list;
	uint32_t count, max;
};

static void
look_for(struct search *s, const struct net_listen *listen, struct str host, const char *what)
{
	if (s->count < s->max && !serves_name(s->config, &listen->service, host))
		s->list[s->count++] = (struct unnamed){ listen, host, what };
}

/* The names of listeners are domains of ours, too, and are looked at for themselves. */
static bool
is_advertised(const struct config *config, struct str host)
{
	for (uint32_t i = 0; i < config->listen_count; i++)
		if (str_alike(host_of(config->listens[i].advertise), host))
			return true;
	return false;
}

uint32_t
certs_unnamed(
	const struct config *config, struct unnamed *list, uint32_t max, char text[ADDR_TEXT_MAX])
{
	struct search s = { .config = config, .list = list, .max = max };

	for (uint32_t i = 0; i < config->listen_count; i++) {
		const struct net_listen *listen = &config->listens[i];
		struct buf b = buf_on(text, ADDR_TEXT_MAX);
		struct addr addr;

		if (listen->transport != TRANSPORT_TLS)
			continue;
		addr_write_bare(&b, &listen->addr);
		if (!str_is_empty(listen->advertise))
			look_for(&s, listen, host_of(listen->advertise), "advertised name");
		else if (!addr_is_any(&listen->addr))
			look_for(&s, listen, buf_str(&b), "address");
		for (uint32_t k = 0; k < config->directory.domain_count; k++)
			if (!addr_parse(&addr, config->directory.domains[k]) &&
				!is_advertised(config, config->directory.domains[k]))
				look_for(&s, listen, config->directory.domains[k], "domain");
	}
	return s.count;
}

static uint32_t
show_unnamed(const struct config *config, FILE *to)
{
	static struct unnamed list[LISTENS_MAX];
	char text[ADDR_TEXT_MAX];
	uint32_t count = certs_unnamed(config, list, LISTENS_MAX, text);

	for (uint32_t i = 0; i < count; i++) {
		char at[ADDR_TEXT_MAX + 8];
		struct buf b = buf_on(at, sizeof at);

		addr_write_port(&b, &list[i].listen->addr);
		fprintf(to,
			"wrong: listener %.*s: no certificate that it shows names its %s %.*s; who "
			"dials that and looks will refuse it (RFC 5922 6)\n",
			(int)b.used, at, list[i].what, (int)list[i].host.len, list[i].host.at);
	}
	return count;
}

uint32_t
certs_show(const struct config *config, int64_t now_s, FILE *to)
{
	static struct link links[CHAIN_LINKS_MAX];
	uint32_t faults = 0;

	for (uint32_t i = 0; i < config->identity_count; i++) {
		const struct identity *identity = &config->identities[i];
		char text[LINE_BYTES];
		struct buf why = buf_on(text, sizeof text);
		uint32_t count;

		if (str_is_empty(identity->certificate))
			continue;
		fprintf(to, "identity %.*s: %.*s\n",
			identity->name.len > 0 ? (int)identity->name.len : 7,
			identity->name.len > 0 ? identity->name.at : "default",
			(int)identity->certificate.len, identity->certificate.at);
		count = chain_read(links, CHAIN_LINKS_MAX, identity->certificate, &why);
		for (uint32_t k = 0; k < count; k++)
			certs_put_link(&links[k], k + 1, now_s, to);
		if (count > 0)
			faults += judge_chain(links, count, now_s, to);
		else
			faults += wrong(to, "it cannot be read any more");
	}
	return faults + show_unnamed(config, to);
}
