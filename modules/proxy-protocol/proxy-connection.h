/*
 * Copyright (c) 2026 The syslog-ng-haproxy developers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * As an additional exemption you are allowed to compile & link against the
 * OpenSSL libraries as published by the OpenSSL project. See the file
 * COPYING for details.
 */

#ifndef PROXY_CONNECTION_H_INCLUDED
#define PROXY_CONNECTION_H_INCLUDED

#include "framing.h"
#include "proxy-header.h"
#include "proxy-macros.h"
#include "reader-pipe.h"

#include "dynamic-window-balancer.h"

#include <iv_list.h>

/*
 * An admitted connection: the transport, the protocol and the LogReader that
 * read its messages, and the macros that each of them gets.
 */
typedef struct _ProxyConnection ProxyConnection;

/* What a connection needs of its driver: shared by all of them, and theirs as long as they are initialized. */
typedef struct _ProxyConnectionOwner
{
  LogSrcDriver *driver;
  LogReaderOptions *reader_options;
  FramingFactory framing;
  /* for new connections, which keep them over a reload */
  const CompatLogProtoServerOptions *proto_options;
  const ProxyMacroNames *macro_names;
  const gchar *transport;
  const DynamicWindowBalancer *dynamic_window;
  /* the client's address is the source of its messages, not the proxy's */
  gboolean source_is_client;
  /* the peer has closed the connection, or it broke; proxy_connection_free() it */
  void (*closed)(ProxyConnection *connection);
} ProxyConnectionOwner;

struct _ProxyConnection
{
  ReaderPipe super;
  /* for the driver to link it with others */
  struct iv_list_head list;
  GSockAddr *peer_addr;
  const ProxyConnectionOwner *owner;

  /*< private >*/
  /* the protocol's, as long as the socket is open; NULL without TLS */
  TLSSession *session;
  const CompatLogProtoServerOptions *proto_options;
  GSockAddr *client_addr;
  ProxyMacroValues *macros;
  gboolean data_is_there;
};

/**
 * proxy_connection_new()
 * @owner: outlives the connection's being initialized
 * @fd: the socket, with the header read off it, taken over
 * @session: TLS on the socket, taken over; NULL for none
 * @peer_addr: the other end of the connection
 * @local_addr: this end of it
 * @header: what it said; NULL for a client that is served without one
 *
 * Returns NULL where no protocol can be put on the socket, which then is closed.
 */
ProxyConnection *proxy_connection_new(const ProxyConnectionOwner *owner, gint fd, TLSSession *session,
                                      GSockAddr *peer_addr, GSockAddr *local_addr, const ProxyHeader *header);

/**
 * proxy_connection_start() - start reading, or go on with it after proxy_connection_suspend()
 * @owner: the driver now, after a reload another one
 * @data_is_there: it is known that there is something to read; of what OpenSSL has read already it need not be
 *
 * Returns FALSE, and has logged why, where that is not possible: then
 * proxy_connection_free() it.
 */
gboolean proxy_connection_start(ProxyConnection *self, const ProxyConnectionOwner *owner, gboolean data_is_there);

/**
 * proxy_connection_suspend() - stop reading, lose nothing
 */
void proxy_connection_suspend(ProxyConnection *self);

/**
 * proxy_connection_free() - close it
 */
void proxy_connection_free(ProxyConnection *self);

/* The client's end of the original connection as the header names it, or else @peer_addr. */
GSockAddr *proxy_connection_get_client_addr(ProxyConnection *self);

/* Its socket, as long as it is not closed. */
gint proxy_connection_get_fd(ProxyConnection *self);

/* What has the flow-control window of the connection. */
LogSource *proxy_connection_get_source(ProxyConnection *self);

#endif
