/*
 * Copyright (c) 2026 The syslog-ng-haproxy developers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * As an additional exemption you are allowed to compile & link against the
 * OpenSSL libraries as published by the OpenSSL project. See the file
 * COPYING for details.
 */

#include "connect-line.h"
#include "line-cursor.h"

const LineField connect_line_fields[CONNECT_LINE_FIELD_COUNT] = {
  [CONNECT_LINE_SOURCE_IP] = { .name = "source_ip", .type = LINE_FIELD_STRING },
  [CONNECT_LINE_SOURCE_PORT] = { .name = "source_port", .type = LINE_FIELD_INTEGER },
  [CONNECT_LINE_DESTINATION_IP] = { .name = "destination_ip", .type = LINE_FIELD_STRING },
  [CONNECT_LINE_DESTINATION_PORT] = { .name = "destination_port", .type = LINE_FIELD_INTEGER },
  [CONNECT_LINE_LISTENER_ID] = { .name = "listener_id", .type = LINE_FIELD_INTEGER },
  [CONNECT_LINE_FRONTEND_NAME] = { .name = "frontend_name", .type = LINE_FIELD_STRING },
  [CONNECT_LINE_MODE] = { .name = "mode", .type = LINE_FIELD_STRING },
};

/* an address that HAProxy does not know has no port */
static gboolean
_read_destination(LineCursor *cursor, LineValues *values)
{
  return line_cursor_skip(cursor, "undetermined address:0")
         || line_cursor_read_endpoint(cursor, CONNECT_LINE_DESTINATION_IP, values);
}

static gboolean
_read_listener(LineCursor *cursor, LineValues *values)
{
  const gchar *start = cursor->p;

  if (!line_cursor_skip_number(cursor))
    return FALSE;
  line_values_add(values, CONNECT_LINE_LISTENER_ID, start, cursor->p - start);
  return TRUE;
}

static gboolean
_read_addresses(LineCursor *cursor, LineValues *values)
{
  if (line_cursor_skip(cursor, "Connect to unix:")
      || line_cursor_skip(cursor, "Connect from unknown source to listener "))
    return _read_listener(cursor, values);
  return line_cursor_skip(cursor, "Connect from ") && line_cursor_read_endpoint(cursor, CONNECT_LINE_SOURCE_IP, values)
         && line_cursor_skip(cursor, " to ") && _read_destination(cursor, values);
}

/* " (frontend/HTTP)" */
static gboolean
_read_frontend(LineCursor *cursor, LineValues *values)
{
  const gchar *name, *mode;

  if (!line_cursor_skip(cursor, " ("))
    return FALSE;
  name = cursor->p;
  if (!line_cursor_skip_name(cursor))
    return FALSE;
  line_values_add(values, CONNECT_LINE_FRONTEND_NAME, name, cursor->p - name);
  if (!line_cursor_skip(cursor, "/"))
    return FALSE;
  mode = cursor->p;
  if (!line_cursor_skip(cursor, "HTTP") && !line_cursor_skip(cursor, "TCP"))
    return FALSE;
  line_values_add(values, CONNECT_LINE_MODE, mode, cursor->p - mode);
  return line_cursor_skip(cursor, ")") && cursor->p == cursor->end;
}

gboolean
connect_line_parse(const gchar *line, gsize length, LineValues *values)
{
  LineCursor cursor = { .p = line, .end = line + length };
  guint count = values->count;

  if (_read_addresses(&cursor, values) && _read_frontend(&cursor, values))
    return TRUE;
  values->count = count;
  return FALSE;
}
