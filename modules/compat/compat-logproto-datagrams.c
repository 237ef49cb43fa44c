/*
 * Copyright (c) 2026 The syslog-ng-haproxy developers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * As an additional exemption you are allowed to compile & link against the
 * OpenSSL libraries as published by the OpenSSL project. See the file
 * COPYING for details.
 */

#include "compat-logproto-datagrams.h"

#include "compat-decoder.h"

#include "transport/transport-socket.h"

#include <netinet/in.h>

typedef struct _LogProtoDatagrams
{
  LogProtoServer super;
  CompatReceiver *receiver;
  CompatReadLog *log;
  CompatDecoder decoder;
} LogProtoDatagrams;

/* In a union, where syslog-ng keeps them in one. */
static const LogProtoServerOptions *
_get_options(const LogProtoDatagrams *self)
{
  return (const LogProtoServerOptions *) self->super.options;
}

static LogProtoPrepareAction
_prepare(LogProtoServer *s, GIOCondition *cond, gint *timeout G_GNUC_UNUSED)
{
  CompatReceiver *receiver = ((LogProtoDatagrams *) s)->receiver;

  *cond = G_IO_IN;
  return receiver->has_read_ahead(receiver) ? LPPA_FORCE_SCHEDULE_FETCH : LPPA_POLL_IO;
}

/* @aux: NULL with flags(ignore-aux-data) */
static void
_hand_addresses_over(const CompatPayload *payload, LogTransportAuxData *aux)
{
  if (!aux)
    {
      g_sockaddr_unref(payload->source_addr);
      g_sockaddr_unref(payload->local_addr);
      return;
    }
  log_transport_aux_data_set_peer_addr_ref(aux, payload->source_addr);
  log_transport_aux_data_set_local_addr_ref(aux, payload->local_addr);
  aux->proto = IPPROTO_UDP;
}

static LogProtoStatus
_fetch(LogProtoServer *s, const guchar **msg, gsize *msg_len, gboolean *may_read G_GNUC_UNUSED,
       LogTransportAuxData *aux, Bookmark *bookmark G_GNUC_UNUSED)
{
  LogProtoDatagrams *self = (LogProtoDatagrams *) s;
  CompatPayload payload;

  if (!self->receiver->receive(self->receiver, &payload))
    return LPS_AGAIN;
  _hand_addresses_over(&payload, aux);

  *msg = payload.bytes;
  *msg_len = MIN(payload.length, (gsize) _get_options(self)->max_msg_size);
  /* which may be another one since a reload */
  compat_decoder_set_encoding(&self->decoder, _get_options(self)->encoding);
  compat_decoder_run(&self->decoder, msg, msg_len, self->log);
  return LPS_SUCCESS;
}

static void
_free(LogProtoServer *s)
{
  LogProtoDatagrams *self = (LogProtoDatagrams *) s;

  compat_decoder_destroy(&self->decoder);
  log_proto_server_free_method(s);
}

LogProtoServer *
compat_log_proto_datagrams_new(CompatReceiver *receiver, gint fd, const CompatLogProtoServerOptions *options,
                               CompatReadLog *log)
{
  LogProtoDatagrams *self = g_new0(LogProtoDatagrams, 1);

  log_proto_server_init(&self->super, log_transport_dgram_socket_new(fd), options);
  compat_log_proto_server_set_prepare(&self->super, _prepare);
  self->super.fetch = _fetch;
  self->super.free_fn = _free;
  self->receiver = receiver;
  self->log = log;
  return &self->super;
}
