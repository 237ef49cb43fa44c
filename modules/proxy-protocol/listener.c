/*
 * Copyright (c) 2026 The syslog-ng-haproxy developers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * As an additional exemption you are allowed to compile & link against the
 * OpenSSL libraries as published by the OpenSSL project. See the file
 * COPYING for details.
 */

#include "listener.h"

#include "driver-tags.h"
#include "socket-error.h"

#include "gprocess.h"
#include "gsocket.h"
#include "host-resolve.h"

#include <errno.h>
#include <netdb.h>
#include <unistd.h>

#define DEFAULT_PORT 514
#define DEFAULT_BACKLOG 255

void
listener_options_defaults(ListenerOptions *self)
{
  self->ip = NULL;
  self->port = NULL;
  self->address_family = AF_INET;
  self->socket_type = SOCK_STREAM;
  self->backlog = DEFAULT_BACKLOG;
  socket_options_defaults(&self->socket);
}

void
listener_options_destroy(ListenerOptions *self)
{
  g_free(self->ip);
  g_free(self->port);
  socket_options_destroy(&self->socket);
}

static gboolean
_is_stream(const ListenerOptions *self)
{
  return self->socket_type == SOCK_STREAM;
}

static gboolean
_lookup_port(const ListenerOptions *self, guint16 *port)
{
  guint64 number;

  if (g_ascii_string_to_unsigned(self->port, 10, 0, G_MAXUINT16, &number, NULL))
    {
      *port = number;
      return TRUE;
    }

  struct servent *entry = getservbyname(self->port, _is_stream(self) ? "tcp" : "udp");
  if (entry)
    *port = ntohs(entry->s_port);
  return entry != NULL;
}

gboolean
listener_options_validate(const ListenerOptions *self, GError **error)
{
  guint16 port;

  if (!self->port || _lookup_port(self, &port))
    return TRUE;
  g_set_error(error,
              g_quark_from_static_string("listener"),
              0,
              "port() takes a number from 0 to 65535 or the name of a %s service in /etc/services, not \"%s\"",
              _is_stream(self) ? "TCP" : "UDP",
              self->port);
  return FALSE;
}

GSockAddr *
listener_resolve_address(const ListenerOptions *self, LogDriver *driver)
{
  GSockAddr *address = NULL;
  guint16 port = DEFAULT_PORT;

  if (self->port)
    _lookup_port(self, &port);
  if (!resolve_hostname_to_sockaddr(&address, self->address_family, self->ip))
    {
      msg_error("ip() is not an address of this ip-protocol(), and no host name that resolves to one",
                evt_tag_str("ip", self->ip),
                evt_tag_int("ip_protocol", self->address_family == AF_INET ? 4 : 6),
                DRIVER_TAGS(driver));
      return NULL;
    }
  g_sockaddr_set_port(address, port);
  return address;
}

static gboolean
_privileged_bind(gint fd, GSockAddr *address)
{
  cap_t saved_caps = g_process_cap_save();

  g_process_enable_cap("cap_net_bind_service");
  gboolean success = g_bind(fd, address) == G_IO_STATUS_NORMAL;
  gint saved_errno = errno;
  g_process_cap_restore(saved_caps);
  errno = saved_errno;
  return success;
}

gint
listener_open(const ListenerOptions *self, GSockAddr *address, LogDriver *driver)
{
  gint fd = socket(self->address_family, self->socket_type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

  if (fd < 0)
    {
      socket_error_report("Error creating socket", NULL, NULL, address, driver);
      return -1;
    }
  /* some options, such as so-reuseport(), count only before bind() */
  if (socket_options_apply(&self->socket, fd, address, driver)
      && (_privileged_bind(fd, address) || socket_error_report("Error binding socket", NULL, NULL, address, driver)))
    return fd;

  close(fd);
  return -1;
}

gboolean
listener_reconfigure(const ListenerOptions *self, gint fd, GSockAddr *address, LogDriver *driver)
{
  return socket_options_apply(&self->socket, fd, address, driver);
}

gboolean
listener_listen(const ListenerOptions *self, gint fd, GSockAddr *address, LogDriver *driver)
{
  return listen(fd, self->backlog) == 0 || socket_error_report("Error during listen()", NULL, NULL, address, driver);
}
