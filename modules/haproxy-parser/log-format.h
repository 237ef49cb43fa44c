/*
 * Copyright (c) 2026 The syslog-ng-haproxy developers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * As an additional exemption you are allowed to compile & link against the
 * OpenSSL libraries as published by the OpenSSL project. See the file
 * COPYING for details.
 */

#ifndef LOG_FORMAT_H_INCLUDED
#define LOG_FORMAT_H_INCLUDED

#include "config-argument.h"
#include "line-values.h"

/*
 * A log-format string of HAProxy's (its manual, section 8.2.6), compiled into
 * the steps that read a line which was printed with it.
 */

/* What a value looks like, and so how its end is found. */
typedef enum _LogFormatKind
{
  /* anything */
  LOG_FORMAT_STRING,
  /* the name of a host, of a cipher, and the like */
  LOG_FORMAT_TOKEN,
  /* of a request, encoded by HAProxy, without a blank */
  LOG_FORMAT_METHOD,
  LOG_FORMAT_URI,
  LOG_FORMAT_HTTP_VERSION,
  /* a URI without its query; and one that is nothing where the request has no path */
  LOG_FORMAT_PATH,
  LOG_FORMAT_OPTIONAL_PATH,
  /* without a blank or a quote */
  LOG_FORMAT_SERVER_NAME,
  /* "name=value", or "-" */
  LOG_FORMAT_COOKIE,
  /* the characters of HAProxy's names */
  LOG_FORMAT_NAME,
  /* a name, with a "~" behind it when the connection has TLS */
  LOG_FORMAT_FRONTEND,
  /* IPv4, IPv6, "unix" */
  LOG_FORMAT_ADDRESS,
  /* a number, hexadecimal with %{+X}; one that is decimal nevertheless; and one of an expression */
  LOG_FORMAT_NUMBER,
  LOG_FORMAT_DECIMAL,
  LOG_FORMAT_SAMPLE_NUMBER,
  /* a number, with a "+" in front when it is not yet the final one */
  LOG_FORMAT_PARTIAL_NUMBER,
  /* a number, with a "+" in front when the connection was redispatched */
  LOG_FORMAT_RETRIES,
  /* 06/Feb/2009:12:12:51.443 */
  LOG_FORMAT_DATE,
  /* 06/Feb/2009:12:12:51 +0100 */
  LOG_FORMAT_ZONED_DATE,
  /* two characters, and four */
  LOG_FORMAT_STATE,
  LOG_FORMAT_STATE_WITH_COOKIE,
  /* "GET / HTTP/1.1" */
  LOG_FORMAT_REQUEST,
  /* "?a=b", or nothing */
  LOG_FORMAT_QUERY,
  /* "{a|b}", or nothing at all when nothing is captured */
  LOG_FORMAT_REQUEST_HEADERS,
  LOG_FORMAT_RESPONSE_HEADERS,
  /* "a" "b" */
  LOG_FORMAT_REQUEST_HEADER_LIST,
  LOG_FORMAT_RESPONSE_HEADER_LIST,
} LogFormatKind;

typedef enum _LogFormatStepType
{
  LOG_FORMAT_TEXT,
  /* one blank; none where the line has one already, since what stood between printed nothing */
  LOG_FORMAT_BLANK,
  LOG_FORMAT_VALUE,
} LogFormatStepType;

/* How the end of a value is found. */
typedef enum _LogFormatEnd
{
  /* by its form */
  LOG_FORMAT_END_FORM,
  /* there is no quote inside */
  LOG_FORMAT_END_QUOTE,
  /* where the text behind it is first, which it cannot contain */
  LOG_FORMAT_END_TEXT,
  /* where the text behind it is, if the line goes on from there as it must; not all characters can be in it */
  LOG_FORMAT_END_WORD,
  /* the same of a value that may be anything */
  LOG_FORMAT_END_FREE,
} LogFormatEnd;

/* the flags of %{+Q,+X,+E,-M}; a value that is not mandatory may be empty */
#define LOG_FORMAT_QUOTED 0x01
#define LOG_FORMAT_HEXADECIMAL 0x02
#define LOG_FORMAT_ESCAPED 0x04
#define LOG_FORMAT_MANDATORY 0x08

/* the field of a value that nobody asked for: its name is that of an earlier one */
#define LOG_FORMAT_NO_FIELD G_MAXUINT16

/* of a request: what it is split into, from the step's field on */
enum
{
  LOG_FORMAT_REQUEST_LINE,
  LOG_FORMAT_REQUEST_METHOD,
  LOG_FORMAT_REQUEST_URI,
  LOG_FORMAT_REQUEST_PATH,
  LOG_FORMAT_REQUEST_QUERY,
  LOG_FORMAT_REQUEST_VERSION,
  LOG_FORMAT_REQUEST_FIELDS,
};

/* headers that are captured in one place */
#define LOG_FORMAT_HEADER_SLOTS 64

