/*
 * Copyright (c) 2026 The syslog-ng-haproxy developers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * As an additional exemption you are allowed to compile & link against the
 * OpenSSL libraries as published by the OpenSSL project. See the file
 * COPYING for details.
 */

#ifndef DRIVER_TAGS_H_INCLUDED
#define DRIVER_TAGS_H_INCLUDED

#include "driver.h"
#include "messages.h"

/* Which driver, and where it stands in the configuration: for every log line of ours. @driver: a LogDriver */
#define DRIVER_TAGS(driver) evt_tag_str("driver", (driver)->id), log_pipe_location_tag(&(driver)->super)

#endif
