/*
 * Copyright (c) 2026 The syslog-ng-haproxy developers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * As an additional exemption you are allowed to compile & link against the
 * OpenSSL libraries as published by the OpenSSL project. See the file
 * COPYING for details.
 */

#include "compat-nvtable.h"

#include <string.h>

#define NO_GAP G_MAXSIZE

/* Where the block's handles come among a message's. Mostly nothing is between them, since they are made in one go. */
static inline gsize
_find_gap(NVTable *table, NVTable *block)
{
  NVIndexEntry *entries = compat_nv_table_get_index(table), *others = compat_nv_table_get_index(block);
  gsize gap = table->index_size;

  while (gap && entries[gap - 1].handle >= others[0].handle)
    gap--;
  if (gap == table->index_size || entries[gap].handle > others[block->index_size - 1].handle)
    return gap;
  return NO_GAP;
}

/* Whether a message has none of the handles of the block. */
static gboolean
_is_disjoint(NVTable *table, NVTable *block)
{
  NVIndexEntry *entries = compat_nv_table_get_index(table), *end = entries + table->index_size;
  NVIndexEntry *others = compat_nv_table_get_index(block), *others_end = others + block->index_size;

  if (_find_gap(table, block) != NO_GAP)
    return TRUE;
  while (entries < end && others < others_end)
    {
      if (entries->handle == others->handle)
        return FALSE;
      if (entries->handle < others->handle)
        entries++;
      else
        others++;
    }
  return TRUE;
}

/* As nv_table_realloc(), by exactly what is needed. */
static NVTable *
_grow(NVTable *table, gsize space)
{
  gsize size = NV_TABLE_BOUND(table->size + space);
  NVTable *grown = g_malloc(size);

  memcpy(grown, table, nv_table_get_ofs_table_top(table) - (gchar *) table);
  grown->size = size;
  grown->ref_cnt = 1;
  grown->borrowed = FALSE;
  memcpy(nv_table_get_bottom(grown), nv_table_get_bottom(table), table->used);
  nv_table_unref(table);
  return grown;
}

/* An entry of the block in the table: offsets count from the end, and the block comes in front of what is there. */
static inline NVIndexEntry
_shift(const NVIndexEntry *other, guint32 used)
{
  return (NVIndexEntry){ .handle = other->handle, .ofs = other->ofs + used };
}

/* Both indexes are sorted by handle: merged from their ends, in place. */
static void
_merge_index(NVTable *table, NVTable *block)
{
  NVIndexEntry *entries = compat_nv_table_get_index(table), *others = compat_nv_table_get_index(block);
  gsize left = table->index_size, count = block->index_size;

  for (; count; count--)
    {
      for (; left && entries[left - 1].handle > others[count - 1].handle; left--)
        entries[left + count - 1] = entries[left - 1];
      entries[left + count - 1] = _shift(&others[count - 1], table->used);
    }
}

static void
_add_index(NVTable *table, NVTable *block)
{
  NVIndexEntry *entries = compat_nv_table_get_index(table), *others = compat_nv_table_get_index(block);
  gsize gap = _find_gap(table, block), count = block->index_size;

  if (gap == NO_GAP)
    {
      _merge_index(table, block);
      return;
    }
  memmove(&entries[gap + count], &entries[gap], (table->index_size - gap) * sizeof(*entries));
  for (gsize i = 0; i < count; i++)
    entries[gap + i] = _shift(&others[i], table->used);
}

/* A message that was cloned shares its values with the original. */
static void
_own_payload(LogMessage *msg, gsize space)
{
  if (msg->flags & LF_STATE_OWN_PAYLOAD)
    return;
  msg->payload = nv_table_clone(msg->payload, space);
  msg->flags |= LF_STATE_OWN_PAYLOAD;
}

/* as log_msg_set_value() does */
static void
_note_change(LogMessage *msg)
{
#if HAVE_STRUCT__LOGMESSAGE_GENERATION
  msg->generation++;
#else
  (void) msg;
#endif
}

gchar *
compat_log_msg_copy_block(LogMessage *msg, NVTable *block)
{
  gsize space = block->used + block->index_size * sizeof(NVIndexEntry);

  if (!_is_disjoint(msg->payload, block) || msg->payload->size + space > NV_TABLE_MAX_BYTES)
    return NULL;
  _own_payload(msg, space);
  if (!nv_table_alloc_check(msg->payload, space))
    msg->payload = _grow(msg->payload, space);
  return memcpy(nv_table_get_bottom(msg->payload) - block->used, nv_table_get_bottom(block), block->used);
}

void
compat_log_msg_commit_block(LogMessage *msg, NVTable *block)
{
  _add_index(msg->payload, block);
  msg->payload->index_size += block->index_size;
  msg->payload->used += block->used;
  _note_change(msg);
}

gboolean
compat_log_msg_add_block(LogMessage *msg, NVTable *block)
{
  if (!block->index_size)
    return TRUE;
  if (!compat_log_msg_copy_block(msg, block))
    return FALSE;
  compat_log_msg_commit_block(msg, block);
  return TRUE;
}

gboolean
compat_log_msg_refer_to(LogMessage *msg, NVHandle handle, gsize space)
{
  NVEntry *entry;

  _own_payload(msg, space);
  entry = nv_table_get_entry(msg->payload, handle, NULL, NULL);
  if (!entry || entry->indirect || entry->unset)
    return FALSE;
  entry->referenced = TRUE;
  return TRUE;
}

void
compat_nv_table_clear(NVTable *table)
{
  table->index_size = 0;
  table->used = 0;
}
