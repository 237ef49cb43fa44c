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

#include "compat-logpipe.h"

#include "stats/stats-registry.h"
#if HAVE_STATS_STATS_CLUSTER_KEY_BUILDER_H
#include "stats/stats-cluster-key-builder.h"
#endif

#if HAVE_STATS_STATS_CLUSTER_KEY_BUILDER_H

/* As afsocket: the instance of the older statistics is made of the labels. */
static void
_set_options(LogReader *reader, LogPipe *control, LogReaderOptions *options, const gchar *stats_id,
             const gchar *transport, const gchar *address)
{
  StatsClusterKeyBuilder *key = stats_cluster_key_builder_new();

  stats_cluster_key_builder_add_label(key, stats_cluster_label("driver", "proxy-protocol"));
  if (address)
    {
      stats_cluster_key_builder_add_legacy_label(key, stats_cluster_label("transport", transport));
      stats_cluster_key_builder_add_legacy_label(key, stats_cluster_label("address", address));
    }
  log_reader_set_options(reader, control, options, stats_id, key);
}

#else

static void
_set_options(LogReader *reader, LogPipe *control, LogReaderOptions *options, const gchar *stats_id,
             const gchar *transport, const gchar *address)
{
  gchar instance[MAX_SOCKADDR_STRING + 32];

  if (address)
    g_snprintf(instance, sizeof(instance), "%s,%s", transport, address);
  log_reader_set_options(reader, control, options, stats_id, address ? instance : NULL);
}

#endif

void
compat_log_reader_set_options(LogReader *reader, LogPipe *control, LogReaderOptions *options, const gchar *stats_id,
                              const gchar *transport, GSockAddr *peer_addr)
{
  gchar address[MAX_SOCKADDR_STRING];

  compat_log_pipe_inherit_options(&reader->super.super, control);
  /* the reader keeps a copy of the name, of which there may be thousands: only where it counts under it */
  if (!stats_check_level(options->super.stats_level))
    {
      _set_options(reader, control, options, stats_id, transport, NULL);
      return;
    }
  g_sockaddr_format(peer_addr, address, sizeof(address), GSA_ADDRESS_ONLY);
  _set_options(reader, control, options, stats_id, transport, address);
}

const CompatLogProtoServerOptions *
compat_log_reader_options_get_proto_options(const LogReaderOptions *options)
{
  return (const CompatLogProtoServerOptions *) &options->proto_options;
}

#if HAVE_STRUCT__LOGPROTOSERVEROPTIONS_MULTI_LINE_OPTIONS

/* The other modes are for files: those that network() does not take either. */
gboolean
compat_log_reader_options_set_multi_line_mode(LogReaderOptions *options, const gchar *mode)
{
  MultiLineOptions *multi_line = &options->proto_options.super.multi_line_options;

  return multi_line_options_set_mode(multi_line, mode) && multi_line->mode == MLM_EMPTY_LINE_SEPARATED;
}

#else

gboolean
compat_log_reader_options_set_multi_line_mode(LogReaderOptions *options G_GNUC_UNUSED, const gchar *mode G_GNUC_UNUSED)
{
  return FALSE;
}

#endif

/* Our protocols begin without a handshake, and what OpenSSL has decrypted already may be all that comes. */
static void
_read_at_once(LogReader *reader)
{
#if HAVE_STRUCT__LOGREADER_CAN_FETCH_AFTER_HANDSHAKE
  reader->can_fetch_after_handshake = TRUE;
#else
  (void) reader;
#endif
}

#if HAVE_DECL_LOG_READER_SET_IMMEDIATE_CHECK

gboolean
compat_log_reader_init(LogReader *reader, gboolean data_is_there)
{
  _read_at_once(reader);
  if (data_is_there)
    log_reader_set_immediate_check(reader);
  return log_pipe_init(&reader->super.super);
}

#else

gboolean
compat_log_reader_init(LogReader *reader, gboolean data_is_there)
{
  _read_at_once(reader);
  if (!log_pipe_init(&reader->super.super))
    return FALSE;
  if (data_is_there)
    log_reader_trigger_one_check(reader);
  return TRUE;
}

#endif
