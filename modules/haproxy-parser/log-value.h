/*
 * Copyright (c) 2026 The syslog-ng-haproxy developers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * As an additional exemption you are allowed to compile & link against the
 * OpenSSL libraries as published by the OpenSSL project. See the file
 * COPYING for details.
 */

#ifndef LOG_VALUE_H_INCLUDED
#define LOG_VALUE_H_INCLUDED

#include "line-reader.h"

/**
 * log_value_read() - read a value that has a form of its own
 * @i: its step, of LOG_FORMAT_END_FORM
 *
 * When it FITS, the place is behind the value.
 */
Outcome log_value_read(LineReader *self, guint i);

/* The "~" behind the name of a frontend says so. */
void log_value_note_frontend_ssl(LineReader *self, gboolean is_ssl);

/* Behind a date, the address of a step; @p: there is none. */
const gchar *log_value_skip_date(const gchar *p, const gchar *end);
const gchar *log_value_skip_address(const LogFormatStep *step, const gchar *p, const gchar *end);

#endif
