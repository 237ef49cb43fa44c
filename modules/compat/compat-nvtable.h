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

/**
 * compat_log_msg_add_block() - give a message all name-value pairs of a table at once
 * @msg: a message that nobody else refers to yet
 * @block: dynamic values only, none of which the message has; either all of
 *   them are structured data or none is
 *
 * The message's table grows at most once, and the block is copied as it is:
 * much cheaper than log_msg_set_value() for each pair. Returns FALSE, and has
 * done nothing, where that is not possible: for structured data, and where
 * handles of the message lie between those of the block.
 *
 * What the table grows by is missing in the counter msg_allocated_bytes, to which
 * libsyslog-ng alone can add.
 *
 * Relies on the memory layout that logmsg/nvtable.h describes; the same from
 * syslog-ng 3.38 on.
 */
gboolean compat_log_msg_add_block(LogMessage *msg, NVTable *block);

/**
 * compat_nv_table_clear() - remove all dynamic values, keep the memory
 * @table: without static entries
 */
void compat_nv_table_clear(NVTable *table);

#endif
