/*
 * Copyright (c) 2026 The syslog-ng-haproxy developers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * As an additional exemption you are allowed to compile & link against the
 * OpenSSL libraries as published by the OpenSSL project. See the file
 * COPYING for details.
 */

#include "syslog-header.h"

#include <string.h>

/* the priority, the date, the host and the tag: HAProxy limits each of the last two to 255 */
#define HEADER_MAX 600
/* of RFC 5424: version, time, host, program, pid, message id */
enum
{
  WORD_VERSION,
  WORD_TIME,
  WORD_HOST,
  WORD_PROGRAM,
  WORD_PID,
  WORD_MESSAGE_ID,
  WORDS,
};

typedef struct _Word
{
  const gchar *start;
  const gchar *end;
} Word;

static const gchar *
_skip_priority(const gchar *p, const gchar *end)
{
  const gchar *q = p;

  if (q < end && *q == '<')
    for (q++; q < end && g_ascii_isdigit(*q); q++)
      ;
  return q < end && q > p + 1 && *q == '>' ? q + 1 : p;
}

/* "[a b=\"]\"]...", or "-" */
static const gchar *
_skip_structured_data(const gchar *p, const gchar *end)
{
  gboolean in_quotes = FALSE;

  if (p < end && *p == '-')
    return p + 1;
  if (p == end || *p != '[')
    return NULL;
  for (; p < end; p++)
    {
      if (*p == '\\' && p + 1 < end)
        p++;
      else if (*p == '"')
        in_quotes = !in_quotes;
      else if (*p == ']' && !in_quotes && (p + 1 == end || p[1] != '['))
        return p + 1;
    }
  return NULL;
}

static gboolean
_find_rfc5424(SyslogHeader *self, const gchar *line, const gchar *p, const gchar *end)
{
  Word words[WORDS];

  for (guint i = 0; i < WORDS; i++)
    {
      words[i].start = p;
      words[i].end = memchr(p, ' ', end - p);
      if (!words[i].end || words[i].end == p)
        return FALSE;
      p = words[i].end + 1;
    }
  if (words[WORD_VERSION].end - words[WORD_VERSION].start != 1 || *words[WORD_VERSION].start != '1')
    return FALSE;
  p = _skip_structured_data(p, end);
  if (!p || p == end || *p != ' ')
    return FALSE;

  self->process_name = words[WORD_PROGRAM].start;
  self->process_name_length = words[WORD_PROGRAM].end - words[WORD_PROGRAM].start;
  self->pid = words[WORD_PID].start;
  self->pid_length = words[WORD_PID].end - words[WORD_PID].start;
  self->length = p + 1 - line;
  return TRUE;
}

/* "... haproxy[14387]: " */
static gboolean
_find_tag(SyslogHeader *self, const gchar *line, const gchar *p, const gchar *end)
{
  const gchar *tag_end = memmem(p, end - p, "]: ", 3);
  const gchar *pid, *name;

  if (!tag_end)
    return FALSE;
  for (pid = tag_end; pid > p && g_ascii_isdigit(pid[-1]); pid--)
    ;
  if (pid == tag_end || pid == p || pid[-1] != '[')
    return FALSE;
  for (name = pid - 1; name > p && name[-1] != ' '; name--)
    ;
  if (name == pid - 1)
    return FALSE;

  self->process_name = name;
  self->process_name_length = pid - 1 - name;
  self->pid = pid;
  self->pid_length = tag_end - pid;
  self->length = tag_end + 3 - line;
  return TRUE;
}

/* "2026-11-21T04:15:10.176129+00:00 ", of the "timed" and "iso" formats */
static const gchar *
_skip_timestamp(const gchar *p, const gchar *end)
{
  const gchar *blank = memchr(p, ' ', end - p);

  if (!blank || blank - p < 19 || p[4] != '-' || p[10] != 'T' || p[13] != ':')
    return p;
  return blank + 1;
}

static gboolean
_find_short(SyslogHeader *self, const gchar *line, const gchar *p, const gchar *end)
{
  memset(self, 0, sizeof(*self));
  p = _skip_timestamp(p, end);
  self->length = p - line;
  return p > line;
}

gboolean
syslog_header_find(SyslogHeader *self, const gchar *line, gsize length)
{
  const gchar *end = line + MIN(length, HEADER_MAX);
  const gchar *p = _skip_priority(line, end);

  return _find_rfc5424(self, line, p, end) || _find_tag(self, line, p, end) || _find_short(self, line, p, end);
}
