/* SPDX-License-Identifier: Apache-2.0 */
/* locate.h - from a URI to the servers behind it (RFC 3263), given what DNS answers.
 *
 * A value that names one question after the other and hears their answers; who asks them is not its
 * affair. What it finds are places, each a transport, an address and a port, in ranks. For sips
 * only services that mean TLS are asked for or followed, and every place is TLS; whom the far
 * end must prove to be stays the host of the URI, whatever DNS says (RFC 5922 7.3).
 */
#ifndef HOP_LOCATE_H
#define HOP_LOCATE_H

#include "base/dice.h"
#include "base/event.h"
#include "base/limits.h"
#include "secure/scheme.h"

/* Where one server is. */
struct place {
	enum transport transport;
	struct addr addr;
	uint32_t rank;   /* the smaller first: the service, then the priority of SRV */
	uint16_t weight; /* among servers of one rank                                 */
	uint16_t server; /* addresses of one server stand together                    */
};

/* What is looked for. */
struct sought {
	struct speech speech; /* as speech_of_uri has it                                  */
	bool has_transport;   /* the URI says which; without it DNS may (RFC 3263 4.1)     */
	struct str host;
	struct addr ip; /* the host, or its maddr, as an address; family ADDR_NONE: a name */
	uint16_t port;  /* 0: none                                                         */
	bool has_udp, has_tcp, has_tls; /* what we speak at all */
};

/* A question to DNS; the name lives as long as the locate stands still. */
struct query {
	enum names_kind kind;
	struct str name;
};

enum locating {
	LOCATE_ASKS,   /* *QUERY is to be put                                         */
	LOCATE_FOUND,  /* there are places                                               */
	LOCATE_ABSENT, /* DNS says that there are none                                   */
	LOCATE_FAILED, /* DNS did not say                                                */
};

enum locate_state {
	LOCATE_AT_NAPTR,
	LOCATE_AT_SRV,
	LOCATE_AT_ADDRESSES,
	LOCATE_AT_END,
};

enum { LOCATE_NAME_MAX = HOST_BYTES_MAX + 16 }; /* `_sips._tcp.` and a host */

struct locate {
	enum locate_state state;
	struct speech speech;
	uint16_t port;
	bool has_udp, has_tcp, has_tls;
	bool has_sips;  /* a service of sips was published              */
	bool is_denied; /* an SRV of a dot: nobody is there (RFC 2782) */
	bool is_failed; /* some question was not answered              */
	uint32_t ttl_s; /* the least of all answers                    */

	uint32_t host_len;
	char host[HOST_BYTES_MAX];

	struct {
		enum transport transport;
		uint32_t len;
		char name[LOCATE_NAME_MAX];
	} services[SERVICES_ASKED_MAX];
	uint32_t service_count, service_at;

	struct {
		enum transport transport;
		uint16_t port, weight;
		uint32_t rank, len;
		char name[HOST_BYTES_MAX];
	} servers[SERVERS_MAX];
	uint32_t server_count, server_at;

	struct place places[PLACES_MAX];
	uint32_t place_count;
};

/* Begins. Ends: LOCATE_ASKS with *QUERY, or LOCATE_FOUND for an address, or LOCATE_ABSENT. */
enum locating locate_begin(struct locate *, const struct sought *, struct query *query);

/* Hears the answer to the question. Ends: each way. */
enum locating locate_hear(struct locate *, const struct event *names, struct query *query);

/* Why there are no places, for the log: `it was not found`. Pre: LOCATE_ABSENT, LOCATE_FAILED. */
struct str locate_why(const struct locate *);

/* Puts the COUNT PLACES (PLACES_MAX at most) into the order in which they are to be tried: by rank;
 * within a rank drawn by weight, as RFC 2782 says; the addresses of a server as they came. */
void places_draw(struct place *places, uint32_t count, struct dice *dice);

#endif
