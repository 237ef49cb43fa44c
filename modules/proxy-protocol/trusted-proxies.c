/*
 * Copyright (c) 2026 The syslog-ng-haproxy developers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * As an additional exemption you are allowed to compile & link against the
 * OpenSSL libraries as published by the OpenSSL project. See the file
 * COPYING for details.
 */

#include "trusted-proxies.h"

#include <gio/gio.h>
#include <netinet/in.h>
#include <string.h>

struct _TrustedProxies
{
  GPtrArray *networks;
};

TrustedProxies *
trusted_proxies_new(void)
{
  TrustedProxies *self = g_new0(TrustedProxies, 1);

  self->networks = g_ptr_array_new_with_free_func(g_object_unref);
  return self;
}

void
trusted_proxies_free(TrustedProxies *self)
{
  if (!self)
    return;
  g_ptr_array_unref(self->networks);
  g_free(self);
}

static GQuark
_error_domain(void)
{
  return g_quark_from_static_string("trusted-proxies");
}

/* What GLib takes besides: zones, from 2.86 on; lengths with a sign or blanks in front, and "::/129" for "::/0". */
static gboolean
_is_strict(const gchar *network, GError **error)
{
  const gchar *slash = strchr(network, '/');

  if (strchr(network, '%'))
    {
      g_set_error(error, _error_domain(), 0, "a network has no zone");
      return FALSE;
    }
  return !slash || g_ascii_string_to_unsigned(slash + 1, 10, 0, 128, NULL, error);
}

/* The addresses of peers come here unmapped, so that it would match nobody. */
static gboolean
_is_v4_mapped(GInetAddressMask *mask)
{
  GInetAddress *address = g_inet_address_mask_get_address(mask);

  return g_inet_address_get_family(address) == G_SOCKET_FAMILY_IPV6
         && IN6_IS_ADDR_V4MAPPED((const struct in6_addr *) g_inet_address_to_bytes(address));
}

gboolean
trusted_proxies_add(TrustedProxies *self, const gchar *network, GError **error)
{
  GInetAddressMask *mask = _is_strict(network, error) ? g_inet_address_mask_new_from_string(network, error) : NULL;

  if (!mask)
    {
      g_prefix_error(error, "\"%s\" is neither a network such as 10.0.0.0/8 nor an IP address: ", network);
      return FALSE;
    }
  if (_is_v4_mapped(mask))
    {
      g_set_error(error,
                  _error_domain(),
                  0,
                  "\"%s\" is an IPv4 network mapped into IPv6: write the IPv4 network, which counts for both",
                  network);
      g_object_unref(mask);
      return FALSE;
    }
  g_ptr_array_add(self->networks, mask);
  return TRUE;
}

static GInetAddress *
_inet_address_new(const struct sockaddr *peer)
{
  if (peer->sa_family == AF_INET)
    return g_inet_address_new_from_bytes((const guint8 *) &((const struct sockaddr_in *) peer)->sin_addr,
                                         G_SOCKET_FAMILY_IPV4);

  const struct in6_addr *address = &((const struct sockaddr_in6 *) peer)->sin6_addr;
  if (IN6_IS_ADDR_V4MAPPED(address))
    return g_inet_address_new_from_bytes(&address->s6_addr[12], G_SOCKET_FAMILY_IPV4);
  return g_inet_address_new_from_bytes(address->s6_addr, G_SOCKET_FAMILY_IPV6);
}

gboolean
trusted_proxies_contain(const TrustedProxies *self, const struct sockaddr *peer)
{
  GInetAddress *address = _inet_address_new(peer);
  gboolean found = FALSE;

  for (guint i = 0; i < self->networks->len && !found; i++)
    found = g_inet_address_mask_matches(g_ptr_array_index(self->networks, i), address);

  g_object_unref(address);
  return found;
}
