/*
 * Copyright (c) 2026 The syslog-ng-haproxy developers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * As an additional exemption you are allowed to compile & link against the
 * OpenSSL libraries as published by the OpenSSL project. See the file
 * COPYING for details.
 */

#include "open-sockets.h"

#include "pending-connection.h"
#include "proxy-connection.h"

#include <unistd.h>

OpenSockets *
open_sockets_new(gint listen_fd, GSockAddr *bind_addr)
{
  OpenSockets *self = g_new0(OpenSockets, 1);

  self->listen_fd = listen_fd;
  self->bind_addr = g_sockaddr_ref(bind_addr);
  INIT_IV_LIST_HEAD(&self->connections);
  INIT_IV_LIST_HEAD(&self->pending);
  return self;
}

static void
_close_connections(struct iv_list_head *connections)
{
  struct iv_list_head *current, *next;

  iv_list_for_each_safe (current, next, connections)
    proxy_connection_free(iv_container_of(current, ProxyConnection, list));
}

static void
_close_pending(struct iv_list_head *pending)
{
  struct iv_list_head *current, *next;

  iv_list_for_each_safe (current, next, pending)
    pending_connection_free(iv_container_of(current, PendingConnection, list));
}

void
open_sockets_free(OpenSockets *self)
{
  _close_connections(&self->connections);
  _close_pending(&self->pending);
  if (self->dynamic_window_pool)
    dynamic_window_pool_unref(self->dynamic_window_pool);
  if (self->listen_fd >= 0)
    close(self->listen_fd);
  g_sockaddr_unref(self->bind_addr);
  g_free(self);
}
