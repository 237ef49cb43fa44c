/*
 * Copyright (c) 2026 The syslog-ng-haproxy developers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * As an additional exemption you are allowed to compile & link against the
 * OpenSSL libraries as published by the OpenSSL project. See the file
 * COPYING for details.
 */

#include "log-line.h"

#include <arpa/inet.h>
#include <string.h>

/* a line that is cut must have shown so many values of a form that few things have */
#define TELLING_VALUES_MIN 3
/* bytes that may be looked at ahead, beside a few times the line: more is a line made to be slow */
#define LOOKAHEAD_BYTES_MIN 4096
/* of an address, and others and ports that colons join to it */
#define ADDRESSES_MAX 256

typedef enum _Outcome
{
  DIFFERS,
  ENDS,
  FITS,
} Outcome;

typedef struct _LineReader
{
  const LogFormat *format;
  const gchar *p;
  const gchar *end;
  LineValues *values;
  LogLineMark state;
  gboolean is_looking_ahead;
  /* bytes that may yet be looked at ahead */
  gssize lookahead_budget;
} LineReader;

/*****************************************************************************
 * Characters
 *****************************************************************************/

#define IS_DIGIT 0x01
#define IS_UPPER_HEX 0x02
#define IS_HEX 0x04
#define IS_NAME 0x08
#define IS_STATE 0x10
#define IS_LETTER 0x20
#define IS_DOTTED 0x40

/* clang-format off */
static const guint8 CLASSES[256] = {
  ['0' ... '9'] = IS_DIGIT | IS_UPPER_HEX | IS_HEX | IS_NAME | IS_DOTTED,
  ['A' ... 'F'] = IS_UPPER_HEX | IS_HEX | IS_NAME | IS_STATE | IS_LETTER,
  ['G' ... 'Z'] = IS_NAME | IS_STATE | IS_LETTER,
  ['a' ... 'f'] = IS_HEX | IS_NAME | IS_STATE | IS_LETTER,
  ['g' ... 'z'] = IS_NAME | IS_STATE | IS_LETTER,
  ['.'] = IS_NAME | IS_DOTTED,
  ['-'] = IS_NAME | IS_STATE,
  ['_'] = IS_NAME,
  [':'] = IS_NAME,
  ['<'] = IS_NAME,
  ['>'] = IS_NAME,
};
/* clang-format on */

static inline gboolean
_is(gchar c, guint8 class)
{
  return (CLASSES[(guchar) c] & class) != 0;
}

static inline const gchar *
_skip(const gchar *p, const gchar *end, guint8 class)
{
  while (p < end && _is(*p, class))
    p++;
  return p;
}

/* Eight characters at a time: how long a number is cannot be foreseen, and a loop that ends unforeseen costs more. */
static inline const gchar *
_skip_digits(const gchar *p, const gchar *end)
{
  for (; end - p >= 8; p += 8)
    {
      guint64 word, others;

      memcpy(&word, p, 8);
      word = GUINT64_FROM_LE(word) ^ G_GUINT64_CONSTANT(0x3030303030303030);
      /* digits are 0 to 9 now; the first of the others, if there is one, has its highest bit set here */
      others = (word | (word + G_GUINT64_CONSTANT(0x7676767676767676))) & G_GUINT64_CONSTANT(0x8080808080808080);
      if (others)
        return p + __builtin_ctzll(others) / 8;
    }
  return _skip(p, end, IS_DIGIT);
}

/*****************************************************************************
 * Values
 *****************************************************************************/

static inline void
_add(LineReader *self, guint16 field, const gchar *start, const gchar *end)
{
  if (field != LOG_FORMAT_NO_FIELD)
    line_values_add(self->values, field, start, end - start);
}

static inline void
_add_first(LineReader *self, const LogFormatStep *step, const gchar *start, const gchar *end)
{
  _add(self, step->fields[0], start, end);
}

