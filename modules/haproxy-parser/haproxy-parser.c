/*
 * Copyright (c) 2026 The syslog-ng-haproxy developers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * As an additional exemption you are allowed to compile & link against the
 * OpenSSL libraries as published by the OpenSSL project. See the file
 * COPYING for details.
 */

#include "haproxy-parser.h"

#include "compat-logmsg.h"
#include "compat-logparser.h"
#include "line-characters.h"
#include "line-format.h"
#include "message-values.h"
#include "syslog-header.h"
#include "termination-state.h"

#include "scratch-buffers.h"

#include <string.h>

#define DEFAULT_PREFIX ".haproxy."

/* What is said of every line, behind the fields of its format. */
enum
{
  PROCESS_NAME,
  PID,
  FORMAT,
  TERMINATION_CAUSE,
  TERMINATION_PHASE,
  COMMON_FIELD_COUNT,
};

static const LineField COMMON_FIELDS[COMMON_FIELD_COUNT] = {
  [PROCESS_NAME] = { .name = "process_name", .type = LINE_FIELD_STRING },
  [PID] = { .name = "pid", .type = LINE_FIELD_INTEGER },
  [FORMAT] = { .name = "format", .type = LINE_FIELD_STRING },
  [TERMINATION_CAUSE] = { .name = "termination_cause", .type = LINE_FIELD_STRING },
  [TERMINATION_PHASE] = { .name = "termination_phase", .type = LINE_FIELD_STRING },
};

typedef struct _HAProxyParser
{
  LogParser super;
  gchar *prefix;
  GPtrArray *log_formats;
  /* NULL: all */
  gchar **format_names;
  LogFormatHeaderNames header_names;
  gboolean unescape;
  gboolean explain;

  /* made of the above when all options are known */
  GArray *formats;
  /* by format, the MessageNames of its fields and of the above */
  GPtrArray *names_of_formats;
} HAProxyParser;

/*****************************************************************************
 * Values
 *****************************************************************************/

static gboolean
_is_upper_hex(gchar c)
{
  return g_ascii_isxdigit(c) && !g_ascii_islower(c);
}

/* The byte that "#XX" stands for, or a backslash and another character; else the one at @p. */
static gchar
_read_byte(const LineField *field, const gchar **p, const gchar *end)
{
  const gchar *start = *p;

  if (field->is_encoded && *start == '#' && end - start > 2 && _is_upper_hex(start[1]) && _is_upper_hex(start[2]))
    {
      *p += 3;
      return g_ascii_xdigit_value(start[1]) << 4 | g_ascii_xdigit_value(start[2]);
    }
  if (field->is_escaped && *start == '\\' && end - start > 1 && line_character_is_one_of(start[1], "\"\\]"))
    (*p)++;
  return *(*p)++;
}

static void
_unescape(LineValue *value, const LineField *field)
{
  const gchar *p = value->start, *end = p + value->length;
  GString *text;

  if (!memchr(p, '#', value->length) && !memchr(p, '\\', value->length))
    return;
  text = scratch_buffers_alloc();
  while (p < end)
    g_string_append_c(text, _read_byte(field, &p, end));
  value->start = text->str;
  value->length = text->len;
}

static void
_add_common(LineValues *values, const LineFormat *format, guint field, const gchar *start, gsize length)
{
  if (length)
    line_values_add(values, format->field_count + field, start, length);
}

static void
_add_value_of(LineValues *values, const LineFormat *format, guint field, LogMessage *msg, NVHandle handle)
{
  gssize length;
  const gchar *value = nv_table_get_value(msg->payload, handle, &length, NULL);

  _add_common(values, format, field, value, length);
}

static void
_add_process(LineValues *values, const LineFormat *format, LogMessage *msg, const SyslogHeader *header)
{
  if (header->length && header->process_name)
    {
      _add_common(values, format, PROCESS_NAME, header->process_name, header->process_name_length);
      _add_common(values, format, PID, header->pid, header->pid_length);
      return;
    }
  _add_value_of(values, format, PROCESS_NAME, msg, LM_V_PROGRAM);
  _add_value_of(values, format, PID, msg, LM_V_PID);
}

static void
_explain_state(LineValues *values, const LineFormat *format, const LineValue *state)
{
  const gchar *cause = state->length > 0 ? termination_state_get_cause(state->start[0]) : NULL;
  const gchar *phase = state->length > 1 ? termination_state_get_phase(state->start[1]) : NULL;

  if (cause)
    line_values_add_constant(values, format->field_count + TERMINATION_CAUSE, cause);
  if (phase)
    line_values_add_constant(values, format->field_count + TERMINATION_PHASE, phase);
}

