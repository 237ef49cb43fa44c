/*
 * Copyright (c) 2026 The syslog-ng-haproxy developers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * As an additional exemption you are allowed to compile & link against the
 * OpenSSL libraries as published by the OpenSSL project. See the file
 * COPYING for details.
 */

#ifndef CONNECTION_LOG_H_INCLUDED
#define CONNECTION_LOG_H_INCLUDED

#include "driver.h"
#include "gsockaddr.h"

/**
 * connection_log_write() - say that a connection has begun or ended
 * @driver: for its name and location
 * @event: in network()'s words
 * @local_addr: the address of the listening socket
 * @client_addr: whose connection it is as a header says; @peer_addr where none does
 */
void connection_log_write(LogDriver *driver, const gchar *event, gint fd, GSockAddr *peer_addr, GSockAddr *local_addr,
                          GSockAddr *client_addr);

#endif
