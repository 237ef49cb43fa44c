/*
 * Copyright (c) 2026 The syslog-ng-haproxy developers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * As an additional exemption you are allowed to compile & link against the
 * OpenSSL libraries as published by the OpenSSL project. See the file
 * COPYING for details.
 */

#ifndef HTTP_REQUEST_H_INCLUDED
#define HTTP_REQUEST_H_INCLUDED

#include "line-reader.h"

/**
 * http_request_add() - add a request as it was received and what it consists of
 * @step: a LOG_FORMAT_REQUEST
 * @start: "GET http://host/path?a=b HTTP/1.1"; "<BADREQ>" has no parts
 * @is_cut: what it ends with may be the beginning of something
 */
void http_request_add(LineReader *self, const LogFormatStep *step, const gchar *start, const gchar *end,
                      gboolean is_cut);

#endif
