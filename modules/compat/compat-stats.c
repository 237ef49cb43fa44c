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

#define MAX_LABELS 3

typedef struct _CounterKey
{
  StatsClusterKey super;
#if HAVE_DECL_STATS_CLUSTER_SINGLE_KEY_ADD_LEGACY_ALIAS_WITH_NAME
  StatsClusterLabel labels[MAX_LABELS];
#endif
} CounterKey;

#if HAVE_DECL_STATS_CLUSTER_SINGLE_KEY_ADD_LEGACY_ALIAS_WITH_NAME

static void
_set_key(CounterKey *self, const CompatCounterOwner *owner, const CompatCounterName *name)
{
  gsize count = 0;

  self->labels[count++] = stats_cluster_label("id", owner->id);
  self->labels[count++] = stats_cluster_label("driver_instance", owner->instance);
  if (name->label)
    self->labels[count++] = stats_cluster_label(name->label, name->label_value);
  stats_cluster_single_key_set(&self->super, name->metric, self->labels, count);
  stats_cluster_single_key_add_legacy_alias_with_name(
    &self->super, stats_register_type(owner->driver) | SCS_SOURCE, owner->id, owner->instance, name->name);
}

#else

static void
_set_key(CounterKey *self, const CompatCounterOwner *owner, const CompatCounterName *name)
{
  stats_cluster_single_key_set_with_name(
    &self->super, stats_register_type(owner->driver) | SCS_SOURCE, owner->id, owner->instance, name->name);
}

#endif

void
compat_stats_register_source_counter(const CompatCounterOwner *owner, const CompatCounterName *name,
                                     StatsCounterItem **counter)
{
  CounterKey key;

  stats_lock();
  _set_key(&key, owner, name);
  stats_register_counter(0, &key.super, SC_TYPE_SINGLE_VALUE, counter);
  stats_unlock();
}

void
compat_stats_unregister_source_counter(const CompatCounterOwner *owner, const CompatCounterName *name,
                                       StatsCounterItem **counter)
{
  CounterKey key;

  stats_lock();
  _set_key(&key, owner, name);
  stats_unregister_counter(&key.super, SC_TYPE_SINGLE_VALUE, counter);
  stats_unlock();
}
