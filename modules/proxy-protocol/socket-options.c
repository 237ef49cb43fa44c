/*
 * Copyright (c) 2026 The syslog-ng-haproxy developers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * As an additional exemption you are allowed to compile & link against the
 * OpenSSL libraries as published by the OpenSSL project. See the file
 * COPYING for details.
 */

#include "socket-options.h"

#include "driver-tags.h"
#include "gprocess.h"
#include "socket-error.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>

typedef enum
{
  /* set unless it is so already */
  SWITCH,
  /* set unless 0 */
  NUMBER,
  /* likewise, and the kernel may give less than asked for, without an error */
  SIZE_OF_BUFFER,
} OptionKind;

typedef struct _NumericOption
{
  OptionKind kind;
  const gchar *name;
  gsize offset;
  gint level;
  gint option;
  /* what an IPv6 socket needs as well: the other is for its IPv4 clients */
  gint level6;
  gint option6;
} NumericOption;

#define FIELD(name) #name, G_STRUCT_OFFSET(SocketOptions, name)
#define NOTHING_MORE 0, 0

static const NumericOption NUMERIC_OPTIONS[] = {
  { SIZE_OF_BUFFER, FIELD(so_rcvbuf), SOL_SOCKET, SO_RCVBUF, NOTHING_MORE },
  { SIZE_OF_BUFFER, FIELD(so_sndbuf), SOL_SOCKET, SO_SNDBUF, NOTHING_MORE },
  { SWITCH, FIELD(so_broadcast), SOL_SOCKET, SO_BROADCAST, NOTHING_MORE },
  { SWITCH, FIELD(so_keepalive), SOL_SOCKET, SO_KEEPALIVE, NOTHING_MORE },
  { SWITCH, FIELD(so_reuseport), SOL_SOCKET, SO_REUSEPORT, NOTHING_MORE },
  { NUMBER, FIELD(ip_ttl), IPPROTO_IP, IP_TTL, IPPROTO_IPV6, IPV6_UNICAST_HOPS },
  { NUMBER, FIELD(ip_tos), IPPROTO_IP, IP_TOS, IPPROTO_IPV6, IPV6_TCLASS },
  { SWITCH, FIELD(ip_freebind), IPPROTO_IP, IP_FREEBIND, NOTHING_MORE },
  { NUMBER, FIELD(tcp_keepalive_time), IPPROTO_TCP, TCP_KEEPIDLE, NOTHING_MORE },
  { NUMBER, FIELD(tcp_keepalive_probes), IPPROTO_TCP, TCP_KEEPCNT, NOTHING_MORE },
  { NUMBER, FIELD(tcp_keepalive_intvl), IPPROTO_TCP, TCP_KEEPINTVL, NOTHING_MORE },
};

void
socket_options_defaults(SocketOptions *self)
{
  *self = (SocketOptions){
    .so_keepalive = TRUE,
    .tcp_keepalive_time = 60,
    .tcp_keepalive_probes = 6,
    .tcp_keepalive_intvl = 10,
  };
}

void
socket_options_destroy(SocketOptions *self)
{
  g_free(self->interface);
}

static void
_warn_if_limited(const NumericOption *option, gint fd, gint wanted, LogDriver *driver)
{
  gint given = 0;
  socklen_t size = sizeof(given);

  getsockopt(fd, option->level, option->option, &given, &size);
  if (given < wanted)
    msg_warning("The kernel refused to set a socket buffer to the requested size, raise net.core.rmem_max or "
                "net.core.wmem_max",
                evt_tag_str("option", option->name),
                evt_tag_int("requested", wanted),
                evt_tag_int("given", given),
                DRIVER_TAGS(driver));
}

static gboolean
_report_error(const gchar *option, const gchar *value, GSockAddr *address, LogDriver *driver)
{
  return socket_error_report("Error setting socket option", option, value, address, driver);
}

static gboolean
_is_needed(const NumericOption *option, gint fd, gint value)
{
  gint present = 0;
  socklen_t size = sizeof(present);

  if (option->kind != SWITCH)
    return value != 0;
  getsockopt(fd, option->level, option->option, &present, &size);
  return !present != !value;
}

static gboolean
_apply_number(const NumericOption *option, gint fd, gint value, GSockAddr *address, LogDriver *driver)
{
  gboolean needs_more = address->sa.sa_family == AF_INET6 && option->option6;

  if (setsockopt(fd, option->level, option->option, &value, sizeof(value)) < 0
      || (needs_more && setsockopt(fd, option->level6, option->option6, &value, sizeof(value)) < 0))
    {
      gchar text[16];

      g_snprintf(text, sizeof(text), "%d", value);
      return _report_error(option->name, text, address, driver);
    }
  if (option->kind == SIZE_OF_BUFFER)
    _warn_if_limited(option, fd, value, driver);
  return TRUE;
}

static gboolean
_bind_to_interface(const gchar *interface, gint fd, GSockAddr *address, LogDriver *driver)
{
  cap_t saved_caps = g_process_cap_save();

  g_process_enable_cap("cap_net_raw");
  gint rc = setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, interface, strlen(interface));
  gint error = errno;
  g_process_cap_restore(saved_caps);
  errno = error;

  return rc == 0 || _report_error("interface", interface, address, driver);
}

static gboolean
_is_stream(gint fd)
{
  gint type = SOCK_STREAM;
  socklen_t size = sizeof(type);

  getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &size);
  return type == SOCK_STREAM;
}

gboolean
socket_options_apply(const SocketOptions *self, gint fd, GSockAddr *address, LogDriver *driver)
{
  gboolean is_stream = _is_stream(fd);

  for (gsize i = 0; i < G_N_ELEMENTS(NUMERIC_OPTIONS); i++)
    {
      const NumericOption *option = &NUMERIC_OPTIONS[i];
      gint value = G_STRUCT_MEMBER(gint, self, option->offset);

      if (option->level == IPPROTO_TCP && !is_stream)
        continue;
      if (_is_needed(option, fd, value) && !_apply_number(option, fd, value, address, driver))
        return FALSE;
    }
  return !self->interface || _bind_to_interface(self->interface, fd, address, driver);
}
