/* SPDX-License-Identifier: Apache-2.0 */
/* Whom a peer's certificate names, from its octets on: nobody who does not stand in it letter for
 * letter, whatever it is made of; and of names that are hosts nobody whom OpenSSL does not find.
 *
 * The first line is whom we wanted. If the second begins with `d`, the rest is a certificate.
 * Otherwise one is made: each line is a name (`u`, `d`, `i`, `e` and its octets), a common name
 * (`c`), a use (`k` and an object identifier), a key usage (`K` and an octet), or a change of an
 * octet of it all (`m`, three octets: where, and how). */
#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <string.h>

#include "base/limits.h"
#include "der.h"
#include "fuzz.h"
#include "net/cert.h"
#include "net/purpose.h"
#include "slow_domain.h"

static struct der_name found[DER_NAMES_MAX];
static unsigned found_count;
static char made[DER_BYTES_MAX];

/* ---- what stands there ----------------------------------------------------------------------- */

static bool
has_domain_uri(void)
{
	bool has = false;

	for (unsigned i = 0; i < found_count; i++)
		has |= found[i].tag == NAME_URI && domain_of(found[i].value).len > 0;
	return has;
}

/* Whether VALUE is a star in the place of the first label of WANTED, with two labels behind it. */
static bool
is_wild(struct str value, struct str wanted)
{
	struct str rest = str_from(wanted, str_find(wanted, '.'));

	return str_begins(value, STR("*.")) && str_alike(str_from(value, 1), rest) &&
		str_find(str_from(rest, 1), '.') + 1 < rest.len;
}

/* Whether WANTED, a host, stands there. */
static bool
stands_there(struct str wanted, bool takes_wildcard)
{
	bool has_uri = has_domain_uri();
	struct addr addr;

	for (unsigned i = 0; i < found_count; i++) {
		struct str value = found[i].value;

		if (addr_parse(&addr, wanted)) {
			size_t len = addr.family == ADDR_V6 ? 16 : 4;

			if (found[i].tag == NAME_IP && str_same(value, str_of(addr.ip, len)))
				return true;
		} else if (value.len > 0 && memchr(value.at, '\0', value.len) != NULL) {
			continue;
		} else if (found[i].tag == NAME_URI && str_alike(domain_of(value), wanted)) {
			return true;
		} else if (found[i].tag == NAME_DNS && !has_uri &&
			(str_alike(value, wanted) || (takes_wildcard && is_wild(value, wanted)))) {
			return true;
		}
	}
	return false;
}

/* ---- what we say of it ----------------------------------------------------------------------- */

/* OpenSSL's own reader: it looks at no URI, and does not know that one takes the place of names. */
static void
see_witness(X509 *cert, struct str wanted, bool is_named)
{
	const unsigned flags = X509_CHECK_FLAG_NEVER_CHECK_SUBJECT | X509_CHECK_FLAG_NO_WILDCARDS;
	bool has_uri = false, is_found;
	struct addr addr;

	for (unsigned i = 0; i < found_count; i++)
		has_uri |=
			found[i].tag == NAME_URI && str_begins_alike(found[i].value, STR("sip:"));
	if (addr_parse(&addr, wanted))
		is_found = X509_check_ip(cert, addr.ip, addr.family == ADDR_V6 ? 16 : 4, 0) == 1;
	else if (has_uri)
		return;
	else
		is_found = X509_check_host(cert, wanted.at, wanted.len, flags, NULL) == 1;
	fuzz_check(is_found || !is_named, wanted);
	if (found_count <= SANS_MAX)
		fuzz_check(is_named || !is_found, wanted);
}

static void
see_text(struct str text)
{
	for (size_t i = 0; i < text.len; i++)
		fuzz_check(text.at[i] >= 0x20 && text.at[i] < 0x7f, text);
}

