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

/* all that a line gives, and what is said of it */
#define MESSAGE_VALUES_MAX 288

typedef struct _MessageValue
{
  const CompatNVName *name;
  const gchar *start;
  guint32 length;
  LogMessageValueType type;
} MessageValue;

/* Values that a message is to get, all at once. */
typedef struct _MessageValues
{
  NVHandle source_handle;
  const gchar *source;
  gsize source_length;
  guint count;
  MessageValue values[MESSAGE_VALUES_MAX];
  /* by handle */
  guint16 order[MESSAGE_VALUES_MAX];
} MessageValues;

/**
 * message_values_init()
 * @source_handle: the value of the message that most of these are parts of, or LM_V_NONE
 * @source: that value
 */
void message_values_init(MessageValues *self, NVHandle source_handle, const gchar *source, gsize source_length);

/**
 * message_values_add() - add a value; of two with the same name the first counts
 * @start: until message_values_set() has been called; a part of the source, or not
 */
static inline void
message_values_add(MessageValues *self, const CompatNVName *name, const gchar *start, gsize length,
                   LogMessageValueType type)
{
  guint slot = self->count;

  if (slot == MESSAGE_VALUES_MAX)
    return;
  while (slot > 0 && self->values[self->order[slot - 1]].name->handle > name->handle)
    slot--;
  if (slot > 0 && self->values[self->order[slot - 1]].name->handle == name->handle)
    return;
  for (guint i = self->count; i > slot; i--)
    self->order[i] = self->order[i - 1];
  self->order[slot] = self->count;
  self->values[self->count++] = (MessageValue){ .name = name, .start = start, .length = length, .type = type };
}

/**
 * message_values_set() - set them
 * @msg: may be written to
 *
 * Parts of the source become references to it, others are copied.
 */
void message_values_set(const MessageValues *self, LogMessage *msg);

#endif
