/* SPDX-License-Identifier: Apache-2.0 */
#include "net/crl.h"

#include <openssl/err.h>
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "net/bytes.h"
#include "net/cert.h"
#include "net/pem.h"

bool
crl_load(SSL_CTX *ctx, struct str path, struct buf *why)
{
	X509_STORE *store = SSL_CTX_get_cert_store(ctx);
	X509_LOOKUP *lookup = X509_STORE_add_lookup(store, X509_LOOKUP_file());
	char *text = bytes_cstr(path);
	bool is_loaded;

	ERR_clear_error();
	is_loaded = pem_is_readable(text, STR("crl"), PEM_FILE, why);
	if (is_loaded) {
		is_loaded = lookup != NULL &&
			X509_load_crl_file(lookup, text, X509_FILETYPE_PEM) >= 1 &&
			X509_STORE_set_flags(
				store, X509_V_FLAG_CRL_CHECK | X509_V_FLAG_CRL_CHECK_ALL) == 1;
		if (!is_loaded) {
			buf_put(why, path);
			buf_put(why, STR(" holds no revocation list in PEM form"));
		}
	}
	ERR_clear_error();
	free(text);
	return is_loaded;
}

bool
crl_explain(struct buf *why, X509_STORE_CTX *store, struct str path)
{
	X509 *cert = X509_STORE_CTX_get_current_cert(store);
	int error = X509_STORE_CTX_get_error(store);
	struct str end;

	switch (error) {
	case X509_V_ERR_CERT_REVOKED: end = STR(" was revoked by its CA"); break;
	case X509_V_ERR_UNABLE_TO_GET_CRL:
		end = STR(": there is no revocation list of its CA");
		break;
	case X509_V_ERR_CRL_HAS_EXPIRED:
		end = STR(
			": the revocation list of its CA is out of date, and nobody of this CA is "
			"believed until there is a newer one");
		break;
	case X509_V_ERR_CRL_NOT_YET_VALID:
		end = STR(": the revocation list of its CA is not valid yet");
		break;
	case X509_V_ERR_CRL_SIGNATURE_FAILURE:
	case X509_V_ERR_UNABLE_TO_GET_CRL_ISSUER:
		end = STR(": the revocation list of its CA was not signed by it");
		break;
	default: return false;
	}
	buf_put(why, STR("the certificate "));
	cert_put_subject(why, cert != NULL ? cert : X509_STORE_CTX_get0_cert(store));
	buf_put(why, end);
	buf_put(why, STR(" (crl: "));
	buf_put(why, path);
	buf_char(why, ')');
	return true;
}
