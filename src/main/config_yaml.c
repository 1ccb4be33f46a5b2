/* SPDX-License-Identifier: Apache-2.0 */
#include "main/config_yaml.h"

#include <libfyaml.h>

enum { DEPTH_MAX = 8 }; /* the schema needs four */

struct reader {
	struct config_memory *memory;
	struct report *report;
	struct fy_parser *parser;
	struct fy_event *event; /* the present one, or NULL at the end and after a fault */
};

/* ---- the text before it is parsed ------------------------------------------------------------ */

/* How many octets the character at AT takes, or 0 if it is none that may stand in the file. */
static size_t
good_character(struct str text, size_t at)
{
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	unsigned char first = (unsigned char)text.at[at];
	size_t len = first < 0x80 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
	uint32_t code = first & (0xffu >> (len == 1 ? 0 : len + 1));

	if (first < 0x80)
		return (first >= ' ' && first != 0x7f) || first == '\n' || first == '\r' ||
			first == '\t';
	if (first < 0xc2 || first > 0xf4 || at + len > text.len)
		return 0;
	for (size_t i = 1; i < len; i++) {
		if ((text.at[at + i] & 0xc0) != 0x80)
			return 0;
		code = code << 6 | ((unsigned char)text.at[at + i] & 0x3fu);
	}
	if (code < least[len] || code > 0x10ffff || (code >= 0xd800 && code < 0xe000))
		return 0;
	/* C1 controls, the Unicode line ends (some parsers count lines by them) and the byte order
	 * mark. */
	if (code < 0xa0 || code == 0x2028 || code == 0x2029 || code == 0xfeff)
		return 0;
	return len;
}

/* libfyaml takes an octet that is no UTF-8 for the end of the file, and swallows control
 * characters. */
static bool
text_is_good(struct report *report)
{
	struct str text = report->text;
	size_t len;

	for (size_t at = 0; at < text.len; at += len) {
		len = good_character(text, at);
		if (len == 0) {
			report_error(report, (struct span){ at, at + 1 },
				"this character may not stand here; the file is UTF-8 text without "
				"a byte order mark");
			return false;
		}
	}
	return true;
}

/* ---- events ---------------------------------------------------------------------------------- */

static void
step(struct reader *r)
{
	fy_parser_event_free(r->parser, r->event);
	r->event = fy_parser_parse(r->parser);
}

static struct span
span_of(const struct fy_mark *start, const struct fy_mark *end, size_t size)
{
	struct span span = { 0, 0 };

	if (start != NULL)
		span.from = start->input_pos < size ? start->input_pos : size;
	span.to = span.from;
	if (end != NULL && end->input_pos > span.from)
		span.to = end->input_pos < size ? end->input_pos : size;
	return span;
}

static struct span
token_span(const struct reader *r, struct fy_token *token)
{
	if (token == NULL)
		return (struct span){ 0, 0 };
	return span_of(fy_token_start_mark(token), fy_token_end_mark(token), r->report->text.len);
}

/* Reports what the profile does without; true if there was something. */
static bool
has_extras(struct reader *r)
{
	struct fy_token *anchor = fy_event_get_anchor_token(r->event);
	struct fy_token *tag = fy_event_get_tag_token(r->event);

	if (r->event->type != FYET_ALIAS && anchor != NULL)
		report_error(r->report, token_span(r, anchor),
			"anchors are not used here; if the & belongs to the value, quote it");
	else if (r->event->type != FYET_ALIAS && tag != NULL)
		report_error(r->report, token_span(r, tag),
			"tags are not used here; if the ! belongs to the value, quote it");
	else
		return false;
	return true;
}

static struct yaml *
new_node(struct reader *r, enum yaml_kind kind)
{
	struct yaml *node = memory_take(r->memory, sizeof *node);
	size_t size = r->report->text.len;

	node->kind = kind;
	node->text = STR_NONE;
	node->span = span_of(fy_event_start_mark(r->event), fy_event_end_mark(r->event), size);
	node->is_bad = has_extras(r);
	return node;
}

