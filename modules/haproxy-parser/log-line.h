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

/* strings that may end elsewhere, at a time: of more, only the last one and the first ones may */
#define LOG_LINE_CHOICES_MAX 8

/* How far a line has been read. */
typedef struct _LogLineState
{
  /* the step that comes next */
  guint step;
  /* NULL: the beginning */
  const gchar *p;
  guint value_count;
  /* a blank is the last thing that was printed */
  gboolean is_after_blank;
  /* how many values had a form that few things have */
  guint telling_values;
  /* bits of LOG_FORMAT_FLAG_FIELDs, and of those that are known to be false */
  guint flags;
  guint denied_flags;
  /* the line is read once more: what is unlikely, but possible, is taken */
  gboolean takes_the_unlikely;
} LogLineState;

/* A string that may end elsewhere. */
typedef struct _LogLineChoice
{
  LogLineState start;
  /* NULL: nowhere else */
  const gchar *next_end;
} LogLineChoice;

/* Of the strings that have been read: the last one that may be anything, if there is one, and the words behind it. */
typedef struct _LogLineChoices
{
  guint count;
  LogLineChoice choices[LOG_LINE_CHOICES_MAX];
} LogLineChoices;

/* From where on another format can go on reading. */
typedef struct _LogLineMark
{
  LogLineState state;
  LogLineChoices choices;
  /* in return, of a line that is truncated: where it ended */
  LogLineState end;
} LogLineMark;

/* At the beginning of a line. */
static inline void
log_line_mark_reset(LogLineMark *self)
{
  self->state = (LogLineState){ .step = 0 };
  self->choices.count = 0;
}

/**
 * log_line_parse() - read a line with a format
 * @line: without a line end; needs no NUL
 * @values: those that the steps in front of @mark gave are there; what is there
 *   when it does not fit means nothing
 * @mark: where to begin. In return, when @mark_step was reached, the state
 *   there, or in front of it: formats that begin with the same steps need not read them again
 * @mark_step: a step behind @mark's, or G_MAXUINT
 *
 * The values are those of the whole line: a string in it is as short as what
 * follows allows. The time is linear in the line: going back to strings that may
 * end elsewhere is limited by a few times its length.
 */
LogLineResult log_line_parse(const LogFormat *format, const gchar *line, gsize length, LineValues *values,
                             LogLineMark *mark, guint mark_step);

/**
 * log_line_parse_truncated() - read what is there of a line that was LOG_LINE_TRUNCATED
 * @end: that of its mark
 */
void log_line_parse_truncated(const LogFormat *format, const gchar *line, gsize length, const LogLineState *end,
                              LineValues *values);

#endif
