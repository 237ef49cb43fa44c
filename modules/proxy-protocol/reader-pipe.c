/*
 * Copyright (c) 2026 The syslog-ng-haproxy developers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * As an additional exemption you are allowed to compile & link against the
 * OpenSSL libraries as published by the OpenSSL project. See the file
 * COPYING for details.
 */

#include "reader-pipe.h"

#include "compat-logpipe.h"
#include "compat-logreader.h"
#include "driver-tags.h"
#include "poll-fd-events.h"
#include "stats/stats-registry.h"

#include <iv.h>

/* from which on LogSource counts the window of each reader */
#define WINDOW_STATS_LEVEL 4

static void
_log_bad_frame(CompatReadLog *s)
{
  ReaderPipe *self = iv_container_of(s, ReaderPipe, as_read_log);

  msg_error("Invalid frame header, the length is not a number that a message can have",
            evt_tag_int("fd", reader_pipe_get_fd(self)),
            DRIVER_TAGS(self->driver));
}

static void
_log_bad_characters(CompatReadLog *s, const gchar *encoding, gsize bytes)
{
  ReaderPipe *self = iv_container_of(s, ReaderPipe, as_read_log);

  msg_notice("A message has bytes that are no characters of its encoding(), they are left out",
             evt_tag_str("encoding", encoding),
             evt_tag_int("bytes", bytes),
             evt_tag_int("fd", reader_pipe_get_fd(self)),
             DRIVER_TAGS(self->driver));
}

void
reader_pipe_init_instance(ReaderPipe *self, GlobalConfig *cfg, LogProtoServer *proto, gint fd)
{
  log_pipe_init_instance(&self->super, cfg);
  self->as_read_log = (CompatReadLog){ .bad_frame = _log_bad_frame, .bad_characters = _log_bad_characters };
  self->reader = log_reader_new(cfg);
  log_reader_open(self->reader, proto, poll_fd_events_new(fd));
  log_pipe_append((LogPipe *) self->reader, &self->super);
}

/* Tells the window counters of the readers apart; without those it would be for nobody. */
static void
_set_reader_name(ReaderPipe *self, const gchar *transport, GSockAddr *addr)
{
  gchar text[MAX_SOCKADDR_STRING];
  gchar name[2 * MAX_SOCKADDR_STRING];

  if (!stats_check_level(WINDOW_STATS_LEVEL))
    return;
  g_sockaddr_format(addr, text, sizeof(text), GSA_FULL);
  g_snprintf(name, sizeof(name), "%s,%s", transport, text);
  log_reader_set_name(self->reader, name);
}

void
reader_pipe_set_options(ReaderPipe *self, LogReaderOptions *options, LogDriver *driver, const gchar *transport,
                        GSockAddr *addr)
{
  compat_log_reader_set_options(self->reader, &self->super, options, driver->id, transport, addr);
  _set_reader_name(self, transport, addr);
}

gboolean
reader_pipe_start(ReaderPipe *self, LogDriver *driver)
{
  GlobalConfig *cfg = log_pipe_get_config(&driver->super);

  self->driver = driver;
  self->super.expr_node = driver->super.expr_node;
  compat_log_pipe_inherit_options(&self->super, &driver->super);
  log_pipe_set_config(&self->super, cfg);
  log_pipe_set_config((LogPipe *) self->reader, cfg);
  log_pipe_append(&self->super, &driver->super);
  return log_pipe_init(&self->super);
}

void
reader_pipe_suspend(ReaderPipe *self)
{
  log_pipe_deinit(&self->super);
}

void
reader_pipe_free(ReaderPipe *self)
{
  if (self->super.flags & PIF_INITIALIZED)
    {
      log_reader_close_proto(self->reader);
      log_pipe_deinit(&self->super);
    }

  /* the reader refers to us as its control pipe: this breaks the circle */
  log_pipe_unref((LogPipe *) self->reader);
  self->reader = NULL;
  log_pipe_unref(&self->super);
}

gint
reader_pipe_get_fd(ReaderPipe *self)
{
  return log_proto_server_get_fd(self->reader->proto);
}
