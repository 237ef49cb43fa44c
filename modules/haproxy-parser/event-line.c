/*
 * Copyright (c) 2026 The syslog-ng-haproxy developers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * As an additional exemption you are allowed to compile & link against the
 * OpenSSL libraries as published by the OpenSSL project. See the file
 * COPYING for details.
 */

#include "event-line.h"
#include "line-cursor.h"

const LineField event_line_fields[EVENT_LINE_FIELD_COUNT] = {
  [EVENT_LINE_EVENT] = { .name = "event", .type = LINE_FIELD_STRING },
  [EVENT_LINE_BACKEND_NAME] = { .name = "backend_name", .type = LINE_FIELD_STRING },
  [EVENT_LINE_SERVER_NAME] = { .name = "server_name", .type = LINE_FIELD_STRING },
  [EVENT_LINE_BACKUP] = { .name = "backup", .type = LINE_FIELD_BOOLEAN },
  [EVENT_LINE_PROXY_TYPE] = { .name = "proxy_type", .type = LINE_FIELD_STRING },
  [EVENT_LINE_PROXY_NAME] = { .name = "proxy_name", .type = LINE_FIELD_STRING },
  [EVENT_LINE_SERVER_STATE] = { .name = "server_state", .type = LINE_FIELD_STRING },
  [EVENT_LINE_CAUSE] = { .name = "cause", .type = LINE_FIELD_STRING },
  [EVENT_LINE_REASON] = { .name = "reason", .type = LINE_FIELD_STRING },
  [EVENT_LINE_CHECK_CODE] = { .name = "check_code", .type = LINE_FIELD_INTEGER },
  [EVENT_LINE_CHECK_INFO] = { .name = "check_info", .type = LINE_FIELD_STRING },
  [EVENT_LINE_CHECK_DURATION] = { .name = "check_duration", .type = LINE_FIELD_INTEGER },
  [EVENT_LINE_CHECK_HEALTH] = { .name = "check_health", .type = LINE_FIELD_STRING },
  [EVENT_LINE_CHECK_STATUS] = { .name = "check_status", .type = LINE_FIELD_STRING },
  [EVENT_LINE_ACTIVE_SERVERS] = { .name = "active_servers", .type = LINE_FIELD_INTEGER },
  [EVENT_LINE_BACKUP_SERVERS] = { .name = "backup_servers", .type = LINE_FIELD_INTEGER },
  [EVENT_LINE_SESSIONS_ACTIVE] = { .name = "sessions_active", .type = LINE_FIELD_INTEGER },
  [EVENT_LINE_SESSIONS_REQUEUED] = { .name = "sessions_requeued", .type = LINE_FIELD_INTEGER },
  [EVENT_LINE_QUEUE_REMAINING] = { .name = "queue_remaining", .type = LINE_FIELD_INTEGER },
  [EVENT_LINE_FRONTEND_CONNECTIONS] = { .name = "frontend_connections", .type = LINE_FIELD_INTEGER },
  [EVENT_LINE_BACKEND_CONNECTIONS] = { .name = "backend_connections", .type = LINE_FIELD_INTEGER },
  [EVENT_LINE_REMAINING_CONNECTIONS] = { .name = "remaining_connections", .type = LINE_FIELD_INTEGER },
  [EVENT_LINE_GRACE_TIME] = { .name = "grace_time", .type = LINE_FIELD_INTEGER },
};

/* One number of a line and the text behind it. */
typedef struct _Count
{
  gint field;
  const gchar *behind;
} Count;

/* One shape of a line or of its end: a text, then numbers. */
typedef struct _Counts
{
  const gchar *text;
  Count counts[6];
} Counts;

/* A value per field, until they are given in the order of the fields. */
typedef struct _Event
{
  LineValue values[EVENT_LINE_FIELD_COUNT];
} Event;

static void
_set(Event *self, guint field, const gchar *start, const gchar *end)
{
  self->values[field] = (LineValue){ .start = start, .length = end - start, .field = field };
}

static void
_set_event(Event *self, const gchar *name)
{
  _set(self, EVENT_LINE_EVENT, name, name + strlen(name));
}

