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
#include "proxy-tlv.h"

#include <criterion/criterion.h>

#include <arpa/inet.h>
#include <string.h>

/*****************************************************************************
 * Bytes: written as hexadecimal digits
 *****************************************************************************/

#define SIGNATURE "0d0a0d0a000d0a515549540a"

#define ZEROS_4 "00000000"
#define ZEROS_20 ZEROS_4 ZEROS_4 ZEROS_4 ZEROS_4 ZEROS_4
#define ZEROS_100 ZEROS_20 ZEROS_20 ZEROS_20 ZEROS_20 ZEROS_20
#define ONES_32 "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff"

#define INET_BLOCK "c0000201c63364010102fffe"
#define INET6_BLOCK "20010db800000000000000000000000120010db80000000000000000000000020102fffe"
/* "/run/a" and "/run/bc" */
#define UNIX_BLOCK                                                                                                     \
  "2f72756e2f61" ZEROS_100 "0000"                                                                                      \
  "2f72756e2f6263" ZEROS_100 "00"

#define INET_HEADER SIGNATURE "2111000c" INET_BLOCK

static GByteArray *
_bytes(const gchar *hex)
{
  GByteArray *self = g_byte_array_new();

  cr_assert(strlen(hex) % 2 == 0);
  for (; *hex; hex += 2)
    {
      guint8 byte = g_ascii_xdigit_value(hex[0]) << 4 | g_ascii_xdigit_value(hex[1]);
      g_byte_array_append(self, &byte, 1);
    }
  return self;
}

static void
_append_tlv(GByteArray *self, guint8 type, const void *value, gsize length)
{
  guint8 head[] = { type, length >> 8, length };

  g_byte_array_append(self, head, sizeof(head));
  g_byte_array_append(self, value, length);
}

static void
_set_length_field(GByteArray *self, gsize block_length)
{
  self->data[14] = block_length >> 8;
  self->data[15] = block_length;
}

/* The length field, for all that has been appended. */
static void
_finish(GByteArray *self)
{
  _set_length_field(self, self->len - PROXY_HEADER_V2_MIN);
}

/*****************************************************************************
 * Parsing
 *****************************************************************************/

static const ProxyHeaderLimits ANY = { .v1 = TRUE, .v2 = TRUE, .v2_max = PROXY_HEADER_V2_MAX };

typedef struct _Result
{
  ProxyHeaderStatus status;
  const gchar *reason;
  ProxyHeader header;
} Result;

/*
 * The bytes are given in memory that ends where they end, for sanitizers to
 * see what is read behind them. It lives until the next call, as the TLVs do.
 */
static Result
_parse_bytes(const ProxyHeaderLimits *limits, const guint8 *data, gsize length)
{
  static guint8 *copy;
  Result self = { 0 };

  g_free(copy);
  copy = g_malloc(length);
  if (length > 0)
    memcpy(copy, data, length);
  /* whatever stood there before */
  memset(&self.header, 0xAA, sizeof(self.header));
  self.status = proxy_header_parse(&self.header, limits, copy, length, &self.reason);
  cr_assert((self.reason != NULL) == (self.status == PROXY_HEADER_INVALID));
  if (self.status == PROXY_HEADER_COMPLETE)
    {
      cr_assert_leq(self.header.length, length);
      if (self.header.tlvs)
        cr_assert_eq(self.header.tlvs + self.header.tlvs_length, copy + self.header.length);
    }
  return self;
}

static Result
_parse(const GByteArray *bytes)
{
  return _parse_bytes(&ANY, bytes->data, bytes->len);
}

static Result
_parse_hex(const gchar *hex)
{
  GByteArray *bytes = _bytes(hex);
  Result self = _parse(bytes);

  g_byte_array_free(bytes, TRUE);
  return self;
}

static const gchar *
_format_end(const ProxyAddress *end)
{
  static gchar texts[2][128];
  static guint next;
  gchar *text = texts[next++ % 2];
  gchar address[INET6_ADDRSTRLEN];

  switch (end->sa.sa_family)
    {
    case AF_INET:
      inet_ntop(AF_INET, &end->in.sin_addr, address, sizeof(address));
      g_snprintf(text, sizeof(texts[0]), "%s:%d", address, ntohs(end->in.sin_port));
      break;
    case AF_INET6:
      inet_ntop(AF_INET6, &end->in6.sin6_addr, address, sizeof(address));
      g_snprintf(text, sizeof(texts[0]), "[%s]:%d", address, ntohs(end->in6.sin6_port));
      break;
    case AF_UNIX:
      g_snprintf(text, sizeof(texts[0]), "%.*s", (gint) sizeof(end->un.sun_path), end->un.sun_path);
      break;
    default:
      cr_assert_eq(end->sa.sa_family, AF_UNSPEC);
      return NULL;
    }
  return text;
}

/*****************************************************************************
 * The specification, sentence by sentence
 *****************************************************************************/

static const gchar BAD_VERSION[] = "the version is neither 1 nor 2";
static const gchar BAD_COMMAND[] = "the command is neither LOCAL nor PROXY";
static const gchar BAD_FAMILY[] = "the address family is unknown";
static const gchar BAD_PROTOCOL[] = "the transport protocol is unknown";
static const gchar TOO_SHORT[] = "the header is too short for its addresses";
static const gchar TOO_LONG[] = "the header is longer than max-header-size()";
static const gchar NO_HEADER[] = "this is not a PROXY protocol header";
static const gchar TLV_OVERRUN[] = "a TLV runs past the end of the header";
static const gchar SSL_TOO_SHORT[] = "the SSL TLV is too short";
static const gchar SSL_OVERRUN[] = "a TLV inside the SSL TLV runs past its end";
static const gchar CRC_LENGTH[] = "the CRC32c checksum does not have 4 bytes";
static const gchar CRC_WRONG[] = "the CRC32c checksum is wrong";
static const gchar UNIQUE_ID_LENGTH[] = "the unique id is longer than 128 bytes";

typedef struct _Accepted
{
  const gchar *sentence;
  const gchar *hex;
  gboolean is_local;
  /* NULL: none */
  const gchar *source;
  const gchar *destination;
} Accepted;

