/* SPDX-License-Identifier: Apache-2.0 */
/* config_parts.h - one reading of a configuration, as its rooms share it.
 *
 * config.c reads the keys of the file, config_identity.c who we are over TLS, config_dn.c the DNs,
 * config_admin.c where it can be asked, config_sense.c asks whether all that
 * can work together, config_tls.c opens the files of TLS. Each reports what it finds and goes on.
 */
#ifndef MAIN_CONFIG_PARTS_H
#define MAIN_CONFIG_PARTS_H

#include "main/config.h"
#include "main/config_yaml.h"

/* What a DN was read from; a NULL is a value that is missing or was refused. */
struct dn_nodes {
	const struct yaml *map;
	const struct yaml *number, *contact, *tls_name, *pin, *wildcard, *identity, *methods, *sips;
	const struct yaml *proof; /* the username or the realm */
	const struct yaml *register_expires, *oos_force;
	const struct yaml *service_route, *gruu, *proxy;
	bool has_password; /* one is written, good or not */
};

/* What an identity was read from, likewise. */
struct identity_nodes {
	const struct yaml *map; /* its section */
	const struct yaml *certificate, *key, *trust, *crl, *groups;
};

struct reading {
	struct config *config;
	struct config_memory *memory;
	struct report *report;
	const struct yaml *root;
	const struct yaml *listens[LISTENS_MAX]; /* the value with the URI, for each listener */
	bool has_bad_listens; /* some were refused, so that what is missing may be among them */
	struct identity_nodes identities[IDENTITIES_MAX]; /* as in the configuration */
	const struct yaml *timers;
	struct dn_nodes *dns; /* for each DN of the directory */
};

/* A key of a map. */
struct key {
	struct str name;
	bool is_carried; /* false: known, but refused: it is not carried out yet */
};

/* Checks that MAP is one and that its keys are among KEYS, none twice. WHAT it is: `listen`.
 * Ends: true if its values can be looked at. */
bool keys_check(struct reading *, const struct yaml *map, const char *what, const struct key *keys,
	uint32_t count);

/* Whether NODE (NULL is fine) is a value of one word that can be looked at; reports if not.
 * Ends: true with something in node->text. */
bool scalar_check(struct reading *, const struct yaml *node);

/* Reports WHY the value of NODE is refused, octet AT of it being the first that is wrong. */
void value_refused(struct reading *, const struct yaml *node, size_t at, struct str why);

/* The path of a file, beside the configuration; NODE may be NULL. Ends: it, or STR_NONE. */
struct str path_read(struct reading *, const struct yaml *node);

/* Reads `tls` and `identities` (each may be NULL). */
void identities_read(struct reading *, const struct yaml *tls, const struct yaml *named);

/* Reads which identities a listener serves (IDENTITY is a name or a list of names) and whether it
 * asks for the peer's certificate; each may be NULL. Pre: identities_read. */
bool service_read(struct reading *, const struct yaml *identity, const struct yaml *client,
	struct net_listen *);

/* One word of several; those from CARRIED on are known, but not carried out yet.
 * Ends: its place in WORDS, or COUNT with the fault reported. */
uint32_t word_read(struct reading *, const struct yaml *node, const struct str *words,
	uint32_t carried, uint32_t count);

/* Puts the places of the identities that the DNs name into them. Pre: all is read. */
void identities_resolve(struct reading *);

/* The place of MAP's keys' list: `dn`. Reads it into the directory. */
void dns_read(struct reading *, const struct yaml *list);

/* Reads `admin`; NULL: there is none. */
void admin_read(struct reading *, const struct yaml *node);

/* Asks whether what was read can work together. */
void sense_check(struct reading *);

/* Opens the files of TLS at NOW_S. */
void tls_check(struct reading *, int64_t now_s);

#endif
