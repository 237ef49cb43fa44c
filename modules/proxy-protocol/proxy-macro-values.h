/*
 * Copyright (c) 2026 The syslog-ng-haproxy developers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * As an additional exemption you are allowed to compile & link against the
 * OpenSSL libraries as published by the OpenSSL project. See the file
 * COPYING for details.
 */

#ifndef PROXY_MACRO_VALUES_H_INCLUDED
#define PROXY_MACRO_VALUES_H_INCLUDED

#include "proxy-header.h"

/* What a header can say of a connection: each is a name-value pair of its messages. */
typedef enum
{
  PROXY_MACRO_SRCIP,
  PROXY_MACRO_SRCPORT,
  PROXY_MACRO_DSTIP,
  PROXY_MACRO_DSTPORT,
  PROXY_MACRO_SRCPATH,
  PROXY_MACRO_DSTPATH,
  PROXY_MACRO_IP_VERSION,
  PROXY_MACRO_VERSION,
  PROXY_MACRO_PEERIP,
  PROXY_MACRO_PEERPORT,
  PROXY_MACRO_ALPN,
  PROXY_MACRO_AUTHORITY,
  PROXY_MACRO_UNIQUE_ID,
  PROXY_MACRO_NETNS,
  PROXY_MACRO_SSL_VERSION,
  PROXY_MACRO_SSL_CN,
  PROXY_MACRO_SSL_CIPHER,
  PROXY_MACRO_SSL_SIG_ALG,
  PROXY_MACRO_SSL_KEY_ALG,
  PROXY_MACRO_SSL_GROUP,
  PROXY_MACRO_SSL_SIG_SCHEME,
  PROXY_MACRO_SSL_VERIFIED,
  PROXY_MACRO_AWS_VPCE_ID,
  PROXY_MACRO_AZURE_LINKID,
  PROXY_MACRO_GCP_PSC_ID,
  /* from here on: TLVs of other types, the type added */
  PROXY_MACRO_TLV,
  PROXY_MACRO_COUNT = PROXY_MACRO_TLV + 256,
} ProxyMacro;

/* The macros of one connection as text. Thousands of connections may be open: this is one small block. */
typedef struct _ProxyMacroValues
{
  /* no two of the process have the same; 0: may be renewed */
  guint64 serial;
  guint16 count;
  /* the ProxyMacros; behind them their values in the same order, each with its NUL */
  guint16 macros[];
} ProxyMacroValues;

/**
 * proxy_macro_values_new() - format what a header says
 * @header: a valid header
 * @peer: the proxy's own end of the connection, AF_INET or AF_INET6
 *
 * To be freed with g_free(). NULL where the header gives no addresses: the
 * messages of such a connection have no macros. To be called by the main thread.
 */
ProxyMacroValues *proxy_macro_values_new(const ProxyHeader *header, const struct sockaddr *peer);

/**
 * proxy_macro_values_renew() - as proxy_macro_values_new(), for values that one message has
 * @self: from the last call, taken over; or NULL
 * @header: NULL for a message without one
 *
 * May be called in any thread.
 */
ProxyMacroValues *proxy_macro_values_renew(ProxyMacroValues *self, const ProxyHeader *header,
                                           const struct sockaddr *peer);

/* The first of the values; the next stands behind its NUL. */
static inline const gchar *
proxy_macro_values_get_text(const ProxyMacroValues *self)
{
  return (const gchar *) &self->macros[self->count];
}

#endif
