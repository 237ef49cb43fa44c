/*
 * Copyright (c) 2026 The syslog-ng-haproxy developers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * As an additional exemption you are allowed to compile & link against the
 * OpenSSL libraries as published by the OpenSSL project. See the file
 * COPYING for details.
 */

#include "refusal-log.h"

#include "driver-tags.h"
#include "proxy-header.h"

static void
_report(RefusalLog *self)
{
  if (self->suppressed > 0)
    msg_error("Refusals of PROXY protocol connections were not logged, there were too many of them",
              evt_tag_int("suppressed", self->suppressed),
              evt_tag_int("logged", self->lines),
              DRIVER_TAGS(self->driver));
  self->lines = 0;
  self->suppressed = 0;
}

static void
_on_end_of_second(void *s)
{
  _report((RefusalLog *) s);
}

void
refusal_log_init(RefusalLog *self, LogDriver *driver)
{
  self->driver = driver;
  self->lines = 0;
  self->suppressed = 0;

  IV_TIMER_INIT(&self->end_of_second);
  self->end_of_second.cookie = self;
  self->end_of_second.handler = _on_end_of_second;
}

static gboolean
_has_room_in_this_second(RefusalLog *self)
{
  if (!iv_timer_registered(&self->end_of_second))
    {
      iv_validate_now();
      self->end_of_second.expires = iv_now;
      self->end_of_second.expires.tv_sec += 1;
      iv_timer_register(&self->end_of_second);
    }
  return self->lines < REFUSAL_LOG_LINES_PER_SECOND;
}

void
refusal_log_write(RefusalLog *self, const Refusal *refusal)
{
  gchar peer[MAX_SOCKADDR_STRING], local[MAX_SOCKADDR_STRING], client[MAX_SOCKADDR_STRING];
  gchar line[PROXY_HEADER_PRINTABLE_SIZE];

  if (!_has_room_in_this_second(self))
    {
      self->suppressed++;
      return;
    }
  self->lines++;

  g_sockaddr_format(refusal->peer_addr, peer, sizeof(peer), GSA_FULL);
  g_sockaddr_format(refusal->local_addr, local, sizeof(local), GSA_FULL);
  if (refusal->client_addr)
    g_sockaddr_format(refusal->client_addr, client, sizeof(client), GSA_FULL);
  msg_error(refusal->message,
            evt_tag_str("reason", refusal->reason),
            evt_tag_str("client", peer),
            evt_tag_str("local", local),
            evt_tag_str("line", proxy_header_print(refusal->bytes, refusal->length, line)),
            DRIVER_TAGS(self->driver),
            refusal->client_addr ? evt_tag_str("original_client", client) : NULL);
  msg_notice("Syslog connection closed",
             evt_tag_int("fd", refusal->fd),
             evt_tag_str("client", peer),
             evt_tag_str("local", local),
             DRIVER_TAGS(self->driver));
}

void
refusal_log_stop(RefusalLog *self)
{
  if (iv_timer_registered(&self->end_of_second))
    iv_timer_unregister(&self->end_of_second);
  _report(self);
}
