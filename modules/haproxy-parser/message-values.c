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

#include "compat-logmsg.h"

#include <stdlib.h>
#include <string.h>

/* of a message that HAProxy's TCP or HTTP format fits */
#define USUAL_COUNT 48
#define USUAL_SIZE 4096
/* so many fit into 64 bits, whatever the sign */
#define SAFE_DIGITS 18
/* kinds of lines whose blocks a thread keeps */
#define BLOCKS 8

/* A value in the table of a block. */
typedef struct _BlockEntry
{
  guint16 field;
  guint8 type;
  /* the value is a part of the source */
  guint8 is_reference;
  /* from the bottom of the table */
  guint32 ofs;
  /* NULL: the value may be another one the next time */
  const gchar *constant;
} BlockEntry;

/* the ofs of one that is not there, since a value before it has the same name */
#define NO_ENTRY G_MAXUINT32

/*
 * The name-value pairs of a line, composed for libsyslog-ng. Most lines have the
 * fields of one that came before: then only the values are written anew, into the
 * copy that the message gets.
 */
typedef struct _Block
{
  NVTable *table;
  gsize names_id;
  NVHandle source;
  guint count;
  BlockEntry entries[LINE_VALUES_MAX];
} Block;

/* What a line says to a message. */
typedef struct _Statement
{
  const MessageNames *names;
  const LineValues *values;
  MessageSource source;
} Statement;

/*****************************************************************************
 * Names
 *****************************************************************************/

static const guint8 TYPES[] = {
  [LINE_FIELD_STRING] = LM_VT_STRING,
  [LINE_FIELD_INTEGER] = LM_VT_INTEGER,
  [LINE_FIELD_BOOLEAN] = LM_VT_BOOLEAN,
};

static void
_look_up(MessageName *self, const gchar *prefix, const LineField *field)
{
  gchar *full_name = g_strconcat(prefix, field->name, NULL);
  gssize length;

  self->name.handle = log_msg_get_value_handle(full_name);
  self->name.name = log_msg_get_value_name(self->name.handle, &length);
  self->name.length = length;
  self->type = TYPES[field->type];
  g_free(full_name);
}

static guint16
_get_rank(const MessageNames *self, NVHandle handle)
{
  guint16 rank = 0;

  for (guint i = 0; i < self->count; i++)
    rank += self->names[i].name.handle < handle;
  return rank;
}

MessageNames *
message_names_new(const gchar *prefix, const LineField *fields, guint count)
{
  static gsize last_id;
  MessageNames *self = g_malloc0(sizeof(MessageNames) + count * sizeof(MessageName));

  self->id = g_atomic_pointer_add(&last_id, 1) + 1;
  self->count = count;
  self->fit_into_block = TRUE;
  for (guint i = 0; i < count; i++)
    {
      _look_up(&self->names[i], prefix, &fields[i]);
      self->fit_into_block &= compat_fits_into_block(self->names[i].name.handle);
    }
  for (guint i = 0; i < count; i++)
    self->names[i].rank = _get_rank(self, self->names[i].name.handle);
  return self;
}

/*****************************************************************************
 * Values
 *****************************************************************************/

static gboolean
_is_integer(const LineValue *value)
{
  gsize sign = value->length && *value->start == '-';

  if (value->length == sign || value->length - sign > SAFE_DIGITS)
    return FALSE;
  for (gsize i = sign; i < value->length; i++)
    if (!g_ascii_isdigit(value->start[i]))
      return FALSE;
  return TRUE;
}

static inline LogMessageValueType
_get_type(LogMessageValueType usual, const LineValue *value)
{
  if (usual != LM_VT_INTEGER || (value->is_number && value->length <= SAFE_DIGITS) || _is_integer(value))
    return usual;
  return LM_VT_STRING;
}

static void
_set_one_by_one(LogMessage *msg, const Statement *statement)
{
  /* values that are parts of the message stay where they are while it grows */
  NVTable *payload = nv_table_ref(msg->payload);

  for (guint i = statement->values->count; i > 0; i--)
    {
      const LineValue *value = &statement->values->values[i - 1];
      const MessageName *name = &statement->names->names[value->field];

      log_msg_set_value_with_type(msg, name->name.handle, value->start, value->length, _get_type(name->type, value));
    }
  nv_table_unref(payload);
}

/* Whether a message can refer to the value instead of having it twice. */
static inline gboolean
_is_in_source(const LineValue *value, const MessageSource *source)
{
  return value->length && value->start >= source->start && value->start + value->length <= source->end;
}

/*****************************************************************************
 * Blocks
 *****************************************************************************/

static inline NVEntry *
_get_entry(const BlockEntry *self, gchar *bottom)
{
  return (NVEntry *) (bottom + self->ofs);
}

static inline gboolean
_update_reference(const BlockEntry *self, gchar *copy, const LineValue *value, const MessageSource *source)
{
  if (!_is_in_source(value, source))
    return FALSE;
  compat_nv_entry_refer_to(
    _get_entry(self, copy), value->start - source->start, value->length, _get_type(self->type, value));
  return TRUE;
}

static gboolean
_update_value(const BlockEntry *self, NVTable *table, gchar *copy, const LineValue *value, const MessageSource *source)
{
  if (self->ofs == NO_ENTRY || (self->constant && self->constant == value->start)
      || compat_nv_entry_has(_get_entry(self, nv_table_get_bottom(table)), value->start, value->length))
    return TRUE;
  return !_is_in_source(value, source)
         && compat_nv_entry_update(_get_entry(self, copy), value->start, value->length, _get_type(self->type, value));
}