static void
_set_backup(Event *self)
{
  static const gchar TRUE_TEXT[] = "true";

  _set(self, EVENT_LINE_BACKUP, TRUE_TEXT, TRUE_TEXT + strlen(TRUE_TEXT));
}

/*****************************************************************************
 * The end of a line about a server
 *****************************************************************************/

/* Numbers at the end of a line; what stands behind " Running on backup." may stand behind nothing. */
static const Counts SERVER_COUNTS[] = {
  { ". ",
    { { EVENT_LINE_ACTIVE_SERVERS, " active and " },
      { EVENT_LINE_BACKUP_SERVERS, " backup servers left." },
      { EVENT_LINE_SESSIONS_ACTIVE, " sessions active, " },
      { EVENT_LINE_SESSIONS_REQUEUED, " requeued, " },
      { EVENT_LINE_QUEUE_REMAINING, " remaining in queue" } } },
  { ". ",
    { { EVENT_LINE_ACTIVE_SERVERS, " active and " },
      { EVENT_LINE_BACKUP_SERVERS, " backup servers online." },
      { EVENT_LINE_SESSIONS_REQUEUED, " sessions requeued, " },
      { EVENT_LINE_QUEUE_REMAINING, " total in queue" } } },
};

static gboolean
_read_number(Event *self, guint field, LineCursor *cursor)
{
  const gchar *start = cursor->p;

  if (!line_cursor_skip_number(cursor))
    return FALSE;
  _set(self, field, start, cursor->p);
  return TRUE;
}

/* All of the line from the cursor on. */
static gboolean
_read_counts(Event *self, LineCursor cursor, const Counts *shape)
{
  if (!line_cursor_skip(&cursor, shape->text))
    return FALSE;
  for (const Count *count = shape->counts; count->behind; count++)
    {
      if (!_read_number(self, count->field, &cursor) || !line_cursor_skip(&cursor, count->behind))
        return FALSE;
      if (cursor.p == cursor.end)
        return !count[1].behind;
      line_cursor_skip(&cursor, " Running on backup.");
      /* behind a sentence */
      if (cursor.p[-1] == '.')
        line_cursor_skip(&cursor, " ");
    }
  return FALSE;
}

/* Where the last occurrence of a text begins. */
static const gchar *
_find_last(const gchar *start, const gchar *end, const gchar *text)
{
  gsize length = strlen(text);

  for (const gchar *p = end - length; p >= start; p--)
    {
      p = memrchr(start, *text, p - start + 1);
      if (!p)
        return NULL;
      if ((gsize) (end - p) >= length && memcmp(p, text, length) == 0)
        return p;
    }
  return NULL;
}

/* An info in quotes may contain the same words: the last ones of the line are those that count. */
static const gchar *
_read_server_counts(Event *self, const gchar *start, const gchar *end)
{
  const gchar *found = _find_last(start, end, " active and ");
  LineCursor cursor = { .p = found, .end = end };

  if (!found)
    return end;
  while (cursor.p > start && g_ascii_isdigit(cursor.p[-1]))
    cursor.p--;
  if (cursor.p - start < 2)
    return end;
  cursor.p -= 2;
  for (guint i = 0; i < G_N_ELEMENTS(SERVER_COUNTS); i++)
    {
      Event with_counts = *self;

      if (!_read_counts(&with_counts, cursor, &SERVER_COUNTS[i]))
        continue;
      *self = with_counts;
      return cursor.p;
    }
  return end;
}

/* ", status: 2/3 DOWN" */
static const gchar *
_read_status(Event *self, const gchar *start, const gchar *end)
{
  static const gchar TEXT[] = ", status: ";
  const gchar *found = _find_last(start, end, TEXT);
  LineCursor cursor = { .p = found, .end = end };
  const gchar *health;

  if (!found)
    return end;
  line_cursor_skip(&cursor, TEXT);
  health = cursor.p;
  if (!line_cursor_skip_number(&cursor) || !line_cursor_skip(&cursor, "/") || !line_cursor_skip_number(&cursor))
    return end;
  const gchar *health_end = cursor.p;
  if (!line_cursor_skip(&cursor, " ") || cursor.p == end || memchr(cursor.p, '"', end - cursor.p))
    return end;
  _set(self, EVENT_LINE_CHECK_HEALTH, health, health_end);
  _set(self, EVENT_LINE_CHECK_STATUS, cursor.p, end);
  return found;
}

