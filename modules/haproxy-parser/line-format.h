/*
 * Copyright (c) 2026 The syslog-ng-haproxy developers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * As an additional exemption you are allowed to compile & link against the
 * OpenSSL libraries as published by the OpenSSL project. See the file
 * COPYING for details.
 */

#ifndef LINE_FORMAT_H_INCLUDED
#define LINE_FORMAT_H_INCLUDED

#include "log-format.h"

/*
 * One of the formats that a parser tries: a log-format, HAProxy's or the user's,
 * or one of those lines that HAProxy prints without.
 */
typedef struct _LineFormat
{
  /* what the value "format" says */
  const gchar *name;
  const LineField *fields;
  guint field_count;
  /* one of the two */
  LogFormat *log_format;
  gboolean (*parse)(const gchar *line, gsize length, LineValues *values);
  /* how much of the log-format the one in front of it begins with */
  guint common_steps;
} LineFormat;

/**
 * line_formats_new() - an empty list
 *
 * Of LineFormats, to be freed with g_array_free(). The order is that in which
 * they are tried.
 */
GArray *line_formats_new(void);

/**
 * line_formats_add_custom() - add a log-format of the user's
 *
 * Returns FALSE, and has set @error, where it cannot be compiled.
 */
gboolean line_formats_add_custom(GArray *self, const gchar *string, const LogFormatHeaderNames *names,
                                 LogFormatError *error);

/**
 * line_formats_add_built_in() - add one of HAProxy's
 *
 * Returns FALSE where there is none of that name.
 */
gboolean line_formats_add_built_in(GArray *self, const gchar *name, const LogFormatHeaderNames *names);

/* The names of the built-in formats in the order of the defaults; NULL-terminated. */
const gchar *const *line_formats_get_built_in_names(void);

/**
 * line_formats_parse() - the first format that fits
 * @values: of the line
 *
 * A line that HAProxy cut fits when it has shown so much that no other format is
 * possible. Returns NULL where none fits.
 */
const LineFormat *line_formats_parse(const GArray *self, const gchar *line, gsize length, LineValues *values);

#endif
