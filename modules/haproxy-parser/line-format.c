/*
 * Copyright (c) 2026 The syslog-ng-haproxy developers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * As an additional exemption you are allowed to compile & link against the
 * OpenSSL libraries as published by the OpenSSL project. See the file
 * COPYING for details.
 */

#include "line-format.h"
#include "connect-line.h"
#include "error-line.h"
#include "event-line.h"
#include "log-line.h"

#include <string.h>

typedef struct _BuiltInFormat
{
  const gchar *name;
  /* as HAProxy declares it, but for the names: those that a field has in the other formats */
  const gchar *string;
  const LineField *fields;
  guint field_count;
  gboolean (*parse)(const gchar *line, gsize length, LineValues *values);
} BuiltInFormat;

#define HTTP_STRING                                                                                                    \
  "%ci:%cp [%tr] %ft %b/%s %TR/%Tw/%Tc/%Tr/%Ta %ST %B %CC %CS %tsc %ac/%fc/%bc/%sc/%rc %sq/%bq %hr %hs %{+Q}r"

static const BuiltInFormat BUILT_IN_FORMATS[] = {
  { .name = "tcp", .string = "%ci:%cp [%t] %ft %b/%s %Tw/%Tc/%Tt %B %ts %ac/%fc/%bc/%sc/%rc %sq/%bq" },
  { .name = "http", .string = HTTP_STRING },
  { .name = "https",
    .string = HTTP_STRING " %[fc_err]/%[ssl_fc_err,hex]/%[ssl_c_err]/%[ssl_c_ca_err]/%[ssl_fc_is_resumed] "
                          "%[ssl_fc_sni]/%sslv/%sslc" },
  { .name = "tcp-clf",
    .string = "%{+Q}o %{-Q}ci - - [%(accept_date)T] \"TCP \" 000 %B \"\" \"\" %cp %ms %ft %b %s %Th %Tw %Tc %Tt %U "
              "%ts-- %ac %fc %bc %sc %rc %sq %bq \"\" \"\" " },
  { .name = "http-clf",
    .string = "%{+Q}o %{-Q}ci - - [%(request_date)trg] %r %ST %B \"\" \"\" %cp %ms %ft %b %s %TR %Tw %Tc %Tr %Ta %tsc "
              "%ac %fc %bc %sc %rc %sq %bq %CC %CS %hrl %hsl" },
  { .name = "connect",
    .parse = connect_line_parse,
    .fields = connect_line_fields,
    .field_count = CONNECT_LINE_FIELD_COUNT },
  { .name = "error", .parse = error_line_parse, .fields = error_line_fields, .field_count = ERROR_LINE_FIELD_COUNT },
  { .name = "event", .parse = event_line_parse, .fields = event_line_fields, .field_count = EVENT_LINE_FIELD_COUNT },
};

static void
_line_format_clear(gpointer s)
{
  LineFormat *self = (LineFormat *) s;

  if (self->log_format)
    log_format_free(self->log_format);
}

GArray *
line_formats_new(void)
{
  GArray *self = g_array_new(FALSE, FALSE, sizeof(LineFormat));

  g_array_set_clear_func(self, _line_format_clear);
  return self;
}

static void
_add_log_format(GArray *self, const gchar *name, LogFormat *log_format)
{
  LineFormat format = {
    .name = name, .log_format = log_format, .fields = log_format->fields, .field_count = log_format->field_count
  };
  const LineFormat *previous = self->len ? &g_array_index(self, LineFormat, self->len - 1) : NULL;

  if (previous && previous->log_format)
    format.common_steps = log_format_common_beginning(log_format, previous->log_format);
  g_array_append_val(self, format);
}

gboolean
line_formats_add_custom(GArray *self, const gchar *string, const LogFormatHeaderNames *names, LogFormatError *error)
{
  LogFormat *log_format = log_format_new(string, names, error);

  if (log_format)
    _add_log_format(self, "custom", log_format);
  return log_format != NULL;
}

static void
_add_built_in(GArray *self, const BuiltInFormat *built_in, const LogFormatHeaderNames *names)
{
  LogFormatError error;
  LineFormat format = {
    .name = built_in->name, .parse = built_in->parse, .fields = built_in->fields, .field_count = built_in->field_count
  };

  if (built_in->string)
    _add_log_format(self, built_in->name, log_format_new(built_in->string, names, &error));
  else
    g_array_append_val(self, format);
}

gboolean
line_formats_add_built_in(GArray *self, const gchar *name, const LogFormatHeaderNames *names)
{
  for (guint i = 0; i < G_N_ELEMENTS(BUILT_IN_FORMATS); i++)
    {
      if (strcmp(BUILT_IN_FORMATS[i].name, name) != 0)
        continue;
      _add_built_in(self, &BUILT_IN_FORMATS[i], names);
      return TRUE;
    }
  return FALSE;
}

const gchar *const *
line_formats_get_built_in_names(void)
{
  static const gchar *names[G_N_ELEMENTS(BUILT_IN_FORMATS) + 1];

  for (guint i = 0; i < G_N_ELEMENTS(BUILT_IN_FORMATS); i++)
    names[i] = BUILT_IN_FORMATS[i].name;
  return names;
}

/*
 * The log-format that a line which ends early can have been printed with: the one that it shows most of.  Of several
 * those that say the same of it.
 */
typedef struct _Truncated
{
  const LineFormat *format;
  LogLineState end;
  gboolean is_ambiguous;
} Truncated;

static void
_note_truncated(Truncated *self, const LineFormat *format, const LogLineState *end)
{
  if (!self->format || end->telling_values > self->end.telling_values)
    *self = (Truncated){ .format = format, .end = *end };
  else if (end->telling_values == self->end.telling_values
           && log_format_common_steps(self->format->log_format, format->log_format, TRUE) <= self->end.step)
    self->is_ambiguous = TRUE;
}

static const LineFormat *
_parse_truncated(const Truncated *self, const gchar *line, gsize length, LineValues *values)
{
  if (!self->format || self->is_ambiguous)
    return NULL;
  log_line_parse_truncated(self->format->log_format, line, length, &self->end, values);
  return self->format;
}

const LineFormat *
line_formats_parse(const GArray *self, const gchar *line, gsize length, LineValues *values)
{
  const LineFormat *formats = (const LineFormat *) self->data;
  Truncated truncated = { .format = NULL };
  LogLineMark mark;

  log_line_mark_reset(&mark);
  for (guint i = 0; i < self->len; i++)
    {
      const LineFormat *format = &formats[i];

      if (mark.state.step > format->common_steps)
        log_line_mark_reset(&mark);
      if (!format->log_format)
        {
          values->count = 0;
          if (format->parse(line, length, values))
            return format;
          continue;
        }

      guint mark_step = i + 1 < self->len ? formats[i + 1].common_steps : 0;
      LogLineResult result = log_line_parse(
        format->log_format, line, length, values, &mark, mark_step > mark.state.step ? mark_step : G_MAXUINT);
      if (result == LOG_LINE_FITS)
        return format;
      if (result == LOG_LINE_TRUNCATED)
        _note_truncated(&truncated, format, &mark.end);
    }
  return _parse_truncated(&truncated, line, length, values);
}
