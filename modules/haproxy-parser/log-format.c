/*
 * Copyright (c) 2026 The syslog-ng-haproxy developers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * As an additional exemption you are allowed to compile & link against the
 * OpenSSL libraries as published by the OpenSSL project. See the file
 * COPYING for details.
 */

#include "log-format.h"
#include "config-argument.h"
#include "line-characters.h"

#include <string.h>

typedef struct _LogFormatAlias
{
  const gchar *alias;
  const gchar *field;
  LogFormatKind kind;
} LogFormatAlias;

/*
 * HAProxy's manual, section 8.2.6, versions 1.7 to 3.2. Where it describes a value instead of naming it, the name is
 * ours. */
static const LogFormatAlias ALIASES[] = {
  { "B", "bytes_read", LOG_FORMAT_PARTIAL_NUMBER },
  { "Bi", "backend_source_ip", LOG_FORMAT_ADDRESS },
  { "Bp", "backend_source_port", LOG_FORMAT_NUMBER },
  { "CC", "captured_request_cookie", LOG_FORMAT_COOKIE },
  { "CS", "captured_response_cookie", LOG_FORMAT_COOKIE },
  { "Ci", "client_ip", LOG_FORMAT_ADDRESS },
  { "Cp", "client_port", LOG_FORMAT_NUMBER },
  { "Fi", "frontend_ip", LOG_FORMAT_ADDRESS },
  { "Fp", "frontend_port", LOG_FORMAT_NUMBER },
  { "H", "hostname", LOG_FORMAT_TOKEN },
  { "HM", "http_method", LOG_FORMAT_METHOD },
  { "HP", "http_path", LOG_FORMAT_PATH },
  { "HPO", "http_path_only", LOG_FORMAT_OPTIONAL_PATH },
  { "HQ", "http_query", LOG_FORMAT_QUERY },
  { "HU", "http_uri", LOG_FORMAT_URI },
  { "HV", "http_version", LOG_FORMAT_HTTP_VERSION },
  { "ID", "unique_id", LOG_FORMAT_STRING },
  { "OG", "log_origin", LOG_FORMAT_TOKEN },
  { "ST", "status_code", LOG_FORMAT_DECIMAL },
  { "Si", "server_ip", LOG_FORMAT_ADDRESS },
  { "Sp", "server_port", LOG_FORMAT_NUMBER },
  { "T", "gmt_date_time", LOG_FORMAT_ZONED_DATE },
  { "TR", "TR", LOG_FORMAT_DECIMAL },
  { "Ta", "Ta", LOG_FORMAT_PARTIAL_NUMBER },
  { "Tc", "Tc", LOG_FORMAT_DECIMAL },
  { "Td", "Td", LOG_FORMAT_DECIMAL },
  { "Th", "Th", LOG_FORMAT_DECIMAL },
  { "Ti", "Ti", LOG_FORMAT_DECIMAL },
  { "Tl", "local_date_time", LOG_FORMAT_ZONED_DATE },
  { "Tq", "Tq", LOG_FORMAT_DECIMAL },
  { "Tr", "Tr", LOG_FORMAT_DECIMAL },
  { "Ts", "timestamp", LOG_FORMAT_NUMBER },
  { "Tt", "Tt", LOG_FORMAT_PARTIAL_NUMBER },
  { "Tu", "Tu", LOG_FORMAT_PARTIAL_NUMBER },
  { "Tw", "Tw", LOG_FORMAT_DECIMAL },
  { "U", "bytes_uploaded", LOG_FORMAT_PARTIAL_NUMBER },
  { "ac", "actconn", LOG_FORMAT_DECIMAL },
  { "b", "backend_name", LOG_FORMAT_NAME },
  { "bc", "beconn", LOG_FORMAT_DECIMAL },
  { "bi", "backend_source_ip", LOG_FORMAT_ADDRESS },
  { "bp", "backend_source_port", LOG_FORMAT_NUMBER },
  { "bq", "backend_queue", LOG_FORMAT_DECIMAL },
  { "cc", "captured_request_cookie", LOG_FORMAT_COOKIE },
  { "ci", "client_ip", LOG_FORMAT_ADDRESS },
  { "cp", "client_port", LOG_FORMAT_NUMBER },
  { "cs", "captured_response_cookie", LOG_FORMAT_COOKIE },
  { "f", "frontend_name", LOG_FORMAT_NAME },
  { "fc", "feconn", LOG_FORMAT_DECIMAL },
  { "fi", "frontend_ip", LOG_FORMAT_ADDRESS },
  { "fp", "frontend_port", LOG_FORMAT_NUMBER },
  { "ft", "frontend_name", LOG_FORMAT_FRONTEND },
  { "hr", "captured_request_headers", LOG_FORMAT_REQUEST_HEADERS },
  { "hrl", "captured_request_headers", LOG_FORMAT_REQUEST_HEADER_LIST },
  { "hs", "captured_response_headers", LOG_FORMAT_RESPONSE_HEADERS },
  { "hsl", "captured_response_headers", LOG_FORMAT_RESPONSE_HEADER_LIST },
  { "lc", "frontend_log_counter", LOG_FORMAT_NUMBER },
  { "ms", "accept_date_ms", LOG_FORMAT_NUMBER },
  { "pid", "pid", LOG_FORMAT_NUMBER },
  { "r", "http_request", LOG_FORMAT_REQUEST },
  { "rc", "retries", LOG_FORMAT_RETRIES },
  { "rt", "request_counter", LOG_FORMAT_NUMBER },
  { "s", "server_name", LOG_FORMAT_NAME },
  { "sc", "srv_conn", LOG_FORMAT_DECIMAL },
  { "si", "server_ip", LOG_FORMAT_ADDRESS },
  { "sp", "server_port", LOG_FORMAT_NUMBER },
  { "sq", "srv_queue", LOG_FORMAT_DECIMAL },
  { "sslc", "ssl_ciphers", LOG_FORMAT_TOKEN },
  { "sslv", "ssl_version", LOG_FORMAT_TOKEN },
  { "st", "status_code", LOG_FORMAT_DECIMAL },
  { "t", "accept_date", LOG_FORMAT_DATE },
  { "tr", "request_date", LOG_FORMAT_DATE },
  { "trg", "gmt_request_date", LOG_FORMAT_ZONED_DATE },
  { "trl", "local_request_date", LOG_FORMAT_ZONED_DATE },
  { "ts", "termination_state", LOG_FORMAT_STATE },
  { "tsc", "termination_state", LOG_FORMAT_STATE_WITH_COOKIE },
};

