/*
 * Copyright (c) 2026 The syslog-ng-haproxy developers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * As an additional exemption you are allowed to compile & link against the
 * OpenSSL libraries as published by the OpenSSL project. See the file
 * COPYING for details.
 */

#ifndef LOG_LINE_H_INCLUDED
#define LOG_LINE_H_INCLUDED

#include "log-format.h"

typedef enum _LogLineResult
{
  /* the line was not printed with this format */
  LOG_LINE_DIFFERS,
  /* it ends before the format does, and has shown enough of its structure */
  LOG_LINE_TRUNCATED,
  LOG_LINE_FITS,
} LogLineResult;

/* How far a line has been read. Zeroed, it is the beginning. */
typedef struct _LogLineMark
{
  /* the step that comes next */
  guint step;
  gsize position;
  guint value_count;
  /* a blank is the last thing that was printed */
  gboolean is_after_blank;
  /* how many values had a form that few things have */
  guint telling_values;
  /* bits of LOG_FORMAT_FLAG_FIELDs, and of those that are known to be false */
  guint flags;
  guint denied_flags;
  /* in return: the step at which the line differed or ended */
  guint end_step;
} LogLineMark;

/**
 * log_line_parse() - read a line with a format
 * @line: without a line end; needs no NUL
 * @values: those that the steps in front of @mark gave are there; what is there
 *   when LOG_LINE_DIFFERS is returned means nothing
 * @mark: where to begin. In return, when @mark_step was reached, the state
 *   there: formats that begin with the same steps need not read them again
 * @mark_step: a step behind @mark's
 *
 * Reads the line once, and looks ahead from a value whose end is not certain to
 * the one behind it, not further.
 */
LogLineResult log_line_parse(const LogFormat *format, const gchar *line, gsize length, LineValues *values,
                             LogLineMark *mark, guint mark_step);

#endif
