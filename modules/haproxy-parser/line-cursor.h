/*
 * Copyright (c) 2026 The syslog-ng-haproxy developers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * As an additional exemption you are allowed to compile & link against the
 * OpenSSL libraries as published by the OpenSSL project. See the file
 * COPYING for details.
 */

#ifndef LINE_CURSOR_H_INCLUDED
#define LINE_CURSOR_H_INCLUDED

#include "line-characters.h"
#include "line-values.h"

#include <string.h>

/*
 * A place in a line that is read from left to right.  Each function moves the
 * place behind what it has read, or returns FALSE and leaves it.
 */
typedef struct _LineCursor
{
  const gchar *p;
  const gchar *end;
} LineCursor;

static inline gsize
line_cursor_left(const LineCursor *self)
{
  return self->end - self->p;
}

/* This text. */
static inline gboolean
line_cursor_skip(LineCursor *self, const gchar *text)
{
  gsize length = strlen(text);

  if (line_cursor_left(self) < length || memcmp(self->p, text, length) != 0)
    return FALSE;
  self->p += length;
  return TRUE;
}

/* A number without a sign. */
static inline gboolean
line_cursor_skip_number(LineCursor *self)
{
  const gchar *start = self->p;

  while (self->p < self->end && g_ascii_isdigit(*self->p))
    self->p++;
  return self->p > start;
}

/* A name, as HAProxy allows it for proxies and servers. */
static inline gboolean
line_cursor_skip_name(LineCursor *self)
{
  const gchar *start = self->p;

  self->p = line_skip(self->p, self->end, IS_NAME);
  return self->p > start;
}

/* Everything in front of this text, and the text. */
static inline gboolean
line_cursor_skip_to(LineCursor *self, const gchar *text)
{
  const gchar *found = memmem(self->p, line_cursor_left(self), text, strlen(text));

  if (!found)
    return FALSE;
  self->p = found + strlen(text);
  return TRUE;
}

/* "address:port", with a blank behind it: the values of @ip_field and the field behind that. The port is behind the
 * last colon. */
static inline gboolean
line_cursor_read_endpoint(LineCursor *self, guint ip_field, LineValues *values)
{
  const gchar *start = self->p;
  const gchar *end = memchr(start, ' ', line_cursor_left(self));
  const gchar *colon = end ? memrchr(start, ':', end - start) : NULL;
  LineCursor port = { .p = colon ? colon + 1 : NULL, .end = end };

  if (!colon || colon == start || !line_cursor_skip_number(&port) || port.p != end)
    return FALSE;
  line_values_add(values, ip_field, start, colon - start);
  line_values_add(values, ip_field + 1, colon + 1, end - colon - 1);
  self->p = end;
  return TRUE;
}

#endif