/* Expressions that option httpslog has, and whose values have a form. Of the others nothing is known. */
static const struct
{
  const gchar *expression;
  LogFormatKind kind;
  guint8 flags;
} EXPRESSIONS[] = {
  { "fc_err", LOG_FORMAT_SAMPLE_NUMBER, 0 },
  { "ssl_c_ca_err", LOG_FORMAT_SAMPLE_NUMBER, 0 },
  { "ssl_c_err", LOG_FORMAT_SAMPLE_NUMBER, 0 },
  { "ssl_fc_err", LOG_FORMAT_SAMPLE_NUMBER, 0 },
  { "ssl_fc_err,hex", LOG_FORMAT_SAMPLE_NUMBER, LOG_FORMAT_HEXADECIMAL },
  { "ssl_fc_is_resumed", LOG_FORMAT_SAMPLE_NUMBER, 0 },
  { "ssl_fc_sni", LOG_FORMAT_SERVER_NAME, 0 },
};

static const struct
{
  const gchar *name;
  guint8 flag;
} FLAGS[] = {
  { "Q", LOG_FORMAT_QUOTED },
  { "X", LOG_FORMAT_HEXADECIMAL },
  { "E", LOG_FORMAT_ESCAPED },
  { "M", LOG_FORMAT_MANDATORY },
};

static const gchar *const REQUEST_FIELDS[LOG_FORMAT_REQUEST_FIELDS] = {
  [LOG_FORMAT_REQUEST_LINE] = "http_request", [LOG_FORMAT_REQUEST_METHOD] = "http_method",
  [LOG_FORMAT_REQUEST_URI] = "http_uri",      [LOG_FORMAT_REQUEST_PATH] = "http_path",
  [LOG_FORMAT_REQUEST_QUERY] = "http_query",  [LOG_FORMAT_REQUEST_VERSION] = "http_version",
};

static const LineField FLAG_FIELDS[LOG_FORMAT_FLAG_FIELDS] = {
  [LOG_FORMAT_FLAG_FIELD_FRONTEND_SSL] = { .name = "frontend_ssl", .type = LINE_FIELD_BOOLEAN },
  [LOG_FORMAT_FLAG_FIELD_PARTIAL] = { .name = "partial", .type = LINE_FIELD_BOOLEAN },
  [LOG_FORMAT_FLAG_FIELD_REDISPATCHED] = { .name = "redispatched", .type = LINE_FIELD_BOOLEAN },
  [LOG_FORMAT_FLAG_FIELD_TRUNCATED] = { .name = "truncated", .type = LINE_FIELD_BOOLEAN },
};

#define LETTERS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
#define DIGITS "0123456789"
#define ADDRESS_CHARACTERS DIGITS "ABCDEFabcdef.:"
#define NAME_CHARACTERS LETTERS DIGITS "-_.:<>~"

/* what is true of a kind: it is a number */
#define NUMERIC 0x01
/* HAProxy encodes what is special (its src/log.c, lf_encode_string() and lf_encode_chunk()) */
#define ENCODED 0x02
/* HAProxy heeds +Q for it in every version */
#define QUOTABLE 0x04
/* there may be quotes inside the quotes */
#define WITH_QUOTES 0x08
/* few other things have its form */
#define TELLING 0x10
/* there are lines in which it prints nothing at all */
#define ABSENT 0x20
/* there are lines in which it is empty: those where something else is in its place */
#define EMPTY 0x40

typedef struct _Kind
{
  guint8 traits;
  /* without quotes */
  LogFormatEnd end;
  LogFormatShortcut shortcut;
  /* the characters that a value can begin with, and those that it can go on with; NULL: not limited here */
  const gchar *first;
  const gchar *rest;
  /* what nearly all begin with; NULL: nothing is known */
  const gchar *usual_first;
} Kind;

/* "/", "*", "http://", "<BADREQ>" */
#define URI_CHARACTERS "/*h<"

