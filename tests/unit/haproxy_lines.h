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

#endif
