/*
 * Copyright (c) 2026 The syslog-ng-haproxy developers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * As an additional exemption you are allowed to compile & link against the
 * OpenSSL libraries as published by the OpenSSL project. See the file
 * COPYING for details.
 */

/* Random formats, rendered by a printer of its own that follows HAProxy's rules, and read back. */

#include "haproxy_lines.h"
#include "log-line.h"

#include <criterion/criterion.h>

#define ROUNDS 20000
#define VALUES_MAX 12

typedef enum _Kind
{
  NAME,
  ADDRESS,
  NUMBER,
  TIMER,
  DATE,
  ZONED_DATE,
  STATE,
  TOKEN,
  METHOD,
  URI,
  /* which HAProxy does not encode */
  RAW,
  COOKIE,
  HEADERS,
} Kind;

/* no two with the same field, and none that is split */
static const struct
{
  const gchar *alias;
  const gchar *field;
  Kind kind;
} ALIASES[] = {
  { "B", "bytes_read", TIMER },
  { "CC", "captured_request_cookie", COOKIE },
  { "CS", "captured_response_cookie", COOKIE },
  { "H", "hostname", TOKEN },
  { "HM", "http_method", METHOD },
  { "HU", "http_uri", URI },
  { "ID", "unique_id", RAW },
  { "ST", "status_code", NUMBER },
  { "T", "gmt_date_time", ZONED_DATE },
  { "TR", "TR", NUMBER },
  { "Ta", "Ta", TIMER },
  { "Tc", "Tc", NUMBER },
  { "Tt", "Tt", TIMER },
  { "U", "bytes_uploaded", NUMBER },
  { "ac", "actconn", NUMBER },
  { "b", "backend_name", NAME },
  { "bi", "backend_source_ip", ADDRESS },
  { "bp", "backend_source_port", NUMBER },
  { "ci", "client_ip", ADDRESS },
  { "cp", "client_port", NUMBER },
  { "f", "frontend_name", NAME },
  { "hr", "captured_request_headers", HEADERS },
  { "hs", "captured_response_headers", HEADERS },
  { "rc", "retries", NUMBER },
  { "s", "server_name", NAME },
  { "sslv", "ssl_version", TOKEN },
  { "t", "accept_date", DATE },
  { "tr", "request_date", DATE },
  { "ts", "termination_state", STATE },
  { "[src]", "src", RAW },
  { "[capture.req.hdr(1),lower]", "capture_req_hdr_1", RAW },
};

/* none is in a value that has no quotes, but for those of ambiguous rounds */
static const gchar *const SEPARATORS[] = { " ", " ", " ", "|", ",", ";", " [", "] ", " - ", "|x|", " \"\" " };

typedef struct _Round
{
  GRand *rand;
  /* values contain what stands between them: several ways to read the line, and one of them has to be found */
  gboolean is_ambiguous;
  GString *format;
  GString *line;
  /* by HAProxy's rule blanks are merged */
  gboolean last_is_blank;
  guint count;
  const gchar *fields[VALUES_MAX];
  gchar *values[VALUES_MAX];
} Round;

static gint
_random(Round *self, gint count)
{
  return g_rand_int_range(self->rand, 0, count);
}

static gchar *
_random_string(Round *self, const gchar *alphabet, gint length_max)
{
  GString *text = g_string_new(NULL);
  gint length = 1 + _random(self, length_max);

  for (gint i = 0; i < length; i++)
    g_string_append_c(text, alphabet[_random(self, strlen(alphabet))]);
  return g_string_free(text, FALSE);
}

static gchar *
_random_address(Round *self)
{
  switch (_random(self, 4))
    {
    case 0:
      return g_strdup_printf("2001:db8::%x", 1 + _random(self, 65535));
    case 1:
      return g_strdup("unix");
    default:
      return g_strdup_printf(
        "%d.%d.%d.%d", _random(self, 256), _random(self, 256), _random(self, 256), _random(self, 256));
    }
}

static gchar *
_random_text(Round *self, gboolean is_quoted)
{
  if (self->is_ambiguous)
    return _random_string(self, "a -|,;\"[]", 12);
  return _random_string(self, is_quoted ? "abc /:|,;=[]-#{}" : "abc/:=#-.", 12);
}

static gchar *
_random_cookie(Round *self, gboolean is_quoted)
{
  gchar *value = _random_text(self, is_quoted);
  gchar *cookie = _random(self, 2) ? g_strconcat("SID=", value, NULL) : g_strdup(is_quoted ? "" : "-");

  g_free(value);
  return cookie;
}

static gchar *
_random_uri(Round *self, gboolean is_quoted)
{
  gchar *rest = _random_string(self, self->is_ambiguous ? "a-|,;[]/" : is_quoted ? "abc/:|,;=[]-#{}" : "abc/:=#-.", 12);
  gchar *uri = g_strconcat(_random(self, 8) ? "/" : "h:443", rest, NULL);

  g_free(rest);
  return uri;
}

static gchar *
_random_value(Round *self, Kind kind, gboolean is_quoted)
{
  switch (kind)
    {
    case NAME:
      return _random_string(self, "abcXYZ019-_.:", 12);
    case ADDRESS:
      return _random_address(self);
    case NUMBER:
    case TIMER:
      return _random(self, 4) ? g_strdup_printf("%u", g_rand_int(self->rand)) : g_strdup("-1");
    case DATE:
      return g_strdup_printf("%02d/Feb/20%02d:12:12:%02d.%03d",
                             _random(self, 32),
                             _random(self, 100),
                             _random(self, 60),
                             _random(self, 1000));
    case ZONED_DATE:
      return g_strdup_printf("%02d/Feb/2009:12:12:%02d %c%02d00",
                             _random(self, 32),
                             _random(self, 60),
                             "+-"[_random(self, 2)],
                             _random(self, 12));
    case STATE:
      return _random(self, 2) ? g_strdup("--") : g_strdup("sH");
    case TOKEN:
      return _random_string(self, "abcXYZ019-_.", 12);
    case METHOD:
      return _random_string(self, "ABCxyz-_", 12);
    case URI:
      return _random_uri(self, is_quoted);
    case HEADERS:
      return _random_string(self, "abc /:=[]-", 12);
    case COOKIE:
      return _random_cookie(self, is_quoted);
    default:
      return _random_text(self, is_quoted);
    }
}