static const Kind KINDS[] = {
  [LOG_FORMAT_STRING] = { .traits = QUOTABLE | WITH_QUOTES, .end = LOG_FORMAT_END_FREE },
  [LOG_FORMAT_COOKIE] = { .traits = QUOTABLE | WITH_QUOTES, .end = LOG_FORMAT_END_FREE },
  [LOG_FORMAT_TOKEN] = { .traits = QUOTABLE, .end = LOG_FORMAT_END_WORD },
  [LOG_FORMAT_SERVER_NAME] = { .traits = QUOTABLE, .end = LOG_FORMAT_END_WORD },
  [LOG_FORMAT_METHOD] = { .traits = QUOTABLE | ENCODED, .end = LOG_FORMAT_END_WORD },
  [LOG_FORMAT_URI] = { .traits = QUOTABLE | ENCODED, .end = LOG_FORMAT_END_WORD, .usual_first = URI_CHARACTERS },
  /* "HTTP/1.1", "RTSP/1.0", "<BADREQ>" */
  [LOG_FORMAT_HTTP_VERSION] = { .traits = QUOTABLE | ENCODED, .end = LOG_FORMAT_END_WORD, .first = "HR<-" },
  [LOG_FORMAT_PATH] = { .traits = QUOTABLE | ENCODED, .end = LOG_FORMAT_END_WORD, .usual_first = URI_CHARACTERS },
  [LOG_FORMAT_OPTIONAL_PATH] = { .traits = QUOTABLE | ENCODED | EMPTY, .end = LOG_FORMAT_END_WORD, .first = "/<" },
  [LOG_FORMAT_QUERY] = { .traits = QUOTABLE | ENCODED | EMPTY, .end = LOG_FORMAT_END_WORD, .first = "?<" },
  [LOG_FORMAT_NAME] = { .traits = QUOTABLE,
                        .shortcut = LOG_FORMAT_SHORTCUT_NAME,
                        .first = NAME_CHARACTERS,
                        .rest = NAME_CHARACTERS },
  [LOG_FORMAT_FRONTEND] = { .traits = QUOTABLE,
                            .shortcut = LOG_FORMAT_SHORTCUT_FRONTEND,
                            .first = NAME_CHARACTERS,
                            .rest = NAME_CHARACTERS },
  [LOG_FORMAT_ADDRESS] = { .traits = TELLING,
                           .shortcut = LOG_FORMAT_SHORTCUT_ADDRESS,
                           .first = LETTERS DIGITS ":-",
                           .rest = LETTERS DIGITS ".:" },
  [LOG_FORMAT_NUMBER] = { .traits = NUMERIC | TELLING,
                          .shortcut = LOG_FORMAT_SHORTCUT_NUMBER,
                          .first = DIGITS "-",
                          .rest = DIGITS },
  [LOG_FORMAT_DECIMAL] = { .traits = NUMERIC | TELLING,
                           .shortcut = LOG_FORMAT_SHORTCUT_NUMBER,
                           .first = DIGITS "-",
                           .rest = DIGITS },
  [LOG_FORMAT_SAMPLE_NUMBER] = { .traits = QUOTABLE | NUMERIC | TELLING,
                                 .shortcut = LOG_FORMAT_SHORTCUT_NUMBER,
                                 .first = DIGITS "-",
                                 .rest = DIGITS },
  [LOG_FORMAT_PARTIAL_NUMBER] = { .traits = NUMERIC | TELLING,
                                  .shortcut = LOG_FORMAT_SHORTCUT_NUMBER,
                                  .first = DIGITS "-+",
                                  .rest = DIGITS },
  [LOG_FORMAT_RETRIES] = { .traits = NUMERIC | TELLING,
                           .shortcut = LOG_FORMAT_SHORTCUT_NUMBER,
                           .first = DIGITS "-+",
                           .rest = DIGITS },
  [LOG_FORMAT_DATE] = { .traits = TELLING, .shortcut = LOG_FORMAT_SHORTCUT_DATE, .first = DIGITS, .rest = "" },
  [LOG_FORMAT_ZONED_DATE] = { .traits = TELLING, .first = DIGITS, .rest = "" },
  [LOG_FORMAT_STATE] = { .traits = TELLING, .shortcut = LOG_FORMAT_SHORTCUT_STATE, .first = LETTERS "-", .rest = "" },
  [LOG_FORMAT_STATE_WITH_COOKIE] = { .traits = TELLING,
                                     .shortcut = LOG_FORMAT_SHORTCUT_STATE_WITH_COOKIE,
                                     .first = LETTERS "-",
                                     .rest = "" },
  [LOG_FORMAT_REQUEST] = { .traits = QUOTABLE | ENCODED, .end = LOG_FORMAT_END_FREE },
  [LOG_FORMAT_REQUEST_HEADERS] = { .traits = ENCODED | ABSENT, .first = "{", .rest = "" },
  [LOG_FORMAT_RESPONSE_HEADERS] = { .traits = ENCODED | ABSENT, .first = "{", .rest = "" },
  [LOG_FORMAT_REQUEST_HEADER_LIST] = { .traits = QUOTABLE | ENCODED | ABSENT },
  [LOG_FORMAT_RESPONSE_HEADER_LIST] = { .traits = QUOTABLE | ENCODED | ABSENT },
};

static gboolean
_is(LogFormatKind kind, guint8 trait)
{
  return (KINDS[kind].traits & trait) != 0;
}

gboolean
log_format_kind_may_contain(LogFormatKind self, gchar c)
{
  switch (self)
    {
    case LOG_FORMAT_STRING:
    case LOG_FORMAT_COOKIE:
    case LOG_FORMAT_REQUEST:
      return TRUE;
    case LOG_FORMAT_NAME:
    case LOG_FORMAT_FRONTEND:
      return line_character_is(c, IS_NAME) || c == '~';
    case LOG_FORMAT_TOKEN:
      return g_ascii_isalnum(c) || line_character_is_one_of(c, "-_.()");
    case LOG_FORMAT_METHOD:
      return g_ascii_isalnum(c) || line_character_is_one_of(c, "!#$%&'*+-.^_`|~<>");
    case LOG_FORMAT_PATH:
    case LOG_FORMAT_OPTIONAL_PATH:
      return c != ' ' && c != '?';
    case LOG_FORMAT_SERVER_NAME:
      return c != ' ' && c != '"';
    default:
      return c != ' ';
    }
}

/*****************************************************************************
 * Compiling
 *****************************************************************************/

typedef struct _Compiler
{
  ConfigArgument *argument;
  const LogFormatHeaderNames *names;
  LogFormatError *error;
  GStringChunk *strings;
  GArray *steps;
  /* where in the string a step begins */
  GArray *step_positions;
  GArray *fields;
  guint8 default_flags;

  /* of the item that is being read */
  guint8 flags;
  gchar *name;
  gboolean is_number;
  gsize item_position;
} Compiler;

static gboolean G_GNUC_PRINTF(3, 4) _fail(Compiler *self, gsize index, const gchar *message, ...)
{
  va_list arguments;

  va_start(arguments, message);
  self->error->position = config_argument_position(self->argument, index);
  self->error->message = g_strdup_vprintf(message, arguments);
  va_end(arguments);
  return FALSE;
}

static guint16
_add_field(Compiler *self, LineField field)
{
  for (guint i = 0; i < self->fields->len; i++)
    if (strcmp(g_array_index(self->fields, LineField, i).name, field.name) == 0)
      return LOG_FORMAT_NO_FIELD;
  field.name = g_string_chunk_insert(self->strings, field.name);
  g_array_append_val(self->fields, field);
  return self->fields->len - 1;
}

