/*
 * Copyright (c) 2026 The syslog-ng-haproxy developers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * As an additional exemption you are allowed to compile & link against the
 * OpenSSL libraries as published by the OpenSSL project. See the file
 * COPYING for details.
 */

#ifndef COMPAT_LOGPARSER_H_INCLUDED
#define COMPAT_LOGPARSER_H_INCLUDED

#include "parser/parser-expr.h"

/* template(); NULL for none. */
static inline LogTemplate *
compat_log_parser_get_template(const LogParser *self)
{
#if HAVE_STRUCT__LOGPARSER_TEMPLATE_OBJ
  return self->template_obj;
#else
  return self->template;
#endif
}

/* Gives a clone what all parsers have. */
static inline void
compat_log_parser_clone_settings(LogParser *self, LogParser *clone)
{
#if HAVE_DECL_LOG_PARSER_CLONE_SETTINGS
  log_parser_clone_settings(self, clone);
#else
  log_parser_set_template(clone, log_template_ref(self->template));
#endif
}

#endif
