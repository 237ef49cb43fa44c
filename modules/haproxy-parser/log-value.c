/*
 * Copyright (c) 2026 The syslog-ng-haproxy developers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * As an additional exemption you are allowed to compile & link against the
 * OpenSSL libraries as published by the OpenSSL project. See the file
 * COPYING for details.
 */

#include "log-value.h"
#include "line-characters.h"

#include <arpa/inet.h>
#include <string.h>

/* the longest number, or the longest text between numbers that is worth a thought */
#define JOINED_STEP_MAX 24

/*****************************************************************************
 * Numbers, dates, states, names
 *****************************************************************************/

static Outcome
_read_number(LineReader *self, const LogFormatStep *step)
{
  const gchar *start = self->p;

  if ((step->kind == LOG_FORMAT_PARTIAL_NUMBER || step->kind == LOG_FORMAT_RETRIES) && start < self->end
      && *start == '+')
    {
      self->state.flags |=
        1 << (step->kind == LOG_FORMAT_RETRIES ? LOG_FORMAT_FLAG_FIELD_REDISPATCHED : LOG_FORMAT_FLAG_FIELD_PARTIAL);
      start++;
    }
  const gchar *digits = start < self->end && *start == '-' ? start + 1 : start;
  const gchar *end = step->flags & LOG_FORMAT_HEXADECIMAL ? line_skip(digits, self->end, IS_UPPER_HEX)
                                                          : line_skip_digits(digits, self->end);
  if (end == start)
    return line_reader_outcome_at(self, end);
  line_reader_add_first(self, step, start, end);
  self->p = end;
  return FITS;
}

/* What "0" and "A" stand for in a pattern; everything else is itself. */
static inline gboolean
_is_of_pattern(gchar c, gchar pattern)
{
  switch (pattern)
    {
    case '0':
      return line_character_is(c, IS_DIGIT);
    case 'A':
      return line_character_is(c, IS_LETTER);
    case '+':
      return c == '+' || c == '-';
    default:
      return c == pattern;
    }
}

#define DATE_PATTERN "00/AAA/0000:00:00:00.000"
#define DATE_LENGTH (sizeof(DATE_PATTERN) - 1)
#define ZONED_DATE_PATTERN "00/AAA/0000:00:00:00 +0000"

static Outcome
_read_date(LineReader *self, const LogFormatStep *step)
{
  const gchar *p = self->p;

  for (const gchar *pattern = step->kind == LOG_FORMAT_DATE ? DATE_PATTERN : ZONED_DATE_PATTERN; *pattern;
       pattern++, p++)
    if (p == self->end || !_is_of_pattern(*p, *pattern))
      return line_reader_outcome_at(self, p);
  line_reader_add_first(self, step, self->p, p);
  self->p = p;
  return FITS;
}

/* Eight characters at a time: what comes in every line is seldom wrong, and need not be found early. */
const gchar *
log_value_skip_date(const gchar *p, const gchar *end)
{
  /* what must be added to the difference to the pattern for a byte of 0x80 or more, if it is too much */
#define DIGIT "\x76"
#define SAME "\x7f"
#define ANY "\x00"
  static const gchar LIMITS[] = DIGIT DIGIT SAME ANY ANY ANY SAME DIGIT DIGIT DIGIT DIGIT SAME DIGIT DIGIT SAME DIGIT
    DIGIT SAME DIGIT DIGIT SAME DIGIT DIGIT DIGIT;
#undef DIGIT
#undef SAME
#undef ANY
  guint64 too_much = 0;

  G_STATIC_ASSERT(sizeof(LIMITS) - 1 == DATE_LENGTH && DATE_LENGTH % sizeof(guint64) == 0);
  if (end - p < (gssize) DATE_LENGTH)
    return p;
  for (gsize i = 0; i < DATE_LENGTH; i += sizeof(guint64))
    {
      guint64 difference = line_get_word(&p[i]) ^ line_get_word(&DATE_PATTERN[i]);

      too_much |= difference | (difference + line_get_word(&LIMITS[i]));
    }
  if (too_much & LINE_WORD_OF(0x80) || line_skip(p + 3, p + 6, IS_LETTER) != p + 6)
    return p;
  return p + DATE_LENGTH;
}

