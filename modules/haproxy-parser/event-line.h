/*
 * Copyright (c) 2026 The syslog-ng-haproxy developers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * As an additional exemption you are allowed to compile & link against the
 * OpenSSL libraries as published by the OpenSSL project. See the file
 * COPYING for details.
 */

#ifndef EVENT_LINE_H_INCLUDED
#define EVENT_LINE_H_INCLUDED

#include "line-values.h"

enum
{
  EVENT_LINE_EVENT,
  EVENT_LINE_BACKEND_NAME,
  EVENT_LINE_SERVER_NAME,
  EVENT_LINE_BACKUP,
  EVENT_LINE_PROXY_TYPE,
  EVENT_LINE_PROXY_NAME,
  EVENT_LINE_SERVER_STATE,
  EVENT_LINE_CAUSE,
  EVENT_LINE_REASON,
  EVENT_LINE_CHECK_CODE,
  EVENT_LINE_CHECK_INFO,
  EVENT_LINE_CHECK_DURATION,
  EVENT_LINE_CHECK_HEALTH,
  EVENT_LINE_CHECK_STATUS,
  EVENT_LINE_ACTIVE_SERVERS,
  EVENT_LINE_BACKUP_SERVERS,
  EVENT_LINE_SESSIONS_ACTIVE,
  EVENT_LINE_SESSIONS_REQUEUED,
  EVENT_LINE_QUEUE_REMAINING,
  EVENT_LINE_FRONTEND_CONNECTIONS,
  EVENT_LINE_BACKEND_CONNECTIONS,
  EVENT_LINE_REMAINING_CONNECTIONS,
  EVENT_LINE_GRACE_TIME,
  EVENT_LINE_FIELD_COUNT,
};

extern const LineField event_line_fields[EVENT_LINE_FIELD_COUNT];

/**
 * event_line_parse() - read a line that says that the state of a server or a proxy has changed
 *
 * Those of HAProxy 1.7 to 3.2. Returns FALSE, and has added nothing, for other lines.
 */
gboolean event_line_parse(const gchar *line, gsize length, LineValues *values);

#endif
