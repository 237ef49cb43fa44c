/*
 * Copyright (c) 2026 The syslog-ng-haproxy developers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * As an additional exemption you are allowed to compile & link against the
 * OpenSSL libraries as published by the OpenSSL project. See the file
 * COPYING for details.
 */

#ifndef TERMINATION_STATE_H_INCLUDED
#define TERMINATION_STATE_H_INCLUDED

#include <glib.h>

/**
 * termination_state_get_cause() - the first character of a termination state in words
 *
 * From HAProxy's manual, section 8.5. NULL for a character that it does not describe.
 */
const gchar *termination_state_get_cause(gchar c);

/* The same of the second character: when in its life the session ended. */
const gchar *termination_state_get_phase(gchar c);

#endif
