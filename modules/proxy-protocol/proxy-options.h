/*
 * Copyright (c) 2026 The syslog-ng-haproxy developers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * As an additional exemption you are allowed to compile & link against the
 * OpenSSL libraries as published by the OpenSSL project. See the file
 * COPYING for details.
 */

#ifndef PROXY_OPTIONS_H_INCLUDED
#define PROXY_OPTIONS_H_INCLUDED

#include "dynamic-window-balancer.h"
#include "framing.h"
#include "listener.h"
#include "proxy-header.h"
#include "proxy-macros.h"
#include "tls-options.h"
#include "trusted-proxies.h"

#include "logreader.h"

typedef enum
{
  TRANSPORT_TCP,
  /* the header in clear, then TLS */
  TRANSPORT_TLS,
  /* TLS, and the header inside */
  TRANSPORT_PROXIED_TLS,
  /* the header in each datagram */
  TRANSPORT_UDP,
} TransportKind;

/*
 * The options of proxy-protocol().
 *
 * The setters are for the grammar. Where one can fail it sets @error, a sentence
 * that says what to write instead.
 */
typedef struct _ProxyOptions
{
  ListenerOptions listener;
  LogReaderOptions reader;
  DynamicWindowOptions dynamic_window;
  /* in lower case */
  gchar *transport;
  TransportKind transport_kind;
  TlsOptions tls;
  Framing framing;
  /* the last option given that only a stream can have, of those that are not network()'s; or NULL */
  const gchar *stream_option;
  gboolean keep_alive;
  gint max_connections;
  /* NULL: anybody is trusted */
  TrustedProxies *trusted_proxies;
  gboolean serve_untrusted_peers;
  gint header_timeout;
  gint max_pending_headers;
  gboolean source_is_client;
  ProxyHeaderLimits header_limits;
  gboolean has_max_header_size;
  ProxyMacroNames macro_names;
} ProxyOptions;

/**
 * proxy_options_defaults()
 * @self: all zero
 */
void proxy_options_defaults(ProxyOptions *self);
void proxy_options_destroy(ProxyOptions *self);

gboolean proxy_options_set_transport(ProxyOptions *self, const gchar *transport, GError **error);
/* @timeout: in seconds */
void proxy_options_set_header_timeout(ProxyOptions *self, gint timeout);
void proxy_options_set_max_pending_headers(ProxyOptions *self, gint max);
gboolean proxy_options_set_framing(ProxyOptions *self, const gchar *framing, GError **error);

/* @networks: a list of strings, taken over; adds to those given before */
gboolean proxy_options_add_trusted_proxies(ProxyOptions *self, GList *networks, GError **error);
gboolean proxy_options_set_untrusted_peers(ProxyOptions *self, const gchar *policy, GError **error);
gboolean proxy_options_set_protocol_version(ProxyOptions *self, const gchar *version, GError **error);
/* @size: in bytes */
gboolean proxy_options_set_max_header_size(ProxyOptions *self, gint size, GError **error);
gboolean proxy_options_set_source_address(ProxyOptions *self, const gchar *whose, GError **error);
gboolean proxy_options_set_macro_prefix(ProxyOptions *self, const gchar *prefix, GError **error);

/**
 * proxy_options_validate() - do the options, now that all are set, make sense together?
 */
gboolean proxy_options_validate(const ProxyOptions *self, GError **error);

#endif