static const gchar SOURCE[] = "192.0.2.1:258";
static const gchar DESTINATION[] = "198.51.100.1:65534";
static const gchar SOURCE6[] = "[2001:db8::1]:258";
static const gchar DESTINATION6[] = "[2001:db8::2]:65534";

static const Accepted ACCEPTED[] = {
  { "LOCAL: the receiver must accept this connection as valid", SIGNATURE "20000000", TRUE, NULL, NULL },
  { "LOCAL: and must use the real connection endpoints", SIGNATURE "2011000c" INET_BLOCK, TRUE, NULL, NULL },
  { "LOCAL: and discard the protocol block", SIGNATURE "20110005ffffffffff", TRUE, NULL, NULL },
  { "LOCAL: including the family which is ignored", SIGNATURE "20ff0000", TRUE, NULL, NULL },
  { "Receivers must not assume zero is presented for LOCAL connections", SIGNATURE "20000003ffffff", TRUE, NULL, NULL },
  { "LOCAL: a checksum is in the block that is discarded", SIGNATURE "200000070300040badbeef", TRUE, NULL, NULL },

  { "PROXY: must use the information provided", INET_HEADER, FALSE, SOURCE, DESTINATION },
  { "\\x00 UNSPEC: is mandatory to implement", SIGNATURE "21000000", FALSE, NULL, NULL },
  { "\\x11 TCP over IPv4: 12 bytes", SIGNATURE "2111000c" INET_BLOCK, FALSE, SOURCE, DESTINATION },
  { "\\x12 UDP over IPv4: 12 bytes", SIGNATURE "2112000c" INET_BLOCK, FALSE, SOURCE, DESTINATION },
  { "\\x21 TCP over IPv6: 36 bytes", SIGNATURE "21210024" INET6_BLOCK, FALSE, SOURCE6, DESTINATION6 },
  { "\\x22 UDP over IPv6: 36 bytes", SIGNATURE "21220024" INET6_BLOCK, FALSE, SOURCE6, DESTINATION6 },
  { "\\x31 UNIX stream: 216 bytes", SIGNATURE "213100d8" UNIX_BLOCK, FALSE, "/run/a", "/run/bc" },
  { "\\x32 UNIX datagram: 216 bytes", SIGNATURE "213200d8" UNIX_BLOCK, FALSE, "/run/a", "/run/bc" },

  { "protocol UNSPEC: should ignore address information", SIGNATURE "2110000c" INET_BLOCK, FALSE, NULL, NULL },
  { "protocol UNSPEC, IPv6", SIGNATURE "21200024" INET6_BLOCK, FALSE, NULL, NULL },
  { "protocol UNSPEC, UNIX", SIGNATURE "213000d8" UNIX_BLOCK, FALSE, NULL, NULL },
  { "family UNSPEC, STREAM", SIGNATURE "21010000", FALSE, NULL, NULL },
  { "family UNSPEC, DGRAM", SIGNATURE "21020000", FALSE, NULL, NULL },
  { "family UNSPEC: skip the address bytes, of whatever family", SIGNATURE "2100000c" INET_BLOCK, FALSE, NULL, NULL },
  { "family UNSPEC: skip the address bytes, IPv6", SIGNATURE "21010024" INET6_BLOCK, FALSE, NULL, NULL },

  { "additional bytes beyond the address information are TLVs",
    SIGNATURE "2111000f" INET_BLOCK "ff0000",
    FALSE,
    SOURCE,
    DESTINATION },
  { "NOOP: zero or more bytes",
    SIGNATURE "21110014" INET_BLOCK "040000"
              "040002ffff",
    FALSE,
    SOURCE,
    DESTINATION },
  { "SSL: <client> and <verify>", SIGNATURE "21110014" INET_BLOCK "2000050000000000", FALSE, SOURCE, DESTINATION },
  { "SSL: with a TLV inside",
    SIGNATURE "21110017" INET_BLOCK "2000080000000000"
              "280000",
    FALSE,
    SOURCE,
    DESTINATION },
};

Test(proxy_header_v2, what_the_specification_accepts)
{
  for (gsize i = 0; i < G_N_ELEMENTS(ACCEPTED); i++)
    {
      const Accepted *expected = &ACCEPTED[i];
      Result result = _parse_hex(expected->hex);

      cr_assert_eq(result.status, PROXY_HEADER_COMPLETE, "%s: %s", expected->sentence, result.reason);
      cr_assert_eq(result.header.version, 2);
      cr_assert_eq(result.header.length, strlen(expected->hex) / 2, "%s", expected->sentence);
      cr_assert_eq(result.header.is_local, expected->is_local, "%s", expected->sentence);
      cr_assert_eq(proxy_header_has_addresses(&result.header), expected->source != NULL, "%s", expected->sentence);
      cr_assert_eq(g_strcmp0(_format_end(&result.header.source), expected->source), 0, "%s", expected->sentence);
      cr_assert_eq(
        g_strcmp0(_format_end(&result.header.destination), expected->destination), 0, "%s", expected->sentence);
    }
}

typedef struct _Refused
{
  const gchar *sentence;
  const gchar *hex;
  const gchar *reason;
} Refused;

