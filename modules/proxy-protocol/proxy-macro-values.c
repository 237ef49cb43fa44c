/*
 * Copyright (c) 2026 The syslog-ng-haproxy developers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * As an additional exemption you are allowed to compile & link against the
 * OpenSSL libraries as published by the OpenSSL project. See the file
 * COPYING for details.
 */

#include "proxy-macro-values.h"
#include "proxy-tlv.h"

#include <arpa/inet.h>
#include <string.h>

typedef struct _Builder
{
  guint16 macros[PROXY_MACRO_COUNT];
  guint16 count;
  GString *text;
} Builder;

static gboolean
_has(const Builder *self, guint16 macro)
{
  for (guint i = 0; i < self->count; i++)
    if (self->macros[i] == macro)
      return TRUE;
  return FALSE;
}

/* An empty value is none. */
static void
_add(Builder *self, guint16 macro, const gchar *value)
{
  if (value[0] == '\0' || _has(self, macro))
    return;
  self->macros[self->count++] = macro;
  g_string_append_len(self->text, value, strlen(value) + 1);
}

/* As printf() would, which is slow: a datagram has its numbers for itself. Returns the end. */
static gchar *
_print_number(gchar *out, guint number)
{
  gchar digits[16];
  gint count = 0;

  do
    digits[count++] = '0' + number % 10;
  while (number /= 10);
  while (count > 0)
    *out++ = digits[--count];
  *out = '\0';
  return out;
}

static void
_add_number(Builder *self, ProxyMacro macro, guint number)
{
  gchar value[16];

  _print_number(value, number);
  _add(self, macro, value);
}

/*****************************************************************************
 * Addresses
 *****************************************************************************/

static void
_print_inet(gchar *out, const struct in_addr *address)
{
  const guint8 *bytes = (const guint8 *) address;

  for (gint i = 0; i < 4; i++)
    {
      if (i > 0)
        *out++ = '.';
      out = _print_number(out, bytes[i]);
    }
}

static void
_add_ip_endpoint(Builder *self, ProxyMacro ip, ProxyMacro port, const struct sockaddr *endpoint)
{
  const struct sockaddr_in *in = (const struct sockaddr_in *) endpoint;
  const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *) endpoint;
  gchar value[INET6_ADDRSTRLEN];

  if (endpoint->sa_family == AF_INET)
    _print_inet(value, &in->sin_addr);
  else
    inet_ntop(AF_INET6, &in6->sin6_addr, value, sizeof(value));
  _add(self, ip, value);
  /* at the same place in both families */
  _add_number(self, port, ntohs(in->sin_port));
}

/* Printable, and no end of a line for anybody. */
static gboolean
_is_printable_char(gunichar c)
{
  GUnicodeType type = g_unichar_type(c);

  return g_unichar_isprint(c) && type != G_UNICODE_LINE_SEPARATOR && type != G_UNICODE_PARAGRAPH_SEPARATOR;
}

static gboolean
_is_printable(const gchar *text, gsize length)
{
  gboolean printable = g_utf8_validate(text, length, NULL);

  for (const gchar *c = text; printable && c < text + length; c = g_utf8_next_char(c))
    printable = _is_printable_char(g_utf8_get_char(c));
  return printable;
}

static void
_append_hexadecimal(GString *out, const guchar *value, gsize length)
{
  static const gchar digits[] = "0123456789abcdef";

  for (gsize i = 0; i < length; i++)
    {
      g_string_append_c(out, digits[value[i] >> 4]);
      g_string_append_c(out, digits[value[i] & 0x0F]);
    }
}

/* Text as it is, anything else in hexadecimal. */
static void
_append_printable(GString *out, const guchar *value, gsize length)
{
  if (_is_printable((const gchar *) value, length))
    g_string_append_len(out, (const gchar *) value, length);
  else
    _append_hexadecimal(out, value, length);
}

/* The length of a path that may fill the array without a NUL, and of an abstract one, which starts with a NUL. */
static gsize
_path_length(const struct sockaddr_un *endpoint)
{
  gsize length = sizeof(endpoint->sun_path);

  if (endpoint->sun_path[0] != '\0')
    return strnlen(endpoint->sun_path, length);
  while (length > 0 && endpoint->sun_path[length - 1] == '\0')
    length--;
  return length;
}

static void
_add_path(Builder *self, ProxyMacro macro, const struct sockaddr_un *endpoint)
{
  GString *path = g_string_new(NULL);

  _append_printable(path, (const guchar *) endpoint->sun_path, _path_length(endpoint));
  _add(self, macro, path->str);
  g_string_free(path, TRUE);
}

