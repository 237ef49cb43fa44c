/*
 * Copyright (c) 2026 The syslog-ng-haproxy developers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * As an additional exemption you are allowed to compile & link against the
 * OpenSSL libraries as published by the OpenSSL project. See the file
 * COPYING for details.
 */

#ifndef STREAM_SERVER_H_INCLUDED
#define STREAM_SERVER_H_INCLUDED

#include "acceptor.h"
#include "admission.h"
#include "dynamic-window-balancer.h"
#include "proxy-connection.h"
#include "proxy-counters.h"
#include "proxy-options.h"

/*
 * The driver on a stream transport: listens, lets in whom the admission admits, and
 * has the admitted connections, within their limit and over a reload.
 *
 * Belongs to the main thread.
 */
typedef struct _StreamServer
{
  LogSrcDriver *driver;
  ProxyOptions *options;
  ProxyCounters *counters;

  /*< private >*/
  GSockAddr *bind_addr;
  Acceptor acceptor;
  Admission admission;
  DynamicWindowBalancer dynamic_window;
  ProxyConnectionOwner as_owner;
  struct iv_list_head connections;
  gint num_connections;
} StreamServer;

/**
 * stream_server_init()
 *
 * The driver and its parts are not referenced: they outlive the server.
 */
void stream_server_init(StreamServer *self, LogSrcDriver *driver, ProxyOptions *options, ProxyCounters *counters,
                        RefusalLog *refusal_log);
void stream_server_destroy(StreamServer *self);

/**
 * stream_server_open() - take the port, and go on with what was open before a reload
 * @bind_addr: where to listen
 *
 * Nobody new is served yet. Returns FALSE and has logged why.
 */
gboolean stream_server_open(StreamServer *self, GSockAddr *bind_addr);

/**
 * stream_server_listen() - serve everybody, when it is open and TLS is set up
 *
 * Returns FALSE and has logged why.
 */
gboolean stream_server_listen(StreamServer *self);

/**
 * stream_server_stop() - stop, and keep what is open for a server of the same name after a reload
 */
void stream_server_stop(StreamServer *self);

#endif