static void
_explain(LineValues *values, const LineFormat *format)
{
  guint count = values->count;

  for (guint i = 0; i < count; i++)
    if (format->fields[values->values[i].field].is_termination_state)
      _explain_state(values, format, &values->values[i]);
}

static void
_unescape_all(LineValues *values, const LineFormat *format)
{
  for (guint i = 0; i < values->count; i++)
    {
      const LineField *field = &format->fields[values->values[i].field];

      if (field->is_encoded || field->is_escaped)
        _unescape(&values->values[i], field);
    }
}

/*****************************************************************************
 * Messages
 *****************************************************************************/

static const LineFormat *
_parse_behind_header(HAProxyParser *self, const gchar *line, gsize length, LineValues *values, SyslogHeader *header)
{
  if (!syslog_header_find(header, line, length))
    return NULL;
  return line_formats_parse(self->formats, line + header->length, length - header->length, values);
}

static const LineFormat *
_parse_whole(HAProxyParser *self, const gchar *line, gsize length, LineValues *values, SyslogHeader *header)
{
  header->length = 0;
  return line_formats_parse(self->formats, line, length, values);
}

/*
 * What looks like a syslog header is one, unless nothing fits what is behind it.  Behind one that syslog-ng has taken
 * there is another one only if the line fits in no other way: a client could write it.
 */
static const LineFormat *
_parse(HAProxyParser *self, const gchar *line, gsize length, gboolean had_header, LineValues *values,
       SyslogHeader *header)
{
  const LineFormat *format = had_header ? NULL : _parse_behind_header(self, line, length, values, header);

  if (!format)
    format = _parse_whole(self, line, length, values, header);
  return format || !had_header ? format : _parse_behind_header(self, line, length, values, header);
}

static gboolean
_had_header(LogParser *s, LogMessage *msg)
{
  gssize length;

  nv_table_get_value(msg->payload, LM_V_PROGRAM, &length, NULL);
  return !compat_log_parser_get_template(s) && length > 0;
}

static gsize
_without_line_end(const gchar *line, gsize length)
{
  while (length && (line[length - 1] == '\n' || line[length - 1] == '\r' || line[length - 1] == '\0'))
    length--;
  return length;
}

static void
_set_values(HAProxyParser *self, LogMessage *msg, const LineFormat *format, const LineValues *values,
            const MessageSource *source)
{
  guint index = format - (const LineFormat *) self->formats->data;

  message_values_set(msg, g_ptr_array_index(self->names_of_formats, index), values, source);
}

static gboolean
_process(LogParser *s, LogMessage **pmsg, const LogPathOptions *path_options, const gchar *input, gsize input_len)
{
  HAProxyParser *self = (HAProxyParser *) s;
  MessageSource source = { .handle = LM_V_NONE };
  LineValues values;
  SyslogHeader header;
  gsize length = _without_line_end(input, input_len);
  const LineFormat *format = _parse(self, input, length, _had_header(s, *pmsg), &values, &header);

  if (!format)
    return FALSE;

  log_msg_make_writable(pmsg, path_options);
  if (!compat_log_parser_get_template(s))
    source = (MessageSource){ .handle = LM_V_MESSAGE, .start = input, .end = input + input_len };
  if (self->unescape)
    _unescape_all(&values, format);
  if (self->explain)
    _explain(&values, format);
  /* what the name and the pid of the process refer to stays where it is while values are set */
  NVTable *payload = nv_table_ref((*pmsg)->payload);
  _add_process(&values, format, *pmsg, &header);
  line_values_add_constant(&values, format->field_count + FORMAT, format->name);
  _set_values(self, *pmsg, format, &values, &source);
  nv_table_unref(payload);
  return TRUE;
}

/*****************************************************************************
 * Formats
 *****************************************************************************/

static GQuark
_error_domain(void)
{
  return g_quark_from_static_string("haproxy-parser");
}

static MessageNames *
_look_up_names(HAProxyParser *self, const LineFormat *format)
{
  GArray *fields = g_array_new(FALSE, FALSE, sizeof(LineField));
  MessageNames *names;

  g_array_append_vals(fields, format->fields, format->field_count);
  g_array_append_vals(fields, COMMON_FIELDS, COMMON_FIELD_COUNT);
  names = message_names_new(self->prefix, (const LineField *) fields->data, fields->len);
  g_array_free(fields, TRUE);
  return names;
}

static void
_forget_formats(HAProxyParser *self)
{
  g_clear_pointer(&self->names_of_formats, g_ptr_array_unref);
  g_clear_pointer(&self->formats, g_array_unref);
}

