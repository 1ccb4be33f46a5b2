/* SPDX-License-Identifier: Apache-2.0 */
/* config_report.h - what is wrong in a text, each with its place, its line and a caret.
 *
 * Remarks are collected and printed in the order of their places. The value behind a `password` is
 * never printed: it shows as asterisks.
 */
#ifndef MAIN_CONFIG_REPORT_H
#define MAIN_CONFIG_REPORT_H

#include <stdarg.h>
#include <stdio.h>

#include "base/str.h"
#include "main/config_memory.h"

/* More are counted only: whoever has so many needs no list. Warnings must not crowd out errors. */
enum { ERRORS_MAX = 50, WARNINGS_MAX = 20 };

/* Octets FROM up to TO of the text. */
struct span {
	size_t from, to;
};

/* Of the file as a whole: no line is shown. */
#define SPAN_NONE ((struct span){ SIZE_MAX, SIZE_MAX })

struct remark {
	bool is_warning;
	struct span span;
	size_t at; /* where the caret stands: in the span or at its end */
	struct str text;
};

struct report {
	struct config_memory *memory;
	struct str path;
	struct str text;
	struct remark remarks[ERRORS_MAX + WARNINGS_MAX];
	uint32_t count;
	uint32_t errors, warnings; /* all of them */
};

/* An empty report on TEXT, which came from PATH. All stay the caller's. */
void report_init(struct report *, struct config_memory *, struct str path, struct str text);

/* Each adds a remark on SPAN, with the caret at its first octet or at AT; no full stop. */
void report_error(struct report *, struct span span, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
void report_error_at(struct report *, struct span span, size_t at, const char *format, ...)
	__attribute__((format(printf, 4, 5)));
void report_warning(struct report *, struct span span, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* The line of an octet, from 1. */
uint32_t report_line(const struct report *, size_t at);

/* Prints all: `path:line:col: error: text`, the line, and a caret below the value. */
void report_print(const struct report *, FILE *to);

/* For `%.*s`. */
#define SHOW(s) (int)((s).len < 200 ? (s).len : 200), (s).at

#endif