static const Refused REFUSED[] = {
  { "version: the receiver must only accept \\x2", SIGNATURE "1111000c" INET_BLOCK, BAD_VERSION },
  { "version 0", SIGNATURE "0111000c" INET_BLOCK, BAD_VERSION },
  { "version 3", SIGNATURE "3111000c" INET_BLOCK, BAD_VERSION },
  { "version 15, LOCAL", SIGNATURE "f0000000", BAD_VERSION },
  { "command: must drop connections presenting unexpected values here", SIGNATURE "2211000c" INET_BLOCK, BAD_COMMAND },
  { "command 15", SIGNATURE "2f000000", BAD_COMMAND },
  { "family: other values must be rejected as invalid", SIGNATURE "2141000c" INET_BLOCK, BAD_FAMILY },
  { "family 15", SIGNATURE "21f00000", BAD_FAMILY },
  { "protocol: other values must be rejected as invalid", SIGNATURE "2113000c" INET_BLOCK, BAD_PROTOCOL },
  { "protocol 15 of an unspecified family", SIGNATURE "210f0000", BAD_PROTOCOL },
  { "IPv4 in 11 bytes", SIGNATURE "2111000bc0000201c63364010102ff", TOO_SHORT },
  { "IPv4 in none", SIGNATURE "21120000", TOO_SHORT },
  { "IPv6 in 35 bytes", SIGNATURE "21210023" ZEROS_20 ZEROS_4 ZEROS_4 ZEROS_4 "000000", TOO_SHORT },
  { "IPv6 in the 12 of IPv4", SIGNATURE "2122000c" INET_BLOCK, TOO_SHORT },
  { "UNIX in 215 bytes", SIGNATURE "213100d7" ZEROS_100 ZEROS_100 ZEROS_4 ZEROS_4 ZEROS_4 "000000", TOO_SHORT },
  { "UNIX in one path", SIGNATURE "2132006c" ZEROS_100 ZEROS_4 ZEROS_4, TOO_SHORT },

  { "otherwise the connection must be dropped", "0d0a0d0a000d0a515549540d", NO_HEADER },
  { "CRLF", "0d0a3c", NO_HEADER },

  { "a TLV of one byte", SIGNATURE "2111000d" INET_BLOCK "01", TLV_OVERRUN },
  { "a TLV of two bytes", SIGNATURE "2111000e" INET_BLOCK "0100", TLV_OVERRUN },
  { "a TLV one byte short", SIGNATURE "21110010" INET_BLOCK "01000261", TLV_OVERRUN },
  { "a NOOP one byte short", SIGNATURE "2111000f" INET_BLOCK "040001", TLV_OVERRUN },
  { "a TLV of 65535 bytes", SIGNATURE "2111000f" INET_BLOCK "01ffff", TLV_OVERRUN },
  { "the second TLV",
    SIGNATURE "21110012" INET_BLOCK "010000"
              "020001",
    TLV_OVERRUN },

  { "SSL without its fixed part", SIGNATURE "2111000f" INET_BLOCK "200000", SSL_TOO_SHORT },
  { "SSL with four bytes", SIGNATURE "21110013" INET_BLOCK "20000400000000", SSL_TOO_SHORT },
  { "a TLV of one byte inside",
    SIGNATURE "21110015" INET_BLOCK "2000060000000000"
              "21",
    SSL_OVERRUN },
  { "a TLV of two bytes inside",
    SIGNATURE "21110016" INET_BLOCK "2000070000000000"
              "2100",
    SSL_OVERRUN },
  { "a TLV inside that goes on outside",
    SIGNATURE "2111001a" INET_BLOCK "2000080000000000"
              "210003"
              "040000",
    SSL_OVERRUN },
  { "the second TLV inside",
    SIGNATURE "2111001a" INET_BLOCK "20000b0000000000"
              "210000"
              "220001",
    SSL_OVERRUN },
  { "the second SSL",
    SIGNATURE "21110017" INET_BLOCK "2000050000000000"
              "200000",
    SSL_TOO_SHORT },

  { "CRC32c: MUST treat the TCP connection as invalid", SIGNATURE "21110013" INET_BLOCK "03000400000000", CRC_WRONG },
  { "CRC32c without addresses",
    SIGNATURE "21000007"
              "03000400000000",
    CRC_WRONG },
  { "CRC32c of three bytes", SIGNATURE "21110012" INET_BLOCK "030003000000", CRC_LENGTH },
  { "CRC32c of five bytes", SIGNATURE "21110014" INET_BLOCK "0300050000000000", CRC_LENGTH },
};

Test(proxy_header_v2, what_the_specification_refuses)
{
  for (gsize i = 0; i < G_N_ELEMENTS(REFUSED); i++)
    {
      Result result = _parse_hex(REFUSED[i].hex);

      cr_assert_eq(result.status, PROXY_HEADER_INVALID, "%s: %d", REFUSED[i].sentence, result.status);
      cr_assert_str_eq(result.reason, REFUSED[i].reason, "%s: %s", REFUSED[i].sentence, result.reason);
    }
}

/*****************************************************************************
 * How much of it there is
 *****************************************************************************/

Test(proxy_header_v2, every_prefix_of_a_valid_header_is_incomplete)
{
  for (gsize i = 0; i < G_N_ELEMENTS(ACCEPTED); i++)
    {
      GByteArray *bytes = _bytes(ACCEPTED[i].hex);

      for (gsize length = 0; length < bytes->len; length++)
        cr_assert_eq(_parse_bytes(&ANY, bytes->data, length).status,
                     PROXY_HEADER_INCOMPLETE,
                     "%s: %zu bytes",
                     ACCEPTED[i].sentence,
                     length);
      g_byte_array_free(bytes, TRUE);
    }
}

Test(proxy_header_v2, bytes_behind_the_header_are_not_looked_at)
{
  static const gchar *const BEHIND[] = { "00", "3c31333e", SIGNATURE, INET_HEADER, ONES_32 };

  for (gsize i = 0; i < G_N_ELEMENTS(ACCEPTED); i++)
    for (gsize j = 0; j < G_N_ELEMENTS(BEHIND); j++)
      {
        gchar *hex = g_strconcat(ACCEPTED[i].hex, BEHIND[j], NULL);
        Result result = _parse_hex(hex);

        cr_assert_eq(result.status, PROXY_HEADER_COMPLETE, "%s", ACCEPTED[i].sentence);
        cr_assert_eq(result.header.length, strlen(ACCEPTED[i].hex) / 2, "%s", ACCEPTED[i].sentence);
        g_free(hex);
      }
}

