/*
 * Copyright (c) 2026 The syslog-ng-haproxy developers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * As an additional exemption you are allowed to compile & link against the
 * OpenSSL libraries as published by the OpenSSL project. See the file
 * COPYING for details.
 */

#include "compat-decoder.h"

#include <errno.h>

static void
_close(CompatDecoder *self)
{
  if (self->encoding)
    g_iconv_close(self->converter);
  g_free(self->encoding);
}

void
compat_decoder_set_encoding(CompatDecoder *self, const gchar *encoding)
{
  if (g_strcmp0(encoding, self->encoding) == 0)
    return;
  _close(self);
  self->encoding = g_strdup(encoding);
  if (encoding)
    self->converter = g_iconv_open("utf-8", encoding);
  if (!self->text)
    self->text = g_string_sized_new(256);
}

/* Appends what fits into the rest of the buffer. Returns an errno. */
static gint
_convert_some(CompatDecoder *self, gchar **in, gsize *in_left)
{
  gsize used = self->text->len;
  gsize out_left = self->text->allocated_len - used - 1;
  gchar *out = self->text->str + used;
  gsize rc = g_iconv(self->converter, in, in_left, &out, &out_left);
  gint error = rc == (gsize) -1 ? errno : 0;

  g_string_set_size(self->text, out - self->text->str);
  return error;
}

static void
_make_room(GString *text)
{
  gsize used = text->len;

  g_string_set_size(text, 2 * text->allocated_len);
  g_string_set_size(text, used);
}

/* Returns how many bytes were left out. */
static gsize
_convert(CompatDecoder *self, gchar *in, gsize in_left)
{
  gsize left_out = 0;

  g_string_truncate(self->text, 0);
  g_iconv(self->converter, NULL, NULL, NULL, NULL);
  while (in_left > 0)
    switch (_convert_some(self, &in, &in_left))
      {
      case 0:
        break;
      case E2BIG:
        _make_room(self->text);
        break;
      case EILSEQ:
        in++;
        in_left--;
        left_out++;
        break;
      default:
        /* the message ends within a character */
        left_out += in_left;
        in_left = 0;
      }
  /* a letter that an accent might have followed */
  while (_convert_some(self, NULL, NULL) == E2BIG)
    _make_room(self->text);
  return left_out;
}

void
compat_decoder_run(CompatDecoder *self, const guchar **bytes, gsize *length, CompatReadLog *log)
{
  if (!self->encoding)
    return;

  gsize left_out = _convert(self, (gchar *) *bytes, *length);
  if (left_out > 0)
    log->bad_characters(log, self->encoding, left_out);
  *bytes = (const guchar *) self->text->str;
  *length = self->text->len;
}

void
compat_decoder_destroy(CompatDecoder *self)
{
  _close(self);
  if (self->text)
    g_string_free(self->text, TRUE);
}
