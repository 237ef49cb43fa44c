/*
 * Copyright (c) 2026 The syslog-ng-haproxy developers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * As an additional exemption you are allowed to compile & link against the
 * OpenSSL libraries as published by the OpenSSL project. See the file
 * COPYING for details.
 */

#ifndef TRUSTED_PROXIES_H_INCLUDED
#define TRUSTED_PROXIES_H_INCLUDED

#include <glib.h>
#include <sys/socket.h>

/* The set of networks whose members may speak the PROXY protocol. */
typedef struct _TrustedProxies TrustedProxies;

/**
 * trusted_proxies_new() - an empty set, which contains nobody
 *
 * To be freed with trusted_proxies_free().
 */
TrustedProxies *trusted_proxies_new(void);

/* Takes NULL as well. */
void trusted_proxies_free(TrustedProxies *self);

/**
 * trusted_proxies_add() - add a network
 * @network: an IPv4 or IPv6 network in CIDR notation, or a single address
 * @error: set when FALSE is returned: @network is malformed
 */
gboolean trusted_proxies_add(TrustedProxies *self, const gchar *network, GError **error);

/**
 * trusted_proxies_contain() - is the peer a member of one of the networks?
 * @peer: an IPv4 or IPv6 address; an IPv4 address mapped into IPv6, as a dual
 *   stack socket reports it, counts as the IPv4 address
 */
gboolean trusted_proxies_contain(const TrustedProxies *self, const struct sockaddr *peer);

#endif
