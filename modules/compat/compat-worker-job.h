/*
 * Copyright (c) 2026 The syslog-ng-haproxy developers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * As an additional exemption you are allowed to compile & link against the
 * OpenSSL libraries as published by the OpenSSL project. See the file
 * COPYING for details.
 */

#ifndef COMPAT_WORKER_JOB_H_INCLUDED
#define COMPAT_WORKER_JOB_H_INCLUDED

#include "mainloop-io-worker.h"

/* A job of the worker threads, to be embedded in what it is for. Belongs to the main thread. */
typedef struct _CompatWorkerJob
{
  MainLoopIOWorkerJob super;
  /* in a worker thread; then in the main thread; then there as well, the last that is done with the job */
  void (*work)(gpointer owner);
  void (*completion)(gpointer owner);
  void (*release)(gpointer owner);
  gpointer owner;
} CompatWorkerJob;

void compat_worker_job_init(CompatWorkerJob *self, gpointer owner);

/**
 * compat_worker_job_submit()
 * Returns FALSE where no jobs are taken, as in a reload: then it does not run.
 */
gboolean compat_worker_job_submit(CompatWorkerJob *self);

/* From compat_worker_job_submit() to the completion. */
gboolean compat_worker_job_is_running(const CompatWorkerJob *self);

/**
 * compat_count_worker_threads() - how many jobs run at once
 */
gint compat_count_worker_threads(void);

#endif
