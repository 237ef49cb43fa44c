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

const gchar REFUSAL_BAD_HEADER[] = "Error parsing PROXY protocol header";
const gchar REFUSAL_UNTRUSTED[] = "the peer is not in trusted-proxies()";

/* The second is over: the next refusal begins another one. */
static void
_report(RefusalLog *self)
{
  g_mutex_lock(&self->lock);
  guint lines = self->lines, suppressed = self->suppressed;
  self->lines = 0;
  self->suppressed = 0;
  self->is_second_running = FALSE;
  g_mutex_unlock(&self->lock);

  if (suppressed > 0)
    msg_error("PROXY protocol refusals were not logged, there were too many of them",
              evt_tag_int("suppressed", suppressed),
              evt_tag_int("logged", lines),
              DRIVER_TAGS(self->driver));
}

static void
_on_end_of_second(void *s)
{
  _report((RefusalLog *) s);
}

/* Timers belong to the main thread. */
static void
_on_first_of_second(void *s)
{
  RefusalLog *self = (RefusalLog *) s;

  iv_validate_now();
  self->end_of_second.expires = iv_now;
  self->end_of_second.expires.tv_sec += 1;
  iv_timer_register(&self->end_of_second);
}

void
refusal_log_init(RefusalLog *self, LogDriver *driver)
{
  *self = (RefusalLog){ .driver = driver };
  g_mutex_init(&self->lock);

  IV_EVENT_INIT(&self->first_of_second);
  self->first_of_second.cookie = self;
  self->first_of_second.handler = _on_first_of_second;

  IV_TIMER_INIT(&self->end_of_second);
  self->end_of_second.cookie = self;
  self->end_of_second.handler = _on_end_of_second;
}

void
refusal_log_destroy(RefusalLog *self)
{
  g_mutex_clear(&self->lock);
}

void
refusal_log_start(RefusalLog *self)
{
  iv_event_register(&self->first_of_second);
}

/* Returns whether there is room in this second for one line more. */
static gboolean
_count(RefusalLog *self)
{
  g_mutex_lock(&self->lock);
  gboolean is_first = !self->is_second_running;
  gboolean has_room = self->lines < REFUSAL_LOG_LINES_PER_SECOND;

  self->is_second_running = TRUE;
  if (has_room)
    self->lines++;
  else
    self->suppressed++;
  g_mutex_unlock(&self->lock);

  if (is_first)
    iv_event_post(&self->first_of_second);
  return has_room;
}

void
refusal_log_write(RefusalLog *self, const Refusal *refusal)
{
  gchar peer[MAX_SOCKADDR_STRING], local[MAX_SOCKADDR_STRING], client[MAX_SOCKADDR_STRING];
  gchar line[PROXY_HEADER_PRINTABLE_SIZE];

  if (!_count(self))
    return;

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
  if (refusal->fd < 0)
    return;
  msg_notice("Syslog connection closed",
             evt_tag_int("fd", refusal->fd),
             evt_tag_str("client", peer),
             evt_tag_str("local", local),
             DRIVER_TAGS(self->driver));
}

void
refusal_log_stop(RefusalLog *self)
{
  iv_event_unregister(&self->first_of_second);
  if (iv_timer_registered(&self->end_of_second))
    iv_timer_unregister(&self->end_of_second);
  _report(self);
}
