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

#include "compat-decoder.h"
#include "compat-logproto-options.h"

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

static ReplayingTransport *
_replaying_transport_new(void)
{
  ReplayingTransport *self = g_new0(ReplayingTransport, 1);

  compat_transport_layer_init(&self->super, _replaying_transport_read);
  return self;
}

/*****************************************************************************
 * The protocol
 *****************************************************************************/

typedef struct _LogProtoChoice
{
  LogProtoServer super;
  CompatLogProtoChoose choose;
  CompatLogProtoFactory factories[2];
  /* the chosen one's, when there is one */
  ReplayingTransport *transport;
  /* NULL until the choice is made */
  LogProtoServer *chosen;
  /* for the chosen one, if it does not do so itself */
  CompatDecoder decoder;
  CompatReadLog *log;
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
      return compat_log_proto_server_prepare(self->chosen, cond, timeout);
    }
  *cond = compat_log_proto_server_get_io_condition(s);
  return LPPA_POLL_IO;
}

static void
_choose(LogProtoChoice *self, const CompatLogProtoFactory *factory)
{
  self->chosen = compat_log_proto_server_new_on(factory, &self->transport->super, &self->super, self->log);
  if (factory->is_undecoded)
    compat_decoder_set_encoding(&self->decoder, compat_log_proto_options_get_encoding(self->super.options));
}

/* Reads on, and makes the choice where that is possible. */
static LogProtoStatus
_make_choice(LogProtoChoice *self, LogTransportAuxData *aux)
{
  ReplayingTransport *transport = self->transport;
  gsize room = sizeof(transport->bytes) - transport->length;
  gssize rc = compat_transport_layer_read_below(&transport->super, transport->bytes + transport->length, room, aux);

  if (rc < 0)
    return errno == EAGAIN ? LPS_SUCCESS : LPS_ERROR;
  transport->length += rc;

  gint choice = self->choose(transport->bytes, transport->length);
  gboolean is_all = rc == 0 || transport->length == sizeof(transport->bytes);
  if (choice >= 0 || is_all)
    _choose(self, &self->factories[MAX(choice, 0)]);
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

  LogProtoStatus status = log_proto_server_fetch(self->chosen, msg, msg_len, may_read, aux, bookmark);
  if (*msg)
    compat_decoder_run(&self->decoder, msg, msg_len, self->log);
  return status;
}

static void
_free(LogProtoServer *s)
{
  LogProtoChoice *self = (LogProtoChoice *) s;

  if (self->chosen)
    compat_log_proto_server_free_on(self->chosen);
  else
    log_transport_free(&self->transport->super.super);
  compat_decoder_destroy(&self->decoder);
  log_proto_server_free_method(s);
}

LogProtoServer *
compat_log_proto_choice_new(CompatStream stream, const CompatLogProtoServerOptions *options,
                            CompatLogProtoChoose choose, const CompatLogProtoFactory factories[2])
{
  LogProtoChoice *self = g_new0(LogProtoChoice, 1);

  compat_log_proto_server_init(&self->super, stream, options);
  compat_log_proto_server_set_prepare(&self->super, _prepare);
  self->super.fetch = _fetch;
  self->super.free_fn = _free;
  self->transport = _replaying_transport_new();
  compat_transport_layer_put_on(&self->transport->super, &self->super);
  self->choose = choose;
  self->log = stream.log;
  self->factories[0] = factories[0];
  self->factories[1] = factories[1];
  return &self->super;
}
