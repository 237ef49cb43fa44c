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

#include "driver.h"
#include "messages.h"

static void
_report(RefusalLog *self)
{
  if (self->suppressed > 0)
    msg_error("Refusals of PROXY protocol connections were not logged, there were too many of them",
              evt_tag_int("suppressed", self->suppressed),
              evt_tag_int("logged", self->lines),
              evt_tag_str("driver", ((LogDriver *) self->driver)->id),
              log_pipe_location_tag(self->driver));
  self->lines = 0;
  self->suppressed = 0;
}

static void
_on_end_of_second(void *s)
{
  _report((RefusalLog *) s);
}

void
refusal_log_init(RefusalLog *self, LogPipe *driver)
{
  self->driver = driver;
  self->lines = 0;
  self->suppressed = 0;

  IV_TIMER_INIT(&self->end_of_second);
  self->end_of_second.cookie = self;
  self->end_of_second.handler = _on_end_of_second;
}

gboolean
refusal_log_admits(RefusalLog *self)
{
  if (!iv_timer_registered(&self->end_of_second))
    {
      iv_validate_now();
      self->end_of_second.expires = iv_now;
      self->end_of_second.expires.tv_sec += 1;
      iv_timer_register(&self->end_of_second);
    }

  if (self->lines < REFUSAL_LOG_LINES_PER_SECOND)
    {
      self->lines++;
      return TRUE;
    }
  self->suppressed++;
  return FALSE;
}

void
refusal_log_stop(RefusalLog *self)
{
  if (iv_timer_registered(&self->end_of_second))
    iv_timer_unregister(&self->end_of_second);
  _report(self);
}
