/*
 * Copyright (c) 2026 The syslog-ng-haproxy developers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * As an additional exemption you are allowed to compile & link against the
 * OpenSSL libraries as published by the OpenSSL project. See the file
 * COPYING for details.
 */

#include "config-argument.h"

#include <string.h>

typedef struct _ArgumentReader
{
  ConfigArgument *argument;
  ConfigArgumentError *error;
  const gchar *string;
  const gchar *p;
  /* the one that is open, or 0, and where */
  gchar quote;
  const gchar *quote_start;
} ArgumentReader;

typedef enum _ReadResult
{
  MORE,
  END,
  /* the string is no argument */
  DIFFERS,
  BAD,
} ReadResult;

static void
_append(ConfigArgument *self, gchar c, gsize position)
{
  g_string_append_c(self->text, c);
  g_array_append_val(self->positions, position);
}

/* The length of an escape sequence, the backslash not counted; 0 when the backslash stands for itself. */
static gsize
_parse_escape(const gchar *sequence, gboolean in_quotes, gchar *c)
{
  static const gchar NAMES[] = "nrt", VALUES[] = "\n\r\t";
  const gchar *name;

  if (!*sequence)
    return 0;
  *c = *sequence;
  if (strchr(" \\#\"'", *sequence) || (in_quotes && *sequence == '$'))
    return 1;
  if (*sequence == 'x' && g_ascii_isxdigit(sequence[1]) && g_ascii_isxdigit(sequence[2]))
    {
      *c = g_ascii_xdigit_value(sequence[1]) << 4 | g_ascii_xdigit_value(sequence[2]);
      return 3;
    }
  name = strchr(NAMES, *sequence);
  if (!name)
    return 0;
  *c = VALUES[name - NAMES];
  return 1;
}

static const gchar *
_skip_blanks(const gchar *p)
{
  while (*p == ' ' || *p == '\t')
    p++;
  return p;
}

static ReadResult
_fail(ArgumentReader *self, const gchar *message)
{
  self->error->position = self->p - self->string;
  self->error->message = g_strdup(message);
  return BAD;
}

static ReadResult
_read_backslash(ArgumentReader *self)
{
  gchar c;
  gsize length;

  if (self->p[1] == '\n')
    {
      self->p = _skip_blanks(self->p + 2);
      return MORE;
    }
  length = self->quote == '\'' ? 0 : _parse_escape(self->p + 1, self->quote == '"', &c);
  if (!length && self->p[1] == 'x' && self->quote != '\'')
    return _fail(self, "two hexadecimal digits are missing behind \"\\x\"");
  _append(self->argument, length ? c : '\\', self->p - self->string);
  self->p += 1 + length;
  return MORE;
}

/* Whether nothing follows on the line but a comment. */
static gboolean
_ends_line(const gchar *p)
{
  p = _skip_blanks(p);
  return !*p || *p == '#' || (*p == '\n' && _ends_line(p + 1));
}

static ReadResult
_read_unquoted(ArgumentReader *self)
{
  const gchar *p = self->p;

  if (strchr(" \t\n#", *p))
    return _ends_line(p) ? END : DIFFERS;
  if (*p == '"' || *p == '\'')
    {
      self->quote = *p;
      self->quote_start = p;
    }
  else
    _append(self->argument, *p, p - self->string);
  self->p++;
  return MORE;
}

static ReadResult
_read_quoted(ArgumentReader *self)
{
  if (self->quote == '"' && *self->p == '$')
    return _fail(self, "the environment of HAProxy is not known here: write what the variable contains, or \\$");
  if (*self->p == self->quote)
    self->quote = 0;
  else
    _append(self->argument, *self->p, self->p - self->string);
  self->p++;
  return MORE;
}

static ReadResult
_read(ArgumentReader *self)
{
  ReadResult result = MORE;

  while (result == MORE && *self->p)
    if (*self->p == '\\')
      result = _read_backslash(self);
    else
      result = self->quote ? _read_quoted(self) : _read_unquoted(self);
  if (result != MORE)
    return result;
  if (!self->quote)
    return END;
  self->p = self->quote_start;
  return _fail(self, "this quote is not closed");
}

/* What has neither was copied without its quotes: those that are inside are its own. */
static gboolean
_is_argument(const gchar *string)
{
  return *string == '"' || *string == '\'' || strchr(string, '\\');
}

static void
_take_as_it_is(ConfigArgument *self, const gchar *string)
{
  g_string_truncate(self->text, 0);
  g_array_set_size(self->positions, 0);
  for (const gchar *p = string; *p; p++)
    _append(self, *p, p - string);
}

ConfigArgument *
config_argument_new(const gchar *string, ConfigArgumentError *error)
{
  ConfigArgument *self = g_new0(ConfigArgument, 1);
  ArgumentReader reader = { .argument = self, .error = error, .string = string, .p = string };
  ReadResult result;

  self->text = g_string_new(NULL);
  self->positions = g_array_new(FALSE, FALSE, sizeof(gsize));
  error->message = NULL;
  result = _is_argument(string) ? _read(&reader) : DIFFERS;
  if (result == DIFFERS && strchr(string, '\\'))
    result =
      _fail(&reader,
            "for HAProxy the string ends at this blank: keep the quotes that are around it in haproxy.cfg, or leave "
            "the backslashes out");
  if (result == DIFFERS)
    _take_as_it_is(self, string);
  if (result != BAD)
    return self;
  config_argument_free(self);
  return NULL;
}

void
config_argument_free(ConfigArgument *self)
{
  g_array_free(self->positions, TRUE);
  g_string_free(self->text, TRUE);
  g_free(self);
}

gsize
config_argument_position(const ConfigArgument *self, gsize index)
{
  gsize end = 0;

  if (index < self->positions->len)
    return g_array_index(self->positions, gsize, index);
  if (self->positions->len)
    end = g_array_index(self->positions, gsize, self->positions->len - 1) + 1;
  return end;
}
