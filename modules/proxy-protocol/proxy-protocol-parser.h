/*
 * Copyright (c) 2026 The syslog-ng-haproxy developers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * As an additional exemption you are allowed to compile & link against the
 * OpenSSL libraries as published by the OpenSSL project. See the file
 * COPYING for details.
 */

#ifndef PROXY_PROTOCOL_PARSER_H_INCLUDED
#define PROXY_PROTOCOL_PARSER_H_INCLUDED

#include "cfg-parser.h"
#include "driver.h"

extern CfgParser proxy_protocol_parser;

CFG_PARSER_DECLARE_LEXER_BINDING(proxy_protocol_, PROXY_PROTOCOL_, LogDriver **)

#endif
