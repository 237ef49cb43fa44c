/*
 * Copyright (c) 2026 The syslog-ng-haproxy developers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * As an additional exemption you are allowed to compile & link against the
 * OpenSSL libraries as published by the OpenSSL project. See the file
 * COPYING for details.
 */

#include "proxy-connection.h"

#include "compat-logpipe.h"
#include "compat-logreader.h"
#include "formatted-address.h"
#include "poll-fd-events.h"
#include "stats/stats-registry.h"

#include <string.h>

/* from which on LogSource counts the window of each connection */
#define WINDOW_STATS_LEVEL 4

static GSockAddr *
_get_source_addr(ProxyConnection *self)
{
  return self->owner->source_is_client ? self->client_addr : self->peer_addr;
}

static gboolean
_has_formatted_addr(ProxyConnection *self)
{
  return self->reader->peer_addr != _get_source_addr(self);
}

/*
 * The reader gets an address that knows its text with the first message, which not
 * all connections send, and messages get the real one back.  Where there is a DNS
 * cache the text comes out of that.
 */
static void
_spare_formatting(ProxyConnection *self, LogMessage *msg)
{
  GSockAddr *source_addr = _get_source_addr(self);

  /* flags(ignore-aux-data) */
  if (msg->saddr != self->reader->peer_addr)
    return;
  if (_has_formatted_addr(self))
    log_msg_set_saddr(msg, source_addr);
  else if (!self->owner->reader_options->super.host_resolve_options.use_dns_cache)
    log_reader_set_peer_addr(self->reader, formatted_address_new(source_addr));
}

static void
_unset_reader_addr(ProxyConnection *self)
{
  GSockAddr *formatted_addr = _has_formatted_addr(self) ? self->reader->peer_addr : NULL;

  log_reader_set_peer_addr(self->reader, NULL);
  g_free(formatted_addr);
}

static void
_queue(LogPipe *s, LogMessage *msg, const LogPathOptions *path_options)
{
  ProxyConnection *self = (ProxyConnection *) s;

  _spare_formatting(self, msg);
  if (self->macros)
    proxy_macros_apply(self->macros, self->owner->macro_names, msg);
  log_pipe_forward_msg(s, msg, path_options);
}

static CompatNotifyResult
_notify(LogPipe *s, gint notify_code, gpointer user_data G_GNUC_UNUSED)
{
  ProxyConnection *self = (ProxyConnection *) s;

  if (notify_code == NC_CLOSE || notify_code == NC_READ_ERROR)
    self->owner->closed(self);
  return COMPAT_NOTIFY_DONE;
}

/* Tells the window counters of the connections apart; without those it would be for nobody. */
static void
_set_reader_name(ProxyConnection *self)
{
  gchar peer[MAX_SOCKADDR_STRING];
  gchar name[2 * MAX_SOCKADDR_STRING];

  if (!stats_check_level(WINDOW_STATS_LEVEL))
    return;
  g_sockaddr_format(self->peer_addr, peer, sizeof(peer), GSA_FULL);
  g_snprintf(name, sizeof(name), "%s,%s", self->owner->transport, peer);
  log_reader_set_name(self->reader, name);
}

static gboolean
_init(LogPipe *s)
{
  ProxyConnection *self = (ProxyConnection *) s;
  const ProxyConnectionOwner *owner = self->owner;

  log_reader_set_peer_addr(self->reader, _get_source_addr(self));
  compat_log_reader_set_options(
    self->reader, s, owner->reader_options, owner->driver->super.id, owner->transport, self->peer_addr);
  _set_reader_name(self);
  return compat_log_reader_init(self->reader, self->data_is_there);
}

static gboolean
_deinit(LogPipe *s)
{
  ProxyConnection *self = (ProxyConnection *) s;

  if (!log_pipe_deinit((LogPipe *) self->reader))
    return FALSE;
  _unset_reader_addr(self);
  return TRUE;
}

static void
_free(LogPipe *s)
{
  ProxyConnection *self = (ProxyConnection *) s;

  g_sockaddr_unref(self->peer_addr);
  g_sockaddr_unref(self->client_addr);
  g_free(self->macros);
  log_pipe_free_method(s);
}

