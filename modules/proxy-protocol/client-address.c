/*
 * Copyright (c) 2026 The syslog-ng-haproxy developers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * As an additional exemption you are allowed to compile & link against the
 * OpenSSL libraries as published by the OpenSSL project. See the file
 * COPYING for details.
 */

#include "client-address.h"

#include <string.h>

/* Filters and templates know IPv4 clients by their IPv4 address, also those of a proxy that listens on IPv6. */
static GSockAddr *
_inet6_or_mapped_inet_new(struct sockaddr_in6 *in6)
{
  struct sockaddr_in in = { .sin_family = AF_INET, .sin_port = in6->sin6_port };

  if (!IN6_IS_ADDR_V4MAPPED(&in6->sin6_addr))
    return g_sockaddr_inet6_new2(in6);
  memcpy(&in.sin_addr, &in6->sin6_addr.s6_addr[12], sizeof(in.sin_addr));
  return g_sockaddr_inet_new2(&in);
}

GSockAddr *
client_address_new(const ProxyHeader *header, GSockAddr *peer_addr)
{
  ProxyAddress source = header ? header->source : (ProxyAddress){ .sa = { .sa_family = AF_UNSPEC } };

  switch (source.sa.sa_family)
    {
    case AF_INET:
      return g_sockaddr_inet_new2(&source.in);
    case AF_INET6:
      return _inet6_or_mapped_inet_new(&source.in6);
    default:
      return g_sockaddr_ref(peer_addr);
    }
}
