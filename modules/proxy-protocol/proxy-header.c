/*
 * Copyright (c) 2026 The syslog-ng-haproxy developers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * As an additional exemption you are allowed to compile & link against the
 * OpenSSL libraries as published by the OpenSSL project. See the file
 * COPYING for details.
 */

#include "proxy-header-private.h"

#include <string.h>

static gboolean
_may_start_with(const guchar *data, gsize length, const gchar *signature, gsize signature_length)
{
  return memcmp(data, signature, MIN(length, signature_length)) == 0;
}

ProxyHeaderStatus
proxy_header_parse(ProxyHeader *self, const ProxyHeaderLimits *limits, const guchar *data, gsize length,
                   const gchar **reason)
{
  if (length == 0)
    return PROXY_HEADER_INCOMPLETE;

  if (_may_start_with(data, length, PROXY_HEADER_V1_SIGNATURE, PROXY_HEADER_V1_SIGNATURE_LENGTH))
    {
      if (!limits->v1)
        return proxy_header_invalid(reason, "protocol-version() does not allow version 1");
      if (length < PROXY_HEADER_V1_SIGNATURE_LENGTH)
        return PROXY_HEADER_INCOMPLETE;
      return proxy_header_parse_v1(self, data, length, reason);
    }
  if (_may_start_with(data, length, PROXY_HEADER_V2_SIGNATURE, PROXY_HEADER_V2_SIGNATURE_LENGTH))
    {
      if (!limits->v2)
        return proxy_header_invalid(reason, "protocol-version() does not allow version 2");
      if (length < PROXY_HEADER_V2_MIN)
        return PROXY_HEADER_INCOMPLETE;
      return proxy_header_parse_v2(self, limits->v2_max, data, length, reason);
    }
  return proxy_header_invalid(reason, "this is not a PROXY protocol header");
}

/* A version 2 header as far as it goes; or the first line without its end, and everything where that would be nothing.
 */
static gsize
_printed_length(const guchar *data, gsize length)
{
  if (length >= PROXY_HEADER_V2_MIN && memcmp(data, PROXY_HEADER_V2_SIGNATURE, PROXY_HEADER_V2_SIGNATURE_LENGTH) == 0)
    return MIN(length, PROXY_HEADER_V2_MIN + proxy_header_v2_block_length(data));

  const guchar *lf = length > 0 ? memchr(data, '\n', length) : NULL;
  gsize line = lf ? (gsize) (lf - data) : length;

  if (lf && line > 0 && lf[-1] == '\r')
    line--;
  return line > 0 ? line : length;
}

const gchar *
proxy_header_print(const guchar *data, gsize length, gchar *buffer)
{
  gsize printed = _printed_length(data, length);
  gsize shown = MIN(printed, PROXY_HEADER_PRINTED_MAX);
  gchar *out = buffer;

  for (gsize i = 0; i < shown; i++)
    {
      if (data[i] == '\\')
        out += g_snprintf(out, 3, "\\\\");
      else if (g_ascii_isprint(data[i]))
        *out++ = data[i];
      else
        out += g_snprintf(out, 5, "\\x%02x", data[i]);
    }
  g_strlcpy(out, printed > shown ? "..." : "", sizeof("..."));
  return buffer;
}