Test(proxy_header_v2, more_bytes_never_change_a_refusal)
{
  for (gsize i = 0; i < G_N_ELEMENTS(REFUSED); i++)
    {
      GByteArray *bytes = _bytes(REFUSED[i].hex);
      gboolean is_refused = FALSE;

      /* zeros behind the header as well */
      g_byte_array_set_size(bytes, bytes->len + 32);
      for (gsize length = 0; length <= bytes->len; length++)
        {
          Result result = _parse_bytes(&ANY, bytes->data, length);

          if (result.status == PROXY_HEADER_INVALID)
            cr_assert_str_eq(result.reason, REFUSED[i].reason, "%s: %zu bytes", REFUSED[i].sentence, length);
          else
            cr_assert_eq(result.status, PROXY_HEADER_INCOMPLETE, "%s: %zu bytes", REFUSED[i].sentence, length);
          cr_assert(!is_refused || result.status == PROXY_HEADER_INVALID, "%s: %zu bytes", REFUSED[i].sentence, length);
          is_refused = result.status == PROXY_HEADER_INVALID;
        }
      cr_assert(is_refused);
      g_byte_array_free(bytes, TRUE);
    }
}

Test(proxy_header_v2, what_is_wrong_with_the_fixed_part_is_seen_in_its_16_bytes)
{
  static const gchar *const FIXED_PARTS[] = { "11110fff", "22110fff", "21410fff", "21130fff", "2111000b", "21210023" };

  for (gsize i = 0; i < G_N_ELEMENTS(FIXED_PARTS); i++)
    {
      gchar *hex = g_strconcat(SIGNATURE, FIXED_PARTS[i], NULL);

      cr_assert_eq(_parse_hex(hex).status, PROXY_HEADER_INVALID, "%s", FIXED_PARTS[i]);
      g_free(hex);
    }
}

/*****************************************************************************
 * Every value of the fixed part
 *****************************************************************************/

static const sa_family_t FAMILIES[] = { AF_UNSPEC, AF_INET, AF_INET6, AF_UNIX };
static const gsize ADDRESSES_LENGTH[] = { 0, 12, 36, 216 };

Test(proxy_header_v2, every_value_of_the_13th_and_14th_byte)
{
  /* behind the addresses of each family there are TLVs of type 0, without a value */
  GByteArray *bytes = _bytes(SIGNATURE "00000000" ZEROS_100 ZEROS_100 ZEROS_4 ZEROS_4 ZEROS_4 ZEROS_4);
  _finish(bytes);

  for (guint value = 0; value <= 0xFFFF; value++)
    {
      guint version = value >> 12, command = value >> 8 & 0xF, family = value >> 4 & 0xF, protocol = value & 0xF;
      bytes->data[12] = value >> 8;
      bytes->data[13] = value;
      Result result = _parse(bytes);

      gboolean is_local = command == 0;
      gboolean is_valid = version == 2 && (is_local || (command == 1 && family <= 3 && protocol <= 2));
      cr_assert_eq(result.status, is_valid ? PROXY_HEADER_COMPLETE : PROXY_HEADER_INVALID, "%04x", value);
      if (!is_valid)
        continue;

      gboolean has_addresses = !is_local && family != 0 && protocol != 0;
      cr_assert_eq(result.header.length, bytes->len);
      cr_assert_eq(result.header.is_local, is_local);
      cr_assert_eq(result.header.source.sa.sa_family, has_addresses ? FAMILIES[family] : AF_UNSPEC, "%04x", value);
      cr_assert_eq(result.header.destination.sa.sa_family, has_addresses ? FAMILIES[family] : AF_UNSPEC, "%04x", value);
      cr_assert_eq(result.header.tlvs_length, is_local ? 0 : 216 - ADDRESSES_LENGTH[family], "%04x", value);
    }
  g_byte_array_free(bytes, TRUE);
}

/* A header of some family with a few TLVs, and the lengths that the length field may say. */
typedef struct _LengthCase
{
  GByteArray *bytes;
  guint addresses_length;
  /* by block length */
  gboolean is_end_of_tlv[512];
} LengthCase;

static LengthCase
_length_case(guint8 command, guint8 family)
{
  static const guint TLV_LENGTHS[] = { 0, 1, 2, 0, 40, 128 };
  static const guchar VALUE[128];
  LengthCase self = { .bytes = _bytes(SIGNATURE "00000000"), .addresses_length = ADDRESSES_LENGTH[family] };

  self.bytes->data[12] = 0x20 | command;
  self.bytes->data[13] = family << 4 | 1;
  g_byte_array_append(self.bytes, VALUE, MIN(self.addresses_length, 108));
  g_byte_array_append(self.bytes, VALUE, self.addresses_length - MIN(self.addresses_length, 108));
  self.is_end_of_tlv[self.addresses_length] = TRUE;
  for (gsize i = 0; i < G_N_ELEMENTS(TLV_LENGTHS); i++)
    {
      _append_tlv(self.bytes, PROXY_TLV_UNIQUE_ID, VALUE, TLV_LENGTHS[i]);
      self.is_end_of_tlv[self.bytes->len - PROXY_HEADER_V2_MIN] = TRUE;
    }
  cr_assert_lt(self.bytes->len - PROXY_HEADER_V2_MIN, G_N_ELEMENTS(self.is_end_of_tlv));
  return self;
}

static void
_check_length_field(LengthCase *self, gsize block_length, gsize max)
{
  ProxyHeaderLimits limits = { .v1 = TRUE, .v2 = TRUE, .v2_max = max };
  gboolean is_local = (self->bytes->data[12] & 0x0F) == 0;
  gsize bytes_there = self->bytes->len - PROXY_HEADER_V2_MIN;

  _set_length_field(self->bytes, block_length);
  Result result = _parse_bytes(&limits, self->bytes->data, self->bytes->len);
  const gchar *reason = NULL;
  /* of LOCAL and UNSPEC nobody knows what the block is */
  gboolean is_protected = !is_local && self->addresses_length > 0;
  if (PROXY_HEADER_V2_MIN + block_length > max)
    reason = TOO_LONG;
  else if (!is_local && block_length < self->addresses_length)
    reason = TOO_SHORT;
  else if (block_length > bytes_there)
    {
      cr_assert_eq(result.status, PROXY_HEADER_INCOMPLETE, "%zu of %zu", block_length, max);
      return;
    }
  else if (is_protected && !self->is_end_of_tlv[block_length])
    reason = TLV_OVERRUN;

  cr_assert_eq(g_strcmp0(result.reason, reason), 0, "%zu of %zu: %s", block_length, max, result.reason);
  if (reason)
    return;
  cr_assert_eq(result.status, PROXY_HEADER_COMPLETE);
  cr_assert_eq(result.header.length, PROXY_HEADER_V2_MIN + block_length);
  gboolean has_tlvs = !is_local && self->is_end_of_tlv[block_length];
  cr_assert_eq(result.header.tlvs_length, has_tlvs ? block_length - self->addresses_length : 0);
}

