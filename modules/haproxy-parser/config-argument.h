/*
 * Copyright (c) 2026 The syslog-ng-haproxy developers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * As an additional exemption you are allowed to compile & link against the
 * OpenSSL libraries as published by the OpenSSL project. See the file
 * COPYING for details.
 */

#ifndef CONFIG_ARGUMENT_H_INCLUDED
#define CONFIG_ARGUMENT_H_INCLUDED

#include <glib.h>

/* An argument of a line of haproxy.cfg without its quotes and backslashes (HAProxy's manual, section 2.2). */
typedef struct _ConfigArgument
{
  GString *text;
  /*< private >*/
  GArray *positions;
} ConfigArgument;

/* What is wrong with a string, and where. */
typedef struct _ConfigArgumentError
{
  /* in bytes */
  gsize position;
  /* to be freed with g_free() */
  gchar *message;
} ConfigArgumentError;

/**
 * config_argument_new()
 * @string: as it stands in haproxy.cfg, that is with quotes around it or
 *   backslashes before its blanks; or a string that was copied without them
 * @error: set when NULL is returned
 *
 * To be freed with config_argument_free().
 */
ConfigArgument *config_argument_new(const gchar *string, ConfigArgumentError *error);
void config_argument_free(ConfigArgument *self);

/* Where in the string the character @index of the text stood; behind the last one, the end. */
gsize config_argument_position(const ConfigArgument *self, gsize index);

#endif
