/*
 * Copyright (c) 2026 The syslog-ng-haproxy developers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * As an additional exemption you are allowed to compile & link against the
 * OpenSSL libraries as published by the OpenSSL project. See the file
 * COPYING for details.
 */

#include "header-reader.h"

#include <errno.h>
#include <string.h>

static const gchar *
_describe_end_of_stream(const HeaderReader *self, gssize rc)
{
  if (rc < 0)
    return "the connection broke before the end of the header";
  if (self->length == 0)
    return "the peer closed the connection without sending a header";
  return "the peer closed the connection before the end of the header";
}

void
header_reader_keep(HeaderReader *self)
{
  if (self->bytes == self->stored)
    return;
  self->stored = g_realloc(self->stored, self->length);
  memcpy(self->stored, self->bytes, self->length);
  self->bytes = self->stored;
}

/*
 * Looks at what there is, in @buffer behind what is known. PROXY_HEADER_COMPLETE
 * means that there is more than before.
 */
static ProxyHeaderStatus
_peek(HeaderReader *self, gsize longest, HeaderStreamRead read, gpointer stream, guchar *buffer, const gchar **reason)
{
  gsize known = self->length;
  /* what is known may be more than a reload has left of the limit; one byte more is then enough to refuse it */
  gsize room = longest > known ? longest - known : 1;

  if (known > 0)
    memcpy(buffer, self->stored, known);
  gssize seen = read(stream, buffer + known, room, TRUE);
  if (seen < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
    return PROXY_HEADER_INCOMPLETE;
  if (seen <= 0)
    {
      *reason = _describe_end_of_stream(self, seen);
      return PROXY_HEADER_INVALID;
    }
  self->bytes = buffer;
  self->length = known + seen;
  return PROXY_HEADER_COMPLETE;
}

/*
 * Looks at what there is without taking it, then takes the header's share: two
 * calls for a header that is there, and nothing behind it is touched.
 */
ProxyHeaderStatus
header_reader_read(HeaderReader *self, const ProxyHeaderLimits *limits, HeaderStreamRead read, gpointer stream,
                   ProxyHeader *header, gboolean *more, const gchar **reason)
{
  /* of the thread, which reads one header at a time */
  static __thread guchar buffer[PROXY_HEADER_V2_MAX];
  gsize known = self->length;
  ProxyHeaderStatus status = _peek(self, proxy_header_longest(limits), read, stream, buffer, reason);

  if (status != PROXY_HEADER_COMPLETE)
    return status;
  status = proxy_header_parse(header, limits, buffer, self->length, reason);
  if (status == PROXY_HEADER_INVALID)
    return status;

  if (status == PROXY_HEADER_COMPLETE)
    {
      *more = self->length > header->length;
      self->length = header->length;
    }
  else
    header_reader_keep(self);

  /* again the same bytes, to where they are already */
  read(stream, buffer + known, self->length - known, FALSE);
  return status;
}

gboolean
header_reader_get(const HeaderReader *self, ProxyHeader *header)
{
  /* it was within the limits when it was read */
  const ProxyHeaderLimits limits = { .v1 = TRUE, .v2 = TRUE, .v2_max = PROXY_HEADER_V2_MAX };
  const gchar *reason;

  return proxy_header_parse(header, &limits, self->bytes, self->length, &reason) == PROXY_HEADER_COMPLETE;
}

void
header_reader_destroy(HeaderReader *self)
{
  g_free(self->stored);
}
