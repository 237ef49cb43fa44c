/*
 * Copyright (c) 2026 The syslog-ng-haproxy developers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * As an additional exemption you are allowed to compile & link against the
 * OpenSSL libraries as published by the OpenSSL project. See the file
 * COPYING for details.
 */

#ifndef OPEN_SOCKETS_H_INCLUDED
#define OPEN_SOCKETS_H_INCLUDED

#include "dynamic-window-pool.h"
#include "gsockaddr.h"

#include <iv_list.h>

/* What outlives a reload. */
typedef struct _OpenSockets
{
  /* -1 when it was taken out */
  gint listen_fd;
  GSockAddr *bind_addr;
  /* ProxyConnections and PendingConnections, suspended */
  struct iv_list_head connections;
  struct iv_list_head pending;
  DynamicWindowPool *dynamic_window_pool;
} OpenSockets;

/**
 * open_sockets_new()
 * @listen_fd: taken over
 * @bind_addr: what it listens on, a reference is taken
 */
OpenSockets *open_sockets_new(gint listen_fd, GSockAddr *bind_addr);

/**
 * open_sockets_free() - close what is left in it: nobody in the new configuration has asked for it
 */
void open_sockets_free(OpenSockets *self);

#endif
