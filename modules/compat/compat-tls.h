/*
 * Copyright (c) 2026 The syslog-ng-haproxy developers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * As an additional exemption you are allowed to compile & link against the
 * OpenSSL libraries as published by the OpenSSL project. See the file
 * COPYING for details.
 */

#ifndef COMPAT_TLS_H_INCLUDED
#define COMPAT_TLS_H_INCLUDED

#if HAVE_TRANSPORT_TLS_CONTEXT_H
#include "transport/tls-context.h"
#else
#include "tlscontext.h"
#endif

/**
 * compat_tls_context_set_ssl_version() - the lowest version of TLS to speak
 * Returns FALSE, as the others here, where syslog-ng does not know it, or none of them.
 */
gboolean compat_tls_context_set_ssl_version(TLSContext *context, const gchar *version, GError **error);

/**
 * compat_tls_context_set_conf_cmds() - what OpenSSL's configuration files can say (SSL_CONF_cmd(3))
 * @commands: names and values in turn, taken over
 */
gboolean compat_tls_context_set_conf_cmds(TLSContext *context, GList *commands, GError **error);

#endif