static gboolean
_check_name(const CompatNVName *name, GError **error)
{
  if (!log_msg_is_handle_macro(name->handle) && log_msg_is_value_name_valid(name->name))
    return TRUE;
  g_set_error(error,
              _error_domain(),
              0,
              "no message can have a value named \"%s\": choose another prefix() or another name in log-format()",
              name->name);
  return FALSE;
}

static gboolean
_check_names(HAProxyParser *self, GError **error)
{
  for (guint i = 0; i < self->names_of_formats->len; i++)
    {
      const MessageNames *names = g_ptr_array_index(self->names_of_formats, i);

      for (guint name = 0; name < names->count; name++)
        if (!_check_name(&names->names[name].name, error))
          return FALSE;
    }
  return TRUE;
}

/*****************************************************************************
 * Options
 *****************************************************************************/

static gchar **
_strv_of_list(GList *list)
{
  GPtrArray *result = g_ptr_array_new();

  for (GList *i = list; i; i = i->next)
    g_ptr_array_add(result, g_strdup(i->data));
  g_ptr_array_add(result, NULL);
  g_list_free_full(list, free);
  return (gchar **) g_ptr_array_free(result, FALSE);
}

void
haproxy_parser_set_prefix(LogParser *s, const gchar *prefix)
{
  HAProxyParser *self = (HAProxyParser *) s;

  g_free(self->prefix);
  self->prefix = g_strdup(prefix);
}

void
haproxy_parser_set_unescape(LogParser *s, gboolean unescape)
{
  ((HAProxyParser *) s)->unescape = unescape;
}

void
haproxy_parser_set_explain(LogParser *s, gboolean explain)
{
  ((HAProxyParser *) s)->explain = explain;
}

static gboolean
_set_header_names(gchar ***self, GList *names, GError **error)
{
  g_strfreev(*self);
  *self = _strv_of_list(names);
  if (!g_strv_contains((const gchar *const *) *self, ""))
    return TRUE;
  g_set_error(error,
              _error_domain(),
              0,
              "a header without a name: write one for each header that HAProxy captures, in its order");
  return FALSE;
}

gboolean
haproxy_parser_set_request_headers(LogParser *s, GList *names, GError **error)
{
  return _set_header_names(&((HAProxyParser *) s)->header_names.request, names, error);
}

gboolean
haproxy_parser_set_response_headers(LogParser *s, GList *names, GError **error)
{
  return _set_header_names(&((HAProxyParser *) s)->header_names.response, names, error);
}

gboolean
haproxy_parser_set_formats(LogParser *s, GList *names, GError **error)
{
  HAProxyParser *self = (HAProxyParser *) s;
  const gchar *const *known = line_formats_get_built_in_names();

  g_strfreev(self->format_names);
  self->format_names = _strv_of_list(names);
  for (guint i = 0; self->format_names[i]; i++)
    {
      if (g_strv_contains(known, self->format_names[i]))
        continue;
      gchar *list = g_strjoinv("\", \"", (gchar **) known);
      g_set_error(
        error, _error_domain(), 0, "formats() does not know \"%s\"; there are \"%s\"", self->format_names[i], list);
      g_free(list);
      return FALSE;
    }
  return TRUE;
}

/* syslog-ng cuts what an error says at 256 characters. */
#define EXCERPT_BEFORE 30
#define EXCERPT_LENGTH 40

static gboolean
_is_inside_character(gchar c)
{
  return ((guchar) c & 0xc0) == 0x80;
}

/* of UTF-8 */
static gint
_count_characters(const gchar *start, const gchar *end)
{
  gint count = 0;

  for (; start < end; start++)
    count += !_is_inside_character(*start);
  return count;
}

/* The string around the place, with a caret under it, as compilers do. */
static void
_set_format_error(GError **error, const gchar *string, LogFormatError *format_error)
{
  const gchar *place = string + format_error->position;
  const gchar *start = place - string > EXCERPT_BEFORE ? place - EXCERPT_BEFORE : string;
  gsize length = MIN(strlen(start), EXCERPT_LENGTH);

  while (_is_inside_character(*start) && start < place)
    start++, length--;
  while (_is_inside_character(start[length]))
    length--;
  gchar *excerpt = g_strdelimit(g_strndup(start, length), "\n\t", ' ');

  g_set_error(error,
              _error_domain(),
              0,
              "log-format() is wrong: %s\n    %s\n    %*s^\n",
              format_error->message,
              excerpt,
              _count_characters(start, place),
              "");
  g_free(excerpt);
  g_free(format_error->message);
}