Test(proxy_header_v2, every_length_field)
{
  static const gsize MAX[] = { 16, 17, 27, 28, 52, 232, 300, 4096, 65550, 65551 };

  for (guint8 command = 0; command <= 1; command++)
    for (guint8 family = 0; family < G_N_ELEMENTS(FAMILIES); family++)
      {
        LengthCase length_case = _length_case(command, family);

        for (gsize i = 0; i < G_N_ELEMENTS(MAX); i++)
          for (gsize block_length = 0; block_length <= 0xFFFF; block_length++)
            _check_length_field(&length_case, block_length, MAX[i]);
        g_byte_array_free(length_case.bytes, TRUE);
      }
}

Test(proxy_header_v2, as_many_bytes_as_the_longest_header_has_are_never_too_few)
{
  static guint8 data[PROXY_HEADER_V2_MAX];
  GByteArray *fixed_part = _bytes(SIGNATURE "20000000");
  memcpy(data, fixed_part->data, fixed_part->len);
  g_byte_array_free(fixed_part, TRUE);

  for (gsize max = PROXY_HEADER_V2_MIN; max <= PROXY_HEADER_V2_MAX; max += max < 4200 ? 1 : 1011)
    {
      ProxyHeaderLimits limits = { .v1 = max % 2, .v2 = TRUE, .v2_max = max };

      data[14] = (max - PROXY_HEADER_V2_MIN) >> 8;
      data[15] = max - PROXY_HEADER_V2_MIN;
      cr_assert_geq(proxy_header_longest(&limits), max);
      cr_assert_eq(_parse_bytes(&limits, data, max).status, PROXY_HEADER_COMPLETE, "%zu", max);
      cr_assert_eq(_parse_bytes(&limits, data, max - 1).status, PROXY_HEADER_INCOMPLETE, "%zu", max);
    }
}

Test(proxy_header_v2, the_longest_header_there_is)
{
  static const guchar VALUE[65535 - 12 - 3];
  GByteArray *bytes = _bytes(INET_HEADER);
  ProxyTlv tlv = { 0 };

  _append_tlv(bytes, 0xF0, VALUE, sizeof(VALUE));
  _finish(bytes);
  cr_assert_eq(bytes->len, PROXY_HEADER_V2_MAX);
  Result result = _parse(bytes);
  cr_assert_eq(result.status, PROXY_HEADER_COMPLETE);
  ProxyTlvs tlvs = { result.header.tlvs, result.header.tlvs_length };
  cr_assert(proxy_tlv_next(&tlvs, &tlv));
  cr_assert_eq(tlv.length, sizeof(VALUE));
  cr_assert_eq(tlvs.length, 0);
  g_byte_array_free(bytes, TRUE);
}

/*****************************************************************************
 * Versions
 *****************************************************************************/

static void
_check_prefixes(const ProxyHeaderLimits *limits, const GByteArray *bytes, const gchar *reason)
{
  for (gsize length = 1; length <= bytes->len; length++)
    {
      Result result = _parse_bytes(limits, bytes->data, length);

      cr_assert_eq(g_strcmp0(result.reason, reason), 0, "%zu bytes: %s", length, result.reason);
      cr_assert_eq(result.status == PROXY_HEADER_COMPLETE, !reason && length == bytes->len);
    }
}

Test(proxy_header_v2, a_version_that_is_not_allowed_is_refused_by_its_first_byte)
{
  static const ProxyHeaderLimits V1_ONLY = { .v1 = TRUE, .v2 = FALSE, .v2_max = 4096 };
  static const ProxyHeaderLimits V2_ONLY = { .v1 = FALSE, .v2 = TRUE, .v2_max = 4096 };
  static const gchar V1_HEADER[] = "PROXY TCP4 192.0.2.1 198.51.100.1 56324 6514\r\n";
  GByteArray *v1 = g_byte_array_new();
  GByteArray *v2 = _bytes(INET_HEADER);

  g_byte_array_append(v1, (const guint8 *) V1_HEADER, strlen(V1_HEADER));
  _check_prefixes(&ANY, v1, NULL);
  _check_prefixes(&ANY, v2, NULL);
  _check_prefixes(&V1_ONLY, v1, NULL);
  _check_prefixes(&V1_ONLY, v2, "protocol-version() does not allow version 2");
  _check_prefixes(&V2_ONLY, v1, "protocol-version() does not allow version 1");
  _check_prefixes(&V2_ONLY, v2, NULL);
  cr_assert_eq(proxy_header_longest(&V1_ONLY), PROXY_HEADER_V1_MAX);
  g_byte_array_free(v1, TRUE);
  g_byte_array_free(v2, TRUE);
}

Test(proxy_header_v2, every_byte_of_the_signature_counts)
{
  for (gsize i = 0; i < 12; i++)
    for (guint value = 0; value <= 0xFF; value++)
      {
        GByteArray *bytes = _bytes(INET_HEADER);
        gboolean is_right = bytes->data[i] == value;

        bytes->data[i] = value;
        /* "PROXY " would be one as well */
        if (i > 0 || value != 'P')
          cr_assert_eq(_parse(bytes).status, is_right ? PROXY_HEADER_COMPLETE : PROXY_HEADER_INVALID);
        g_byte_array_free(bytes, TRUE);
      }
}

/*****************************************************************************
 * Addresses
 *****************************************************************************/

Test(proxy_header_v2, paths_may_fill_their_place)
{
  GByteArray *bytes = _bytes(SIGNATURE "21310000" ZEROS_100 ZEROS_100 ZEROS_4 ZEROS_4 ZEROS_4 ZEROS_4);
  memset(bytes->data + 16, 'a', 108);
  memset(bytes->data + 16 + 108, 'b', 108);
  _finish(bytes);

  Result result = _parse(bytes);
  cr_assert_eq(result.status, PROXY_HEADER_COMPLETE);
  cr_assert_eq(memcmp(result.header.source.un.sun_path, bytes->data + 16, 108), 0);
  cr_assert_eq(memcmp(result.header.destination.un.sun_path, bytes->data + 16 + 108, 108), 0);
  g_byte_array_free(bytes, TRUE);
}

