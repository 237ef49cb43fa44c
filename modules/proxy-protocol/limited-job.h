/*
 * Copyright (c) 2026 The syslog-ng-haproxy developers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * As an additional exemption you are allowed to compile & link against the
 * OpenSSL libraries as published by the OpenSSL project. See the file
 * COPYING for details.
 */

#ifndef LIMITED_JOB_H_INCLUDED
#define LIMITED_JOB_H_INCLUDED

#include "compat-worker-job.h"

#include <iv_list.h>

/*
 * Work for the worker threads that takes its time. However many such jobs there
 * are, a few are begun at a time, and on a machine with many threads one of these
 * is left free: the jobs of syslog-ng, which are short, do not wait for long.
 *
 * Belongs to the main thread.
 */
typedef struct _LimitedJob
{
  /*< private >*/
  CompatWorkerJob job;
  struct iv_list_head waiting;
  void (*work)(gpointer subject);
  gpointer subject;
  void (*completed)(gpointer owner);
  gpointer owner;
} LimitedJob;

/**
 * limited_job_init()
 * @work: runs in a worker thread, with @subject
 * @completed: runs in the main thread after it, with @owner; may free the job
 */
void limited_job_init(LimitedJob *self, void (*work)(gpointer subject), gpointer subject,
                      void (*completed)(gpointer owner), gpointer owner);

/**
 * limited_job_submit() - run once, when it is its turn; never before this function has returned
 */
void limited_job_submit(LimitedJob *self);

/**
 * limited_job_cancel() - do not run, if it has not begun yet
 */
void limited_job_cancel(LimitedJob *self);

/**
 * limited_job_is_running() - has it begun, and @completed is still to come?
 */
gboolean limited_job_is_running(const LimitedJob *self);

#endif
