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

#include <string.h>

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
  /* HAProxy has written "#XX" for some of its bytes */
  gboolean is_encoded;
  /* HAProxy has put backslashes in front of quotes, brackets and backslashes: its "%{+E}" */
  gboolean is_escaped;
  gboolean is_termination_state;
} LineField;

/* One value: a part of the line, or a string constant. */
typedef struct _LineValue
{
  const gchar *start;
  guint32 length;
  guint16 field;
  /* it consists of digits; others may, too */
  guint8 is_number;
  /* a string constant: where it is says what it is */
  guint8 is_constant;
} LineValue;

/* No kind of line has more. */
#define LINE_FIELDS_MAX 256
/* and what is said of every line */
#define LINE_VALUES_MAX (LINE_FIELDS_MAX + 8)

/* The values of one line; no field is there twice. */
typedef struct _LineValues
{
  guint count;
  LineValue values[LINE_VALUES_MAX];
} LineValues;

static inline void
_line_values_append(LineValues *self, LineValue value)
{
  if (self->count < LINE_VALUES_MAX)
    self->values[self->count++] = value;
}

static inline void
line_values_add(LineValues *self, guint field, const gchar *start, gsize length)
{
  _line_values_append(self, (LineValue){ .start = start, .length = length, .field = field });
}

/* what is the same in all lines */
static inline void
line_values_add_constant(LineValues *self, guint field, const gchar *string)
{
  _line_values_append(self,
                      (LineValue){ .start = string, .length = strlen(string), .field = field, .is_constant = TRUE });
}

#endif
