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
#include "line-characters.h"

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

/* The beginning of @p looks like @pattern: "0" is a digit or a blank, "A" a letter, everything else itself. */
static gboolean
_looks_like(const gchar *p, const gchar *end, const gchar *pattern)
{
  if ((gsize) (end - p) < strlen(pattern))
    return FALSE;
  for (; *pattern; p++, pattern++)
    if (*pattern == '0' ? !g_ascii_isdigit(*p) && *p != ' ' : *pattern == 'A' ? !g_ascii_isalpha(*p) : *p != *pattern)
      return FALSE;
  return TRUE;
}

/* "Feb  6 12:12:51 ", or "2026-11-21T04:15:10.176129+00:00 ", of the "timed" format and of others' files */
static const gchar *
_skip_date(const gchar *p, const gchar *end)
{
  const gchar *blank;

  if (_looks_like(p, end, "AAA 00 00:00:00 "))
    return p + strlen("AAA 00 00:00:00 ");
  blank = _looks_like(p, end, "0000-00-00T00:00:00") ? memchr(p, ' ', end - p) : NULL;
  return blank ? blank + 1 : p;
}

/* "haproxy[14387]: " */
static gboolean
_find_tag(SyslogHeader *self, const gchar *line, const gchar *p, const gchar *end)
{
  const gchar *blank = memchr(p, ' ', end - p);
  const gchar *pid_end, *pid;

  if (!blank || blank - p < (gssize) strlen("a[1]:") || memcmp(blank - 2, "]:", 2) != 0)
    return FALSE;
  for (pid = pid_end = blank - 2; pid > p && g_ascii_isdigit(pid[-1]); pid--)
    ;
  if (pid == pid_end || pid - 1 <= p || pid[-1] != '[')
    return FALSE;

  self->process_name = p;
  self->process_name_length = pid - 1 - p;
  self->pid = pid;
  self->pid_length = pid_end - pid;
  self->length = blank + 1 - line;
  return TRUE;
}

/* The host comes with the date only. */
static gboolean
_find_tag_behind_host(SyslogHeader *self, const gchar *line, const gchar *p, const gchar *end)
{
  const gchar *blank = memchr(p, ' ', end - p);

  return blank && _find_tag(self, line, blank + 1, end);
}

/* Most lines begin with an address, which is no reason to look for a tag. */
static gboolean
_may_begin_header(const gchar *line, gsize length)
{
  return length >= strlen("<0>") && (!line_character_is(*line, IS_DIGIT) || (length > 4 && line[4] == '-'));
}

gboolean
syslog_header_find(SyslogHeader *self, const gchar *line, gsize length)
{
  if (!_may_begin_header(line, length))
    return FALSE;

  const gchar *end = line + MIN(length, HEADER_MAX);
  const gchar *behind_priority = _skip_priority(line, end);
  const gchar *p = _skip_date(behind_priority, end);

  memset(self, 0, sizeof(*self));
  if (p == behind_priority && _find_rfc5424(self, line, p, end))
    return TRUE;
  if (_find_tag(self, line, p, end) || (p > behind_priority && _find_tag_behind_host(self, line, p, end)))
    return TRUE;
  /* the "short" and "priority" formats have no more */
  self->length = p - line;
  return p > line;
}
