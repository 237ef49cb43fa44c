/*
 * Copyright (c) 2026 The syslog-ng-haproxy developers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * As an additional exemption you are allowed to compile & link against the
 * OpenSSL libraries as published by the OpenSSL project. See the file
 * COPYING for details.
 */

#ifndef CONNECT_LINE_H_INCLUDED
#define CONNECT_LINE_H_INCLUDED

#include "line-values.h"

enum
{
  CONNECT_LINE_SOURCE_IP,
  CONNECT_LINE_SOURCE_PORT,
  CONNECT_LINE_DESTINATION_IP,
  CONNECT_LINE_DESTINATION_PORT,
  CONNECT_LINE_LISTENER_ID,
  CONNECT_LINE_FRONTEND_NAME,
  CONNECT_LINE_MODE,
  CONNECT_LINE_FIELD_COUNT,
};

extern const LineField connect_line_fields[CONNECT_LINE_FIELD_COUNT];

/**
 * connect_line_parse() - read the line that a frontend without a log format prints for a connection
 *
 * "Connect from 192.0.2.1:1024 to 192.0.2.2:80 (frontend/HTTP)". Returns FALSE,
 * and has added nothing, for other lines.
 */
gboolean connect_line_parse(const gchar *line, gsize length, LineValues *values);

#endif
