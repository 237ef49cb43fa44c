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

#include <criterion/criterion.h>
#include <string.h>

/* "text" for texts, "_" for blanks, "(name kind)" for values. To be freed with g_free(). */
static gchar *
_describe(const LogFormat *format)
{
  GString *text = g_string_new(NULL);

  for (guint i = 0; i < format->step_count; i++)
    {
      const LogFormatStep *step = &format->steps[i];

      if (step->type == LOG_FORMAT_TEXT)
        g_string_append_len(text, step->text, step->text_length);
      else if (step->type == LOG_FORMAT_BLANK)
        g_string_append_c(text, '_');
      else
        g_string_append_printf(text,
                               "(%s%s%s%s%s)",
                               step->fields[0] == LOG_FORMAT_NO_FIELD ? "" : format->fields[step->fields[0]].name,
                               step->flags & LOG_FORMAT_QUOTED ? " Q" : "",
                               step->flags & LOG_FORMAT_HEXADECIMAL ? " X" : "",
                               step->flags & LOG_FORMAT_ESCAPED ? " E" : "",
                               step->flags & LOG_FORMAT_MANDATORY ? "" : " -M");
    }
  return g_string_free(text, FALSE);
}

static const struct
{
  const gchar *string;
  const gchar *steps;
} GOOD[] = {
  { "%ci:%cp", "(client_ip):(client_port)" },
  { "%Tt_x %hr-y", "(Tt)_x_(captured_request_headers)-y" },
  { "  a  %ci   b ", "a_(client_ip)_b_" },
  { "100%% %ci", "100%_(client_ip)" },
  { "%-x%ci", "-x(client_ip)" },
  { "%ci|%ci", "(client_ip)|()" },
  /* flags */
  { "%{+Q}r %r", "(http_request Q)_()" },
  { "%{+Q,+X,+E}o%r %{-Q}ci", "(http_request Q E)_(client_ip X E)" },
  { "%{+Q}o %{-Q}o%{+X}cp", "(client_port X)" },
  { "%{foo,,-M}r", "(http_request -M)" },
  { "%{+Q ,+X}cp", "(client_port X)" },
  { "%{+Q+X}cp", "(client_port X)" },
  { "%{-json}r", "(http_request)" },
  /* names */
  { "%(a)ci %(b:sint)[src_port] %(c-d:str){+Q}r", "(a)_(b)_(c-d Q)" },
  { "%()ci", "(client_ip)" },
  /* expressions */
  { "%[src]", "(src)" },
  { "%[capture.req.hdr(0),lower]", "(capture_req_hdr_0)" },
  { "%{+Q}[req.hdr(\"a]b,c\"),word(1,\\,)]x", "(req_hdr_a_b_c Q)x" },
  { "%[date,ltime(%H:%M)]", "(date)" },
  { "%[ssl_fc_err,hex]/%[fc_err]", "(ssl_fc_err X)/(fc_err)" },
  /* as it stands in haproxy.cfg */
  { "\"%ci %cp\"", "(client_ip)_(client_port)" },
  { "'%ci %cp'", "(client_ip)_(client_port)" },
  { "%ci\\ \\[%t\\]", "(client_ip)_\\[(accept_date)\\]" },
  { "%ci\\ [%t]\\ %{+Q}r", "(client_ip)_[(accept_date)]_(http_request Q)" },
  { "\"{\\\"ip\\\":\\\"%ci\\\"}\"", "{\"ip\":\"(client_ip)\"}" },
  { "'{\"ip\":\"%ci\"}'", "{\"ip\":\"(client_ip)\"}" },
  { "{\"st\":%ST}", "{\"st\":(status_code)}" },
  { "%ci\\ #%cp", "(client_ip)_" },
  { "\"%ci %ST\" # %cp", "(client_ip)_(status_code)" },
  { "'%ci'\t#", "(client_ip)" },
  { "%ci\\ %ST # %cp", "(client_ip)_(status_code)" },
  { "\"%ci\"\n  ", "(client_ip)" },
  { "\"%r\" %ST", "\"(http_request)\"_(status_code)" },
  { "\"%ci \"'%cp'\\ %b", "(client_ip)_(client_port)_(backend_name)" },
  { "\"%ci\\$x\\x41\\t\"", "(client_ip)$xA\t" },
  { "%ci-\\x41\\t", "(client_ip)-A\t" },
  { "\"%ci \\\n    %cp\"", "(client_ip)_(client_port)" },
  /* bare */
  { "%ci [%t] \"%r\"", "(client_ip)_[(accept_date)]_\"(http_request)\"" },
  { "{ \"ip\": \"%ci\" }", "{_\"ip\":_\"(client_ip)\"_}" },
  /* what is next to each other, and can be told apart */
  { "%{+Q}r%{+Q}b", "(http_request Q)(backend_name Q)" },
  { "%B%ts%t", "(bytes_read)(termination_state)(accept_date)" },
  { "%hr%hs", "(captured_request_headers)(captured_response_headers)" },
  { "%ci %hrl", "(client_ip)_(captured_request_headers)" },
  { "%{+Q}hrl %{+Q}hsl x", "(captured_request_headers Q)_(captured_response_headers Q)_x" },
};