/* ", check duration: 12ms" */
static const gchar *
_read_duration(Event *self, const gchar *start, const gchar *end)
{
  static const gchar TEXT[] = ", check duration: ";
  const gchar *found = _find_last(start, end, TEXT);
  LineCursor cursor = { .p = found, .end = end };
  LineValue previous = self->values[EVENT_LINE_CHECK_DURATION];

  if (!found)
    return end;
  line_cursor_skip(&cursor, TEXT);
  if (_read_number(self, EVENT_LINE_CHECK_DURATION, &cursor) && line_cursor_skip(&cursor, "ms") && cursor.p == end)
    return found;
  self->values[EVENT_LINE_CHECK_DURATION] = previous;
  return end;
}

/* `, info: "..."`: nothing in front of it is free text, so it is the first one */
static const gchar *
_read_info(Event *self, const gchar *start, const gchar *end)
{
  static const gchar TEXT[] = ", info: \"";
  LineCursor cursor = { .p = start, .end = end };

  if (end == start || end[-1] != '"' || !line_cursor_skip_to(&cursor, TEXT) || cursor.p == end)
    return end;
  _set(self, EVENT_LINE_CHECK_INFO, cursor.p, end - 1);
  return cursor.p - strlen(TEXT);
}

static const gchar *
_read_code(Event *self, const gchar *start, const gchar *end)
{
  static const gchar TEXT[] = ", code: ";
  LineCursor cursor = { .p = _find_last(start, end, TEXT), .end = end };
  const gchar *found = cursor.p;

  if (!found)
    return end;
  line_cursor_skip(&cursor, TEXT);
  return _read_number(self, EVENT_LINE_CHECK_CODE, &cursor) && cursor.p == end ? found : end;
}

static const gchar *
_read_reason(Event *self, const gchar *start, const gchar *end)
{
  static const gchar TEXT[] = ", reason: ";
  LineCursor cursor = { .p = start, .end = end };

  if (!line_cursor_skip_to(&cursor, TEXT))
    return end;
  _set(self, EVENT_LINE_REASON, cursor.p, end);
  return cursor.p - strlen(TEXT);
}

/* What stands behind the words that say what happened; returns where that begins. */
static const gchar *
_read_tail(Event *self, const gchar *start, const gchar *end)
{
  end = _read_server_counts(self, start, end);
  end = _read_status(self, start, end);
  end = _read_duration(self, start, end);
  end = _read_info(self, start, end);
  end = _read_code(self, start, end);
  return _read_reason(self, start, end);
}

/*****************************************************************************
 * Lines about a server
 *****************************************************************************/

static const struct
{
  const gchar *text;
  const gchar *event;
} SERVER_EVENTS[] = {
  { "is DOWN", "server_down" },
  { "is UP", "server_up" },
  { "is stopping", "server_stopping" },
  { "was DOWN and now enters maintenance", "server_maintenance" },
  { "is going DOWN for maintenance", "server_maintenance" },
  { "is leaving forced maintenance but remains in maintenance", "server_maintenance" },
  { "resolves again but remains in maintenance", "server_maintenance" },
  { "remains in forced maintenance", "server_maintenance" },
  { "enters drain state", "server_drain" },
  { "is leaving forced drain but remains in drain mode", "server_drain" },
  { "remains in forced drain mode", "server_drain" },
  { "remains in drain mode", "server_drain" },
  { "administratively READY thanks to valid DNS answer", "server_ready" },
};

static const gchar *const READY_CAUSES[] = {
  "(leaving forced maintenance)", "(resolves again)", "(leaving maintenance)",
  "(leaving forced drain)",       "(leaving drain)",
};

