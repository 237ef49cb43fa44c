/*
 * Copyright (c) 2026 The syslog-ng-haproxy developers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * As an additional exemption you are allowed to compile & link against the
 * OpenSSL libraries as published by the OpenSSL project. See the file
 * COPYING for details.
 */

#include "compat-transport.h"

#include "logqueue.h"
#include "transport/transport-socket.h"
#include "transport/transport-tls.h"

LogTransport *
compat_log_transport_stream_new(gint fd, TLSSession *session)
{
  return session ? log_transport_tls_new(session, fd) : log_transport_stream_socket_new(fd);
}

LogProtoServer *
compat_log_proto_server_new(LogProtoServerFactory *factory, LogTransport *transport,
                            const LogProtoServerOptions *options)
{
  LogProtoServer *proto = log_proto_server_factory_construct(factory, transport, options);

  if (!proto)
    log_transport_free(transport);
  return proto;
}

gint
compat_count_worker_threads(void)
{
  return log_queue_max_threads;
}
