/*
 * Copyright (c) 2026 The syslog-ng-haproxy developers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * As an additional exemption you are allowed to compile & link against the
 * OpenSSL libraries as published by the OpenSSL project. See the file
 * COPYING for details.
 */

#include "compat-stats.h"

#include "stats/stats-cluster-single.h"
#include "stats/stats-registry.h"

static void
_set_key(StatsClusterKey *key, const gchar *driver, const gchar *id, const gchar *instance, const gchar *name)
{
  stats_cluster_single_key_set_with_name(key, stats_register_type(driver) | SCS_SOURCE, id, instance, name);
}

void
compat_stats_register_source_counter(const gchar *driver, const gchar *id, const gchar *instance, const gchar *name,
                                     StatsCounterItem **counter)
{
  StatsClusterKey key;

  stats_lock();
  _set_key(&key, driver, id, instance, name);
  stats_register_counter(0, &key, SC_TYPE_SINGLE_VALUE, counter);
  stats_unlock();
}

void
compat_stats_unregister_source_counter(const gchar *driver, const gchar *id, const gchar *instance, const gchar *name,
                                       StatsCounterItem **counter)
{
  StatsClusterKey key;

  stats_lock();
  _set_key(&key, driver, id, instance, name);
  stats_unregister_counter(&key, SC_TYPE_SINGLE_VALUE, counter);
  stats_unlock();
}
