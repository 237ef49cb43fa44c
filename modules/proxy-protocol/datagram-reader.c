/*
 * Copyright (c) 2026 The syslog-ng-haproxy developers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * As an additional exemption you are allowed to compile & link against the
 * OpenSSL libraries as published by the OpenSSL project. See the file
 * COPYING for details.
 */

#include "datagram-reader.h"

#include "client-address.h"
#include "compat-logreader.h"
#include "driver-tags.h"
#include "header-log.h"

#include <errno.h>
#include <iv.h>

/* The worker thread has other things to do as well than to refuse datagrams. */
#define REFUSALS_AT_A_TIME 100

/*****************************************************************************
 * Refusals
 *****************************************************************************/

static void
_refuse(DatagramReader *self, const Datagram *datagram, ProxyCounter counter, const gchar *message, const gchar *reason)
{
  GSockAddr *peer_addr = g_sockaddr_new(datagram->peer, datagram->peer_length);

  proxy_counters_inc(self->owner->counters, counter);
  refusal_log_write(self->owner->refusal_log,
                    &(Refusal){
                      .message = message,
                      .reason = reason,
                      .fd = -1,
                      .peer_addr = peer_addr,
                      .local_addr = self->bind_addr,
                      .bytes = datagram->bytes,
                      .length = datagram->length,
                    });
  g_sockaddr_unref(peer_addr);
}

static void
_refuse_untrusted(DatagramReader *self, const Datagram *datagram)
{
  /* as of a connection, which is not read */
  Datagram unread = { .peer = datagram->peer, .peer_length = datagram->peer_length };

  _refuse(self, &unread, PROXY_COUNTER_REFUSED_UNTRUSTED, "PROXY protocol datagram refused", REFUSAL_UNTRUSTED);
}

/*****************************************************************************
 * Datagrams
 *****************************************************************************/

static GSockAddr *
_source_addr_new(DatagramReader *self, const ProxyHeader *header, const Datagram *datagram)
{
  GSockAddr *client_addr = self->owner->options->source_is_client ? client_address_new(header, NULL) : NULL;

  return client_addr ? client_addr : g_sockaddr_new(datagram->peer, datagram->peer_length);
}

/* @header: NULL if the peer need not send one. Returns whether there is anything behind it. */
static gboolean
_get_payload(DatagramReader *self, const Datagram *datagram, const ProxyHeader *header, CompatPayload *payload)
{
  gsize header_length = header ? header->length : 0;

  if (datagram->length == header_length)
    return FALSE;
  self->macros = proxy_macro_values_renew(self->macros, header, datagram->peer);
  *payload = (CompatPayload){
    .bytes = datagram->bytes + header_length,
    .length = datagram->length - header_length,
    .source_addr = _source_addr_new(self, header, datagram),
    .local_addr = datagram_socket_get_local_addr(self->socket, datagram),
  };
  return TRUE;
}

/* Returns whether there is a message in it. */
static gboolean
_read_header(DatagramReader *self, const Datagram *datagram, CompatPayload *payload)
{
  const DatagramReaderOwner *owner = self->owner;
  const gchar *reason =
    datagram->length > 0 ? "the datagram ends before the end of the header" : "the datagram is empty";
  ProxyHeader header;

  if (datagram->length > 0)
    header_log_write(&owner->driver->super, datagram->bytes, datagram->length);
  if (proxy_header_parse(&header, &owner->options->header_limits, datagram->bytes, datagram->length, &reason)
      != PROXY_HEADER_COMPLETE)
    {
      _refuse(self, datagram, PROXY_COUNTER_REFUSED_MALFORMED, REFUSAL_BAD_HEADER, reason);
      return FALSE;
    }
  proxy_counters_inc_header(owner->counters, &header);
  return _get_payload(self, datagram, &header, payload);
}

