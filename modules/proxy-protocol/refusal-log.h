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

#include "gsockaddr.h"
#include "driver.h"

#include <iv.h>

/* Refusals logged in a second; the rest is counted and reported in one line. */
#define REFUSAL_LOG_LINES_PER_SECOND 10

typedef struct _Refusal
{
  const gchar *message;
  const gchar *reason;
  gint fd;
  GSockAddr *peer_addr;
  GSockAddr *local_addr;
  /* as a header says; NULL if none has */
  GSockAddr *client_addr;
  /* what there is of the header */
  const guchar *bytes;
  gsize length;
} Refusal;

/*
 * The log lines of refused connections. Keeps a peer that hammers the port from flooding the internal log.
 *
 * Belongs to the main thread.
 */
typedef struct _RefusalLog
{
  LogDriver *driver;
  struct iv_timer end_of_second;
  guint lines;
  guint suppressed;
} RefusalLog;

/**
 * refusal_log_init()
 * @driver: whose refusals they are, for the log lines; not referenced
 */
void refusal_log_init(RefusalLog *self, LogDriver *driver);

/**
 * refusal_log_write() - log a refusal, or count it as suppressed
 */
void refusal_log_write(RefusalLog *self, const Refusal *refusal);

/**
 * refusal_log_stop() - report what has been suppressed so far, and stop the timer
 */
void refusal_log_stop(RefusalLog *self);

#endif
