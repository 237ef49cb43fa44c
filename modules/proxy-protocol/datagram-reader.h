/*
 * Copyright (c) 2026 The syslog-ng-haproxy developers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * As an additional exemption you are allowed to compile & link against the
 * OpenSSL libraries as published by the OpenSSL project. See the file
 * COPYING for details.
 */

#ifndef DATAGRAM_READER_H_INCLUDED
#define DATAGRAM_READER_H_INCLUDED

#include "datagram-socket.h"
#include "proxy-counters.h"
#include "proxy-options.h"
#include "reader-pipe.h"
#include "refusal-log.h"

#include "compat-logproto-datagrams.h"

/*
 * A bound UDP socket, and what reads its messages: takes each datagram's header
 * off, and gives the message what the header says.
 */
typedef struct _DatagramReader DatagramReader;

/* What a reader needs of its driver, as long as it is initialized. */
typedef struct _DatagramReaderOwner
{
  LogSrcDriver *driver;
  ProxyOptions *options;
  ProxyCounters *counters;
  RefusalLog *refusal_log;
} DatagramReaderOwner;

struct _DatagramReader
{
  ReaderPipe super;
  GSockAddr *bind_addr;

  /*< private >*/
  const DatagramReaderOwner *owner;
  CompatReceiver as_receiver;
  DatagramSocket *socket;
  /* of the message that is on its way; NULL if it has none */
  ProxyMacroValues *macros;
};

/**
 * datagram_reader_new()
 * @owner: outlives the reader's being initialized
 * @fd: a non-blocking UDP socket, taken over
 * @bind_addr: what it is bound to
 */
DatagramReader *datagram_reader_new(const DatagramReaderOwner *owner, gint fd, GSockAddr *bind_addr);

/**
 * datagram_reader_start() - start reading, or go on with it after datagram_reader_suspend()
 * @owner: the driver now, after a reload another one
 *
 * Returns FALSE, and has logged why, where that is not possible.
 */
gboolean datagram_reader_start(DatagramReader *self, const DatagramReaderOwner *owner);

/* Stop reading, lose nothing. */
void datagram_reader_suspend(DatagramReader *self);

/* Close the socket. */
void datagram_reader_free(DatagramReader *self);

gint datagram_reader_get_fd(DatagramReader *self);

#endif
