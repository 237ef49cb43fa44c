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

#include <string.h>

typedef struct _MacroDefinition
{
  const gchar *name;
  LogMessageValueType type;
} MacroDefinition;

static const MacroDefinition MACROS[PROXY_MACRO_TLV] = {
  [PROXY_MACRO_SRCIP] = { "SRCIP", LM_VT_STRING },
  [PROXY_MACRO_SRCPORT] = { "SRCPORT", LM_VT_INTEGER },
  [PROXY_MACRO_DSTIP] = { "DSTIP", LM_VT_STRING },
  [PROXY_MACRO_DSTPORT] = { "DSTPORT", LM_VT_INTEGER },
  [PROXY_MACRO_SRCPATH] = { "SRCPATH", LM_VT_STRING },
  [PROXY_MACRO_DSTPATH] = { "DSTPATH", LM_VT_STRING },
  [PROXY_MACRO_IP_VERSION] = { "IP_VERSION", LM_VT_INTEGER },
  [PROXY_MACRO_VERSION] = { "VERSION", LM_VT_INTEGER },
  [PROXY_MACRO_PEERIP] = { "PEERIP", LM_VT_STRING },
  [PROXY_MACRO_PEERPORT] = { "PEERPORT", LM_VT_INTEGER },
  [PROXY_MACRO_ALPN] = { "ALPN", LM_VT_STRING },
  [PROXY_MACRO_AUTHORITY] = { "AUTHORITY", LM_VT_STRING },
  [PROXY_MACRO_UNIQUE_ID] = { "UNIQUE_ID", LM_VT_STRING },
  [PROXY_MACRO_NETNS] = { "NETNS", LM_VT_STRING },
  [PROXY_MACRO_SSL_VERSION] = { "SSL_VERSION", LM_VT_STRING },
  [PROXY_MACRO_SSL_CN] = { "SSL_CN", LM_VT_STRING },
  [PROXY_MACRO_SSL_CIPHER] = { "SSL_CIPHER", LM_VT_STRING },
  [PROXY_MACRO_SSL_SIG_ALG] = { "SSL_SIG_ALG", LM_VT_STRING },
  [PROXY_MACRO_SSL_KEY_ALG] = { "SSL_KEY_ALG", LM_VT_STRING },
  [PROXY_MACRO_SSL_GROUP] = { "SSL_GROUP", LM_VT_STRING },
  [PROXY_MACRO_SSL_SIG_SCHEME] = { "SSL_SIG_SCHEME", LM_VT_STRING },
  [PROXY_MACRO_SSL_VERIFIED] = { "SSL_VERIFIED", LM_VT_STRING },
  [PROXY_MACRO_AWS_VPCE_ID] = { "AWS_VPCE_ID", LM_VT_STRING },
  [PROXY_MACRO_AZURE_LINKID] = { "AZURE_LINKID", LM_VT_INTEGER },
  /* an unsigned number of 64 bits, which no numeric type of syslog-ng holds */
  [PROXY_MACRO_GCP_PSC_ID] = { "GCP_PSC_ID", LM_VT_STRING },
};

/*
 * The macros as a message stores them. Each thread keeps those that it needed
 * last: messages come in runs of the same connection.
 */
typedef struct _RenderedMacros
{
  /* 0 while there are none */
  guint64 values_serial;
  guint64 names_serial;
  NVTable *table;
} RenderedMacros;

/*****************************************************************************
 * Names
 *****************************************************************************/

static NVHandle
_lookup(const gchar *prefix, const gchar *name, GError **error)
{
  gchar *full_name = g_strconcat(prefix, name, NULL);
  NVHandle handle = log_msg_get_value_handle(full_name);

  if (handle == LM_V_NONE || log_msg_is_handle_macro(handle) || !log_msg_is_value_name_valid(full_name))
    {
      g_set_error(
        error, g_quark_from_static_string("proxy-macros"), 0, "no message can have a value named \"%s\"", full_name);
      handle = LM_V_NONE;
    }
  g_free(full_name);
  return handle;
}

gboolean
proxy_macro_names_init(ProxyMacroNames *self, const gchar *prefix, GError **error)
{
  static guint64 last_serial = 0;

  g_free(self->prefix);
  self->prefix = g_strdup(prefix);
  self->serial = ++last_serial;
  for (gint i = 0; i < PROXY_MACRO_TLV; i++)
    {
      self->handles[i] = _lookup(prefix, MACROS[i].name, error);
      if (self->handles[i] == LM_V_NONE)
        return FALSE;
    }
  /* the prefix decides it, for all of them */
  self->fit_into_block = compat_fits_into_block(self->handles[0]);
  return TRUE;
}

void
proxy_macro_names_destroy(ProxyMacroNames *self)
{
  g_free(self->prefix);
}

static NVHandle
_get_handle(const ProxyMacroNames *self, guint16 macro)
{
  gchar name[sizeof("TLV_0xNN")];

  if (macro < PROXY_MACRO_TLV)
    return self->handles[macro];
  g_snprintf(name, sizeof(name), "TLV_0x%02X", macro - PROXY_MACRO_TLV);
  return _lookup(self->prefix, name, NULL);
}

static LogMessageValueType
_get_type(guint16 macro)
{
  return macro < PROXY_MACRO_TLV ? MACROS[macro].type : LM_VT_STRING;
}

/*****************************************************************************
 * Messages
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
      self->table = nv_table_new(0, PROXY_MACRO_TLV, 64 * PROXY_MACRO_TLV);
      g_private_set(&of_thread, self);
    }
  return self;
}

static void
_render(RenderedMacros *self, const ProxyMacroValues *values, const ProxyMacroNames *names)
{
  const gchar *value = proxy_macro_values_get_text(values);

  compat_nv_table_clear(self->table);
  for (gint i = 0; i < values->count; i++)
    {
      NVHandle handle = _get_handle(names, values->macros[i]);
      LogMessageValueType type = _get_type(values->macros[i]);
      gssize name_length;
      const gchar *name = log_msg_get_value_name(handle, &name_length);
      gsize length = strlen(value);

      while (!nv_table_add_value(self->table, handle, name, name_length, value, length, type, NULL))
        nv_table_realloc(self->table, &self->table);
      value += length + 1;
    }
  self->values_serial = values->serial;
  self->names_serial = names->serial;
}

static NVTable *
_get_rendered(const ProxyMacroValues *values, const ProxyMacroNames *names)
{
  RenderedMacros *self = _get_rendered_macros_of_thread();

  if (self->values_serial != values->serial || self->names_serial != names->serial)
    _render(self, values, names);
  return self->table;
}

static void
_set_one_by_one(const ProxyMacroValues *values, const ProxyMacroNames *names, LogMessage *msg)
{
  const gchar *value = proxy_macro_values_get_text(values);

  for (gint i = 0; i < values->count; i++)
    {
      guint16 macro = values->macros[i];
      gsize length = strlen(value);

      log_msg_set_value_with_type(msg, _get_handle(names, macro), value, length, _get_type(macro));
      value += length + 1;
    }
}

void
proxy_macros_apply(const ProxyMacroValues *values, const ProxyMacroNames *names, LogMessage *msg)
{
  if (!names->fit_into_block || !compat_log_msg_add_block(msg, _get_rendered(values, names)))
    _set_one_by_one(values, names, msg);
}
