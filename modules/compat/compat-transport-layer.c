/*
 * Copyright (c) 2026 The syslog-ng-haproxy developers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * As an additional exemption you are allowed to compile & link against the
 * OpenSSL libraries as published by the OpenSSL project. See the file
 * COPYING for details.
 */

#include "compat-transport-layer.h"

gssize
compat_transport_layer_read_below(CompatTransportLayer *self, gpointer buffer, gsize count, LogTransportAuxData *aux)
{
  gssize rc = log_transport_read(self->below, buffer, count, aux);

  self->super.cond = self->below->cond;
  return rc;
}

static gssize
_write(LogTransport *s, const gpointer buffer, gsize count)
{
  return log_transport_write(((CompatTransportLayer *) s)->below, buffer, count);
}

static void
_free(LogTransport *s)
{
  CompatTransportLayer *self = (CompatTransportLayer *) s;

  if (self->owns_below)
    log_transport_free(self->below);
}

void
compat_transport_layer_init(CompatTransportLayer *self, CompatTransportRead read)
{
#if HAVE_STRUCT__LOGPROTOSERVER_TRANSPORT_STACK
  log_transport_init_instance(&self->super, "layer", -1);
#else
  log_transport_init_instance(&self->super, -1);
#endif
  self->super.read = read;
  self->super.write = _write;
  self->super.free_fn = _free;
}

#if HAVE_STRUCT__LOGPROTOSERVER_TRANSPORT_STACK

void
compat_transport_layer_put_on(CompatTransportLayer *self, LogProtoServer *proto)
{
  self->below = log_transport_stack_get_active(&proto->transport_stack);
  self->super.fd = proto->transport_stack.fd;
}

/* A stack has a place for each kind of transport. We do not use that of syslog-ng's own PROXY protocol otherwise. */
void
compat_transport_layer_put_between(CompatTransportLayer *self, LogProtoServer *proto)
{
  compat_transport_layer_put_on(self, proto);
  log_transport_stack_add_transport(&proto->transport_stack, LOG_TRANSPORT_HAPROXY, &self->super);
  log_transport_stack_switch(&proto->transport_stack, LOG_TRANSPORT_HAPROXY);
}

#else

void
compat_transport_layer_put_on(CompatTransportLayer *self, LogProtoServer *proto)
{
  self->below = proto->transport;
  self->super.fd = self->below->fd;
}

void
compat_transport_layer_put_between(CompatTransportLayer *self, LogProtoServer *proto)
{
  compat_transport_layer_put_on(self, proto);
  self->owns_below = TRUE;
  proto->transport = &self->super;
}

#endif
