/*
 * Copyright (c) 2026 The syslog-ng-haproxy developers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * As an additional exemption you are allowed to compile & link against the
 * OpenSSL libraries as published by the OpenSSL project. See the file
 * COPYING for details.
 */

#ifndef HAPROXY_PARSER_H_INCLUDED
#define HAPROXY_PARSER_H_INCLUDED

#include "parser/parser-expr.h"

/**
 * haproxy_parser_new() - split the lines that HAProxy logs into name-value pairs
 *
 * The setters are for the grammar.  Where one can fail it sets @error, a
 * sentence that says what to write instead.
 */
LogParser *haproxy_parser_new(GlobalConfig *cfg);

void haproxy_parser_set_prefix(LogParser *s, const gchar *prefix);
void haproxy_parser_set_unescape(LogParser *s, gboolean unescape);
void haproxy_parser_set_explain(LogParser *s, gboolean explain);

/* The strings of the lists are taken. */
gboolean haproxy_parser_set_request_headers(LogParser *s, GList *names, GError **error);
gboolean haproxy_parser_set_response_headers(LogParser *s, GList *names, GError **error);
gboolean haproxy_parser_set_formats(LogParser *s, GList *names, GError **error);
gboolean haproxy_parser_add_log_formats(LogParser *s, GList *log_formats, GError **error);

/* To be called when all options are set. */
gboolean haproxy_parser_validate(LogParser *s, GError **error);

#endif
