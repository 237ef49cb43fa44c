/*
 * Copyright (c) 2026 The syslog-ng-haproxy developers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * As an additional exemption you are allowed to compile & link against the
 * OpenSSL libraries as published by the OpenSSL project. See the file
 * COPYING for details.
 */

#ifndef COMPAT_NVTABLE_H_INCLUDED
#define COMPAT_NVTABLE_H_INCLUDED

#include "logmsg/logmsg.h"

#include <string.h>

/* The name of a value, looked up once. */
typedef struct _CompatNVName
{
  NVHandle handle;
  guint32 length;
  const gchar *name;
} CompatNVName;

/**
 * compat_fits_into_block() - whether values of this name can be put into messages by the block
 *
 * Static values have their own places in messages, and of structured data a message keeps a list besides.
 */
static inline gboolean
compat_fits_into_block(NVHandle handle)
{
  return handle > LM_V_MAX && !log_msg_is_handle_sdata(handle);
}

/**
 * compat_log_msg_add_block() - give a message all name-value pairs of a table at once
 * @msg: a message that may be written to
 * @block: values whose handles compat_fits_into_block() has accepted
 *
 * The message's table grows at most once, and the block is copied as it is:
 * much cheaper than log_msg_set_value() for each pair. Returns FALSE, and has
 * changed nothing, where the message has one of the values already.
 *
 * What the table grows by is missing in the counter msg_allocated_bytes, to which
 * libsyslog-ng alone can add.
 *
 * Relies on the memory layout that logmsg/nvtable.h describes; the same from
 * syslog-ng 3.38 on.
 */
gboolean compat_log_msg_add_block(LogMessage *msg, NVTable *block);

/**
 * compat_log_msg_copy_block() - the first half of compat_log_msg_add_block()
 * @block: not empty
 *
 * Returns the copy of the block's bottom, where values may yet be changed; NULL for FALSE.
 * The message has nothing of it until compat_log_msg_commit_block().
 */
gchar *compat_log_msg_copy_block(LogMessage *msg, NVTable *block);

/* The second half: nothing else was done to the message since the first one. */
void compat_log_msg_commit_block(LogMessage *msg, NVTable *block);

/**
 * compat_log_msg_refer_to() - announce that values will refer to this one
 * @msg: a message that may be written to
 * @space: what those values will need, roughly
 *
 * Returns FALSE where they cannot: it is not there, or refers to another one itself.
 */
gboolean compat_log_msg_refer_to(LogMessage *msg, NVHandle handle, gsize space);

/**
 * compat_nv_table_clear() - remove all dynamic values, keep the memory
 * @table: without static entries
 */
void compat_nv_table_clear(NVTable *table);

/* The entries of dynamic values, sorted by handle. */
static inline NVIndexEntry *
compat_nv_table_get_index(NVTable *self)
{
  return (NVIndexEntry *) &self->static_entries[self->num_static_entries];
}

/* The bottom of the table is where the next entry goes, and its handle is the highest. */
static inline NVEntry *
_compat_nv_table_append_entry(NVTable *self, NVHandle handle, gsize size, NVType type)
{
  NVEntry *entry;

  size = NV_TABLE_BOUND(size);
  if (!nv_table_alloc_check(self, size + sizeof(NVIndexEntry)))
    return NULL;
  self->used += size;
  compat_nv_table_get_index(self)[self->index_size++] = (NVIndexEntry){ .handle = handle, .ofs = self->used };
  entry = (NVEntry *) nv_table_get_bottom(self);
  memset(entry, 0, G_STRUCT_OFFSET(NVEntry, vdirect));
  entry->type_present = TRUE;
  entry->type = type;
  entry->alloc_len = size;
  return entry;
}

/**
 * compat_nv_table_append() - add a value to a block
 * @name: its handle is higher than all that are there
 *
 * Returns FALSE where there is no room: nv_table_realloc() it.
 */
static inline gboolean
compat_nv_table_append(NVTable *self, const CompatNVName *name, const gchar *value, gsize length, NVType type)
{
  NVEntry *entry = _compat_nv_table_append_entry(self, name->handle, NV_ENTRY_DIRECT_SIZE(name->length, length), type);
  gchar *data;

  if (!entry)
    return FALSE;
  entry->name_len = name->length;
  entry->vdirect.value_len = length;
  data = entry->vdirect.data;
  memcpy(data, name->name, name->length + 1);
  memcpy(data + name->length + 1, value, length);
  data[name->length + 1 + length] = 0;
  return TRUE;
}

/**
 * compat_nv_table_append_indirect() - as compat_nv_table_append(), with a part of another value of the message
 * @slice: of a value that compat_log_msg_refer_to() accepted
 */
static inline gboolean
compat_nv_table_append_indirect(NVTable *self, const CompatNVName *name, const NVReferencedSlice *slice, NVType type)
{
  NVEntry *entry = _compat_nv_table_append_entry(self, name->handle, NV_ENTRY_INDIRECT_SIZE(name->length), type);

  if (!entry)
    return FALSE;
  entry->indirect = TRUE;
  entry->name_len = name->length;
  entry->vindirect.handle = slice->handle;
  entry->vindirect.ofs = slice->ofs;
  entry->vindirect.len = slice->len;
  entry->vindirect.__deprecated_type_field = 0;
  memcpy(entry->vindirect.name, name->name, name->length + 1);
  return TRUE;
}

/* The entry of the dynamic value with the (@n + 1)th lowest handle. */
static inline NVEntry *
compat_nv_table_get_nth(NVTable *self, guint n)
{
  return (NVEntry *) (nv_table_get_top(self) - compat_nv_table_get_index(self)[n].ofs);
}

/* Whether this is the value of an entry that is not indirect. */
static inline gboolean
compat_nv_entry_has(const NVEntry *self, const gchar *value, gsize length)
{
  return self->vdirect.value_len == length && memcmp(self->vdirect.data + self->name_len + 1, value, length) == 0;
}

/* Put another value into an entry that is not indirect; FALSE: it has not so much room. */
static inline gboolean
compat_nv_entry_update(NVEntry *self, const gchar *value, gsize length, NVType type)
{
  gchar *data = self->vdirect.data + self->name_len + 1;

  if (NV_ENTRY_DIRECT_SIZE(self->name_len, length) > self->alloc_len)
    return FALSE;
  memcpy(data, value, length);
  data[length] = 0;
  self->vdirect.value_len = length;
  self->type = type;
  return TRUE;
}

/* Let an entry that is indirect refer to another part of the same value. */
static inline void
compat_nv_entry_refer_to(NVEntry *self, guint32 ofs, guint32 length, NVType type)
{
  self->vindirect.ofs = ofs;
  self->type = type;
  self->vindirect.len = length;
}

#endif
