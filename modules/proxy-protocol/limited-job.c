/*
 * Copyright (c) 2026 The syslog-ng-haproxy developers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * As an additional exemption you are allowed to compile & link against the
 * OpenSSL libraries as published by the OpenSSL project. See the file
 * COPYING for details.
 */

#include "limited-job.h"

#include "timeutils/misc.h"

#include <iv.h>

#define RETRY_MSEC 10
/* on a machine with two threads: one for each, and one that is there when either is done */
#define MIN_LIMIT 3

static struct iv_list_head waiting_jobs = IV_LIST_HEAD_INIT(waiting_jobs);
static gint num_running;
static struct iv_task start_task;
static struct iv_timer retry_timer;

static void
_retry_later(void)
{
  if (iv_timer_registered(&retry_timer))
    return;
  iv_validate_now();
  retry_timer.expires = iv_now;
  timespec_add_msec(&retry_timer.expires, RETRY_MSEC);
  iv_timer_register(&retry_timer);
}

static void
_start_waiting_jobs(void *unused G_GNUC_UNUSED)
{
  gint limit = MAX(compat_count_worker_threads() - 1, MIN_LIMIT);

  while (num_running < limit && !iv_list_empty(&waiting_jobs))
    {
      LimitedJob *next = iv_container_of(waiting_jobs.next, LimitedJob, waiting);

      if (!compat_worker_job_submit(&next->job))
        {
          /* a reload takes no jobs until it is over, and does not say when that is */
          _retry_later();
          return;
        }
      iv_list_del_init(&next->waiting);
      num_running++;
    }
}

static void
_setup_once(void)
{
  if (start_task.handler)
    return;
  IV_TASK_INIT(&start_task);
  start_task.handler = _start_waiting_jobs;
  IV_TIMER_INIT(&retry_timer);
  retry_timer.handler = _start_waiting_jobs;
}

static void
_work(gpointer s)
{
  LimitedJob *self = (LimitedJob *) s;

  self->work(self->subject);
}

static void
_complete(gpointer s G_GNUC_UNUSED)
{
  num_running--;
  _start_waiting_jobs(NULL);
}

/* The last that the main loop does with a job, which then may be freed. */
static void
_release(gpointer s)
{
  LimitedJob *self = (LimitedJob *) s;

  self->completed(self->owner);
}

void
limited_job_init(LimitedJob *self, void (*work)(gpointer subject), gpointer subject, void (*completed)(gpointer owner),
                 gpointer owner)
{
  _setup_once();
  INIT_IV_LIST_HEAD(&self->waiting);
  self->work = work;
  self->subject = subject;
  self->completed = completed;
  self->owner = owner;

  compat_worker_job_init(&self->job, self);
  self->job.work = _work;
  self->job.completion = _complete;
  self->job.release = _release;
}

void
limited_job_submit(LimitedJob *self)
{
  iv_list_add_tail(&self->waiting, &waiting_jobs);
  /* no job may begin while a configuration is being initialized, which may still fail */
  if (!iv_task_registered(&start_task))
    iv_task_register(&start_task);
}

void
limited_job_cancel(LimitedJob *self)
{
  iv_list_del_init(&self->waiting);
}

gboolean
limited_job_is_running(const LimitedJob *self)
{
  return compat_worker_job_is_running(&self->job);
}
