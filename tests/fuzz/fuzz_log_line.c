/*
 * Copyright (c) 2026 The syslog-ng-haproxy developers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * As an additional exemption you are allowed to compile & link against the
 * OpenSSL libraries as published by the OpenSSL project. See the file
 * COPYING for details.
 */

/* Input: a log-format string, NUL, a line. Without a NUL it is a line for the built-in formats. */

#include "line-format.h"
#include "syslog-header.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const LogFormatHeaderNames NO_NAMES = { NULL, NULL };

/* Values are in the order of their fields, and parts of the line or constants. */
static void
_check(const LineFormat *format, const LineValues *values, const gchar *line, gsize length)
{
  for (guint i = 0; i < values->count; i++)
    {
      const LineValue *value = &values->values[i];

      if (value->field >= format->field_count || (i && value->field <= values->values[i - 1].field))
        abort();
      if (value->start >= line && value->start <= line + length && value->start + value->length > line + length)
        abort();
    }
}

static void
_parse(GArray *formats, const uint8_t *data, gsize length)
{
  static LineValues values;
  gchar *line = g_malloc(MAX(length, 1));
  SyslogHeader header;

  memcpy(line, data, length);
  const LineFormat *format = line_formats_parse(formats, line, length, &values);
  if (format)
    _check(format, &values, line, length);
  if (syslog_header_find(&header, line, length) && header.length > length)
    abort();
  g_free(line);
}

static GArray *
_get_built_in_formats(void)
{
  static GArray *formats = NULL;

  if (formats)
    return formats;
  formats = line_formats_new();
  for (const gchar *const *name = line_formats_get_built_in_names(); *name; name++)
    line_formats_add_built_in(formats, *name, &NO_NAMES);
  return formats;
}

static void
_compile_and_parse(const gchar *string, const uint8_t *line, gsize length)
{
  GArray *formats = line_formats_new();
  LogFormatError error;

  if (line_formats_add_custom(formats, string, &NO_NAMES, &error))
    _parse(formats, line, length);
  else
    {
      if (error.position > strlen(string))
        abort();
      g_free(error.message);
    }
  g_array_free(formats, TRUE);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  const uint8_t *nul = memchr(data, 0, size);

  if (nul)
    _compile_and_parse((const gchar *) data, nul + 1, data + size - nul - 1);
  else
    _parse(_get_built_in_formats(), data, size);
  return 0;
}
