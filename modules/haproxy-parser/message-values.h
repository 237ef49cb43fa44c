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

/* The names of the values that lines of one format can give. */
typedef struct _MessageNames
{
  /* no other that was ever made has this number */
  gsize id;
  guint count;
  /* by handle, none twice */
  CompatNVName *names;
  /* of the names that message_names_new() was given, in their order: where they are among the above */
  guint16 *slots;
} MessageNames;

/**
 * message_names_new() - look names up
 * @prefix: in front of each
 *
 * To be freed with message_names_free().
 */
MessageNames *message_names_new(const gchar *prefix, const gchar *const *names, guint count);
void message_names_free(MessageNames *self);

typedef struct _MessageValue
{
  const gchar *start;
  guint32 length;
  LogMessageValueType type;
} MessageValue;

/* Values that a message is to get, all at once. */
typedef struct _MessageValues
{
  const MessageNames *names;
  NVHandle source_handle;
  const gchar *source;
  gsize source_length;
  /* by slot, and which of them are set: a bit each */
  MessageValue *values;
  guint64 *present;
  guint capacity;

  /*< private >*/
  /* the name-value pairs of the last message, and of which names they are */
  NVTable *block;
  gsize block_id;
  guint64 *block_present;
} MessageValues;

/**
 * message_values_begin() - no values yet
 * @source_handle: the value of the message that most of these will be parts of, or LM_V_NONE
 * @source: that value
 *
 * Returns what belongs to the thread and is used again for its next message.
 */
MessageValues *message_values_begin(const MessageNames *names, NVHandle source_handle, const gchar *source,
                                    gsize source_length);

/**
 * message_values_add() - add a value; of two with the same name the first counts
 * @name: its number when the names were made
 * @start: needed until message_values_set() has been called; a part of the source, or not
 */
static inline void
message_values_add(MessageValues *self, guint name, const gchar *start, gsize length, LogMessageValueType type)
{
  guint slot = self->names->slots[name];
  guint64 bit = G_GUINT64_CONSTANT(1) << slot % 64;

  if (self->present[slot / 64] & bit)
    return;
  self->present[slot / 64] |= bit;
  self->values[slot] = (MessageValue){ .start = start, .length = length, .type = type };
}

/**
 * message_values_set() - set them
 * @msg: may be written to
 *
 * Parts of the source become references to it, others are copied.
 */
void message_values_set(MessageValues *self, LogMessage *msg);

#endif