static struct yaml *
read_scalar(struct reader *r, size_t after)
{
	struct yaml *node = new_node(r, YAML_SCALAR);
	struct fy_token *token = r->event->scalar.value;
	const char *text;
	size_t len = 0;

	if (r->event->type == FYET_ALIAS) {
		node->span = token_span(r, r->event->alias.anchor);
		node->span.from -= node->span.from > 0;
		node->is_bad = true;
		report_error(r->report, node->span,
			"an unquoted * begins an alias, which is not used here; quote it");
	} else if (token == NULL || fy_scalar_token_get_style(token) == FYSS_ANY) {
		/* Nothing is written: the place is where it should stand. */
		node->span = (struct span){ after, after };
	} else {
		text = fy_token_get_text(token, &len);
		node->text = memory_copy(r->memory, str_of(text, text != NULL ? len : 0));
	}
	for (size_t i = 0; i < node->text.len && !node->is_bad; i++) {
		if ((unsigned char)node->text.at[i] < ' ' || node->text.at[i] == 0x7f) {
			node->is_bad = true;
			report_error(r->report, node->span,
				"the value holds a line end or another control character");
		}
	}
	step(r);
	return node;
}

static struct yaml *read_node(struct reader *, unsigned depth, size_t after);

/* Skips a node that was refused. */
static void
skip(struct reader *r)
{
	unsigned depth = 0;

	do {
		bool is_start = r->event->type == FYET_MAPPING_START ||
			r->event->type == FYET_SEQUENCE_START;
		bool is_end =
			r->event->type == FYET_MAPPING_END || r->event->type == FYET_SEQUENCE_END;

		depth = depth + is_start - is_end;
		step(r);
	} while (depth > 0 && r->event != NULL);
}

/* Reads the entries of a list or map up to its end. */
static struct yaml *
read_entries(struct reader *r, struct yaml *node, unsigned depth)
{
	enum fy_event_type end = node->kind == YAML_MAP ? FYET_MAPPING_END : FYET_SEQUENCE_END;
	struct yaml **last = &node->first;
	struct yaml *key = NULL, *value;

	step(r);
	while (r->event != NULL && r->event->type != end) {
		size_t after = node->span.from;

		if (node->kind == YAML_MAP) {
			if (r->event->type != FYET_SCALAR) {
				struct span span = span_of(
					fy_event_start_mark(r->event), NULL, r->report->text.len);

				report_error(r->report, span, "a key is a word");
				skip(r);
				if (r->event != NULL)
					skip(r);
				continue;
			}
			key = read_scalar(r, after);
			after = key->span.to;
			if (r->event == NULL)
				return NULL;
		}
		value = read_node(r, depth + 1, after);
		if (value == NULL)
			return NULL;
		if (key != NULL) {
			value->key = str_is_none(key->text) ? STR("") : key->text;
			value->key_span = key->span;
			for (struct yaml *item = value->first;
				value->kind == YAML_LIST && item != NULL; item = item->next)
				item->key = value->key;
		}
		*last = value;
		last = &value->next;
		node->count++;
	}
	if (r->event != NULL)
		step(r);
	return node;
}

/* Reads one value; AFTER is where it should stand if nothing is written.
 * Ends: the value, or NULL after a syntax fault. */
static struct yaml *
read_node(struct reader *r, unsigned depth, size_t after)
{
	struct yaml *node;

	if (r->event->type == FYET_SCALAR || r->event->type == FYET_ALIAS)
		return read_scalar(r, after);
	node = new_node(r, r->event->type == FYET_MAPPING_START ? YAML_MAP : YAML_LIST);
	if (node->span.to > node->span.from + 1)
		node->span.to = node->span.from + 1;
	if (depth == DEPTH_MAX) {
		report_error(r->report, node->span, "this is nested too deeply");
		node->is_bad = true;
		skip(r);
		return node;
	}
	return read_entries(r, node, depth);
}

/* ---- the whole ------------------------------------------------------------------------------- */

static void
no_output(struct fy_diag *diag, void *user, const char *text, size_t len)
{
	(void)diag;
	(void)user;
	(void)text;
	(void)len;
}

/* The octet at LINE and COLUMN, both from 1. */
static size_t
place(struct str text, int line, int column)
{
	size_t at = 0;

	while (line > 1 && at < text.len) {
		line -= text.at[at] == '\n';
		at++;
	}
	return column > 0 && at + (size_t)column - 1 < text.len ? at + (size_t)column - 1 : at;
}

