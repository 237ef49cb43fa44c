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

#include <stdlib.h>
#include <string.h>

/* of a message that HAProxy's TCP or HTTP format fits */
#define USUAL_COUNT 48
#define USUAL_SIZE 4096

/*****************************************************************************
 * Names
 *****************************************************************************/

static void
_look_up(CompatNVName *name, const gchar *prefix, const gchar *suffix)
{
  gchar *full_name = g_strconcat(prefix, suffix, NULL);
  gssize length;

  name->handle = log_msg_get_value_handle(full_name);
  name->name = log_msg_get_value_name(name->handle, &length);
  name->length = length;
  g_free(full_name);
}

static gint
_compare_handles(gconstpointer a, gconstpointer b)
{
  NVHandle handle_a = ((const CompatNVName *) a)->handle, handle_b = ((const CompatNVName *) b)->handle;

  return (handle_a > handle_b) - (handle_a < handle_b);
}

/* Of what is sorted. */
static guint
_drop_repeated(CompatNVName *names, guint count)
{
  guint kept = 0;

  for (guint i = 0; i < count; i++)
    if (!kept || names[i].handle != names[kept - 1].handle)
      names[kept++] = names[i];
  return kept;
}

static guint16
_find_slot(const MessageNames *self, const CompatNVName *name)
{
  const CompatNVName *found = bsearch(name, self->names, self->count, sizeof(*name), _compare_handles);

  return found - self->names;
}

MessageNames *
message_names_new(const gchar *prefix, const gchar *const *names, guint count)
{
  static gsize last_id;
  MessageNames *self = g_new0(MessageNames, 1);
  CompatNVName *given = g_new0(CompatNVName, count);

  self->id = g_atomic_pointer_add(&last_id, 1) + 1;
  for (guint i = 0; i < count; i++)
    _look_up(&given[i], prefix, names[i]);
  self->names = g_memdup2(given, count * sizeof(*given));
  qsort(self->names, count, sizeof(*self->names), _compare_handles);
  self->count = _drop_repeated(self->names, count);
  self->slots = g_new0(guint16, count);
  for (guint i = 0; i < count; i++)
    self->slots[i] = _find_slot(self, &given[i]);
  g_free(given);
  return self;
}

void
message_names_free(MessageNames *self)
{
  g_free(self->names);
  g_free(self->slots);
  g_free(self);
}

/*****************************************************************************
 * Sets of slots
 *****************************************************************************/

static inline gsize
_get_set_size(guint count)
{
  return (count + 63) / 64 * sizeof(guint64);
}

/* The first slot of the set from @slot on; @count: there is none. */
static inline guint
_find_next(const guint64 *set, guint slot, guint count)
{
  while (slot < count)
    {
      guint64 rest = set[slot / 64] >> slot % 64;

      if (rest)
        return slot + __builtin_ctzll(rest);
      slot = (slot / 64 + 1) * 64;
    }
  return count;
}

#define FOREACH_SLOT(self, slot)                                                                                       \
  for (guint slot = _find_next((self)->present, 0, (self)->names->count); slot < (self)->names->count;                 \
       slot = _find_next((self)->present, slot + 1, (self)->names->count))

/*****************************************************************************
 * Values of the present message
 *****************************************************************************/

static void
_values_free(gpointer s)
{
  MessageValues *self = (MessageValues *) s;

  nv_table_unref(self->block);
  g_free(self->values);
  g_free(self->present);
  g_free(self->block_present);
  g_free(self);
}

static GPrivate of_thread = G_PRIVATE_INIT(_values_free);

static MessageValues *
_get_of_thread(void)
{
  MessageValues *self = g_private_get(&of_thread);

  if (!self)
    {
      self = g_new0(MessageValues, 1);
      self->block = nv_table_new(0, USUAL_COUNT, USUAL_SIZE);
      g_private_set(&of_thread, self);
    }
  return self;
}