static Outcome
_read_state(LineReader *self, const LogFormatStep *step)
{
  gsize length = step->kind == LOG_FORMAT_STATE ? 2 : 4;
  const gchar *end = self->p + MIN(length, (gsize) (self->end - self->p));
  const gchar *p = line_skip(self->p, end, IS_STATE);

  if ((gsize) (p - self->p) < length)
    return line_reader_outcome_at(self, p);
  line_reader_add_first(self, step, self->p, p);
  self->p = p;
  return FITS;
}

/*
 * In front of the port, and whatever else is joined to a value at @start by characters that it may consist of, too.
 * All that is joined is read from its end at @p.  NULL: it is something else.
 */
static const gchar *
_find_end_of_joined(const LogFormatStep *value, const gchar *start, const gchar *p, guint8 class)
{
  for (const LogFormatStep *step = value + value->joined_steps; step > value; step--)
    {
      if (step->type == LOG_FORMAT_VALUE)
        {
          const gchar *behind = p;
          guint8 digits = step->flags & LOG_FORMAT_HEXADECIMAL ? IS_UPPER_HEX : IS_DIGIT;

          while (p > start && line_character_is(p[-1], digits))
            p--;
          /* no port */
          p -= p == behind && p > start && p[-1] == '-';
          continue;
        }
      gsize length = line_skip(step->text, step->text + step->text_length, class) - step->text;
      if ((gsize) (p - start) < length || memcmp(p - length, step->text, length) != 0)
        return NULL;
      p -= length;
    }
  return p;
}

static Outcome
_read_name(LineReader *self, guint i)
{
  const LogFormatStep *step = &self->format->steps[i];
  const gchar *behind = line_skip(self->p, self->end, IS_NAME);
  const gchar *end = behind;

  /* "~" ends the name of a frontend */
  if (step->joined_steps && (behind == self->end || *behind != '~'))
    end = _find_end_of_joined(step, self->p, behind, IS_NAME);
  if (!end || end == self->p)
    {
      /* a line of names would be read as often as it has names */
      self->budget -= behind - self->p;
      return line_reader_outcome_at(self, behind);
    }
  line_reader_add_first(self, step, self->p, end);
  self->p = end;
  return FITS;
}

void
log_value_note_frontend_ssl(LineReader *self, gboolean is_ssl)
{
  if (is_ssl)
    self->state.flags |= 1 << LOG_FORMAT_FLAG_FIELD_FRONTEND_SSL;
  else
    self->state.denied_flags |= 1 << LOG_FORMAT_FLAG_FIELD_FRONTEND_SSL;
}

static Outcome
_read_frontend(LineReader *self, guint i)
{
  Outcome outcome = _read_name(self, i);

  if (outcome != FITS)
    return outcome;
  gboolean is_ssl = self->p < self->end && *self->p == '~';
  self->p += is_ssl;
  /* where the line is cut right behind the name, the "~" may be what is missing */
  if (is_ssl || self->p < self->end)
    log_value_note_frontend_ssl(self, is_ssl);
  return FITS;
}

/*****************************************************************************
 * Addresses
 *****************************************************************************/

static gboolean
_is_address(const gchar *start, const gchar *end)
{
  gchar text[INET6_ADDRSTRLEN];
  struct in6_addr address;
  gsize length = end - start;

  if (length >= sizeof(text))
    return FALSE;
  memcpy(text, start, length);
  text[length] = 0;
  return inet_pton(AF_INET6, text, &address) == 1 || inet_pton(AF_INET, text, &address) == 1;
}

/* Whether what is between them is one number of an IPv4 address, without a branch for how long it is. */
static inline gboolean
_is_byte(const gchar *digits, const gchar *behind, const gchar *end)
{
  guint32 word = 0;
  gsize length = behind - digits;

  if (length - 1 > 2)
    return FALSE;
  if (end - digits >= (gssize) sizeof(word))
    memcpy(&word, digits, sizeof(word));
  else
    memcpy(&word, digits, length);
  /* the order of such words is that of the numbers */
  return GUINT32_FROM_BE(word) >> (8 * (sizeof(word) - length)) <= ('2' << 16 | '5' << 8 | '5');
}

/* Behind "10.0.1.2"; @p: there is none. */
static inline const gchar *
_skip_ipv4(const gchar *p, const gchar *end)
{
  const gchar *start = p;

  for (guint i = 0; i < 4; i++)
    {
      const gchar *digits = i ? p + 1 : p;

      if (i && (p == end || *p != '.'))
        return start;
      p = line_skip_digits(digits, end);
      if (!_is_byte(digits, p, end))
        return start;
    }
  /* in front of other characters of addresses it is a part of something else, but for the port's colon */
  return p == end || *p == ':' || !line_character_is(*p, IS_ADDRESS) ? p : start;
}