static void
_add_step(Compiler *self, LogFormatStep *step, gsize position)
{
  g_array_append_vals(self->steps, step, 1);
  g_array_append_val(self->step_positions, position);
}

static void
_add_text(Compiler *self, const gchar *text, gsize length, gsize position)
{
  LogFormatStep step = { .type = LOG_FORMAT_TEXT,
                         .text = g_string_chunk_insert_len(self->strings, text, length),
                         .text_length = length };

  if (length)
    _add_step(self, &step, position);
}

static void
_add_blank(Compiler *self, gsize position)
{
  LogFormatStep step = { .type = LOG_FORMAT_BLANK, .text = " ", .text_length = 1 };
  guint count = self->steps->len;

  /* blanks are merged, and HAProxy prints none in front */
  if (count && g_array_index(self->steps, LogFormatStep, count - 1).type != LOG_FORMAT_BLANK)
    _add_step(self, &step, position);
}

static LineField
_describe_part(const Compiler *self, const gchar *name)
{
  return (LineField){ .name = name, .is_encoded = TRUE, .is_escaped = (self->flags & LOG_FORMAT_ESCAPED) != 0 };
}

static void
_add_request_fields(Compiler *self, GArray *fields)
{
  for (guint i = LOG_FORMAT_REQUEST_METHOD; i < LOG_FORMAT_REQUEST_FIELDS; i++)
    {
      guint16 field = _add_field(self, _describe_part(self, REQUEST_FIELDS[i]));
      g_array_append_val(fields, field);
    }
}

static void
_add_header_fields(Compiler *self, GArray *fields, const gchar *prefix, gchar **names)
{
  guint named = names ? g_strv_length(names) : 0;

  for (guint slot = 0; slot < LOG_FORMAT_HEADER_SLOTS; slot++)
    {
      gchar *number = g_strdup_printf("%u", slot - named + 1);
      gchar *name = g_strconcat(prefix, slot < named ? names[slot] : number, NULL);
      guint16 field = _add_field(self, _describe_part(self, name));

      g_array_append_val(fields, field);
      g_free(name);
      g_free(number);
    }
}

static void
_add_value(Compiler *self, LogFormatKind kind, const gchar *name)
{
  gboolean is_integer = _is(kind, NUMERIC) ? !(self->flags & LOG_FORMAT_HEXADECIMAL) : self->is_number;
  GArray *fields = g_array_new(FALSE, FALSE, sizeof(guint16));
  LineField description = {
    .name = self->name ? self->name : name,
    .type = is_integer ? LINE_FIELD_INTEGER : LINE_FIELD_STRING,
    .is_encoded = _is(kind, ENCODED),
    .is_escaped = (self->flags & LOG_FORMAT_ESCAPED) != 0,
    .is_termination_state = kind == LOG_FORMAT_STATE || kind == LOG_FORMAT_STATE_WITH_COOKIE,
  };
  guint16 field = _add_field(self, description);
  LogFormatStep step = {
    .type = LOG_FORMAT_VALUE,
    .kind = kind,
    .flags = self->flags,
    .field = field,
    .may_print_nothing = _is(kind, ABSENT),
    .may_be_empty = _is(kind, EMPTY),
  };

  g_array_append_val(fields, field);
  if (kind == LOG_FORMAT_REQUEST)
    _add_request_fields(self, fields);
  if (kind == LOG_FORMAT_REQUEST_HEADERS || kind == LOG_FORMAT_REQUEST_HEADER_LIST)
    _add_header_fields(self, fields, "request_header.", self->names->request);
  if (kind == LOG_FORMAT_RESPONSE_HEADERS || kind == LOG_FORMAT_RESPONSE_HEADER_LIST)
    _add_header_fields(self, fields, "response_header.", self->names->response);

  step.field_count = fields->len;
  step.fields = (const guint16 *) g_array_free(fields, FALSE);
  _add_step(self, &step, self->item_position);
}

/* of what is no alias; syslog-ng cuts long errors */
#define ALIAS_SHOWN_MAX 20

static gsize
_end_of_word(const gchar *text, gsize i)
{
  while (g_ascii_isalnum(text[i]))
    i++;
  return i;
}

static gboolean
_is_word(const gchar *word, const gchar *text, gsize length)
{
  return strlen(word) == length && memcmp(word, text, length) == 0;
}

static gboolean
_compile_alias(Compiler *self, gsize *index)
{
  const gchar *text = self->argument->text->str;
  gsize start = *index;

  *index = _end_of_word(text, start);
  gsize length = *index - start;

  if (length == 1 && text[start] == 'o')
    {
      self->default_flags = self->flags;
      return TRUE;
    }
  for (guint i = 0; i < G_N_ELEMENTS(ALIASES); i++)
    {
      if (!_is_word(ALIASES[i].alias, text + start, length))
        continue;
      if (ALIASES[i].kind != LOG_FORMAT_NUMBER && ALIASES[i].kind != LOG_FORMAT_ADDRESS)
        self->flags &= ~LOG_FORMAT_HEXADECIMAL;
      _add_value(self, ALIASES[i].kind, ALIASES[i].field);
      return TRUE;
    }
  return _fail(self,
               start,
               "HAProxy has no alias \"%%%.*s\"; for the character \"%%\" write \"%%%%\"",
               (gint) MIN(length, ALIAS_SHOWN_MAX),
               text + start);
}

/* The index of what ends the expression; it is "]" if the expression is well-formed. */
static gsize
_end_of_expression(const gchar *text, gsize i)
{
  guint depth = 0;
  gchar quote = 0;

  for (; text[i]; i++)
    {
      if (text[i] == '\\' && text[i + 1] && depth)
        i++;
      else if (quote)
        quote = text[i] == quote ? 0 : quote;
      else if (depth && (text[i] == '"' || text[i] == '\''))
        quote = text[i];
      else if (text[i] == '(')
        depth++;
      else if (text[i] == ')' && depth)
        depth--;
      else if (!depth && !g_ascii_isalnum(text[i]) && !strchr("_.,-+: ", text[i]))
        break;
    }
  return i;
}