static void
_make_room(MessageValues *self, guint count)
{
  if (count <= self->capacity)
    return;
  self->values = g_renew(MessageValue, self->values, count);
  self->present = g_realloc(self->present, _get_set_size(count));
  self->block_present = g_realloc(self->block_present, _get_set_size(count));
  self->capacity = count;
}

MessageValues *
message_values_begin(const MessageNames *names, NVHandle source_handle, const gchar *source, gsize source_length)
{
  MessageValues *self = _get_of_thread();

  _make_room(self, names->count);
  memset(self->present, 0, _get_set_size(names->count));
  self->names = names;
  self->source_handle = source_handle;
  self->source = source;
  self->source_length = source_length;
  return self;
}

/*****************************************************************************
 * Name-value pairs
 *****************************************************************************/

static inline gboolean
_is_in_source(const MessageValues *self, const MessageValue *value)
{
  return value->length && value->start >= self->source
         && value->start + value->length <= self->source + self->source_length;
}

static inline NVReferencedSlice
_get_slice(const MessageValues *self, const MessageValue *value)
{
  return (NVReferencedSlice){
    .handle = self->source_handle,
    .ofs = value->start - self->source,
    .len = value->length,
  };
}

/* Most lines give the values that the line before gave: then only what is different is written. */
static gboolean
_update_block(MessageValues *self, gboolean can_refer)
{
  guint count = 0;

  if (self->block_id != self->names->id
      || memcmp(self->present, self->block_present, _get_set_size(self->names->count)) != 0)
    return FALSE;
  FOREACH_SLOT(self, slot)
  {
    const MessageValue *value = &self->values[slot];
    NVEntry *entry = compat_nv_table_get_nth(self->block, count++);
    gboolean is_same_kind;

    if (can_refer && _is_in_source(self, value))
      {
        NVReferencedSlice slice = _get_slice(self, value);
        is_same_kind = compat_nv_entry_update_indirect(entry, &slice, value->type);
      }
    else
      is_same_kind = compat_nv_entry_update(entry, value->start, value->length, value->type);
    if (!is_same_kind)
      return FALSE;
  }
  return TRUE;
}

static gboolean
_append(MessageValues *self, guint slot, gboolean can_refer)
{
  const MessageValue *value = &self->values[slot];
  const CompatNVName *name = &self->names->names[slot];

  if (can_refer && _is_in_source(self, value))
    {
      NVReferencedSlice slice = _get_slice(self, value);
      return compat_nv_table_append_indirect(self->block, name, &slice, value->type);
    }
  return compat_nv_table_append(self->block, name, value->start, value->length, value->type);
}

static void
_compose_block(MessageValues *self, gboolean can_refer)
{
  compat_nv_table_clear(self->block);
  FOREACH_SLOT(self, slot)
  while (!_append(self, slot, can_refer))
    nv_table_realloc(self->block, &self->block);
  self->block_id = self->names->id;
  memcpy(self->block_present, self->present, _get_set_size(self->names->count));
}

static void
_set_one_by_one(const MessageValues *self, LogMessage *msg)
{
  FOREACH_SLOT(self, slot)
  {
    const MessageValue *value = &self->values[slot];

    log_msg_set_value_with_type(msg, self->names->names[slot].handle, value->start, value->length, value->type);
  }
}

void
message_values_set(MessageValues *self, LogMessage *msg)
{
  guint first = _find_next(self->present, 0, self->names->count);

  /* "MESSAGE" and such, which prefix("") makes possible, are in no block */
  if (first == self->names->count || self->names->names[first].handle <= LM_V_MAX)
    {
      _set_one_by_one(self, msg);
      return;
    }
  gboolean can_refer = self->source_handle && compat_log_msg_refer_to(msg, self->source_handle, self->block->used);

  if (!_update_block(self, can_refer))
    _compose_block(self, can_refer);
  if (!compat_log_msg_add_block(msg, self->block))
    _set_one_by_one(self, msg);
}
