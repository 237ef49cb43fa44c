/*
 * Copyright (c) 2026 The syslog-ng-haproxy developers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * As an additional exemption you are allowed to compile & link against the
 * OpenSSL libraries as published by the OpenSSL project. See the file
 * COPYING for details.
 */

#include "proxy-header.h"
#include "proxy-macro-values.h"
#include "proxy-tlv.h"

#include <arpa/inet.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/*
 * What proxy_header_parse() and proxy_header_print() promise, for any bytes. The
 * bytes are the beginning of a connection; they may arrive in any portions, so
 * every prefix is parsed.
 */

typedef struct _Verdict
{
  ProxyHeaderStatus status;
  ProxyHeader header;
  const gchar *reason;
} Verdict;

static const ProxyHeaderLimits LIMITS = { .v1 = TRUE, .v2 = TRUE, .v2_max = 400 };

static Verdict
_parse(const guchar *data, gsize length)
{
  Verdict self = { .reason = NULL };

  self.status = proxy_header_parse(&self.header, &LIMITS, data, length, &self.reason);
  return self;
}

static void
_check_same_address(const ProxyAddress *a, const ProxyAddress *b)
{
  g_assert(a->sa.sa_family == b->sa.sa_family);
  if (a->sa.sa_family == AF_UNSPEC)
    return;
  if (a->sa.sa_family == AF_UNIX)
    {
      g_assert(memcmp(a->un.sun_path, b->un.sun_path, sizeof(a->un.sun_path)) == 0);
      return;
    }

  g_assert(a->in.sin_port == b->in.sin_port);
  if (a->sa.sa_family == AF_INET)
    g_assert(a->in.sin_addr.s_addr == b->in.sin_addr.s_addr);
  else
    g_assert(memcmp(&a->in6.sin6_addr, &b->in6.sin6_addr, sizeof(a->in6.sin6_addr)) == 0);
}

static void
_check_same_verdict(const Verdict *a, const Verdict *b)
{
  g_assert(a->status == b->status);
  if (a->status == PROXY_HEADER_INVALID)
    g_assert(a->reason == b->reason);
  if (a->status != PROXY_HEADER_COMPLETE)
    return;

  g_assert(a->header.length == b->header.length);
  g_assert(a->header.version == b->header.version);
  _check_same_address(&a->header.source, &b->header.source);
  _check_same_address(&a->header.destination, &b->header.destination);
}

static void
_format_address(const ProxyAddress *address, gchar *text)
{
  const void *binary =
    address->sa.sa_family == AF_INET ? (const void *) &address->in.sin_addr : (const void *) &address->in6.sin6_addr;

  g_assert(inet_ntop(address->sa.sa_family, binary, text, INET6_ADDRSTRLEN));
}

/* A header that says the same, as a proxy would write it. */
static gsize
_format(const ProxyHeader *header, gchar *text, gsize size)
{
  gchar source[INET6_ADDRSTRLEN], destination[INET6_ADDRSTRLEN];

  if (!proxy_header_has_addresses(header))
    return g_strlcpy(text, "PROXY UNKNOWN\r\n", size);

  _format_address(&header->source, source);
  _format_address(&header->destination, destination);
  return g_snprintf(text,
                    size,
                    "PROXY TCP%c %s %s %u %u\r\n",
                    header->source.sa.sa_family == AF_INET ? '4' : '6',
                    source,
                    destination,
                    ntohs(header->source.in.sin_port),
                    ntohs(header->destination.in.sin_port));
}

static void
_check_round_trip(const Verdict *verdict, const guchar *data)
{
  gchar text[2 * PROXY_HEADER_V1_MAX];
  Verdict again = *verdict;

  again.header.length = _format(&verdict->header, text, sizeof(text));
  g_assert(again.header.length <= PROXY_HEADER_V1_MAX);
  Verdict formatted = _parse((const guchar *) text, again.header.length);
  _check_same_verdict(&formatted, &again);

  /* there is but one way to write IPv4 addresses and ports */
  if (verdict->header.source.sa.sa_family == AF_INET)
    {
      g_assert(again.header.length == verdict->header.length);
      g_assert(memcmp(text, data, again.header.length) == 0);
    }
}