/* Filters and templates know IPv4 clients by their IPv4 address, also those of a proxy that listens on IPv6. */
static GSockAddr *
_inet6_or_mapped_inet_new(struct sockaddr_in6 *in6)
{
  struct sockaddr_in in = { .sin_family = AF_INET, .sin_port = in6->sin6_port };

  if (!IN6_IS_ADDR_V4MAPPED(&in6->sin6_addr))
    return g_sockaddr_inet6_new2(in6);
  memcpy(&in.sin_addr, &in6->sin6_addr.s6_addr[12], sizeof(in.sin_addr));
  return g_sockaddr_inet_new2(&in);
}

GSockAddr *
proxy_connection_client_addr_new(const ProxyHeader *header, GSockAddr *peer_addr)
{
  ProxyAddress source = header ? header->source : (ProxyAddress){ .sa = { .sa_family = AF_UNSPEC } };

  switch (source.sa.sa_family)
    {
    case AF_INET:
      return g_sockaddr_inet_new2(&source.in);
    case AF_INET6:
      return _inet6_or_mapped_inet_new(&source.in6);
    default:
      return g_sockaddr_ref(peer_addr);
    }
}

ProxyConnection *
proxy_connection_new(const ProxyConnectionOwner *owner, gint fd, TLSSession *session, GSockAddr *peer_addr,
                     GSockAddr *local_addr, const ProxyHeader *header)
{
  GlobalConfig *cfg = log_pipe_get_config(&owner->driver->super.super);
  LogProtoServer *proto = framing_factory_new_proto(&owner->framing,
                                                    (CompatStream){ .fd = fd, .session = session },
                                                    compat_log_reader_options_get_proto_options(owner->reader_options));

  if (!proto)
    return NULL;

  ProxyConnection *self = g_new0(ProxyConnection, 1);
  log_pipe_init_instance(&self->super, cfg);
  self->super.init = _init;
  self->super.deinit = _deinit;
  self->super.queue = _queue;
  self->super.notify = _notify;
  self->super.free_fn = _free;
  INIT_IV_LIST_HEAD(&self->list);

  self->peer_addr = g_sockaddr_ref(peer_addr);
  self->client_addr = proxy_connection_client_addr_new(header, peer_addr);
  self->macros = header ? proxy_macro_values_new(header, &peer_addr->sa) : NULL;

  self->reader = log_reader_new(cfg);
  log_reader_open(self->reader, proto, poll_fd_events_new(fd));
  log_reader_set_local_addr(self->reader, local_addr);
  log_pipe_append((LogPipe *) self->reader, &self->super);
  if (owner->dynamic_window->pool)
    log_source_enable_dynamic_window(&self->reader->super, owner->dynamic_window->pool);
  return self;
}

gboolean
proxy_connection_start(ProxyConnection *self, const ProxyConnectionOwner *owner, gboolean data_is_there)
{
  LogPipe *driver = &owner->driver->super.super;

  self->owner = owner;
  self->super.expr_node = driver->expr_node;
  compat_log_pipe_inherit_options(&self->super, driver);
  log_pipe_set_config(&self->super, log_pipe_get_config(driver));
  log_pipe_set_config((LogPipe *) self->reader, log_pipe_get_config(driver));
  log_pipe_append(&self->super, driver);
  self->data_is_there = data_is_there;
  return log_pipe_init(&self->super);
}

void
proxy_connection_suspend(ProxyConnection *self)
{
  log_pipe_deinit(&self->super);
}

void
proxy_connection_free(ProxyConnection *self)
{
  if (self->super.flags & PIF_INITIALIZED)
    {
      log_reader_close_proto(self->reader);
      log_pipe_deinit(&self->super);
    }
  iv_list_del_init(&self->list);

  /* the reader refers to us as its control pipe: this breaks the circle */
  log_pipe_unref((LogPipe *) self->reader);
  self->reader = NULL;
  log_pipe_unref(&self->super);
}

GSockAddr *
proxy_connection_get_client_addr(ProxyConnection *self)
{
  return self->client_addr;
}

gint
proxy_connection_get_fd(ProxyConnection *self)
{
  return log_proto_server_get_fd(self->reader->proto);
}

LogSource *
proxy_connection_get_source(ProxyConnection *self)
{
  return &self->reader->super;
}
