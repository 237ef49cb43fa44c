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
#include "proxy-tlv.h"

#include <arpa/inet.h>
#include <string.h>

#define HEADER_VERSION 2
#define UNIX_PATH_LENGTH 108
#define UNIQUE_ID_MAX 128

typedef enum
{
  COMMAND_LOCAL,
  COMMAND_PROXY,
  COMMAND_COUNT,
} Command;

typedef enum
{
  PROTOCOL_UNSPEC,
  PROTOCOL_STREAM,
  PROTOCOL_DGRAM,
  PROTOCOL_COUNT,
} Protocol;

typedef struct _Family
{
  sa_family_t family;
  /* of one end */
  gsize address_length;
  gsize port_length;
} Family;

/* as the header numbers them */
static const Family FAMILIES[] = {
  { AF_UNSPEC, 0, 0 },
  { AF_INET, 4, 2 },
  { AF_INET6, 16, 2 },
  { AF_UNIX, UNIX_PATH_LENGTH, 0 },
};

/* Of both ends. */
static gsize
_addresses_length(const Family *family)
{
  return 2 * (family->address_length + family->port_length);
}

static void *
_binary_address(ProxyAddress *address)
{
  switch (address->sa.sa_family)
    {
    case AF_INET:
      return &address->in.sin_addr;
    case AF_INET6:
      return &address->in6.sin6_addr;
    default:
      return address->un.sun_path;
    }
}

/* Source address, destination address, source port, destination port: what there is of each. */
static void
_read_addresses(ProxyHeader *self, const Family *family, const guchar *data)
{
  ProxyAddress *ends[] = { &self->source, &self->destination };

  for (gint i = 0; i < 2; i++)
    {
      ends[i]->sa.sa_family = family->family;
      memcpy(_binary_address(ends[i]), data + i * family->address_length, family->address_length);
      /* the port stands at the same place in both families that have one, and in network byte order here as well */
      if (family->port_length)
        memcpy(&ends[i]->in.sin_port, data + 2 * family->address_length + i * family->port_length, family->port_length);
    }
}

/* CRC32c (Castagnoli), bit by bit: RFC 4960, appendix B. */
static guint32
_crc32c(guint32 crc, const guchar *data, gsize length)
{
  for (gsize i = 0; i < length; i++)
    {
      crc ^= data[i];
      for (gint bit = 0; bit < 8; bit++)
        crc = crc >> 1 ^ (crc & 1 ? 0x82F63B78 : 0);
    }
  return crc;
}

/* The checksum of the whole header, with that in the TLV counted as zeros. */
static gboolean
_is_checksum_right(const ProxyTlv *tlv, const guchar *header, gsize length)
{
  static const guchar zeros[4] = { 0 };
  const guchar *behind = tlv->value + sizeof(zeros);
  guint32 sent;
  guint32 crc = 0xFFFFFFFF;

  crc = _crc32c(crc, header, tlv->value - header);
  crc = _crc32c(crc, zeros, sizeof(zeros));
  crc = _crc32c(crc, behind, header + length - behind);
  memcpy(&sent, tlv->value, sizeof(sent));
  return ntohl(sent) == ~crc;
}

static gboolean
_are_well_formed(ProxyTlvs tlvs)
{
  ProxyTlv tlv;

  while (proxy_tlv_next(&tlvs, &tlv))
    ;
  return tlvs.length == 0;
}

static const gchar *
_check_checksum(const ProxyTlv *tlv, const guchar *header, gsize length)
{
  if (tlv->length != 4)
    return "the CRC32c checksum does not have 4 bytes";
  return _is_checksum_right(tlv, header, length) ? NULL : "the CRC32c checksum is wrong";
}

static const gchar *
_check_ssl(const ProxyTlv *tlv)
{
  if (tlv->length < PROXY_TLV_SSL_PREFIX_LENGTH)
    return "the SSL TLV is too short";
  return _are_well_formed(proxy_tlv_get_ssl_tlvs(tlv)) ? NULL : "a TLV inside the SSL TLV runs past its end";
}

