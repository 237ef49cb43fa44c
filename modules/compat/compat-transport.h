/*
 * Copyright (c) 2026 The syslog-ng-haproxy developers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * As an additional exemption you are allowed to compile & link against the
 * OpenSSL libraries as published by the OpenSSL project. See the file
 * COPYING for details.
 */

#ifndef COMPAT_TRANSPORT_H_INCLUDED
#define COMPAT_TRANSPORT_H_INCLUDED

#include "logproto/logproto-server.h"
#include "tlscontext.h"

/**
 * compat_log_transport_stream_new() - the transport of a connected stream socket
 * @fd: taken over
 * @session: TLS on this socket, established, taken over; NULL for none
 */
LogTransport *compat_log_transport_stream_new(gint fd, TLSSession *session);

/**
 * compat_log_proto_server_new() - a protocol on a transport
 * @transport: taken over, also where the result is NULL; then it is freed, and closed
 */
LogProtoServer *compat_log_proto_server_new(LogProtoServerFactory *factory, LogTransport *transport,
                                            const LogProtoServerOptions *options);

/**
 * compat_count_worker_threads() - how many jobs of main_loop_io_worker_job_submit() run at once
 */
gint compat_count_worker_threads(void);

#endif
