/* SPDX-License-Identifier: Apache-2.0 */
/* recording.h - the file of `serve --record`: all that a core was told from its start, and a hash
 * of all that it answered. doc/recording.md has its layout.
 *
 * Writing puts whole records into a buffer; reading takes views out of the octets of a file. What a
 * file says is checked against the limits before it is believed: whoever replays one may be given
 * any.
 */
#ifndef MAIN_RECORDING_H
#define MAIN_RECORDING_H

#include "core/door.h"
#include "main/config_memory.h"
#include "main/mask.h"

#define RECORDING_MAGIC "sipward recording 3\n"

/* Of a record: how many octets follow, and its kind. */
enum { RECORDING_HEAD_BYTES = 4 + 1 };

enum record_kind {
	RECORD_OPEN = 1, /* how the core was opened: the first, and only the first      */
	RECORD_EVENT,    /* what it was told, and when                                   */
	RECORD_ANSWER,   /* what came of it                                              */
	RECORD_END,      /* why the recording ends: the last                             */
};

enum recording_end {
	END_SERVER,   /* the server ended                             */
	END_FULL,     /* the file has reached its size                */
	END_VERDICTS, /* one event had more credentials than are kept */
	END_FLOWS,    /* more streams at once than are followed       */
	RECORDING_ENDS,
};

struct record {
	enum record_kind kind;
	struct when now;    /* RECORD_OPEN, RECORD_EVENT */
	bool is_fresh;      /* RECORD_EVENT: the list of actions had been carried out and cleared */
	struct event event; /* RECORD_EVENT */
	struct str verdicts;         /* RECORD_ANSWER: for core_tell */
	uint32_t act_count;          /* RECORD_ANSWER: how many actions the event brought about */
	uint64_t hash;               /* RECORD_ANSWER: recording_hash over all actions so far */
	enum recording_end end;      /* RECORD_END */
	struct core_options options; /* RECORD_OPEN */
	struct str version;          /* RECORD_OPEN: of the server */
};

/* ---- writing --------------------------------------------------------------------------------- */

/* No more than this many octets are put for a record. */
size_t recording_room(const struct record *);

/* Puts a record. Passwords are left out; octets of an event go as they are: the caller has masked
 * them. Pre: recording_room() fits. */
void recording_put(struct buf *, const struct record *);

/* The hash of all actions so far and one more, whose octets are masked with KEY first; NULL: they
 * were masked when they were recorded. The first goes on from RECORDING_HASH. */
#define RECORDING_HASH 0xcbf29ce484222325ULL
uint64_t recording_hash(uint64_t so_far, const struct act *, const struct mask_key *);

/* ---- reading --------------------------------------------------------------------------------- */

/* A recording that is being read. The octets of the file stay the caller's. */
struct recording {
	struct str file;
	size_t at;                    /* all octets before this one were read        */
	enum record_kind last;        /* 0: none was read                            */
	int64_t mono_ms;              /* of the last event                           */
	struct config_memory *memory; /* directories and listeners, until it is closed */
};

enum recording_found {
	RECORDING_MORE, /* *RECORD is the next                                      */
	RECORDING_OVER, /* the last was read, and nothing follows                    */
	RECORDING_CUT,  /* the file ends in the middle of a record, or without an end */
	RECORDING_BAD,  /* what stands there is no record, or stands in a wrong place */
};

/* Begins to read FILE.
 * Ends: true; false with one sentence in WHY: it is no recording, or of another version. */
bool recording_open(struct recording *, struct str file, struct buf *why);

/* Takes the next record. Its views live until recording_close; with RECORDING_CUT and RECORDING_BAD
 * `at` is where the record begins that cannot be had.
 * The first is a RECORD_OPEN with options for a replay; events and answers take turns. */
enum recording_found recording_next(struct recording *, struct record *);

void recording_close(struct recording *);

#endif
