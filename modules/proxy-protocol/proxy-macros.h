/*
 * Copyright (c) 2026 The syslog-ng-haproxy developers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * As an additional exemption you are allowed to compile & link against the
 * OpenSSL libraries as published by the OpenSSL project. See the file
 * COPYING for details.
 */

#ifndef PROXY_MACROS_H_INCLUDED
#define PROXY_MACROS_H_INCLUDED

#include "proxy-macro-values.h"

#include "compat-logmsg.h"

/* The names of the macros under one prefix. */
typedef struct _ProxyMacroNames
{
  /* no two of the process have the same, and none has 0 */
  guint64 serial;
  gchar *prefix;
  /* whether they can be put into a message all at once */
  gboolean fit_into_block;
  NVHandle handles[PROXY_MACRO_TLV];
} ProxyMacroNames;

/**
 * proxy_macro_names_init() - look the names up
 * @prefix: stands in front of each
 * @error: set when FALSE is returned: a name is no possible or a reserved one
 *
 * To be called by the main thread. May be called again, with another prefix.
 */
gboolean proxy_macro_names_init(ProxyMacroNames *self, const gchar *prefix, GError **error);
void proxy_macro_names_destroy(ProxyMacroNames *self);

/**
 * proxy_macros_apply() - set the macros of a connection on a message
 * @names: those that the driver has now, after a reload perhaps others
 * @msg: a new message, which nobody else refers to yet
 */
void proxy_macros_apply(const ProxyMacroValues *values, const ProxyMacroNames *names, LogMessage *msg);

#endif
