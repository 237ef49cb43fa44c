/*
 * Copyright (c) 2026 The syslog-ng-haproxy developers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * As an additional exemption you are allowed to compile & link against the
 * OpenSSL libraries as published by the OpenSSL project. See the file
 * COPYING for details.
 */

#ifndef PROXY_COUNTERS_H_INCLUDED
#define PROXY_COUNTERS_H_INCLUDED

#include "proxy-header.h"

#include "stats/stats-counter.h"

/* What a driver counts, always: the counters are there at every stats-level(). */
typedef enum
{
  PROXY_COUNTER_ACCEPTED,
  PROXY_COUNTER_HEADERS_V1,
  PROXY_COUNTER_HEADERS_V2,
  PROXY_COUNTER_HEADERS_LOCAL,
  PROXY_COUNTER_REFUSED_UNTRUSTED,
  PROXY_COUNTER_REFUSED_MALFORMED,
  PROXY_COUNTER_REFUSED_HANDSHAKE,
  PROXY_COUNTER_REFUSED_TIMEOUT,
  PROXY_COUNTER_REFUSED_MAX_PENDING_HEADERS,
  PROXY_COUNTER_REFUSED_MAX_CONNECTIONS,
  /* these two are the present number, not a total */
  PROXY_COUNTER_CONNECTIONS,
  PROXY_COUNTER_PENDING_HEADERS,
  PROXY_COUNTER_COUNT,
} ProxyCounter;

typedef struct _ProxyCounters
{
  StatsCounterItem *items[PROXY_COUNTER_COUNT];
} ProxyCounters;

/**
 * proxy_counters_register() - make the counters visible in syslog-ng-ctl stats
 * @id: the driver's id
 * @instance: tells drivers of the same id apart
 */
void proxy_counters_register(ProxyCounters *self, const gchar *id, const gchar *instance);

/* The totals are kept for the next proxy_counters_register() under the same names. */
void proxy_counters_unregister(ProxyCounters *self, const gchar *id, const gchar *instance);

static inline void
proxy_counters_inc(ProxyCounters *self, ProxyCounter counter)
{
  stats_counter_inc(self->items[counter]);
}

/* Count a valid header, by its kind. */
void proxy_counters_inc_header(ProxyCounters *self, const ProxyHeader *header);

static inline void
proxy_counters_set(ProxyCounters *self, ProxyCounter counter, gsize value)
{
  stats_counter_set(self->items[counter], value);
}

#endif
