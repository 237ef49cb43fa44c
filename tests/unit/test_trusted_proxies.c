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

#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <netinet/in.h>

#define MAX_NETWORKS 4

typedef struct _Membership
{
  const gchar *networks[MAX_NETWORKS];
  const gchar *peer;
  gboolean contained;
} Membership;

static const Membership MEMBERSHIPS[] = {
  /* nobody */
  { { NULL }, "127.0.0.1", FALSE },
  { { NULL }, "0.0.0.0", FALSE },
  { { NULL }, "::", FALSE },
  { { NULL }, "::1", FALSE },
  { { NULL }, "::ffff:127.0.0.1", FALSE },

  /* single addresses */
  { { "192.0.2.1" }, "192.0.2.1", TRUE },
  { { "192.0.2.1" }, "192.0.2.0", FALSE },
  { { "192.0.2.1" }, "192.0.2.2", FALSE },
  { { "192.0.2.1/32" }, "192.0.2.1", TRUE },
  { { "192.0.2.1/32" }, "192.0.2.2", FALSE },
  { { "2001:db8::1" }, "2001:db8::1", TRUE },
  { { "2001:db8::1" }, "2001:db8::2", FALSE },
  { { "2001:db8::1/128" }, "2001:db8::1", TRUE },
  { { "2001:db8::1/128" }, "2001:db8::", FALSE },
  { { "2001:0DB8:0:0:0:0:0:1" }, "2001:db8::1", TRUE },

  /* networks, and both sides of both ends of them */
  { { "10.0.0.0/8" }, "9.255.255.255", FALSE },
  { { "10.0.0.0/8" }, "10.0.0.0", TRUE },
  { { "10.0.0.0/8" }, "10.255.255.255", TRUE },
  { { "10.0.0.0/8" }, "11.0.0.0", FALSE },
  { { "10.128.0.0/9" }, "10.127.255.255", FALSE },
  { { "10.128.0.0/9" }, "10.128.0.0", TRUE },
  { { "10.128.0.0/9" }, "10.255.255.255", TRUE },
  { { "10.128.0.0/9" }, "11.0.0.0", FALSE },
  { { "192.0.2.4/31" }, "192.0.2.3", FALSE },
  { { "192.0.2.4/31" }, "192.0.2.4", TRUE },
  { { "192.0.2.4/31" }, "192.0.2.5", TRUE },
  { { "192.0.2.4/31" }, "192.0.2.6", FALSE },
  { { "128.0.0.0/1" }, "127.255.255.255", FALSE },
  { { "128.0.0.0/1" }, "128.0.0.0", TRUE },
  { { "128.0.0.0/1" }, "255.255.255.255", TRUE },
  { { "2001:db8::/32" }, "2001:db7:ffff:ffff:ffff:ffff:ffff:ffff", FALSE },
  { { "2001:db8::/32" }, "2001:db8::", TRUE },
  { { "2001:db8::/32" }, "2001:db8:ffff:ffff:ffff:ffff:ffff:ffff", TRUE },
  { { "2001:db8::/32" }, "2001:db9::", FALSE },
  { { "2001:db8::4/127" }, "2001:db8::3", FALSE },
  { { "2001:db8::4/127" }, "2001:db8::4", TRUE },
  { { "2001:db8::4/127" }, "2001:db8::5", TRUE },
  { { "2001:db8::4/127" }, "2001:db8::6", FALSE },
  { { "fe80::/10" }, "fe7f:ffff::", FALSE },
  { { "fe80::/10" }, "fe80::1", TRUE },
  { { "fe80::/10" }, "febf:ffff::", TRUE },
  { { "fe80::/10" }, "fec0::", FALSE },

  /* everybody of a family, and nobody of the other */
  { { "0.0.0.0/0" }, "0.0.0.0", TRUE },
  { { "0.0.0.0/0" }, "255.255.255.255", TRUE },
  { { "0.0.0.0/0" }, "::", FALSE },
  { { "0.0.0.0/0" }, "2001:db8::1", FALSE },
  { { "::/0" }, "::", TRUE },
  { { "::/0" }, "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", TRUE },
  { { "::/0" }, "0.0.0.0", FALSE },
  { { "::/0" }, "192.0.2.1", FALSE },
  { { "0.0.0.0/0", "::/0" }, "192.0.2.1", TRUE },
  { { "0.0.0.0/0", "::/0" }, "2001:db8::1", TRUE },

  /* IPv4 peers of a dual stack socket are IPv4 peers */
  { { "10.0.0.0/8" }, "::ffff:10.1.2.3", TRUE },
  { { "10.0.0.0/8" }, "::ffff:11.1.2.3", FALSE },
  { { "0.0.0.0/0" }, "::ffff:192.0.2.1", TRUE },
  { { "::/0" }, "::ffff:192.0.2.1", FALSE },
  { { "10.0.0.0/8" }, "::10.1.2.3", FALSE },
  { { "10.0.0.0/8" }, "64:ff9b::10.1.2.3", FALSE },

  /* several networks */
  { { "10.0.0.0/8", "192.0.2.1", "2001:db8::/32" }, "10.0.0.1", TRUE },
  { { "10.0.0.0/8", "192.0.2.1", "2001:db8::/32" }, "192.0.2.1", TRUE },
  { { "10.0.0.0/8", "192.0.2.1", "2001:db8::/32" }, "2001:db8::1", TRUE },
  { { "10.0.0.0/8", "192.0.2.1", "2001:db8::/32" }, "192.0.2.2", FALSE },
  { { "10.0.0.0/8", "192.0.2.1", "2001:db8::/32" }, "2001:db9::1", FALSE },
  { { "10.0.0.0/8", "10.0.0.0/8" }, "10.0.0.1", TRUE },
};

