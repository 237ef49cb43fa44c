/*
 * Copyright (c) 2026 The syslog-ng-haproxy developers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * As an additional exemption you are allowed to compile & link against the
 * OpenSSL libraries as published by the OpenSSL project. See the file
 * COPYING for details.
 */

#include "admission.h"

#include "client-address.h"
#include "connection-log.h"
#include "header-log.h"

#include <unistd.h>

static const gchar BAD_HANDSHAKE[] = "TLS handshake failed";
static const gchar NO_ADMISSION[] = "PROXY protocol connection refused";
static const gchar NO_ROOM[] = "max-connections() is reached";

/*****************************************************************************
 * Refusals
 *****************************************************************************/

static void
_log_header(Admission *self, const PendingConnection *pending)
{
  const HeaderReader *header = pending_connection_get_header(pending);

  header_log_write(&self->driver->super, header->bytes, header->length);
}

static void
_refuse(Admission *self, ProxyCounter counter, const Refusal *refusal)
{
  proxy_counters_inc(self->counters, counter);
  refusal_log_write(self->refusal_log, refusal);
}

/*****************************************************************************
 * Connections that are not admitted yet
 *****************************************************************************/

static void
_link_pending(Admission *self, PendingConnection *pending)
{
  iv_list_add_tail(&pending->list, &self->pending);
  proxy_counters_set(self->counters, PROXY_COUNTER_PENDING_HEADERS, ++self->num_pending);
}

static void
_free_pending(Admission *self, PendingConnection *pending)
{
  /* one whose header was there at accept has never been linked */
  if (!iv_list_empty(&pending->list))
    proxy_counters_set(self->counters, PROXY_COUNTER_PENDING_HEADERS, --self->num_pending);
  pending_connection_free(pending);
}

/* Whose connection it is, where a header said so; or NULL. */
static GSockAddr *
_original_client(const PendingConnection *pending)
{
  ProxyHeader header;

  if (!pending->has_header || !header_reader_get(pending_connection_get_header(pending), &header)
      || !proxy_header_has_addresses(&header))
    return NULL;
  return client_address_new(&header, pending->peer_addr);
}

static void
_refuse_pending(Admission *self, PendingConnection *pending, ProxyCounter counter, const gchar *message,
                const gchar *reason)
{
  const HeaderReader *header = pending_connection_get_header(pending);
  GSockAddr *client_addr = _original_client(pending);

  if (header->length > 0 && !pending->has_header)
    _log_header(self, pending);
  _refuse(self,
          counter,
          &(Refusal){
            .message = message,
            .reason = reason,
            .fd = pending->fd,
            .peer_addr = pending->peer_addr,
            .local_addr = self->bind_addr,
            .client_addr = client_addr,
            .bytes = header->bytes,
            .length = header->length,
          });
  g_sockaddr_unref(client_addr);
  _free_pending(self, pending);
}

static void
_on_header_complete(PendingConnection *pending, const ProxyHeader *header)
{
  Admission *self = iv_container_of(pending->owner, Admission, as_owner);

  proxy_counters_inc_header(self->counters, header);
  _log_header(self, pending);
}

static void
_on_admissible(PendingConnection *pending, const ProxyHeader *header, TLSSession *session, gboolean more)
{
  Admission *self = iv_container_of(pending->owner, Admission, as_owner);

  if (!self->has_room(self->server))
    {
      _refuse_pending(self, pending, PROXY_COUNTER_REFUSED_MAX_CONNECTIONS, NO_ADMISSION, NO_ROOM);
      if (session)
        tls_session_free(session);
      return;
    }
  self->admit(self->server, pending_connection_release_fd(pending), session, pending->peer_addr, header, more);
  _free_pending(self, pending);
}

static void
_on_left(PendingConnection *pending)
{
  Admission *self = iv_container_of(pending->owner, Admission, as_owner);
  GSockAddr *client_addr = _original_client(pending);

  connection_log_write(&self->driver->super,
                       "Syslog connection closed",
                       pending->fd,
                       pending->peer_addr,
                       self->bind_addr,
                       client_addr ? client_addr : pending->peer_addr);
  g_sockaddr_unref(client_addr);
  _free_pending(self, pending);
}

static void
_on_refused(PendingConnection *pending, PendingRefusal refusal, const gchar *reason)
{
  Admission *self = iv_container_of(pending->owner, Admission, as_owner);
  static const struct
  {
    ProxyCounter counter;
    const gchar *message;
  } refusals[] = {
    [PENDING_HEADER_MALFORMED] = { PROXY_COUNTER_REFUSED_MALFORMED, REFUSAL_BAD_HEADER },
    [PENDING_HEADER_LATE] = { PROXY_COUNTER_REFUSED_TIMEOUT, REFUSAL_BAD_HEADER },
    [PENDING_HANDSHAKE_FAILED] = { PROXY_COUNTER_REFUSED_HANDSHAKE, BAD_HANDSHAKE },
    [PENDING_HANDSHAKE_LATE] = { PROXY_COUNTER_REFUSED_TIMEOUT, BAD_HANDSHAKE },
  };

  _refuse_pending(self, pending, refusals[refusal].counter, refusals[refusal].message, reason);
}

