/*
 * Copyright (c) 2026 The syslog-ng-haproxy developers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * As an additional exemption you are allowed to compile & link against the
 * OpenSSL libraries as published by the OpenSSL project. See the file
 * COPYING for details.
 */

#include "pending-connection.h"

#include "tls-negotiation.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

/*****************************************************************************
 * Waiting for the socket
 *****************************************************************************/

static void _on_ready(void *s);

/* @condition: 0 for not to look at the socket for now */
static void
_wait_for(PendingConnection *self, GIOCondition condition)
{
  void (*handler_in)(void *) = condition & G_IO_IN ? _on_ready : NULL;
  void (*handler_out)(void *) = condition & G_IO_OUT ? _on_ready : NULL;

  if (iv_fd_registered(&self->watch))
    {
      iv_fd_set_handler_in(&self->watch, handler_in);
      iv_fd_set_handler_out(&self->watch, handler_out);
    }
  else
    {
      self->watch.handler_in = handler_in;
      self->watch.handler_out = handler_out;
    }
}

static void
_watch(PendingConnection *self)
{
  iv_fd_register(&self->watch);
  iv_timer_register(&self->deadline);
}

/*****************************************************************************
 * TLS
 *****************************************************************************/

static void
_destroy(PendingConnection *self)
{
  if (self->tls)
    tls_negotiation_free(self->tls);
  if (self->fd >= 0)
    close(self->fd);
  g_sockaddr_unref(self->peer_addr);
  header_reader_destroy(&self->header);
  g_free(self);
}

static void
_accept_header(PendingConnection *self, const ProxyHeader *header)
{
  self->has_header = TRUE;
  self->owner->header_complete(self, header);
}

/*
 * Calls the owner, after which the connection may be gone. OpenSSL may have
 * decrypted messages already, of which the socket says nothing.
 */
static void
_on_negotiation_done(PendingConnection *self)
{
  ProxyHeader header;
  gboolean has_header = header_reader_get(&self->header, &header);

  if (self->steps.header_in_tls)
    _accept_header(self, &header);
  self->owner->admit(self, has_header ? &header : NULL, tls_negotiation_release_session(self->tls), TRUE);
}

static void
_on_negotiated(gpointer s)
{
  PendingConnection *self = (PendingConnection *) s;

  if (self->is_abandoned)
    {
      _destroy(self);
      return;
    }
  switch (self->tls->result)
    {
    case TLS_NEGOTIATION_WANTS_READ:
      _wait_for(self, G_IO_IN);
      break;
    case TLS_NEGOTIATION_WANTS_WRITE:
      _wait_for(self, G_IO_OUT);
      break;
    case TLS_NEGOTIATION_DONE:
      _on_negotiation_done(self);
      break;
    case TLS_NEGOTIATION_BAD_HANDSHAKE:
      self->owner->refuse(self, PENDING_HANDSHAKE_FAILED, self->tls->reason);
      break;
    case TLS_NEGOTIATION_BAD_HEADER:
      self->owner->refuse(self, PENDING_HEADER_MALFORMED, self->tls->reason);
      break;
    default:
      g_assert_not_reached();
    }
}

/* Returns whether the connection still waits; if not, it may be gone. */
static gboolean
_negotiate(PendingConnection *self)
{
  if (!self->tls && tls_options_await_password(self->owner->tls))
    {
      _wait_for(self, 0);
      return TRUE;
    }
  if (!self->tls)
    {
      TLSSession *session = tls_options_new_session(self->owner->tls);

      if (!session)
        {
          self->owner->refuse(self, PENDING_HANDSHAKE_FAILED, "no TLS session can be set up");
          return FALSE;
        }
      self->tls =
        tls_negotiation_new(session, self->fd, self->steps.header_in_tls ? &self->header : NULL, _on_negotiated, self);
    }
  _wait_for(self, 0);
  tls_negotiation_run(self->tls, self->owner->limits);
  return TRUE;
}

/*****************************************************************************
 * The header in clear
 *****************************************************************************/

static gssize
_recv(gpointer s, guchar *buffer, gsize size, gboolean peek)
{
  gint fd = ((PendingConnection *) s)->fd;
  gssize rc;

  do
    rc = recv(fd, buffer, size, MSG_DONTWAIT | (peek ? MSG_PEEK : 0));
  while (rc < 0 && errno == EINTR);
  return rc;
}

/* Returns whether the connection still waits; if not, it may be gone. */
static gboolean
_on_header_read(PendingConnection *self, const ProxyHeader *header, gboolean more)
{
  self->steps.header = FALSE;
  _accept_header(self, header);
  if (!self->steps.tls)
    {
      self->owner->admit(self, header, NULL, more);
      return FALSE;
    }
  header_reader_keep(&self->header);
  return !more || _negotiate(self);
}

