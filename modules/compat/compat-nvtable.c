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

static NVIndexEntry *
_index(NVTable *table)
{
  return (NVIndexEntry *) &table->static_entries[table->num_static_entries];
}

/* Where in the index the handles of the block belong; FALSE if they do not belong in one place. */
static gboolean
_find_slot(NVTable *table, NVTable *block, guint *slot)
{
  NVIndexEntry *entries = _index(table);
  NVHandle first = _index(block)[0].handle;
  NVHandle last = _index(block)[block->index_size - 1].handle;
  guint end = table->index_size;

  while (end > 0 && entries[end - 1].handle > last)
    end--;
  *slot = end;
  return end == 0 || entries[end - 1].handle < first;
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

static void
_insert(NVTable *table, NVTable *block, guint slot)
{
  NVIndexEntry *entries = _index(table) + slot;

  memmove(entries + block->index_size, entries, (table->index_size - slot) * sizeof(NVIndexEntry));
  for (guint i = 0; i < block->index_size; i++)
    {
      entries[i] = _index(block)[i];
      /* offsets count from the end of the table, and the block comes in front of what is there */
      entries[i].ofs += table->used;
    }
  table->index_size += block->index_size;
  table->used += block->used;
  memcpy(nv_table_get_bottom(table), nv_table_get_bottom(block), block->used);
}

gboolean
compat_log_msg_add_block(LogMessage *msg, NVTable *block)
{
  gsize space = block->used + block->index_size * sizeof(NVIndexEntry);
  guint slot;

  if (!(msg->flags & LF_STATE_OWN_PAYLOAD) || !_find_slot(msg->payload, block, &slot))
    return FALSE;
  /* of structured data a message keeps a list besides */
  if (log_msg_is_handle_sdata(_index(block)[0].handle))
    return FALSE;
  if (msg->payload->size + space > NV_TABLE_MAX_BYTES)
    return FALSE;
  if (!nv_table_alloc_check(msg->payload, space))
    msg->payload = _grow(msg->payload, space);
  _insert(msg->payload, block, slot);
  return TRUE;
}

void
compat_nv_table_clear(NVTable *table)
{
  table->index_size = 0;
  table->used = 0;
}
