/*
 * Copyright (c) 2026 The syslog-ng-haproxy developers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * As an additional exemption you are allowed to compile & link against the
 * OpenSSL libraries as published by the OpenSSL project. See the file
 * COPYING for details.
 */

#include "stream-server.h"

#include "bind-address.h"
#include "compat-logproto-options.h"
#include "compat-logreader.h"
#include "connection-log.h"
#include "driver-tags.h"
#include "kept-over-reload.h"
#include "open-sockets.h"

#include "gsocket.h"

static const gchar KEPT_SOCKETS[] = "connections";

/*****************************************************************************
 * Connections
 *****************************************************************************/

static void
_link_connection(StreamServer *self, ProxyConnection *connection)
{
  iv_list_add_tail(&connection->list, &self->connections);
  proxy_counters_set(self->counters, PROXY_COUNTER_CONNECTIONS, ++self->num_connections);
}

static void
_free_connection(StreamServer *self, ProxyConnection *connection)
{
  proxy_connection_free(connection);
  proxy_counters_set(self->counters, PROXY_COUNTER_CONNECTIONS, --self->num_connections);
}

static void
_on_connection_closed(ProxyConnection *connection)
{
  StreamServer *self = iv_container_of(connection->owner, StreamServer, as_owner);

  connection_log_write(&self->driver->super,
                       "Syslog connection closed",
                       proxy_connection_get_fd(connection),
                       connection->peer_addr,
                       self->bind_addr,
                       proxy_connection_get_client_addr(connection));
  _free_connection(self, connection);
}

/* A system call only where the address of the listening socket does not tell. */
static GSockAddr *
_local_addr(StreamServer *self, gint fd)
{
  if (bind_address_is_any(self->bind_addr) || g_sockaddr_get_port(self->bind_addr) == 0)
    return g_socket_get_local_name(fd);
  return g_sockaddr_ref(self->bind_addr);
}

static void
_log_failure(StreamServer *self, GSockAddr *peer_addr)
{
  gchar peer[MAX_SOCKADDR_STRING];

  msg_error("Error starting to read a connection, closing it",
            evt_tag_str("client", g_sockaddr_format(peer_addr, peer, sizeof(peer), GSA_FULL)),
            DRIVER_TAGS(&self->driver->super));
}

static void
_admit(gpointer s, gint fd, TLSSession *session, GSockAddr *peer_addr, const ProxyHeader *header,
       gboolean data_is_there)
{
  StreamServer *self = (StreamServer *) s;
  GSockAddr *local_addr = _local_addr(self, fd);
  ProxyConnection *connection = proxy_connection_new(&self->as_owner, fd, session, peer_addr, local_addr, header);

  g_sockaddr_unref(local_addr);
  if (!connection)
    {
      _log_failure(self, peer_addr);
      return;
    }
  if (!proxy_connection_start(connection, &self->as_owner, data_is_there))
    {
      _log_failure(self, peer_addr);
      proxy_connection_free(connection);
      return;
    }
  _link_connection(self, connection);
  connection_log_write(&self->driver->super,
                       "Syslog connection accepted",
                       fd,
                       peer_addr,
                       self->bind_addr,
                       proxy_connection_get_client_addr(connection));
}

static gboolean
_has_room(gpointer s)
{
  const StreamServer *self = (const StreamServer *) s;

  return self->num_connections < self->options->max_connections;
}

/*****************************************************************************
 * Reload
 *****************************************************************************/

static void
_suspend(StreamServer *self)
{
  struct iv_list_head *current;

  iv_list_for_each (current, &self->connections)
    proxy_connection_suspend(iv_container_of(current, ProxyConnection, list));
  admission_suspend(&self->admission);
}

/* Moves the sockets out of the driver. */
static OpenSockets *
_release_sockets(StreamServer *self)
{
  OpenSockets *sockets = open_sockets_new(acceptor_stop(&self->acceptor), self->bind_addr);

  sockets->dynamic_window_pool = dynamic_window_balancer_stop(&self->dynamic_window);
  iv_list_splice_init(&self->connections, &sockets->connections);
  admission_release(&self->admission, &sockets->pending);
  self->num_connections = 0;
  return sockets;
}

static void
_keep_sockets(StreamServer *self, OpenSockets *sockets)
{
  kept_over_reload_put(&self->driver->super, KEPT_SOCKETS, sockets, (GDestroyNotify) open_sockets_free);
}

static void
_resume_connections(StreamServer *self, struct iv_list_head *connections)
{
  struct iv_list_head *current, *next;

  iv_list_for_each_safe (current, next, connections)
    {
      ProxyConnection *connection = iv_container_of(current, ProxyConnection, list);

      iv_list_del_init(current);
      if (proxy_connection_start(connection, &self->as_owner, FALSE))
        _link_connection(self, connection);
      else
        proxy_connection_free(connection);
    }
}