/* Each bit of the addresses and ports arrives, and at one place only. */
Test(proxy_header_v2, every_bit_of_the_addresses)
{
  GByteArray *bytes = _bytes(SIGNATURE "21210024" ZEROS_20 ZEROS_4 ZEROS_4 ZEROS_4 ZEROS_4);

  for (gsize bit = 0; bit < 36 * 8; bit++)
    {
      guint8 seen[36];

      memset(bytes->data + 16, 0, 36);
      bytes->data[16 + bit / 8] = 0x80 >> bit % 8;
      Result result = _parse(bytes);
      memcpy(seen, &result.header.source.in6.sin6_addr, 16);
      memcpy(seen + 16, &result.header.destination.in6.sin6_addr, 16);
      memcpy(seen + 32, &result.header.source.in6.sin6_port, 2);
      memcpy(seen + 34, &result.header.destination.in6.sin6_port, 2);
      cr_assert_eq(memcmp(seen, bytes->data + 16, 36), 0, "bit %zu", bit);
      cr_assert_eq(result.header.source.in6.sin6_scope_id, 0);
      cr_assert_eq(result.header.source.in6.sin6_flowinfo, 0);
    }
  g_byte_array_free(bytes, TRUE);
}

/*****************************************************************************
 * TLVs
 *****************************************************************************/

typedef struct _TlvsCase
{
  const gchar *hex;
  /* types of those in it */
  const gchar *types;
  /* what is left behind the last */
  gsize left;
} TlvsCase;

static const TlvsCase TLVS_CASES[] = {
  { "", "", 0 },
  { "01", "", 1 },
  { "0100", "", 2 },
  { "010000", "\x01", 0 },
  { "010001", "", 3 },
  { "01000161", "\x01", 0 },
  { "01000162"
    "020000"
    "ff0002aabb",
    "\x01\x02\xff",
    0 },
  { "010000"
    "010000",
    "\x01\x01",
    0 },
  { "010000"
    "02",
    "\x01",
    1 },
  { "010000"
    "0200",
    "\x01",
    2 },
  { "010000"
    "020002aa",
    "\x01",
    4 },
  { "01ffff", "", 3 },
  { "010100" ONES_32, "", 35 },
  { "010020" ONES_32, "\x01", 0 },
  { "01001f" ONES_32, "\x01", 1 },
};

Test(proxy_header_v2, the_iterator_stops_where_a_tlv_runs_past_the_end)
{
  for (gsize i = 0; i < G_N_ELEMENTS(TLVS_CASES); i++)
    {
      const TlvsCase *expected = &TLVS_CASES[i];
      GByteArray *bytes = _bytes(expected->hex);
      guint8 *exactly = g_memdup2(bytes->data, bytes->len);
      ProxyTlvs tlvs = { exactly, bytes->len };
      const guchar *next = exactly;
      GString *types = g_string_new(NULL);
      ProxyTlv tlv;

      while (proxy_tlv_next(&tlvs, &tlv))
        {
          g_string_append_c(types, tlv.type);
          cr_assert_eq(tlv.value, next + 3);
          cr_assert_eq(tlv.length, (gsize) (next[1] << 8 | next[2]));
          next = tlv.value + tlv.length;
        }
      cr_assert_str_eq(types->str, expected->types, "%s", expected->hex);
      cr_assert_eq(tlvs.length, expected->left, "%s", expected->hex);
      cr_assert_eq(tlvs.data, next, "%s", expected->hex);
      cr_assert_not(proxy_tlv_next(&tlvs, &tlv));
      g_string_free(types, TRUE);
      g_free(exactly);
      g_byte_array_free(bytes, TRUE);
    }
}

Test(proxy_header_v2, every_length_of_a_tlv)
{
  GByteArray *bytes = _bytes(SIGNATURE "21110000" INET_BLOCK "f00000" ONES_32);
  guint8 *length_field = bytes->data + 16 + 12 + 1;
  _finish(bytes);

  for (guint length = 0; length <= 0xFFFF; length++)
    {
      length_field[0] = length >> 8;
      length_field[1] = length;
      /* what is left is "ff", and what it says of its length */
      cr_assert_eq(_parse(bytes).status, length == 32 ? PROXY_HEADER_COMPLETE : PROXY_HEADER_INVALID, "%u", length);
    }
  g_byte_array_free(bytes, TRUE);
}

Test(proxy_header_v2, every_length_of_a_tlv_inside_the_ssl_tlv)
{
  GByteArray *bytes = _bytes(SIGNATURE "21110000" INET_BLOCK "2000280000000000"
                                       "210000" ONES_32 "f00000");
  guint8 *length_field = bytes->data + 16 + 12 + 8 + 1;
  _finish(bytes);

  for (guint length = 0; length <= 0xFFFF; length++)
    {
      length_field[0] = length >> 8;
      length_field[1] = length;
      Result result = _parse(bytes);
      cr_assert_eq(g_strcmp0(result.reason, length == 32 ? NULL : SSL_OVERRUN), 0, "%u: %s", length, result.reason);
    }
  g_byte_array_free(bytes, TRUE);
}

Test(proxy_header_v2, the_tlvs_inside_the_ssl_tlv)
{
  Result result = _parse_hex(SIGNATURE "2111001b" INET_BLOCK "20000c0700000001"
                                       "21000141"
                                       "220000");
  ProxyTlvs tlvs = { result.header.tlvs, result.header.tlvs_length };
  ProxyTlv ssl = { 0 }, tlv = { 0 };

  cr_assert_eq(result.status, PROXY_HEADER_COMPLETE);
  cr_assert(proxy_tlv_next(&tlvs, &ssl));
  cr_assert_eq(tlvs.length, 0);
  tlvs = proxy_tlv_get_ssl_tlvs(&ssl);
  cr_assert(proxy_tlv_next(&tlvs, &tlv));
  cr_assert(tlv.type == PROXY_TLV_SSL_VERSION && tlv.length == 1 && tlv.value[0] == 'A');
  cr_assert(proxy_tlv_next(&tlvs, &tlv));
  cr_assert(tlv.type == PROXY_TLV_SSL_CN && tlv.length == 0);
  cr_assert_not(proxy_tlv_next(&tlvs, &tlv));
}

