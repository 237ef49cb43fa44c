/*
 * Copyright (c) 2026 The syslog-ng-haproxy developers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * As an additional exemption you are allowed to compile & link against the
 * OpenSSL libraries as published by the OpenSSL project. See the file
 * COPYING for details.
 */

#ifndef LISTENER_H_INCLUDED
#define LISTENER_H_INCLUDED

#include "socket-options.h"

#include "gsockaddr.h"
#include "driver.h"

/* Where and how to listen: network()'s options. */
typedef struct _ListenerOptions
{
  /* NULL: any address, and network()'s port */
  gchar *ip;
  gchar *port;
  gint address_family;
  /* SOCK_STREAM or SOCK_DGRAM */
  gint socket_type;
  gint backlog;
  SocketOptions socket;
} ListenerOptions;

void listener_options_defaults(ListenerOptions *self);
void listener_options_destroy(ListenerOptions *self);

/**
 * listener_options_validate() - is port() one? Sets @error if not.
 */
gboolean listener_options_validate(const ListenerOptions *self, GError **error);

/**
 * listener_resolve_address() - the address that ip(), port() and ip-protocol() name
 * @self: valid options
 * @driver: for its name and location in the log
 *
 * Returns a reference, or NULL and has logged why.
 */
GSockAddr *listener_resolve_address(const ListenerOptions *self, LogDriver *driver);

/**
 * listener_open() - a non-blocking socket at the address; a datagram socket receives at once what is sent to it
 *
 * Returns the file descriptor, or -1 and has logged why.
 */
gint listener_open(const ListenerOptions *self, GSockAddr *address, LogDriver *driver);

/**
 * listener_reconfigure() - apply the options to a socket that was opened with others
 *
 * A number or an interface() that has been there before and is no option any
 * more stays in force, as Linux has no way back to the default for all of them.
 * Returns FALSE and has logged why.
 */
gboolean listener_reconfigure(const ListenerOptions *self, gint fd, GSockAddr *address, LogDriver *driver);

/**
 * listener_listen() - let clients connect to a stream socket
 *
 * Returns FALSE and has logged why.
 */
gboolean listener_listen(const ListenerOptions *self, gint fd, GSockAddr *address, LogDriver *driver);

#endif
