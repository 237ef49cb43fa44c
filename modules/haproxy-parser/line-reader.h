/*
 * Copyright (c) 2026 The syslog-ng-haproxy developers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * As an additional exemption you are allowed to compile & link against the
 * OpenSSL libraries as published by the OpenSSL project. See the file
 * COPYING for details.
 */

#ifndef LINE_READER_H_INCLUDED
#define LINE_READER_H_INCLUDED

#include "log-line.h"

/* Private to log-line, log-value and http-request. */

typedef enum _Outcome
{
  DIFFERS,
  ENDS,
  FITS,
} Outcome;

typedef struct _LineReader
{
  const LogFormat *format;
  const gchar *p;
  const gchar *end;
  LineValues *values;
  LogLineState state;
  LogLineChoices *choices;
  /* bytes that may yet be read in vain */
  gssize budget;
  /* what is unlikely, but possible, was not taken: a cookie with another name than the one in front of it, a URI that
   * does not begin as most do, an empty path where there seems to be one */
  gboolean has_doubts;
} LineReader;

/* The outcome for a step that finds something else at @p. */
static inline Outcome
line_reader_outcome_at(const LineReader *self, const gchar *p)
{
  return p == self->end ? ENDS : DIFFERS;
}

static inline void
line_reader_add(LineReader *self, guint16 field, const gchar *start, const gchar *end)
{
  if (field != LOG_FORMAT_NO_FIELD)
    line_values_add(self->values, field, start, end - start);
}

static inline void
line_reader_add_first(LineReader *self, const LogFormatStep *step, const gchar *start, const gchar *end)
{
  line_reader_add(self, step->field, start, end);
}

#endif