/* "unix", the family of a socket, or "-", nothing known */
static const gchar *
_skip_no_address(const gchar *p, const gchar *end)
{
  if (p < end && *p == '-')
    return p + 1;
  return end - p >= 4 && memcmp(p, "unix", 4) == 0 ? p + 4 : NULL;
}

/* Not further than an address, and numbers that are joined to it, can be. */
static const gchar *
_skip_address_characters(const LogFormatStep *step, const gchar *p, const gchar *end)
{
  gsize max = INET6_ADDRSTRLEN + step->joined_steps * JOINED_STEP_MAX;

  return line_skip(p, p + MIN(max, (gsize) (end - p)), IS_ADDRESS);
}

const gchar *
log_value_skip_address(const LogFormatStep *step, const gchar *start, const gchar *end)
{
  const gchar *p = _skip_ipv4(start, end);

  if (p > start)
    return p;
  p = _skip_no_address(start, end);
  if (p)
    return p;
  if (step->flags & LOG_FORMAT_HEXADECIMAL)
    return line_skip(start, end, IS_UPPER_HEX);
  p = _find_end_of_joined(step, start, _skip_address_characters(step, start, end), IS_ADDRESS);
  return p && _is_address(start, p) ? p : start;
}

/* The part of an address that a line ends with, when it is cut there. */
static gboolean
_may_be_cut_address(const LineReader *self, guint i)
{
  return _skip_address_characters(&self->format->steps[i], self->p, self->end) == self->end
         || (self->end - self->p < 4 && memcmp(self->p, "unix", self->end - self->p) == 0);
}

/* Up to HAProxy 2.0, of a server that was never reached, nothing is printed. */
static gboolean
_is_missing(const LineReader *self, guint i)
{
  const LogFormatStep *next = i + 1 < self->format->step_count ? &self->format->steps[i + 1] : NULL;

  return next && next->type != LOG_FORMAT_VALUE && (gsize) (self->end - self->p) >= next->text_length
         && memcmp(self->p, next->text, next->text_length) == 0;
}

static Outcome
_read_address(LineReader *self, guint i)
{
  const LogFormatStep *step = &self->format->steps[i];
  const gchar *end = log_value_skip_address(step, self->p, self->end);

  if (end == self->p && _is_missing(self, i))
    return FITS;
  if (end == self->p)
    return _may_be_cut_address(self, i) ? ENDS : DIFFERS;
  line_reader_add_first(self, step, self->p, end);
  self->p = end;
  return FITS;
}

/*****************************************************************************
 * Captured headers
 *****************************************************************************/

/* Slots, "|" between them; those without a header are empty. */
static void
_add_headers(LineReader *self, const LogFormatStep *step, const gchar *start, const gchar *end)
{
  line_reader_add_first(self, step, start, end);
  for (guint slot = 1; slot < step->field_count; slot++)
    {
      const gchar *bar = memchr(start, '|', end - start);
      const gchar *slot_end = bar ? bar : end;

      if (slot_end > start)
        line_reader_add(self, step->fields[slot], start, slot_end);
      if (!bar)
        return;
      start = bar + 1;
    }
}

/* "{a|b}"; HAProxy encodes quotes and braces inside. */
static Outcome
_read_braces(LineReader *self, const LogFormatStep *step)
{
  if (self->p == self->end || *self->p != '{')
    return FITS;

  const gchar *start = self->p + 1, *end = start;
  while (end < self->end && *end != '}' && *end != '{' && *end != '"')
    end++;
  if (end < self->end && *end != '}')
    {
      self->p = end;
      return DIFFERS;
    }
  if (end < self->end || end > start)
    _add_headers(self, step, start, end);
  self->state.is_after_blank = FALSE;
  self->p = end < self->end ? end + 1 : end;
  return end < self->end ? FITS : ENDS;
}

typedef struct _ListItem
{
  const gchar *start;
  const gchar *end;
  /* of the quotes, too */
  const gchar *behind;
  gboolean is_whole;
} ListItem;

