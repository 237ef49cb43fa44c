/*
 * Copyright (c) 2026 The syslog-ng-haproxy developers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * As an additional exemption you are allowed to compile & link against the
 * OpenSSL libraries as published by the OpenSSL project. See the file
 * COPYING for details.
 */

#ifndef SYSLOG_HEADER_H_INCLUDED
#define SYSLOG_HEADER_H_INCLUDED

#include <glib.h>

/* What stands in front of the line that HAProxy composed, where nobody has parsed it. */
typedef struct _SyslogHeader
{
  const gchar *process_name;
  gsize process_name_length;
  /* NULL: there is none */
  const gchar *pid;
  gsize pid_length;
  /* of the header */
  gsize length;
} SyslogHeader;

/**
 * syslog_header_find() - find the end of the header of a line
 *
 * Knows all of HAProxy's formats, with or without the priority. Returns FALSE where there is no header.
 */
gboolean syslog_header_find(SyslogHeader *self, const gchar *line, gsize length);

#endif
