/*
 * Copyright (c) 2026 The syslog-ng-haproxy developers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * As an additional exemption you are allowed to compile & link against the
 * OpenSSL libraries as published by the OpenSSL project. See the file
 * COPYING for details.
 */

#include "compat-logproto-frames.h"

#include "logproto/logproto-framed-server.h"

#include <errno.h>

/* Ends the stream in front of a number that libsyslog-ng would misread. Other mistakes are left to libsyslog-ng. */
typedef struct _FrameCheck
{
  CompatTransportLayer super;
  /* the number as far as it has been seen, and what is left of the frame behind it */
  guint64 number;
  guint digits;
  guint64 rest_of_frame;
  gboolean is_bad;
  CompatReadLog *log;
} FrameCheck;

static gboolean
_is_misread(const FrameCheck *self, guchar byte)
{
  /* an empty number, and one with a 0 in front */
  if (self->digits == 0)
    return byte == ' ' || byte == '0';
  return self->number > G_MAXINT32;
}

static void
_see(FrameCheck *self, guchar byte)
{
  if (g_ascii_isdigit(byte))
    {
      self->number = self->number * 10 + (byte - '0');
      self->digits++;
      return;
    }
  if (byte == ' ')
    self->rest_of_frame = self->number;
  self->number = 0;
  self->digits = 0;
}

/* Returns how many of the bytes may be read: all, or those in front of the bad number. */
static gsize
_check(FrameCheck *self, const guchar *bytes, gsize length)
{
  gsize position = 0;

  while (position < length)
    {
      gsize skipped = MIN(self->rest_of_frame, length - position);

      self->rest_of_frame -= skipped;
      position += skipped;
      if (position == length)
        break;
      self->is_bad = _is_misread(self, bytes[position]);
      if (self->is_bad)
        return position - MIN(self->digits, position);
      _see(self, bytes[position++]);
    }
  return length;
}

static gssize
_read(LogTransport *s, gpointer buffer, gsize count, LogTransportAuxData *aux)
{
  FrameCheck *self = (FrameCheck *) s;
  gssize rc = self->is_bad ? 0 : compat_transport_layer_read_below(&self->super, buffer, count, aux);

  if (rc > 0)
    rc = _check(self, buffer, rc);
  if (rc > 0 || !self->is_bad)
    return rc;

  self->log->bad_frame(self->log);
  errno = EBADMSG;
  return -1;
}

static CompatTransportLayer *
_frame_check_new(CompatReadLog *log)
{
  FrameCheck *self = g_new0(FrameCheck, 1);

  compat_transport_layer_init(&self->super, _read);
  self->log = log;
  return &self->super;
}

CompatLogProtoFactory
compat_log_proto_frames_factory(void)
{
  static LogProtoServerFactory factory = { .construct = log_proto_framed_server_new };

  return (CompatLogProtoFactory){ .proto = &factory, .new_layer = _frame_check_new, .is_undecoded = TRUE };
}