/* "backend/server" */
static gboolean
_read_names(Event *self, LineCursor *cursor)
{
  const gchar *backend = cursor->p;

  if (!line_cursor_skip_name(cursor))
    return FALSE;
  _set(self, EVENT_LINE_BACKEND_NAME, backend, cursor->p);
  if (!line_cursor_skip(cursor, "/"))
    return FALSE;
  const gchar *server = cursor->p;
  if (!line_cursor_skip_name(cursor))
    return FALSE;
  _set(self, EVENT_LINE_SERVER_NAME, server, cursor->p);
  return TRUE;
}

/* "backend/server " */
static gboolean
_read_server(Event *self, LineCursor *cursor)
{
  return _read_names(self, cursor) && line_cursor_skip(cursor, " ");
}

/* What a server that tracks another one adds; the end: nothing. */
static const gchar *
_find_tracked_server(const gchar *start, const gchar *end)
{
  static const gchar TEXT[] = " via ";
  const gchar *found = _find_last(start, end, TEXT);
  LineCursor cursor = { .p = found, .end = end };

  if (found && line_cursor_skip(&cursor, TEXT) && line_cursor_skip_name(&cursor) && line_cursor_skip(&cursor, "/")
      && line_cursor_skip_name(&cursor) && cursor.p == end)
    return found;
  return end;
}

/* " (cause)" and perhaps " via backend/server", ", cause", " via backend/server", or nothing */
static gboolean
_read_cause(Event *self, LineCursor cursor)
{
  if (cursor.p == cursor.end)
    return TRUE;
  gboolean has_brackets = line_cursor_skip(&cursor, " (");
  if (has_brackets)
    cursor.end = _find_tracked_server(cursor.p, cursor.end);
  if (has_brackets && cursor.end[-1] == ')')
    cursor.end--;
  else if (has_brackets || (!line_cursor_skip(&cursor, ", ") && !line_cursor_skip(&cursor, " ")))
    return FALSE;
  _set(self, EVENT_LINE_CAUSE, cursor.p, cursor.end);
  return cursor.p < cursor.end;
}

/* "is UP/READY (leaving forced maintenance)" */
static gboolean
_read_ready(Event *self, LineCursor cursor)
{
  const gchar *state;

  if (!line_cursor_skip(&cursor, "is "))
    return FALSE;
  state = cursor.p;
  if (!line_cursor_skip_to(&cursor, " ") || memchr(state, ',', cursor.p - state))
    return FALSE;
  for (guint i = 0; i < G_N_ELEMENTS(READY_CAUSES); i++)
    {
      LineCursor cause = cursor;

      if (!line_cursor_skip(&cause, READY_CAUSES[i]))
        continue;
      /* of HAProxy 1.7 */
      cause.end = _read_server_counts(self, cause.p, cause.end);
      if (cause.p != _find_tracked_server(cause.p, cause.end))
        continue;
      _set_event(self, "server_ready");
      _set(self, EVENT_LINE_SERVER_STATE, state, cursor.p - 1);
      _set(self, EVENT_LINE_CAUSE, cursor.p + 1, cause.p - 1);
      return TRUE;
    }
  return FALSE;
}

static gboolean
_read_server_event(Event *self, LineCursor cursor)
{
  if (_read_ready(self, cursor))
    return TRUE;
  for (guint i = 0; i < G_N_ELEMENTS(SERVER_EVENTS); i++)
    {
      LineCursor behind = cursor;

      if (!line_cursor_skip(&behind, SERVER_EVENTS[i].text))
        continue;
      _set_event(self, SERVER_EVENTS[i].event);
      behind.end = _read_tail(self, behind.p, behind.end);
      return _read_cause(self, behind);
    }
  return FALSE;
}

static gboolean
_read_server_line(Event *self, LineCursor cursor)
{
  if (line_cursor_skip(&cursor, "Backup "))
    _set_backup(self);
  if (!line_cursor_skip(&cursor, "Server ") || !_read_server(self, &cursor))
    return FALSE;
  /* the name that the server's address comes from */
  if (line_cursor_skip(&cursor, "('") && !line_cursor_skip_to(&cursor, "') "))
    return FALSE;
  return _read_server_event(self, cursor);
}

