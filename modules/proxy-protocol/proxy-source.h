/*
 * Copyright (c) 2026 The syslog-ng-haproxy developers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * As an additional exemption you are allowed to compile & link against the
 * OpenSSL libraries as published by the OpenSSL project. See the file
 * COPYING for details.
 */

#ifndef PROXY_SOURCE_H_INCLUDED
#define PROXY_SOURCE_H_INCLUDED

#include "proxy-options.h"

#include "driver.h"

/* The proxy-protocol() source driver. */
LogDriver *proxy_source_new(GlobalConfig *cfg);

/* For the grammar, to set them. */
ProxyOptions *proxy_source_get_options(LogDriver *s);

#endif
