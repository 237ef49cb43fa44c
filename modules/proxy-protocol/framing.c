/*
 * Copyright (c) 2026 The syslog-ng-haproxy developers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * As an additional exemption you are allowed to compile & link against the
 * OpenSSL libraries as published by the OpenSSL project. See the file
 * COPYING for details.
 */

#include "framing.h"

#include "compat-logproto-choice.h"
#include "compat-logproto-frames.h"
#include "compat-logproto-options.h"

static const gchar *const NAMES[] = {
  [FRAMING_NEWLINE] = "newline",
  [FRAMING_OCTET_COUNTED] = "octet-counted",
  [FRAMING_AUTO] = "auto",
};

gboolean
framing_from_name(const gchar *name, Framing *framing)
{
  for (gsize i = 0; i < G_N_ELEMENTS(NAMES); i++)
    if (g_str_equal(name, NAMES[i]))
      {
        *framing = i;
        return TRUE;
      }
  return FALSE;
}

Framing
framing_guess(const guchar *bytes, gsize length)
{
  gsize digits = 0;

  while (digits < length && g_ascii_isdigit(bytes[digits]))
    digits++;
  if (length > 0 && bytes[0] == '0')
    return FRAMING_NEWLINE;
  if (digits == length)
    return FRAMING_AUTO;
  return digits > 0 && bytes[digits] == ' ' ? FRAMING_OCTET_COUNTED : FRAMING_NEWLINE;
}

static gint
_choose(const guchar *bytes, gsize length)
{
  Framing framing = framing_guess(bytes, length);

  return framing == FRAMING_AUTO ? -1 : (gint) framing;
}

static gint
_choose_octet_counted(const guchar *bytes G_GNUC_UNUSED, gsize length G_GNUC_UNUSED)
{
  return FRAMING_OCTET_COUNTED;
}

void
framing_factory_init(FramingFactory *self, Framing framing, GlobalConfig *cfg)
{
  self->framing = framing;
  self->protos[FRAMING_NEWLINE].proto = log_proto_server_get_factory(&cfg->plugin_context, "text");
  self->protos[FRAMING_OCTET_COUNTED] = compat_log_proto_frames_factory();
}

LogProtoServer *
framing_factory_new_proto(const FramingFactory *self, CompatStream stream, const CompatLogProtoServerOptions *options)
{
  if (self->framing == FRAMING_AUTO)
    return compat_log_proto_choice_new(stream, options, _choose, self->protos);
  /* whose messages are converted where there might be a choice */
  if (self->protos[self->framing].is_undecoded && compat_log_proto_options_get_encoding(options))
    return compat_log_proto_choice_new(stream, options, _choose_octet_counted, self->protos);
  return compat_log_proto_server_new(&self->protos[self->framing], stream, options);
}
