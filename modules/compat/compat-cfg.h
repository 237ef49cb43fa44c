/*
 * Copyright (c) 2026 The syslog-ng-haproxy developers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * As an additional exemption you are allowed to compile & link against the
 * OpenSSL libraries as published by the OpenSSL project. See the file
 * COPYING for details.
 */

#ifndef COMPAT_CFG_H_INCLUDED
#define COMPAT_CFG_H_INCLUDED

#include "cfg.h"

/**
 * compat_cfg_persist_config_add() - keep something over a reload
 * @value: taken over; @destroy is called with it where no configuration fetches it
 */
void compat_cfg_persist_config_add(GlobalConfig *cfg, const gchar *name, gpointer value, GDestroyNotify destroy);

#endif
