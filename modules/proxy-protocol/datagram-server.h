/*
 * Copyright (c) 2026 The syslog-ng-haproxy developers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * As an additional exemption you are allowed to compile & link against the
 * OpenSSL libraries as published by the OpenSSL project. See the file
 * COPYING for details.
 */

#ifndef DATAGRAM_SERVER_H_INCLUDED
#define DATAGRAM_SERVER_H_INCLUDED

#include "datagram-reader.h"

/*
 * The driver on UDP: has the socket, also over a reload.
 *
 * Belongs to the main thread.
 */
typedef struct _DatagramServer
{
  /*< private >*/
  DatagramReaderOwner as_owner;
  DatagramReader *reader;
} DatagramServer;

/**
 * datagram_server_init()
 *
 * The driver and its parts are not referenced: they outlive the server.
 */
void datagram_server_init(DatagramServer *self, LogSrcDriver *driver, ProxyOptions *options, ProxyCounters *counters,
                          RefusalLog *refusal_log);

/**
 * datagram_server_start() - receive, on the socket that was open before a reload if there is one
 * @bind_addr: where
 *
 * Returns FALSE and has logged why.
 */
gboolean datagram_server_start(DatagramServer *self, GSockAddr *bind_addr);

/**
 * datagram_server_stop() - stop, and keep the socket for a server of the same name after a reload
 */
void datagram_server_stop(DatagramServer *self);

#endif
