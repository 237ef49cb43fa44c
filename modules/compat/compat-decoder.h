/*
 * Copyright (c) 2026 The syslog-ng-haproxy developers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * As an additional exemption you are allowed to compile & link against the
 * OpenSSL libraries as published by the OpenSSL project. See the file
 * COPYING for details.
 */

#ifndef COMPAT_DECODER_H_INCLUDED
#define COMPAT_DECODER_H_INCLUDED

#include "compat-read-log.h"

/*
 * encoding() for the protocols of libsyslog-ng that do not know it: converts
 * messages to UTF-8, each by itself.
 */
typedef struct _CompatDecoder
{
  /*< private >*/
  gchar *encoding;
  GIConv converter;
  GString *text;
} CompatDecoder;

/**
 * compat_decoder_set_encoding() - what comes now is in this encoding
 * @self: all zero at first
 * @encoding: one that GLib knows; NULL to leave messages as they are
 */
void compat_decoder_set_encoding(CompatDecoder *self, const gchar *encoding);

/**
 * compat_decoder_run()
 * @bytes, @length: the message, and then it in UTF-8, until the next one is converted
 * @log: is told once of all that is wrong with it
 */
void compat_decoder_run(CompatDecoder *self, const guchar **bytes, gsize *length, CompatReadLog *log);

void compat_decoder_destroy(CompatDecoder *self);

#endif
