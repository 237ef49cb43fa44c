/*
 * Copyright (c) 2026 The syslog-ng-haproxy developers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * As an additional exemption you are allowed to compile & link against the
 * OpenSSL libraries as published by the OpenSSL project. See the file
 * COPYING for details.
 */

#ifndef DATAGRAM_SOCKET_H_INCLUDED
#define DATAGRAM_SOCKET_H_INCLUDED

#include "gsockaddr.h"

typedef struct _Datagram
{
  const guchar *bytes;
  gsize length;
  /* who has sent it: AF_INET or AF_INET6 */
  struct sockaddr *peer;
  gsize peer_length;
  /*< private >*/
  const struct msghdr *header;
} Datagram;

/* Reads the datagrams of a UDP socket, several of them in one system call. */
typedef struct _DatagramSocket DatagramSocket;

/**
 * datagram_socket_new()
 * @fd: non-blocking and bound; not taken over
 */
DatagramSocket *datagram_socket_new(gint fd);
void datagram_socket_free(DatagramSocket *self);

/**
 * datagram_socket_read() - the next one
 * @datagram: filled in; its bytes and its peer are there until the next call
 *
 * Never blocks. Returns FALSE where there is none, and errno says why.
 */
gboolean datagram_socket_read(DatagramSocket *self, Datagram *datagram);

/**
 * datagram_socket_has_read_ahead() - would datagram_socket_read() give one without a system call?
 */
gboolean datagram_socket_has_read_ahead(const DatagramSocket *self);

/**
 * datagram_socket_get_local_addr() - the address that it was sent to
 * @datagram: the last one that was read
 *
 * Returns a reference.
 */
GSockAddr *datagram_socket_get_local_addr(DatagramSocket *self, const Datagram *datagram);

#endif
