/*
 * Copyright (c) 2026 The syslog-ng-haproxy developers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * As an additional exemption you are allowed to compile & link against the
 * OpenSSL libraries as published by the OpenSSL project. See the file
 * COPYING for details.
 */

#ifndef HAPROXY_PARSER_PARSER_H_INCLUDED
#define HAPROXY_PARSER_PARSER_H_INCLUDED

#include "cfg-parser.h"
#include "parser/parser-expr.h"

extern CfgParser haproxy_parser_parser;

CFG_PARSER_DECLARE_LEXER_BINDING(haproxy_parser_, HAPROXY_PARSER_, LogParser **)

#endif
