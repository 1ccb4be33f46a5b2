/* SPDX-License-Identifier: Apache-2.0 */
/* config_files.h - files that a configuration of the fuzzer can name, in memory and with numbers
 * that are known. The configuration stands in /proc/self/fd, so `certificate: 90` is beside it. */
#ifndef FUZZ_CONFIG_FILES_H
#define FUZZ_CONFIG_FILES_H

enum config_file {
	FILE_CERTIFICATE = 90, /* of a CA of its own, for a.example and 127.0.0.1 */
	FILE_KEY,              /* of that and of the three behind the lists */
	FILE_OTHER_KEY,
	FILE_CRL,
	FILE_SOON,    /* a certificate that ends within days */
	FILE_EXPIRED, /* one that has ended */
	FILE_EARLY,   /* one that is not valid yet */
	FILE_SECRET,  /* a word with CRLF behind it, for nobody else */
	FILE_EMPTY,   /* a line end, for all */
	FILE_LARGE,   /* larger than a secret may be */
	FILE_OPEN_KEY /* the key, for all */
};

/* Makes them, once. */
void config_files_open(void);

#endif
