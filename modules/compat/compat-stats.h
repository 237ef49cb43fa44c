/*
 * Copyright (c) 2026 The syslog-ng-haproxy developers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * As an additional exemption you are allowed to compile & link against the
 * OpenSSL libraries as published by the OpenSSL project. See the file
 * COPYING for details.
 */

#ifndef COMPAT_STATS_H_INCLUDED
#define COMPAT_STATS_H_INCLUDED

#include "stats/stats-counter.h"

/* What is counted. */
typedef struct _CompatCounterName
{
  /* in the statistics that all versions have */
  const gchar *name;
  /* in "stats prometheus": the metric, and the label that tells those of one metric apart, or NULL */
  const gchar *metric;
  const gchar *label;
  const gchar *label_value;
} CompatCounterName;

/* Who counts. */
typedef struct _CompatCounterOwner
{
  /* name of the source driver */
  const gchar *driver;
  /* the driver's id in the configuration */
  const gchar *id;
  /* tells drivers of the same id apart */
  const gchar *instance;
} CompatCounterOwner;

/**
 * compat_stats_register_source_counter() - a single value of a source driver, at stats-level(0)
 * @counter: receives the counter, with the value it had before if it was registered before
 */
void compat_stats_register_source_counter(const CompatCounterOwner *owner, const CompatCounterName *name,
                                          StatsCounterItem **counter);

/* Takes what was given to compat_stats_register_source_counter(), and sets @counter to NULL. */
void compat_stats_unregister_source_counter(const CompatCounterOwner *owner, const CompatCounterName *name,
                                            StatsCounterItem **counter);

#endif