/* "GET http://host/path?a=b HTTP/1.1"; "<BADREQ>" has no parts */
static void
_add_request(LineReader *self, const LogFormatStep *step, const gchar *start, const gchar *end)
{
  const guint16 *fields = step->fields;
  const gchar *method_end = memchr(start, ' ', end - start);

  _add(self, fields[LOG_FORMAT_REQUEST_LINE], start, end);
  if (!method_end)
    return;

  const gchar *uri = method_end + 1;
  const gchar *uri_end = memrchr(uri, ' ', end - uri);
  gboolean has_version = uri_end && end - uri_end > 5 && memcmp(uri_end + 1, "HTTP/", 5) == 0;
  if (!has_version)
    uri_end = end;
  const gchar *query = memchr(uri, '?', uri_end - uri);
  const gchar *path_end = query ? query : uri_end;
  const gchar *path = uri;
  const gchar *scheme_end = memmem(uri, path_end - uri, "://", 3);
  if (scheme_end && *uri != '/')
    {
      const gchar *slash = memchr(scheme_end + 3, '/', path_end - scheme_end - 3);
      path = slash ? slash : path_end;
    }

  _add(self, fields[LOG_FORMAT_REQUEST_METHOD], start, method_end);
  _add(self, fields[LOG_FORMAT_REQUEST_URI], uri, uri_end);
  if (path < path_end)
    _add(self, fields[LOG_FORMAT_REQUEST_PATH], path, path_end);
  if (query)
    _add(self, fields[LOG_FORMAT_REQUEST_QUERY], query + 1, uri_end);
  if (has_version)
    _add(self, fields[LOG_FORMAT_REQUEST_VERSION], uri_end + 1, end);
}

static void
_add_string(LineReader *self, const LogFormatStep *step, const gchar *start, const gchar *end)
{
  switch (step->kind)
    {
    case LOG_FORMAT_REQUEST:
      _add_request(self, step, start, end);
      break;
    case LOG_FORMAT_QUERY:
      /* HAProxy prints the "?" */
      _add_first(self, step, start < end && *start == '?' ? start + 1 : start, end);
      break;
    default:
      _add_first(self, step, start, end);
    }
}

/* Slots of captured headers, "|" between them; those without a header are empty. */
static void
_add_headers(LineReader *self, const LogFormatStep *step, const gchar *start, const gchar *end)
{
  _add_first(self, step, start, end);
  for (guint slot = 1; slot < step->field_count; slot++)
    {
      const gchar *bar = memchr(start, '|', end - start);
      const gchar *slot_end = bar ? bar : end;

      if (slot_end > start)
        _add(self, step->fields[slot], start, slot_end);
      if (!bar)
        return;
      start = bar + 1;
    }
}

/*****************************************************************************
 * Values with a form of their own.  Each moves self->p behind the value.
 *****************************************************************************/

static Outcome
_outcome_at(const LineReader *self, const gchar *p)
{
  return p == self->end ? ENDS : DIFFERS;
}

static Outcome
_read_number(LineReader *self, const LogFormatStep *step)
{
  const gchar *start = self->p;
  guint8 class = step->flags & LOG_FORMAT_HEXADECIMAL ? IS_UPPER_HEX : IS_DIGIT;

  if (step->kind != LOG_FORMAT_NUMBER && start < self->end && *start == '+')
    {
      self->state.flags |=
        1 << (step->kind == LOG_FORMAT_RETRIES ? LOG_FORMAT_FLAG_FIELD_REDISPATCHED : LOG_FORMAT_FLAG_FIELD_PARTIAL);
      start++;
    }
  const gchar *digits = start < self->end && *start == '-' ? start + 1 : start;
  const gchar *end = class == IS_DIGIT ? _skip_digits(digits, self->end) : _skip(digits, self->end, class);
  if (end == start)
    return _outcome_at(self, end);
  _add_first(self, step, start, end);
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
      return _is(c, IS_DIGIT);
    case 'A':
      return _is(c, IS_LETTER);
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
      return _outcome_at(self, p);
  _add_first(self, step, self->p, p);
  self->p = p;
  return FITS;
}

static Outcome
_read_state(LineReader *self, const LogFormatStep *step)
{
  gsize length = step->kind == LOG_FORMAT_STATE ? 2 : 4;
  const gchar *end = self->p + MIN(length, (gsize) (self->end - self->p));
  const gchar *p = _skip(self->p, end, IS_STATE);

  if ((gsize) (p - self->p) < length)
    return _outcome_at(self, p);
  _add_first(self, step, self->p, p);
  self->p = p;
  return FITS;
}

static Outcome
_read_name(LineReader *self, const LogFormatStep *step)
{
  const gchar *end = _skip(self->p, self->end, IS_NAME);

  if (end == self->p)
    return _outcome_at(self, end);
  _add_first(self, step, self->p, end);
  self->p = end;
  return FITS;
}