/* Goes on with the connections that the driver before the reload had. Frees @sockets. */
static void
_take_connections_over(StreamServer *self, OpenSockets *sockets)
{
  if (self->options->keep_alive)
    {
      dynamic_window_balancer_start(&self->dynamic_window, sockets->dynamic_window_pool);
      sockets->dynamic_window_pool = NULL;
      _resume_connections(self, &sockets->connections);
      admission_resume(&self->admission, &sockets->pending);
    }
  else
    dynamic_window_balancer_start(&self->dynamic_window, NULL);
  open_sockets_free(sockets);
}

/* Returns the socket to listen on, or -1. */
static gint
_open_listener(StreamServer *self, OpenSockets *sockets)
{
  LogDriver *driver = &self->driver->super;

  if (!sockets || !bind_address_is_same(sockets->bind_addr, self->bind_addr))
    return listener_open(&self->options->listener, self->bind_addr, driver);
  if (!listener_reconfigure(&self->options->listener, sockets->listen_fd, self->bind_addr, driver))
    return -1;

  gint listen_fd = sockets->listen_fd;
  sockets->listen_fd = -1;
  return listen_fd;
}

/* Takes the port, with what was open before a reload if there is something. */
static gboolean
_open_sockets(StreamServer *self)
{
  OpenSockets *sockets = kept_over_reload_take(&self->driver->super, KEPT_SOCKETS);
  gint listen_fd = _open_listener(self, sockets);

  if (listen_fd < 0)
    {
      /* for the configuration before this one, to which syslog-ng returns now */
      if (sockets)
        _keep_sockets(self, sockets);
      return FALSE;
    }

  if (sockets)
    _take_connections_over(self, sockets);
  else
    dynamic_window_balancer_start(&self->dynamic_window, NULL);
  acceptor_set_socket(&self->acceptor, listen_fd);
  return TRUE;
}

static void
_setup_owner(StreamServer *self)
{
  GlobalConfig *cfg = log_pipe_get_config(&self->driver->super.super);
  const CompatLogProtoServerOptions *proto_options =
    compat_log_reader_options_get_proto_options(&self->options->reader);

  compat_log_proto_options_unref(self->as_owner.proto_options);
  self->as_owner = (ProxyConnectionOwner){
    .driver = self->driver,
    .reader_options = &self->options->reader,
    .proto_options = compat_log_proto_options_copy(proto_options),
    .macro_names = &self->options->macro_names,
    .transport = self->options->transport,
    .dynamic_window = &self->dynamic_window,
    .source_is_client = self->options->source_is_client,
    .closed = _on_connection_closed,
  };
  framing_factory_init(&self->as_owner.framing, self->options->framing, cfg);
}

gboolean
stream_server_open(StreamServer *self, GSockAddr *bind_addr)
{
  g_sockaddr_unref(self->bind_addr);
  self->bind_addr = g_sockaddr_ref(bind_addr);
  _setup_owner(self);
  admission_open(&self->admission, bind_addr);
  return _open_sockets(self);
}

gboolean
stream_server_listen(StreamServer *self)
{
  if (!listener_listen(&self->options->listener, self->acceptor.fd, self->bind_addr, &self->driver->super))
    return FALSE;

  admission_begin_tls(&self->admission);
  acceptor_start(&self->acceptor);
  return TRUE;
}

void
stream_server_stop(StreamServer *self)
{
  _suspend(self);

  OpenSockets *sockets = _release_sockets(self);
  if (self->options->keep_alive)
    _keep_sockets(self, sockets);
  else
    open_sockets_free(sockets);
  proxy_counters_set(self->counters, PROXY_COUNTER_CONNECTIONS, 0);
}

static gsize
_count_connections(gpointer s)
{
  return ((StreamServer *) s)->num_connections;
}

static void
_foreach_dynamic_source(void (*func)(LogSource *source), gpointer s)
{
  StreamServer *self = (StreamServer *) s;
  struct iv_list_head *current;

  iv_list_for_each (current, &self->connections)
    {
      LogSource *source = proxy_connection_get_source(iv_container_of(current, ProxyConnection, list));

      /* those from before a reload that turned the dynamic window on have none */
      if (log_source_is_dynamic_window_enabled(source))
        func(source);
    }
}

void
stream_server_init(StreamServer *self, LogSrcDriver *driver, ProxyOptions *options, ProxyCounters *counters,
                   RefusalLog *refusal_log)
{
  self->driver = driver;
  self->options = options;
  self->counters = counters;
  self->bind_addr = NULL;
  self->as_owner.proto_options = NULL;
  self->num_connections = 0;
  INIT_IV_LIST_HEAD(&self->connections);
  admission_init(&self->admission, driver, options, counters, refusal_log);
  self->admission.server = self;
  self->admission.has_room = _has_room;
  self->admission.admit = _admit;
  acceptor_init(&self->acceptor, &driver->super, admission_take, &self->admission);
  dynamic_window_balancer_init(
    &self->dynamic_window, &options->dynamic_window, &driver->super, _count_connections, _foreach_dynamic_source, self);
}

void
stream_server_destroy(StreamServer *self)
{
  admission_destroy(&self->admission);
  compat_log_proto_options_unref(self->as_owner.proto_options);
  g_sockaddr_unref(self->bind_addr);
}
