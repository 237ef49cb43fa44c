/*
 * Copyright (c) 2026 The syslog-ng-haproxy developers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * As an additional exemption you are allowed to compile & link against the
 * OpenSSL libraries as published by the OpenSSL project. See the file
 * COPYING for details.
 */

#include "datagram-socket.h"

#include "bind-address.h"
#include "gsocket.h"
#include "proxy-header.h"

#include <errno.h>
#include <string.h>

/* with one system call; what is not wanted yet waits in here */
#define DATAGRAMS_AT_A_TIME 16
/* no datagram of UDP is longer; the kernel gives memory only to what is written to */
#define DATAGRAM_MAX 65536

typedef union _ControlBuffer
{
  struct cmsghdr alignment;
  gchar bytes[CMSG_SPACE(sizeof(struct in6_pktinfo)) + CMSG_SPACE(sizeof(struct in_pktinfo))];
} ControlBuffer;

struct _DatagramSocket
{
  gint fd;
  GSockAddr *bind_addr;
  /* the kernel says of each datagram where it was sent to */
  gboolean has_local_addrs;
  GSockAddr *last_local_addr;

  gint next;
  gint count;
  struct mmsghdr headers[DATAGRAMS_AT_A_TIME];
  struct iovec iovs[DATAGRAMS_AT_A_TIME];
  ProxyAddress peers[DATAGRAMS_AT_A_TIME];
  ControlBuffer controls[DATAGRAMS_AT_A_TIME];
  guchar *buffer;
};

/*****************************************************************************
 * Reading
 *****************************************************************************/

/* The kernel has written lengths over those of the buffers. */
static void
_empty_header(DatagramSocket *self, gint i)
{
  self->headers[i].msg_hdr = (struct msghdr){
    .msg_name = &self->peers[i],
    .msg_namelen = sizeof(self->peers[i]),
    .msg_iov = &self->iovs[i],
    .msg_iovlen = 1,
    .msg_control = self->has_local_addrs ? &self->controls[i] : NULL,
    .msg_controllen = self->has_local_addrs ? sizeof(self->controls[i]) : 0,
  };
}

static gboolean
_read_ahead(DatagramSocket *self)
{
  for (gint i = 0; i < self->count; i++)
    _empty_header(self, i);
  self->next = 0;
  do
    self->count = recvmmsg(self->fd, self->headers, DATAGRAMS_AT_A_TIME, MSG_DONTWAIT, NULL);
  while (self->count < 0 && errno == EINTR);
  self->count = MAX(self->count, 0);
  return self->count > 0;
}

gboolean
datagram_socket_has_read_ahead(const DatagramSocket *self)
{
  return self->next < self->count;
}

gboolean
datagram_socket_read(DatagramSocket *self, Datagram *datagram)
{
  if (!datagram_socket_has_read_ahead(self) && !_read_ahead(self))
    return FALSE;

  const struct mmsghdr *header = &self->headers[self->next++];
  *datagram = (Datagram){
    .bytes = header->msg_hdr.msg_iov->iov_base,
    .length = header->msg_len,
    .peer = header->msg_hdr.msg_name,
    .peer_length = header->msg_hdr.msg_namelen,
    .header = &header->msg_hdr,
  };
  return TRUE;
}

/*****************************************************************************
 * Local addresses
 *****************************************************************************/

static gboolean
_find_local_address(const struct msghdr *header, ProxyAddress *address)
{
  for (struct cmsghdr *c = CMSG_FIRSTHDR(header); c; c = CMSG_NXTHDR((struct msghdr *) header, c))
    {
      if (c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_PKTINFO)
        address->in.sin_addr = ((const struct in_pktinfo *) CMSG_DATA(c))->ipi_addr;
      else if (c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == IPV6_PKTINFO)
        address->in6.sin6_addr = ((const struct in6_pktinfo *) CMSG_DATA(c))->ipi6_addr;
      else
        continue;
      return TRUE;
    }
  return FALSE;
}

/* Most datagrams are sent to the same one. */
GSockAddr *
datagram_socket_get_local_addr(DatagramSocket *self, const Datagram *datagram)
{
  ProxyAddress address;

  memcpy(&address, &self->bind_addr->sa, self->bind_addr->salen);
  if (!self->has_local_addrs || !_find_local_address(datagram->header, &address))
    return g_sockaddr_ref(self->bind_addr);

  if (memcmp(&address, &self->last_local_addr->sa, self->last_local_addr->salen) != 0)
    {
      g_sockaddr_unref(self->last_local_addr);
      self->last_local_addr = g_sockaddr_new(&address.sa, self->bind_addr->salen);
    }
  return g_sockaddr_ref(self->last_local_addr);
}

static gboolean
_ask_for_local_addrs(DatagramSocket *self)
{
  gint yes = 1;

  if (self->bind_addr->sa.sa_family == AF_INET)
    return setsockopt(self->fd, IPPROTO_IP, IP_PKTINFO, &yes, sizeof(yes)) == 0;
  return setsockopt(self->fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, &yes, sizeof(yes)) == 0;
}

DatagramSocket *
datagram_socket_new(gint fd)
{
  DatagramSocket *self = g_new0(DatagramSocket, 1);

  self->fd = fd;
  self->bind_addr = g_socket_get_local_name(fd);
  self->has_local_addrs = bind_address_is_any(self->bind_addr) && _ask_for_local_addrs(self);
  self->last_local_addr = g_sockaddr_ref(self->bind_addr);
  self->buffer = g_malloc(DATAGRAMS_AT_A_TIME * DATAGRAM_MAX);
  for (gint i = 0; i < DATAGRAMS_AT_A_TIME; i++)
    {
      self->iovs[i] = (struct iovec){ .iov_base = self->buffer + i * DATAGRAM_MAX, .iov_len = DATAGRAM_MAX };
      _empty_header(self, i);
    }
  return self;
}

void
datagram_socket_free(DatagramSocket *self)
{
  g_sockaddr_unref(self->bind_addr);
  g_sockaddr_unref(self->last_local_addr);
  g_free(self->buffer);
  g_free(self);
}
