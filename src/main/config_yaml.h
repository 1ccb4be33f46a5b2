/* SPDX-License-Identifier: Apache-2.0 */
/* config_yaml.h - YAML of a strict profile, as a tree whose every value knows its place.
 *
 * No anchors, aliases, tags, merge keys or further documents; keys are plain words; text is UTF-8
 * without control characters. libfyaml is not seen outside.
 */
#ifndef MAIN_CONFIG_YAML_H
#define MAIN_CONFIG_YAML_H

#include "main/config_report.h"

enum yaml_kind { YAML_SCALAR, YAML_LIST, YAML_MAP };

struct yaml {
	enum yaml_kind kind;
	bool is_bad;      /* a fault of it was reported: say no more about it   */
	struct span span; /* a scalar's text without quotes; a first octet else */
	struct str text;  /* of a scalar; STR_NONE when nothing is written      */
	struct str key;   /* what stands before the colon; items have their list's */
	struct span key_span;
	struct yaml *first; /* of a list or map */
	struct yaml *next;  /* in its own list or map */
	uint32_t count;     /* of those in it */
};

/* Reads the report's text. Syntax stops at the first fault; what the profile forbids is reported
 * wherever it stands.
 * Ends: the tree, which lives in MEMORY; NULL with the fault reported. */
struct yaml *yaml_read(struct config_memory *, struct report *);

/* The value of KEY in MAP (the first, if it stands there twice); NULL if it is not there. */
const struct yaml *yaml_get(const struct yaml *map, struct str key);

/* The place in the file of octet AT of a scalar's text: exact unless the text was written with
 * escapes, the beginning then. */
size_t yaml_at(const struct report *, const struct yaml *scalar, size_t at);

#endif
