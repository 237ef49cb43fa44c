/*
 * Copyright (c) 2026 The syslog-ng-haproxy developers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * As an additional exemption you are allowed to compile & link against the
 * OpenSSL libraries as published by the OpenSSL project. See the file
 * COPYING for details.
 */

#include "connection-log.h"

#include "driver-tags.h"

/* network()'s tags, which driver it is, and whose connection it is where a header said so */
void
connection_log_write(LogDriver *driver, const gchar *event, gint fd, GSockAddr *peer_addr, GSockAddr *local_addr,
                     GSockAddr *client_addr)
{
  gchar peer[MAX_SOCKADDR_STRING], local[MAX_SOCKADDR_STRING], client[MAX_SOCKADDR_STRING];

  g_sockaddr_format(client_addr, client, sizeof(client), GSA_FULL);
  msg_notice(event,
             evt_tag_int("fd", fd),
             evt_tag_str("client", g_sockaddr_format(peer_addr, peer, sizeof(peer), GSA_FULL)),
             evt_tag_str("local", g_sockaddr_format(local_addr, local, sizeof(local), GSA_FULL)),
             DRIVER_TAGS(driver),
             client_addr == peer_addr ? NULL : evt_tag_str("original_client", client));
}
