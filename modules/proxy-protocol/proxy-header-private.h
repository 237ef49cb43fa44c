/*
 * Copyright (c) 2026 The syslog-ng-haproxy developers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * As an additional exemption you are allowed to compile & link against the
 * OpenSSL libraries as published by the OpenSSL project. See the file
 * COPYING for details.
 */

#ifndef PROXY_HEADER_PRIVATE_H_INCLUDED
#define PROXY_HEADER_PRIVATE_H_INCLUDED

#include "proxy-header.h"

/* For proxy_header_parse() only: data that starts with the version's signature. */

#define PROXY_HEADER_V1_SIGNATURE "PROXY "
#define PROXY_HEADER_V1_SIGNATURE_LENGTH (sizeof(PROXY_HEADER_V1_SIGNATURE) - 1)

ProxyHeaderStatus proxy_header_parse_v1(ProxyHeader *self, const guchar *data, gsize length, const gchar **reason);

#define PROXY_HEADER_V2_SIGNATURE "\r\n\r\n\0\r\nQUIT\n"
#define PROXY_HEADER_V2_SIGNATURE_LENGTH (sizeof(PROXY_HEADER_V2_SIGNATURE) - 1)

/* The length field: how much follows the first PROXY_HEADER_V2_MIN bytes. */
static inline gsize
proxy_header_v2_block_length(const guchar *data)
{
  return data[14] << 8 | data[15];
}

/* @max: the longest header to accept */
ProxyHeaderStatus proxy_header_parse_v2(ProxyHeader *self, gsize max, const guchar *data, gsize length,
                                        const gchar **reason);

static inline ProxyHeaderStatus
proxy_header_invalid(const gchar **reason, const gchar *phrase)
{
  *reason = phrase;
  return PROXY_HEADER_INVALID;
}

#endif
