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

#include "transport/logtransport.h"

/* A transport on top of another one, to be embedded as the first member of what it is for. */
typedef struct _CompatTransportLayer
{
  LogTransport super;
  LogTransport *below;
} CompatTransportLayer;

typedef gssize (*CompatTransportRead)(LogTransport *s, gpointer buffer, gsize count, LogTransportAuxData *aux);

/**
 * compat_transport_layer_init()
 * @below: taken over, with its file descriptor
 */
void compat_transport_layer_init(CompatTransportLayer *self, LogTransport *below, CompatTransportRead read);

/* For @read, as log_transport_read(). */
gssize compat_transport_layer_read_below(CompatTransportLayer *self, gpointer buffer, gsize count,
                                         LogTransportAuxData *aux);

#endif