/* FALSE: the values are of other fields than the block's, or need more room. */
static gboolean
_update_copy(const Block *self, gchar *copy, const Statement *statement)
{
  const LineValue *value = statement->values->values, *end = value + statement->values->count;
  MessageSource source = statement->source;

  for (const BlockEntry *entry = self->entries; value < end; entry++, value++)
    {
      if (entry->field != value->field)
        return FALSE;
      if (!(entry->is_reference ? _update_reference(entry, copy, value, &source)
                                : _update_value(entry, self->table, copy, value, &source)))
        return FALSE;
    }
  return TRUE;
}

static gboolean
_append_entry(NVTable *table, const MessageName *name, const LineValue *value, const MessageSource *source)
{
  LogMessageValueType type = _get_type(name->type, value);

  if (!_is_in_source(value, source))
    return compat_nv_table_append(table, &name->name, value->start, value->length, type);

  NVReferencedSlice slice = {
    .handle = source->handle,
    .ofs = value->start - source->start,
    .len = value->length,
  };
  return compat_nv_table_append_indirect(table, &name->name, &slice, type);
}

/* Sorted by rank; of two values with the same one the first. */
static guint
_sort(const Statement *statement, guint16 *order)
{
  const LineValues *values = statement->values;
  guint count = 0;

  for (guint i = 0; i < values->count; i++)
    {
#define RANK(value) statement->names->names[values->values[value].field].rank
      guint slot = count;

      while (slot > 0 && RANK(order[slot - 1]) > RANK(i))
        slot--;
      if (slot > 0 && RANK(order[slot - 1]) == RANK(i))
        continue;
      memmove(&order[slot + 1], &order[slot], (count - slot) * sizeof(*order));
      order[slot] = i;
      count++;
#undef RANK
    }
  return count;
}

static void
_compose_block(Block *self, const Statement *statement)
{
  const LineValues *values = statement->values;
  guint16 order[LINE_VALUES_MAX];
  guint count = _sort(statement, order);

  compat_nv_table_clear(self->table);
  for (guint i = 0; i < count; i++)
    {
      const LineValue *value = &values->values[order[i]];

      while (!_append_entry(self->table, &statement->names->names[value->field], value, &statement->source))
        nv_table_realloc(self->table, &self->table);
    }

  self->names_id = statement->names->id;
  self->source = statement->source.handle;
  self->count = values->count;
  for (guint i = 0; i < values->count; i++)
    self->entries[i] = (BlockEntry){
      .field = values->values[i].field,
      .type = statement->names->names[values->values[i].field].type,
      .ofs = NO_ENTRY,
      .constant = values->values[i].is_constant ? values->values[i].start : NULL,
    };
  for (guint i = 0; i < count; i++)
    {
      BlockEntry *entry = &self->entries[order[i]];
      NVEntry *value = compat_nv_table_get_nth(self->table, i);

      entry->ofs = (gchar *) value - nv_table_get_bottom(self->table);
      entry->is_reference = value->indirect;
    }
}

/* Whether it was composed of values that may have been the same. */
static gboolean
_is_similar(const Block *self, const Statement *statement)
{
  return self->names_id == statement->names->id && self->count == statement->values->count
         && self->source == statement->source.handle;
}

typedef struct _Blocks
{
  Block *blocks[BLOCKS];
} Blocks;

static void
_blocks_free(gpointer s)
{
  Blocks *self = (Blocks *) s;

  for (guint i = 0; i < BLOCKS; i++)
    if (self->blocks[i])
      {
        nv_table_unref(self->blocks[i]->table);
        g_free(self->blocks[i]);
      }
  g_free(self);
}

/* The one of this thread that the line may have been composed in before. */
static Block *
_get_block(const Statement *statement)
{
  static GPrivate of_thread = G_PRIVATE_INIT(_blocks_free);
  Blocks *self = g_private_get(&of_thread);
  /* lines of the same names differ by one that is there or not */
  Block **block;

  if (!self)
    {
      self = g_new0(Blocks, 1);
      g_private_set(&of_thread, self);
    }
  block = &self->blocks[(statement->names->id + statement->values->count) % BLOCKS];
  if (!*block)
    {
      *block = g_new0(Block, 1);
      (*block)->table = nv_table_new(0, USUAL_COUNT, USUAL_SIZE);
    }
  return *block;
}

/*****************************************************************************
 * Messages
 *****************************************************************************/

static gboolean
_set_at_once(LogMessage *msg, Statement *statement)
{
  Block *block;
  gboolean is_similar;
  gchar *copy;

  if (!statement->names->fit_into_block)
    return FALSE;
  block = _get_block(statement);
  if (statement->source.handle && !compat_log_msg_refer_to(msg, statement->source.handle, block->table->used))
    statement->source = (MessageSource){ .handle = LM_V_NONE };
  is_similar = _is_similar(block, statement);
  if (!is_similar)
    _compose_block(block, statement);
  copy = compat_log_msg_copy_block(msg, block->table);
  if (copy && is_similar && !_update_copy(block, copy, statement))
    {
      _compose_block(block, statement);
      copy = compat_log_msg_copy_block(msg, block->table);
    }
  if (copy)
    compat_log_msg_commit_block(msg, block->table);
  return copy != NULL;
}

void
message_values_set(LogMessage *msg, const MessageNames *names, const LineValues *values, const MessageSource *source)
{
  Statement statement = { .names = names, .values = values, .source = *source };

  if (!_set_at_once(msg, &statement))
    _set_one_by_one(msg, &statement);
}
