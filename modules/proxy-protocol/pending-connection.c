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

#include <errno.h>
#include <string.h>
#include <unistd.h>

static gssize
_recv(gint fd, guchar *buffer, gsize size, gint flags)
{
  gssize rc;

  do
    rc = recv(fd, buffer, size, flags | MSG_DONTWAIT);
  while (rc < 0 && errno == EINTR);
  return rc;
}

static const gchar *
_describe_end_of_stream(const PendingConnection *self, gssize rc)
{
  if (rc < 0)
    return "the connection broke before the end of the header";
  if (self->length == 0)
    return "the peer closed the connection without sending a header";
  return "the peer closed the connection before the end of the header";
}

/* Keeps what has come of an incomplete header. */
static void
_store(PendingConnection *self, const guchar *bytes, gsize length)
{
  self->stored = g_realloc(self->stored, length);
  memcpy(self->stored, bytes, length);
  self->bytes = self->stored;
}

/*
 * Looks at what there is without taking it, then takes the header's share: two
 * system calls for a header that is there, and nothing behind it is touched.
 */
static ProxyHeaderStatus
_read_header(PendingConnection *self, ProxyHeader *header, gboolean *more, const gchar **reason)
{
  /* of the main thread, which reads one header at a time */
  static guchar buffer[PROXY_HEADER_V2_MAX];
  gsize known = self->length;
  gsize longest = proxy_header_longest(self->limits);
  /* what is known may be more than a reload has left of the limit; one byte more is then enough to refuse it */
  gsize room = longest > known ? longest - known : 1;

  if (known > 0)
    memcpy(buffer, self->stored, known);
  gssize seen = _recv(self->fd, buffer + known, room, MSG_PEEK);
  if (seen < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
    return PROXY_HEADER_INCOMPLETE;
  if (seen <= 0)
    {
      *reason = _describe_end_of_stream(self, seen);
      return PROXY_HEADER_INVALID;
    }

  self->bytes = buffer;
  self->length = known + seen;
  ProxyHeaderStatus status = proxy_header_parse(header, self->limits, buffer, self->length, reason);
  if (status == PROXY_HEADER_INVALID)
    return status;

  if (status == PROXY_HEADER_COMPLETE)
    {
      *more = self->length > header->length;
      self->length = header->length;
    }
  else
    _store(self, buffer, self->length);

  /* again the same bytes, to where they are already */
  _recv(self->fd, buffer + known, self->length - known, 0);
  return status;
}

/* Returns whether the connection still waits; if not, it may be gone. */
static gboolean
_proceed(PendingConnection *self)
{
  ProxyHeader header;
  gboolean more = FALSE;
  const gchar *reason = NULL;

  switch (_read_header(self, &header, &more, &reason))
    {
    case PROXY_HEADER_COMPLETE:
      self->events->admit(self->owner, self, &header, more);
      return FALSE;
    case PROXY_HEADER_INVALID:
      self->events->refuse_malformed(self->owner, self, reason);
      return FALSE;
    default:
      return TRUE;
    }
}

static void
_on_readable(void *s)
{
  _proceed((PendingConnection *) s);
}

static void
_on_deadline(void *s)
{
  PendingConnection *self = (PendingConnection *) s;

  /* the header may have come in time, and we are the ones who are late */
  if (_proceed(self))
    self->events->refuse_late(self->owner, self);
}

static void
_watch(PendingConnection *self)
{
  iv_fd_register(&self->watch);
  iv_timer_register(&self->deadline);
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
  self->watch.handler_in = _on_readable;

  IV_TIMER_INIT(&self->deadline);
  self->deadline.cookie = self;
  self->deadline.handler = _on_deadline;
  return self;
}

gboolean
pending_connection_start(PendingConnection *self, const ProxyHeaderLimits *limits,
                         const PendingConnectionEvents *events, gpointer owner, gint timeout)
{
  self->limits = limits;
  self->events = events;
  self->owner = owner;

  iv_validate_now();
  self->deadline.expires = iv_now;
  self->deadline.expires.tv_sec += timeout;

  if (!_proceed(self))
    return FALSE;
  _watch(self);
  return TRUE;
}

void
pending_connection_suspend(PendingConnection *self)
{
  if (iv_fd_registered(&self->watch))
    iv_fd_unregister(&self->watch);
  if (iv_timer_registered(&self->deadline))
    iv_timer_unregister(&self->deadline);
}

void
pending_connection_resume(PendingConnection *self, const ProxyHeaderLimits *limits, gpointer owner)
{
  self->limits = limits;
  self->owner = owner;
  _watch(self);
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
  if (self->fd >= 0)
    close(self->fd);
  g_sockaddr_unref(self->peer_addr);
  iv_list_del(&self->list);
  g_free(self->stored);
  g_free(self);
}
