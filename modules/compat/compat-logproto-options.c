/*
 * Copyright (c) 2026 The syslog-ng-haproxy developers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * As an additional exemption you are allowed to compile & link against the
 * OpenSSL libraries as published by the OpenSSL project. See the file
 * COPYING for details.
 */

#include "compat-logproto-options.h"

#include "ack-tracker/ack_tracker_factory.h"

/* Regular expressions of multi-line modes are not copied: the modes of connections have none. */
const CompatLogProtoServerOptions *
compat_log_proto_options_copy(const CompatLogProtoServerOptions *options)
{
  /* in a union, where syslog-ng keeps them in one */
  LogProtoServerOptions *self = g_atomic_rc_box_dup(sizeof(*options), (gpointer) options);

  self->encoding = g_strdup(self->encoding);
  ack_tracker_factory_ref(self->ack_tracker_factory);
  return (const CompatLogProtoServerOptions *) self;
}

const gchar *
compat_log_proto_options_get_encoding(const CompatLogProtoServerOptions *self)
{
  return ((const LogProtoServerOptions *) self)->encoding;
}

const CompatLogProtoServerOptions *
compat_log_proto_options_ref(const CompatLogProtoServerOptions *self)
{
  return g_atomic_rc_box_acquire((gpointer) self);
}

static void
_clear(gpointer s)
{
  LogProtoServerOptions *self = (LogProtoServerOptions *) s;

  g_free(self->encoding);
  ack_tracker_factory_unref(self->ack_tracker_factory);
}

void
compat_log_proto_options_unref(const CompatLogProtoServerOptions *self)
{
  if (self)
    g_atomic_rc_box_release_full((gpointer) self, _clear);
}