/* Returns what is wrong with the TLVs, or NULL. */
static const gchar *
_check_tlvs(ProxyTlvs tlvs, const guchar *header, gsize length)
{
  const gchar *problem = NULL;
  gboolean has_checksum = FALSE;
  ProxyTlv tlv;

  while (!problem && proxy_tlv_next(&tlvs, &tlv))
    {
      /* the first checksum counts: to verify more of them could take somebody's time without end */
      if (tlv.type == PROXY_TLV_CRC32C && !has_checksum)
        {
          problem = _check_checksum(&tlv, header, length);
          has_checksum = TRUE;
        }
      else if (tlv.type == PROXY_TLV_SSL)
        problem = _check_ssl(&tlv);
      else if (tlv.type == PROXY_TLV_UNIQUE_ID && tlv.length > UNIQUE_ID_MAX)
        problem = "the unique id is longer than 128 bytes";
    }
  if (!problem && tlvs.length > 0)
    problem = "a TLV runs past the end of the header";
  return problem;
}

/* The addresses and TLVs of a complete header. Returns what is wrong with them, or NULL. */
static const gchar *
_parse_block(ProxyHeader *self, const guchar *data, const Family *family, Protocol protocol)
{
  const guchar *block = data + PROXY_HEADER_V2_MIN;
  gsize addresses_length = _addresses_length(family);
  ProxyTlvs tlvs = { block + addresses_length, self->length - PROXY_HEADER_V2_MIN - addresses_length };

  /* addresses of an unspecified family may stand where we look for TLVs */
  if (family->family == AF_UNSPEC && !_are_well_formed(tlvs))
    return NULL;

  if (protocol != PROTOCOL_UNSPEC)
    _read_addresses(self, family, block);
  self->tlvs = tlvs.data;
  self->tlvs_length = tlvs.length;
  return _check_tlvs(tlvs, data, self->length);
}

/* The fixed part of a header: 16 bytes, of which the first 12 are the signature. */
typedef struct _FixedPart
{
  guint version;
  guint command;
  guint family;
  guint protocol;
  /* of the header */
  gsize length;
} FixedPart;

static FixedPart
_get_fixed_part(const guchar *data)
{
  return (FixedPart){
    .version = data[12] >> 4,
    .command = data[12] & 0x0F,
    .family = data[13] >> 4,
    .protocol = data[13] & 0x0F,
    .length = PROXY_HEADER_V2_MIN + proxy_header_v2_block_length(data),
  };
}

/* Returns what is wrong with it, or NULL. */
static const gchar *
_check_fixed_part(const FixedPart *fixed, gsize max)
{
  if (fixed->version != HEADER_VERSION)
    return "the version is neither 1 nor 2";
  if (fixed->command >= COMMAND_COUNT)
    return "the command is neither LOCAL nor PROXY";
  if (fixed->length > max)
    return "the header is longer than max-header-size()";

  /* of a LOCAL header nothing but the length counts */
  if (fixed->command == COMMAND_LOCAL)
    return NULL;
  if (fixed->family >= G_N_ELEMENTS(FAMILIES))
    return "the address family is unknown";
  if (fixed->protocol >= PROTOCOL_COUNT)
    return "the transport protocol is unknown";
  if (fixed->length < PROXY_HEADER_V2_MIN + _addresses_length(&FAMILIES[fixed->family]))
    return "the header is too short for its addresses";
  return NULL;
}

ProxyHeaderStatus
proxy_header_parse_v2(ProxyHeader *self, gsize max, const guchar *data, gsize length, const gchar **reason)
{
  FixedPart fixed = _get_fixed_part(data);
  const gchar *problem = _check_fixed_part(&fixed, max);

  if (!problem && length < fixed.length)
    return PROXY_HEADER_INCOMPLETE;
  if (!problem)
    {
      *self =
        (ProxyHeader){ .version = HEADER_VERSION, .length = fixed.length, .is_local = fixed.command == COMMAND_LOCAL };
      if (!self->is_local)
        problem = _parse_block(self, data, &FAMILIES[fixed.family], fixed.protocol);
    }
  return problem ? proxy_header_invalid(reason, problem) : PROXY_HEADER_COMPLETE;
}