static void
_note_frontend_ssl(LineReader *self, gboolean is_ssl)
{
  if (is_ssl)
    self->state.flags |= 1 << LOG_FORMAT_FLAG_FIELD_FRONTEND_SSL;
  else
    self->state.denied_flags |= 1 << LOG_FORMAT_FLAG_FIELD_FRONTEND_SSL;
}

static Outcome
_read_frontend(LineReader *self, const LogFormatStep *step)
{
  Outcome outcome = _read_name(self, step);

  if (outcome != FITS)
    return outcome;
  gboolean is_ssl = self->p < self->end && *self->p == '~';
  self->p += is_ssl;
  /* where the line is cut right behind the name, the "~" may be what is missing */
  if (is_ssl || self->p < self->end)
    _note_frontend_ssl(self, is_ssl);
  return FITS;
}

static Outcome
_read_braces(LineReader *self, const LogFormatStep *step)
{
  if (self->p == self->end || *self->p != '{')
    return FITS;
  const gchar *start = self->p + 1;
  const gchar *end = memchr(start, '}', self->end - start);
  _add_headers(self, step, start, end ? end : self->end);
  self->p = end ? end + 1 : self->end;
  self->state.is_after_blank = FALSE;
  return end ? FITS : ENDS;
}

/*****************************************************************************
 * Values that end where the next step begins
 *****************************************************************************/

static inline Outcome _read_step(LineReader *self, guint i);

static gboolean
_is_string(const LogFormatStep *step)
{
  if (step->type != LOG_FORMAT_VALUE)
    return FALSE;
  return step->kind == LOG_FORMAT_STRING || step->kind == LOG_FORMAT_REQUEST || step->kind == LOG_FORMAT_QUERY;
}

/*
 * Whether the line can go on at @p with step @i: up to the first string behind a
 * value that is telling, or to @until.  Strings in front of that end as soon as they can.
 */
static gboolean
_goes_on(LineReader *self, guint i, const gchar *p, const gchar *until)
{
  LineReader ahead = *self;
  guint count = self->values->count;
  Outcome outcome = FITS;

  if (self->lookahead_budget <= 0)
    return FALSE;
  ahead.p = p;
  ahead.is_looking_ahead = TRUE;
  for (; i < self->format->step_count && outcome == FITS && ahead.p <= until; i++)
    {
      if (ahead.state.telling_values > self->state.telling_values && _is_string(&self->format->steps[i]))
        break;
      outcome = _read_step(&ahead, i);
    }
  if (outcome == FITS && i == self->format->step_count && ahead.p != ahead.end)
    outcome = DIFFERS;
  self->values->count = count;
  self->lookahead_budget -= ahead.p - p + 1;
  return outcome != DIFFERS;
}

/* What stands behind the value of step @i in every line; a header that is not there does not. */
static const gchar *
_text_behind(const LineReader *self, guint i, gsize *length)
{
  const LogFormatStep *next = i + 1 < self->format->step_count ? &self->format->steps[i + 1] : NULL;

  *length = next ? next->text_length : 0;
  return next ? next->text : NULL;
}

/* The end of a string that begins at @start and needs @terminator, then @text, behind it. NULL: it is not in the line.
 */
static const gchar *
_find_end(LineReader *self, guint i, const gchar *start, gboolean is_quoted, const gchar *text, gsize text_length)
{
  for (const gchar *p = start; p < self->end; p++)
    {
      p = memchr(p, is_quoted ? '"' : *text, self->end - p);
      if (!p)
        return NULL;
      const gchar *behind = p + is_quoted;
      gsize rest = self->end - behind;
      if (rest == 0 && is_quoted)
        return p;
      if (is_quoted && (self->format->steps[i].flags & LOG_FORMAT_ESCAPED) && p > start && p[-1] == '\\')
        continue;
      if ((text_length && memcmp(behind, text, MIN(rest, text_length)) != 0)
          || (i + 1 == self->format->step_count && rest))
        continue;
      if (self->is_looking_ahead || _goes_on(self, i + 1, behind, self->end))
        return p;
    }
  return NULL;
}

static gboolean
_may_be_empty(const LogFormatStep *step)
{
  return !(step->flags & LOG_FORMAT_MANDATORY) || step->kind == LOG_FORMAT_QUERY;
}