Test(proxy_header_v2, a_unique_id_has_at_most_128_bytes)
{
  static const guchar VALUE[1000];

  for (gsize length = 0; length <= sizeof(VALUE); length++)
    {
      GByteArray *bytes = _bytes(INET_HEADER);

      _append_tlv(bytes, PROXY_TLV_UNIQUE_ID, VALUE, length);
      _finish(bytes);
      cr_assert_eq(g_strcmp0(_parse(bytes).reason, length <= 128 ? NULL : UNIQUE_ID_LENGTH), 0, "%zu", length);
      g_byte_array_free(bytes, TRUE);
    }
}

/*****************************************************************************
 * CRC32c
 *****************************************************************************/

#define CRC32C_POLYNOMIAL 0x82F63B78

/* From one state of the checksum's register to the next. */
static guint32
_crc32c_update(guint32 state, const void *data, gsize length)
{
  const guint8 *byte = data;

  for (gsize i = 0; i < length; i++)
    {
      state ^= byte[i];
      for (gint bit = 0; bit < 8; bit++)
        state = state & 1 ? state >> 1 ^ CRC32C_POLYNOMIAL : state >> 1;
    }
  return state;
}

/* The four bytes, first one lowest, that lead from one state to another. */
static guint32
_crc32c_bridge(guint32 from, guint32 to)
{
  for (gint bit = 0; bit < 32; bit++)
    to = to >> 31 ? (to ^ CRC32C_POLYNOMIAL) << 1 | 1 : to << 1;
  return from ^ to;
}

typedef struct _Crc32cVector
{
  const gchar *hex;
  guint32 checksum;
} Crc32cVector;

static const Crc32cVector CRC32C_VECTORS[] = {
  /* "123456789" */
  { "313233343536373839", 0xE3069283 },
  { "", 0x00000000 },
  /* "a" */
  { "61", 0xC1D04330 },
  /* RFC 3720, appendix B.4 */
  { ZEROS_20 ZEROS_4 ZEROS_4 ZEROS_4, 0x8A9136AA },
  { ONES_32, 0x62A8AB43 },
  { "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f", 0x46DD794E },
  { "1f1e1d1c1b1a191817161514131211100f0e0d0c0b0a09080706050403020100", 0x113FDB5C },
  { "01c00000000000000000000000000000140000000000040000000014000000182800000000000000"
    "0200000000000000",
    0xD9963A56 },
};

Test(proxy_header_v2, crc32c_of_known_vectors)
{
  for (gsize i = 0; i < G_N_ELEMENTS(CRC32C_VECTORS); i++)
    {
      GByteArray *vector = _bytes(CRC32C_VECTORS[i].hex);

      cr_assert_eq(~_crc32c_update(0xFFFFFFFF, vector->data, vector->len), CRC32C_VECTORS[i].checksum);
      g_byte_array_free(vector, TRUE);
    }
}

/*
 * The vector stands at the end of a header. The four bytes in front of it take
 * the checksum back to where it begins, so that it is that of the vector alone.
 */
Test(proxy_header_v2, crc32c_of_known_vectors_through_a_header)
{
  for (gsize i = 0; i < G_N_ELEMENTS(CRC32C_VECTORS); i++)
    {
      guint32 checksum = htonl(CRC32C_VECTORS[i].checksum), zeros = 0;
      GByteArray *vector = _bytes(CRC32C_VECTORS[i].hex);
      GByteArray *value = _bytes(ZEROS_4);
      GByteArray *bytes = _bytes(INET_HEADER);

      g_byte_array_append(value, vector->data, vector->len);
      _append_tlv(bytes, PROXY_TLV_CRC32C, &zeros, sizeof(zeros));
      gsize behind_checksum = bytes->len;
      _append_tlv(bytes, PROXY_TLV_NOOP, value->data, value->len);
      _finish(bytes);

      gsize in_front_of_bridge = bytes->len - value->len;
      guint32 state = _crc32c_update(0xFFFFFFFF, bytes->data, in_front_of_bridge);
      guint32 bridge = GUINT32_TO_LE(_crc32c_bridge(state, 0xFFFFFFFF));
      memcpy(bytes->data + in_front_of_bridge, &bridge, sizeof(bridge));
      memcpy(bytes->data + behind_checksum - sizeof(checksum), &checksum, sizeof(checksum));
      Result result = _parse(bytes);
      cr_assert_eq(result.status, PROXY_HEADER_COMPLETE, "%s: %s", CRC32C_VECTORS[i].hex, result.reason);

      g_byte_array_free(vector, TRUE);
      g_byte_array_free(value, TRUE);
      g_byte_array_free(bytes, TRUE);
    }
}

/* Puts the checksum of the header into its last four bytes but @behind. */
static void
_put_checksum(GByteArray *self, gsize behind)
{
  guint8 *in_tlv = self->data + self->len - behind - 4;

  memset(in_tlv, 0, 4);
  guint32 checksum = htonl(~_crc32c_update(0xFFFFFFFF, self->data, self->len));
  memcpy(in_tlv, &checksum, 4);
}

static GByteArray *
_checksummed_header(const gchar *fixed_part_and_addresses, const gchar *tlvs_before, const gchar *tlvs_behind)
{
  gchar *hex = g_strconcat(SIGNATURE, fixed_part_and_addresses, tlvs_before, "03000400000000", tlvs_behind, NULL);
  GByteArray *self = _bytes(hex);

  _finish(self);
  _put_checksum(self, strlen(tlvs_behind) / 2);
  g_free(hex);
  return self;
}

