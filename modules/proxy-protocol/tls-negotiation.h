/*
 * Copyright (c) 2026 The syslog-ng-haproxy developers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * As an additional exemption you are allowed to compile & link against the
 * OpenSSL libraries as published by the OpenSSL project. See the file
 * COPYING for details.
 */

#ifndef TLS_NEGOTIATION_H_INCLUDED
#define TLS_NEGOTIATION_H_INCLUDED

#include "header-reader.h"
#include "limited-job.h"

#include "compat-tls.h"

/*
 * The handshake of a connection, and the header where it comes inside TLS. A
 * worker thread does it, step by step as the bytes come in; the main thread
 * waits for them.
 *
 * Belongs to the main thread, which must not look into it while it is running.
 */
typedef enum
{
  /* to be run again when the socket is readable, or writable */
  TLS_NEGOTIATION_WANTS_READ,
  TLS_NEGOTIATION_WANTS_WRITE,
  /* there is a session, and a header if one was to come */
  TLS_NEGOTIATION_DONE,
  TLS_NEGOTIATION_BAD_HANDSHAKE,
  TLS_NEGOTIATION_BAD_HEADER,
} TlsNegotiationResult;

typedef struct _TlsNegotiation
{
  TLSSession *session;
  /* the handshake is complete */
  gboolean is_established;
  TlsNegotiationResult result;
  /* a static phrase for the log, where something is bad */
  const gchar *reason;

  /*< private >*/
  LimitedJob job;
  HeaderReader *header;
  const ProxyHeaderLimits *limits;
} TlsNegotiation;

/**
 * tls_negotiation_new()
 * @session: fresh, taken over
 * @fd: a connected, non-blocking socket; outlives the negotiation
 * @header: reads the header inside TLS; NULL where there is none
 * @completed: called with @owner after each run; may free the negotiation
 */
TlsNegotiation *tls_negotiation_new(TLSSession *session, gint fd, HeaderReader *header,
                                    void (*completed)(gpointer owner), gpointer owner);

/**
 * tls_negotiation_run() - go as far as possible without waiting for the client
 * @limits: which headers are valid; outlives the run
 */
void tls_negotiation_run(TlsNegotiation *self, const ProxyHeaderLimits *limits);

/* Do not run, if it has not begun yet. */
void tls_negotiation_cancel(TlsNegotiation *self);

gboolean tls_negotiation_is_running(const TlsNegotiation *self);

/**
 * tls_negotiation_release_session() - take the session out, for the caller to own
 */
TLSSession *tls_negotiation_release_session(TlsNegotiation *self);

/* To be called when it is not running. */
void tls_negotiation_free(TlsNegotiation *self);

#endif
