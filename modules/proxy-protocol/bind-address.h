/*
 * Copyright (c) 2026 The syslog-ng-haproxy developers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * As an additional exemption you are allowed to compile & link against the
 * OpenSSL libraries as published by the OpenSSL project. See the file
 * COPYING for details.
 */

#ifndef BIND_ADDRESS_H_INCLUDED
#define BIND_ADDRESS_H_INCLUDED

#include "gsockaddr.h"

/* Does a socket that is bound to the IP address receive what is sent to any? */
gboolean bind_address_is_any(GSockAddr *self);

/* Are both the same, the port included? */
gboolean bind_address_is_same(GSockAddr *self, GSockAddr *other);

#endif
