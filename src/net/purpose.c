/* SPDX-License-Identifier: Apache-2.0 */
#include "net/purpose.h"

#include <openssl/x509v3.h>

/* Whether the extended key usage of LEAF names SIP domains (RFC 5924 4) or any purpose. */
static bool
is_for_sip_or_any(X509 *leaf)
{
	static const char sip_domain[] = "1.3.6.1.5.5.7.3.20";
	EXTENDED_KEY_USAGE *usage = X509_get_ext_d2i(leaf, NID_ext_key_usage, NULL, NULL);
	bool found = false;
	char text[64];

	for (int i = 0; i < sk_ASN1_OBJECT_num(usage) && !found; i++) {
		const ASN1_OBJECT *purpose = sk_ASN1_OBJECT_value(usage, i);

		found = OBJ_obj2nid(purpose) == NID_anyExtendedKeyUsage ||
			(OBJ_obj2txt(text, sizeof text, purpose, 1) > 0 &&
				str_same(str_cstr(text), str_cstr(sip_domain)));
	}
	EXTENDED_KEY_USAGE_free(usage);
	return found;
}

static bool
is_openssls(X509 *leaf, enum eku eku)
{
	return eku == EKU_TLS && !is_for_sip_or_any(leaf);
}

void
purpose_prepare(X509_STORE_CTX *store, enum eku eku)
{
	if (!is_openssls(X509_STORE_CTX_get0_cert(store), eku))
		X509_VERIFY_PARAM_set_purpose(X509_STORE_CTX_get0_param(store), X509_PURPOSE_ANY);
}

bool
purpose_fits(X509 *leaf, enum eku eku, struct buf *why)
{
	bool has_usage = X509_get_extension_flags(leaf) & EXFLAG_XKUSAGE;

	if (is_openssls(leaf, eku))
		return true;
	if ((X509_get_key_usage(leaf) & KU_DIGITAL_SIGNATURE) == 0) {
		buf_put(why,
			STR("the certificate's key may not sign (key usage), as TLS needs it to"));
		return false;
	}
	if (eku != EKU_SIP || !has_usage || is_for_sip_or_any(leaf))
		return true;
	buf_put(why,
		STR("the certificate was issued for other purposes than SIP (RFC 5924 5): its "
		    "extended key usage has neither id-kp-sipDomain nor any; eku: tls would take "
		    "it"));
	return false;
}
