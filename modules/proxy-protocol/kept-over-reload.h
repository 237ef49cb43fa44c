/*
 * Copyright (c) 2026 The syslog-ng-haproxy developers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * As an additional exemption you are allowed to compile & link against the
 * OpenSSL libraries as published by the OpenSSL project. See the file
 * COPYING for details.
 */

#ifndef KEPT_OVER_RELOAD_H_INCLUDED
#define KEPT_OVER_RELOAD_H_INCLUDED

#include "driver.h"

/**
 * kept_over_reload_put() - keep something for the driver of the same name after a reload
 * @driver: one that is being stopped, or cannot be started
 * @what: tells the things that a driver keeps apart
 * @value: taken over; freed with @free_value when no driver has asked for it, or there is no reload
 */
void kept_over_reload_put(LogDriver *driver, const gchar *what, gpointer value, GDestroyNotify free_value);

/**
 * kept_over_reload_take() - what was kept, for the caller to own, or NULL
 */
gpointer kept_over_reload_take(LogDriver *driver, const gchar *what);

#endif
