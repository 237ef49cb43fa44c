/*
 * Copyright (c) 2026 The syslog-ng-haproxy developers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * As an additional exemption you are allowed to compile & link against the
 * OpenSSL libraries as published by the OpenSSL project. See the file
 * COPYING for details.
 */

#include "kept-over-reload.h"

#include "compat-cfg.h"
#include "mainloop.h"

/*
 * What keeps things over a reload, or NULL at the end. When another driver makes
 * a reload fail, it is back in the configuration that is in force already.
 */
static GlobalConfig *
_get_persisting_config(LogDriver *driver)
{
  GlobalConfig *cfg = log_pipe_get_config(&driver->super);

  if (!cfg->persist)
    cfg = main_loop_get_current_config(main_loop_get_instance());
  return cfg->persist ? cfg : NULL;
}

static gchar *
_format_name(LogDriver *driver, const gchar *what)
{
  return g_strdup_printf("%s;%s", log_pipe_get_persist_name(&driver->super), what);
}

void
kept_over_reload_put(LogDriver *driver, const gchar *what, gpointer value, GDestroyNotify free_value)
{
  GlobalConfig *cfg = _get_persisting_config(driver);
  gchar *name = _format_name(driver, what);

  if (cfg)
    compat_cfg_persist_config_add(cfg, name, value, free_value);
  else
    free_value(value);
  g_free(name);
}

gpointer
kept_over_reload_take(LogDriver *driver, const gchar *what)
{
  gchar *name = _format_name(driver, what);
  gpointer value = cfg_persist_config_fetch(log_pipe_get_config(&driver->super), name);

  g_free(name);
  return value;
}