/* What most lines are made of. */
typedef enum _LogFormatShortcut
{
  LOG_FORMAT_NO_SHORTCUT,
  LOG_FORMAT_SHORTCUT_CHARACTER,
  LOG_FORMAT_SHORTCUT_NUMBER,
  LOG_FORMAT_SHORTCUT_NAME,
  LOG_FORMAT_SHORTCUT_FRONTEND,
  LOG_FORMAT_SHORTCUT_ADDRESS,
  LOG_FORMAT_SHORTCUT_DATE,
  LOG_FORMAT_SHORTCUT_STATE,
  LOG_FORMAT_SHORTCUT_STATE_WITH_COOKIE,
} LogFormatShortcut;

/* no character is equal to it */
#define LOG_FORMAT_NO_CHARACTER (-1)

/* What a line mostly has where a step is, in so few bytes that all of them stay in the processor's cache. */
typedef struct _LogFormatUsual
{
  guint8 shortcut;
  /* how many steps in front of it are telling, without the highest bits */
  guint8 telling_before;
  guint16 field;
  /* of this step, and of the one behind it, if they are one; else LOG_FORMAT_NO_CHARACTER */
  gint16 character;
  gint16 character_behind;
} LogFormatUsual;

typedef struct _LogFormatStep
{
  guint8 type;
  guint8 kind;
  guint8 flags;
  guint8 end;
  /* of a value: few other things have its form; there are lines in which it prints nothing */
  guint8 is_telling;
  guint8 may_print_nothing;
  /* it is empty where the line has something else */
  guint8 may_be_empty;
  /* of a value: behind how many steps the text is that ends it; 2 for a path with its query */
  guint8 steps_to_text;
  /* of a value: the first of its fields */
  guint16 field;
  /* nothing behind this step, itself included, needs to be in a line */
  gboolean rest_is_optional;
  /* but for values */
  const gchar *text;
  gsize text_length;
  /* of a value without quotes: what it can begin with; NULL: anything, or its form says so */
  const gchar *first_characters;
  /* of a word: what nearly all begin with; NULL: nothing is known */
  const gchar *usual_first_characters;
  /* LOG_FORMAT_VALUE: its field, or the first ones if it is split, the others being LOG_FORMAT_NO_FIELD or rising */
  const guint16 *fields;
  guint field_count;
  /* a value that is read from its end: how many steps behind it are made of characters that it may contain, too */
  guint joined_steps;
  /* a list of headers: how many it has; 0: as many as there are */
  guint list_length;
} LogFormatStep;

typedef struct _LogFormat
{
  LogFormatStep *steps;
  /* of each step, and of the end */
  LogFormatUsual *usual;
  guint step_count;
  /* in the order in which a line gives them values; behind those of the string come the LOG_FORMAT_FLAG_FIELDs */
  LineField *fields;
  guint field_count;
  guint first_flag_field;
  /*< private >*/
  GStringChunk *strings;
} LogFormat;

/* what "~" and "+" said, at the end of the fields */
enum
{
  LOG_FORMAT_FLAG_FIELD_FRONTEND_SSL,
  LOG_FORMAT_FLAG_FIELD_PARTIAL,
  LOG_FORMAT_FLAG_FIELD_REDISPATCHED,
  LOG_FORMAT_FLAG_FIELD_TRUNCATED,
  LOG_FORMAT_FLAG_FIELDS,
};

/* Names for the slots of captured headers, NULL-terminated, or NULL. */
typedef struct _LogFormatHeaderNames
{
  gchar **request;
  gchar **response;
} LogFormatHeaderNames;

/* Where in the string, and what. */
typedef ConfigArgumentError LogFormatError;

/**
 * log_format_new() - compile a string
 * @string: as it stands in haproxy.cfg, that is with quotes around it or
 *   backslashes before its blanks; or without both
 * @names: of captured headers
 * @error: set when NULL is returned
 *
 * To be freed with log_format_free().
 */
LogFormat *log_format_new(const gchar *string, const LogFormatHeaderNames *names, LogFormatError *error);
void log_format_free(LogFormat *self);

/* Whether a value of the kind can have the character in it. */
gboolean log_format_kind_may_contain(LogFormatKind self, gchar c);

/* Whether the value is several captured headers, each with its own quotes, or blanks between them. */
static inline gboolean
log_format_step_is_list(const LogFormatStep *self)
{
  return self->kind == LOG_FORMAT_REQUEST_HEADER_LIST || self->kind == LOG_FORMAT_RESPONSE_HEADER_LIST;
}

/**
 * log_format_common_steps() - how many steps two formats have in common from the first one on
 * @with_names: whether the fields must have the same names as well
 */
guint log_format_common_steps(const LogFormat *self, const LogFormat *other, gboolean with_names);

/**
 * log_format_common_beginning() - how many steps of a line that was read with one format need not be read with another
 * The values up to there end where they do in both, whatever comes behind.
 */
guint log_format_common_beginning(const LogFormat *self, const LogFormat *other);

#endif
