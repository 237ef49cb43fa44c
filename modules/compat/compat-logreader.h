/*
 * Copyright (c) 2026 The syslog-ng-haproxy developers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * As an additional exemption you are allowed to compile & link against the
 * OpenSSL libraries as published by the OpenSSL project. See the file
 * COPYING for details.
 */

#ifndef COMPAT_LOGREADER_H_INCLUDED
#define COMPAT_LOGREADER_H_INCLUDED

#include "compat-transport.h"

#include "logreader.h"

/**
 * compat_log_reader_set_options() - log_reader_set_options(), and the name of the reader's counters
 * Below the stats-level() of these counters they have no name, which is a copy less.
 * @stats_id: the driver's id in the configuration
 * @transport: name of the transport
 * @peer_addr: the other end of the connection
 */
void compat_log_reader_set_options(LogReader *reader, LogPipe *control, LogReaderOptions *options,
                                   const gchar *stats_id, const gchar *transport, GSockAddr *peer_addr);

/* The options for the protocol of such a reader. */
const CompatLogProtoServerOptions *compat_log_reader_options_get_proto_options(const LogReaderOptions *options);

/**
 * compat_log_reader_options_set_multi_line_mode() - how lines of a stream make up messages
 * Returns FALSE where syslog-ng does not know the mode for connections, or none.
 */
gboolean compat_log_reader_options_set_multi_line_mode(LogReaderOptions *options, const gchar *mode);

/**
 * compat_log_reader_init() - log_pipe_init()
 * @data_is_there: read once without polling
 */
gboolean compat_log_reader_init(LogReader *reader, gboolean data_is_there);

#endif