static void
_limit_pending(Admission *self)
{
  while (self->num_pending > self->options->max_pending_headers)
    {
      PendingConnection *oldest = iv_container_of(self->pending.next, PendingConnection, list);

      _refuse_pending(self,
                      oldest,
                      PROXY_COUNTER_REFUSED_MAX_PENDING_HEADERS,
                      NO_ADMISSION,
                      "max-pending-headers() is reached, and no other connection has been without a header for longer");
    }
}

/* Takes @fd over, and admits the connection when all has happened that has to. */
static void
_await_admission(Admission *self, gint fd, GSockAddr *peer_addr, PendingSteps steps)
{
  PendingConnection *pending = pending_connection_new(fd, peer_addr);

  if (!pending_connection_start(pending, &self->as_owner, steps, self->options->header_timeout))
    return;
  _link_pending(self, pending);
  _limit_pending(self);
}

/* Takes @fd over. */
static void
_refuse_untrusted(Admission *self, gint fd, GSockAddr *peer_addr)
{
  _refuse(self,
          PROXY_COUNTER_REFUSED_UNTRUSTED,
          &(Refusal){
            .message = NO_ADMISSION,
            .reason = REFUSAL_UNTRUSTED,
            .fd = fd,
            .peer_addr = peer_addr,
            .local_addr = self->bind_addr,
          });
  close(fd);
}

void
admission_take(gpointer s, gint fd, GSockAddr *peer_addr)
{
  Admission *self = (Admission *) s;
  static const PendingSteps of_proxies[] = {
    [TRANSPORT_TCP] = { .header = TRUE },
    [TRANSPORT_TLS] = { .header = TRUE, .tls = TRUE },
    [TRANSPORT_PROXIED_TLS] = { .tls = TRUE, .header_in_tls = TRUE },
  };
  PendingSteps steps = of_proxies[self->options->transport_kind];

  proxy_counters_inc(self->counters, PROXY_COUNTER_ACCEPTED);
  if (!self->options->trusted_proxies || trusted_proxies_contain(self->options->trusted_proxies, &peer_addr->sa))
    _await_admission(self, fd, peer_addr, steps);
  else if (self->options->serve_untrusted_peers)
    _await_admission(self, fd, peer_addr, (PendingSteps){ .tls = steps.tls });
  else
    _refuse_untrusted(self, fd, peer_addr);
}

/*****************************************************************************
 * Reload
 *****************************************************************************/

void
admission_begin_tls(Admission *self)
{
  struct iv_list_head *current;

  iv_list_for_each (current, &self->pending)
    pending_connection_begin_tls(iv_container_of(current, PendingConnection, list));
}

void
admission_suspend(Admission *self)
{
  struct iv_list_head *current;

  iv_list_for_each (current, &self->pending)
    pending_connection_suspend(iv_container_of(current, PendingConnection, list));
}

void
admission_release(Admission *self, struct iv_list_head *pending)
{
  iv_list_splice_init(&self->pending, pending);
  self->num_pending = 0;
  proxy_counters_set(self->counters, PROXY_COUNTER_PENDING_HEADERS, 0);
}

void
admission_resume(Admission *self, struct iv_list_head *pending)
{
  struct iv_list_head *current, *next;

  iv_list_for_each_safe (current, next, pending)
    {
      iv_list_del_init(current);
      _link_pending(self, iv_container_of(current, PendingConnection, list));
      pending_connection_resume(iv_container_of(current, PendingConnection, list), &self->as_owner);
    }
  _limit_pending(self);
}

void
admission_open(Admission *self, GSockAddr *bind_addr)
{
  g_sockaddr_unref(self->bind_addr);
  self->bind_addr = g_sockaddr_ref(bind_addr);
}

void
admission_init(Admission *self, LogSrcDriver *driver, ProxyOptions *options, ProxyCounters *counters,
               RefusalLog *refusal_log)
{
  *self = (Admission){
    .driver = driver,
    .options = options,
    .counters = counters,
    .refusal_log = refusal_log,
    .as_owner = {
      .limits = &options->header_limits,
      .tls = &options->tls,
      .header_complete = _on_header_complete,
      .admit = _on_admissible,
      .leave = _on_left,
      .refuse = _on_refused,
    },
  };
  INIT_IV_LIST_HEAD(&self->pending);
}

void
admission_destroy(Admission *self)
{
  g_sockaddr_unref(self->bind_addr);
}