static const gchar *const WITH_ADDRESSES[] = {
  "21000000", "21110000" INET_BLOCK, "21100000" INET_BLOCK, "21220000" INET6_BLOCK, "21310000" UNIX_BLOCK,
};
static const gchar *const SOME_TLVS[] = {
  "",
  "010002"
  "6832",
  "2000080100000000"
  "210000",
  "040020" ONES_32,
  "f00000"
  "f10000"
  "f20000",
};

Test(proxy_header_v2, a_right_checksum_wherever_it_stands)
{
  for (gsize i = 0; i < G_N_ELEMENTS(WITH_ADDRESSES); i++)
    for (gsize j = 0; j < G_N_ELEMENTS(SOME_TLVS); j++)
      for (gsize k = 0; k < G_N_ELEMENTS(SOME_TLVS); k++)
        {
          GByteArray *bytes = _checksummed_header(WITH_ADDRESSES[i], SOME_TLVS[j], SOME_TLVS[k]);

          /* it ends with the header */
          g_byte_array_append(bytes, (const guint8 *) "behind", 6);
          Result result = _parse(bytes);
          cr_assert_eq(result.status, PROXY_HEADER_COMPLETE, "%s", result.reason);
          g_byte_array_free(bytes, TRUE);
        }
}

static gboolean
_has_checksum(const ProxyHeader *header)
{
  ProxyTlvs tlvs = { header->tlvs, header->tlvs_length };
  ProxyTlv tlv;

  while (proxy_tlv_next(&tlvs, &tlv))
    if (tlv.type == PROXY_TLV_CRC32C)
      return TRUE;
  return FALSE;
}

/*
 * A header that was made one without a checksum, or LOCAL, cannot be told from
 * one that always was. Returns whether it is such a one.
 */
static gboolean
_is_refused_or_unprotected(const GByteArray *corrupted)
{
  Result result = _parse(corrupted);

  if (result.status != PROXY_HEADER_COMPLETE)
    return FALSE;
  cr_assert(result.header.is_local || !_has_checksum(&result.header), "a corrupted header is accepted");
  return TRUE;
}

Test(proxy_header_v2, no_corruption_of_one_byte_is_accepted)
{
  GByteArray *bytes = _checksummed_header("21110000" INET_BLOCK,
                                          "",
                                          "010002"
                                          "6832"
                                          "2000080100000000"
                                          "210000");
  GString *unprotected = g_string_new(NULL);

  for (gsize i = 0; i < bytes->len; i++)
    {
      guint8 right = bytes->data[i];

      for (guint value = 0; value <= 0xFF; value++)
        {
          bytes->data[i] = value;
          if (value != right && _is_refused_or_unprotected(bytes) && (i != 28 || value == 0))
            g_string_append_printf(unprotected, "%zu:%02x ", i, value);
        }
      bytes->data[i] = right;
    }
  /* the command becomes LOCAL; the family becomes UNSPEC; the length cuts all TLVs off; the checksum's type becomes
   * another (0 stands for all) */
  cr_assert_str_eq(unprotected->str, "12:20 13:00 13:01 13:02 15:0c 28:00 ");
  g_string_free(unprotected, TRUE);
  g_byte_array_free(bytes, TRUE);
}

Test(proxy_header_v2, no_corruption_of_several_bytes_is_accepted)
{
  GByteArray *original = _checksummed_header("21110000" INET_BLOCK,
                                             "",
                                             "010002"
                                             "6832"
                                             "2000080100000000"
                                             "210000");
  GRand *rand = g_rand_new_with_seed(1);

  for (gint i = 0; i < 200000; i++)
    {
      GByteArray *bytes = g_byte_array_new();
      gint corruptions = g_rand_int_range(rand, 2, 9);

      g_byte_array_append(bytes, original->data, original->len);
      for (gint j = 0; j < corruptions; j++)
        /* in front of nothing but the signature */
        bytes->data[g_rand_int_range(rand, 12, bytes->len)] = g_rand_int_range(rand, 0, 256);
      if (memcmp(bytes->data, original->data, original->len) != 0)
        _is_refused_or_unprotected(bytes);
      g_byte_array_free(bytes, TRUE);
    }
  g_rand_free(rand);
  g_byte_array_free(original, TRUE);
}

Test(proxy_header_v2, of_two_checksums_the_first_counts)
{
  GByteArray *bytes = _checksummed_header("21110000" INET_BLOCK, "", "0300040badbeef");
  cr_assert_eq(_parse(bytes).status, PROXY_HEADER_COMPLETE);
  g_byte_array_free(bytes, TRUE);

  bytes = _checksummed_header("21110000" INET_BLOCK, "0300040badbeef", "");
  cr_assert_str_eq(_parse(bytes).reason, CRC_WRONG);
  g_byte_array_free(bytes, TRUE);
}

/*****************************************************************************
 * As text
 *****************************************************************************/

Test(proxy_header_v2, printed_a_header_is_escaped_and_cut)
{
  gchar buffer[PROXY_HEADER_PRINTABLE_SIZE];
  GByteArray *bytes = _bytes(SIGNATURE "2111000f" INET_BLOCK "5c0a27"
                                       "3c31333e");

  cr_assert_str_eq(proxy_header_print(bytes->data, bytes->len, buffer),
                   "\\x0d\\x0a\\x0d\\x0a\\x00\\x0d\\x0aQUIT\\x0a!\\x11\\x00\\x0f"
                   "\\xc0\\x00\\x02\\x01\\xc63d\\x01\\x01\\x02\\xff\\xfe\\\\\\x0a'");
  cr_assert_str_eq(proxy_header_print(bytes->data, 3, buffer), "\\x0d\\x0a\\x0d");

  g_byte_array_set_size(bytes, PROXY_HEADER_PRINTED_MAX + 1);
  memset(bytes->data + 1, 0xFF, bytes->len - 1);
  proxy_header_print(bytes->data, bytes->len - 1, buffer);
  cr_assert_eq(strlen(buffer), 4 * PROXY_HEADER_PRINTED_MAX);
  proxy_header_print(bytes->data, bytes->len, buffer);
  cr_assert_eq(strlen(buffer), 4 * PROXY_HEADER_PRINTED_MAX + 3);
  cr_assert(g_str_has_suffix(buffer, "\\xff..."));
  g_byte_array_free(bytes, TRUE);
}
