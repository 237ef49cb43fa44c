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

#include "compat-msgformat.h"
#include "datagram-server.h"
#include "driver-tags.h"
#include "proxy-counters.h"
#include "refusal-log.h"
#include "stream-server.h"
#include "window-size.h"

#include "secret-storage.h"
#include "stats/stats-registry.h"

typedef struct _ProxySource
{
  LogSrcDriver super;
  ProxyOptions options;
  RoomyMsgFormat format;
  gboolean window_size_divided;
  GSockAddr *bind_addr;
  ProxyCounters counters;
  RefusalLog refusal_log;
  StreamServer stream_server;
  DatagramServer datagram_server;
  gboolean is_open;
} ProxySource;

static gboolean
_is_udp(const ProxySource *self)
{
  return self->options.transport_kind == TRANSPORT_UDP;
}

ProxyOptions *
proxy_source_get_options(LogDriver *s)
{
  return &((ProxySource *) s)->options;
}

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
               "proxy_protocol_sd.(%s,%s)",
               _is_udp(self) ? "dgram" : "stream",
               g_sockaddr_format(self->bind_addr, address, sizeof(address), GSA_FULL));
  return name;
}

static void
_warn_about_trust(ProxySource *self)
{
  if (!self->options.trusted_proxies)
    msg_warning("WARNING: proxy-protocol() has no trusted-proxies(), so that anybody who can connect can claim "
                "any client address. List the addresses of the load balancers",
                DRIVER_TAGS(&self->super.super));
}

static gboolean
_setup_reader_options(ProxySource *self, GlobalConfig *cfg)
{
  LogReaderOptions *options = &self->options.reader;

  if (!self->window_size_divided && !_is_udp(self))
    window_size_divide(&self->options, &self->super.super);
  self->window_size_divided = TRUE;

  log_reader_options_init(options, cfg, self->super.super.group);
  if (options->parse_options.format_handler)
    {
      compat_msg_format_options_make_room(&options->parse_options, &self->format);
      return TRUE;
    }

  msg_error("Unknown format(), no such format plugin is found",
            evt_tag_str("format", options->parse_options.format),
            DRIVER_TAGS(&self->super.super));
  return FALSE;
}

static gboolean
_resolve_bind_address(ProxySource *self)
{
  g_sockaddr_unref(self->bind_addr);
  self->bind_addr = listener_resolve_address(&self->options.listener, &self->super.super);
  return self->bind_addr != NULL;
}

/* Takes the port, and goes on with what was open before a reload. Datagrams are received from then on. */
static gboolean
_open(ProxySource *self)
{
  if (_is_udp(self))
    self->is_open = datagram_server_start(&self->datagram_server, self->bind_addr);
  else
    self->is_open = stream_server_open(&self->stream_server, self->bind_addr);
  return self->is_open;
}

static void
_close(ProxySource *self)
{
  if (self->is_open && _is_udp(self))
    datagram_server_stop(&self->datagram_server);
  else if (self->is_open)
    stream_server_stop(&self->stream_server);
  self->is_open = FALSE;
}

static gboolean
_serve(ProxySource *self)
{
  gchar address[MAX_SOCKADDR_STRING];

  if (!_is_udp(self) && !stream_server_listen(&self->stream_server))
    return FALSE;
  msg_info(_is_udp(self) ? "Receiving datagrams" : "Accepting connections",
           evt_tag_str("addr", g_sockaddr_format(self->bind_addr, address, sizeof(address), GSA_FULL)),
           DRIVER_TAGS(&self->super.super));
  return TRUE;
}