static void
see_names(X509 *cert, struct str wanted)
{
	static char sentence[4 * LOG_TEXT_MAX];
	struct buf why = buf_on(sentence, sizeof sentence);
	GENERAL_NAMES *names = X509_get_ext_d2i(cert, NID_subject_alt_name, NULL, NULL);
	bool is_named = cert_names(cert, wanted, false, &why);
	bool is_wild_too;

	fuzz_check(buf_ok(&why) && (why.used == 0) == is_named, wanted);
	is_wild_too = cert_names(cert, wanted, true, &why);
	fuzz_check(!is_named || stands_there(wanted, false), wanted);
	fuzz_check(!is_wild_too || stands_there(wanted, true), wanted);
	fuzz_check(is_wild_too || !is_named, wanted);
	fuzz_check(is_named == cert_is_named(names, wanted), wanted);
	see_text(buf_str(&why));
	see_witness(cert, wanted, is_named);
	if (is_named) {
		enum named_by by = cert_named_by(cert, wanted);
		struct addr addr;

		fuzz_check((by == NAMED_BY_IP) == addr_parse(&addr, wanted), wanted);
		fuzz_check(by != NAMED_BY_DNS || !has_domain_uri(), wanted);
	} else {
		fuzz_check(cert_name_fault(cert, wanted) >= WHY_NAME_OTHER &&
				cert_name_fault(cert, wanted) <= WHY_NAME_NUL,
			wanted);
	}
	GENERAL_NAMES_free(names);
}

/* What is listed for a client is what it would be believed for if it were dialled. */
static void
see_list(X509 *cert, struct str wanted)
{
	static char text[CERT_NAMES_BYTES_MAX + 1], shown[LOG_TEXT_MAX];
	struct buf list = buf_on(text, sizeof text), b = buf_on(shown, sizeof shown);
	struct str rest, name;

	cert_list(cert, &list);
	fuzz_check(buf_ok(&list) && list.used <= CERT_NAMES_BYTES_MAX, wanted);
	for (rest = buf_str(&list); rest.len > 0;) {
		struct str bare = name = str_cut(&rest, ',');
		struct addr ip;

		if (addr_parse(&ip, name) || (uri_take_host(&bare, &ip).len > 0 && bare.len == 0))
			fuzz_check(stands_there(name, false), name);
	}
	cert_put_names(&b, cert, sizeof shown);
	fuzz_check(buf_ok(&b), wanted);
	see_text(buf_str(&b));
}

/* One certificate and no other is taken by its print, whatever it names. */
static void
see_pin(X509 *cert, struct str wanted, unsigned bit)
{
	static char sentence[4 * LOG_TEXT_MAX];
	struct buf why = buf_on(sentence, sizeof sentence);
	struct terms terms = { .has_pin = true };
	unsigned len = 0;

	fuzz_check(X509_digest(cert, EVP_sha256(), terms.pin, &len) == 1, wanted);
	fuzz_check(cert_is_wanted(cert, wanted, &terms, &why) && why.used == 0, wanted);
	terms.pin[bit / 8 % FINGERPRINT_BYTES] ^= (uint8_t)(1 << bit % 8);
	fuzz_check(!cert_is_wanted(cert, wanted, &terms, &why) && why.used > 0, wanted);
	see_text(buf_str(&why));
}

/* WISH: as it was made; NULL: nobody knows. */
static void
see_purpose(X509 *cert, const struct der_wish *wish)
{
	static char sentence[4 * LOG_TEXT_MAX];
	struct buf why = buf_on(sentence, sizeof sentence);
	bool is_for_sip = purpose_fits(cert, EKU_SIP, &why), may_sign, is_due;

	fuzz_check(!is_for_sip || purpose_fits(cert, EKU_ANY, &why), buf_str(&why));
	fuzz_check(!is_for_sip || purpose_fits(cert, EKU_TLS, &why), buf_str(&why));
	if (wish == NULL)
		return;
	may_sign = wish->key_usage < 0 || (wish->key_usage & 0x80) != 0;
	is_due = wish->use_count == 0;
	for (unsigned i = 0; i < wish->use_count; i++)
		is_due |= str_same(wish->uses[i], STR("1.3.6.1.5.5.7.3.20")) ||
			str_same(wish->uses[i], STR("2.5.29.37.0"));
	fuzz_check(is_for_sip == (is_due && may_sign), buf_str(&why));
}

/* ---- what it is made of ---------------------------------------------------------------------- */

