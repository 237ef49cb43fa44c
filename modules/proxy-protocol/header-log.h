/*
 * Copyright (c) 2026 The syslog-ng-haproxy developers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * As an additional exemption you are allowed to compile & link against the
 * OpenSSL libraries as published by the OpenSSL project. See the file
 * COPYING for details.
 */

#ifndef HEADER_LOG_H_INCLUDED
#define HEADER_LOG_H_INCLUDED

#include "driver.h"

/**
 * header_log_write() - show a header in the internal log, at debug level
 * @driver: for its name and location
 * @bytes: valid or not
 *
 * May be called in any thread.
 */
void header_log_write(LogDriver *driver, const guchar *bytes, gsize length);

#endif
