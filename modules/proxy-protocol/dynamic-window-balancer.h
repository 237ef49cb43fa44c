/*
 * Copyright (c) 2026 The syslog-ng-haproxy developers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * As an additional exemption you are allowed to compile & link against the
 * OpenSSL libraries as published by the OpenSSL project. See the file
 * COPYING for details.
 */

#ifndef DYNAMIC_WINDOW_BALANCER_H_INCLUDED
#define DYNAMIC_WINDOW_BALANCER_H_INCLUDED

#include "driver.h"
#include "dynamic-window-pool.h"
#include "logsource.h"

#include <iv.h>

/* The options of the same names; a size of 0 is none: the window of a connection is fixed. */
typedef struct _DynamicWindowOptions
{
  gsize size;
  gdouble stats_freq;
  gint realloc_ticks;
} DynamicWindowOptions;

/* network()'s defaults: no dynamic window */
void dynamic_window_options_defaults(DynamicWindowOptions *self);

/*
 * Shares dynamic-window-size() out evenly among the connections of a driver, at
 * intervals, as network() does it.
 */
typedef struct _DynamicWindowBalancer
{
  /* NULL while there is no dynamic window */
  DynamicWindowPool *pool;

  /*< private >*/
  struct iv_timer timer;
  gint tick;
  gboolean is_exhausted;
  const DynamicWindowOptions *options;
  LogDriver *driver;
  gsize (*count_connections)(gpointer owner);
  void (*foreach_source)(void (*func)(LogSource *source), gpointer owner);
  gpointer owner;
} DynamicWindowBalancer;

/**
 * dynamic_window_balancer_init()
 * @options: outlives the balancer
 * @driver: for its name and location in the log; not referenced
 * @count_connections: how many there are, of @owner
 * @foreach_source: calls a function for the LogSource of each that has a dynamic window
 */
void dynamic_window_balancer_init(DynamicWindowBalancer *self, const DynamicWindowOptions *options, LogDriver *driver,
                                  gsize (*count_connections)(gpointer owner),
                                  void (*foreach_source)(void (*func)(LogSource *source), gpointer owner),
                                  gpointer owner);

/**
 * dynamic_window_balancer_start()
 * @pool: the pool before a reload, taken over; NULL for a new one
 */
void dynamic_window_balancer_start(DynamicWindowBalancer *self, DynamicWindowPool *pool);

/**
 * dynamic_window_balancer_stop() - returns the pool, for the caller to keep or unref; it may be NULL
 */
DynamicWindowPool *dynamic_window_balancer_stop(DynamicWindowBalancer *self);

#endif
