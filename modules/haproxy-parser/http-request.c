/*
 * Copyright (c) 2026 The syslog-ng-haproxy developers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * As an additional exemption you are allowed to compile & link against the
 * OpenSSL libraries as published by the OpenSSL project. See the file
 * COPYING for details.
 */

#include "http-request.h"

#include <string.h>

#define VERSION_START "HTTP/"

/* Where " HTTP/1.1" begins; @end: there is none. */
static const gchar *
_find_version(const gchar *start, const gchar *end, gboolean is_cut)
{
  const gchar *blank = memrchr(start, ' ', end - start);
  gsize length = blank ? end - blank - 1 : 0;

  if (!blank || (!is_cut && length < strlen(VERSION_START)))
    return end;
  return memcmp(blank + 1, VERSION_START, MIN(length, strlen(VERSION_START))) == 0 ? blank : end;
}

/* Behind the scheme and the host. */
static const gchar *
_find_path(const gchar *start, const gchar *end)
{
  const gchar *host = *start == '/' ? NULL : memmem(start, end - start, "://", 3);
  const gchar *path;

  if (!host)
    return start;
  host += strlen("://");
  path = memchr(host, '/', end - host);
  return path ? path : end;
}

static void
_add_uri(LineReader *self, const guint16 *fields, const gchar *start, const gchar *end)
{
  const gchar *query = memchr(start, '?', end - start);
  const gchar *path_end = query ? query : end;
  const gchar *path = start < path_end ? _find_path(start, path_end) : start;

  line_reader_add(self, fields[LOG_FORMAT_REQUEST_URI], start, end);
  /* CONNECT has a host and a port in this place, OPTIONS perhaps "*" */
  if (path < path_end && (*path == '/' || *path == '*'))
    line_reader_add(self, fields[LOG_FORMAT_REQUEST_PATH], path, path_end);
  if (query)
    line_reader_add(self, fields[LOG_FORMAT_REQUEST_QUERY], query + 1, end);
}

void
http_request_add(LineReader *self, const LogFormatStep *step, const gchar *start, const gchar *end, gboolean is_cut)
{
  const guint16 *fields = step->fields;
  const gchar *method_end = memchr(start, ' ', end - start);

  line_reader_add(self, fields[LOG_FORMAT_REQUEST_LINE], start, end);
  if (!method_end)
    return;

  const gchar *uri = method_end + 1;
  const gchar *uri_end = _find_version(uri, end, is_cut);
  line_reader_add(self, fields[LOG_FORMAT_REQUEST_METHOD], start, method_end);
  if (uri < uri_end || !is_cut)
    _add_uri(self, fields, uri, uri_end);
  if (uri_end < end && !is_cut)
    line_reader_add(self, fields[LOG_FORMAT_REQUEST_VERSION], uri_end + 1, end);
}
