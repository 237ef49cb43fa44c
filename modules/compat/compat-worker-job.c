/*
 * Copyright (c) 2026 The syslog-ng-haproxy developers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * As an additional exemption you are allowed to compile & link against the
 * OpenSSL libraries as published by the OpenSSL project. See the file
 * COPYING for details.
 */

#include "compat-worker-job.h"

#include "logqueue.h"
#include "mainloop-worker.h"

#if HAVE_STRUCT__MAINLOOPIOWORKERJOB_ARG
static void
_work(gpointer s, gpointer arg G_GNUC_UNUSED)
#else
static void
_work(gpointer s, GIOCondition condition G_GNUC_UNUSED)
#endif
{
  CompatWorkerJob *self = (CompatWorkerJob *) s;

  self->work(self->owner);
}

#if HAVE_STRUCT__MAINLOOPIOWORKERJOB_ARG
static void
_complete(gpointer s, gpointer arg G_GNUC_UNUSED)
#else
static void
_complete(gpointer s)
#endif
{
  CompatWorkerJob *self = (CompatWorkerJob *) s;

  self->completion(self->owner);
}

static void
_release(gpointer s)
{
  CompatWorkerJob *self = (CompatWorkerJob *) s;

  self->release(self->owner);
}

void
compat_worker_job_init(CompatWorkerJob *self, gpointer owner)
{
  main_loop_io_worker_job_init(&self->super);
  self->super.user_data = self;
  self->super.work = _work;
  self->super.completion = _complete;
  self->super.release = _release;
  self->owner = owner;
}

gboolean
compat_worker_job_submit(CompatWorkerJob *self)
{
  main_loop_io_worker_job_submit(&self->super, 0);
  return self->super.working;
}

gboolean
compat_worker_job_is_running(const CompatWorkerJob *self)
{
  return self->super.working;
}

gint
compat_count_worker_threads(void)
{
#if HAVE_DECL_MAIN_LOOP_WORKER_GET_MAX_NUMBER_OF_THREADS
  return main_loop_worker_get_max_number_of_threads();
#else
  return log_queue_max_threads;
#endif
}
