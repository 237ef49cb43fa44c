/*
 * Copyright (c) 2026 The syslog-ng-haproxy developers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * As an additional exemption you are allowed to compile & link against the
 * OpenSSL libraries as published by the OpenSSL project. See the file
 * COPYING for details.
 */

#ifndef REFUSAL_LOG_H_INCLUDED
#define REFUSAL_LOG_H_INCLUDED

#include "logpipe.h"

#include <iv.h>

/* Refusals logged in a second; the rest is counted and reported in one line. */
#define REFUSAL_LOG_LINES_PER_SECOND 10

/*
 * Keeps a peer that hammers the port from flooding the internal log.
 *
 * Belongs to the main thread.
 */
typedef struct _RefusalLog
{
  LogPipe *driver;
  struct iv_timer end_of_second;
  guint lines;
  guint suppressed;
} RefusalLog;

/**
 * refusal_log_init()
 * @driver: whose refusals they are, for the log lines; not referenced
 */
void refusal_log_init(RefusalLog *self, LogPipe *driver);

/**
 * refusal_log_admits() - may one more refusal be logged in this second?
 *
 * To be asked once for each refusal: where it says FALSE the refusal is counted
 * as suppressed.
 */
gboolean refusal_log_admits(RefusalLog *self);

/**
 * refusal_log_stop() - report what has been suppressed so far, and stop the timer
 */
void refusal_log_stop(RefusalLog *self);

#endif
