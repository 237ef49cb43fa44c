/*
 * Copyright (c) 2026 The syslog-ng-haproxy developers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * As an additional exemption you are allowed to compile & link against the
 * OpenSSL libraries as published by the OpenSSL project. See the file
 * COPYING for details.
 */

#include "haproxy-parser-parser.h"

#include "plugin-types.h"
#include "plugin.h"

#include <gmodule.h>

static Plugin haproxy_parser_plugins[] = {
  {
    .type = LL_CONTEXT_PARSER,
    .name = "haproxy-parser",
    .parser = &haproxy_parser_parser,
  },
};

G_MODULE_EXPORT gboolean haproxy_parser_module_init(PluginContext *context, CfgArgs *args);

gboolean
haproxy_parser_module_init(PluginContext *context, CfgArgs *args G_GNUC_UNUSED)
{
  plugin_register(context, haproxy_parser_plugins, G_N_ELEMENTS(haproxy_parser_plugins));
  return TRUE;
}

G_MODULE_EXPORT const ModuleInfo module_info = {
  .canonical_name = "haproxy-parser",
  .version = PACKAGE_VERSION,
  .description = "The haproxy-parser module provides haproxy-parser(), which splits the lines that HAProxy logs into "
                 "name-value pairs",
  .core_revision = SYSLOG_NG_SOURCE_REVISION,
  .plugins = haproxy_parser_plugins,
  .plugins_len = G_N_ELEMENTS(haproxy_parser_plugins),
};