static Outcome
_read_quoted_string(LineReader *self, guint i)
{
  const LogFormatStep *step = &self->format->steps[i];
  const gchar *start = self->p + 1;
  gsize text_length;
  const gchar *text = _text_behind(self, i, &text_length);

  if (self->p == self->end || *self->p != '"')
    return _outcome_at(self, self->p);
  const gchar *end = _find_end(self, i, start, TRUE, text, text_length);
  _add_string(self, step, start, end ? end : self->end);
  self->p = end ? end + 1 : self->end;
  return end ? FITS : ENDS;
}

static Outcome
_read_string(LineReader *self, guint i)
{
  const LogFormatStep *step = &self->format->steps[i];
  const gchar *start = self->p;
  gsize text_length;
  const gchar *text = _text_behind(self, i, &text_length);
  const gchar *end = self->end;

  if (text)
    end = _find_end(self, i, _may_be_empty(step) ? start : MIN(start + 1, self->end), FALSE, text, text_length);
  if (end == start && !_may_be_empty(step))
    return _outcome_at(self, start);
  _add_string(self, step, start, end ? end : self->end);
  self->p = end ? end : self->end;
  return end ? FITS : ENDS;
}

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

/*
 * Of addresses whose characters the port goes on with: the last colon that leaves an address and lets the line go on.
 * Behind @end, where those characters end, it goes on in the same way whichever colon it is.
 */
static const gchar *
_find_end_of_address(LineReader *self, guint i, const gchar *start, const gchar *end, const gchar *text,
                     gsize text_length)
{
  for (const gchar *p = end - 1; p > start; p--)
    if (*p == *text && memcmp(p, text, MIN(text_length, (gsize) (self->end - p))) == 0 && _is_address(start, p)
        && (self->is_looking_ahead || _goes_on(self, i + 1, p, end)))
      return p;
  return NULL;
}

static gboolean
_is_dotted_quad(const gchar *start, const gchar *end)
{
  guint dots = 0;

  for (const gchar *p = start; p < end; p++)
    dots += *p == '.';
  return dots == 3 && end - start <= 15;
}

/* "unix", the family of a socket, or "-", nothing known */
static const gchar *
_skip_no_address(const gchar *p, const gchar *end)
{
  if (p < end && *p == '-')
    return p + 1;
  return end - p >= 4 && memcmp(p, "unix", 4) == 0 ? p + 4 : NULL;
}

static gboolean
_is_in_addresses(gchar c)
{
  return c == ':' || _is(c, IS_HEX | IS_DOTTED);
}

/* NULL: there is none */
static const gchar *
_skip_address(LineReader *self, guint i)
{
  const gchar *start = self->p;
  const gchar *end = _skip(start, self->end, IS_DOTTED);
  gsize text_length;
  const gchar *text = _text_behind(self, i, &text_length);

  if (_is_dotted_quad(start, end))
    return end;
  if (self->format->steps[i].flags & LOG_FORMAT_HEXADECIMAL)
    {
      end = _skip(start, self->end, IS_UPPER_HEX);
      return end == start ? NULL : end;
    }
  for (end = start; end < self->end && _is_in_addresses(*end); end++)
    ;
  if (end == start)
    return _skip_no_address(start, self->end);
  if (text && _is_in_addresses(*text))
    return _find_end_of_address(self, i, start, MIN(end, start + ADDRESSES_MAX), text, text_length);
  return _is_address(start, end) ? end : NULL;
}

/* The part of an address that a line ends with, when it is cut there. */
static gboolean
_may_be_cut_address(const LineReader *self)
{
  const gchar *p = self->p;

  while (p < self->end && _is_in_addresses(*p))
    p++;
  return p == self->end || (self->end - self->p < 4 && memcmp(self->p, "unix", self->end - self->p) == 0);
}

static Outcome
_read_address(LineReader *self, guint i)
{
  const gchar *end = _skip_address(self, i);
  gsize text_length;
  const gchar *text = _text_behind(self, i, &text_length);

  /* up to HAProxy 2.0, of a server that was never reached, nothing */
  if (!end && text && self->end - self->p >= (gssize) text_length && memcmp(self->p, text, text_length) == 0)
    return FITS;
  if (!end)
    return _may_be_cut_address(self) ? ENDS : DIFFERS;
  _add_first(self, &self->format->steps[i], self->p, end);
  self->p = end;
  return FITS;
}

/*****************************************************************************
 * Lists of captured headers
 *****************************************************************************/

