/*
 * Copyright (c) 2026 The syslog-ng-haproxy developers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * As an additional exemption you are allowed to compile & link against the
 * OpenSSL libraries as published by the OpenSSL project. See the file
 * COPYING for details.
 */

#include "tls-negotiation.h"

#include <errno.h>
#include <openssl/err.h>

static TlsNegotiationResult
_what_is_wanted(const TlsNegotiation *self)
{
  return SSL_want_write(self->session->ssl) ? TLS_NEGOTIATION_WANTS_WRITE : TLS_NEGOTIATION_WANTS_READ;
}

static gboolean
_is_end_of_stream(gint ssl_error, gint saved_errno)
{
  return ssl_error == SSL_ERROR_ZERO_RETURN || (ssl_error == SSL_ERROR_SYSCALL && saved_errno == 0)
         || (ssl_error == SSL_ERROR_SSL && ERR_GET_REASON(ERR_peek_error()) == SSL_R_UNEXPECTED_EOF_WHILE_READING);
}

static const gchar *
_describe_failure(gint ssl_error, gint saved_errno)
{
  if (_is_end_of_stream(ssl_error, saved_errno))
    return "the peer closed the connection during the TLS handshake";
  if (ssl_error == SSL_ERROR_SYSCALL)
    return "the connection broke during the TLS handshake";

  const gchar *reason = ERR_reason_error_string(ERR_peek_error());
  return reason ? reason : "OpenSSL gives no reason";
}

static TlsNegotiationResult
_shake_hands(TlsNegotiation *self)
{
  ERR_clear_error();
  errno = 0;
  gint rc = SSL_do_handshake(self->session->ssl);
  gint saved_errno = errno;
  gint error = SSL_get_error(self->session->ssl, rc);

  switch (error)
    {
    case SSL_ERROR_NONE:
      self->is_established = TRUE;
      return TLS_NEGOTIATION_DONE;
    case SSL_ERROR_WANT_READ:
    case SSL_ERROR_WANT_WRITE:
      return _what_is_wanted(self);
    default:
      self->reason = _describe_failure(error, saved_errno);
      ERR_clear_error();
      return TLS_NEGOTIATION_BAD_HANDSHAKE;
    }
}

static gssize
_read(gpointer s, guchar *buffer, gsize size, gboolean peek)
{
  SSL *ssl = ((TlsNegotiation *) s)->session->ssl;

  ERR_clear_error();
  errno = 0;
  gint rc = peek ? SSL_peek(ssl, buffer, size) : SSL_read(ssl, buffer, size);
  gint saved_errno = errno;
  gint error = SSL_get_error(ssl, rc);
  gboolean is_end = rc <= 0 && _is_end_of_stream(error, saved_errno);

  ERR_clear_error();
  if (rc > 0 || is_end)
    return MAX(rc, 0);
  errno = error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE ? EAGAIN : ECONNRESET;
  return -1;
}

static TlsNegotiationResult
_read_header(TlsNegotiation *self)
{
  ProxyHeader header;
  gboolean more;
  gsize known;
  ProxyHeaderStatus status;

  /* a TLS record each time, until no more of them have come */
  do
    {
      known = self->header->length;
      status = header_reader_read(self->header, self->limits, _read, self, &header, &more, &self->reason);
    }
  while (status == PROXY_HEADER_INCOMPLETE && self->header->length > known);

  header_reader_keep(self->header);
  if (status == PROXY_HEADER_INCOMPLETE)
    return _what_is_wanted(self);
  return status == PROXY_HEADER_COMPLETE ? TLS_NEGOTIATION_DONE : TLS_NEGOTIATION_BAD_HEADER;
}

static void
_work(gpointer s)
{
  TlsNegotiation *self = (TlsNegotiation *) s;

  self->result = self->is_established ? TLS_NEGOTIATION_DONE : _shake_hands(self);
  if (self->result == TLS_NEGOTIATION_DONE && self->header)
    self->result = _read_header(self);
}

TlsNegotiation *
tls_negotiation_new(TLSSession *session, gint fd, HeaderReader *header, void (*completed)(gpointer owner),
                    gpointer owner)
{
  TlsNegotiation *self = g_new0(TlsNegotiation, 1);

  self->session = session;
  self->header = header;
  SSL_set_fd(session->ssl, fd);
  limited_job_init(&self->job, _work, self, completed, owner);
  return self;
}

void
tls_negotiation_run(TlsNegotiation *self, const ProxyHeaderLimits *limits)
{
  self->limits = limits;
  limited_job_submit(&self->job);
}

void
tls_negotiation_cancel(TlsNegotiation *self)
{
  limited_job_cancel(&self->job);
}

gboolean
tls_negotiation_is_running(const TlsNegotiation *self)
{
  return limited_job_is_running(&self->job);
}

TLSSession *
tls_negotiation_release_session(TlsNegotiation *self)
{
  TLSSession *session = self->session;

  self->session = NULL;
  return session;
}

void
tls_negotiation_free(TlsNegotiation *self)
{
  tls_negotiation_cancel(self);
  if (self->session)
    tls_session_free(self->session);
  g_free(self);
}
