/*
 * Copyright (c) 2026 The syslog-ng-haproxy developers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * As an additional exemption you are allowed to compile & link against the
 * OpenSSL libraries as published by the OpenSSL project. See the file
 * COPYING for details.
 */

#include "proxy-source.h"

#include "acceptor.h"
#include "driver-tags.h"
#include "pending-connection.h"
#include "proxy-connection.h"
#include "proxy-counters.h"
#include "refusal-log.h"
#include "trusted-proxies.h"

#include "gsocket.h"
#include "mainloop.h"
#include "stats/stats-registry.h"

#include <string.h>
#include <unistd.h>

#define DEFAULT_MAX_CONNECTIONS 10
#define DEFAULT_WINDOW_SIZE 1000
#define DEFAULT_HEADER_TIMEOUT 5
#define DEFAULT_MAX_PENDING_HEADERS 1000
#define DEFAULT_MAX_HEADER_SIZE 4096
#define DEFAULT_MACRO_PREFIX "PROXY_"

/* What outlives a reload. */
typedef struct _OpenSockets
{
  gint listen_fd;
  GSockAddr *bind_addr;
  struct iv_list_head connections;
  struct iv_list_head pending;
  DynamicWindowPool *dynamic_window_pool;
} OpenSockets;

typedef struct _ProxySource
{
  LogSrcDriver super;

  /* options */
  ListenerOptions listener;
  LogReaderOptions reader_options;
  DynamicWindowBalancer dynamic_window;
  gchar *transport;
  gboolean keep_alive;
  gint max_connections;
  TrustedProxies *trusted_proxies;
  gboolean serve_untrusted_peers;
  gint header_timeout;
  gint max_pending_headers;
  gboolean source_is_client;
  ProxyHeaderLimits header_limits;
  ProxyMacroNames macro_names;

  /* state */
  ProxyConnectionOwner as_owner;
  gboolean window_size_initialized;
  GSockAddr *bind_addr;
  Acceptor acceptor;
  struct iv_list_head connections;
  gint num_connections;
  struct iv_list_head pending;
  gint num_pending;
  RefusalLog refusal_log;
  ProxyCounters counters;
} ProxySource;

static const gchar BAD_HEADER[] = "Error parsing PROXY protocol header";
static const gchar NO_ADMISSION[] = "PROXY protocol connection refused";
static const gchar NO_ROOM[] = "max-connections() is reached";

/*****************************************************************************
 * Log lines
 *****************************************************************************/

static void
_log_header(ProxySource *self, const PendingConnection *pending)
{
  gchar line[PROXY_HEADER_PRINTABLE_SIZE];

  msg_debug("PROXY protocol header received",
            evt_tag_str("line", proxy_header_print(pending->bytes, pending->length, line)),
            DRIVER_TAGS(&self->super.super));
}

/* network()'s words and tags, which driver it is, and whose connection it is where a header said so */
static void
_log_connection(ProxySource *self, const gchar *event, gint fd, GSockAddr *peer_addr, GSockAddr *client_addr)
{
  gchar peer[MAX_SOCKADDR_STRING], local[MAX_SOCKADDR_STRING], client[MAX_SOCKADDR_STRING];

  g_sockaddr_format(client_addr, client, sizeof(client), GSA_FULL);
  msg_notice(event,
             evt_tag_int("fd", fd),
             evt_tag_str("client", g_sockaddr_format(peer_addr, peer, sizeof(peer), GSA_FULL)),
             evt_tag_str("local", g_sockaddr_format(self->bind_addr, local, sizeof(local), GSA_FULL)),
             DRIVER_TAGS(&self->super.super),
             client_addr == peer_addr ? NULL : evt_tag_str("original_client", client));
}

static void
_refuse(ProxySource *self, ProxyCounter counter, const Refusal *refusal)
{
  proxy_counters_inc(&self->counters, counter);
  refusal_log_write(&self->refusal_log, refusal);
}

/*****************************************************************************
 * Connections
 *****************************************************************************/

static void
_link_connection(ProxySource *self, ProxyConnection *connection)
{
  iv_list_add_tail(&connection->list, &self->connections);
  proxy_counters_set(&self->counters, PROXY_COUNTER_CONNECTIONS, ++self->num_connections);
}