static void
_add_addresses(Builder *self, const ProxyHeader *header)
{
  if (header->source.sa.sa_family == AF_UNIX)
    {
      _add_path(self, PROXY_MACRO_SRCPATH, &header->source.un);
      _add_path(self, PROXY_MACRO_DSTPATH, &header->destination.un);
      return;
    }
  _add_ip_endpoint(self, PROXY_MACRO_SRCIP, PROXY_MACRO_SRCPORT, &header->source.sa);
  _add_ip_endpoint(self, PROXY_MACRO_DSTIP, PROXY_MACRO_DSTPORT, &header->destination.sa);
  _add_number(self, PROXY_MACRO_IP_VERSION, header->source.sa.sa_family == AF_INET ? 4 : 6);
}

/* An IPv4 address, if it is one, also where the socket is one of IPv6. */
static void
_add_peer(Builder *self, const struct sockaddr *peer)
{
  const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *) peer;
  struct sockaddr_in in = { .sin_family = AF_INET };

  if (peer->sa_family == AF_INET6 && IN6_IS_ADDR_V4MAPPED(&in6->sin6_addr))
    {
      in.sin_port = in6->sin6_port;
      memcpy(&in.sin_addr, &in6->sin6_addr.s6_addr[12], sizeof(in.sin_addr));
      peer = (const struct sockaddr *) &in;
    }
  _add_ip_endpoint(self, PROXY_MACRO_PEERIP, PROXY_MACRO_PEERPORT, peer);
}

/*****************************************************************************
 * TLVs
 *****************************************************************************/

/* Each appends the value to a string, or returns FALSE: the TLV is not what its type says. */

static gboolean
_decode_text(const ProxyTlv *tlv, GString *out)
{
  _append_printable(out, tlv->value, tlv->length);
  return TRUE;
}

/* a subtype, of which there is one, and the id of the VPC endpoint */
static gboolean
_decode_aws(const ProxyTlv *tlv, GString *out)
{
  if (tlv->length < 1 || tlv->value[0] != 0x01)
    return FALSE;
  _append_printable(out, tlv->value + 1, tlv->length - 1);
  return TRUE;
}

/* a subtype, of which there is one, and the LinkID of the private endpoint, little endian */
static gboolean
_decode_azure(const ProxyTlv *tlv, GString *out)
{
  guint32 link_id;

  if (tlv->length != 1 + sizeof(link_id) || tlv->value[0] != 0x01)
    return FALSE;
  memcpy(&link_id, tlv->value + 1, sizeof(link_id));
  g_string_append_printf(out, "%" G_GUINT32_FORMAT, GUINT32_FROM_LE(link_id));
  return TRUE;
}

/* the id of the Private Service Connect connection, big endian */
static gboolean
_decode_gcp(const ProxyTlv *tlv, GString *out)
{
  guint64 connection_id;

  if (tlv->length != sizeof(connection_id))
    return FALSE;
  memcpy(&connection_id, tlv->value, sizeof(connection_id));
  g_string_append_printf(out, "%" G_GUINT64_FORMAT, GUINT64_FROM_BE(connection_id));
  return TRUE;
}

typedef struct _TlvMacro
{
  guint8 type;
  ProxyMacro macro;
  gboolean (*decode)(const ProxyTlv *tlv, GString *out);
} TlvMacro;

static const TlvMacro TLV_MACROS[] = {
  { PROXY_TLV_ALPN, PROXY_MACRO_ALPN, _decode_text },
  { PROXY_TLV_AUTHORITY, PROXY_MACRO_AUTHORITY, _decode_text },
  { PROXY_TLV_UNIQUE_ID, PROXY_MACRO_UNIQUE_ID, _decode_text },
  { PROXY_TLV_NETNS, PROXY_MACRO_NETNS, _decode_text },
  { PROXY_TLV_AWS, PROXY_MACRO_AWS_VPCE_ID, _decode_aws },
  { PROXY_TLV_AZURE, PROXY_MACRO_AZURE_LINKID, _decode_azure },
  { PROXY_TLV_GCP_PSC, PROXY_MACRO_GCP_PSC_ID, _decode_gcp },
};

static const TlvMacro SSL_TLV_MACROS[] = {
  { PROXY_TLV_SSL_VERSION, PROXY_MACRO_SSL_VERSION, _decode_text },
  { PROXY_TLV_SSL_CN, PROXY_MACRO_SSL_CN, _decode_text },
  { PROXY_TLV_SSL_CIPHER, PROXY_MACRO_SSL_CIPHER, _decode_text },
  { PROXY_TLV_SSL_SIG_ALG, PROXY_MACRO_SSL_SIG_ALG, _decode_text },
  { PROXY_TLV_SSL_KEY_ALG, PROXY_MACRO_SSL_KEY_ALG, _decode_text },
  { PROXY_TLV_SSL_GROUP, PROXY_MACRO_SSL_GROUP, _decode_text },
  { PROXY_TLV_SSL_SIG_SCHEME, PROXY_MACRO_SSL_SIG_SCHEME, _decode_text },
};

