/*
 * Copyright (c) 2026 The syslog-ng-haproxy developers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * As an additional exemption you are allowed to compile & link against the
 * OpenSSL libraries as published by the OpenSSL project. See the file
 * COPYING for details.
 */

#include "socket-error.h"

#include "driver-tags.h"

#include <errno.h>

gboolean
socket_error_report(const gchar *message, const gchar *option, const gchar *value, GSockAddr *address,
                    LogDriver *driver)
{
  gint error = errno;
  gchar text[MAX_SOCKADDR_STRING];

  msg_error(message,
            evt_tag_str("addr", g_sockaddr_format(address, text, sizeof(text), GSA_FULL)),
            evt_tag_errno("error", error),
            DRIVER_TAGS(driver),
            option ? evt_tag_str("option", option) : NULL,
            option ? evt_tag_str("value", value) : NULL);
  return FALSE;
}