static void
_free_connection(ProxySource *self, ProxyConnection *connection)
{
  proxy_connection_free(connection);
  proxy_counters_set(&self->counters, PROXY_COUNTER_CONNECTIONS, --self->num_connections);
}

static void
_on_connection_closed(ProxyConnection *connection)
{
  ProxySource *self = (ProxySource *) connection->owner->driver;

  _log_connection(self,
                  "Syslog connection closed",
                  proxy_connection_get_fd(connection),
                  connection->peer_addr,
                  proxy_connection_get_client_addr(connection));
  _free_connection(self, connection);
}

static gboolean
_is_any_address(GSockAddr *address)
{
  if (address->sa.sa_family == AF_INET)
    return g_sockaddr_inet_get_address(address).s_addr == htonl(INADDR_ANY);
  return IN6_IS_ADDR_UNSPECIFIED(g_sockaddr_inet6_get_address(address));
}

/* A system call only where the address of the listening socket does not tell. */
static GSockAddr *
_local_addr(ProxySource *self, gint fd)
{
  if (_is_any_address(self->bind_addr) || g_sockaddr_get_port(self->bind_addr) == 0)
    return g_socket_get_local_name(fd);
  return g_sockaddr_ref(self->bind_addr);
}

static void
_log_failure(ProxySource *self, GSockAddr *peer_addr)
{
  gchar peer[MAX_SOCKADDR_STRING];

  msg_error("Error starting to read a connection, closing it",
            evt_tag_str("client", g_sockaddr_format(peer_addr, peer, sizeof(peer), GSA_FULL)),
            DRIVER_TAGS(&self->super.super));
}

