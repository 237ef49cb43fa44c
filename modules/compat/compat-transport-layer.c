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
  log_transport_free(((CompatTransportLayer *) s)->below);
}

void
compat_transport_layer_init(CompatTransportLayer *self, LogTransport *below, CompatTransportRead read)
{
  log_transport_init_instance(&self->super, below->fd);
  self->super.read = read;
  self->super.write = _write;
  self->super.free_fn = _free;
  self->below = below;
}
