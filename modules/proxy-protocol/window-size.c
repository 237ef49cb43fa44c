/*
 * Copyright (c) 2026 The syslog-ng-haproxy developers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * As an additional exemption you are allowed to compile & link against the
 * OpenSSL libraries as published by the OpenSSL project. See the file
 * COPYING for details.
 */

#include "window-size.h"

#include "driver-tags.h"

#define DEFAULT_WINDOW_SIZE 1000

/* As network(): every connection gets the same share of the dynamic window. */
static void
_adjust_dynamic_window_size(ProxyOptions *self, LogDriver *driver)
{
  gsize *size = &self->dynamic_window.size;
  gsize remainder = *size % self->max_connections;

  if (remainder > 0)
    {
      gsize adjusted = *size + self->max_connections - remainder;

      msg_warning("WARNING: dynamic-window-size() is not a multiple of max-connections(), using the next one that is",
                  evt_tag_long("dynamic_window_size", *size),
                  evt_tag_long("adjusted", adjusted),
                  DRIVER_TAGS(driver));
      *size = adjusted;
    }
  if (*size / self->max_connections < 10)
    msg_warning("WARNING: dynamic-window-size() should be at least 10 times max-connections() to be of use",
                evt_tag_long("dynamic_window_size", *size),
                evt_tag_int("max_connections", self->max_connections),
                DRIVER_TAGS(driver));
}

void
window_size_divide(ProxyOptions *self, LogDriver *driver)
{
  LogSourceOptions *options = &self->reader.super;
  gboolean is_dynamic = self->dynamic_window.size > 0;
  gint min_size = is_dynamic ? 1 : log_pipe_get_config(&driver->super)->min_iw_size_per_reader;

  if (is_dynamic)
    _adjust_dynamic_window_size(self, driver);
  if (options->init_window_size == -1)
    options->init_window_size = is_dynamic ? self->max_connections * 10 : DEFAULT_WINDOW_SIZE;
  options->init_window_size /= self->max_connections;
  if (options->init_window_size >= min_size)
    return;

  msg_warning("log-iw-size() divided by max-connections() is too small, using the minimum. Make sure that "
              "log-fifo-size() of the destinations is large enough, or raise log-iw-size()",
              evt_tag_int("log_iw_size_per_connection", options->init_window_size),
              evt_tag_int("minimum", min_size),
              evt_tag_int("min_log_fifo_size", min_size * self->max_connections),
              DRIVER_TAGS(driver));
  options->init_window_size = min_size;
}
