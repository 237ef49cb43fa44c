/*
 * Copyright (c) 2026 The syslog-ng-haproxy developers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * As an additional exemption you are allowed to compile & link against the
 * OpenSSL libraries as published by the OpenSSL project. See the file
 * COPYING for details.
 */

#include "proxy-protocol-parser.h"

#include "plugin-types.h"
#include "plugin.h"

#include <gmodule.h>

static Plugin proxy_protocol_plugins[] = {
  {
    .type = LL_CONTEXT_SOURCE,
    .name = "proxy-protocol",
    .parser = &proxy_protocol_parser,
  },
};

G_MODULE_EXPORT gboolean proxy_protocol_module_init(PluginContext *context, CfgArgs *args);

gboolean
proxy_protocol_module_init(PluginContext *context, CfgArgs *args G_GNUC_UNUSED)
{
  plugin_register(context, proxy_protocol_plugins, G_N_ELEMENTS(proxy_protocol_plugins));
  return TRUE;
}

G_MODULE_EXPORT const ModuleInfo module_info = {
  .canonical_name = "proxy-protocol",
  .version = PACKAGE_VERSION,
  .description = "The proxy-protocol module provides the proxy-protocol() source, which receives syslog messages from "
                 "load balancers that speak the PROXY protocol and knows the address of the original client",
  .core_revision = SYSLOG_NG_SOURCE_REVISION,
  .plugins = proxy_protocol_plugins,
  .plugins_len = G_N_ELEMENTS(proxy_protocol_plugins),
};
