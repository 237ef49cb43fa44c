/*
 * Copyright (c) 2026 The syslog-ng-haproxy developers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * As an additional exemption you are allowed to compile & link against the
 * OpenSSL libraries as published by the OpenSSL project. See the file
 * COPYING for details.
 */

#ifndef COMPAT_READ_LOG_H_INCLUDED
#define COMPAT_READ_LOG_H_INCLUDED

#include <glib.h>

/* Who is told what is wrong with what a protocol reads, in the thread that reads. */
typedef struct _CompatReadLog CompatReadLog;
struct _CompatReadLog
{
  /* The length in front of a message is none, and ends the stream. */
  void (*bad_frame)(CompatReadLog *self);
  /* So many bytes of a message are no characters of its encoding(), and were left out. */
  void (*bad_characters)(CompatReadLog *self, const gchar *encoding, gsize bytes);
};

#endif
