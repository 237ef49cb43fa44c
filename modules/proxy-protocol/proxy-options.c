/*
 * Copyright (c) 2026 The syslog-ng-haproxy developers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * As an additional exemption you are allowed to compile & link against the
 * OpenSSL libraries as published by the OpenSSL project. See the file
 * COPYING for details.
 */

#include "proxy-options.h"

#include <string.h>

#define DEFAULT_MAX_CONNECTIONS 10
#define DEFAULT_HEADER_TIMEOUT 5
#define DEFAULT_MAX_PENDING_HEADERS 1000
#define DEFAULT_MAX_HEADER_SIZE 4096
#define DEFAULT_MACRO_PREFIX "PROXY_"
/* what stands in the names of values that syslog-ng itself gives, as ".SDATA.meta@18372.4.sequence-id" */
#define NAME_CHARACTERS G_CSET_A_2_Z G_CSET_a_2_z G_CSET_DIGITS "._-@"

void
proxy_options_defaults(ProxyOptions *self)
{
  listener_options_defaults(&self->listener);
  log_reader_options_defaults(&self->reader);
  dynamic_window_options_defaults(&self->dynamic_window);
  self->transport = g_strdup("tcp");
  self->keep_alive = TRUE;
  self->max_connections = DEFAULT_MAX_CONNECTIONS;
  self->header_timeout = DEFAULT_HEADER_TIMEOUT;
  self->max_pending_headers = DEFAULT_MAX_PENDING_HEADERS;
  self->header_limits = (ProxyHeaderLimits){ .v1 = TRUE, .v2 = TRUE, .v2_max = DEFAULT_MAX_HEADER_SIZE };
  self->source_is_client = TRUE;
  proxy_macro_names_init(&self->macro_names, DEFAULT_MACRO_PREFIX, NULL);
}

void
proxy_options_destroy(ProxyOptions *self)
{
  listener_options_destroy(&self->listener);
  log_reader_options_destroy(&self->reader);
  trusted_proxies_free(self->trusted_proxies);
  proxy_macro_names_destroy(&self->macro_names);
  tls_options_destroy(&self->tls);
  g_free(self->transport);
}

static G_GNUC_PRINTF(2, 3) gboolean _set_error(GError **error, const gchar *format, ...)
{
  va_list arguments;

  va_start(arguments, format);
  *error = g_error_new_valist(g_quark_from_static_string("proxy-options"), 0, format, arguments);
  va_end(arguments);
  return FALSE;
}

static const struct
{
  const gchar *name;
  TransportKind kind;
} TRANSPORTS[] = {
  { "tcp", TRANSPORT_TCP },
  { "udp", TRANSPORT_UDP },
  { "tls", TRANSPORT_TLS },
  /* network()'s names */
  { "proxied-tcp", TRANSPORT_TCP },
  { "proxied-tls-passthrough", TRANSPORT_TLS },
  { "proxied-tls", TRANSPORT_PROXIED_TLS },
  { "proxied-udp", TRANSPORT_UDP },
};

gboolean
proxy_options_set_transport(ProxyOptions *self, const gchar *transport, GError **error)
{
  for (gsize i = 0; i < G_N_ELEMENTS(TRANSPORTS); i++)
    if (g_ascii_strcasecmp(transport, TRANSPORTS[i].name) == 0)
      {
        g_free(self->transport);
        self->transport = g_strdup(TRANSPORTS[i].name);
        self->transport_kind = TRANSPORTS[i].kind;
        self->listener.socket_type = TRANSPORTS[i].kind == TRANSPORT_UDP ? SOCK_DGRAM : SOCK_STREAM;
        return TRUE;
      }
  return _set_error(
    error,
    "transport() takes \"tcp\", \"udp\", \"tls\" (the header, then TLS) or \"proxied-tls\" (TLS, and the "
    "header inside), or network()'s names \"proxied-tcp\", \"proxied-udp\" and "
    "\"proxied-tls-passthrough\" for the first three, not \"%s\"",
    transport);
}

void
proxy_options_set_header_timeout(ProxyOptions *self, gint timeout)
{
  self->header_timeout = timeout;
  self->stream_option = "header-timeout()";
}

void
proxy_options_set_max_pending_headers(ProxyOptions *self, gint max)
{
  self->max_pending_headers = max;
  self->stream_option = "max-pending-headers()";
}

gboolean
proxy_options_set_framing(ProxyOptions *self, const gchar *framing, GError **error)
{
  self->stream_option = "framing()";
  return framing_from_name(framing, &self->framing)
         || _set_error(error, "framing() takes \"newline\", \"octet-counted\" or \"auto\", not \"%s\"", framing);
}

