/*
 * Copyright (c) 2026 The syslog-ng-haproxy developers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * As an additional exemption you are allowed to compile & link against the
 * OpenSSL libraries as published by the OpenSSL project. See the file
 * COPYING for details.
 */

#include "error-line.h"
#include "line-cursor.h"

#define DATE_LENGTH strlen("06/Feb/2009:12:12:51.443")

const LineField error_line_fields[ERROR_LINE_FIELD_COUNT] = {
  [ERROR_LINE_CLIENT_IP] = { .name = "client_ip", .type = LINE_FIELD_STRING },
  [ERROR_LINE_CLIENT_PORT] = { .name = "client_port", .type = LINE_FIELD_INTEGER },
  [ERROR_LINE_ACCEPT_DATE] = { .name = "accept_date", .type = LINE_FIELD_STRING },
  [ERROR_LINE_FRONTEND_NAME] = { .name = "frontend_name", .type = LINE_FIELD_STRING },
  [ERROR_LINE_BIND_NAME] = { .name = "bind_name", .type = LINE_FIELD_STRING },
  [ERROR_LINE_ERROR_MESSAGE] = { .name = "error_message", .type = LINE_FIELD_STRING },
};

/* "address:port ", or "unknown " */
static gboolean
_read_client(LineCursor *cursor, LineValues *values)
{
  if (line_cursor_skip(cursor, "unknown "))
    return TRUE;
  return line_cursor_read_endpoint(cursor, ERROR_LINE_CLIENT_IP, values) && line_cursor_skip(cursor, " ");
}

static gboolean
_read_date(LineCursor *cursor, LineValues *values)
{
  const gchar *date;

  if (!line_cursor_skip(cursor, "["))
    return FALSE;
  date = cursor->p;
  if (line_cursor_left(cursor) < DATE_LENGTH || date[2] != '/' || date[6] != '/' || date[11] != ':')
    return FALSE;
  line_values_add(values, ERROR_LINE_ACCEPT_DATE, date, DATE_LENGTH);
  cursor->p += DATE_LENGTH;
  return line_cursor_skip(cursor, "] ");
}

/* "frontend/bind: message"; a bind without a name has the number of its listener */
static gboolean
_read_error(LineCursor *cursor, LineValues *values)
{
  const gchar *frontend = cursor->p;
  const gchar *bind;

  if (!line_cursor_skip_name(cursor))
    return FALSE;
  line_values_add(values, ERROR_LINE_FRONTEND_NAME, frontend, cursor->p - frontend);
  if (!line_cursor_skip(cursor, "/"))
    return FALSE;
  bind = cursor->p;
  if (!line_cursor_skip_to(cursor, ": ") || memchr(bind, ' ', cursor->p - 2 - bind) || cursor->p == cursor->end)
    return FALSE;
  line_values_add(values, ERROR_LINE_BIND_NAME, bind, cursor->p - 2 - bind);
  line_values_add(values, ERROR_LINE_ERROR_MESSAGE, cursor->p, line_cursor_left(cursor));
  return TRUE;
}

gboolean
error_line_parse(const gchar *line, gsize length, LineValues *values)
{
  LineCursor cursor = { .p = line, .end = line + length };
  guint count = values->count;

  if (_read_client(&cursor, values) && _read_date(&cursor, values) && _read_error(&cursor, values))
    return TRUE;
  values->count = count;
  return FALSE;
}
