/*
 * Copyright (c) 2026 The syslog-ng-haproxy developers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * As an additional exemption you are allowed to compile & link against the
 * OpenSSL libraries as published by the OpenSSL project. See the file
 * COPYING for details.
 */

#include "datagram-server.h"

#include "bind-address.h"
#include "kept-over-reload.h"

static const gchar KEPT_READER[] = "datagrams";

static void
_keep(DatagramServer *self, DatagramReader *reader)
{
  kept_over_reload_put(&self->as_owner.driver->super, KEPT_READER, reader, (GDestroyNotify) datagram_reader_free);
}

/* Goes on with the socket from before a reload. Returns NULL, and has logged why, where that is not possible. */
static DatagramReader *
_reconfigure(DatagramServer *self, DatagramReader *kept)
{
  if (listener_reconfigure(&self->as_owner.options->listener,
                           datagram_reader_get_fd(kept),
                           kept->bind_addr,
                           &self->as_owner.driver->super))
    return kept;

  /* for the configuration before this one, to which syslog-ng returns now */
  _keep(self, kept);
  return NULL;
}

static DatagramReader *
_open(DatagramServer *self, GSockAddr *bind_addr)
{
  gint fd = listener_open(&self->as_owner.options->listener, bind_addr, &self->as_owner.driver->super);

  return fd < 0 ? NULL : datagram_reader_new(&self->as_owner, fd, bind_addr);
}

static DatagramReader *
_get_reader(DatagramServer *self, GSockAddr *bind_addr)
{
  DatagramReader *kept = kept_over_reload_take(&self->as_owner.driver->super, KEPT_READER);

  if (kept && bind_address_is_same(kept->bind_addr, bind_addr))
    return _reconfigure(self, kept);

  DatagramReader *reader = _open(self, bind_addr);
  if (kept && reader)
    datagram_reader_free(kept);
  else if (kept)
    _keep(self, kept);
  return reader;
}

gboolean
datagram_server_start(DatagramServer *self, GSockAddr *bind_addr)
{
  DatagramReader *reader = _get_reader(self, bind_addr);

  if (reader && !datagram_reader_start(reader, &self->as_owner))
    {
      datagram_reader_free(reader);
      reader = NULL;
    }
  self->reader = reader;
  return reader != NULL;
}

void
datagram_server_stop(DatagramServer *self)
{
  DatagramReader *reader = self->reader;

  self->reader = NULL;
  datagram_reader_suspend(reader);
  if (self->as_owner.options->keep_alive)
    _keep(self, reader);
  else
    datagram_reader_free(reader);
}

void
datagram_server_init(DatagramServer *self, LogSrcDriver *driver, ProxyOptions *options, ProxyCounters *counters,
                     RefusalLog *refusal_log)
{
  self->as_owner = (DatagramReaderOwner){
    .driver = driver,
    .options = options,
    .counters = counters,
    .refusal_log = refusal_log,
  };
  self->reader = NULL;
}