/* "capture.req.hdr(0),lower" is capture_req_hdr_0 */
static gchar *
_name_of_expression(const gchar *expression, gsize length)
{
  GString *name = g_string_new(NULL);
  guint depth = 0;

  for (gsize i = 0; i < length && (depth || expression[i] != ','); i++)
    {
      depth += (expression[i] == '(') - (expression[i] == ')' && depth);
      if (g_ascii_isalnum(expression[i]) || expression[i] == '_')
        g_string_append_c(name, expression[i]);
      else if (name->len && name->str[name->len - 1] != '_')
        g_string_append_c(name, '_');
    }
  while (name->len && name->str[name->len - 1] == '_')
    g_string_truncate(name, name->len - 1);
  return g_string_free(name, FALSE);
}

static void
_add_expression(Compiler *self, const gchar *expression, gsize length, const gchar *name)
{
  LogFormatKind kind = LOG_FORMAT_STRING;

  self->flags &= ~LOG_FORMAT_HEXADECIMAL;
  for (guint i = 0; i < G_N_ELEMENTS(EXPRESSIONS); i++)
    {
      if (!_is_word(EXPRESSIONS[i].expression, expression, length))
        continue;
      kind = EXPRESSIONS[i].kind;
      self->flags |= EXPRESSIONS[i].flags;
    }
  /* nothing is printed where there is no number */
  if (kind == LOG_FORMAT_SAMPLE_NUMBER && !(self->flags & LOG_FORMAT_MANDATORY))
    kind = LOG_FORMAT_STRING;
  _add_value(self, kind, name);
}

static gboolean
_compile_expression(Compiler *self, gsize *index)
{
  const gchar *text = self->argument->text->str;
  gsize start = *index + 1;
  gsize end = _end_of_expression(text, start);

  if (text[end] != ']')
    return _fail(self, end, "\"]\" is missing behind the expression");
  gchar *name = _name_of_expression(text + start, end - start);
  if (!*name && !self->name)
    {
      g_free(name);
      return _fail(self, start, "an expression is missing between \"[\" and \"]\"");
    }
  _add_expression(self, text + start, end - start, name);
  g_free(name);
  *index = end + 1;
  return TRUE;
}

/* As HAProxy does: from the last sign on. */
static const gchar *
_find_flag(const gchar *item)
{
  const gchar *plus = strrchr(item, '+'), *minus = strrchr(item, '-');

  return plus > minus ? plus : minus;
}

static gboolean
_compile_flag(Compiler *self, gsize position, const gchar *item)
{
  const gchar *flag = _find_flag(item);

  if (!flag)
    return TRUE;
  const gchar *name = flag + 1;
  if (*flag == '+' && (strcmp(name, "json") == 0 || strcmp(name, "cbor") == 0))
    return _fail(self,
                 position,
                 "a line in %s is not split by its format%s",
                 *name == 'j' ? "JSON" : "CBOR",
                 *name == 'j' ? ": use json-parser()" : "");
  if (*flag == '+' && strcmp(name, "bin") == 0)
    return _fail(self, position, "binary values cannot be told apart again: remove \"+bin\"");

  for (guint i = 0; i < G_N_ELEMENTS(FLAGS); i++)
    {
      if (strcmp(FLAGS[i].name, name) != 0)
        continue;
      self->flags = *flag == '+' ? self->flags | FLAGS[i].flag : self->flags & ~FLAGS[i].flag;
    }
  /* others mean nothing to HAProxy either */
  return TRUE;
}

static gboolean
_compile_flags(Compiler *self, gsize *index)
{
  const gchar *text = self->argument->text->str;
  gsize start = *index + 1;
  gsize end = start + strcspn(text + start, "}");

  if (!text[end])
    return _fail(self, *index, "\"}\" is missing");
  gchar *list = g_strndup(text + start, end - start);
  gchar **flags = g_strsplit(list, ",", -1);
  gboolean result = TRUE;
  for (guint i = 0; flags[i] && result; i++)
    result = _compile_flag(self, start, flags[i]);
  g_strfreev(flags);
  g_free(list);
  *index = end + 1;
  return result;
}

/* "(name)" or "(name:type)", of HAProxy 3.0 */
static gboolean
_compile_name(Compiler *self, gsize *index)
{
  const gchar *text = self->argument->text->str;
  gsize start = *index + 1;
  gsize end = start + strcspn(text + start, ")");

  if (!text[end])
    return _fail(self, *index, "\")\" is missing");
  gchar *name = g_strndup(text + start, end - start);
  gchar *type = strchr(name, ':');
  if (type)
    *type++ = 0;
  gsize valid = strspn(name, LETTERS DIGITS "_-");
  if (name[valid])
    {
      g_free(name);
      return _fail(self, start + valid, "a name has letters, digits, \"_\" and \"-\" only");
    }
  self->is_number = g_strcmp0(type, "sint") == 0;
  self->name = *name ? g_string_chunk_insert(self->strings, name) : NULL;
  gboolean is_known =
    !type || self->is_number || strcmp(type, "str") == 0 || strcmp(type, "bool") == 0 || strcmp(type, "raw") == 0;
  g_free(name);
  *index = end + 1;
  if (!is_known)
    return _fail(self, start, "a type is one of \"str\", \"sint\", \"bool\" and \"raw\"");
  return TRUE;
}

