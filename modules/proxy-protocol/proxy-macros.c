/*
 * Copyright (c) 2026 The syslog-ng-haproxy developers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * As an additional exemption you are allowed to compile & link against the
 * OpenSSL libraries as published by the OpenSSL project. See the file
 * COPYING for details.
 */

#include "proxy-macros.h"

#include <arpa/inet.h>

typedef struct _MacroDefinition
{
  const gchar *name;
  LogMessageValueType type;
} MacroDefinition;

static const MacroDefinition MACROS[PROXY_MACRO_COUNT] = {
  [PROXY_MACRO_SRCIP] = { "SRCIP", LM_VT_STRING },
  [PROXY_MACRO_SRCPORT] = { "SRCPORT", LM_VT_INTEGER },
  [PROXY_MACRO_DSTIP] = { "DSTIP", LM_VT_STRING },
  [PROXY_MACRO_DSTPORT] = { "DSTPORT", LM_VT_INTEGER },
  [PROXY_MACRO_IP_VERSION] = { "IP_VERSION", LM_VT_INTEGER },
  [PROXY_MACRO_VERSION] = { "VERSION", LM_VT_INTEGER },
  [PROXY_MACRO_PEERIP] = { "PEERIP", LM_VT_STRING },
  [PROXY_MACRO_PEERPORT] = { "PEERPORT", LM_VT_INTEGER },
};

struct _ProxyMacroValues
{
  gsize lengths[PROXY_MACRO_COUNT];
  gchar values[PROXY_MACRO_COUNT][INET6_ADDRSTRLEN];
};

gboolean
proxy_macro_handles_init(ProxyMacroHandles *self, const gchar *prefix, GError **error)
{
  gboolean usable = TRUE;

  for (gint i = 0; i < PROXY_MACRO_COUNT && usable; i++)
    {
      gchar *name = g_strconcat(prefix, MACROS[i].name, NULL);

      self->handles[i] = log_msg_get_value_handle(name);
      usable = self->handles[i] != LM_V_NONE && !log_msg_is_handle_macro(self->handles[i]);
      if (!usable)
        g_set_error(
          error, g_quark_from_static_string("proxy-macros"), 0, "no message can have a value named \"%s\"", name);
      g_free(name);
    }
  return usable;
}

static void
_set_number(ProxyMacroValues *self, ProxyMacro macro, guint number)
{
  self->lengths[macro] = g_snprintf(self->values[macro], sizeof(self->values[macro]), "%u", number);
}

static void
_set_end(ProxyMacroValues *self, ProxyMacro ip, ProxyMacro port, const struct sockaddr *end)
{
  const ProxyAddress *address = (const ProxyAddress *) end;
  const void *binary = end->sa_family == AF_INET ? (const void *) &address->in.sin_addr : &address->in6.sin6_addr;

  inet_ntop(end->sa_family, binary, self->values[ip], sizeof(self->values[ip]));
  self->lengths[ip] = strlen(self->values[ip]);
  _set_number(self, port, ntohs(address->in.sin_port));
}

ProxyMacroValues *
proxy_macro_values_new(const ProxyHeader *header, const GSockAddr *peer)
{
  if (!proxy_header_has_addresses(header))
    return NULL;

  ProxyMacroValues *self = g_new(ProxyMacroValues, 1);
  _set_end(self, PROXY_MACRO_SRCIP, PROXY_MACRO_SRCPORT, &header->source.sa);
  _set_end(self, PROXY_MACRO_DSTIP, PROXY_MACRO_DSTPORT, &header->destination.sa);
  _set_end(self, PROXY_MACRO_PEERIP, PROXY_MACRO_PEERPORT, &peer->sa);
  _set_number(self, PROXY_MACRO_IP_VERSION, header->source.sa.sa_family == AF_INET ? 4 : 6);
  _set_number(self, PROXY_MACRO_VERSION, header->version);
  return self;
}

void
proxy_macro_values_apply(const ProxyMacroValues *self, const ProxyMacroHandles *handles, LogMessage *msg)
{
  for (gint i = 0; i < PROXY_MACRO_COUNT; i++)
    log_msg_set_value_with_type(msg, handles->handles[i], self->values[i], self->lengths[i], MACROS[i].type);
}
