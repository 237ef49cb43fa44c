/*
 * Copyright (c) 2026 The syslog-ng-haproxy developers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * As an additional exemption you are allowed to compile & link against the
 * OpenSSL libraries as published by the OpenSSL project. See the file
 * COPYING for details.
 */

#ifndef ERROR_LINE_H_INCLUDED
#define ERROR_LINE_H_INCLUDED

#include "line-values.h"

enum
{
  ERROR_LINE_CLIENT_IP,
  ERROR_LINE_CLIENT_PORT,
  ERROR_LINE_ACCEPT_DATE,
  ERROR_LINE_FRONTEND_NAME,
  ERROR_LINE_BIND_NAME,
  ERROR_LINE_ERROR_MESSAGE,
  ERROR_LINE_FIELD_COUNT,
};

extern const LineField error_line_fields[ERROR_LINE_FIELD_COUNT];

/**
 * error_line_parse() - read the line of a connection that failed before there was a session
 *
 * HAProxy's manual, section 8.2.5: "192.0.2.1:1024 [06/Feb/2009:12:12:51.443]
 * frontend/bind: SSL handshake failure". Returns FALSE, and has added nothing,
 * for other lines.
 */
gboolean error_line_parse(const gchar *line, gsize length, LineValues *values);

#endif
