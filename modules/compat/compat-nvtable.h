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

/* The name of a value, looked up once. */
typedef struct _CompatNVName
{
  NVHandle handle;
  guint32 length;
  const gchar *name;
} CompatNVName;

/**
 * compat_log_msg_add_block() - give a message all name-value pairs of a table at once
 * @msg: a message that may be written to
 * @block: dynamic values only; either all of them are structured data or none is
 *
 * The message's table grows at most once, and the block is copied as it is:
 * much cheaper than log_msg_set_value() for each pair. Returns FALSE, and has
 * done nothing, where that is not possible: for structured data, and where the
 * message has one of the values already.
 *
 * What the table grows by is missing in the counter msg_allocated_bytes, to which
 * libsyslog-ng alone can add.
 *
 * Relies on the memory layout that logmsg/nvtable.h describes; the same from
 * syslog-ng 3.38 on.
 */
gboolean compat_log_msg_add_block(LogMessage *msg, NVTable *block);

/**
 * compat_nv_table_append() - add a value to a block
 * @name: its handle is higher than all that are there
 *
 * Returns FALSE where there is no room: nv_table_realloc() it.
 */
gboolean compat_nv_table_append(NVTable *self, const CompatNVName *name, const gchar *value, gsize length, NVType type);

/**
 * compat_nv_table_append_indirect() - as compat_nv_table_append(), with a part of another value of the message
 * @slice: of a value that compat_log_msg_refer_to() accepted
 */
gboolean compat_nv_table_append_indirect(NVTable *self, const CompatNVName *name, const NVReferencedSlice *slice,
                                         NVType type);

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

#endif
