/*
 * Copyright (c) 2026 The syslog-ng-haproxy developers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * As an additional exemption you are allowed to compile & link against the
 * OpenSSL libraries as published by the OpenSSL project. See the file
 * COPYING for details.
 */

#ifndef COMPAT_TLS_H_INCLUDED
#define COMPAT_TLS_H_INCLUDED

#if HAVE_TRANSPORT_TLS_CONTEXT_H
#include "transport/tls-context.h"
#else
#include "tlscontext.h"
#endif

#endif
