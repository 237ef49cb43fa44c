/*
 * Copyright (c) 2026 The syslog-ng-haproxy developers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * As an additional exemption you are allowed to compile & link against the
 * OpenSSL libraries as published by the OpenSSL project. See the file
 * COPYING for details.
 */

#ifndef COMPAT_LOGPROTO_FRAMES_H_INCLUDED
#define COMPAT_LOGPROTO_FRAMES_H_INCLUDED

#include "compat-transport.h"

/**
 * compat_log_proto_frames_factory() - libsyslog-ng's protocol for octet counting, strictly (RFC 6587, 3.4.1)
 *
 * By itself libsyslog-ng takes no number for 0, and numbers from 2^32 on for
 * smaller ones, and is out of step from there on.
 */
CompatLogProtoFactory compat_log_proto_frames_factory(void);

#endif
