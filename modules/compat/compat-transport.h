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

#include "compat-read-log.h"
#include "compat-tls.h"
#include "compat-transport-layer.h"
#include "logproto/logproto-server.h"

/* The options of a protocol: LogReaderOptions has them, in a union where they have another type. */
typedef __typeof__(*((LogProtoServer *) NULL)->options) CompatLogProtoServerOptions;

/* A connected stream socket. */
typedef struct _CompatStream
{
  gint fd;
  /* TLS on this socket, established; NULL for none */
  TLSSession *session;
  /* outlives what reads it */
  CompatReadLog *log;
} CompatStream;

/* What makes a protocol. */
typedef struct _CompatLogProtoFactory
{
  LogProtoServerFactory *proto;
  /* makes a layer between the protocol and its transport; NULL for none */
  CompatTransportLayer *(*new_layer)(CompatReadLog *log);
  /* its messages are as they were sent: it does not know encoding() */
  gboolean is_undecoded;
} CompatLogProtoFactory;

/**
 * compat_log_proto_server_new() - a protocol on a stream
 * @stream: taken over, also where the result is NULL; then it is closed
 */
LogProtoServer *compat_log_proto_server_new(const CompatLogProtoFactory *factory, CompatStream stream,
                                            const CompatLogProtoServerOptions *options);

/**
 * compat_log_proto_server_init() - log_proto_server_init()
 * @stream: taken over
 */
void compat_log_proto_server_init(LogProtoServer *self, CompatStream stream,
                                  const CompatLogProtoServerOptions *options);

/**
 * compat_log_proto_server_new_on() - a protocol on a layer on the transport of another one
 * @layer: taken over where the result is not NULL
 * @other: outlives the result
 */
LogProtoServer *compat_log_proto_server_new_on(const CompatLogProtoFactory *factory, CompatTransportLayer *layer,
                                               LogProtoServer *other, CompatReadLog *log);

/**
 * compat_log_proto_server_free_on() - for what compat_log_proto_server_new_on() has made; the transport stays open
 */
void compat_log_proto_server_free_on(LogProtoServer *self);

/* Sets what log_reader_update_watches() asks a protocol for before each poll. */
void compat_log_proto_server_set_prepare(LogProtoServer *self,
                                         LogProtoPrepareAction (*prepare)(LogProtoServer *s, GIOCondition *condition,
                                                                          gint *timeout));
LogProtoPrepareAction compat_log_proto_server_prepare(LogProtoServer *self, GIOCondition *condition, gint *timeout);

/* What the transport waits for; for input where it does not say. */
GIOCondition compat_log_proto_server_get_io_condition(LogProtoServer *self);

#endif
