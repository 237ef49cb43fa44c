/*
 * Copyright (c) 2026 The syslog-ng-haproxy developers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * As an additional exemption you are allowed to compile & link against the
 * OpenSSL libraries as published by the OpenSSL project. See the file
 * COPYING for details.
 */

#include "header-log.h"

#include "driver-tags.h"
#include "proxy-header.h"

void
header_log_write(LogDriver *driver, const guchar *bytes, gsize length)
{
  gchar line[PROXY_HEADER_PRINTABLE_SIZE];

  msg_debug("PROXY protocol header received",
            evt_tag_str("line", proxy_header_print(bytes, length, line)),
            DRIVER_TAGS(driver));
}
