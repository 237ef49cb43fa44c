/*
 * Copyright (c) 2026 The syslog-ng-haproxy developers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * As an additional exemption you are allowed to compile & link against the
 * OpenSSL libraries as published by the OpenSSL project. See the file
 * COPYING for details.
 */

#include "compat-msgformat.h"
#include "compat-nvtable.h"

static gboolean
_parse(const MsgFormatOptions *options, LogMessage *msg, const guchar *data, gsize length, gsize *problem_position)
{
  RoomyMsgFormat *self = (RoomyMsgFormat *) options->format_handler;

  /* nothing but the raw message is there yet */
  compat_nv_table_clear(msg->payload);
  return self->format->parse(options, msg, data, length, problem_position);
}

void
compat_msg_format_options_make_room(MsgFormatOptions *options, RoomyMsgFormat *self)
{
  if (options->flags & (LP_NOPARSE | LP_STORE_RAW_MESSAGE))
    return;

  self->format = options->format_handler;
  self->super = *self->format;
  self->super.parse = _parse;
  options->format_handler = &self->super;
  options->flags |= LP_STORE_RAW_MESSAGE;
}
