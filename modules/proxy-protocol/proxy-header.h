/*
 * Copyright (c) 2026 The syslog-ng-haproxy developers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * As an additional exemption you are allowed to compile & link against the
 * OpenSSL libraries as published by the OpenSSL project. See the file
 * COPYING for details.
 */

#ifndef PROXY_HEADER_H_INCLUDED
#define PROXY_HEADER_H_INCLUDED

#include <glib.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>

/*
 * The PROXY protocol header: bytes to addresses and TLVs, or a reason why not.
 *
 * Pure functions of their arguments: no I/O, no allocation, no global state,
 * nothing of syslog-ng. "The specification" is HAProxy's doc/proxy-protocol.txt.
 */

/* The longest version 1 header, CRLF included (specification, section 2.1). */
#define PROXY_HEADER_V1_MAX 107

/* What comes before the addresses in a version 2 header, and the longest such header (section 2.2). */
#define PROXY_HEADER_V2_MIN 16
#define PROXY_HEADER_V2_MAX (PROXY_HEADER_V2_MIN + 65535)

typedef union _ProxyAddress
{
  struct sockaddr sa;
  struct sockaddr_in in;
  struct sockaddr_in6 in6;
  struct sockaddr_un un;
} ProxyAddress;

/* What the configuration accepts of what the specification allows. */
typedef struct _ProxyHeaderLimits
{
  gboolean v1;
  gboolean v2;
  /* longest version 2 header, PROXY_HEADER_V2_MIN to PROXY_HEADER_V2_MAX */
  gsize v2_max;
} ProxyHeaderLimits;

typedef struct _ProxyHeader
{
  /* length of the header on the wire; what follows belongs to the client */
  gsize length;
  /* version of the protocol */
  guint8 version;
  /* the proxy speaks for itself (LOCAL) */
  gboolean is_local;
  /* ends of the original connection, of one address family; AF_UNSPEC in both
   * where the header gives none (UNKNOWN, LOCAL, UNSPEC): the real connection's
   * are to be used. Paths of AF_UNIX may fill sun_path without a NUL. */
  ProxyAddress source;
  ProxyAddress destination;
  /* the TLVs, for proxy_tlv_next(); inside the data that was parsed */
  const guchar *tlvs;
  gsize tlvs_length;
} ProxyHeader;

typedef enum
{
  /* a valid header stands at the start of the data */
  PROXY_HEADER_COMPLETE,
  /* what is there may become a valid header */
  PROXY_HEADER_INCOMPLETE,
  /* whatever follows, this will not be a valid header */
  PROXY_HEADER_INVALID,
} ProxyHeaderStatus;

/**
 * proxy_header_parse() - parse the header at the start of a connection's data
 * @self: filled in when the result is PROXY_HEADER_COMPLETE
 * @limits: what to accept
 * @data: the bytes received so far, from the first one on
 * @length: how many; bytes behind the header are not looked at
 * @reason: set to a static phrase for the log when the result is PROXY_HEADER_INVALID
 *
 * Accepts exactly what section 2 of the specification describes. The result
 * never changes from INVALID or COMPLETE when more bytes of the same connection
 * are given, and is never INCOMPLETE for as many as proxy_header_longest().
 */
ProxyHeaderStatus proxy_header_parse(ProxyHeader *self, const ProxyHeaderLimits *limits, const guchar *data,
                                     gsize length, const gchar **reason);

/**
 * proxy_header_longest() - how many bytes a header can have
 */
static inline gsize
proxy_header_longest(const ProxyHeaderLimits *limits)
{
  return limits->v2 ? MAX(limits->v2_max, PROXY_HEADER_V1_MAX) : PROXY_HEADER_V1_MAX;
}

/**
 * proxy_header_has_addresses() - does the header name an original connection?
 */
static inline gboolean
proxy_header_has_addresses(const ProxyHeader *self)
{
  return self->source.sa.sa_family != AF_UNSPEC;
}

/* The most bytes of a header that a log line shows, and the room that they need, each escaped. */
#define PROXY_HEADER_PRINTED_MAX PROXY_HEADER_V1_MAX
#define PROXY_HEADER_PRINTABLE_SIZE (4 * PROXY_HEADER_PRINTED_MAX + sizeof("..."))

/**
 * proxy_header_print() - the header as text that is safe in a log line
 * @data: the bytes received so far, valid or not
 * @length: how many
 * @buffer: receives the NUL terminated text; PROXY_HEADER_PRINTABLE_SIZE bytes
 *
 * Shows a version 2 header as far as it goes; or else the first line without its
 * end, or everything where that line is empty. PROXY_HEADER_PRINTED_MAX bytes of
 * it at the most, followed by "..." where that is not all. All but printable
 * ASCII is escaped as \xNN, and the backslash as \\. Returns @buffer.
 */
const gchar *proxy_header_print(const guchar *data, gsize length, gchar *buffer);

#endif