/* Takes @fd over. @header: NULL for a client that is served without one. */
static void
_admit(ProxySource *self, gint fd, GSockAddr *peer_addr, const ProxyHeader *header, gboolean data_is_there)
{
  GSockAddr *local_addr = _local_addr(self, fd);
  ProxyConnection *connection = proxy_connection_new(&self->as_owner, fd, peer_addr, local_addr, header);

  g_sockaddr_unref(local_addr);
  if (!connection)
    {
      _log_failure(self, peer_addr);
      close(fd);
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
_has_room(ProxySource *self)
{
  return self->num_connections < self->max_connections;
}

/*****************************************************************************
 * Connections that have not shown their header
 *****************************************************************************/

static void
_link_pending(ProxySource *self, PendingConnection *pending)
{
  iv_list_add_tail(&pending->list, &self->pending);
  proxy_counters_set(&self->counters, PROXY_COUNTER_PENDING_HEADERS, ++self->num_pending);
}

static void
_free_pending(ProxySource *self, PendingConnection *pending)
{
  /* one whose header was there at accept has never been linked */
  if (!iv_list_empty(&pending->list))
    proxy_counters_set(&self->counters, PROXY_COUNTER_PENDING_HEADERS, --self->num_pending);
  pending_connection_free(pending);
}

static void
_refuse_pending(ProxySource *self, PendingConnection *pending, ProxyCounter counter, const gchar *message,
                const gchar *reason)
{
  if (pending->length > 0)
    _log_header(self, pending);
  _refuse(self,
          counter,
          &(Refusal){
            .message = message,
            .reason = reason,
            .fd = pending->fd,
            .peer_addr = pending->peer_addr,
            .local_addr = self->bind_addr,
            .bytes = pending->bytes,
            .length = pending->length,
          });
  _free_pending(self, pending);
}

static ProxyCounter
_counter_of_header(const ProxyHeader *header)
{
  if (header->version == 1)
    return PROXY_COUNTER_HEADERS_V1;
  return header->is_local ? PROXY_COUNTER_HEADERS_LOCAL : PROXY_COUNTER_HEADERS_V2;
}

static void
_on_header_complete(gpointer s, PendingConnection *pending, const ProxyHeader *header, gboolean more)
{
  ProxySource *self = (ProxySource *) s;

  proxy_counters_inc(&self->counters, _counter_of_header(header));
  if (!_has_room(self))
    {
      _refuse_pending(self, pending, PROXY_COUNTER_REFUSED_MAX_CONNECTIONS, NO_ADMISSION, NO_ROOM);
      return;
    }
  _log_header(self, pending);
  _admit(self, pending_connection_release_fd(pending), pending->peer_addr, header, more);
  _free_pending(self, pending);
}

static void
_on_header_malformed(gpointer s, PendingConnection *pending, const gchar *reason)
{
  _refuse_pending((ProxySource *) s, pending, PROXY_COUNTER_REFUSED_MALFORMED, BAD_HEADER, reason);
}

static void
_on_header_late(gpointer s, PendingConnection *pending)
{
  _refuse_pending((ProxySource *) s,
                  pending,
                  PROXY_COUNTER_REFUSED_TIMEOUT,
                  BAD_HEADER,
                  "the header was not complete within header-timeout()");
}

static const PendingConnectionEvents PENDING_CONNECTION_EVENTS = {
  .admit = _on_header_complete,
  .refuse_malformed = _on_header_malformed,
  .refuse_late = _on_header_late,
};

static void
_limit_pending(ProxySource *self)
{
  while (self->num_pending > self->max_pending_headers)
    {
      PendingConnection *oldest = iv_container_of(self->pending.next, PendingConnection, list);

      _refuse_pending(self,
                      oldest,
                      PROXY_COUNTER_REFUSED_MAX_PENDING_HEADERS,
                      NO_ADMISSION,
                      "max-pending-headers() is reached, and no other connection has been without a header for longer");
    }
}

static void
_await_header(ProxySource *self, gint fd, GSockAddr *peer_addr)
{
  PendingConnection *pending = pending_connection_new(fd, peer_addr);

  if (!pending_connection_start(pending, &self->header_limits, &PENDING_CONNECTION_EVENTS, self, self->header_timeout))
    return;
  _link_pending(self, pending);
  _limit_pending(self);
}

/*****************************************************************************
 * Accepting
 *****************************************************************************/

/* Takes @fd over. */
static void
_refuse_at_accept(ProxySource *self, gint fd, GSockAddr *peer_addr, ProxyCounter counter, const gchar *reason)
{
  _refuse(self,
          counter,
          &(Refusal){
            .message = NO_ADMISSION,
            .reason = reason,
            .fd = fd,
            .peer_addr = peer_addr,
            .local_addr = self->bind_addr,
          });
  close(fd);
}

static void
_on_accepted(LogDriver *s, gint fd, GSockAddr *peer_addr)
{
  ProxySource *self = (ProxySource *) s;

  proxy_counters_inc(&self->counters, PROXY_COUNTER_ACCEPTED);

  if (!self->trusted_proxies || trusted_proxies_contain(self->trusted_proxies, &peer_addr->sa))
    _await_header(self, fd, peer_addr);
  else if (!self->serve_untrusted_peers)
    _refuse_at_accept(self, fd, peer_addr, PROXY_COUNTER_REFUSED_UNTRUSTED, "the peer is not in trusted-proxies()");
  else if (!_has_room(self))
    _refuse_at_accept(self, fd, peer_addr, PROXY_COUNTER_REFUSED_MAX_CONNECTIONS, NO_ROOM);
  else
    _admit(self, fd, peer_addr, NULL, FALSE);
}

/*****************************************************************************
 * Reload
 *****************************************************************************/

static const gchar *
_format_persist_name(const LogPipe *s)
{
  const ProxySource *self = (const ProxySource *) s;
  static gchar name[1024];
  gchar address[MAX_SOCKADDR_STRING];

  if (s->persist_name)
    g_snprintf(name, sizeof(name), "proxy_protocol_sd.%s", s->persist_name);
  else
    g_snprintf(name,
               sizeof(name),
               "proxy_protocol_sd.(stream,%s)",
               g_sockaddr_format(self->bind_addr, address, sizeof(address), GSA_FULL));
  return name;
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

/* For sockets that no driver of the new configuration has asked for. */
static void
_open_sockets_free(gpointer s)
{
  OpenSockets *self = (OpenSockets *) s;

  _close_connections(&self->connections);
  _close_pending(&self->pending);
  if (self->dynamic_window_pool)
    dynamic_window_pool_unref(self->dynamic_window_pool);
  if (self->listen_fd >= 0)
    close(self->listen_fd);
  g_sockaddr_unref(self->bind_addr);
  g_free(self);
}

static void
_suspend(ProxySource *self)
{
  struct iv_list_head *current;

  iv_list_for_each (current, &self->connections)
    proxy_connection_suspend(iv_container_of(current, ProxyConnection, list));
  iv_list_for_each (current, &self->pending)
    pending_connection_suspend(iv_container_of(current, PendingConnection, list));
}

/* Moves the sockets out of the driver. */
static OpenSockets *
_release_sockets(ProxySource *self)
{
  OpenSockets *sockets = g_new0(OpenSockets, 1);

  sockets->listen_fd = acceptor_stop(&self->acceptor);
  sockets->bind_addr = g_sockaddr_ref(self->bind_addr);
  sockets->dynamic_window_pool = dynamic_window_balancer_stop(&self->dynamic_window);
  INIT_IV_LIST_HEAD(&sockets->connections);
  INIT_IV_LIST_HEAD(&sockets->pending);
  iv_list_splice_init(&self->connections, &sockets->connections);
  iv_list_splice_init(&self->pending, &sockets->pending);
  self->num_connections = 0;
  self->num_pending = 0;
  return sockets;
}

/*
 * What keeps things over a reload, or NULL at the end. When another driver makes
 * a reload fail, it is back in the configuration that is in force already.
 */
static GlobalConfig *
_get_persisting_config(ProxySource *self)
{
  GlobalConfig *cfg = log_pipe_get_config(&self->super.super.super);

  if (!cfg->persist)
    cfg = main_loop_get_current_config(main_loop_get_instance());
  return cfg->persist ? cfg : NULL;
}

static void
_save_sockets(ProxySource *self, GlobalConfig *cfg, OpenSockets *sockets)
{
  cfg_persist_config_add(cfg, _format_persist_name(&self->super.super.super), sockets, _open_sockets_free, FALSE);
}

static OpenSockets *
_fetch_sockets(ProxySource *self)
{
  return cfg_persist_config_fetch(log_pipe_get_config(&self->super.super.super),
                                  _format_persist_name(&self->super.super.super));
}

static void
_resume_connections(ProxySource *self, struct iv_list_head *connections)
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
_resume_pending(ProxySource *self, struct iv_list_head *pending)
{
  struct iv_list_head *current, *next;

  iv_list_for_each_safe (current, next, pending)
    {
      iv_list_del_init(current);
      _link_pending(self, iv_container_of(current, PendingConnection, list));
      pending_connection_resume(iv_container_of(current, PendingConnection, list), &self->header_limits, self);
    }
  _limit_pending(self);
}

/* Goes on with the connections that the driver before the reload had. Frees @sockets. */
static void
_take_connections_over(ProxySource *self, OpenSockets *sockets)
{
  if (self->keep_alive)
    {
      dynamic_window_balancer_start(&self->dynamic_window, sockets->dynamic_window_pool);
      sockets->dynamic_window_pool = NULL;
      _resume_connections(self, &sockets->connections);
      _resume_pending(self, &sockets->pending);
    }
  else
    dynamic_window_balancer_start(&self->dynamic_window, NULL);
  _open_sockets_free(sockets);
}

static gboolean
_is_same_address(GSockAddr *a, GSockAddr *b)
{
  return a->salen == b->salen && memcmp(&a->sa, &b->sa, a->salen) == 0;
}

/* Returns the listening socket, or -1. */
static gint
_open_listener(ProxySource *self, OpenSockets *sockets)
{
  LogDriver *driver = &self->super.super;

  if (!sockets || !_is_same_address(sockets->bind_addr, self->bind_addr))
    return listener_open(&self->listener, self->bind_addr, driver);
  if (!listener_reconfigure(&self->listener, sockets->listen_fd, self->bind_addr, driver))
    return -1;

  gint listen_fd = sockets->listen_fd;
  sockets->listen_fd = -1;
  return listen_fd;
}

/* Starts listening, with what was open before a reload if there is something. */
static gboolean
_open_sockets(ProxySource *self)
{
  OpenSockets *sockets = _fetch_sockets(self);
  gint listen_fd = _open_listener(self, sockets);

  if (listen_fd < 0)
    {
      /* for the configuration before this one, to which syslog-ng returns now */
      if (sockets)
        _save_sockets(self, log_pipe_get_config(&self->super.super.super), sockets);
      return FALSE;
    }

  if (sockets)
    _take_connections_over(self, sockets);
  else
    dynamic_window_balancer_start(&self->dynamic_window, NULL);
  acceptor_start(&self->acceptor, listen_fd);
  return TRUE;
}

/*****************************************************************************
 * Options
 *****************************************************************************/

static G_GNUC_PRINTF(2, 3) gboolean _set_error(GError **error, const gchar *format, ...)
{
  va_list arguments;

  va_start(arguments, format);
  *error = g_error_new_valist(g_quark_from_static_string("proxy-source"), 0, format, arguments);
  va_end(arguments);
  return FALSE;
}

ListenerOptions *
proxy_source_get_listener_options(LogDriver *s)
{
  return &((ProxySource *) s)->listener;
}

LogReaderOptions *
proxy_source_get_reader_options(LogDriver *s)
{
  return &((ProxySource *) s)->reader_options;
}

DynamicWindowBalancer *
proxy_source_get_dynamic_window(LogDriver *s)
{
  return &((ProxySource *) s)->dynamic_window;
}

gboolean
proxy_source_set_transport(LogDriver *s, const gchar *transport, GError **error)
{
  ProxySource *self = (ProxySource *) s;

  if (g_ascii_strcasecmp(transport, "tcp") != 0 && g_ascii_strcasecmp(transport, "proxied-tcp") != 0)
    return _set_error(error, "transport() takes \"tcp\", or \"proxied-tcp\", which is the same, not \"%s\"", transport);
  g_free(self->transport);
  self->transport = g_ascii_strdown(transport, -1);
  return TRUE;
}

void
proxy_source_set_keep_alive(LogDriver *s, gboolean keep_alive)
{
  ((ProxySource *) s)->keep_alive = keep_alive;
}

void
proxy_source_set_max_connections(LogDriver *s, gint max_connections)
{
  ((ProxySource *) s)->max_connections = max_connections;
}

gboolean
proxy_source_add_trusted_proxies(LogDriver *s, GList *networks, GError **error)
{
  ProxySource *self = (ProxySource *) s;
  gboolean success = networks || _set_error(error, "trusted-proxies() needs an address or a network");

  if (!self->trusted_proxies)
    self->trusted_proxies = trusted_proxies_new();
  for (GList *l = networks; l && success; l = l->next)
    success = trusted_proxies_add(self->trusted_proxies, l->data, error);
  g_list_free_full(networks, free);
  return success;
}

gboolean
proxy_source_set_untrusted_peers(LogDriver *s, const gchar *policy, GError **error)
{
  ProxySource *self = (ProxySource *) s;

  self->serve_untrusted_peers = g_str_equal(policy, "direct");
  return self->serve_untrusted_peers || g_str_equal(policy, "reject")
         || _set_error(error, "untrusted-peers() takes \"reject\" or \"direct\", not \"%s\"", policy);
}

void
proxy_source_set_header_timeout(LogDriver *s, gint seconds)
{
  ((ProxySource *) s)->header_timeout = seconds;
}

void
proxy_source_set_max_pending_headers(LogDriver *s, gint max_pending_headers)
{
  ((ProxySource *) s)->max_pending_headers = max_pending_headers;
}

void
proxy_source_set_max_header_size(LogDriver *s, gsize bytes)
{
  ((ProxySource *) s)->header_limits.v2_max = bytes;
}

gboolean
proxy_source_set_protocol_version(LogDriver *s, const gchar *version, GError **error)
{
  ProxySource *self = (ProxySource *) s;
  gboolean is_any = g_str_equal(version, "any");

  self->header_limits.v1 = is_any || g_str_equal(version, "v1");
  self->header_limits.v2 = is_any || g_str_equal(version, "v2");
  return self->header_limits.v1 || self->header_limits.v2
         || _set_error(error, "protocol-version() takes \"any\", \"v1\" or \"v2\", not \"%s\"", version);
}

gboolean
proxy_source_set_source_address(LogDriver *s, const gchar *whose, GError **error)
{
  ProxySource *self = (ProxySource *) s;

  self->source_is_client = g_str_equal(whose, "client");
  return self->source_is_client || g_str_equal(whose, "proxy")
         || _set_error(error, "source-address() takes \"client\" or \"proxy\", not \"%s\"", whose);
}

gboolean
proxy_source_set_macro_prefix(LogDriver *s, const gchar *prefix, GError **error)
{
  return proxy_macro_names_init(&((ProxySource *) s)->macro_names, prefix, error);
}

gboolean
proxy_source_validate(LogDriver *s, GError **error)
{
  ProxySource *self = (ProxySource *) s;

  if (self->serve_untrusted_peers && !self->trusted_proxies)
    return _set_error(error, "untrusted-peers(\"direct\") needs trusted-proxies(): without it nobody is untrusted");
  return listener_options_validate(&self->listener, error);
}

/* As network(): every connection gets the same share of the dynamic window. */
static void
_adjust_dynamic_window_size(ProxySource *self)
{
  gsize *size = &self->dynamic_window.size;
  gsize remainder = *size % self->max_connections;

  if (remainder > 0)
    {
      gsize adjusted = *size + self->max_connections - remainder;

      msg_warning("WARNING: dynamic-window-size() is not a multiple of max-connections(), using the next one that is",
                  evt_tag_long("dynamic_window_size", *size),
                  evt_tag_long("adjusted", adjusted),
                  DRIVER_TAGS(&self->super.super));
      *size = adjusted;
    }
  if (*size / self->max_connections < 10)
    msg_warning("WARNING: dynamic-window-size() should be at least 10 times max-connections() to be of use",
                evt_tag_long("dynamic_window_size", *size),
                evt_tag_int("max_connections", self->max_connections),
                DRIVER_TAGS(&self->super.super));
}

/* As network(): the window of the driver is divided among the connections that it may have. */
static void
_setup_window_size(ProxySource *self, GlobalConfig *cfg)
{
  LogSourceOptions *options = &self->reader_options.super;
  gboolean is_dynamic = self->dynamic_window.size > 0;
  gint min_size = is_dynamic ? 1 : cfg->min_iw_size_per_reader;

  if (self->window_size_initialized)
    return;
  self->window_size_initialized = TRUE;

  if (is_dynamic)
    _adjust_dynamic_window_size(self);
  if (options->init_window_size == -1)
    options->init_window_size = is_dynamic ? self->max_connections * 10 : DEFAULT_WINDOW_SIZE;
  options->init_window_size /= self->max_connections;
  if (options->init_window_size >= min_size)
    return;

  msg_warning("log-iw-size() divided by max-connections() is too small, using the minimum. Make sure that "
              "log-fifo-size() of the destinations is large enough, or raise log-iw-size()",
              evt_tag_int("log_iw_size_per_connection", options->init_window_size),
              evt_tag_int("minimum", min_size),
              evt_tag_int("min_log_fifo_size", min_size * self->max_connections),
              DRIVER_TAGS(&self->super.super));
  options->init_window_size = min_size;
}

static void
_warn_about_trust(ProxySource *self)
{
  if (!self->trusted_proxies)
    msg_warning("WARNING: proxy-protocol() has no trusted-proxies(), so that anybody who can connect can claim "
                "any client address. List the addresses of the load balancers",
                DRIVER_TAGS(&self->super.super));
}

/*****************************************************************************
 * LogPipe
 *****************************************************************************/

static void
_setup_owner(ProxySource *self, GlobalConfig *cfg)
{
  self->as_owner = (ProxyConnectionOwner){
    .driver = &self->super,
    .reader_options = &self->reader_options,
    .proto_factory = log_proto_server_get_factory(&cfg->plugin_context, "text"),
    .macro_names = &self->macro_names,
    .transport = self->transport,
    .dynamic_window = &self->dynamic_window,
    .source_is_client = self->source_is_client,
    .closed = _on_connection_closed,
  };
}

static gboolean
_setup_reader_options(ProxySource *self, GlobalConfig *cfg)
{
  _setup_window_size(self, cfg);
  log_reader_options_init(&self->reader_options, cfg, self->super.super.group);
  if (self->reader_options.parse_options.format_handler)
    return TRUE;

  msg_error("Unknown format(), no such format plugin is found",
            evt_tag_str("format", self->reader_options.parse_options.format),
            DRIVER_TAGS(&self->super.super));
  return FALSE;
}

static gboolean
_init(LogPipe *s)
{
  ProxySource *self = (ProxySource *) s;
  GlobalConfig *cfg = log_pipe_get_config(s);
  gchar address[MAX_SOCKADDR_STRING];

  if (!log_src_driver_init_method(s) || !_setup_reader_options(self, cfg))
    return FALSE;

  _setup_owner(self, cfg);
  g_sockaddr_unref(self->bind_addr);
  self->bind_addr = listener_resolve_address(&self->listener, &self->super.super);
  if (!self->bind_addr)
    return FALSE;

  _warn_about_trust(self);
  proxy_counters_register(&self->counters, self->super.super.id, _format_persist_name(s));
  if (!_open_sockets(self))
    {
      proxy_counters_unregister(&self->counters, self->super.super.id, _format_persist_name(s));
      return FALSE;
    }
  msg_info("Accepting connections",
           evt_tag_str("addr", g_sockaddr_format(self->bind_addr, address, sizeof(address), GSA_FULL)),
           DRIVER_TAGS(&self->super.super));
  return TRUE;
}

static gboolean
_deinit(LogPipe *s)
{
  ProxySource *self = (ProxySource *) s;

  refusal_log_stop(&self->refusal_log);
  _suspend(self);

  OpenSockets *sockets = _release_sockets(self);
  GlobalConfig *persisting = self->keep_alive ? _get_persisting_config(self) : NULL;
  if (persisting)
    _save_sockets(self, persisting, sockets);
  else
    _open_sockets_free(sockets);

  proxy_counters_set(&self->counters, PROXY_COUNTER_CONNECTIONS, 0);
  proxy_counters_set(&self->counters, PROXY_COUNTER_PENDING_HEADERS, 0);
  proxy_counters_unregister(&self->counters, self->super.super.id, _format_persist_name(s));
  return log_src_driver_deinit_method(s);
}

static void
_free(LogPipe *s)
{
  ProxySource *self = (ProxySource *) s;

  listener_options_destroy(&self->listener);
  log_reader_options_destroy(&self->reader_options);
  trusted_proxies_free(self->trusted_proxies);
  proxy_macro_names_destroy(&self->macro_names);
  g_sockaddr_unref(self->bind_addr);
  g_free(self->transport);
  log_src_driver_free(s);
}

static gsize
_count_connections(LogDriver *s)
{
  return ((ProxySource *) s)->num_connections;
}

static void
_foreach_dynamic_source(void (*func)(LogSource *source), LogDriver *s)
{
  ProxySource *self = (ProxySource *) s;
  struct iv_list_head *current;

  iv_list_for_each (current, &self->connections)
    {
      LogSource *source = proxy_connection_get_source(iv_container_of(current, ProxyConnection, list));

      /* those from before a reload that turned the dynamic window on have none */
      if (log_source_is_dynamic_window_enabled(source))
        func(source);
    }
}

LogDriver *
proxy_source_new(GlobalConfig *cfg)
{
  ProxySource *self = g_new0(ProxySource, 1);

  log_src_driver_init_instance(&self->super, cfg);
  self->super.super.super.init = _init;
  self->super.super.super.deinit = _deinit;
  self->super.super.super.free_fn = _free;
  self->super.super.super.generate_persist_name = _format_persist_name;

  listener_options_defaults(&self->listener);
  log_reader_options_defaults(&self->reader_options);
  self->reader_options.super.stats_level = STATS_LEVEL1;
  self->reader_options.super.stats_source = stats_register_type("proxy-protocol");
  dynamic_window_balancer_init(&self->dynamic_window, &self->super.super, _count_connections, _foreach_dynamic_source);
  self->transport = g_strdup("tcp");
  self->keep_alive = TRUE;
  self->max_connections = DEFAULT_MAX_CONNECTIONS;
  self->header_timeout = DEFAULT_HEADER_TIMEOUT;
  self->max_pending_headers = DEFAULT_MAX_PENDING_HEADERS;
  self->header_limits = (ProxyHeaderLimits){ .v1 = TRUE, .v2 = TRUE, .v2_max = DEFAULT_MAX_HEADER_SIZE };
  self->source_is_client = TRUE;
  proxy_macro_names_init(&self->macro_names, DEFAULT_MACRO_PREFIX, NULL);

  acceptor_init(&self->acceptor, &self->super.super, _on_accepted);
  INIT_IV_LIST_HEAD(&self->connections);
  INIT_IV_LIST_HEAD(&self->pending);
  refusal_log_init(&self->refusal_log, &self->super.super);
  return &self->super.super;
}
