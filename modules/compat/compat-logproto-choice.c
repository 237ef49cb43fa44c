/*
 * Copyright (c) 2026 The syslog-ng-haproxy developers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * As an additional exemption you are allowed to compile & link against the
 * OpenSSL libraries as published by the OpenSSL project. See the file
 * COPYING for details.
 */

#include "compat-logproto-choice.h"

#include "compat-transport-layer.h"

#include <errno.h>
#include <string.h>

/*****************************************************************************
 * A transport that gives what was read of another one once more
 *****************************************************************************/

typedef struct _ReplayingTransport
{
  CompatTransportLayer super;
  guchar bytes[COMPAT_LOGPROTO_CHOICE_BYTES];
  gsize length;
} ReplayingTransport;

/* Reads the one below as well, if there is room: the aux data come from there. */
static gssize
_replaying_transport_read(LogTransport *s, gpointer buffer, gsize count, LogTransportAuxData *aux)
{
  ReplayingTransport *self = (ReplayingTransport *) s;
  gsize replayed = MIN(count, self->length);

  memcpy(buffer, self->bytes, replayed);
  self->length -= replayed;
  memmove(self->bytes, self->bytes + replayed, self->length);
  if (replayed == count)
    return count;

  gssize rc = compat_transport_layer_read_below(&self->super, (gchar *) buffer + replayed, count - replayed, aux);
  return replayed > 0 ? (gssize) replayed + MAX(rc, 0) : rc;
}

static LogTransport *
_replaying_transport_new(LogTransport *below)
{
  ReplayingTransport *self = g_new0(ReplayingTransport, 1);

  compat_transport_layer_init(&self->super, below, _replaying_transport_read);
  return &self->super.super;
}

/*****************************************************************************
 * The protocol
 *****************************************************************************/

typedef struct _LogProtoChoice
{
  LogProtoServer super;
  CompatLogProtoChoose choose;
  LogProtoServerFactory *factories[2];
  /* NULL until the choice is made */
  LogProtoServer *chosen;
} LogProtoChoice;

static void
_pass_state_on(LogProtoChoice *self)
{
  self->chosen->options = self->super.options;
  self->chosen->ack_tracker = self->super.ack_tracker;
  self->chosen->wakeup_callback = self->super.wakeup_callback;
}

static LogProtoPrepareAction
_prepare(LogProtoServer *s, GIOCondition *cond, gint *timeout)
{
  LogProtoChoice *self = (LogProtoChoice *) s;

  if (self->chosen)
    {
      _pass_state_on(self);
      log_proto_server_reset_error(self->chosen);
      return log_proto_server_prepare(self->chosen, cond, timeout);
    }
  *cond = self->super.transport->cond ? self->super.transport->cond : G_IO_IN;
  return LPPA_POLL_IO;
}

/* Reads on, and makes the choice where that is possible. */
static LogProtoStatus
_make_choice(LogProtoChoice *self, LogTransportAuxData *aux)
{
  ReplayingTransport *transport = (ReplayingTransport *) self->super.transport;
  gsize room = sizeof(transport->bytes) - transport->length;
  gssize rc = compat_transport_layer_read_below(&transport->super, transport->bytes + transport->length, room, aux);

  if (rc < 0)
    return errno == EAGAIN ? LPS_SUCCESS : LPS_ERROR;
  transport->length += rc;

  gint choice = self->choose(transport->bytes, transport->length);
  gboolean is_all = rc == 0 || transport->length == sizeof(transport->bytes);
  if (choice >= 0 || is_all)
    self->chosen =
      log_proto_server_factory_construct(self->factories[MAX(choice, 0)], self->super.transport, self->super.options);
  return LPS_SUCCESS;
}

static LogProtoStatus
_fetch(LogProtoServer *s, const guchar **msg, gsize *msg_len, gboolean *may_read, LogTransportAuxData *aux,
       Bookmark *bookmark)
{
  LogProtoChoice *self = (LogProtoChoice *) s;

  if (!self->chosen)
    {
      LogProtoStatus status = _make_choice(self, aux);

      if (!self->chosen)
        return status;
      log_transport_aux_data_reinit(aux);
    }
  _pass_state_on(self);
  return log_proto_server_fetch(self->chosen, msg, msg_len, may_read, aux, bookmark);
}

static void
_free(LogProtoServer *s)
{
  LogProtoChoice *self = (LogProtoChoice *) s;

  /* the transport is the chosen one's then */
  if (self->chosen)
    log_proto_server_free(self->chosen);
  else
    log_proto_server_free_method(s);
}

LogProtoServer *
compat_log_proto_choice_new(LogTransport *transport, const LogProtoServerOptions *options, CompatLogProtoChoose choose,
                            LogProtoServerFactory *const factories[2])
{
  LogProtoChoice *self = g_new0(LogProtoChoice, 1);

  log_proto_server_init(&self->super, _replaying_transport_new(transport), options);
  self->super.prepare = _prepare;
  self->super.fetch = _fetch;
  self->super.free_fn = _free;
  self->choose = choose;
  self->factories[0] = factories[0];
  self->factories[1] = factories[1];
  return &self->super;
}
