/*
 * Copyright (c) 2026 The syslog-ng-haproxy developers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * As an additional exemption you are allowed to compile & link against the
 * OpenSSL libraries as published by the OpenSSL project. See the file
 * COPYING for details.
 */

#ifndef COMPAT_LOGPROTO_DATAGRAMS_H_INCLUDED
#define COMPAT_LOGPROTO_DATAGRAMS_H_INCLUDED

#include "compat-transport.h"

/* What is in a datagram for the log. */
typedef struct _CompatPayload
{
  /* not empty; until the next one is received */
  const guchar *bytes;
  gsize length;
  /* where it comes from, and where it was sent to: references, taken over */
  GSockAddr *source_addr;
  GSockAddr *local_addr;
} CompatPayload;

/* What reads the datagrams. */
typedef struct _CompatReceiver CompatReceiver;
struct _CompatReceiver
{
  /* The next payload, without waiting. FALSE: not now; either more have been read ahead, or the socket will tell. */
  gboolean (*receive)(CompatReceiver *self, CompatPayload *payload);
  /* Have datagrams been read off the socket that were not received yet? */
  gboolean (*has_read_ahead)(CompatReceiver *self);
};

/**
 * compat_log_proto_datagrams_new() - a protocol whose messages are datagrams that another one reads
 * @receiver: outlives the protocol; called in the thread that reads
 * @fd: the socket, taken over
 *
 * log-msg-size() and encoding() are as in libsyslog-ng's protocol for datagrams,
 * which a datagram that ends within a character stops for good: here, that
 * character is left out.
 */
LogProtoServer *compat_log_proto_datagrams_new(CompatReceiver *receiver, gint fd,
                                               const CompatLogProtoServerOptions *options, CompatReadLog *log);

#endif