static gboolean
_add_custom(GArray *formats, const gchar *string, const LogFormatHeaderNames *names, GError **error)
{
  LogFormatError format_error;

  if (line_formats_add_custom(formats, string, names, &format_error))
    return TRUE;
  _set_format_error(error, string, &format_error);
  return FALSE;
}

static gboolean
_add_formats(HAProxyParser *self, GError **error)
{
  const gchar *const *names =
    self->format_names ? (const gchar *const *) self->format_names : line_formats_get_built_in_names();

  for (guint i = 0; i < self->log_formats->len; i++)
    if (!_add_custom(self->formats, g_ptr_array_index(self->log_formats, i), &self->header_names, error))
      return FALSE;
  for (guint i = 0; names[i]; i++)
    line_formats_add_built_in(self->formats, names[i], &self->header_names);
  if (self->formats->len)
    return TRUE;
  g_set_error(error, _error_domain(), 0, "no line can fit: formats() has no name, and there is no log-format()");
  return FALSE;
}

static gboolean
_make_formats(HAProxyParser *self, GError **error)
{
  _forget_formats(self);
  self->formats = line_formats_new();
  if (!_add_formats(self, error))
    return FALSE;
  self->names_of_formats = g_ptr_array_new_with_free_func(g_free);
  for (guint i = 0; i < self->formats->len; i++)
    g_ptr_array_add(self->names_of_formats, _look_up_names(self, &g_array_index(self->formats, LineFormat, i)));
  return _check_names(self, error);
}

/* Everything but what depends on names of headers, which may come later. */
static gboolean
_check_log_format(const gchar *string, GError **error)
{
  static gchar *names[] = { NULL };
  static const LogFormatHeaderNames ANY_NAMES = { .request = names, .response = names };
  GArray *formats = line_formats_new();
  gboolean result = _add_custom(formats, string, &ANY_NAMES, error);

  g_array_free(formats, TRUE);
  return result;
}

gboolean
haproxy_parser_add_log_formats(LogParser *s, GList *log_formats, GError **error)
{
  HAProxyParser *self = (HAProxyParser *) s;
  gchar **strings = _strv_of_list(log_formats);
  gboolean are_good = strings[0] != NULL;

  if (!are_good)
    g_set_error(error, _error_domain(), 0, "log-format() without a string");
  for (gchar **i = strings; *i && are_good; i++)
    {
      are_good = _check_log_format(*i, error);
      g_ptr_array_add(self->log_formats, g_strdup(*i));
    }
  g_strfreev(strings);
  return are_good;
}

gboolean
haproxy_parser_validate(LogParser *s, GError **error)
{
  return _make_formats((HAProxyParser *) s, error);
}

/*****************************************************************************
 * The parser
 *****************************************************************************/

static gboolean
_init(LogPipe *s)
{
  HAProxyParser *self = (HAProxyParser *) s;

  /* those of a clone are made here */
  if (!self->formats && !_make_formats(self, NULL))
    return FALSE;
  return log_parser_init_method(s);
}

static LogPipe *
_clone(LogPipe *s)
{
  HAProxyParser *self = (HAProxyParser *) s;
  HAProxyParser *clone = (HAProxyParser *) haproxy_parser_new(s->cfg);

  compat_log_parser_clone_settings(&self->super, &clone->super);
  haproxy_parser_set_prefix(&clone->super, self->prefix);
  for (guint i = 0; i < self->log_formats->len; i++)
    g_ptr_array_add(clone->log_formats, g_strdup(g_ptr_array_index(self->log_formats, i)));
  clone->format_names = g_strdupv(self->format_names);
  clone->header_names.request = g_strdupv(self->header_names.request);
  clone->header_names.response = g_strdupv(self->header_names.response);
  clone->unescape = self->unescape;
  clone->explain = self->explain;
  return &clone->super.super;
}

static void
_free(LogPipe *s)
{
  HAProxyParser *self = (HAProxyParser *) s;

  _forget_formats(self);
  g_free(self->prefix);
  g_ptr_array_free(self->log_formats, TRUE);
  g_strfreev(self->format_names);
  g_strfreev(self->header_names.request);
  g_strfreev(self->header_names.response);
  log_parser_free_method(s);
}

LogParser *
haproxy_parser_new(GlobalConfig *cfg)
{
  HAProxyParser *self = g_new0(HAProxyParser, 1);

  log_parser_init_instance(&self->super, cfg);
  self->super.super.init = _init;
  self->super.super.clone = _clone;
  self->super.super.free_fn = _free;
  self->super.process = _process;
  self->prefix = g_strdup(DEFAULT_PREFIX);
  self->log_formats = g_ptr_array_new_with_free_func(g_free);
  return &self->super;
}
