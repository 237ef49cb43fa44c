/*
 * Copyright (c) 2026 The syslog-ng-haproxy developers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * As an additional exemption you are allowed to compile & link against the
 * OpenSSL libraries as published by the OpenSSL project. See the file
 * COPYING for details.
 */

#include "bind-address.h"

#include <string.h>

gboolean
bind_address_is_any(GSockAddr *self)
{
  if (self->sa.sa_family == AF_INET)
    return g_sockaddr_inet_get_address(self).s_addr == htonl(INADDR_ANY);
  return IN6_IS_ADDR_UNSPECIFIED(g_sockaddr_inet6_get_address(self));
}

gboolean
bind_address_is_same(GSockAddr *self, GSockAddr *other)
{
  return self->salen == other->salen && memcmp(&self->sa, &other->sa, self->salen) == 0;
}
