/*
 * Copyright (c) 2026 The syslog-ng-haproxy developers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * As an additional exemption you are allowed to compile & link against the
 * OpenSSL libraries as published by the OpenSSL project. See the file
 * COPYING for details.
 */

#ifndef ADMISSION_H_INCLUDED
#define ADMISSION_H_INCLUDED

#include "pending-connection.h"
#include "proxy-counters.h"
#include "proxy-options.h"
#include "refusal-log.h"

#include "driver.h"

/*
 * Who may come in: has the connections that are not admitted yet, within their
 * limit, until it admits them to the server or refuses them.
 *
 * Belongs to the main thread.
 */
typedef struct _Admission
{
  LogSrcDriver *driver;
  ProxyOptions *options;
  ProxyCounters *counters;
  RefusalLog *refusal_log;

  /* is there room for one more? */
  gboolean (*has_room)(gpointer server);
  /* Takes @fd and @session over. @header: NULL for a client that is served without one. */
  void (*admit)(gpointer server, gint fd, TLSSession *session, GSockAddr *peer_addr, const ProxyHeader *header,
                gboolean data_is_there);
  gpointer server;

  /*< private >*/
  GSockAddr *bind_addr;
  PendingConnectionOwner as_owner;
  struct iv_list_head pending;
  gint num_pending;
} Admission;

/**
 * admission_init()
 *
 * The caller sets whom to admit to. The driver and its parts are not referenced: they outlive it.
 */
void admission_init(Admission *self, LogSrcDriver *driver, ProxyOptions *options, ProxyCounters *counters,
                    RefusalLog *refusal_log);
void admission_destroy(Admission *self);

/**
 * admission_open() - before the first connection
 * @bind_addr: of the listening socket, for the log
 */
void admission_open(Admission *self, GSockAddr *bind_addr);

/**
 * admission_take() - for acceptor_init(): a connection that was accepted
 * @self: an Admission
 * @fd: taken over
 */
void admission_take(gpointer self, gint fd, GSockAddr *peer_addr);

/**
 * admission_begin_tls() - there are keys and certificates now, for which connections may have waited
 */
void admission_begin_tls(Admission *self);

/* Stop waiting, lose nothing. */
void admission_suspend(Admission *self);

/**
 * admission_release() - move the connections out, when suspended, to the end of a list
 */
void admission_release(Admission *self, struct iv_list_head *pending);

/**
 * admission_resume() - go on with those of another one, which empties the list
 */
void admission_resume(Admission *self, struct iv_list_head *pending);

#endif
