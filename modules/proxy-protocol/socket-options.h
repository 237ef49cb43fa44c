/*
 * Copyright (c) 2026 The syslog-ng-haproxy developers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * As an additional exemption you are allowed to compile & link against the
 * OpenSSL libraries as published by the OpenSSL project. See the file
 * COPYING for details.
 */

#ifndef SOCKET_OPTIONS_H_INCLUDED
#define SOCKET_OPTIONS_H_INCLUDED

#include "gsockaddr.h"
#include "driver.h"

/* The socket options of network(); 0 leaves a number as the kernel has it. */
typedef struct _SocketOptions
{
  gint so_rcvbuf;
  gint so_sndbuf;
  gboolean so_broadcast;
  gboolean so_keepalive;
  gboolean so_reuseport;
  gint ip_ttl;
  gint ip_tos;
  gboolean ip_freebind;
  gint tcp_keepalive_time;
  gint tcp_keepalive_probes;
  gint tcp_keepalive_intvl;
  gchar *interface;
} SocketOptions;

/* network()'s defaults */
void socket_options_defaults(SocketOptions *self);
void socket_options_destroy(SocketOptions *self);

/**
 * socket_options_apply() - set them on a listening TCP socket or, but for those of TCP, on a UDP socket
 * @address: what the socket is or will be bound to
 * @driver: for its name and location in the log
 *
 * Linux hands each of them on to the accepted sockets, which therefore cost no
 * system call. Returns FALSE, and has logged why, where the socket cannot be
 * used as the configuration asks.
 */
gboolean socket_options_apply(const SocketOptions *self, gint fd, GSockAddr *address, LogDriver *driver);

#endif
