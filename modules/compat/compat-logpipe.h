/*
 * Copyright (c) 2026 The syslog-ng-haproxy developers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * As an additional exemption you are allowed to compile & link against the
 * OpenSSL libraries as published by the OpenSSL project. See the file
 * COPYING for details.
 */

#ifndef COMPAT_LOGPIPE_H_INCLUDED
#define COMPAT_LOGPIPE_H_INCLUDED

#include "logpipe.h"

/* What the notify() method of a LogPipe returns, and with which words. */
#if HAVE_DECL_NR_OK
typedef gint CompatNotifyResult;
#define COMPAT_NOTIFY_DONE NR_OK
#else
typedef void CompatNotifyResult;
#define COMPAT_NOTIFY_DONE
#endif

/**
 * compat_log_pipe_inherit_options() - @self is as much a part of the user's configuration as @from is
 */
static inline void
compat_log_pipe_inherit_options(LogPipe *self, LogPipe *from)
{
#if HAVE_DECL_LOG_PIPE_SET_OPTIONS
  log_pipe_set_options(self, &from->options);
#else
  (void) self;
  (void) from;
#endif
}

#endif