static void
_add_tlv(Builder *self, const ProxyTlv *tlv, const TlvMacro *known, gsize num_known)
{
  GString *value = g_string_new(NULL);
  guint16 macro = PROXY_MACRO_TLV + tlv->type;

  for (gsize i = 0; i < num_known; i++)
    if (known[i].type == tlv->type && known[i].decode(tlv, value))
      macro = known[i].macro;

  if (macro >= PROXY_MACRO_TLV)
    _append_hexadecimal(value, tlv->value, tlv->length);
  _add(self, macro, value->str);
  g_string_free(value, TRUE);
}

/* Presented in this connection or earlier in the session, and verified. */
static gboolean
_is_client_certificate_verified(const ProxyTlv *ssl)
{
  guint8 presented = PROXY_TLV_SSL_CLIENT_CERT_CONN | PROXY_TLV_SSL_CLIENT_CERT_SESS;
  guint32 verify;

  memcpy(&verify, ssl->value + 1, sizeof(verify));
  return (ssl->value[0] & presented) && verify == 0;
}

/* Of a type given twice the first counts. */
static gboolean
_next_of_another_type(ProxyTlvs *tlvs, ProxyTlv *tlv, gboolean *seen)
{
  while (proxy_tlv_next(tlvs, tlv))
    {
      if (seen[tlv->type])
        continue;
      seen[tlv->type] = TRUE;
      return TRUE;
    }
  return FALSE;
}

static void
_add_ssl(Builder *self, const ProxyTlv *ssl)
{
  ProxyTlvs tlvs = proxy_tlv_get_ssl_tlvs(ssl);
  gboolean seen[G_MAXUINT8 + 1] = { FALSE };
  ProxyTlv tlv;

  _add(self, PROXY_MACRO_SSL_VERIFIED, _is_client_certificate_verified(ssl) ? "yes" : "no");
  while (_next_of_another_type(&tlvs, &tlv, seen))
    _add_tlv(self, &tlv, SSL_TLV_MACROS, G_N_ELEMENTS(SSL_TLV_MACROS));
}

/* Those inside PROXY_TLV_SSL come last: where types of both kinds have the same name, the header's own count. */
static void
_add_tlvs(Builder *self, ProxyTlvs tlvs)
{
  gboolean seen[G_MAXUINT8 + 1] = { [PROXY_TLV_NOOP] = TRUE, [PROXY_TLV_CRC32C] = TRUE };
  ProxyTlv ssl = { .value = NULL };
  ProxyTlv tlv;

  while (_next_of_another_type(&tlvs, &tlv, seen))
    {
      if (tlv.type == PROXY_TLV_SSL)
        ssl = tlv;
      else
        _add_tlv(self, &tlv, TLV_MACROS, G_N_ELEMENTS(TLV_MACROS));
    }
  if (ssl.value)
    _add_ssl(self, &ssl);
}

/*****************************************************************************
 * The values
 *****************************************************************************/

static ProxyMacroValues *
_pack(ProxyMacroValues *self, const Builder *builder)
{
  gsize macros_size = builder->count * sizeof(guint16);

  self = g_realloc(self, sizeof(ProxyMacroValues) + macros_size + builder->text->len);
  self->serial = 0;
  self->count = builder->count;
  memcpy(self->macros, builder->macros, macros_size);
  memcpy(&self->macros[self->count], builder->text->str, builder->text->len);
  return self;
}

ProxyMacroValues *
proxy_macro_values_renew(ProxyMacroValues *self, const ProxyHeader *header, const struct sockaddr *peer)
{
  if (!header || !proxy_header_has_addresses(header))
    {
      g_free(self);
      return NULL;
    }

  Builder builder;

  builder.count = 0;
  builder.text = g_string_sized_new(256);
  _add_addresses(&builder, header);
  _add_number(&builder, PROXY_MACRO_VERSION, header->version);
  _add_peer(&builder, peer);
  if (header->tlvs_length > 0)
    _add_tlvs(&builder, (ProxyTlvs){ header->tlvs, header->tlvs_length });

  self = _pack(self, &builder);
  g_string_free(builder.text, TRUE);
  return self;
}

ProxyMacroValues *
proxy_macro_values_new(const ProxyHeader *header, const struct sockaddr *peer)
{
  static guint64 last_serial = 0;
  ProxyMacroValues *self = proxy_macro_values_renew(NULL, header, peer);

  if (self)
    self->serial = ++last_serial;
  return self;
}