/* What begins with the "%" at *index. */
static gboolean
_compile_item(Compiler *self, gsize *index)
{
  const gchar *text = self->argument->text->str;

  self->item_position = *index;
  self->flags = self->default_flags;
  self->name = NULL;
  self->is_number = FALSE;
  (*index)++;

  if (text[*index] == '(' && !_compile_name(self, index))
    return FALSE;
  if (text[*index] == '{' && !_compile_flags(self, index))
    return FALSE;
  if (text[*index] == '[')
    return _compile_expression(self, index);
  if (g_ascii_isalpha(text[*index]))
    return _compile_alias(self, index);
  /* HAProxy drops a "%" in front of other characters */
  if (*index == self->item_position + 1 && text[*index] && !g_ascii_isdigit(text[*index])
      && !strchr(" \t", text[*index]))
    return TRUE;
  return _fail(self,
               self->item_position,
               "an alias or an expression is missing behind \"%%\"; for the character \"%%\" write \"%%%%\"");
}

static gboolean
_check_keyword(Compiler *self)
{
  static const gchar KEYWORD[] = "log-format ";

  return !g_str_has_prefix(self->argument->text->str, KEYWORD)
         || _fail(self, 0, "leave out the keyword \"log-format\": only the string behind it belongs here");
}

static gboolean
_compile_items(Compiler *self)
{
  const gchar *text = self->argument->text->str;
  GString *literal = g_string_new(NULL);
  gboolean result = TRUE;

  for (gsize i = 0; i < self->argument->text->len && result;)
    {
      gboolean is_item = text[i] == '%' && text[i + 1] != '%';

      if (is_item || text[i] == ' ')
        {
          _add_text(self, literal->str, literal->len, i - literal->len);
          g_string_truncate(literal, 0);
        }
      if (is_item)
        result = _compile_item(self, &i);
      else if (text[i] == ' ')
        _add_blank(self, i++);
      else
        {
          g_string_append_c(literal, text[i]);
          i += text[i] == '%' ? 2 : 1;
        }
    }
  _add_text(self, literal->str, literal->len, self->argument->text->len - literal->len);
  g_string_free(literal, TRUE);
  return result;
}

/*****************************************************************************
 * What can be read back
 *****************************************************************************/

static gboolean
_is_quoted(const LogFormatStep *step)
{
  return step->flags & LOG_FORMAT_QUOTED && _is(step->kind, QUOTABLE);
}

#define IS_HEXADECIMAL(step) ((step)->flags & LOG_FORMAT_HEXADECIMAL)

/* What the value can begin with; NULL: anything. */
static const gchar *
_get_first_characters(const LogFormatStep *step)
{
  if (_is_quoted(step))
    return "\"";
  return IS_HEXADECIMAL(step) ? DIGITS "ABCDEF-" : KINDS[step->kind].first;
}

static const gchar *
_get_other_characters(const LogFormatStep *step)
{
  return IS_HEXADECIMAL(step) ? DIGITS "ABCDEF" : KINDS[step->kind].rest;
}

/* A query begins with what ends a path. */
static gboolean
_is_path_of_query(const LogFormatStep *step, const LogFormatStep *next)
{
  return (step->kind == LOG_FORMAT_PATH || step->kind == LOG_FORMAT_OPTIONAL_PATH) && next
         && next->kind == LOG_FORMAT_QUERY;
}

/* Whether the end of a value is known when another one follows at once. */
static gboolean
_can_be_told_apart(const LogFormatStep *step, const LogFormatStep *next)
{
  const gchar *rest = _get_other_characters(step);
  const gchar *first = _get_first_characters(next);

  if (_is_quoted(step))
    return TRUE;
  if (!rest)
    return _is_path_of_query(step, next) && !_is_quoted(next);
  return !*rest || (first && !strpbrk(rest, first));
}

/* What a value that others may be joined to consists of. */
static const gchar *
_get_joining_characters(const LogFormatStep *step)
{
  return step->kind == LOG_FORMAT_ADDRESS ? ADDRESS_CHARACTERS : NAME_CHARACTERS;
}

/* A number, but not with what no name contains: quotes, "+". */
static gboolean
_can_be_joined(const LogFormatStep *value, const LogFormatStep *number)
{
  gboolean may_have_plus = number->kind == LOG_FORMAT_PARTIAL_NUMBER || number->kind == LOG_FORMAT_RETRIES;

  return _is(number->kind, NUMERIC) && !_is_quoted(number) && (value->kind == LOG_FORMAT_ADDRESS || !may_have_plus);
}

/* How many steps behind a value consist of what may be a part of it: "%ci:%cp" has two. */
static guint
_count_joined_steps(const Compiler *self, guint i)
{
  const LogFormatStep *steps = (const LogFormatStep *) self->steps->data;
  const gchar *characters = _get_joining_characters(&steps[i]);
  guint count = 0;

  while (i + count + 1 < self->steps->len)
    {
      const LogFormatStep *step = &steps[i + count + 1];
      gboolean is_joined =
        step->type == LOG_FORMAT_VALUE ? _can_be_joined(&steps[i], step) : strchr(characters, *step->text) != NULL;

      if (!is_joined)
        return count;
      count++;
      if (step->type != LOG_FORMAT_VALUE && strspn(step->text, characters) < step->text_length)
        return count;
    }
  return count;
}

/* Whether it is known where what is joined to a value ends, @next being the step behind that. */
static gboolean
_is_end_of_joined_known(const Compiler *self, guint i, guint next)
{
  const LogFormatStep *steps = (const LogFormatStep *) self->steps->data;
  const gchar *characters = _get_joining_characters(&steps[i]);
  const LogFormatStep *last = &steps[next - 1];
  const gchar *first;

  if (next == self->steps->len || steps[next].type != LOG_FORMAT_VALUE)
    return TRUE;
  if (last->type == LOG_FORMAT_TEXT)
    return strspn(last->text, characters) < last->text_length;
  first = _get_first_characters(&steps[next]);
  return first && !strpbrk(first, characters);
}

static gboolean
_check_address(Compiler *self, guint i)
{
  guint next = i + 1 + _count_joined_steps(self, i);

  if (_is_end_of_joined_known(self, i, next))
    return TRUE;
  return _fail(self,
               g_array_index(self->step_positions, gsize, next),
               "an IPv6 address contains what joins this value to it: write a blank in front of this value");
}