/* Reports the syntax fault that libfyaml stopped at, with a cure where we know one. */
static void
report_syntax(struct reader *r, struct fy_diag *diag)
{
	struct str text = r->report->text;
	void *cursor = NULL;
	struct fy_diag_error *error = fy_diag_errors_iterate(diag, &cursor);
	const char *message = error != NULL && error->msg != NULL ? error->msg : "this is no YAML";
	const char *cure = "";
	struct span span = { 0, 0 };

	if (error != NULL && error->fyt != NULL)
		span = token_span(r, error->fyt);
	else if (error != NULL)
		span.from = place(text, error->line, error->column);
	if (span.from > 0 && span.from <= text.len && text.at[span.from - 1] == '*') {
		span.from--;
		span.to = span.from + 1;
		message = "an unquoted * begins an alias";
		cure = "; quote it: \"*\"";
	} else if (span.from < text.len && str_find(STR("@`%*&"), text.at[span.from]) < 5) {
		cure = "; quote the value";
	} else if (span.from < text.len && text.at[span.from] == '\t') {
		cure = "; indent with spaces";
	}
	/* A token may go over many lines. */
	if (span.to > span.from + 1)
		span.to = span.from + 1;
	report_error(r->report, span, "%s%s", message, cure);
}

/* Reads what the parser gives.
 * Ends: the tree, or NULL with *IS_BROKEN telling whether it was the syntax. */
static struct yaml *
read_document(struct reader *r, bool *is_broken)
{
	struct yaml *root = NULL;

	*is_broken = true;
	step(r); /* the start of the stream */
	if (r->event == NULL)
		return NULL;
	step(r);
	if (r->event == NULL)
		return NULL;
	*is_broken = false;
	if (r->event->type != FYET_DOCUMENT_START) {
		report_error(r->report, (struct span){ 0, 0 }, "there is nothing in this file");
		return NULL;
	}
	step(r);
	if (r->event != NULL)
		root = read_node(r, 0, 0);
	*is_broken = true;
	if (root == NULL || r->event == NULL)
		return NULL;
	step(r); /* the end of the document */
	if (r->event == NULL)
		return NULL;
	if (r->event->type == FYET_DOCUMENT_START) {
		report_error(r->report,
			span_of(fy_event_start_mark(r->event), NULL, r->report->text.len),
			"a second document begins here; there may be but one");
		while (r->event != NULL && r->event->type != FYET_STREAM_END)
			step(r);
	}
	*is_broken = r->event == NULL;
	return *is_broken ? NULL : root;
}

struct yaml *
yaml_read(struct config_memory *memory, struct report *report)
{
	struct fy_diag_cfg quiet;
	struct fy_parse_cfg options = { .flags = FYPCF_QUIET | FYPCF_DEFAULT_VERSION_1_2 |
			FYPCF_JSON_NONE };
	struct reader r = { .memory = memory, .report = report };
	struct yaml *root = NULL;
	bool is_broken = true;

	if (!text_is_good(report))
		return NULL;
	fy_diag_cfg_default(&quiet);
	quiet.fp = NULL;
	quiet.output_fn = no_output;
	quiet.colorize = false;
	options.diag = fy_diag_create(&quiet);
	if (options.diag != NULL) {
		fy_diag_set_collect_errors(options.diag, true);
		r.parser = fy_parser_create(&options);
	}
	if (r.parser != NULL &&
		fy_parser_set_string(r.parser, report->text.at, report->text.len) == 0)
		root = read_document(&r, &is_broken);
	if (is_broken)
		report_syntax(&r, options.diag);
	if (r.parser != NULL) {
		fy_parser_event_free(r.parser, r.event);
		fy_parser_destroy(r.parser);
	}
	fy_diag_destroy(options.diag);
	return root;
}

const struct yaml *
yaml_get(const struct yaml *map, struct str key)
{
	for (const struct yaml *node = map->first; node != NULL; node = node->next) {
		if (str_same(node->key, key))
			return node;
	}
	return NULL;
}

size_t
yaml_at(const struct report *report, const struct yaml *scalar, size_t at)
{
	struct str written = str_upto(str_from(report->text, scalar->span.from), scalar->text.len);

	return str_same(written, scalar->text) ? scalar->span.from + at : scalar->span.from;
}