gboolean
proxy_options_add_trusted_proxies(ProxyOptions *self, GList *networks, GError **error)
{
  gboolean success = networks || _set_error(error, "trusted-proxies() needs an address or a network");

  if (!self->trusted_proxies)
    self->trusted_proxies = trusted_proxies_new();
  for (GList *l = networks; l && success; l = l->next)
    success = trusted_proxies_add(self->trusted_proxies, l->data, error);
  g_list_free_full(networks, free);
  return success;
}

gboolean
proxy_options_set_untrusted_peers(ProxyOptions *self, const gchar *policy, GError **error)
{
  self->serve_untrusted_peers = g_str_equal(policy, "direct");
  return self->serve_untrusted_peers || g_str_equal(policy, "reject")
         || _set_error(error, "untrusted-peers() takes \"reject\" or \"direct\", not \"%s\"", policy);
}

gboolean
proxy_options_set_protocol_version(ProxyOptions *self, const gchar *version, GError **error)
{
  gboolean is_any = g_str_equal(version, "any");

  self->header_limits.v1 = is_any || g_str_equal(version, "v1");
  self->header_limits.v2 = is_any || g_str_equal(version, "v2");
  return self->header_limits.v1 || self->header_limits.v2
         || _set_error(error, "protocol-version() takes \"any\", \"v1\" or \"v2\", not \"%s\"", version);
}

gboolean
proxy_options_set_max_header_size(ProxyOptions *self, gint size, GError **error)
{
  self->header_limits.v2_max = size;
  self->has_max_header_size = TRUE;
  return (size >= PROXY_HEADER_V2_MIN && size <= PROXY_HEADER_V2_MAX)
         || _set_error(
           error, "max-header-size() takes a number from %d to %d", PROXY_HEADER_V2_MIN, PROXY_HEADER_V2_MAX);
}

gboolean
proxy_options_set_source_address(ProxyOptions *self, const gchar *whose, GError **error)
{
  self->source_is_client = g_str_equal(whose, "client");
  return self->source_is_client || g_str_equal(whose, "proxy")
         || _set_error(error, "source-address() takes \"client\" or \"proxy\", not \"%s\"", whose);
}

gboolean
proxy_options_set_macro_prefix(ProxyOptions *self, const gchar *prefix, GError **error)
{
  if (prefix[strspn(prefix, NAME_CHARACTERS)] == '\0')
    return proxy_macro_names_init(&self->macro_names, prefix, error);

  gchar *printable = g_strescape(prefix, NULL);
  _set_error(error, "macro-prefix() takes letters, digits and . _ - @, not \"%s\"", printable);
  g_free(printable);
  return FALSE;
}

static gboolean
_validate_tls(const ProxyOptions *self, GError **error)
{
  if (self->transport_kind == TRANSPORT_TCP)
    return !self->tls.context
           || _set_error(error,
                         "tls() needs transport(\"tls\"), where the header comes before TLS, or "
                         "transport(\"proxied-tls\"), where it comes inside");
  return tls_options_has_certificate(&self->tls)
         || _set_error(error,
                       "transport(\"%s\") needs a certificate and its key: "
                       "tls(key-file(\"/path/to/key.pem\") cert-file(\"/path/to/cert.pem\")), or tls(pkcs12-file(...))",
                       self->transport);
}

/* What network() takes for datagrams, of no use as it is, is taken here as well. */
static gboolean
_validate_datagrams(const ProxyOptions *self, GError **error)
{
  const gchar *option = self->tls.context ? "tls()" : self->stream_option;

  return !option
         || _set_error(error,
                       "%s is for connections, and transport(\"%s\") has none: each datagram is one message. Leave it "
                       "out, or take another transport()",
                       option,
                       self->transport);
}

gboolean
proxy_options_validate(const ProxyOptions *self, GError **error)
{
  gboolean (*validate)(const ProxyOptions *, GError **) =
    self->transport_kind == TRANSPORT_UDP ? _validate_datagrams : _validate_tls;

  if (self->serve_untrusted_peers && !self->trusted_proxies)
    return _set_error(error, "untrusted-peers(\"direct\") needs trusted-proxies(): without it nobody is untrusted");
  if (self->has_max_header_size && !self->header_limits.v2)
    return _set_error(error,
                      "max-header-size() is for headers of version 2, which protocol-version(\"v1\") does not allow: "
                      "write protocol-version(\"any\") or \"v2\", or leave max-header-size() out");
  return validate(self, error) && listener_options_validate(&self->listener, error);
}
