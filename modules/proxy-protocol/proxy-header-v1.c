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

#include <arpa/inet.h>
#include <string.h>

/* What is left of a version 1 line, and the verdict once something in it is wrong. */
typedef struct _V1Line
{
  const gchar *cursor;
  const gchar *end;
  const gchar *reason;
} V1Line;

typedef struct _V1Family
{
  sa_family_t family;
  const gchar *bad_source;
  const gchar *bad_destination;
} V1Family;

static const V1Family V1_TCP4 = {
  AF_INET,
  "the source is not an IPv4 address",
  "the destination is not an IPv4 address",
};

static const V1Family V1_TCP6 = {
  AF_INET6,
  "the source is not an IPv6 address",
  "the destination is not an IPv6 address",
};

static gboolean
_fail(V1Line *self, const gchar *reason)
{
  self->reason = reason;
  return FALSE;
}

/* Takes the characters up to the next space, and the space. The field may not be empty. */
static gboolean
_next_field(V1Line *self, const gchar **field, gsize *length)
{
  gsize left = self->end - self->cursor;
  const gchar *space = memchr(self->cursor, ' ', left);

  *field = self->cursor;
  *length = space ? (gsize) (space - self->cursor) : left;
  self->cursor += *length + (space ? 1 : 0);

  if (*length == 0)
    return _fail(self, left ? "fields are not separated by exactly one space" : "the line ends too early");
  return TRUE;
}

/* inet_pton() is as strict as the specification: no leading zeros in IPv4, one "::" in IPv6, 128 bits. */
static gboolean
_parse_address(V1Line *self, sa_family_t family, ProxyAddress *address, const gchar *bad_address)
{
  gchar text[INET6_ADDRSTRLEN];
  const gchar *field;
  gsize length;

  if (!_next_field(self, &field, &length))
    return FALSE;
  if (length >= sizeof(text) || memchr(field, '\0', length))
    return _fail(self, bad_address);

  memcpy(text, field, length);
  text[length] = '\0';
  address->sa.sa_family = family;
  void *binary = family == AF_INET ? (void *) &address->in.sin_addr : (void *) &address->in6.sin6_addr;
  return inet_pton(family, text, binary) == 1 ? TRUE : _fail(self, bad_address);
}

static gboolean
_parse_port(V1Line *self, ProxyAddress *address, const gchar *bad_port)
{
  const gchar *field;
  gsize length;
  guint32 port = 0;

  if (!_next_field(self, &field, &length))
    return FALSE;
  if (length > 5 || (length > 1 && field[0] == '0'))
    return _fail(self, bad_port);

  for (gsize i = 0; i < length; i++)
    {
      if (!g_ascii_isdigit(field[i]))
        return _fail(self, bad_port);
      port = 10 * port + (field[i] - '0');
    }
  if (port > G_MAXUINT16)
    return _fail(self, bad_port);

  /* the port stands at the same place in both families */
  address->in.sin_port = htons(port);
  return TRUE;
}

static gboolean
_parse_connection(V1Line *self, const V1Family *family, ProxyHeader *header)
{
  return _parse_address(self, family->family, &header->source, family->bad_source)
         && _parse_address(self, family->family, &header->destination, family->bad_destination)
         && _parse_port(self, &header->source, "the source port is not a number from 0 to 65535")
         && _parse_port(self, &header->destination, "the destination port is not a number from 0 to 65535")
         && (self->end[-1] != ' ' || _fail(self, "fields are not separated by exactly one space"))
         && (self->cursor == self->end || _fail(self, "the line goes on behind the destination port"));
}

static gboolean
_is_word(const gchar *field, gsize length, const gchar *word)
{
  return length == strlen(word) && memcmp(field, word, length) == 0;
}

/* Section 2.1, from behind "PROXY " to in front of the CRLF. */
static gboolean
_parse_line(V1Line *self, ProxyHeader *header)
{
  const gchar *protocol;
  gsize length;

  if (!_next_field(self, &protocol, &length))
    return FALSE;
  if (_is_word(protocol, length, "TCP4"))
    return _parse_connection(self, &V1_TCP4, header);
  if (_is_word(protocol, length, "TCP6"))
    return _parse_connection(self, &V1_TCP6, header);
  /* the rest of an UNKNOWN line is for nobody */
  if (_is_word(protocol, length, "UNKNOWN"))
    return TRUE;
  return _fail(self, "the protocol is not TCP4, TCP6 or UNKNOWN");
}

/* What follows UNKNOWN is ignored, line ends of other kinds included, "before the CRLF is found". */
static gboolean
_may_contain_lf(const guchar *data, gsize length)
{
  static const gchar unknown[] = "PROXY UNKNOWN ";

  return length >= sizeof(unknown) - 1 && memcmp(data, unknown, sizeof(unknown) - 1) == 0;
}

/* The LF that ends the line. */
static const guchar *
_find_end_of_line(const guchar *data, gsize length)
{
  const guchar *lf = memchr(data, '\n', length);

  while (lf && lf[-1] != '\r' && _may_contain_lf(data, length))
    lf = memchr(lf + 1, '\n', data + length - (lf + 1));
  return lf;
}

ProxyHeaderStatus
proxy_header_parse_v1(ProxyHeader *self, const guchar *data, gsize length, const gchar **reason)
{
  const guchar *lf = _find_end_of_line(data, MIN(length, PROXY_HEADER_V1_MAX));

  if (!lf && length >= PROXY_HEADER_V1_MAX)
    return proxy_header_invalid(reason, "no CRLF within the first 107 bytes");
  if (!lf)
    return PROXY_HEADER_INCOMPLETE;
  if (lf[-1] != '\r')
    return proxy_header_invalid(reason, "the line ends in LF, not in CRLF");

  V1Line line = { .cursor = (const gchar *) data + PROXY_HEADER_V1_SIGNATURE_LENGTH, .end = (const gchar *) lf - 1 };
  memset(self, 0, sizeof(*self));
  self->version = 1;
  self->length = lf + 1 - data;
  return _parse_line(&line, self) ? PROXY_HEADER_COMPLETE : proxy_header_invalid(reason, line.reason);
}
