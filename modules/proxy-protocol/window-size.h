/*
 * Copyright (c) 2026 The syslog-ng-haproxy developers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * As an additional exemption you are allowed to compile & link against the
 * OpenSSL libraries as published by the OpenSSL project. See the file
 * COPYING for details.
 */

#ifndef WINDOW_SIZE_H_INCLUDED
#define WINDOW_SIZE_H_INCLUDED

#include "proxy-options.h"

#include "driver.h"

/**
 * window_size_divide() - the flow-control window that each connection gets
 * @options: log-iw-size() becomes that of one connection; dynamic-window-size() is adjusted
 * @driver: for its name and location in the log, and the minimum of its configuration
 *
 * As network(): the window of the driver is divided among the connections that
 * it may have. To be called once.
 */
void window_size_divide(ProxyOptions *options, LogDriver *driver);

#endif