static gboolean
_take(DatagramReader *self, const Datagram *datagram, CompatPayload *payload)
{
  const ProxyOptions *options = self->owner->options;

  proxy_counters_inc(self->owner->counters, PROXY_COUNTER_ACCEPTED);
  if (!options->trusted_proxies || trusted_proxies_contain(options->trusted_proxies, datagram->peer))
    return _read_header(self, datagram, payload);
  if (options->serve_untrusted_peers)
    return _get_payload(self, datagram, NULL, payload);
  _refuse_untrusted(self, datagram);
  return FALSE;
}

/*****************************************************************************
 * For the protocol
 *****************************************************************************/

static gboolean
_receive(CompatReceiver *s, CompatPayload *payload)
{
  DatagramReader *self = iv_container_of(s, DatagramReader, as_receiver);
  Datagram datagram;

  for (gint i = 0; i < REFUSALS_AT_A_TIME; i++)
    {
      if (!datagram_socket_read(self->socket, &datagram))
        {
          if (errno != EAGAIN && errno != EWOULDBLOCK)
            msg_error(
              "Error reading datagrams", evt_tag_errno("error", errno), DRIVER_TAGS(&self->owner->driver->super));
          return FALSE;
        }
      if (_take(self, &datagram, payload))
        return TRUE;
    }
  return FALSE;
}

static gboolean
_has_read_ahead(CompatReceiver *s)
{
  DatagramReader *self = iv_container_of(s, DatagramReader, as_receiver);

  return datagram_socket_has_read_ahead(self->socket);
}

/*****************************************************************************
 * The pipe
 *****************************************************************************/

/* The reader is between receiving this message and the next one. */
static void
_queue(LogPipe *s, LogMessage *msg, const LogPathOptions *path_options)
{
  DatagramReader *self = (DatagramReader *) s;

  if (self->macros)
    proxy_macros_apply(self->macros, &self->owner->options->macro_names, msg);
  log_pipe_forward_msg(s, msg, path_options);
}

static gboolean
_init(LogPipe *s)
{
  DatagramReader *self = (DatagramReader *) s;
  const DatagramReaderOwner *owner = self->owner;

  reader_pipe_set_options(
    &self->super, &owner->options->reader, &owner->driver->super, owner->options->transport, self->bind_addr);
  return compat_log_reader_init(self->super.reader, FALSE);
}

static gboolean
_deinit(LogPipe *s)
{
  return log_pipe_deinit((LogPipe *) ((DatagramReader *) s)->super.reader);
}

static void
_free(LogPipe *s)
{
  DatagramReader *self = (DatagramReader *) s;

  datagram_socket_free(self->socket);
  g_sockaddr_unref(self->bind_addr);
  g_free(self->macros);
  log_pipe_free_method(s);
}

DatagramReader *
datagram_reader_new(const DatagramReaderOwner *owner, gint fd, GSockAddr *bind_addr)
{
  DatagramReader *self = g_new0(DatagramReader, 1);

  self->as_receiver = (CompatReceiver){ .receive = _receive, .has_read_ahead = _has_read_ahead };
  self->socket = datagram_socket_new(fd);
  self->bind_addr = g_sockaddr_ref(bind_addr);

  LogProtoServer *proto =
    compat_log_proto_datagrams_new(&self->as_receiver,
                                   fd,
                                   compat_log_reader_options_get_proto_options(&owner->options->reader),
                                   &self->super.as_read_log);
  reader_pipe_init_instance(&self->super, log_pipe_get_config(&owner->driver->super.super), proto, fd);
  self->super.super.init = _init;
  self->super.super.deinit = _deinit;
  self->super.super.queue = _queue;
  self->super.super.free_fn = _free;
  return self;
}

gboolean
datagram_reader_start(DatagramReader *self, const DatagramReaderOwner *owner)
{
  self->owner = owner;
  return reader_pipe_start(&self->super, &owner->driver->super);
}

void
datagram_reader_suspend(DatagramReader *self)
{
  reader_pipe_suspend(&self->super);
}

void
datagram_reader_free(DatagramReader *self)
{
  reader_pipe_free(&self->super);
}

gint
datagram_reader_get_fd(DatagramReader *self)
{
  return reader_pipe_get_fd(&self->super);
}
