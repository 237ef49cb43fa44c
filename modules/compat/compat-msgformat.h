/*
 * Copyright (c) 2026 The syslog-ng-haproxy developers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * As an additional exemption you are allowed to compile & link against the
 * OpenSSL libraries as published by the OpenSSL project. See the file
 * COPYING for details.
 */

#ifndef COMPAT_MSGFORMAT_H_INCLUDED
#define COMPAT_MSGFORMAT_H_INCLUDED

#include "msg-format.h"

/* A format whose messages have room for values that are added to them. */
typedef struct _RoomyMsgFormat
{
  MsgFormatHandler super;
  /*< private >*/
  MsgFormatHandler *format;
} RoomyMsgFormat;

/**
 * compat_msg_format_options_make_room() - create messages with room for more values
 * @options: initialized, with a format; once
 * @self: outlives the use of @options
 *
 * A message's memory comes in one piece, whose size LogReader takes from the
 * length of the line: for the raw message, when that is stored, it adds twice
 * the line's length.  So the raw message is asked for, and removed before the
 * line is parsed.  The alternative is a second piece for each message, and
 * threads that wait for each other in malloc(): that took a tenth of the
 * throughput.
 *
 * Does nothing where the raw message is wanted, or nothing is parsed.
 */
void compat_msg_format_options_make_room(MsgFormatOptions *options, RoomyMsgFormat *self);

#endif
