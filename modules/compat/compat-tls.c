/*
 * Copyright (c) 2026 The syslog-ng-haproxy developers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * As an additional exemption you are allowed to compile & link against the
 * OpenSSL libraries as published by the OpenSSL project. See the file
 * COPYING for details.
 */

#include "compat-tls.h"

#if HAVE_DECL_TLS_CONTEXT_SET_SSL_VERSION_BY_NAME

gboolean
compat_tls_context_set_ssl_version(TLSContext *context, const gchar *version, GError **error G_GNUC_UNUSED)
{
  return tls_context_set_ssl_version_by_name(context, (gchar *) version);
}

#else

gboolean
compat_tls_context_set_ssl_version(TLSContext *context G_GNUC_UNUSED, const gchar *version G_GNUC_UNUSED,
                                   GError **error G_GNUC_UNUSED)
{
  return FALSE;
}

#endif

#if HAVE_DECL_TLS_CONTEXT_SET_CONF_CMDS

gboolean
compat_tls_context_set_conf_cmds(TLSContext *context, GList *commands, GError **error)
{
  return tls_context_set_conf_cmds(context, commands, error);
}

#else

gboolean
compat_tls_context_set_conf_cmds(TLSContext *context G_GNUC_UNUSED, GList *commands, GError **error G_GNUC_UNUSED)
{
  g_list_free_full(commands, g_free);
  return FALSE;
}

#endif
