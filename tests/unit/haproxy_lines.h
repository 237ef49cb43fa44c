/*
 * Copyright (c) 2026 The syslog-ng-haproxy developers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * As an additional exemption you are allowed to compile & link against the
 * OpenSSL libraries as published by the OpenSSL project. See the file
 * COPYING for details.
 */

#ifndef HAPROXY_LINES_H_INCLUDED
#define HAPROXY_LINES_H_INCLUDED

#include "line-values.h"

#include <string.h>
#include <time.h>

/* What the tests of lines share. */

/* A copy of exactly this size: the sanitizers see who reads behind it. To be freed with g_free(). */
static inline gchar *
exact_copy(const gchar *text, gsize length)
{
  gchar *copy = g_malloc(MAX(length, 1));

  memcpy(copy, text, length);
  return copy;
}

/* "name=[value] ...", in the order of the values. To be freed with g_free(). */
static inline gchar *
format_values(const LineField *fields, const LineValues *values)
{
  GString *text = g_string_new(NULL);

  for (guint i = 0; i < values->count; i++)
    {
      const LineValue *value = &values->values[i];

      g_string_append_printf(text, "%s%s=[", i ? " " : "", fields[value->field].name);
      g_string_append_len(text, value->start, value->length);
      g_string_append_c(text, ']');
    }
  return g_string_free(text, FALSE);
}

/* A line and its length are passed to it, beside what the caller knows. */
typedef void (*LineFunction)(gconstpointer data, const gchar *line, gsize length);

static inline clock_t
cpu_time_of(LineFunction parse, gconstpointer data, const GString *line, gsize times)
{
  clock_t start = clock();

  for (gsize i = 0; i < times; i++)
    parse(data, line->str, line->len);
  return clock() - start;
}

/*
 * Whether a line costs about as much as its bytes in short lines: a line that is sixteen times as long as a short one,
 * and parsed at a cost that is quadratic, costs sixteen times that. CPU time, and one round of ten is enough: tests run
 * beside others.
 */
static inline gboolean
cost_is_linear(LineFunction parse, gconstpointer data, const GString *short_line, const GString *long_line)
{
  for (guint round = 0; round < 10; round++)
    {
      clock_t in_short_lines = cpu_time_of(parse, data, short_line, long_line->len / short_line->len);
      clock_t in_one = cpu_time_of(parse, data, long_line, 1);

      if (in_one <= 4 * in_short_lines)
        return TRUE;
    }
  return FALSE;
}

#endif