static void
_check_complete_v1(const Verdict *verdict, const guchar *data, gsize length)
{
  const ProxyHeader *header = &verdict->header;

  g_assert(header->length <= MIN(length, PROXY_HEADER_V1_MAX));
  g_assert(memcmp(data, "PROXY ", 6) == 0);
  g_assert(memcmp(data + header->length - 2, "\r\n", 2) == 0);
  g_assert(!header->is_local && header->tlvs_length == 0);
  g_assert(header->source.sa.sa_family != AF_UNIX);
  _check_round_trip(verdict, data);
}

static void
_check_complete_v2(const Verdict *verdict, const guchar *data, gsize length)
{
  const ProxyHeader *header = &verdict->header;
  ProxyTlvs tlvs = { header->tlvs, header->tlvs_length };
  ProxyTlv tlv;

  g_assert(memcmp(data, "\r\n\r\n\0\r\nQUIT\n", 12) == 0);
  g_assert(header->length >= PROXY_HEADER_V2_MIN && header->length <= MIN(length, LIMITS.v2_max));
  g_assert(!header->is_local || !proxy_header_has_addresses(header));
  while (proxy_tlv_next(&tlvs, &tlv))
    g_assert(tlv.value + tlv.length <= data + header->length);
  g_assert(tlvs.length == 0);
}

/* What becomes of it in messages: text that is safe anywhere. */
static void
_check_macros(const ProxyHeader *header)
{
  struct sockaddr_in peer = { .sin_family = AF_INET };
  ProxyMacroValues *values = proxy_macro_values_new(header, (struct sockaddr *) &peer);

  g_assert(!values == !proxy_header_has_addresses(header));
  if (!values)
    return;

  const gchar *text = proxy_macro_values_get_text(values);
  for (gint i = 0; i < values->count; i++)
    {
      g_assert(*text && g_utf8_validate(text, -1, NULL));
      for (const gchar *c = text; *c; c = g_utf8_next_char(c))
        g_assert(g_unichar_isprint(g_utf8_get_char(c)));
      text += strlen(text) + 1;
    }
  g_free(values);
}

static void
_check_complete(const Verdict *verdict, const guchar *data, gsize length)
{
  const ProxyHeader *header = &verdict->header;
  sa_family_t family = header->source.sa.sa_family;

  g_assert(family == AF_UNSPEC || family == AF_INET || family == AF_INET6 || family == AF_UNIX);
  g_assert(header->destination.sa.sa_family == family);
  if (header->version == 1)
    _check_complete_v1(verdict, data, length);
  else
    _check_complete_v2(verdict, data, length);
  _check_macros(header);
}

static void
_check_verdict(const Verdict *verdict, const guchar *data, gsize length)
{
  switch (verdict->status)
    {
    case PROXY_HEADER_COMPLETE:
      _check_complete(verdict, data, length);
      break;
    case PROXY_HEADER_INCOMPLETE:
      g_assert(length < proxy_header_longest(&LIMITS));
      break;
    case PROXY_HEADER_INVALID:
      g_assert(verdict->reason && *verdict->reason);
      break;
    default:
      g_assert_not_reached();
    }
}

static void
_check_print(const guchar *data, gsize length)
{
  gchar *buffer = malloc(PROXY_HEADER_PRINTABLE_SIZE);

  g_assert(proxy_header_print(data, length, buffer) == buffer);
  for (const gchar *c = buffer; *c; c++)
    g_assert(g_ascii_isprint(*c));
  free(buffer);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  /* every prefix ends where this ends, where the address sanitizer sees a read behind it */
  guchar *buffer = malloc(MAX(size, 1));
  Verdict before = { .status = PROXY_HEADER_INCOMPLETE };

  for (gsize length = 0; length <= size; length++)
    {
      guchar *prefix = buffer + MAX(size, 1) - length;

      memcpy(prefix, data, length);
      Verdict verdict = _parse(prefix, length);
      _check_verdict(&verdict, prefix, length);
      if (before.status != PROXY_HEADER_INCOMPLETE)
        _check_same_verdict(&before, &verdict);
      before = verdict;
    }
  _check_print(buffer, size);

  free(buffer);
  return 0;
}
