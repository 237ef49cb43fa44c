/*
 * Copyright (c) 2026 The syslog-ng-haproxy developers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * As an additional exemption you are allowed to compile & link against the
 * OpenSSL libraries as published by the OpenSSL project. See the file
 * COPYING for details.
 */

#ifndef COMPAT_TRANSPORT_LAYER_H_INCLUDED
#define COMPAT_TRANSPORT_LAYER_H_INCLUDED

#include "logproto/logproto-server.h"

/* A transport on top of another one, to be embedded as the first member of what it is for. */
typedef struct _CompatTransportLayer
{
  LogTransport super;

  /*< private >*/
  LogTransport *below;
  gboolean owns_below;
} CompatTransportLayer;

typedef gssize (*CompatTransportRead)(LogTransport *s, gpointer buffer, gsize count, LogTransportAuxData *aux);

void compat_transport_layer_init(CompatTransportLayer *self, CompatTransportRead read);

/**
 * compat_transport_layer_put_on() - on the transport of a protocol, which does not notice
 * @proto: outlives @self
 */
void compat_transport_layer_put_on(CompatTransportLayer *self, LogProtoServer *proto);

/**
 * compat_transport_layer_put_between() - between a protocol and its transport
 * @self: taken over by the protocol
 */
void compat_transport_layer_put_between(CompatTransportLayer *self, LogProtoServer *proto);

/* For @read, as log_transport_read(). */
gssize compat_transport_layer_read_below(CompatTransportLayer *self, gpointer buffer, gsize count,
                                         LogTransportAuxData *aux);

#endif
