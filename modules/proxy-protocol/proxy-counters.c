/*
 * Copyright (c) 2026 The syslog-ng-haproxy developers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * As an additional exemption you are allowed to compile & link against the
 * OpenSSL libraries as published by the OpenSSL project. See the file
 * COPYING for details.
 */

#include "proxy-counters.h"

#include "compat-stats.h"

#define HEADERS "proxy_protocol_headers_total", "type"
#define REFUSED "proxy_protocol_refused_connections_total", "reason"

static const CompatCounterName NAMES[PROXY_COUNTER_COUNT] = {
  [PROXY_COUNTER_ACCEPTED] = { "accepted", "proxy_protocol_accepted_connections_total", NULL, NULL },
  [PROXY_COUNTER_HEADERS_V1] = { "headers_v1", HEADERS, "v1" },
  [PROXY_COUNTER_HEADERS_V2] = { "headers_v2", HEADERS, "v2" },
  [PROXY_COUNTER_HEADERS_LOCAL] = { "headers_local", HEADERS, "local" },
  [PROXY_COUNTER_REFUSED_UNTRUSTED] = { "refused_untrusted", REFUSED, "untrusted" },
  [PROXY_COUNTER_REFUSED_MALFORMED] = { "refused_malformed", REFUSED, "malformed" },
  [PROXY_COUNTER_REFUSED_HANDSHAKE] = { "refused_handshake", REFUSED, "handshake" },
  [PROXY_COUNTER_REFUSED_TIMEOUT] = { "refused_timeout", REFUSED, "timeout" },
  [PROXY_COUNTER_REFUSED_MAX_PENDING_HEADERS] = { "refused_max_pending_headers", REFUSED, "max_pending_headers" },
  [PROXY_COUNTER_REFUSED_MAX_CONNECTIONS] = { "refused_max_connections", REFUSED, "max_connections" },
  [PROXY_COUNTER_CONNECTIONS] = { "connections", "proxy_protocol_connections", NULL, NULL },
  [PROXY_COUNTER_PENDING_HEADERS] = { "pending_headers", "proxy_protocol_pending_headers", NULL, NULL },
};

static CompatCounterOwner
_owner(const gchar *id, const gchar *instance)
{
  return (CompatCounterOwner){ .driver = "proxy-protocol", .id = id, .instance = instance };
}

void
proxy_counters_register(ProxyCounters *self, const gchar *id, const gchar *instance)
{
  CompatCounterOwner owner = _owner(id, instance);

  for (gint i = 0; i < PROXY_COUNTER_COUNT; i++)
    compat_stats_register_source_counter(&owner, &NAMES[i], &self->items[i]);
}

void
proxy_counters_unregister(ProxyCounters *self, const gchar *id, const gchar *instance)
{
  CompatCounterOwner owner = _owner(id, instance);

  for (gint i = 0; i < PROXY_COUNTER_COUNT; i++)
    compat_stats_unregister_source_counter(&owner, &NAMES[i], &self->items[i]);
}

static ProxyCounter
_counter_of_header(const ProxyHeader *header)
{
  if (header->version == 1)
    return PROXY_COUNTER_HEADERS_V1;
  return header->is_local ? PROXY_COUNTER_HEADERS_LOCAL : PROXY_COUNTER_HEADERS_V2;
}

void
proxy_counters_inc_header(ProxyCounters *self, const ProxyHeader *header)
{
  proxy_counters_inc(self, _counter_of_header(header));
}
