/*
 * Copyright (c) 2026 The syslog-ng-haproxy developers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * As an additional exemption you are allowed to compile & link against the
 * OpenSSL libraries as published by the OpenSSL project. See the file
 * COPYING for details.
 */

#ifndef CLIENT_ADDRESS_H_INCLUDED
#define CLIENT_ADDRESS_H_INCLUDED

#include "proxy-header.h"

#include "gsockaddr.h"

/**
 * client_address_new() - whose connection, or datagram, is it?
 * @header: NULL if there is none
 * @peer_addr: who has sent it
 *
 * Returns a reference: the source in the header or, where that is no IP address,
 * @peer_addr. A path of AF_UNIX is no source of syslog-ng's.
 */
GSockAddr *client_address_new(const ProxyHeader *header, GSockAddr *peer_addr);

#endif
