/*
 * Copyright (c) 2026 The syslog-ng-haproxy developers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * As an additional exemption you are allowed to compile & link against the
 * OpenSSL libraries as published by the OpenSSL project. See the file
 * COPYING for details.
 */

#ifndef PENDING_CONNECTION_H_INCLUDED
#define PENDING_CONNECTION_H_INCLUDED

#include "proxy-header.h"

#include "gsockaddr.h"

#include <iv.h>
#include <iv_list.h>

/*
 * An accepted socket that has not shown its header yet: the bytes of the header
 * that have come so far, and a deadline for the rest.
 *
 * Reads the header off the socket and not a byte more, so that whatever reads
 * the connection afterwards needs to know nothing about it.
 *
 * Belongs to the main thread.
 */
typedef struct _PendingConnection PendingConnection;

typedef struct _PendingConnectionEvents
{
  /* The header is valid and has been read off the socket; @more: the client's own bytes are already there. */
  void (*admit)(gpointer owner, PendingConnection *connection, const ProxyHeader *header, gboolean more);
  /* There is no valid header, @reason says why. */
  void (*refuse_malformed)(gpointer owner, PendingConnection *connection, const gchar *reason);
  /* The header is not complete and the deadline has passed. */
  void (*refuse_late)(gpointer owner, PendingConnection *connection);
} PendingConnectionEvents;

struct _PendingConnection
{
  /* for the owner to link it with others */
  struct iv_list_head list;
  gint fd;
  GSockAddr *peer_addr;

  /* who is told, exactly once; it then owns @fd and frees the rest */
  const PendingConnectionEvents *events;
  gpointer owner;

  /* the header as far as it has been seen; valid during a call of @events */
  const guchar *bytes;
  gsize length;

  /*< private >*/
  const ProxyHeaderLimits *limits;
  guchar *stored;
  struct iv_fd watch;
  struct iv_timer deadline;
};

/**
 * pending_connection_new()
 * @fd: a connected, non-blocking stream socket, taken over
 * @peer_addr: the other end of it, a reference is taken
 */
PendingConnection *pending_connection_new(gint fd, GSockAddr *peer_addr);

/**
 * pending_connection_start() - read what has come, and wait for the rest
 * @limits: which headers are valid; outlives the wait
 * @events: what to call, with @owner, when it is known what becomes of the
 *   connection: perhaps before this function returns
 * @timeout: seconds from now to the deadline
 *
 * Returns whether the connection waits. If not, @events has been told and it
 * may be gone.
 */
gboolean pending_connection_start(PendingConnection *self, const ProxyHeaderLimits *limits,
                                  const PendingConnectionEvents *events, gpointer owner, gint timeout);

/**
 * pending_connection_suspend() - stop watching, keep the bytes and the deadline
 */
void pending_connection_suspend(PendingConnection *self);

/**
 * pending_connection_resume() - go on after pending_connection_suspend(), with another owner and its limits
 */
void pending_connection_resume(PendingConnection *self, const ProxyHeaderLimits *limits, gpointer owner);

/**
 * pending_connection_release_fd() - take the socket out, for the caller to own
 */
gint pending_connection_release_fd(PendingConnection *self);

/**
 * pending_connection_free() - stop watching, and close the socket unless it was released
 */
void pending_connection_free(PendingConnection *self);

#endif
