/*
 * Copyright (c) 2026 The syslog-ng-haproxy developers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * As an additional exemption you are allowed to compile & link against the
 * OpenSSL libraries as published by the OpenSSL project. See the file
 * COPYING for details.
 */

#ifndef PROXY_SOURCE_H_INCLUDED
#define PROXY_SOURCE_H_INCLUDED

#include "driver.h"
#include "logreader.h"

#include "dynamic-window-balancer.h"
#include "listener.h"

/*
 * The proxy-protocol() source driver.
 *
 * The setters are for the grammar. Where one can fail it sets @error, a sentence
 * that says what to write instead.
 */

LogDriver *proxy_source_new(GlobalConfig *cfg);

/* The parts of the driver whose options the grammar sets itself. */
ListenerOptions *proxy_source_get_listener_options(LogDriver *s);
LogReaderOptions *proxy_source_get_reader_options(LogDriver *s);
DynamicWindowBalancer *proxy_source_get_dynamic_window(LogDriver *s);

gboolean proxy_source_set_transport(LogDriver *s, const gchar *transport, GError **error);
void proxy_source_set_keep_alive(LogDriver *s, gboolean keep_alive);
void proxy_source_set_max_connections(LogDriver *s, gint max_connections);

/* @networks: a list of strings, taken over; adds to those given before */
gboolean proxy_source_add_trusted_proxies(LogDriver *s, GList *networks, GError **error);
gboolean proxy_source_set_untrusted_peers(LogDriver *s, const gchar *policy, GError **error);
void proxy_source_set_header_timeout(LogDriver *s, gint seconds);
void proxy_source_set_max_pending_headers(LogDriver *s, gint max_pending_headers);
void proxy_source_set_max_header_size(LogDriver *s, gsize bytes);
gboolean proxy_source_set_protocol_version(LogDriver *s, const gchar *version, GError **error);
gboolean proxy_source_set_source_address(LogDriver *s, const gchar *whose, GError **error);
gboolean proxy_source_set_macro_prefix(LogDriver *s, const gchar *prefix, GError **error);

/**
 * proxy_source_validate() - do the options, now that all are set, make sense together?
 */
gboolean proxy_source_validate(LogDriver *s, GError **error);

#endif
