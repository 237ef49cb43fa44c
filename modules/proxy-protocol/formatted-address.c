/*
 * Copyright (c) 2026 The syslog-ng-haproxy developers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * As an additional exemption you are allowed to compile & link against the
 * OpenSSL libraries as published by the OpenSSL project. See the file
 * COPYING for details.
 */

#include "formatted-address.h"

#include <string.h>

typedef struct _FormattedAddress
{
  GSockAddr super;
  /* super.sa goes on in here */
  gchar rest_of_sockaddr_in6[sizeof(struct sockaddr_in6) - sizeof(struct sockaddr)];
  gchar text[];
} FormattedAddress;

static struct sockaddr *
_get_sa(FormattedAddress *self)
{
  return (struct sockaddr *) ((gchar *) self + G_STRUCT_OFFSET(FormattedAddress, super.sa));
}

static gchar *
_format(GSockAddr *s, gchar *text, gulong n, gint format)
{
  FormattedAddress *self = (FormattedAddress *) s;

  if (format == GSA_ADDRESS_ONLY)
    {
      g_strlcpy(text, self->text, n);
      return text;
    }

  GSockAddr *address = g_sockaddr_new(_get_sa(self), self->super.salen);
  g_sockaddr_format(address, text, n, format);
  g_sockaddr_unref(address);
  return text;
}

static GSockAddrFuncs formatted_address_funcs = {
  .format = _format,
};

GSockAddr *
formatted_address_new(GSockAddr *address)
{
  gchar text[MAX_SOCKADDR_STRING];
  gsize text_size = strlen(g_sockaddr_format(address, text, sizeof(text), GSA_ADDRESS_ONLY)) + 1;
  FormattedAddress *self = g_malloc0(sizeof(FormattedAddress) + text_size);

  g_atomic_counter_set(&self->super.refcnt, 1);
  self->super.sa_funcs = &formatted_address_funcs;
  self->super.salen = address->salen;
  memcpy(_get_sa(self), g_sockaddr_get_sa(address), address->salen);
  memcpy(self->text, text, text_size);
  return &self->super;
}