/* Behind the names; since HAProxy 3.0 they end with a colon, which is a character of names as well. */
static const gchar *const ADDRESS_CHANGES[] = {
  " changed its IP from ",
  " changed its FQDN from ",
  ": IP changed from ",
  ": port changed from ",
};

/* "backend/server: IP changed from '192.0.2.1' to '192.0.2.2' by 'resolvers/ns1'" */
static gboolean
_read_address_line(Event *self, LineCursor cursor)
{
  for (guint i = 0; i < G_N_ELEMENTS(ADDRESS_CHANGES); i++)
    {
      LineCursor behind = cursor;

      if (!line_cursor_skip_to(&behind, ADDRESS_CHANGES[i]))
        continue;
      const gchar *names_end = behind.p - strlen(ADDRESS_CHANGES[i]);
      LineCursor names = { .p = cursor.p, .end = names_end };
      if (!_read_names(self, &names) || names.p != names_end)
        return FALSE;
      _set_event(self, "server_address_changed");
      _set(self, EVENT_LINE_CAUSE, names_end + strspn(names_end, ": "), cursor.end);
      return TRUE;
    }
  return FALSE;
}

static const struct
{
  const gchar *text;
  const gchar *health_event;
  const gchar *agent_event;
} CHECK_RESULTS[] = {
  { "succeeded", "health_check_succeeded", "agent_check_succeeded" },
  { "conditionally succeeded", "health_check_conditionally_succeeded", "agent_check_conditionally_succeeded" },
  { "failed", "health_check_failed", "agent_check_failed" },
};

static gboolean
_read_check_line(Event *self, LineCursor cursor)
{
  gboolean is_agent = line_cursor_skip(&cursor, "Agent");

  if ((!is_agent && !line_cursor_skip(&cursor, "Health")) || !line_cursor_skip(&cursor, " check for "))
    return FALSE;
  if (line_cursor_skip(&cursor, "backup "))
    _set_backup(self);
  if (!line_cursor_skip(&cursor, "server ") || !_read_server(self, &cursor))
    return FALSE;
  for (guint i = 0; i < G_N_ELEMENTS(CHECK_RESULTS); i++)
    {
      if (!line_cursor_skip(&cursor, CHECK_RESULTS[i].text))
        continue;
      _set_event(self, is_agent ? CHECK_RESULTS[i].agent_event : CHECK_RESULTS[i].health_event);
      cursor.end = _read_tail(self, cursor.p, cursor.end);
      return _read_cause(self, cursor);
    }
  return FALSE;
}

/*****************************************************************************
 * Lines about a proxy
 *****************************************************************************/

/* A line without its full stop. An event for which it has a type of proxy in front of the name, or a fixed word. */
static const struct
{
  const gchar *text;
  gboolean has_type;
  const gchar *event;
  Counts behind;
} PROXY_EVENTS[] = {
  { "Proxy ", FALSE, "proxy_started", { " started", { { 0, NULL } } } },
  { "Proxy ",
    FALSE,
    "proxy_stopped",
    { " stopped (FE: ",
      { { EVENT_LINE_FRONTEND_CONNECTIONS, " conns, BE: " }, { EVENT_LINE_BACKEND_CONNECTIONS, " conns)" } } } },
  { "Proxy ",
    FALSE,
    "proxy_stopped",
    { " stopped (cumulated conns: FE: ",
      { { EVENT_LINE_FRONTEND_CONNECTIONS, ", BE: " }, { EVENT_LINE_BACKEND_CONNECTIONS, ")" } } } },
  { "Proxy ",
    FALSE,
    "proxy_hard_stopped",
    { " hard-stopped (", { { EVENT_LINE_REMAINING_CONNECTIONS, " remaining conns will be closed)" } } } },
  { "Stopping ", TRUE, "proxy_stopping", { " in ", { { EVENT_LINE_GRACE_TIME, " ms" } } } },
  { "Pausing ", TRUE, "proxy_paused", { "", { { 0, NULL } } } },
  { "Paused ", TRUE, "proxy_paused", { "", { { 0, NULL } } } },
  { "Enabling ", TRUE, "proxy_resumed", { "", { { 0, NULL } } } },
  { "Resumed ", TRUE, "proxy_resumed", { "", { { 0, NULL } } } },
};

