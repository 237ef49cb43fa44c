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

#include "apphook.h"

#include <criterion/criterion.h>
#include <string.h>

typedef struct _Macro
{
  const gchar *name;
  const gchar *value;
  LogMessageValueType type;
} Macro;

typedef struct _Connection
{
  const gchar *name;
  const gchar *header;
  const gchar *peer_ip;
  guint16 peer_port;
  Macro macros[PROXY_MACRO_COUNT];
} Connection;

static const Connection CONNECTIONS[] = {
  { "TCP4",
    "PROXY TCP4 192.0.2.1 198.51.100.1 56324 443\r\n",
    "127.0.0.1",
    40000,
    {
      { "SRCIP", "192.0.2.1", LM_VT_STRING },
      { "SRCPORT", "56324", LM_VT_INTEGER },
      { "DSTIP", "198.51.100.1", LM_VT_STRING },
      { "DSTPORT", "443", LM_VT_INTEGER },
      { "IP_VERSION", "4", LM_VT_INTEGER },
      { "VERSION", "1", LM_VT_INTEGER },
      { "PEERIP", "127.0.0.1", LM_VT_STRING },
      { "PEERPORT", "40000", LM_VT_INTEGER },
    } },
  { "TCP4, the least and the most",
    "PROXY TCP4 0.0.0.0 255.255.255.255 0 65535\r\n",
    "255.255.255.255",
    65535,
    {
      { "SRCIP", "0.0.0.0", LM_VT_STRING },
      { "SRCPORT", "0", LM_VT_INTEGER },
      { "DSTIP", "255.255.255.255", LM_VT_STRING },
      { "DSTPORT", "65535", LM_VT_INTEGER },
      { "IP_VERSION", "4", LM_VT_INTEGER },
      { "VERSION", "1", LM_VT_INTEGER },
      { "PEERIP", "255.255.255.255", LM_VT_STRING },
      { "PEERPORT", "65535", LM_VT_INTEGER },
    } },
  { "TCP6, in canonical form",
    "PROXY TCP6 2001:DB8:0:0:0:0:0:1 ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff 1 2\r\n",
    "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
    1,
    {
      { "SRCIP", "2001:db8::1", LM_VT_STRING },
      { "SRCPORT", "1", LM_VT_INTEGER },
      { "DSTIP", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", LM_VT_STRING },
      { "DSTPORT", "2", LM_VT_INTEGER },
      { "IP_VERSION", "6", LM_VT_INTEGER },
      { "VERSION", "1", LM_VT_INTEGER },
      { "PEERIP", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", LM_VT_STRING },
      { "PEERPORT", "1", LM_VT_INTEGER },
    } },
  { "TCP6 from an IPv4 proxy",
    "PROXY TCP6 ::1 :: 1 2\r\n",
    "192.0.2.9",
    514,
    {
      { "SRCIP", "::1", LM_VT_STRING },
      { "SRCPORT", "1", LM_VT_INTEGER },
      { "DSTIP", "::", LM_VT_STRING },
      { "DSTPORT", "2", LM_VT_INTEGER },
      { "IP_VERSION", "6", LM_VT_INTEGER },
      { "VERSION", "1", LM_VT_INTEGER },
      { "PEERIP", "192.0.2.9", LM_VT_STRING },
      { "PEERPORT", "514", LM_VT_INTEGER },
    } },
};

TestSuite(proxy_macros, .init = app_startup, .fini = app_shutdown);

static const ProxyHeaderLimits V1_ONLY = { .v1 = TRUE };

static ProxyHeader
_parse(const gchar *text)
{
  ProxyHeader header;
  const gchar *reason = "incomplete";

  cr_assert_eq(proxy_header_parse(&header, &V1_ONLY, (const guchar *) text, strlen(text), &reason),
               PROXY_HEADER_COMPLETE,
               "the test has a bad header: %s",
               reason);
  return header;
}

static GSockAddr *
_peer_new(const gchar *ip, guint16 port)
{
  return strchr(ip, ':') ? g_sockaddr_inet6_new(ip, port) : g_sockaddr_inet_new(ip, port);
}

static ProxyMacroValues *
_values_of(const gchar *text, const gchar *peer_ip, guint16 peer_port)
{
  ProxyHeader header = _parse(text);
  GSockAddr *peer = _peer_new(peer_ip, peer_port);
  ProxyMacroValues *values = proxy_macro_values_new(&header, &peer->sa);

  g_sockaddr_unref(peer);
  return values;
}

/* To be destroyed with proxy_macro_names_destroy(). */
static ProxyMacroNames
_names_of(const gchar *prefix)
{
  ProxyMacroNames names = { .prefix = NULL };
  GError *error = NULL;

  cr_assert(proxy_macro_names_init(&names, prefix, &error),
            "prefix '%s': %s",
            prefix,
            error ? error->message : "no error given");
  return names;
}

/* Asserts only what fails: thousands of assertions that pass are slow in Criterion. */
static void
_expect_macro(const gchar *connection, LogMessage *msg, const gchar *prefix, const Macro *macro)
{
  gchar *name = g_strconcat(prefix, macro->name, NULL);
  LogMessageValueType type;
  gssize length;
  const gchar *value = log_msg_get_value_by_name_with_type(msg, name, &length, &type);

  if (length != (gssize) strlen(macro->value) || memcmp(value, macro->value, length) != 0)
    cr_expect_fail("%s: %s is '%.*s', not '%s'", connection, name, (gint) length, value, macro->value);
  if (type != macro->type)
    cr_expect_fail("%s: %s has type %s, not %s",
                   connection,
                   name,
                   log_msg_value_type_to_str(type),
                   log_msg_value_type_to_str(macro->type));
  g_free(name);
}

static void
_expect_macros(const Connection *connection, LogMessage *msg, const gchar *prefix)
{
  for (gint i = 0; i < PROXY_MACRO_COUNT && connection->macros[i].name; i++)
    _expect_macro(connection->name, msg, prefix, &connection->macros[i]);
}

static void
_expect_no_macros(const Connection *connection, LogMessage *msg, const gchar *prefix)
{
  for (gint i = 0; i < PROXY_MACRO_COUNT && connection->macros[i].name; i++)
    {
      Macro absent = { connection->macros[i].name, "", LM_VT_NULL };

      _expect_macro(connection->name, msg, prefix, &absent);
    }
}

static void
_apply(const Connection *connection, const gchar *prefix, LogMessage *msg)
{
  ProxyMacroNames names = _names_of(prefix);
  ProxyMacroValues *values = _values_of(connection->header, connection->peer_ip, connection->peer_port);

  if (values)
    proxy_macros_apply(values, &names, msg);
  proxy_macro_names_destroy(&names);
  g_free(values);
}

static void
_expect_macros_on_new_message(const Connection *connection, const gchar *prefix)
{
  LogMessage *msg = log_msg_new_empty();

  _apply(connection, prefix, msg);
  _expect_macros(connection, msg, prefix);
  log_msg_unref(msg);
}

Test(proxy_macros, say_what_the_header_says)
{
  for (gsize i = 0; i < G_N_ELEMENTS(CONNECTIONS); i++)
    _expect_macros_on_new_message(&CONNECTIONS[i], "PROXY_");
}

Test(proxy_macros, are_none_where_the_header_names_no_connection)
{
  cr_expect_null(_values_of("PROXY UNKNOWN\r\n", "127.0.0.1", 1));
  cr_expect_null(_values_of("PROXY UNKNOWN 192.0.2.1 198.51.100.1 56324 443\r\n", "127.0.0.1", 1));
}

/* Messages of several connections, and prefixes that change with a reload, in any order. */
Test(proxy_macros, are_those_of_the_connection_whatever_the_message_before_had)
{
  static const gchar *prefixes[] = { "PROXY_", "PROXIED_" };
  ProxyMacroValues *values[G_N_ELEMENTS(CONNECTIONS)];
  guint32 order = 1;

  for (gsize i = 0; i < G_N_ELEMENTS(CONNECTIONS); i++)
    values[i] = _values_of(CONNECTIONS[i].header, CONNECTIONS[i].peer_ip, CONNECTIONS[i].peer_port);

  for (gint n = 0; n < 1000; n++)
    {
      order = order * 1103515245 + 12345;
      gsize connection = (order >> 16) % G_N_ELEMENTS(CONNECTIONS);
      guint reloaded = (order >> 24) % G_N_ELEMENTS(prefixes);
      ProxyMacroNames names = _names_of(prefixes[reloaded]);
      LogMessage *msg = log_msg_new_empty();

      proxy_macros_apply(values[connection], &names, msg);
      proxy_macro_names_destroy(&names);
      _expect_macros(&CONNECTIONS[connection], msg, prefixes[reloaded]);
      _expect_no_macros(&CONNECTIONS[connection], msg, prefixes[!reloaded]);
      log_msg_unref(msg);
    }

  for (gsize i = 0; i < G_N_ELEMENTS(CONNECTIONS); i++)
    g_free(values[i]);
}

/* As datagrams have them: each has its own, in the memory of those of the one before. */
Test(proxy_macros, are_renewed_for_each_datagram)
{
  ProxyMacroNames names = _names_of("PROXY_");
  ProxyMacroValues *values = NULL;

  for (gsize i = 0; i < 10 * G_N_ELEMENTS(CONNECTIONS); i++)
    {
      const Connection *connection = &CONNECTIONS[i % G_N_ELEMENTS(CONNECTIONS)];
      ProxyHeader header = _parse(connection->header);
      GSockAddr *peer = _peer_new(connection->peer_ip, connection->peer_port);
      LogMessage *msg = log_msg_new_empty();

      values = proxy_macro_values_renew(values, &header, &peer->sa);
      proxy_macros_apply(values, &names, msg);
      _expect_macros(connection, msg, "PROXY_");
      log_msg_unref(msg);
      g_sockaddr_unref(peer);
    }

  ProxyHeader unknown = _parse("PROXY UNKNOWN\r\n");
  values = proxy_macro_values_renew(values, &unknown, NULL);
  cr_expect_null(values);
  cr_expect_null(proxy_macro_values_renew(values, NULL, NULL));
  proxy_macro_names_destroy(&names);
}

Test(proxy_macros, replace_what_a_message_had_under_their_names)
{
  LogMessage *msg = log_msg_new_empty();

  log_msg_set_value_by_name(msg, "PROXY_SRCIP", "the client claims to be somebody else", -1);
  _apply(&CONNECTIONS[0], "PROXY_", msg);
  _expect_macros(&CONNECTIONS[0], msg, "PROXY_");
  log_msg_unref(msg);
}

/* In the order in which syslog-ng gets to know the names, which is the order of a message's values. */
static const gchar *NAMES_IN_ORDER[] = { "before", "PROXY_SRCIP", "between", "PROXY_VERSION", "after" };

/* What messages have besides the macros: some of these. */
static const gchar *OTHERS[] = { "MESSAGE", "before", "between", "after", ".SDATA.element@32473.parameter" };

static void
_set_others(LogMessage *msg, guint which)
{
  for (gsize i = 0; i < G_N_ELEMENTS(OTHERS); i++)
    if (which & (1 << i))
      log_msg_set_value_by_name(msg, OTHERS[i], OTHERS[i], -1);
}

static void
_expect_others(LogMessage *msg, guint which)
{
  for (gsize i = 0; i < G_N_ELEMENTS(OTHERS); i++)
    {
      const gchar *expected = which & (1 << i) ? OTHERS[i] : "";
      const gchar *value = log_msg_get_value_by_name(msg, OTHERS[i], NULL);

      cr_expect_str_eq(value, expected, "others 0x%x: '%s' instead of '%s'", which, value, expected);
    }
}

static void
_expect_macros_beside_others(guint which)
{
  LogMessage *msg = log_msg_new_empty();
  gchar *long_text = g_strnfill(10000, 'x');

  _set_others(msg, which);
  _apply(&CONNECTIONS[0], "PROXY_", msg);
  _expect_macros(&CONNECTIONS[0], msg, "PROXY_");
  _expect_others(msg, which);

  /* the message can still be changed, and made longer */
  _set_others(msg, ~which);
  log_msg_set_value_by_name(msg, "long", long_text, -1);
  _expect_macros(&CONNECTIONS[0], msg, "PROXY_");
  _expect_others(msg, ~0);
  cr_expect_str_eq(log_msg_get_value_by_name(msg, "long", NULL), long_text);

  g_free(long_text);
  log_msg_unref(msg);
}

Test(proxy_macros, leave_the_other_values_of_a_message_alone)
{
  for (gsize i = 0; i < G_N_ELEMENTS(NAMES_IN_ORDER); i++)
    log_msg_get_value_handle(NAMES_IN_ORDER[i]);

  for (guint which = 0; which < 1 << G_N_ELEMENTS(OTHERS); which++)
    _expect_macros_beside_others(which);
}

Test(proxy_macros, find_room_in_messages_of_any_size)
{
  for (gsize length = 0; length < 1000; length++)
    {
      LogMessage *msg = log_msg_new_empty();
      gchar *text = g_strnfill(length, 'x');

      log_msg_set_value(msg, LM_V_MESSAGE, text, length);
      _apply(&CONNECTIONS[0], "PROXY_", msg);
      _expect_macros(&CONNECTIONS[0], msg, "PROXY_");
      if (!g_str_equal(log_msg_get_value(msg, LM_V_MESSAGE, NULL), text))
        cr_expect_fail("a message of %zu bytes is no longer what it was", length);
      g_free(text);
      log_msg_unref(msg);
    }
}

/* A name has at most 255 bytes, and the longest one here is IP_VERSION. */
#define LONGEST_PREFIX (255 - strlen("SSL_SIG_SCHEME"))

Test(proxy_macros, bear_the_prefix)
{
  gchar *longest = g_strnfill(LONGEST_PREFIX, 'x');
  const gchar *prefixes[] = { "PROXIED_", ".proxy.", "lb-", "p", "", ".SDATA.proxy@32473.", longest };

  for (gsize i = 0; i < G_N_ELEMENTS(prefixes); i++)
    _expect_macros_on_new_message(&CONNECTIONS[0], prefixes[i]);
  g_free(longest);
}

Test(proxy_macros, cannot_have_impossible_names)
{
  gchar *too_long = g_strnfill(LONGEST_PREFIX + 1, 'x');
  /* structured data has the name of an element between .SDATA. and the parameter's */
  const gchar *prefixes[] = { too_long, ".SDATA." };

  for (gsize i = 0; i < G_N_ELEMENTS(prefixes); i++)
    {
      ProxyMacroNames names = { .prefix = NULL };
      GError *error = NULL;

      cr_expect_not(proxy_macro_names_init(&names, prefixes[i], &error), "prefix '%s' was taken", prefixes[i]);
      cr_expect(error && strstr(error->message, prefixes[i]), "prefix '%s': no error that names it", prefixes[i]);
      proxy_macro_names_destroy(&names);
      g_clear_error(&error);
    }
  g_free(too_long);
}

Test(proxy_macros, are_structured_data_under_such_a_prefix)
{
  LogMessage *msg = log_msg_new_empty();
  GString *sdata = g_string_new(NULL);

  _apply(&CONNECTIONS[0], ".SDATA.proxy@32473.", msg);
  log_msg_append_format_sdata(msg, sdata, 0);
  cr_expect(g_str_has_prefix(sdata->str, "[proxy@32473 "), "'%s'", sdata->str);
  cr_expect(strstr(sdata->str, " SRCIP=\"192.0.2.1\""), "'%s'", sdata->str);
  cr_expect(strstr(sdata->str, " PEERPORT=\"40000\""), "'%s'", sdata->str);
  g_string_free(sdata, TRUE);
  log_msg_unref(msg);
}
