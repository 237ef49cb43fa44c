/*
 * Copyright (c) 2026 The syslog-ng-haproxy developers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * As an additional exemption you are allowed to compile & link against the
 * OpenSSL libraries as published by the OpenSSL project. See the file
 * COPYING for details.
 */

#include "message-values.h"

/* of a message that HAProxy's TCP or HTTP format fits */
#define USUAL_COUNT 48
#define USUAL_SIZE 4096

void
message_values_init(MessageValues *self, NVHandle source_handle, const gchar *source, gsize source_length)
{
  self->source_handle = source_handle;
  self->source = source;
  self->source_length = source_length;
  self->count = 0;
}

static void
_block_free(gpointer block)
{
  nv_table_unref(block);
}

/* Each thread keeps the memory in which it composes. */
static NVTable *
_take_block(GPrivate *of_thread)
{
  NVTable *block = g_private_get(of_thread);

  if (!block)
    block = nv_table_new(0, USUAL_COUNT, USUAL_SIZE);
  compat_nv_table_clear(block);
  return block;
}

static gboolean
_is_in_source(const MessageValues *self, const MessageValue *value)
{
  return value->start >= self->source && value->start + value->length <= self->source + self->source_length;
}

static gboolean
_append(const MessageValues *self, const MessageValue *value, NVTable *block, gboolean can_refer)
{
  NVReferencedSlice slice = {
    .handle = self->source_handle,
    .ofs = value->start - self->source,
    .len = value->length,
  };

  if (can_refer && value->length && _is_in_source(self, value))
    return compat_nv_table_append_indirect(block, value->name, &slice, value->type);
  return compat_nv_table_append(block, value->name, value->start, value->length, value->type);
}

static NVTable *
_compose(const MessageValues *self, NVTable *block, gboolean can_refer)
{
  for (guint i = 0; i < self->count; i++)
    while (!_append(self, &self->values[self->order[i]], block, can_refer))
      nv_table_realloc(block, &block);
  return block;
}

static void
_set_one_by_one(const MessageValues *self, LogMessage *msg)
{
  for (guint i = 0; i < self->count; i++)
    {
      const MessageValue *value = &self->values[i];

      log_msg_set_value_with_type(msg, value->name->handle, value->start, value->length, value->type);
    }
}

void
message_values_set(const MessageValues *self, LogMessage *msg)
{
  static GPrivate of_thread = G_PRIVATE_INIT(_block_free);
  gsize space = self->count * USUAL_SIZE / USUAL_COUNT;

  /* "MESSAGE" and such, which prefix("") makes possible, are in no block */
  if (!self->count || self->values[self->order[0]].name->handle <= LM_V_MAX)
    {
      _set_one_by_one(self, msg);
      return;
    }
  gboolean can_refer = self->source_handle && compat_log_msg_refer_to(msg, self->source_handle, space);
  NVTable *block = _compose(self, _take_block(&of_thread), can_refer);

  g_private_set(&of_thread, block);
  if (!compat_log_msg_add_block(msg, block))
    _set_one_by_one(self, msg);
}
