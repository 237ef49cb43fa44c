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

#include "messages.h"
#include "transport/transport-socket.h"

#include <errno.h>
#include <netinet/in.h>

#define NO_CONVERTER ((GIConv) -1)

typedef struct _LogProtoDatagrams
{
  LogProtoServer super;
  CompatReceiver *receiver;
  /* from this encoding to UTF-8 */
  gchar *encoding;
  GIConv converter;
  GString *converted;
} LogProtoDatagrams;

/* In a union, where syslog-ng keeps them in one. */
static const LogProtoServerOptions *
_get_options(const LogProtoDatagrams *self)
{
  return (const LogProtoServerOptions *) self->super.options;
}

/*****************************************************************************
 * encoding()
 *****************************************************************************/

static void
_close_converter(LogProtoDatagrams *self)
{
  if (self->converter != NO_CONVERTER)
    g_iconv_close(self->converter);
  g_free(self->encoding);
}

/* It may be another one since a reload. */
static void
_follow_encoding(LogProtoDatagrams *self)
{
  const gchar *encoding = _get_options(self)->encoding;

  if (g_strcmp0(encoding, self->encoding) == 0)
    return;
  _close_converter(self);
  self->encoding = g_strdup(encoding);
  self->converter = encoding ? g_iconv_open("utf-8", encoding) : NO_CONVERTER;
}

/* Appends what fits into the rest of a buffer. Returns an errno. */
static gint
_convert_some(LogProtoDatagrams *self, gchar **in, gsize *in_left)
{
  gsize used = self->converted->len;
  gsize out_left = self->converted->allocated_len - used - 1;
  gchar *out = self->converted->str + used;
  gsize rc = g_iconv(self->converter, in, in_left, &out, &out_left);
  gint error = rc == (gsize) -1 ? errno : 0;

  g_string_set_size(self->converted, out - self->converted->str);
  return error;
}

static void
_skip_byte(LogProtoDatagrams *self, gchar **in, gsize *in_left)
{
  msg_notice("Invalid byte sequence, skipping character",
             evt_tag_str("encoding", self->encoding),
             evt_tag_printf("char", "0x%02x", *(guchar *) *in));
  (*in)++;
  (*in_left)--;
}

static void
_make_room(GString *text)
{
  gsize used = text->len;

  g_string_set_size(text, 2 * text->allocated_len);
  g_string_set_size(text, used);
}

static void
_convert(LogProtoDatagrams *self, const guchar **bytes, gsize *length)
{
  gchar *in = (gchar *) *bytes;
  gsize in_left = *length;

  g_string_truncate(self->converted, 0);
  g_iconv(self->converter, NULL, NULL, NULL, NULL);
  while (in_left > 0)
    switch (_convert_some(self, &in, &in_left))
      {
      case 0:
        break;
      case E2BIG:
        _make_room(self->converted);
        break;
      case EILSEQ:
        _skip_byte(self, &in, &in_left);
        break;
      default:
        msg_notice("The message ends within a character, which is left out", evt_tag_str("encoding", self->encoding));
        in_left = 0;
      }
  *bytes = (const guchar *) self->converted->str;
  *length = self->converted->len;
}

/*****************************************************************************
 * The protocol
 *****************************************************************************/

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
  _follow_encoding(self);
  if (self->converter != NO_CONVERTER)
    _convert(self, msg, msg_len);
  return LPS_SUCCESS;
}

static void
_free(LogProtoServer *s)
{
  LogProtoDatagrams *self = (LogProtoDatagrams *) s;

  _close_converter(self);
  g_string_free(self->converted, TRUE);
  log_proto_server_free_method(s);
}

LogProtoServer *
compat_log_proto_datagrams_new(CompatReceiver *receiver, gint fd, const CompatLogProtoServerOptions *options)
{
  LogProtoDatagrams *self = g_new0(LogProtoDatagrams, 1);

  log_proto_server_init(&self->super, log_transport_dgram_socket_new(fd), options);
  compat_log_proto_server_set_prepare(&self->super, _prepare);
  self->super.fetch = _fetch;
  self->super.free_fn = _free;
  self->receiver = receiver;
  self->converter = NO_CONVERTER;
  self->converted = g_string_sized_new(256);
  return &self->super;
}