/* Ends: whether anything was changed afterwards. */
static bool
make(struct der_wish *wish, struct str lines, struct str *der)
{
	static const char kinds[] = "udie";
	static const unsigned char tags[] = { NAME_URI, NAME_DNS, NAME_IP, NAME_EMAIL };
	bool is_changed = false;

	memset(wish, 0, sizeof *wish);
	wish->common_name = STR_NONE;
	wish->key_usage = -1;
	for (struct str rest = lines; rest.len > 0;) {
		struct str line = fuzz_line(&rest);
		char kind = (char)fuzz_choice(&line);
		const char *at = memchr(kinds, kind, sizeof kinds - 1);

		if (at != NULL && wish->name_count < DER_NAMES_MAX)
			wish->names[wish->name_count++] =
				(struct der_name){ tags[at - kinds], line };
		else if (kind == 'c')
			wish->common_name = line;
		else if (kind == 'k' && wish->use_count < DER_USES_MAX)
			wish->uses[wish->use_count++] = line;
		else if (kind == 'K')
			wish->key_usage = (int)fuzz_choice(&line);
	}
	*der = der_write(wish, made);
	while (lines.len > 0 && der->len > 0) {
		struct str line = fuzz_line(&lines);
		size_t place;

		if (fuzz_choice(&line) != 'm' || line.len < 3)
			continue;
		place = fuzz_choice(&line) << 8;
		place |= fuzz_choice(&line);
		made[(size_t)(der->at - made) + place % der->len] ^= (char)fuzz_choice(&line);
		is_changed = true;
	}
	return is_changed;
}

/* Reads the alternative names again, as OpenSSL writes what it has read of them. */
static void
find_names(X509 *cert)
{
	static unsigned char again[DER_BYTES_MAX];
	GENERAL_NAMES *names = X509_get_ext_d2i(cert, NID_subject_alt_name, NULL, NULL);
	unsigned char *to = again;
	int len = names != NULL ? i2d_GENERAL_NAMES(names, NULL) : 0;

	found_count = 0;
	if (len > 0 && (size_t)len <= sizeof again) {
		len = i2d_GENERAL_NAMES(names, &to);
		found_count = der_names(str_of(again, (size_t)len), found, DER_NAMES_MAX);
	}
	GENERAL_NAMES_free(names);
}

static bool
is_host(struct str wanted)
{
	struct addr ip;

	return addr_parse(&ip, wanted) || (uri_take_host(&wanted, &ip).len > 0 && wanted.len == 0);
}

static void
see(X509 *cert, struct str wanted, const struct der_wish *wish)
{
	static char subject[4 * LOG_TEXT_MAX]; /* quoting makes four octets of one */
	struct buf b = buf_on(subject, sizeof subject);

	find_names(cert);
	if (wish != NULL) {
		fuzz_check(found_count == wish->name_count, wanted);
		for (unsigned i = 0; i < found_count; i++)
			fuzz_check(found[i].tag == wish->names[i].tag &&
					str_same(found[i].value, wish->names[i].value),
				wanted);
	}
	cert_put_subject(&b, cert);
	fuzz_check(buf_ok(&b), wanted);
	see_text(buf_str(&b));
	if (is_host(wanted))
		see_names(cert, wanted);
	see_list(cert, wanted);
	see_pin(cert, wanted, wanted.len > 0 ? (unsigned char)wanted.at[0] : 0);
	see_purpose(cert, wish);
}

void
fuzz_one(struct str input)
{
	static struct der_wish wish;
	struct str wanted = fuzz_line(&input), der, rest = input;
	struct str how = fuzz_line(&rest);
	bool is_changed = true;
	const unsigned char *at;
	X509 *cert;

	if (input.len > 16 * 1024)
		return;
	if (fuzz_choice(&how) == 'd')
		der = rest;
	else
		is_changed = make(&wish, rest, &der);
	at = (const unsigned char *)der.at;
	cert = der.len > 0 ? d2i_X509(NULL, &at, (long)der.len) : NULL;
	if (cert != NULL)
		see(cert, wanted, is_changed ? NULL : &wish);
	else
		/* A subject may be no UTF-8. */
		fuzz_check(is_changed || der.len == 0 || wish.common_name.len > 0, input);
	X509_free(cert);
	ERR_clear_error();
}
