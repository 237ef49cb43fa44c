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
#include <iv_event.h>

/* Refusals logged in a second; the rest is counted and reported in one line. */
#define REFUSAL_LOG_LINES_PER_SECOND 10

/* What datagrams and connections are refused for alike. */
extern const gchar REFUSAL_BAD_HEADER[];
extern const gchar REFUSAL_UNTRUSTED[];

typedef struct _Refusal
{
  const gchar *message;
  const gchar *reason;
  /* of a connection, which is closed; -1 for a datagram */
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
 * The log lines of what was refused. Keeps a peer that hammers the port from flooding the internal log.
 */
typedef struct _RefusalLog
{
  LogDriver *driver;

  /*< private >*/
  struct iv_event first_of_second;
  struct iv_timer end_of_second;
  GMutex lock;
  gboolean is_second_running;
  guint lines;
  guint suppressed;
} RefusalLog;

/**
 * refusal_log_init()
 * @driver: whose refusals they are, for the log lines; not referenced
 */
void refusal_log_init(RefusalLog *self, LogDriver *driver);

void refusal_log_destroy(RefusalLog *self);

/**
 * refusal_log_start() - before the first refusal; in the main thread
 */
void refusal_log_start(RefusalLog *self);

/**
 * refusal_log_write() - log a refusal, or count it as suppressed; in any thread
 */
void refusal_log_write(RefusalLog *self, const Refusal *refusal);

/**
 * refusal_log_stop() - report what has been suppressed so far, and stop the timer; in the main thread
 */
void refusal_log_stop(RefusalLog *self);

#endif
