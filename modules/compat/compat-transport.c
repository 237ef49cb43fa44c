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

#include "transport/transport-socket.h"
#include "transport/transport-tls.h"

#include <unistd.h>

#if HAVE_STRUCT__LOGPROTOSERVER_TRANSPORT_STACK

static void
_put_tls_on(LogProtoServer *self, TLSSession *session)
{
  LogTransportStack *stack = &self->transport_stack;

  if (!session)
    return;
  log_transport_stack_add_transport(stack, LOG_TRANSPORT_TLS, log_transport_tls_new(session, LOG_TRANSPORT_SOCKET));
  log_transport_stack_switch(stack, LOG_TRANSPORT_TLS);
}

static LogProtoServer *
_construct(LogProtoServerFactory *factory, CompatStream stream, const CompatLogProtoServerOptions *options)
{
  LogTransport *transport = log_transport_stream_socket_new(stream.fd);
  LogProtoServer *self = log_proto_server_factory_construct(factory, transport, options);

  if (self)
    {
      _put_tls_on(self, stream.session);
      return self;
    }
  log_transport_free(transport);
  close(stream.fd);
  if (stream.session)
    tls_session_free(stream.session);
  return NULL;
}

void
compat_log_proto_server_init(LogProtoServer *self, CompatStream stream, const CompatLogProtoServerOptions *options)
{
  log_proto_server_init(self, log_transport_stream_socket_new(stream.fd), options);
  _put_tls_on(self, stream.session);
}

void
compat_log_proto_server_free_on(LogProtoServer *self)
{
  self->transport_stack.fd = -1;
  log_proto_server_free(self);
}

GIOCondition
compat_log_proto_server_get_io_condition(LogProtoServer *self)
{
  GIOCondition condition = 0;

  log_transport_stack_poll_prepare(&self->transport_stack, &condition);
  return condition ? condition : G_IO_IN;
}

#else

static LogTransport *
_new_transport(CompatStream stream)
{
  return stream.session ? log_transport_tls_new(stream.session, stream.fd) : log_transport_stream_socket_new(stream.fd);
}

static LogProtoServer *
_construct(LogProtoServerFactory *factory, CompatStream stream, const CompatLogProtoServerOptions *options)
{
  LogTransport *transport = _new_transport(stream);
  LogProtoServer *self = log_proto_server_factory_construct(factory, transport, options);

  if (!self)
    log_transport_free(transport);
  return self;
}

void
compat_log_proto_server_init(LogProtoServer *self, CompatStream stream, const CompatLogProtoServerOptions *options)
{
  log_proto_server_init(self, _new_transport(stream), options);
}

void
compat_log_proto_server_free_on(LogProtoServer *self)
{
  log_proto_server_free(self);
}

GIOCondition
compat_log_proto_server_get_io_condition(LogProtoServer *self)
{
  return self->transport->cond ? self->transport->cond : G_IO_IN;
}

#endif

static void
_put_layer_on(const CompatLogProtoFactory *factory, LogProtoServer *proto, CompatReadLog *log)
{
  if (factory->new_layer)
    compat_transport_layer_put_between(factory->new_layer(log), proto);
}

LogProtoServer *
compat_log_proto_server_new(const CompatLogProtoFactory *factory, CompatStream stream,
                            const CompatLogProtoServerOptions *options)
{
  LogProtoServer *self = _construct(factory->proto, stream, options);

  if (self)
    _put_layer_on(factory, self, stream.log);
  return self;
}

LogProtoServer *
compat_log_proto_server_new_on(const CompatLogProtoFactory *factory, CompatTransportLayer *layer, LogProtoServer *other,
                               CompatReadLog *log)
{
  LogProtoServer *self = log_proto_server_factory_construct(factory->proto, &layer->super, other->options);
  if (self)
    _put_layer_on(factory, self, log);
  return self;
}

#if HAVE_STRUCT__LOGPROTOSERVER_POLL_PREPARE
#define PREPARE poll_prepare
#define log_proto_server_PREPARE log_proto_server_poll_prepare
#else
#define PREPARE prepare
#define log_proto_server_PREPARE log_proto_server_prepare
#endif

void
compat_log_proto_server_set_prepare(LogProtoServer *self,
                                    LogProtoPrepareAction (*prepare)(LogProtoServer *s, GIOCondition *condition,
                                                                     gint *timeout))
{
  self->PREPARE = prepare;
}

LogProtoPrepareAction
compat_log_proto_server_prepare(LogProtoServer *self, GIOCondition *condition, gint *timeout)
{
  return log_proto_server_PREPARE(self, condition, timeout);
}