static TlsSetup
_setup_tls(ProxySource *self)
{
  static const SecretStorageSecretState states[] = {
    [TLS_SETUP_DONE] = SECRET_STORAGE_SUCCESS,
    [TLS_SETUP_FAILED] = SECRET_STORAGE_STATUS_FAILED,
    [TLS_SETUP_NEEDS_PASSWORD] = SECRET_STORAGE_STATUS_INVALID_PASSWORD,
  };
  TlsOptions *tls = &self->options.tls;
  TlsSetup setup = tls_options_setup(tls);
  const gchar *key_file = tls->context ? tls_context_get_key_file(tls->context) : NULL;

  if (key_file && secret_storage_contains_key(key_file))
    secret_storage_update_status(key_file, states[setup]);
  if (setup == TLS_SETUP_FAILED)
    msg_error("Error setting up TLS", evt_tag_str("keyfile", key_file), DRIVER_TAGS(&self->super.super));
  return setup;
}

static gboolean _wait_for_password(ProxySource *self);

static void
_on_password(Secret *secret G_GNUC_UNUSED, gpointer s)
{
  ProxySource *self = (ProxySource *) s;
  TlsSetup setup = _setup_tls(self);

  if (setup == TLS_SETUP_NEEDS_PASSWORD)
    _wait_for_password(self);
  else if (setup == TLS_SETUP_DONE)
    _serve(self);
}

/* As network(): what is open stays so, and others are served when somebody has told the password. */
static gboolean
_wait_for_password(ProxySource *self)
{
  const gchar *key_file = tls_context_get_key_file(self->options.tls.context);
  gboolean success = secret_storage_subscribe_for_key(key_file, _on_password, self);

  if (success)
    msg_info("Waiting for password", evt_tag_str("keyfile", key_file), DRIVER_TAGS(&self->super.super));
  else
    msg_error("Failed to subscribe for key", evt_tag_str("keyfile", key_file), DRIVER_TAGS(&self->super.super));
  return success;
}

static gboolean
_start(ProxySource *self)
{
  TlsSetup setup = _setup_tls(self);

  if (setup == TLS_SETUP_FAILED || !_open(self))
    return FALSE;
  if (setup == TLS_SETUP_NEEDS_PASSWORD ? _wait_for_password(self) : _serve(self))
    return TRUE;
  _close(self);
  return FALSE;
}

static void
_stop_waiting_for_password(ProxySource *self)
{
  if (self->options.tls.context && tls_context_get_key_file(self->options.tls.context))
    secret_storage_unsubscribe(tls_context_get_key_file(self->options.tls.context), _on_password, self);
}

static gboolean
_init(LogPipe *s)
{
  ProxySource *self = (ProxySource *) s;

  if (!log_src_driver_init_method(s) || !_setup_reader_options(self, log_pipe_get_config(s))
      || !_resolve_bind_address(self))
    return FALSE;

  _warn_about_trust(self);
  proxy_counters_register(&self->counters, self->super.super.id, _format_persist_name(s));
  refusal_log_start(&self->refusal_log);
  if (_start(self))
    return TRUE;

  refusal_log_stop(&self->refusal_log);
  proxy_counters_unregister(&self->counters, self->super.super.id, _format_persist_name(s));
  return FALSE;
}

static gboolean
_deinit(LogPipe *s)
{
  ProxySource *self = (ProxySource *) s;

  _stop_waiting_for_password(self);
  _close(self);
  refusal_log_stop(&self->refusal_log);
  proxy_counters_unregister(&self->counters, self->super.super.id, _format_persist_name(s));
  return log_src_driver_deinit_method(s);
}

static void
_free(LogPipe *s)
{
  ProxySource *self = (ProxySource *) s;

  stream_server_destroy(&self->stream_server);
  refusal_log_destroy(&self->refusal_log);
  proxy_options_destroy(&self->options);
  g_sockaddr_unref(self->bind_addr);
  log_src_driver_free(s);
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

  proxy_options_defaults(&self->options);
  self->options.reader.super.stats_level = STATS_LEVEL1;
  self->options.reader.super.stats_source = stats_register_type("proxy-protocol");
  refusal_log_init(&self->refusal_log, &self->super.super);
  stream_server_init(&self->stream_server, &self->super, &self->options, &self->counters, &self->refusal_log);
  datagram_server_init(&self->datagram_server, &self->super, &self->options, &self->counters, &self->refusal_log);
  return &self->super.super;
}
