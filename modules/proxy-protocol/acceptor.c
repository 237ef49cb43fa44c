/*
 * Copyright (c) 2026 The syslog-ng-haproxy developers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * As an additional exemption you are allowed to compile & link against the
 * OpenSSL libraries as published by the OpenSSL project. See the file
 * COPYING for details.
 */

#include "acceptor.h"

#include "driver-tags.h"
#include "timeutils/misc.h"

#include <errno.h>

#define ACCEPTS_AT_A_TIME 30
#define RETRY_MSEC 100

static void
_watch(Acceptor *self)
{
  self->watch.fd = self->fd;
  iv_fd_register(&self->watch);
}

static void
_unwatch(Acceptor *self)
{
  if (iv_fd_registered(&self->watch))
    iv_fd_unregister(&self->watch);
}

static gboolean
_is_out_of_resources(gint error)
{
  return error == EMFILE || error == ENFILE || error == ENOBUFS || error == ENOMEM;
}

/* The socket stays readable while there is nothing to accept with: look away for a while instead of spinning. */
static void
_pause(Acceptor *self, gint error)
{
  if (!self->out_of_resources)
    msg_error("Error accepting new connection, trying again until it is possible",
              evt_tag_errno("error", error),
              DRIVER_TAGS(self->driver));
  self->out_of_resources = TRUE;

  _unwatch(self);
  iv_validate_now();
  self->retry.expires = iv_now;
  timespec_add_msec(&self->retry.expires, RETRY_MSEC);
  iv_timer_register(&self->retry);
}

/* Returns whether there may be another one to accept. */
static gboolean
_accept_one(Acceptor *self)
{
  struct sockaddr_storage address;
  socklen_t length = sizeof(address);
  gint fd = accept4(self->fd, (struct sockaddr *) &address, &length, SOCK_NONBLOCK | SOCK_CLOEXEC);

  if (fd < 0 && _is_out_of_resources(errno))
    {
      _pause(self, errno);
      return FALSE;
    }
  if (fd < 0 && errno == EAGAIN)
    {
      /* nobody waits any more */
      self->out_of_resources = FALSE;
      return FALSE;
    }
  /* any other error is that of one connection, which is gone */
  if (fd < 0)
    return TRUE;

  GSockAddr *peer_addr = g_sockaddr_new((struct sockaddr *) &address, length);

  self->accepted(self->owner, fd, peer_addr);
  g_sockaddr_unref(peer_addr);
  return TRUE;
}

static void
_on_acceptable(void *s)
{
  Acceptor *self = (Acceptor *) s;

  for (gint i = 0; i < ACCEPTS_AT_A_TIME && _accept_one(self); i++)
    ;
}

/* Without waiting for somebody to connect: if nobody does, the shortage is over. */
static void
_on_retry(void *s)
{
  _watch((Acceptor *) s);
  _on_acceptable(s);
}

void
acceptor_init(Acceptor *self, LogDriver *driver, void (*accepted)(gpointer owner, gint fd, GSockAddr *peer_addr),
              gpointer owner)
{
  self->owner = owner;
  self->driver = driver;
  self->fd = -1;
  self->accepted = accepted;
  self->out_of_resources = FALSE;

  IV_FD_INIT(&self->watch);
  self->watch.cookie = self;
  self->watch.handler_in = _on_acceptable;

  IV_TIMER_INIT(&self->retry);
  self->retry.cookie = self;
  self->retry.handler = _on_retry;
}

void
acceptor_set_socket(Acceptor *self, gint fd)
{
  self->fd = fd;
}

void
acceptor_start(Acceptor *self)
{
  _watch(self);
}

gint
acceptor_stop(Acceptor *self)
{
  gint fd = self->fd;

  _unwatch(self);
  if (iv_timer_registered(&self->retry))
    iv_timer_unregister(&self->retry);
  self->fd = -1;
  return fd;
}
