/* SPDX-License-Identifier: Apache-2.0 */
/* mask.h - takes what is secret out of SIP that is kept in a file, and leaves all else as it is.
 *
 * Secret are the digest in an Authorization or Proxy-Authorization (and any credentials of another
 * kind), what the answers to these prove, and the keys in a session description: `a=crypto`,
 * `a=key-mgmt`, `a=ice-pwd` and `k=`. Each octet of a secret becomes a hex digit that follows from
 * a key, from the octet and from those of the secret before it; so lengths stay, what was equal
 * stays equal, and what was not does not become so. Without the key, which is made for one mask_key
 * and forgotten, the digits tell nothing.
 *
 * The octets may come in pieces of any size, as a stream brings them: nothing is held back. The
 * core finds the same messages in what was masked, and reads or refuses the same in them. There is
 * one exception: where a body ends in the middle of a secret, what follows is taken for the rest of
 * the secret, unless it begins with `SIP/2.0` or a method that we know. So the first line of a
 * message that begins with another method, just there, is masked.
 */
#ifndef MAIN_MASK_H
#define MAIN_MASK_H

#include "base/str.h"

struct mask_key {
	uint64_t words[2];
};

/* What is kept between two pieces. All zero at the start of a stream or of a datagram. */
struct mask {
	uint8_t mode;     /* enum mode of mask.c */
	uint8_t word_len; /* of what was read of the name of a line or parameter; too long: 255 */
	char word[32];    /* in lower case */
	uint8_t matched;  /* octets of `inline:` */
	bool is_body;
	bool has_head;   /* a line of a head was read */
	bool is_cr;      /* the last octet was a CR */
	bool is_line;    /* something stands on this line already */
	bool is_over;    /* a line has ended; if it goes on is for the next octet to say */
	bool is_open;    /* in a quoted string */
	bool is_escaped; /* behind a backslash */
	bool is_plain;   /* the value of this parameter is no secret */
	bool is_apart;   /* white space stands behind the name */
	bool is_header;  /* this line is one in which the core looks for a Content-Length */
	uint32_t length; /* Content-Length, then what is left of the body */
	uint64_t chain;  /* of the secret so far */
};

/* Copies DATA to TO with its secrets masked. IS_STREAM: messages follow one another, told apart by
 * Content-Length; otherwise a body is all that is behind a head. */
void mask_copy(struct mask *, const struct mask_key *, bool is_stream, struct str data, char *to);

#endif
