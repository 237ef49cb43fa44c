/*
 * Copyright (c) 2026 The syslog-ng-haproxy developers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * As an additional exemption you are allowed to compile & link against the
 * OpenSSL libraries as published by the OpenSSL project. See the file
 * COPYING for details.
 */

#ifndef LINE_CHARACTERS_H_INCLUDED
#define LINE_CHARACTERS_H_INCLUDED

#include <glib.h>

#include <string.h>

/* What values consist of. */
#define IS_DIGIT 0x01
#define IS_UPPER_HEX 0x02
#define IS_HEX 0x04
#define IS_NAME 0x08
#define IS_STATE 0x10
#define IS_LETTER 0x20
/* of addresses */
#define IS_ADDRESS 0x40

/* clang-format off */
static const guint8 LINE_CHARACTER_CLASSES[256] = {
  ['0' ... '9'] = IS_DIGIT | IS_UPPER_HEX | IS_HEX | IS_NAME | IS_ADDRESS,
  ['A' ... 'F'] = IS_UPPER_HEX | IS_HEX | IS_NAME | IS_STATE | IS_LETTER | IS_ADDRESS,
  ['G' ... 'Z'] = IS_NAME | IS_STATE | IS_LETTER,
  ['a' ... 'f'] = IS_HEX | IS_NAME | IS_STATE | IS_LETTER | IS_ADDRESS,
  ['g' ... 'z'] = IS_NAME | IS_STATE | IS_LETTER,
  ['.'] = IS_NAME | IS_ADDRESS,
  ['-'] = IS_NAME | IS_STATE,
  ['_'] = IS_NAME,
  [':'] = IS_NAME | IS_ADDRESS,
  ['<'] = IS_NAME,
  ['>'] = IS_NAME,
};
/* clang-format on */

static inline gboolean
line_character_is(gchar c, guint8 class)
{
  return (LINE_CHARACTER_CLASSES[(guchar) c] & class) != 0;
}

/* Whether it is one of a string's characters, which the NUL at its end is not. */
static inline gboolean
line_character_is_one_of(gchar c, const gchar *characters)
{
  return c && strchr(characters, c);
}

static inline const gchar *
line_skip(const gchar *p, const gchar *end, guint8 class)
{
  while (p < end && line_character_is(*p, class))
    p++;
  return p;
}

/* Eight times the same character. */
#define LINE_WORD_OF(character) (G_GUINT64_CONSTANT(0x0101010101010101) * (character))

/* Eight characters, the first one in the lowest byte. */
static inline guint64
line_get_word(const gchar *p)
{
  guint64 word;

  memcpy(&word, p, sizeof(word));
  return GUINT64_FROM_LE(word);
}

/* Eight characters at a time: how long a number is cannot be foreseen, and a loop that ends unforeseen costs more. */
static inline const gchar *
line_skip_digits(const gchar *p, const gchar *end)
{
  for (; end - p >= 8; p += 8)
    {
      /* digits are 0 to 9 now; the first of the others, if there is one, has its highest bit set then */
      guint64 word = line_get_word(p) ^ LINE_WORD_OF('0');
      guint64 others = (word | (word + LINE_WORD_OF(0x7f - 9))) & LINE_WORD_OF(0x80);

      if (others)
        return p + __builtin_ctzll(others) / 8;
    }
  return line_skip(p, end, IS_DIGIT);
}

#endif
