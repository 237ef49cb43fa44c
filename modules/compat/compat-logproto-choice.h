/*
 * Copyright (c) 2026 The syslog-ng-haproxy developers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * As an additional exemption you are allowed to compile & link against the
 * OpenSSL libraries as published by the OpenSSL project. See the file
 * COPYING for details.
 */

#ifndef COMPAT_LOGPROTO_CHOICE_H_INCLUDED
#define COMPAT_LOGPROTO_CHOICE_H_INCLUDED

#include "compat-transport.h"

/* As many bytes as a choice is made by, at the most. */
#define COMPAT_LOGPROTO_CHOICE_BYTES 64

/* Returns which of the factories is right for a stream that begins with @bytes, or -1 to see more of them first. */
typedef gint (*CompatLogProtoChoose)(const guchar *bytes, gsize length);

/**
 * compat_log_proto_choice_new() - a protocol that is chosen when the client has sent something
 * @stream: taken over
 * @choose: called in the thread that reads
 * @factories: two of them, copied; the first is right where there is no more to see
 *
 * What the choice was made by is read again by the chosen protocol. Its messages are converted to UTF-8 where it
 * does not know encoding().
 */
LogProtoServer *compat_log_proto_choice_new(CompatStream stream, const CompatLogProtoServerOptions *options,
                                            CompatLogProtoChoose choose, const CompatLogProtoFactory factories[2]);

#endif