/* Behind one item of a list; NULL: there is none. */
static const gchar *
_read_list_item(LineReader *self, const LogFormatStep *step, const gchar **start, const gchar **end)
{
  const gchar *p = self->p;
  gboolean is_quoted = step->flags & LOG_FORMAT_QUOTED;

  if (p == self->end || (is_quoted && *p != '"'))
    return NULL;
  *start = p + is_quoted;
  *end = memchr(*start, is_quoted ? '"' : ' ', self->end - *start);
  if (!*end)
    *end = self->end;
  return MIN(*end + is_quoted, self->end);
}

static gboolean
_is_given(const LogFormatStep *step, const gchar *start, const gchar *end)
{
  if (step->flags & LOG_FORMAT_QUOTED)
    return end > start;
  return end - start != 1 || *start != '-';
}

static Outcome
_read_list(LineReader *self, const LogFormatStep *step)
{
  const gchar *list = self->p;
  guint count_at_start = self->values->count;
  const gchar *start, *end, *behind;

  /* the whole list comes first, its length is known last */
  _add_first(self, step, list, list);
  for (guint slot = 1; slot < step->field_count && (behind = _read_list_item(self, step, &start, &end)); slot++)
    {
      if (_is_given(step, start, end))
        _add(self, step->fields[slot], start, end);
      self->p = behind;
      self->state.is_after_blank = FALSE;
      if (behind == self->end || *behind != ' ' || behind + 1 == self->end)
        break;
      if ((step->flags & LOG_FORMAT_QUOTED) && behind[1] != '"')
        break;
      if (step->fields[slot] == LOG_FORMAT_NO_FIELD)
        break;
      self->p = behind + 1;
    }
  if (self->p == list)
    self->values->count = count_at_start;
  else if (step->fields[0] != LOG_FORMAT_NO_FIELD)
    self->values->values[count_at_start].length = self->p - list;
  return FITS;
}

/*****************************************************************************
 * The line
 *****************************************************************************/

static Outcome
_read_unquoted(LineReader *self, guint i)
{
  const LogFormatStep *step = &self->format->steps[i];

  switch (step->kind)
    {
    case LOG_FORMAT_ADDRESS:
      return _read_address(self, i);
    case LOG_FORMAT_NUMBER:
    case LOG_FORMAT_PARTIAL_NUMBER:
    case LOG_FORMAT_RETRIES:
      return _read_number(self, step);
    case LOG_FORMAT_DATE:
    case LOG_FORMAT_ZONED_DATE:
      return _read_date(self, step);
    case LOG_FORMAT_STATE:
    case LOG_FORMAT_STATE_WITH_COOKIE:
      return _read_state(self, step);
    case LOG_FORMAT_NAME:
      return _read_name(self, step);
    case LOG_FORMAT_FRONTEND:
      return _read_frontend(self, step);
    default:
      return _read_string(self, i);
    }
}

static gboolean
_is_number(const LogFormatStep *step)
{
  return step->kind == LOG_FORMAT_NUMBER || step->kind == LOG_FORMAT_PARTIAL_NUMBER || step->kind == LOG_FORMAT_RETRIES;
}

static gboolean
_is_telling(const LogFormatStep *step)
{
  return step->kind >= LOG_FORMAT_ADDRESS && step->kind <= LOG_FORMAT_STATE_WITH_COOKIE;
}

static Outcome
_read_value(LineReader *self, guint i)
{
  const LogFormatStep *step = &self->format->steps[i];
  gboolean is_quoted = step->flags & LOG_FORMAT_QUOTED;
  Outcome outcome;

  if (step->kind == LOG_FORMAT_REQUEST_HEADER_LIST || step->kind == LOG_FORMAT_RESPONSE_HEADER_LIST)
    return _read_list(self, step);
  if (is_quoted && _is_string(step))
    return _read_quoted_string(self, i);

  /* not all versions quote all values */
  gboolean has_quote = is_quoted && self->p < self->end && *self->p == '"';
  if (has_quote && step->kind >= LOG_FORMAT_REQUEST_HEADERS && (self->p + 1 == self->end || self->p[1] != '{'))
    return FITS;
  self->p += has_quote;
  if (step->kind >= LOG_FORMAT_REQUEST_HEADERS)
    outcome = _read_braces(self, step);
  else if (has_quote && self->p < self->end && *self->p == '"')
    {
      /* nothing between the quotes */
      _add_first(self, step, self->p, self->p);
      outcome = FITS;
    }
  else
    outcome = _read_unquoted(self, i);
  if (outcome != FITS || !has_quote)
    return outcome;
  if (self->p == self->end || *self->p != '"')
    return _outcome_at(self, self->p);
  self->p++;
  return FITS;
}