static gboolean
_heeds_quotes(Kind kind)
{
  return kind == NAME || kind == ADDRESS || kind >= TOKEN;
}

static void
_print(Round *self, const gchar *text)
{
  g_string_append(self->line, text);
  self->last_is_blank = FALSE;
}

static void
_add_value(Round *self, guint alias)
{
  Kind kind = ALIASES[alias].kind;
  gboolean has_flag = _random(self, 3) == 0;
  gboolean is_quoted = has_flag && _heeds_quotes(kind);
  gboolean is_missing = kind == HEADERS && _random(self, 2);
  gchar *value = _random_value(self, kind, is_quoted);

  g_string_append_printf(self->format, "%%%s%s", has_flag ? "{+Q}" : "", ALIASES[alias].alias);
  if (is_missing)
    {
      g_free(value);
      return;
    }
  self->fields[self->count] = ALIASES[alias].field;
  self->values[self->count++] = value;
  if (is_quoted)
    _print(self, "\"");
  if (kind == TIMER && _random(self, 2))
    _print(self, "+");
  if (kind == HEADERS)
    _print(self, "{");
  _print(self, value);
  if (kind == HEADERS)
    _print(self, "}");
  if (is_quoted)
    _print(self, "\"");
}

static void
_add_separator(Round *self)
{
  const gchar *separator = SEPARATORS[_random(self, G_N_ELEMENTS(SEPARATORS))];

  g_string_append(self->format, separator);
  for (; *separator; separator++)
    if (*separator != ' ')
      _print(self, (gchar[]){ *separator, 0 });
    else if (!self->last_is_blank)
      {
        _print(self, " ");
        self->last_is_blank = TRUE;
      }
}

static const gchar *
_look_up(const LogFormat *format, const LineValues *values, const gchar *field, gsize *length)
{
  for (guint i = 0; i < values->count; i++)
    if (strcmp(format->fields[values->values[i].field].name, field) == 0)
      {
        *length = values->values[i].length;
        return values->values[i].start;
      }
  return NULL;
}

static void
_check(const Round *self, guint seed)
{
  static LineValues values;
  LogLineMark mark;
  LogFormatError error;
  LogFormat *format = log_format_new(self->format->str, NULL, &error);

  cr_assert(format, "seed %u: %s: %s", seed, self->format->str, error.message);
  gchar *line = exact_copy(self->line->str, self->line->len);
  log_line_mark_reset(&mark);
  LogLineResult result = log_line_parse(format, line, self->line->len, &values, &mark, G_MAXUINT);
  cr_expect_eq(result, LOG_LINE_FITS, "seed %u: %s\n%s", seed, self->format->str, self->line->str);
  for (guint i = 0; i < self->count && result == LOG_LINE_FITS && !self->is_ambiguous; i++)
    {
      gsize length;
      const gchar *value = _look_up(format, &values, self->fields[i], &length);

      cr_expect(value && length == strlen(self->values[i]) && memcmp(value, self->values[i], length) == 0,
                "seed %u: %s\n%s\n%s is %.*s, not %s",
                seed,
                self->format->str,
                self->line->str,
                self->fields[i],
                value ? (gint) length : 7,
                value ? value : "nothing",
                self->values[i]);
    }
  g_free(line);
  log_format_free(format);
}

/* A header that may be missing says whose it is only by its place among those that are there. */
static gboolean
_may_follow(guint alias, gboolean *has_headers)
{
  if (ALIASES[alias].kind != HEADERS)
    return TRUE;
  if (*has_headers)
    return FALSE;
  *has_headers = TRUE;
  return TRUE;
}

static void
_play(guint seed, gboolean is_ambiguous)
{
  Round self = {
    .rand = g_rand_new_with_seed(seed),
    .is_ambiguous = is_ambiguous,
    .format = g_string_new(NULL),
    .line = g_string_new(NULL),
    .last_is_blank = TRUE,
  };
  gboolean is_used[G_N_ELEMENTS(ALIASES)] = { FALSE };
  gboolean has_headers = FALSE;
  gint count = 1 + _random(&self, VALUES_MAX);

  for (gint i = 0; i < count; i++)
    {
      guint alias = _random(&self, G_N_ELEMENTS(ALIASES));

      if (is_used[alias] || !_may_follow(alias, &has_headers))
        continue;
      is_used[alias] = TRUE;
      if (self.format->len)
        _add_separator(&self);
      _add_value(&self, alias);
    }
  _check(&self, seed);

  for (guint i = 0; i < self.count; i++)
    g_free(self.values[i]);
  g_string_free(self.format, TRUE);
  g_string_free(self.line, TRUE);
  g_rand_free(self.rand);
}

Test(log_round_trip, random_formats)
{
  for (guint seed = 0; seed < ROUNDS; seed++)
    _play(seed, FALSE);
}

/* Values that contain what stands between them. */
Test(log_round_trip, ambiguous_lines)
{
  for (guint seed = 0; seed < ROUNDS; seed++)
    _play(seed, TRUE);
}