static const gchar *const PROXY_TYPES[] = { "frontend", "backend", "proxy", "listener", "listen" };

/* "frontend " */
static gboolean
_read_proxy_type(Event *self, LineCursor *cursor)
{
  for (guint i = 0; i < G_N_ELEMENTS(PROXY_TYPES); i++)
    {
      LineCursor behind = *cursor;

      if (!line_cursor_skip(&behind, PROXY_TYPES[i]) || !line_cursor_skip(&behind, " "))
        continue;
      _set(self, EVENT_LINE_PROXY_TYPE, cursor->p, behind.p - 1);
      *cursor = behind;
      return TRUE;
    }
  return FALSE;
}

static gboolean
_read_proxy_name(Event *self, LineCursor *cursor)
{
  const gchar *name = cursor->p;

  if (!line_cursor_skip_name(cursor))
    return FALSE;
  _set(self, EVENT_LINE_PROXY_NAME, name, cursor->p);
  return TRUE;
}

static gboolean
_read_proxy_line(Event *self, LineCursor cursor, guint i)
{
  if (!line_cursor_skip(&cursor, PROXY_EVENTS[i].text) || (PROXY_EVENTS[i].has_type && !_read_proxy_type(self, &cursor))
      || !_read_proxy_name(self, &cursor))
    return FALSE;
  _set_event(self, PROXY_EVENTS[i].event);
  if (PROXY_EVENTS[i].behind.counts[0].behind)
    return _read_counts(self, cursor, &PROXY_EVENTS[i].behind);
  return line_cursor_skip(&cursor, PROXY_EVENTS[i].behind.text) && cursor.p == cursor.end;
}

/* "backend b has no server available!" */
static gboolean
_read_no_server_line(Event *self, LineCursor cursor)
{
  if (!_read_proxy_type(self, &cursor))
    return FALSE;
  const gchar *name = cursor.p;
  if (!line_cursor_skip_name(&cursor))
    return FALSE;
  _set_event(self, "backend_without_server");
  _set(self, EVENT_LINE_BACKEND_NAME, name, cursor.p);
  return line_cursor_skip(&cursor, " has no server available!") && cursor.p == cursor.end;
}

/*****************************************************************************
 * The line
 *****************************************************************************/

static gboolean (*const SERVER_LINES[])(Event *, LineCursor) = {
  _read_server_line,
  _read_check_line,
  _read_address_line,
};

static void
_give(const Event *self, LineValues *values)
{
  for (guint i = 0; i < EVENT_LINE_FIELD_COUNT; i++)
    if (self->values[i].start)
      line_values_add(values, i, self->values[i].start, self->values[i].length);
}

static gboolean
_give_if(gboolean is_read, const Event *event, LineValues *values)
{
  if (is_read)
    _give(event, values);
  return is_read;
}

gboolean
event_line_parse(const gchar *line, gsize length, LineValues *values)
{
  static const Event EMPTY;
  LineCursor cursor = { .p = line, .end = line + length };
  Event event = EMPTY;

  if (_give_if(_read_no_server_line(&event, cursor), &event, values))
    return TRUE;
  if (!length || line[length - 1] != '.')
    return FALSE;
  cursor.end--;
  for (guint i = 0; i < G_N_ELEMENTS(PROXY_EVENTS); i++)
    {
      event = EMPTY;
      if (_give_if(_read_proxy_line(&event, cursor, i), &event, values))
        return TRUE;
    }
  for (guint i = 0; i < G_N_ELEMENTS(SERVER_LINES); i++)
    {
      event = EMPTY;
      if (_give_if(SERVER_LINES[i](&event, cursor), &event, values))
        return TRUE;
    }
  return FALSE;
}