static inline Outcome
_read_text(LineReader *self, const LogFormatStep *step)
{
  gsize length = MIN(step->text_length, (gsize) (self->end - self->p));

  /* mostly it is one character */
  if (length && (*self->p != *step->text || (length > 1 && memcmp(self->p, step->text, length) != 0)))
    return DIFFERS;
  self->p += length;
  self->state.is_after_blank = FALSE;
  return length == step->text_length ? FITS : ENDS;
}

static inline Outcome
_read_blank(LineReader *self, const LogFormatStep *step)
{
  if (self->state.is_after_blank)
    return FITS;
  if (self->p == self->end)
    return step->rest_is_optional ? FITS : ENDS;
  if (*self->p != ' ')
    return DIFFERS;
  self->p++;
  self->state.is_after_blank = TRUE;
  return FITS;
}

/* HAProxy prints the "?" with a query */
static gboolean
_is_empty_query(const LineReader *self, const LogFormatStep *step)
{
  return step->kind == LOG_FORMAT_QUERY && !(step->flags & LOG_FORMAT_QUOTED)
         && (self->p == self->end || (*self->p != '?' && *self->p != '<'));
}

/* Up to HAProxy 2.9 there are two blanks around it, from 3.0 on one. */
static Outcome
_read_empty_query(LineReader *self, const LogFormatStep *step)
{
  _add_first(self, step, self->p, self->p);
  if (self->p < self->end && *self->p == ' ')
    self->state.is_after_blank = FALSE;
  return FITS;
}

static Outcome
_read_value_step(LineReader *self, guint i)
{
  const LogFormatStep *step = &self->format->steps[i];
  Outcome outcome;

  if (_is_empty_query(self, step))
    return _read_empty_query(self, step);
  /* those who may print nothing say themselves that they did not */
  if (step->kind < LOG_FORMAT_REQUEST_HEADERS)
    self->state.is_after_blank = FALSE;
  outcome = step->flags == LOG_FORMAT_MANDATORY && _is_number(step) ? _read_number(self, step) : _read_value(self, i);
  self->state.telling_values += outcome == FITS && _is_telling(step);
  return outcome;
}

static inline Outcome
_read_step(LineReader *self, guint i)
{
  const LogFormatStep *step = &self->format->steps[i];

  switch (step->type)
    {
    case LOG_FORMAT_TEXT:
      return _read_text(self, step);
    case LOG_FORMAT_BLANK:
      return _read_blank(self, step);
    default:
      return _read_value_step(self, i);
    }
}

/* Behind a date; @p: there is none. */
static inline const gchar *
_skip_date(const gchar *p, const gchar *end)
{
  gboolean fits = TRUE;

  if (end - p < (gssize) DATE_LENGTH)
    return p;
  for (gsize i = 0; i < DATE_LENGTH; i++)
    fits &= _is_of_pattern(p[i], DATE_PATTERN[i]);
  return fits ? p + DATE_LENGTH : p;
}

/* Behind a value as it mostly is; @p: it is not. */
static inline const gchar *
_skip_usual_value(const LogFormatStep *step, const gchar *p, const gchar *end)
{
  switch (step->shortcut)
    {
    case LOG_FORMAT_SHORTCUT_NUMBER:
      return _skip_digits(p, end);
    case LOG_FORMAT_SHORTCUT_NAME:
      return _skip(p, end, IS_NAME);
    case LOG_FORMAT_SHORTCUT_DATE:
      return _skip_date(p, end);
    default:
      return p;
    }
}

static inline void
_add_usual_value(LineReader *self, const LogFormatStep *step, const gchar *start, const gchar *end)
{
  guint16 field = step->fields[0];

  if (field == LOG_FORMAT_NO_FIELD)
    return;
  if (step->shortcut == LOG_FORMAT_SHORTCUT_NUMBER)
    line_values_add_digits(self->values, field, start, end - start);
  else
    line_values_add(self->values, field, start, end - start);
}

