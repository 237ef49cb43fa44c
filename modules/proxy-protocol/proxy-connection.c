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

#include "client-address.h"
#include "compat-logpipe.h"
#include "compat-logproto-options.h"
#include "compat-logreader.h"
#include "compat-transport.h"
#include "formatted-address.h"

static GSockAddr *
_get_source_addr(ProxyConnection *self)
{
  return self->owner->source_is_client ? self->client_addr : self->peer_addr;
}

static gboolean
_has_formatted_addr(ProxyConnection *self)
{
  return self->super.reader->peer_addr != _get_source_addr(self);
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
  if (msg->saddr != self->super.reader->peer_addr)
    return;
  if (_has_formatted_addr(self))
    log_msg_set_saddr(msg, source_addr);
  else if (!self->owner->reader_options->super.host_resolve_options.use_dns_cache)
    log_reader_set_peer_addr(self->super.reader, formatted_address_new(source_addr));
}

static void
_unset_reader_addr(ProxyConnection *self)
{
  GSockAddr *formatted_addr = _has_formatted_addr(self) ? self->super.reader->peer_addr : NULL;

  log_reader_set_peer_addr(self->super.reader, NULL);
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

static gboolean
_init(LogPipe *s)
{
  ProxyConnection *self = (ProxyConnection *) s;
  const ProxyConnectionOwner *owner = self->owner;
  LogReader *reader = self->super.reader;

  log_reader_set_peer_addr(reader, _get_source_addr(self));
  reader_pipe_set_options(
    &self->super, owner->reader_options, &owner->driver->super, owner->transport, self->peer_addr);
  log_proto_server_set_options(reader->proto, self->proto_options);
  return compat_log_reader_init(reader, self->data_is_there);
}

static gboolean
_deinit(LogPipe *s)
{
  ProxyConnection *self = (ProxyConnection *) s;

  if (!log_pipe_deinit((LogPipe *) self->super.reader))
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
  compat_log_proto_options_unref(self->proto_options);
  g_free(self->macros);
  log_pipe_free_method(s);
}

ProxyConnection *
proxy_connection_new(const ProxyConnectionOwner *owner, gint fd, TLSSession *session, GSockAddr *peer_addr,
                     GSockAddr *local_addr, const ProxyHeader *header)
{
  GlobalConfig *cfg = log_pipe_get_config(&owner->driver->super.super);
  ProxyConnection *self = g_new0(ProxyConnection, 1);
  CompatStream stream = { .fd = fd, .session = session, .log = &self->super.as_read_log };
  LogProtoServer *proto = framing_factory_new_proto(&owner->framing, stream, owner->proto_options);

  if (!proto)
    {
      g_free(self);
      return NULL;
    }

  reader_pipe_init_instance(&self->super, cfg, proto, fd);
  self->super.super.init = _init;
  self->super.super.deinit = _deinit;
  self->super.super.queue = _queue;
  self->super.super.notify = _notify;
  self->super.super.free_fn = _free;
  INIT_IV_LIST_HEAD(&self->list);

  self->session = session;
  self->proto_options = compat_log_proto_options_ref(owner->proto_options);
  self->peer_addr = g_sockaddr_ref(peer_addr);
  self->client_addr = client_address_new(header, peer_addr);
  self->macros = header ? proxy_macro_values_new(header, &peer_addr->sa) : NULL;

  log_reader_set_local_addr(self->super.reader, local_addr);
  if (owner->dynamic_window->pool)
    log_source_enable_dynamic_window(&self->super.reader->super, owner->dynamic_window->pool);
  return self;
}

/* No poll tells of it. */
static gboolean
_has_data_in_tls(const ProxyConnection *self)
{
  return self->session && SSL_has_pending(self->session->ssl);
}

gboolean
proxy_connection_start(ProxyConnection *self, const ProxyConnectionOwner *owner, gboolean data_is_there)
{
  self->owner = owner;
  self->data_is_there = data_is_there || _has_data_in_tls(self);
  return reader_pipe_start(&self->super, &owner->driver->super);
}

void
proxy_connection_suspend(ProxyConnection *self)
{
  reader_pipe_suspend(&self->super);
}

void
proxy_connection_free(ProxyConnection *self)
{
  iv_list_del_init(&self->list);
  reader_pipe_free(&self->super);
}

GSockAddr *
proxy_connection_get_client_addr(ProxyConnection *self)
{
  return self->client_addr;
}

gint
proxy_connection_get_fd(ProxyConnection *self)
{
  return reader_pipe_get_fd(&self->super);
}

LogSource *
proxy_connection_get_source(ProxyConnection *self)
{
  return &self->super.reader->super;
}
