/*
 * Copyright (c) 2026 The syslog-ng-haproxy developers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * As an additional exemption you are allowed to compile & link against the
 * OpenSSL libraries as published by the OpenSSL project. See the file
 * COPYING for details.
 */

#ifndef LINE_VALUES_H_INCLUDED
#define LINE_VALUES_H_INCLUDED

#include <glib.h>

/* What a kind of line has values of: a table of these, and the values refer to it by index. */
typedef struct _LineField
{
  /* HAProxy's own, in the spelling of its manual */
  const gchar *name;
  enum
  {
    LINE_FIELD_STRING,
    LINE_FIELD_INTEGER,
    LINE_FIELD_BOOLEAN,
  } type;
} LineField;

/* One value: a part of the line, or a string constant. */
typedef struct _LineValue
{
  const gchar *start;
  guint32 length;
  guint16 field;
} LineValue;

#define LINE_VALUES_MAX 256

/* The values of one line, in the order of their fields; no field is there twice. */
typedef struct _LineValues
{
  guint count;
  LineValue values[LINE_VALUES_MAX];
} LineValues;

static inline void
line_values_add(LineValues *self, guint field, const gchar *start, gsize length)
{
  if (self->count < LINE_VALUES_MAX)
    self->values[self->count++] = (LineValue){ .start = start, .length = length, .field = field };
}

#endif
