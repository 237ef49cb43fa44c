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
#include "client-address.h"
#include "compat-logproto-options.h"
#include "compat-logreader.h"
#include "driver-tags.h"
#include "header-log.h"
#include "kept-over-reload.h"
#include "open-sockets.h"

#include "gsocket.h"

#include <string.h>
#include <unistd.h>

static const gchar BAD_HANDSHAKE[] = "TLS handshake failed";
static const gchar NO_ADMISSION[] = "PROXY protocol connection refused";
static const gchar NO_ROOM[] = "max-connections() is reached";
static const gchar KEPT_SOCKETS[] = "connections";

/*****************************************************************************
 * Log lines
 *****************************************************************************/

static void
_log_header(StreamServer *self, const PendingConnection *pending)
{
  const HeaderReader *header = pending_connection_get_header(pending);

  header_log_write(&self->driver->super, header->bytes, header->length);
}

/* network()'s words and tags, which driver it is, and whose connection it is where a header said so */
static void
_log_connection(StreamServer *self, const gchar *event, gint fd, GSockAddr *peer_addr, GSockAddr *client_addr)
{
  gchar peer[MAX_SOCKADDR_STRING], local[MAX_SOCKADDR_STRING], client[MAX_SOCKADDR_STRING];

  g_sockaddr_format(client_addr, client, sizeof(client), GSA_FULL);
  msg_notice(event,
             evt_tag_int("fd", fd),
             evt_tag_str("client", g_sockaddr_format(peer_addr, peer, sizeof(peer), GSA_FULL)),
             evt_tag_str("local", g_sockaddr_format(self->bind_addr, local, sizeof(local), GSA_FULL)),
             DRIVER_TAGS(&self->driver->super),
             client_addr == peer_addr ? NULL : evt_tag_str("original_client", client));
}

