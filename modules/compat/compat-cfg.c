/*
 * Copyright (c) 2026 The syslog-ng-haproxy developers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * As an additional exemption you are allowed to compile & link against the
 * OpenSSL libraries as published by the OpenSSL project. See the file
 * COPYING for details.
 */

#include "compat-cfg.h"

void
compat_cfg_persist_config_add(GlobalConfig *cfg, const gchar *name, gpointer value, GDestroyNotify destroy)
{
#if HAVE_CFG_PERSIST_CONFIG_FORCE
  cfg_persist_config_add(cfg, name, value, destroy, FALSE);
#else
  cfg_persist_config_add(cfg, name, value, destroy);
#endif
}