static inline gboolean
_is_one_character(const LogFormatStep *step)
{
  return step->shortcut == LOG_FORMAT_SHORTCUT_CHARACTER;
}

/*
 * Reads the steps from the present one to @limit that a line mostly consists of, without a call for each: values, and
 * the character behind each.  Stops at the first that is not as usual: _read_step() knows everything about it.
 */
static void
_read_usual_steps(LineReader *self, guint limit)
{
  const LogFormatStep *step = &self->format->steps[self->state.step], *end_step = &self->format->steps[limit];
  const gchar *p = self->p, *end = self->end;
  gboolean is_after_blank = self->state.is_after_blank;
  guint telling_values = self->state.telling_values;

  while (step < end_step && p < end)
    {
      if (_is_one_character(step))
        {
          if (*p != *step->text || (is_after_blank && step->type == LOG_FORMAT_BLANK))
            break;
          is_after_blank = step->type == LOG_FORMAT_BLANK;
          p++;
        }
      else
        {
          const gchar *value_end = _skip_usual_value(step, p, end);

          if (value_end == p)
            break;
          _add_usual_value(self, step, p, value_end);
          telling_values += _is_telling(step);
          is_after_blank = FALSE;
          p = value_end;
        }
      step++;
    }
  self->p = p;
  self->state.is_after_blank = is_after_blank;
  self->state.telling_values = telling_values;
  self->state.step = step - self->format->steps;
}

/* Of a number, a date or a state that reaches to the end of a line that is cut, more may be missing. */
static void
_drop_cut_value(LineReader *self)
{
  const LogFormatStep *step;
  const LineValue *last;
  guint i = self->state.step;

  /* the value in question may have been read by the step before the one that found the end */
  if (self->format->steps[i].type != LOG_FORMAT_VALUE && i > 0)
    i--;
  step = &self->format->steps[i];
  if (step->type != LOG_FORMAT_VALUE || !_is_telling(step) || !self->values->count)
    return;
  last = &self->values->values[self->values->count - 1];
  if (last->field == step->fields[0] && last->start + last->length == self->end)
    self->values->count--;
}

static void
_add_flags(LineReader *self)
{
  for (guint i = 0; i < LOG_FORMAT_FLAG_FIELDS; i++)
    if (self->state.flags & 1 << i)
      line_values_add(self->values, self->format->first_flag_field + i, "true", 4);
    else if (self->state.denied_flags & 1 << i)
      line_values_add(self->values, self->format->first_flag_field + i, "false", 5);
}

/* An open quote at the end of the last value is all that a full line cannot have. */
static LogLineResult
_finish_truncated(LineReader *self)
{
  if (self->state.telling_values < TELLING_VALUES_MIN)
    return LOG_LINE_DIFFERS;
  _drop_cut_value(self);
  self->state.flags |= 1 << LOG_FORMAT_FLAG_FIELD_TRUNCATED;
  _add_flags(self);
  return LOG_LINE_TRUNCATED;
}

static void
_set_mark(const LineReader *self, const gchar *line, LogLineMark *mark)
{
  *mark = self->state;
  mark->position = self->p - line;
  mark->value_count = self->values->count;
}

LogLineResult
log_line_parse(const LogFormat *format, const gchar *line, gsize length, LineValues *values, LogLineMark *mark,
               guint mark_step)
{
  LineReader self = {
    .format = format,
    .p = line + mark->position,
    .end = line + length,
    .values = values,
    .state = *mark,
    .lookahead_budget = LOOKAHEAD_BYTES_MIN + 4 * length,
  };
  Outcome outcome = FITS;

  values->count = mark->value_count;
  /* in front of a line there is as good as a blank */
  if (!mark->step)
    self.state.is_after_blank = TRUE;
  for (;;)
    {
      _read_usual_steps(&self, self.state.step < mark_step ? MIN(mark_step, format->step_count) : format->step_count);
      if (self.state.step == mark_step)
        _set_mark(&self, line, mark);
      if (self.state.step == format->step_count)
        break;
      outcome = _read_step(&self, self.state.step);
      if (outcome != FITS)
        break;
      self.state.step++;
    }

  mark->end_step = self.state.step;
  if (outcome == ENDS)
    return _finish_truncated(&self);
  if (outcome == DIFFERS || self.p != self.end)
    return LOG_LINE_DIFFERS;
  _add_flags(&self);
  return LOG_LINE_FITS;
}
