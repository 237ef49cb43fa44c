/*
 * Copyright (c) 2026 The syslog-ng-haproxy developers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * As an additional exemption you are allowed to compile & link against the
 * OpenSSL libraries as published by the OpenSSL project. See the file
 * COPYING for details.
 */

#ifndef READER_PIPE_H_INCLUDED
#define READER_PIPE_H_INCLUDED

#include "compat-read-log.h"

#include "driver.h"
#include "logreader.h"

/*
 * A LogReader on a socket, and the pipe that its messages pass on their way to
 * the driver. To be embedded as the first member of what it is for, which may
 * have a queue(), notify(), init() and deinit() of its own.
 */
typedef struct _ReaderPipe
{
  LogPipe super;
  LogReader *reader;
  /* for its protocol */
  CompatReadLog as_read_log;

  /*< private >*/
  LogDriver *driver;
} ReaderPipe;

/**
 * reader_pipe_init_instance()
 * @proto: reads the messages, on @fd; both taken over
 */
void reader_pipe_init_instance(ReaderPipe *self, GlobalConfig *cfg, LogProtoServer *proto, gint fd);

/**
 * reader_pipe_set_options() - what the driver has configured; for init()
 * @transport: name of the transport
 * @addr: tells the readers of a driver apart in the counters
 */
void reader_pipe_set_options(ReaderPipe *self, LogReaderOptions *options, LogDriver *driver, const gchar *transport,
                             GSockAddr *addr);

/**
 * reader_pipe_start() - start reading, or go on with it after reader_pipe_suspend()
 * @driver: the driver now, after a reload another one
 *
 * Returns FALSE, and has logged why, where that is not possible.
 */
gboolean reader_pipe_start(ReaderPipe *self, LogDriver *driver);

/* Stop reading, lose nothing. */
void reader_pipe_suspend(ReaderPipe *self);

/* Close the socket, and free all of it. */
void reader_pipe_free(ReaderPipe *self);

/* The socket, as long as it is not closed. */
gint reader_pipe_get_fd(ReaderPipe *self);

#endif
