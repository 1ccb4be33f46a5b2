/* SPDX-License-Identifier: Apache-2.0 */
/* directory.h - the DNs (directory numbers) and how a dialled number finds one.
 *
 * An immutable value that the host builds and hands to the core; a reload hands over another.
 */
#ifndef DIRECTORY_DIRECTORY_H
#define DIRECTORY_DIRECTORY_H

#include "base/buf.h"
#include "base/limits.h"
#include "base/map.h"
#include "directory/contact.h"
#include "gate/answer.h"
#include "secure/crossing.h"

enum dn_type { DN_EXTENSION, DN_ACD_POSITION, DN_TRUNK, DN_SOFTSWITCH };

struct dn {
	struct str number; /* a number or a name; unique */
	enum dn_type type;
	struct contact contact;
	struct str password;      /* empty: none */
	bool challenges_register; /* `authenticate-requests`; both by default with a password */
	bool challenges_invite;
	struct str identity; /* the name of ours that it is shown; empty: the default */
	struct terms terms;  /* on which it is dialled; the host puts the place of `identity` in */
	bool emits_tls;      /* `emit-transport-tls`: in our Contacts on its sips legs */
	bool checks_from;    /* `from-domain: certificate` */
	bool is_trusted;     /* `asserted-identity: trusted` */
	struct str username; /* trunk, softswitch: with the password, what proves us there; */
	struct str realm;    /* and to whom: in this realm. Both empty unless set           */
	struct str tls_name; /* instead of the contact's host, what its certificate must name */
	struct str prefix;   /* trunk, softswitch: what dialled numbers begin with; empty: none */
	uint32_t priority;   /* among equal prefixes, the smaller first; 0 unless set */
	uint32_t capacity;   /* calls at once; 0: no limit */
	enum crossing_mode crossing; /* the stricter of this, its caller's and the directory's */
	enum sips_policy sips;       /* what its own legs may speak                            */
	uint32_t oos_check_s;        /* how often it is asked whether it is alive; 0: never */
	uint32_t oos_force_s; /* how long it may be silent then; 0: until the request gives up */
	uint32_t recovery_timeout_s; /* how long it is spared after a call that it did not hear */
	bool registers;              /* trunk, softswitch: we REGISTER there, for so many seconds */
	uint32_t register_expires_s;
	bool tells_route; /* `service-route`: of a device that registers */
	bool wants_gruu;  /* `gruu`: trunk, softswitch that we register at */
	bool has_proxy;   /* trunk, softswitch: all that goes there goes by way of this one */
	struct contact proxy;
};

/* Who may call though it is neither a trunk nor a DN. */
enum strangers { STRANGERS_DN_ONLY, STRANGERS_NONE, STRANGERS_ALL };

struct directory {
	struct dn *dns;
	uint32_t count;
	struct map by_number;
	uint32_t *ways; /* places of the DNs with a prefix: the longest first, then by priority */
	uint32_t way_count;
	struct str domains[DOMAINS_MAX]; /* ours; the first is the realm */
	uint32_t domain_count;
	enum strangers strangers;
	enum crossing_mode crossing; /* of every call, if no DN of it is stricter */
	struct str uuid_header;      /* the name of the header with the call's UUID */
};

#define DN_NONE_INDEX UINT32_MAX

/* Indexes the DNs (dns and count, which stay the caller's) for directory_find and directory_trunk.
 * Ends: true; false when the arena is too small (or only measures), *TWICE then being
 * DN_NONE_INDEX, or when two have one number, *TWICE being the place of the second. */
bool directory_index(
	struct directory *, struct arena *, const uint8_t key[MAP_KEY_BYTES], uint32_t *twice);

/* The DN with exactly this NUMBER (octet for octet, escapes already decoded), or NULL. */
const struct dn *directory_find(const struct directory *, struct str number);

/* Where a number that is no DN's goes: the trunk or softswitch whose `prefix` is the longest that
 * NUMBER begins with; among equals the smallest priority, then the first. Or NULL. */
const struct dn *directory_trunk(const struct directory *, struct str number);

/* The next that might take NUMBER in place of DN, which is one that was found so; or NULL. */
const struct dn *directory_trunk_after(
	const struct directory *, struct str number, const struct dn *dn);

/* Whether HOST is one of our domains: ASCII case and a dot at the end ignored, an address by value,
 * IPv6 with or without brackets. */
bool directory_is_domain(const struct directory *, struct str host);

/* The realm of our challenges: the first domain. */
struct str directory_realm(const struct directory *);

/* The place of a DN in the directory. */
uint32_t directory_place(const struct directory *, const struct dn *);

bool dn_is_trunk(const struct dn *); /* a trunk or a softswitch: its calls come from its address */

/* Where what goes to DN is sent: its contact, or in its place the outbound proxy. That is asked for
 * sips over TLS where the contact is sips (RFC 3261 16.6 (7), RFC 5630 5.1.1), and over TLS where
 * the contact says that. */
struct contact dn_hop(const struct dn *);

/* What its legs speak: the scheme of its contact, over what leads to its hop. */
struct speech dn_speech(const struct dn *);

/* Puts the outbound proxy as a Route value of a leg of SCHEME: sips where that is, else as it is
 * configured (RFC 5630 5.1.1). Pre: there is one. */
void dn_write_proxy(struct buf *, const struct dn *, enum scheme);

/* What its certificate must name: `tls-name`, else the host of its hop; empty: nothing does. */
struct str dn_tls_name(const struct dn *);

/* What proves us to a trunk or softswitch: its password, the username (its number unless set),
 * and the realm (the host of its contact unless set). Without a password, and for a device,
 * whose password proves the device to us, an empty secret. */
struct secret dn_secret(const struct dn *);

/* `extension`, `acd-position`, `trunk`, `softswitch`. */
struct str dn_type_name(enum dn_type);

#endif
