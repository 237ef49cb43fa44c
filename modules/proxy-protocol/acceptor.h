/*
 * Copyright (c) 2026 The syslog-ng-haproxy developers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * As an additional exemption you are allowed to compile & link against the
 * OpenSSL libraries as published by the OpenSSL project. See the file
 * COPYING for details.
 */

#ifndef ACCEPTOR_H_INCLUDED
#define ACCEPTOR_H_INCLUDED

#include "gsockaddr.h"
#include "driver.h"

#include <iv.h>

/*
 * Accepts the connections of a listening socket, and survives running out of
 * file descriptors.
 *
 * Belongs to the main thread.
 */
typedef struct _Acceptor
{
  LogDriver *driver;
  /* -1 while there is none */
  gint fd;
  void (*accepted)(gpointer owner, gint fd, GSockAddr *peer_addr);
  gpointer owner;

  /*< private >*/
  struct iv_fd watch;
  struct iv_timer retry;
  gboolean out_of_resources;
} Acceptor;

/**
 * acceptor_init()
 * @driver: for its name and location in the log; not referenced
 * @accepted: takes over a non-blocking connected socket, with the other end of it, for @owner
 */
void acceptor_init(Acceptor *self, LogDriver *driver, void (*accepted)(gpointer owner, gint fd, GSockAddr *peer_addr),
                   gpointer owner);

/**
 * acceptor_set_socket() - what to accept from, once it is started
 * @fd: a non-blocking socket, taken over
 */
void acceptor_set_socket(Acceptor *self, gint fd);

/**
 * acceptor_start() - its socket listens now
 */
void acceptor_start(Acceptor *self);

/**
 * acceptor_stop() - returns the socket, for the caller to own; it need not have been started
 */
gint acceptor_stop(Acceptor *self);

#endif
