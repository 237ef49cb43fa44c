/*
 * Copyright (c) 2026 The syslog-ng-haproxy developers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * As an additional exemption you are allowed to compile & link against the
 * OpenSSL libraries as published by the OpenSSL project. See the file
 * COPYING for details.
 */

#ifndef COMPAT_LOGPROTO_OPTIONS_H_INCLUDED
#define COMPAT_LOGPROTO_OPTIONS_H_INCLUDED

#include "compat-transport.h"

/**
 * compat_log_proto_options_copy() - the options as they are now, for protocols that outlive a reload
 * @options: initialized
 *
 * The buffers of a protocol are made for the options that it began with, and
 * libsyslog-ng does not notice where it is given others. Returns a reference.
 */
const CompatLogProtoServerOptions *compat_log_proto_options_copy(const CompatLogProtoServerOptions *options);

/* encoding(), or NULL */
const gchar *compat_log_proto_options_get_encoding(const CompatLogProtoServerOptions *self);

/* These two in any thread. */
const CompatLogProtoServerOptions *compat_log_proto_options_ref(const CompatLogProtoServerOptions *self);
/* @self: may be NULL */
void compat_log_proto_options_unref(const CompatLogProtoServerOptions *self);

#endif