Test(log_format, steps)
{
  for (guint i = 0; i < G_N_ELEMENTS(GOOD); i++)
    {
      LogFormatError error;
      LogFormat *format = log_format_new(GOOD[i].string, NULL, &error);

      cr_expect(format, "%s: %s", GOOD[i].string, error.message);
      if (!format)
        {
          g_free(error.message);
          continue;
        }
      gchar *steps = _describe(format);
      cr_expect_str_eq(steps, GOOD[i].steps, "%s is %s", GOOD[i].string, steps);
      g_free(steps);
      log_format_free(format);
    }
}

static const struct
{
  const gchar *string;
  gsize position;
  /* of the message */
  const gchar *part;
} BAD[] = {
  { "", 0, "no value" },
  { "hello", 0, "no value" },
  { "%{+Q}o", 0, "no value" },
  { "%ci %zz", 5, "no alias \"%zz\"" },
  { "%hrB", 1, "no alias \"%hrB\"" },
  { "%ci %", 4, "missing behind" },
  { "%ci % x", 4, "missing behind" },
  { "%1", 0, "missing behind" },
  { "%{+Q}%", 0, "missing behind" },
  { "%{+Q", 1, "\"}\" is missing" },
  { "%(a", 1, "\")\" is missing" },
  { "%(a:int)ci", 2, "a type is one of" },
  { "%[src", 5, "\"]\" is missing" },
  { "%[src}", 5, "\"]\" is missing" },
  { "%[]", 2, "an expression is missing" },
  { "\"%ci $1\"", 5, "environment" },
  { "\"%ci\\xZZ%cp\"", 4, "hexadecimal digits" },
  { "%(a b)ci", 3, "a name has letters" },
  { "%(x.y:sint)ci", 3, "a name has letters" },
  { "%ci%cp", 3, "nothing stands between" },
  { "%ci:%cp:%fi", 8, "an IPv6 address contains" },
  { "%ci:%b", 4, "an IPv6 address contains" },
  { "x %r%b y", 4, "nothing stands between" },
  { "%{+Q}r%b%s", 8, "nothing stands between" },
  { "%{+json}o %ci", 2, "use json-parser()" },
  { "%{+Q,+cbor}r", 2, "CBOR" },
  { "%{+bin}o %ci", 2, "binary" },
  { "%ci %hrl %cp", 4, "a list of captured headers" },
  { "\"%ci $HOME\"", 5, "environment" },
  { "\"%ci ${HOME}\"", 5, "environment" },
  { "%ci \\\"%r\\\" %ST", 3, "the string ends at this blank" },
  { "%ci\\ it's", 7, "not closed" },
  { "\"%ci", 0, "not closed" },
  { "log-format \"%ci\"", 0, "leave out the keyword" },
  /* positions are those of the string as it was given */
  { "\"%ci\\ \\ %zz\"", 9, "no alias" },
  { "%ci\\ %zz", 6, "no alias" },
};

Test(log_format, mistakes)
{
  for (guint i = 0; i < G_N_ELEMENTS(BAD); i++)
    {
      LogFormatError error;
      LogFormat *format = log_format_new(BAD[i].string, NULL, &error);

      cr_expect_null(format, "%s", BAD[i].string);
      if (format)
        {
          log_format_free(format);
          continue;
        }
      cr_expect_eq(error.position, BAD[i].position, "%s: %s: at %zu", BAD[i].string, error.message, error.position);
      cr_expect(strstr(error.message, BAD[i].part), "%s: %s", BAD[i].string, error.message);
      g_free(error.message);
    }
}

Test(log_format, names_of_headers)
{
  gchar *request[] = { "host", "agent", NULL };
  LogFormatHeaderNames names = { .request = request };
  LogFormatError error;
  LogFormat *format = log_format_new("%hr %hrl %ci", &names, &error);

  cr_assert(format);
  cr_expect_str_eq(format->fields[format->steps[0].fields[1]].name, "request_header.host");
  cr_expect_str_eq(format->fields[format->steps[0].fields[2]].name, "request_header.agent");
  cr_expect_str_eq(format->fields[format->steps[0].fields[3]].name, "request_header.1");
  log_format_free(format);
}