static gboolean
_read_header(PendingConnection *self)
{
  ProxyHeader header;
  gboolean more = FALSE;
  const gchar *reason = NULL;

  switch (header_reader_read(&self->header, self->owner->limits, _recv, self, &header, &more, &reason))
    {
    case PROXY_HEADER_COMPLETE:
      return _on_header_read(self, &header, more);
    case PROXY_HEADER_INVALID:
      self->owner->refuse(self, PENDING_HEADER_MALFORMED, reason);
      return FALSE;
    default:
      return TRUE;
    }
}

/*****************************************************************************
 * Steps
 *****************************************************************************/

static gboolean
_has_left_behind_header(PendingConnection *self)
{
  guchar byte;

  if (!self->has_header || self->tls)
    return FALSE;
  gssize rc = _recv(self, &byte, 1, TRUE);
  return rc == 0 || (rc < 0 && errno != EAGAIN && errno != EWOULDBLOCK);
}

static void
_on_ready(void *s)
{
  PendingConnection *self = (PendingConnection *) s;

  if (self->steps.header)
    _read_header(self);
  else if (_has_left_behind_header(self))
    self->owner->leave(self);
  else
    _negotiate(self);
}

static gboolean
_awaits_header(const PendingConnection *self)
{
  return self->steps.header || (self->tls && !tls_negotiation_is_running(self->tls) && self->tls->is_established);
}

static void
_on_deadline(void *s)
{
  PendingConnection *self = (PendingConnection *) s;

  /* the header may have come in time, and we are the ones who are late */
  if (self->steps.header && !_read_header(self))
    return;
  if (_awaits_header(self))
    self->owner->refuse(self, PENDING_HEADER_LATE, "the header was not complete within header-timeout()");
  else
    self->owner->refuse(self, PENDING_HANDSHAKE_LATE, "the handshake was not complete within header-timeout()");
}

PendingConnection *
pending_connection_new(gint fd, GSockAddr *peer_addr)
{
  PendingConnection *self = g_new0(PendingConnection, 1);

  INIT_IV_LIST_HEAD(&self->list);
  self->fd = fd;
  self->peer_addr = g_sockaddr_ref(peer_addr);

  IV_FD_INIT(&self->watch);
  self->watch.fd = fd;
  self->watch.cookie = self;
  self->watch.handler_in = _on_ready;

  IV_TIMER_INIT(&self->deadline);
  self->deadline.cookie = self;
  self->deadline.handler = _on_deadline;
  return self;
}

gboolean
pending_connection_start(PendingConnection *self, const PendingConnectionOwner *owner, PendingSteps steps, gint timeout)
{
  self->owner = owner;
  self->steps = steps;

  if (!steps.header && !steps.tls)
    {
      owner->admit(self, NULL, NULL, FALSE);
      return FALSE;
    }
  iv_validate_now();
  self->deadline.expires = iv_now;
  self->deadline.expires.tv_sec += timeout;

  if (steps.header && !_read_header(self))
    return FALSE;
  _watch(self);
  return TRUE;
}

const HeaderReader *
pending_connection_get_header(const PendingConnection *self)
{
  static const HeaderReader nothing;
  gboolean is_being_read = self->steps.header_in_tls && self->tls && tls_negotiation_is_running(self->tls);

  return is_being_read ? &nothing : &self->header;
}

void
pending_connection_suspend(PendingConnection *self)
{
  if (self->tls)
    tls_negotiation_cancel(self->tls);
  if (iv_fd_registered(&self->watch))
    iv_fd_unregister(&self->watch);
  if (iv_timer_registered(&self->deadline))
    iv_timer_unregister(&self->deadline);
}

void
pending_connection_resume(PendingConnection *self, const PendingConnectionOwner *owner)
{
  self->owner = owner;
  _watch(self);
  /* a run may have been cancelled */
  if (self->tls)
    _negotiate(self);
}

void
pending_connection_begin_tls(PendingConnection *self)
{
  if (!self->tls)
    _wait_for(self, G_IO_IN);
}

gint
pending_connection_release_fd(PendingConnection *self)
{
  gint fd = self->fd;

  pending_connection_suspend(self);
  self->fd = -1;
  return fd;
}

void
pending_connection_free(PendingConnection *self)
{
  pending_connection_suspend(self);
  iv_list_del_init(&self->list);
  self->is_abandoned = self->tls && tls_negotiation_is_running(self->tls);
  if (!self->is_abandoned)
    _destroy(self);
}