static gboolean
_check_step(Compiler *self, guint i)
{
  const LogFormatStep *steps = (const LogFormatStep *) self->steps->data;
  gsize position = g_array_index(self->step_positions, gsize, i);

  if (steps[i].type != LOG_FORMAT_VALUE)
    return TRUE;
  if (i + 1 < self->steps->len && steps[i + 1].type == LOG_FORMAT_VALUE
      && !_can_be_told_apart(&steps[i], &steps[i + 1]))
    return _fail(self,
                 g_array_index(self->step_positions, gsize, i + 1),
                 "nothing stands between this value and the one before it: write a character there%s",
                 _is(steps[i].kind, QUOTABLE) ? ", or quote the one before with \"%{+Q}\"" : "");
  if (steps[i].kind == LOG_FORMAT_ADDRESS && !_check_address(self, i))
    return FALSE;
  if (log_format_step_is_list(&steps[i]) && !_is_quoted(&steps[i]) && i + 1 < self->steps->len
      && !(steps[i].kind == LOG_FORMAT_REQUEST_HEADER_LIST ? self->names->request : self->names->response))
    return _fail(
      self,
      position,
      "a list of captured headers without quotes has no visible end: quote it with \"%%{+Q}\", put it last, or use "
      "request-headers()");
  return TRUE;
}

static gboolean
_check_steps(Compiler *self)
{
  gboolean has_value = FALSE;

  for (guint i = 0; i < self->steps->len; i++)
    {
      if (!_check_step(self, i))
        return FALSE;
      has_value |= g_array_index(self->steps, LogFormatStep, i).type == LOG_FORMAT_VALUE;
    }
  if (self->fields->len + LOG_FORMAT_FLAG_FIELDS > LINE_FIELDS_MAX)
    return _fail(self, 0, "there are too many values in this format: leave some out");
  return has_value || _fail(self, 0, "there is no value in this format: write aliases such as \"%%ci\"");
}

static void
_find_optional_rest(Compiler *self)
{
  gboolean is_optional = TRUE;

  for (guint i = self->steps->len; i > 0; i--)
    {
      LogFormatStep *step = &g_array_index(self->steps, LogFormatStep, i - 1);

      is_optional = is_optional && (step->type == LOG_FORMAT_BLANK || step->may_print_nothing);
      step->rest_is_optional = is_optional;
    }
}

/*****************************************************************************
 * How it is read back
 *****************************************************************************/

static const LogFormatStep *
_get_next(const Compiler *self, guint i)
{
  return i + 1 < self->steps->len ? &g_array_index(self->steps, LogFormatStep, i + 1) : NULL;
}

static LogFormatShortcut
_find_shortcut(const LogFormatStep *step)
{
  if (step->type != LOG_FORMAT_VALUE)
    return step->text_length == 1 ? LOG_FORMAT_SHORTCUT_CHARACTER : LOG_FORMAT_NO_SHORTCUT;
  if (step->flags != LOG_FORMAT_MANDATORY || step->end != LOG_FORMAT_END_FORM || step->field == LOG_FORMAT_NO_FIELD)
    return LOG_FORMAT_NO_SHORTCUT;
  /* a name that is read from its end */
  if (step->joined_steps && step->kind != LOG_FORMAT_ADDRESS)
    return LOG_FORMAT_NO_SHORTCUT;
  return KINDS[step->kind].shortcut;
}

/* Whether the text that ends a value may be a part of it as well. */
static gboolean
_may_contain_its_end(const Compiler *self, guint i)
{
  const LogFormatStep *step = &g_array_index(self->steps, LogFormatStep, i);
  const LogFormatStep *text = _get_next(self, i + step->steps_to_text - 1);

  return text && text->text_length && log_format_kind_may_contain(step->kind, *text->text);
}

static LogFormatEnd
_find_end(const Compiler *self, guint i)
{
  const LogFormatStep *step = &g_array_index(self->steps, LogFormatStep, i);
  const Kind *kind = &KINDS[step->kind];
  gboolean has_choice = _may_contain_its_end(self, i);

  if (step->flags & LOG_FORMAT_QUOTED && kind->end != LOG_FORMAT_END_FORM)
    return kind->traits & WITH_QUOTES && !(step->flags & LOG_FORMAT_ESCAPED) ? LOG_FORMAT_END_FREE
                                                                             : LOG_FORMAT_END_QUOTE;
  if (kind->end == LOG_FORMAT_END_WORD)
    return has_choice ? LOG_FORMAT_END_WORD : LOG_FORMAT_END_TEXT;
  /* a name that something stands behind which it may contain, too */
  if (step->kind == LOG_FORMAT_NAME || step->kind == LOG_FORMAT_FRONTEND)
    return has_choice && !step->joined_steps && !_is_quoted(step) ? LOG_FORMAT_END_WORD : LOG_FORMAT_END_FORM;
  return kind->end;
}

/* A list ends where its items do, but for one that another list or something without quotes follows. */
static guint
_find_list_length(const Compiler *self, guint i)
{
  const LogFormatStep *step = &g_array_index(self->steps, LogFormatStep, i);
  const LogFormatStep *behind = _get_next(self, i + 1);
  gchar **names = step->kind == LOG_FORMAT_REQUEST_HEADER_LIST ? self->names->request : self->names->response;
  gboolean is_open =
    step->flags & LOG_FORMAT_QUOTED ? behind && log_format_step_is_list(behind) : _get_next(self, i) != NULL;

  return log_format_step_is_list(step) && is_open && names ? g_strv_length(names) : 0;
}

/* An address is read from its end where something is joined to it; a name, where the port is, and its end is known. */
static guint
_find_joined_steps(const Compiler *self, guint i)
{
  const LogFormatStep *step = &g_array_index(self->steps, LogFormatStep, i);
  guint count = _count_joined_steps(self, i);

  if (step->kind == LOG_FORMAT_ADDRESS)
    return count;
  if ((step->kind != LOG_FORMAT_NAME && step->kind != LOG_FORMAT_FRONTEND) || _is_quoted(step))
    return 0;
  return count >= 2 && _is_end_of_joined_known(self, i, i + 1 + count) ? count : 0;
}

