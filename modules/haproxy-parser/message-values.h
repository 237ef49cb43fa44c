/*
 * Copyright (c) 2026 The syslog-ng-haproxy developers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * As an additional exemption you are allowed to compile & link against the
 * OpenSSL libraries as published by the OpenSSL project. See the file
 * COPYING for details.
 */

#ifndef MESSAGE_VALUES_H_INCLUDED
#define MESSAGE_VALUES_H_INCLUDED

#include "compat-nvtable.h"
#include "line-values.h"

typedef struct _MessageName
{
  CompatNVName name;
  /* LM_VT_*; a number's value that is none is a string */
  guint8 type;
  /* among the others, by handle */
  guint16 rank;
} MessageName;

/* How the fields of a kind of line are named in messages. */
typedef struct _MessageNames
{
  /* no other that was ever made has this number */
  gsize id;
  /* whether values of these names can be put into a message all at once */
  gboolean fit_into_block;
  guint count;
  MessageName names[];
} MessageNames;

/**
 * message_names_new() - look the names of fields up
 * @prefix: in front of each
 *
 * To be freed with g_free().
 */
MessageNames *message_names_new(const gchar *prefix, const LineField *fields, guint count);

/* The value of the message that a line was read from. */
typedef struct _MessageSource
{
  /* all zero: it is not a value as it is */
  NVHandle handle;
  const gchar *start;
  const gchar *end;
} MessageSource;

/**
 * message_values_set() - give a message the values of a line
 * @names: of the fields that @values have
 * @msg: may be written to
 *
 * Parts of the source become references to it, others are copied. Of two values
 * with the same name the first counts.
 */
void message_values_set(LogMessage *msg, const MessageNames *names, const LineValues *values,
                        const MessageSource *source);

#endif
