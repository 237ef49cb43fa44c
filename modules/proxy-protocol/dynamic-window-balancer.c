/*
 * Copyright (c) 2026 The syslog-ng-haproxy developers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * As an additional exemption you are allowed to compile & link against the
 * OpenSSL libraries as published by the OpenSSL project. See the file
 * COPYING for details.
 */

#include "dynamic-window-balancer.h"

#include "driver-tags.h"

#include "timeutils/misc.h"

#define DEFAULT_STATS_FREQ 1.0
#define DEFAULT_REALLOC_TICKS 5

static void
_schedule(DynamicWindowBalancer *self)
{
  iv_validate_now();
  self->timer.expires = iv_now;
  timespec_add_msec(&self->timer.expires, (glong) (self->options->stats_freq * 1000));
  iv_timer_register(&self->timer);
}

static void
_balance(DynamicWindowBalancer *self)
{
  gsize connections = self->count_connections(self->owner);
  gboolean was_exhausted = self->is_exhausted;

  if (connections == 0)
    return;
  self->is_exhausted = connections > self->pool->pool_size;
  if (!self->is_exhausted)
    self->pool->balanced_window = self->pool->pool_size / connections;
  else if (!was_exhausted)
    msg_info("There are more connections than dynamic-window-size(), new ones get the static window only",
             evt_tag_long("dynamic_window_size", self->pool->pool_size),
             evt_tag_long("connections", connections),
             DRIVER_TAGS(self->driver));
}

static void
_on_tick(void *s)
{
  DynamicWindowBalancer *self = (DynamicWindowBalancer *) s;

  if (self->tick >= self->options->realloc_ticks)
    {
      _balance(self);
      self->foreach_source(log_source_schedule_dynamic_window_realloc, self->owner);
      self->tick = 0;
    }
  else
    self->foreach_source(log_source_dynamic_window_update_statistics, self->owner);

  self->tick++;
  _schedule(self);
}

void
dynamic_window_options_defaults(DynamicWindowOptions *self)
{
  self->size = 0;
  self->stats_freq = DEFAULT_STATS_FREQ;
  self->realloc_ticks = DEFAULT_REALLOC_TICKS;
}

void
dynamic_window_balancer_init(DynamicWindowBalancer *self, const DynamicWindowOptions *options, LogDriver *driver,
                             gsize (*count_connections)(gpointer owner),
                             void (*foreach_source)(void (*func)(LogSource *source), gpointer owner), gpointer owner)
{
  self->options = options;
  self->driver = driver;
  self->count_connections = count_connections;
  self->foreach_source = foreach_source;
  self->owner = owner;
  self->pool = NULL;
  self->tick = 0;
  self->is_exhausted = FALSE;

  IV_TIMER_INIT(&self->timer);
  self->timer.cookie = self;
  self->timer.handler = _on_tick;
}

void
dynamic_window_balancer_start(DynamicWindowBalancer *self, DynamicWindowPool *pool)
{
  self->pool = pool;
  if (!self->pool && self->options->size > 0)
    {
      self->pool = dynamic_window_pool_new(self->options->size);
      dynamic_window_pool_init(self->pool);
    }
  if (self->pool)
    _schedule(self);
}

DynamicWindowPool *
dynamic_window_balancer_stop(DynamicWindowBalancer *self)
{
  DynamicWindowPool *pool = self->pool;

  if (iv_timer_registered(&self->timer))
    iv_timer_unregister(&self->timer);
  self->pool = NULL;
  return pool;
}
