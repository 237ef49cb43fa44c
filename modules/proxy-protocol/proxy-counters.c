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

static const gchar *const NAMES[PROXY_COUNTER_COUNT] = {
  [PROXY_COUNTER_ACCEPTED] = "accepted",
  [PROXY_COUNTER_HEADERS_V1] = "headers_v1",
  [PROXY_COUNTER_HEADERS_V2] = "headers_v2",
  [PROXY_COUNTER_HEADERS_LOCAL] = "headers_local",
  [PROXY_COUNTER_REFUSED_UNTRUSTED] = "refused_untrusted",
  [PROXY_COUNTER_REFUSED_MALFORMED] = "refused_malformed",
  [PROXY_COUNTER_REFUSED_HANDSHAKE] = "refused_handshake",
  [PROXY_COUNTER_REFUSED_TIMEOUT] = "refused_timeout",
  [PROXY_COUNTER_REFUSED_MAX_PENDING_HEADERS] = "refused_max_pending_headers",
  [PROXY_COUNTER_REFUSED_MAX_CONNECTIONS] = "refused_max_connections",
  [PROXY_COUNTER_CONNECTIONS] = "connections",
  [PROXY_COUNTER_PENDING_HEADERS] = "pending_headers",
};

void
proxy_counters_register(ProxyCounters *self, const gchar *id, const gchar *instance)
{
  for (gint i = 0; i < PROXY_COUNTER_COUNT; i++)
    compat_stats_register_source_counter("proxy-protocol", id, instance, NAMES[i], &self->items[i]);
}

void
proxy_counters_unregister(ProxyCounters *self, const gchar *id, const gchar *instance)
{
  for (gint i = 0; i < PROXY_COUNTER_COUNT; i++)
    compat_stats_unregister_source_counter("proxy-protocol", id, instance, NAMES[i], &self->items[i]);
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
