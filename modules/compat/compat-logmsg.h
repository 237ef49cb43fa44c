/*
 * Copyright (c) 2026 The syslog-ng-haproxy developers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * As an additional exemption you are allowed to compile & link against the
 * OpenSSL libraries as published by the OpenSSL project. See the file
 * COPYING for details.
 */

#ifndef COMPAT_LOGMSG_H_INCLUDED
#define COMPAT_LOGMSG_H_INCLUDED

#include "logmsg/logmsg.h"

/* the type of whole numbers got this name in syslog-ng 4 */
#if !HAVE_DECL_LM_VT_INTEGER
#define LM_VT_INTEGER LM_VT_INT64
#endif

#endif
