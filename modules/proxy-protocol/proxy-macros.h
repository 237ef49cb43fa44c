/*
 * Copyright (c) 2026 The syslog-ng-haproxy developers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * As an additional exemption you are allowed to compile & link against the
 * OpenSSL libraries as published by the OpenSSL project. See the file
 * COPYING for details.
 */

#ifndef PROXY_MACROS_H_INCLUDED
#define PROXY_MACROS_H_INCLUDED

#include "proxy-header.h"

#include "compat-logmsg.h"

#include "gsockaddr.h"

/* What a header can say of a connection: each is a name-value pair of its messages. */
typedef enum
{
  PROXY_MACRO_SRCIP,
  PROXY_MACRO_SRCPORT,
  PROXY_MACRO_DSTIP,
  PROXY_MACRO_DSTPORT,
  PROXY_MACRO_IP_VERSION,
  PROXY_MACRO_VERSION,
  PROXY_MACRO_PEERIP,
  PROXY_MACRO_PEERPORT,
  PROXY_MACRO_COUNT,
} ProxyMacro;

/* The handles of all macros under one prefix. */
typedef struct _ProxyMacroHandles
{
  NVHandle handles[PROXY_MACRO_COUNT];
} ProxyMacroHandles;

/* The macros of one connection, formatted. */
typedef struct _ProxyMacroValues ProxyMacroValues;

/**
 * proxy_macro_handles_init() - look the names of the macros up
 * @prefix: stands in front of each name
 * @error: set when FALSE is returned: a name is no possible or a reserved one
 */
gboolean proxy_macro_handles_init(ProxyMacroHandles *self, const gchar *prefix, GError **error);

/**
 * proxy_macro_values_new() - format what a header says
 * @header: a valid header
 * @peer: the proxy's own end of the connection
 *
 * To be freed with g_free(). NULL where the header gives no addresses: the
 * messages of such a connection have no macros. To be called by the main thread.
 */
ProxyMacroValues *proxy_macro_values_new(const ProxyHeader *header, const GSockAddr *peer);

/**
 * proxy_macro_values_apply() - set the macros on a message
 * @handles: the names that the driver has now, after a reload perhaps others
 * @msg: a new message, which nobody else refers to yet
 */
void proxy_macro_values_apply(const ProxyMacroValues *self, const ProxyMacroHandles *handles, LogMessage *msg);

#endif
