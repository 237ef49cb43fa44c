/*
 * Copyright (c) 2026 The syslog-ng-haproxy developers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * As an additional exemption you are allowed to compile & link against the
 * OpenSSL libraries as published by the OpenSSL project. See the file
 * COPYING for details.
 */

#include "compat-logreader.h"

#include "stats/stats-registry.h"

void
compat_log_reader_set_options(LogReader *reader, LogPipe *control, LogReaderOptions *options, const gchar *stats_id,
                              const gchar *transport, GSockAddr *peer_addr)
{
  gchar address[MAX_SOCKADDR_STRING];
  gchar instance[MAX_SOCKADDR_STRING + 32];

  /* the reader keeps a copy of the name, of which there may be thousands: only where it counts under it */
  if (!stats_check_level(options->super.stats_level))
    {
      log_reader_set_options(reader, control, options, stats_id, NULL);
      return;
    }
  g_sockaddr_format(peer_addr, address, sizeof(address), GSA_ADDRESS_ONLY);
  g_snprintf(instance, sizeof(instance), "%s,%s", transport, address);
  log_reader_set_options(reader, control, options, stats_id, instance);
}

void
compat_log_reader_check_at_start(LogReader *reader)
{
  log_reader_set_immediate_check(reader);
}