static gboolean
_read_list_item(const LineReader *self, const LogFormatStep *step, ListItem *item)
{
  const gchar *p = self->p;
  gboolean is_quoted = step->flags & LOG_FORMAT_QUOTED;

  if (p == self->end || (is_quoted && *p != '"'))
    return FALSE;
  item->start = p + is_quoted;
  item->end = memchr(item->start, is_quoted ? '"' : ' ', self->end - item->start);
  item->is_whole = item->end || !is_quoted;
  if (!item->end)
    item->end = self->end;
  item->behind = MIN(item->end + is_quoted, self->end);
  return TRUE;
}

static gboolean
_is_given(const LogFormatStep *step, const ListItem *item)
{
  if (step->flags & LOG_FORMAT_QUOTED)
    return item->end > item->start;
  return item->end - item->start != 1 || *item->start != '-';
}

/* Whether the blank at @p stands between two items. */
static gboolean
_goes_list_on(const LineReader *self, const LogFormatStep *step, const gchar *p)
{
  if (self->end - p < 2 || *p != ' ')
    return FALSE;
  return !(step->flags & LOG_FORMAT_QUOTED) || p[1] == '"';
}

/* "\"a\" \"b\"", or "a b" */
static Outcome
_read_list(LineReader *self, const LogFormatStep *step)
{
  const gchar *list = self->p;
  guint whole_list = self->values->count;
  ListItem item = { .is_whole = TRUE };

  /* the whole list comes first, its end is known last */
  line_reader_add_first(self, step, list, list);
  for (guint slot = 1; _read_list_item(self, step, &item); slot++)
    {
      if (slot < step->field_count && _is_given(step, &item))
        line_reader_add(self, step->fields[slot], item.start, item.end);
      self->p = item.behind;
      self->state.is_after_blank = FALSE;
      if (slot == step->list_length || !_goes_list_on(self, step, self->p))
        break;
      self->p++;
    }
  if (self->p == list)
    self->values->count = whole_list;
  else if (step->field != LOG_FORMAT_NO_FIELD)
    self->values->values[whole_list].length = self->p - list;
  return item.is_whole ? FITS : ENDS;
}

/*****************************************************************************
 * All of them
 *****************************************************************************/

static Outcome
_read_unquoted(LineReader *self, guint i)
{
  const LogFormatStep *step = &self->format->steps[i];

  switch (step->kind)
    {
    case LOG_FORMAT_ADDRESS:
      return _read_address(self, i);
    case LOG_FORMAT_DATE:
    case LOG_FORMAT_ZONED_DATE:
      return _read_date(self, step);
    case LOG_FORMAT_STATE:
    case LOG_FORMAT_STATE_WITH_COOKIE:
      return _read_state(self, step);
    case LOG_FORMAT_NAME:
      return _read_name(self, i);
    case LOG_FORMAT_FRONTEND:
      return _read_frontend(self, i);
    case LOG_FORMAT_REQUEST_HEADERS:
    case LOG_FORMAT_RESPONSE_HEADERS:
      return _read_braces(self, step);
    case LOG_FORMAT_REQUEST_HEADER_LIST:
    case LOG_FORMAT_RESPONSE_HEADER_LIST:
      return _read_list(self, step);
    default:
      return _read_number(self, step);
    }
}

static gboolean
_has_braces(const LogFormatStep *step)
{
  return step->kind == LOG_FORMAT_REQUEST_HEADERS || step->kind == LOG_FORMAT_RESPONSE_HEADERS;
}

Outcome
log_value_read(LineReader *self, guint i)
{
  const LogFormatStep *step = &self->format->steps[i];
  /* not all versions quote all values; each item of a list has its own quotes */
  gboolean has_quote =
    step->flags & LOG_FORMAT_QUOTED && self->p < self->end && *self->p == '"' && !log_format_step_is_list(step);

  if (!has_quote)
    return _read_unquoted(self, i);
  /* the quote of what follows, where no headers are captured */
  if (_has_braces(step) && (self->end - self->p < 2 || self->p[1] != '{'))
    return FITS;

  Outcome outcome = FITS;
  self->p++;
  if (self->p < self->end && *self->p == '"')
    line_reader_add_first(self, step, self->p, self->p);
  else
    outcome = _read_unquoted(self, i);
  if (outcome != FITS)
    return outcome;
  if (self->p == self->end || *self->p != '"')
    return line_reader_outcome_at(self, self->p);
  self->p++;
  return FITS;
}
