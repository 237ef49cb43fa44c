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

/* As GLib has it, which takes an object to compare with: each datagram comes by here. */
typedef struct _Network
{
  sa_family_t family;
  guint8 bytes[sizeof(struct in6_addr)];
  guint prefix_length;
} Network;

struct _TrustedProxies
{
  GArray *networks;
};

TrustedProxies *
trusted_proxies_new(void)
{
  TrustedProxies *self = g_new0(TrustedProxies, 1);

  self->networks = g_array_new(FALSE, FALSE, sizeof(Network));
  return self;
}

void
trusted_proxies_free(TrustedProxies *self)
{
  if (!self)
    return;
  g_array_unref(self->networks);
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

static void
_append(TrustedProxies *self, GInetAddressMask *mask)
{
  GInetAddress *address = g_inet_address_mask_get_address(mask);
  Network network = {
    .family = g_inet_address_get_family(address) == G_SOCKET_FAMILY_IPV4 ? AF_INET : AF_INET6,
    .prefix_length = g_inet_address_mask_get_length(mask),
  };

  memcpy(network.bytes, g_inet_address_to_bytes(address), g_inet_address_get_native_size(address));
  g_array_append_val(self->networks, network);
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
  _append(self, mask);
  g_object_unref(mask);
  return TRUE;
}

/* The address in network byte order, and its family. */
static const guint8 *
_get_address(const struct sockaddr *peer, sa_family_t *family)
{
  const struct in6_addr *address = &((const struct sockaddr_in6 *) peer)->sin6_addr;
  gboolean is_mapped = peer->sa_family == AF_INET6 && IN6_IS_ADDR_V4MAPPED(address);

  *family = is_mapped ? AF_INET : peer->sa_family;
  if (is_mapped)
    return &address->s6_addr[12];
  if (peer->sa_family == AF_INET6)
    return address->s6_addr;
  return (const guint8 *) &((const struct sockaddr_in *) peer)->sin_addr;
}

static gboolean
_contains(const Network *self, sa_family_t family, const guint8 *address)
{
  guint whole_bytes = self->prefix_length / 8;
  guint8 rest = 0xFF00 >> self->prefix_length % 8;

  return self->family == family && memcmp(self->bytes, address, whole_bytes) == 0
         && (rest == 0 || ((self->bytes[whole_bytes] ^ address[whole_bytes]) & rest) == 0);
}

gboolean
trusted_proxies_contain(const TrustedProxies *self, const struct sockaddr *peer)
{
  sa_family_t family;
  const guint8 *address = _get_address(peer, &family);

  for (guint i = 0; i < self->networks->len; i++)
    if (_contains(&g_array_index(self->networks, Network, i), family, address))
      return TRUE;
  return FALSE;
}
