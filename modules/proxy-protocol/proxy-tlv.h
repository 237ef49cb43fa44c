/*
 * Copyright (c) 2026 The syslog-ng-haproxy developers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * As an additional exemption you are allowed to compile & link against the
 * OpenSSL libraries as published by the OpenSSL project. See the file
 * COPYING for details.
 */

#ifndef PROXY_TLV_H_INCLUDED
#define PROXY_TLV_H_INCLUDED

#include <glib.h>

/* The type-length-value vectors of a version 2 header (specification, section 2.2). */

/* types */
#define PROXY_TLV_ALPN 0x01
#define PROXY_TLV_AUTHORITY 0x02
#define PROXY_TLV_CRC32C 0x03
#define PROXY_TLV_NOOP 0x04
#define PROXY_TLV_UNIQUE_ID 0x05
#define PROXY_TLV_SSL 0x20
#define PROXY_TLV_NETNS 0x30

/* types inside PROXY_TLV_SSL */
#define PROXY_TLV_SSL_VERSION 0x21
#define PROXY_TLV_SSL_CN 0x22
#define PROXY_TLV_SSL_CIPHER 0x23
#define PROXY_TLV_SSL_SIG_ALG 0x24
#define PROXY_TLV_SSL_KEY_ALG 0x25
#define PROXY_TLV_SSL_GROUP 0x26
#define PROXY_TLV_SSL_SIG_SCHEME 0x27

/* types that cloud balancers took from the range for applications */
#define PROXY_TLV_GCP_PSC 0xE0
#define PROXY_TLV_AWS 0xEA
#define PROXY_TLV_AZURE 0xEE

/* What PROXY_TLV_SSL has in front of its own TLVs: <client>, and <verify> in network byte order. */
#define PROXY_TLV_SSL_PREFIX_LENGTH 5
#define PROXY_TLV_SSL_CLIENT_CERT_CONN 0x02
#define PROXY_TLV_SSL_CLIENT_CERT_SESS 0x04

typedef struct _ProxyTlv
{
  guint8 type;
  const guchar *value;
  gsize length;
} ProxyTlv;

/* What is left to iterate over. */
typedef struct _ProxyTlvs
{
  const guchar *data;
  gsize length;
} ProxyTlvs;

/**
 * proxy_tlv_next() - take the next TLV
 * @self: advanced behind it
 * @tlv: refers to the data of @self
 *
 * Returns FALSE at the end, and where a TLV runs past it: then @self is not empty.
 */
static inline gboolean
proxy_tlv_next(ProxyTlvs *self, ProxyTlv *tlv)
{
  if (self->length < 3)
    return FALSE;

  gsize length = self->data[1] << 8 | self->data[2];
  if (self->length - 3 < length)
    return FALSE;

  *tlv = (ProxyTlv){ .type = self->data[0], .value = self->data + 3, .length = length };
  self->data += 3 + length;
  self->length -= 3 + length;
  return TRUE;
}

/**
 * proxy_tlv_get_ssl_tlvs() - the TLVs inside a PROXY_TLV_SSL
 * @tlv: a valid one
 */
static inline ProxyTlvs
proxy_tlv_get_ssl_tlvs(const ProxyTlv *tlv)
{
  return (ProxyTlvs){ tlv->value + PROXY_TLV_SSL_PREFIX_LENGTH, tlv->length - PROXY_TLV_SSL_PREFIX_LENGTH };
}

#endif