static void
_describe_steps(Compiler *self)
{
  for (guint i = 0; i < self->steps->len; i++)
    {
      LogFormatStep *step = &g_array_index(self->steps, LogFormatStep, i);

      if (step->type != LOG_FORMAT_VALUE)
        continue;
      step->joined_steps = _find_joined_steps(self, i);
      step->steps_to_text = _is_path_of_query(step, _get_next(self, i)) ? 2 : 1;
      step->end = _find_end(self, i);
      step->first_characters = step->end == LOG_FORMAT_END_FORM ? NULL : KINDS[step->kind].first;
      step->usual_first_characters = step->end == LOG_FORMAT_END_WORD ? KINDS[step->kind].usual_first : NULL;
      step->is_telling = _is(step->kind, TELLING);
      step->list_length = _find_list_length(self, i);
    }
}

static gint16
_get_character(const LogFormatStep *step)
{
  return _find_shortcut(step) == LOG_FORMAT_SHORTCUT_CHARACTER ? (guchar) *step->text : LOG_FORMAT_NO_CHARACTER;
}

static LogFormatUsual *
_find_usual(const Compiler *self)
{
  guint count = self->steps->len;
  LogFormatUsual *usual = g_new0(LogFormatUsual, count + 1);

  for (guint i = 0; i < count; i++)
    {
      const LogFormatStep *step = &g_array_index(self->steps, LogFormatStep, i), *next = _get_next(self, i);

      usual[i].shortcut = _find_shortcut(step);
      usual[i].field = step->field;
      usual[i].character = _get_character(step);
      usual[i].character_behind = next ? _get_character(next) : LOG_FORMAT_NO_CHARACTER;
      usual[i + 1].telling_before = usual[i].telling_before + step->is_telling;
    }
  return usual;
}

/*****************************************************************************
 * The format
 *****************************************************************************/

static LogFormat *
_compiler_finish(Compiler *self)
{
  LogFormat *format = g_new0(LogFormat, 1);

  _describe_steps(self);
  _find_optional_rest(self);
  format->usual = _find_usual(self);
  format->first_flag_field = self->fields->len;
  g_array_append_vals(self->fields, FLAG_FIELDS, G_N_ELEMENTS(FLAG_FIELDS));
  format->field_count = self->fields->len;
  format->fields = (LineField *) g_array_free(self->fields, FALSE);
  format->step_count = self->steps->len;
  format->steps = (LogFormatStep *) g_array_free(self->steps, FALSE);
  format->strings = self->strings;
  return format;
}

static void
_free_steps(LogFormatStep *steps, guint count)
{
  for (guint i = 0; i < count; i++)
    g_free((gpointer) steps[i].fields);
  g_free(steps);
}

static void
_compiler_give_up(Compiler *self)
{
  guint count = self->steps->len;

  _free_steps((LogFormatStep *) g_array_free(self->steps, FALSE), count);
  g_array_free(self->fields, TRUE);
  g_string_chunk_free(self->strings);
}

LogFormat *
log_format_new(const gchar *string, const LogFormatHeaderNames *names, LogFormatError *error)
{
  static const LogFormatHeaderNames NO_NAMES = { NULL, NULL };
  Compiler self = {
    .argument = config_argument_new(string, error),
    .names = names ? names : &NO_NAMES,
    .error = error,
    .strings = g_string_chunk_new(512),
    .steps = g_array_new(FALSE, FALSE, sizeof(LogFormatStep)),
    .step_positions = g_array_new(FALSE, FALSE, sizeof(gsize)),
    .fields = g_array_new(FALSE, FALSE, sizeof(LineField)),
    .default_flags = LOG_FORMAT_MANDATORY,
  };
  LogFormat *format = NULL;

  if (self.argument && _check_keyword(&self) && _compile_items(&self) && _check_steps(&self))
    format = _compiler_finish(&self);
  else
    _compiler_give_up(&self);
  g_array_free(self.step_positions, TRUE);
  if (self.argument)
    config_argument_free(self.argument);
  return format;
}

void
log_format_free(LogFormat *self)
{
  _free_steps(self->steps, self->step_count);
  g_free(self->usual);
  g_free(self->fields);
  g_string_chunk_free(self->strings);
  g_free(self);
}

static gboolean
_equal(const LogFormatStep *a, const LogFormatStep *b)
{
  return a->type == b->type && a->kind == b->kind && a->flags == b->flags && a->end == b->end
         && a->joined_steps == b->joined_steps && a->list_length == b->list_length && a->text_length == b->text_length
         && (!a->text_length || memcmp(a->text, b->text, a->text_length) == 0) && a->field_count == b->field_count
         && (!a->field_count || memcmp(a->fields, b->fields, a->field_count * sizeof(*a->fields)) == 0);
}

guint
log_format_common_steps(const LogFormat *self, const LogFormat *other, gboolean with_names)
{
  guint i;

  for (i = 0; i < self->step_count && i < other->step_count && _equal(&self->steps[i], &other->steps[i]); i++)
    {
      const LogFormatStep *step = &self->steps[i];

      if (with_names && step->field_count && step->field != LOG_FORMAT_NO_FIELD
          && strcmp(self->fields[step->field].name, other->fields[step->field].name) != 0)
        break;
    }
  return i;
}

/* How many of the steps behind a value say where it ends. */
static guint
_count_deciding_steps(const LogFormatStep *step)
{
  if (step->type != LOG_FORMAT_VALUE || step->end == LOG_FORMAT_END_QUOTE)
    return 0;
  return MAX(step->steps_to_text, step->joined_steps);
}

guint
log_format_common_beginning(const LogFormat *self, const LogFormat *other)
{
  guint count = log_format_common_steps(self, other, FALSE);
  guint i = 0;

  while (i < count && i + _count_deciding_steps(&self->steps[i]) < count)
    i++;
  return i;
}
