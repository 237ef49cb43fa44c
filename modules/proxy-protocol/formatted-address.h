/*
 * Copyright (c) 2026 The syslog-ng-haproxy developers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * As an additional exemption you are allowed to compile & link against the
 * OpenSSL libraries as published by the OpenSSL project. See the file
 * COPYING for details.
 */

#ifndef FORMATTED_ADDRESS_H_INCLUDED
#define FORMATTED_ADDRESS_H_INCLUDED

#include "gsockaddr.h"

/*
 * An IP address that knows its text.  LogSource asks the address of each message
 * for its text when names are not looked up, and inet_ntop() is slow.
 *
 * It is for LogReader alone: what libsyslog-ng does to addresses by their kind
 * (filters, macros, freeing the last reference) it cannot do to this one, so
 * messages get the address itself before they leave the source.
 */

/**
 * formatted_address_new() - give an address its text
 * @address: IPv4 or IPv6; copied
 *
 * To be freed with g_free(), when nobody refers to it any more.
 */
GSockAddr *formatted_address_new(GSockAddr *address);

#endif
