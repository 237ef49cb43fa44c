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

/**
 * compat_stats_register_source_counter() - a single value of a source driver, at stats-level(0)
 * @driver: name of the driver
 * @id: the driver's id in the configuration
 * @instance: tells drivers of the same id apart
 * @name: what is counted
 * @counter: receives the counter, with the value it had before if it was registered before
 */
void compat_stats_register_source_counter(const gchar *driver, const gchar *id, const gchar *instance,
                                          const gchar *name, StatsCounterItem **counter);

/* Takes what was given to compat_stats_register_source_counter(), and sets @counter to NULL. */
void compat_stats_unregister_source_counter(const gchar *driver, const gchar *id, const gchar *instance,
                                            const gchar *name, StatsCounterItem **counter);

#endif