static void
_refuse(StreamServer *self, ProxyCounter counter, const Refusal *refusal)
{
  proxy_counters_inc(self->counters, counter);
  refusal_log_write(self->refusal_log, refusal);
}

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

  _log_connection(self,
                  "Syslog connection closed",
                  proxy_connection_get_fd(connection),
                  connection->peer_addr,
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

/* Takes @fd and @session over. @header: NULL for a client that is served without one. */
static void
_admit(StreamServer *self, gint fd, TLSSession *session, GSockAddr *peer_addr, const ProxyHeader *header,
       gboolean data_is_there)
{
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
  _log_connection(self, "Syslog connection accepted", fd, peer_addr, proxy_connection_get_client_addr(connection));
}

static gboolean
_has_room(StreamServer *self)
{
  return self->num_connections < self->options->max_connections;
}

/*****************************************************************************
 * Connections that are not admitted yet
 *****************************************************************************/

static void
_link_pending(StreamServer *self, PendingConnection *pending)
{
  iv_list_add_tail(&pending->list, &self->pending);
  proxy_counters_set(self->counters, PROXY_COUNTER_PENDING_HEADERS, ++self->num_pending);
}

static void
_free_pending(StreamServer *self, PendingConnection *pending)
{
  /* one whose header was there at accept has never been linked */
  if (!iv_list_empty(&pending->list))
    proxy_counters_set(self->counters, PROXY_COUNTER_PENDING_HEADERS, --self->num_pending);
  pending_connection_free(pending);
}

/* Whose connection it is, where a header said so; or NULL. */
static GSockAddr *
_original_client(const PendingConnection *pending)
{
  ProxyHeader header;

  if (!pending->has_header || !header_reader_get(pending_connection_get_header(pending), &header)
      || !proxy_header_has_addresses(&header))
    return NULL;
  return client_address_new(&header, pending->peer_addr);
}

static void
_refuse_pending(StreamServer *self, PendingConnection *pending, ProxyCounter counter, const gchar *message,
                const gchar *reason)
{
  const HeaderReader *header = pending_connection_get_header(pending);
  GSockAddr *client_addr = _original_client(pending);

  if (header->length > 0 && !pending->has_header)
    _log_header(self, pending);
  _refuse(self,
          counter,
          &(Refusal){
            .message = message,
            .reason = reason,
            .fd = pending->fd,
            .peer_addr = pending->peer_addr,
            .local_addr = self->bind_addr,
            .client_addr = client_addr,
            .bytes = header->bytes,
            .length = header->length,
          });
  g_sockaddr_unref(client_addr);
  _free_pending(self, pending);
}

static void
_on_header_complete(PendingConnection *pending, const ProxyHeader *header)
{
  StreamServer *self = iv_container_of(pending->owner, StreamServer, as_pending_owner);

  proxy_counters_inc_header(self->counters, header);
  _log_header(self, pending);
}

static void
_on_admissible(PendingConnection *pending, const ProxyHeader *header, TLSSession *session, gboolean more)
{
  StreamServer *self = iv_container_of(pending->owner, StreamServer, as_pending_owner);

  if (!_has_room(self))
    {
      _refuse_pending(self, pending, PROXY_COUNTER_REFUSED_MAX_CONNECTIONS, NO_ADMISSION, NO_ROOM);
      if (session)
        tls_session_free(session);
      return;
    }
  _admit(self, pending_connection_release_fd(pending), session, pending->peer_addr, header, more);
  _free_pending(self, pending);
}

static void
_on_left(PendingConnection *pending)
{
  StreamServer *self = iv_container_of(pending->owner, StreamServer, as_pending_owner);
  GSockAddr *client_addr = _original_client(pending);

  _log_connection(
    self, "Syslog connection closed", pending->fd, pending->peer_addr, client_addr ? client_addr : pending->peer_addr);
  g_sockaddr_unref(client_addr);
  _free_pending(self, pending);
}

static void
_on_refused(PendingConnection *pending, PendingRefusal refusal, const gchar *reason)
{
  StreamServer *self = iv_container_of(pending->owner, StreamServer, as_pending_owner);
  static const struct
  {
    ProxyCounter counter;
    const gchar *message;
  } refusals[] = {
    [PENDING_HEADER_MALFORMED] = { PROXY_COUNTER_REFUSED_MALFORMED, REFUSAL_BAD_HEADER },
    [PENDING_HEADER_LATE] = { PROXY_COUNTER_REFUSED_TIMEOUT, REFUSAL_BAD_HEADER },
    [PENDING_HANDSHAKE_FAILED] = { PROXY_COUNTER_REFUSED_HANDSHAKE, BAD_HANDSHAKE },
    [PENDING_HANDSHAKE_LATE] = { PROXY_COUNTER_REFUSED_TIMEOUT, BAD_HANDSHAKE },
  };

  _refuse_pending(self, pending, refusals[refusal].counter, refusals[refusal].message, reason);
}

static void
_limit_pending(StreamServer *self)
{
  while (self->num_pending > self->options->max_pending_headers)
    {
      PendingConnection *oldest = iv_container_of(self->pending.next, PendingConnection, list);

      _refuse_pending(self,
                      oldest,
                      PROXY_COUNTER_REFUSED_MAX_PENDING_HEADERS,
                      NO_ADMISSION,
                      "max-pending-headers() is reached, and no other connection has been without a header for longer");
    }
}

/* Takes @fd over, and admits the connection when all has happened that has to. */
static void
_await_admission(StreamServer *self, gint fd, GSockAddr *peer_addr, PendingSteps steps)
{
  PendingConnection *pending = pending_connection_new(fd, peer_addr);

  if (!pending_connection_start(pending, &self->as_pending_owner, steps, self->options->header_timeout))
    return;
  _link_pending(self, pending);
  _limit_pending(self);
}

/*****************************************************************************
 * Accepting
 *****************************************************************************/

/* Takes @fd over. */
static void
_refuse_untrusted(StreamServer *self, gint fd, GSockAddr *peer_addr)
{
  _refuse(self,
          PROXY_COUNTER_REFUSED_UNTRUSTED,
          &(Refusal){
            .message = NO_ADMISSION,
            .reason = REFUSAL_UNTRUSTED,
            .fd = fd,
            .peer_addr = peer_addr,
            .local_addr = self->bind_addr,
          });
  close(fd);
}

static void
_on_accepted(gpointer s, gint fd, GSockAddr *peer_addr)
{
  StreamServer *self = (StreamServer *) s;
  static const PendingSteps of_proxies[] = {
    [TRANSPORT_TCP] = { .header = TRUE },
    [TRANSPORT_TLS] = { .header = TRUE, .tls = TRUE },
    [TRANSPORT_PROXIED_TLS] = { .tls = TRUE, .header_in_tls = TRUE },
  };
  PendingSteps steps = of_proxies[self->options->transport_kind];

  proxy_counters_inc(self->counters, PROXY_COUNTER_ACCEPTED);
  if (!self->options->trusted_proxies || trusted_proxies_contain(self->options->trusted_proxies, &peer_addr->sa))
    _await_admission(self, fd, peer_addr, steps);
  else if (self->options->serve_untrusted_peers)
    _await_admission(self, fd, peer_addr, (PendingSteps){ .tls = steps.tls });
  else
    _refuse_untrusted(self, fd, peer_addr);
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
  iv_list_for_each (current, &self->pending)
    pending_connection_suspend(iv_container_of(current, PendingConnection, list));
}

/* Moves the sockets out of the driver. */
static OpenSockets *
_release_sockets(StreamServer *self)
{
  OpenSockets *sockets = open_sockets_new(acceptor_stop(&self->acceptor), self->bind_addr);

  sockets->dynamic_window_pool = dynamic_window_balancer_stop(&self->dynamic_window);
  iv_list_splice_init(&self->connections, &sockets->connections);
  iv_list_splice_init(&self->pending, &sockets->pending);
  self->num_connections = 0;
  self->num_pending = 0;
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

static void
_resume_pending(StreamServer *self, struct iv_list_head *pending)
{
  struct iv_list_head *current, *next;

  iv_list_for_each_safe (current, next, pending)
    {
      iv_list_del_init(current);
      _link_pending(self, iv_container_of(current, PendingConnection, list));
      pending_connection_resume(iv_container_of(current, PendingConnection, list), &self->as_pending_owner);
    }
  _limit_pending(self);
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
      _resume_pending(self, &sockets->pending);
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
_setup_owners(StreamServer *self)
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
  self->as_pending_owner = (PendingConnectionOwner){
    .limits = &self->options->header_limits,
    .tls = &self->options->tls,
    .header_complete = _on_header_complete,
    .admit = _on_admissible,
    .leave = _on_left,
    .refuse = _on_refused,
  };
}

gboolean
stream_server_open(StreamServer *self, GSockAddr *bind_addr)
{
  g_sockaddr_unref(self->bind_addr);
  self->bind_addr = g_sockaddr_ref(bind_addr);
  _setup_owners(self);
  return _open_sockets(self);
}

gboolean
stream_server_listen(StreamServer *self)
{
  struct iv_list_head *current;

  if (!listener_listen(&self->options->listener, self->acceptor.fd, self->bind_addr, &self->driver->super))
    return FALSE;

  iv_list_for_each (current, &self->pending)
    pending_connection_begin_tls(iv_container_of(current, PendingConnection, list));
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
  proxy_counters_set(self->counters, PROXY_COUNTER_PENDING_HEADERS, 0);
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
  self->refusal_log = refusal_log;
  self->bind_addr = NULL;
  self->as_owner.proto_options = NULL;
  self->num_connections = 0;
  self->num_pending = 0;
  INIT_IV_LIST_HEAD(&self->connections);
  INIT_IV_LIST_HEAD(&self->pending);
  acceptor_init(&self->acceptor, &driver->super, _on_accepted, self);
  dynamic_window_balancer_init(
    &self->dynamic_window, &options->dynamic_window, &driver->super, _count_connections, _foreach_dynamic_source, self);
}

void
stream_server_destroy(StreamServer *self)
{
  compat_log_proto_options_unref(self->as_owner.proto_options);
  g_sockaddr_unref(self->bind_addr);
}
