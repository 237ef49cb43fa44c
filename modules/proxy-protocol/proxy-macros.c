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

#include "compat-nvtable.h"

#include <arpa/inet.h>
#include <string.h>

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

/* Thousands of connections may be open: the values stand one behind the other, each with its NUL. */
struct _ProxyMacroValues
{
  /* no two connections of the process have the same */
  guint64 serial;
  guint16 ends[PROXY_MACRO_COUNT];
  gchar text[];
};

/*
 * The macros as a message stores them. Each thread keeps those that it needed
 * last: messages come in runs of the same connection.
 */
typedef struct _RenderedMacros
{
  /* of the values; 0 while there are none */
  guint64 serial;
  ProxyMacroHandles handles;
  NVTable *table;
} RenderedMacros;

gboolean
proxy_macro_handles_init(ProxyMacroHandles *self, const gchar *prefix, GError **error)
{
  gboolean usable = TRUE;

  for (gint i = 0; i < PROXY_MACRO_COUNT && usable; i++)
    {
      gchar *name = g_strconcat(prefix, MACROS[i].name, NULL);

      self->handles[i] = log_msg_get_value_handle(name);
      usable = self->handles[i] != LM_V_NONE && !log_msg_is_handle_macro(self->handles[i])
               && log_msg_is_value_name_valid(name);
      if (!usable)
        g_set_error(
          error, g_quark_from_static_string("proxy-macros"), 0, "no message can have a value named \"%s\"", name);
      g_free(name);
    }
  return usable;
}

/*****************************************************************************
 * From the header to text
 *****************************************************************************/

/* Values are added in the order of the macros. */
static void
_add(GString *text, guint16 *end, const gchar *value)
{
  g_string_append_len(text, value, strlen(value) + 1);
  *end = text->len;
}

static void
_add_number(GString *text, guint16 *end, guint number)
{
  gchar value[16];

  g_snprintf(value, sizeof(value), "%u", number);
  _add(text, end, value);
}

/* The address, and behind it the port. */
static void
_add_endpoint(GString *text, guint16 *ends, const struct sockaddr *endpoint)
{
  const ProxyAddress *address = (const ProxyAddress *) endpoint;
  gchar value[INET6_ADDRSTRLEN];

  if (endpoint->sa_family == AF_INET)
    inet_ntop(AF_INET, &address->in.sin_addr, value, sizeof(value));
  else
    inet_ntop(AF_INET6, &address->in6.sin6_addr, value, sizeof(value));
  _add(text, &ends[0], value);
  _add_number(text, &ends[1], ntohs(address->in.sin_port));
}

ProxyMacroValues *
proxy_macro_values_new(const ProxyHeader *header, const GSockAddr *peer)
{
  static guint64 last_serial = 0;

  if (!proxy_header_has_addresses(header))
    return NULL;

  guint16 ends[PROXY_MACRO_COUNT];
  GString *text = g_string_sized_new(256);
  _add_endpoint(text, &ends[PROXY_MACRO_SRCIP], &header->source.sa);
  _add_endpoint(text, &ends[PROXY_MACRO_DSTIP], &header->destination.sa);
  _add_number(text, &ends[PROXY_MACRO_IP_VERSION], header->source.sa.sa_family == AF_INET ? 4 : 6);
  _add_number(text, &ends[PROXY_MACRO_VERSION], header->version);
  _add_endpoint(text, &ends[PROXY_MACRO_PEERIP], &peer->sa);

  ProxyMacroValues *self = g_malloc(sizeof(ProxyMacroValues) + text->len);
  self->serial = ++last_serial;
  memcpy(self->ends, ends, sizeof(ends));
  memcpy(self->text, text->str, text->len);
  g_string_free(text, TRUE);
  return self;
}

static const gchar *
_get(const ProxyMacroValues *self, gint macro, gsize *length)
{
  guint16 start = macro == 0 ? 0 : self->ends[macro - 1];

  *length = self->ends[macro] - start - 1;
  return self->text + start;
}

/*****************************************************************************
 * From text to the messages
 *****************************************************************************/

static void
_rendered_macros_free(gpointer s)
{
  RenderedMacros *self = (RenderedMacros *) s;

  nv_table_unref(self->table);
  g_free(self);
}

static RenderedMacros *
_get_rendered_macros_of_thread(void)
{
  static GPrivate of_thread = G_PRIVATE_INIT(_rendered_macros_free);
  RenderedMacros *self = g_private_get(&of_thread);

  if (!self)
    {
      self = g_new0(RenderedMacros, 1);
      self->table = nv_table_new(0, PROXY_MACRO_COUNT, 64 * PROXY_MACRO_COUNT);
      g_private_set(&of_thread, self);
    }
  return self;
}

static void
_render(RenderedMacros *self, const ProxyMacroValues *values, const ProxyMacroHandles *handles)
{
  compat_nv_table_clear(self->table);
  for (gint i = 0; i < PROXY_MACRO_COUNT; i++)
    {
      NVHandle handle = handles->handles[i];
      gssize name_length;
      const gchar *name = log_msg_get_value_name(handle, &name_length);
      gsize length;
      const gchar *value = _get(values, i, &length);

      while (!nv_table_add_value(self->table, handle, name, name_length, value, length, MACROS[i].type, NULL))
        nv_table_realloc(self->table, &self->table);
    }
  self->serial = values->serial;
  self->handles = *handles;
}

static NVTable *
_get_rendered(const ProxyMacroValues *values, const ProxyMacroHandles *handles)
{
  RenderedMacros *self = _get_rendered_macros_of_thread();

  if (self->serial != values->serial || memcmp(&self->handles, handles, sizeof(*handles)) != 0)
    _render(self, values, handles);
  return self->table;
}

static void
_set_one_by_one(const ProxyMacroValues *self, const ProxyMacroHandles *handles, LogMessage *msg)
{
  for (gint i = 0; i < PROXY_MACRO_COUNT; i++)
    {
      gsize length;
      const gchar *value = _get(self, i, &length);

      log_msg_set_value_with_type(msg, handles->handles[i], value, length, MACROS[i].type);
    }
}

void
proxy_macro_values_apply(const ProxyMacroValues *self, const ProxyMacroHandles *handles, LogMessage *msg)
{
  if (!compat_log_msg_add_block(msg, _get_rendered(self, handles)))
    _set_one_by_one(self, handles, msg);
}