typedef struct _Malformed
{
  const gchar *what;
  const gchar *network;
} Malformed;

static const Malformed MALFORMED[] = {
  { "nothing", "" },
  { "a name", "localhost" },
  { "a word", "any" },
  { "an asterisk", "*" },
  { "three integers", "10.0.0" },
  { "three integers and a length", "10.0.0/24" },
  { "five integers", "10.0.0.0.0/8" },
  { "an integer above 255", "10.0.0.256" },
  { "a heading zero", "010.0.0.0/8" },
  { "hexadecimal", "0x0a.0.0.0/8" },
  { "a netmask", "10.0.0.0/255.0.0.0" },
  { "a range", "10.0.0.0-10.0.0.9" },
  { "an IPv4 address mapped into IPv6", "::ffff:10.0.0.1" },
  { "an IPv4 network mapped into IPv6", "::ffff:10.0.0.0/104" },
  { "a port", "10.0.0.1:514" },
  { "a list", "10.0.0.0/8,11.0.0.0/8" },
  { "a space in front", " 10.0.0.0/8" },
  { "a space behind", "10.0.0.0/8 " },
  { "host bits", "10.0.0.1/8" },
  { "host bits: one", "10.128.0.0/8" },
  { "host bits, IPv6", "2001:db8::1/32" },
  { "no address", "/8" },
  { "no length", "10.0.0.0/" },
  { "no number as length", "10.0.0.0/x" },
  { "text behind the length", "10.0.0.0/8x" },
  { "two lengths", "10.0.0.0/8/8" },
  { "a space in front of the length", "10.0.0.0/ 8" },
  { "a plus in front of the length", "10.0.0.0/+8" },
  { "a negative length", "10.0.0.0/-8" },
  { "a negative length, IPv4, everybody", "0.0.0.0/-1" },
  { "a negative length, IPv6, everybody", "::/-1" },
  { "a length above 32", "10.0.0.0/33" },
  { "a length above 32, everybody", "0.0.0.0/33" },
  { "a length above 128", "2001:db8::/129" },
  { "a length above 128, everybody", "::/129" },
  { "a length of 2^32 + 8", "10.0.0.0/4294967304" },
  { "a length of 2^64 + 8", "10.0.0.0/18446744073709551624" },
  { "a length of 8 - 2^64", "10.0.0.0/-18446744073709551608" },
  { "7 sets", "2001:db8:0:0:0:0:1" },
  { "9 sets", "2001:db8:0:0:0:0:0:0:1" },
  { "two double colons", "2001::db8::1" },
  { "brackets", "[2001:db8::1]" },
  { "a zone", "fe80::1%lo" },
};

