/*
 * Copyright (c) 2026 The syslog-ng-haproxy developers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * As an additional exemption you are allowed to compile & link against the
 * OpenSSL libraries as published by the OpenSSL project. See the file
 * COPYING for details.
 */

#ifndef SOCKET_ERROR_H_INCLUDED
#define SOCKET_ERROR_H_INCLUDED

#include "driver.h"
#include "gsockaddr.h"

/**
 * socket_error_report() - log what errno says about a system call on a socket
 * @message: what was tried
 * @option, @value: of which option of the socket, and to set it to what; NULL for none
 * @address: of the socket
 * @driver: for its name and location
 *
 * Returns FALSE, for the caller to do so too.
 */
gboolean socket_error_report(const gchar *message, const gchar *option, const gchar *value, GSockAddr *address,
                             LogDriver *driver);

#endif
