/*
 * Copyright (c) 2026 The syslog-ng-haproxy developers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * As an additional exemption you are allowed to compile & link against the
 * OpenSSL libraries as published by the OpenSSL project. See the file
 * COPYING for details.
 */

#include "haproxy-parser-parser.h"
#include "haproxy-parser-grammar.h"

#if SYSLOG_NG_ENABLE_DEBUG
extern int haproxy_parser_debug;
#endif

int haproxy_parser_parse(CfgLexer *lexer, LogParser **instance, gpointer arg);

static void
_cleanup(gpointer parser)
{
  log_pipe_unref((LogPipe *) parser);
}

#define KEYWORD(name, token)                                                                                           \
  {                                                                                                                    \
    .kw_name = name, .kw_token = token                                                                                 \
  }

static CfgLexerKeyword haproxy_parser_keywords[] = {
  KEYWORD("haproxy_parser", KW_HAPROXY_PARSER),

  KEYWORD("prefix", KW_PREFIX),
  KEYWORD("log_format", KW_LOG_FORMAT),
  KEYWORD("formats", KW_FORMATS),
  KEYWORD("request_headers", KW_REQUEST_HEADERS),
  KEYWORD("response_headers", KW_RESPONSE_HEADERS),
  KEYWORD("unescape", KW_UNESCAPE),
  KEYWORD("explain", KW_EXPLAIN),

  KEYWORD(NULL, 0),
};

CfgParser haproxy_parser_parser = {
#if SYSLOG_NG_ENABLE_DEBUG
  .debug_flag = &haproxy_parser_debug,
#endif
  .name = "haproxy-parser",
  .keywords = haproxy_parser_keywords,
  .parse = (gint(*)(CfgLexer *, gpointer *, gpointer)) haproxy_parser_parse,
  .cleanup = _cleanup,
};

/* syslog-ng's macro makes functions that do not need all of what bison gives them */
#pragma GCC diagnostic ignored "-Wunused-parameter"
CFG_PARSER_IMPLEMENT_LEXER_BINDING(haproxy_parser_, HAPROXY_PARSER_, LogParser **)