/* What the peer of a connection gives as its address. */
typedef union _Peer
{
  struct sockaddr sa;
  struct sockaddr_in in;
  struct sockaddr_in6 in6;
} Peer;

static Peer
_peer(const gchar *text)
{
  Peer self = { 0 };

  if (inet_pton(AF_INET, text, &self.in.sin_addr) == 1)
    self.sa.sa_family = AF_INET;
  else if (inet_pton(AF_INET6, text, &self.in6.sin6_addr) == 1)
    self.sa.sa_family = AF_INET6;
  cr_assert_neq(self.sa.sa_family, AF_UNSPEC, "the test names a wrong address: %s", text);
  return self;
}

static TrustedProxies *
_set_of(const gchar *const *networks)
{
  TrustedProxies *self = trusted_proxies_new();

  for (gint i = 0; i < MAX_NETWORKS && networks[i]; i++)
    {
      GError *error = NULL;
      gboolean added = trusted_proxies_add(self, networks[i], &error);

      cr_assert(added, "%s: %s", networks[i], error ? error->message : "no error given");
    }
  return self;
}

Test(trusted_proxies, contain_the_members_of_their_networks_and_nobody_else)
{
  for (gsize i = 0; i < G_N_ELEMENTS(MEMBERSHIPS); i++)
    {
      const Membership *row = &MEMBERSHIPS[i];
      TrustedProxies *proxies = _set_of(row->networks);
      Peer peer = _peer(row->peer);

      cr_expect_eq(trusted_proxies_contain(proxies, &peer.sa),
                   row->contained,
                   "%s in { %s%s }: should be %s",
                   row->peer,
                   row->networks[0] ? row->networks[0] : "",
                   row->networks[1] ? ", ..." : "",
                   row->contained ? "contained" : "a stranger");
      trusted_proxies_free(proxies);
    }
}

Test(trusted_proxies, malformed_networks_are_errors_and_not_added)
{
  Peer anybody = _peer("10.0.0.0");
  TrustedProxies *proxies = trusted_proxies_new();

  for (gsize i = 0; i < G_N_ELEMENTS(MALFORMED); i++)
    {
      GError *error = NULL;
      gboolean added = trusted_proxies_add(proxies, MALFORMED[i].network, &error);

      cr_expect_not(added, "%s: '%s' was taken", MALFORMED[i].what, MALFORMED[i].network);
      cr_expect(
        added || (error && *error->message), "%s: '%s' gives no error", MALFORMED[i].what, MALFORMED[i].network);
      g_clear_error(&error);
    }
  cr_expect_not(trusted_proxies_contain(proxies, &anybody.sa));
  trusted_proxies_free(proxies);
}

Test(trusted_proxies, a_malformed_network_leaves_the_others_in_force)
{
  const gchar *networks[MAX_NETWORKS] = { "10.0.0.0/8" };
  TrustedProxies *proxies = _set_of(networks);
  Peer member = _peer("10.0.0.1"), stranger = _peer("192.0.2.1");

  cr_expect_not(trusted_proxies_add(proxies, "192.0.2.0/99", NULL));
  cr_expect(trusted_proxies_contain(proxies, &member.sa));
  cr_expect_not(trusted_proxies_contain(proxies, &stranger.sa));
  trusted_proxies_free(proxies);
}

Test(trusted_proxies, the_port_of_the_peer_does_not_matter)
{
  const gchar *networks[MAX_NETWORKS] = { "10.0.0.1", "2001:db8::1" };
  TrustedProxies *proxies = _set_of(networks);
  Peer ipv4 = _peer("10.0.0.1"), ipv6 = _peer("2001:db8::1");

  ipv4.in.sin_port = ipv6.in6.sin6_port = 0xffff;
  ipv6.in6.sin6_flowinfo = ipv6.in6.sin6_scope_id = 0xffffffff;
  cr_expect(trusted_proxies_contain(proxies, &ipv4.sa));
  cr_expect(trusted_proxies_contain(proxies, &ipv6.sa));
  trusted_proxies_free(proxies);
}

Test(trusted_proxies, no_set_can_be_freed)
{
  trusted_proxies_free(NULL);
}
