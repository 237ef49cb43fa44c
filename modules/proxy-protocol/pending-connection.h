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

#include "header-reader.h"
#include "tls-options.h"

#include "gsockaddr.h"

#include <iv.h>
#include <iv_list.h>

/*
 * An accepted socket that is not admitted yet: the bytes of its header that have
 * come so far, its TLS handshake, and a deadline for all of it.
 *
 * Belongs to the main thread.
 */
typedef struct _PendingConnection PendingConnection;

/* What is still to come before a connection can be admitted, in this order. */
typedef struct _PendingSteps
{
  gboolean header : 1;
  gboolean tls : 1;
  gboolean header_in_tls : 1;
} PendingSteps;

typedef enum
{
  PENDING_HEADER_MALFORMED,
  PENDING_HEADER_LATE,
  PENDING_HANDSHAKE_FAILED,
  PENDING_HANDSHAKE_LATE,
} PendingRefusal;

/* What a connection needs of its driver, and whom it tells. */
typedef struct _PendingConnectionOwner
{
  /* which headers are valid */
  const ProxyHeaderLimits *limits;
  const TlsOptions *tls;

  /* The header is valid and has been read off; more may have to happen before @admit. */
  void (*header_complete)(PendingConnection *connection, const ProxyHeader *header);
  /*
   * One of these comes last, and then owns the connection.
   *
   * Everything has happened. @header: NULL if there was none to come; @session:
   * TLS, taken over, or NULL; @more: the client's own bytes are or may be already there.
   */
  void (*admit)(PendingConnection *connection, const ProxyHeader *header, TLSSession *session, gboolean more);
  /* The client has gone behind its header, without a word of TLS: a health check. */
  void (*leave)(PendingConnection *connection);
  void (*refuse)(PendingConnection *connection, PendingRefusal refusal, const gchar *reason);
} PendingConnectionOwner;

struct _PendingConnection
{
  /* for the owner to link it with others */
  struct iv_list_head list;
  gint fd;
  GSockAddr *peer_addr;
  const PendingConnectionOwner *owner;
  /* the header is complete and valid */
  gboolean has_header;

  /*< private >*/
  HeaderReader header;
  PendingSteps steps;
  gboolean is_abandoned;
  struct iv_fd watch;
  struct iv_timer deadline;
  /* there once TLS has begun */
  struct _TlsNegotiation *tls;
};

/**
 * pending_connection_new()
 * @fd: a connected, non-blocking stream socket, taken over
 * @peer_addr: the other end of it, a reference is taken
 */
PendingConnection *pending_connection_new(gint fd, GSockAddr *peer_addr);

/**
 * pending_connection_start() - read what has come, and wait for the rest
 * @owner: outlives the wait; perhaps it is told what becomes of the connection
 *   before this function returns
 * @steps: what has to happen
 * @timeout: seconds from now to the deadline
 *
 * Returns whether the connection waits. If not, it may be gone.
 */
gboolean pending_connection_start(PendingConnection *self, const PendingConnectionOwner *owner, PendingSteps steps,
                                  gint timeout);

/**
 * pending_connection_get_header() - the header as far as it is known
 *
 * What a worker thread reads at the moment is not.
 */
const HeaderReader *pending_connection_get_header(const PendingConnection *self);

/**
 * pending_connection_suspend() - stop watching, keep the bytes and the deadline
 */
void pending_connection_suspend(PendingConnection *self);

/**
 * pending_connection_resume() - go on after pending_connection_suspend(), with another owner
 */
void pending_connection_resume(PendingConnection *self, const PendingConnectionOwner *owner);

/**
 * pending_connection_begin_tls() - there are keys and certificates now, for which it may have waited
 */
void pending_connection_begin_tls(PendingConnection *self);

/**
 * pending_connection_release_fd() - take the socket out, for the caller to own
 */
gint pending_connection_release_fd(PendingConnection *self);

/**
 * pending_connection_free() - stop watching, and close the socket unless it was released
 *
 * Where a worker thread is at it, the socket is closed when that has finished.
 */
void pending_connection_free(PendingConnection *self);

#endif
