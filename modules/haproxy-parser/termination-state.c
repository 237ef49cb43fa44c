/*
 * Copyright (c) 2026 The syslog-ng-haproxy developers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * As an additional exemption you are allowed to compile & link against the
 * OpenSSL libraries as published by the OpenSSL project. See the file
 * COPYING for details.
 */

#include "termination-state.h"

typedef struct _Meaning
{
  gchar character;
  const gchar *meaning;
} Meaning;

static const Meaning CAUSES[] = {
  { '-', "normal end" },
  { 'C', "aborted by the client" },
  { 'S', "aborted or refused by the server" },
  { 'P', "ended by the proxy: a limit, a rule or a check" },
  { 'L', "handled by the proxy itself" },
  { 'R', "a resource of the proxy was exhausted" },
  { 'I', "internal error of the proxy" },
  { 'D', "killed because the server went down" },
  { 'U', "killed on the backup server because an active one came up" },
  { 'K', "killed by an administrator" },
  { 'c', "client-side timeout" },
  { 's', "server-side timeout" },
};

static const Meaning PHASES[] = {
  { '-', "after the end of the transfer" },
  { 'R', "waiting for the request of the client" },
  { 'Q', "waiting in the queue for a server" },
  { 'C', "connecting to the server" },
  { 'H', "waiting for the response headers of the server" },
  { 'D', "transferring data" },
  { 'L', "sending the last data to the client" },
  { 'T', "held in the tarpit" },
};

static const gchar *
_look_up(const Meaning *meanings, gsize count, gchar c)
{
  for (gsize i = 0; i < count; i++)
    if (meanings[i].character == c)
      return meanings[i].meaning;
  return NULL;
}

const gchar *
termination_state_get_cause(gchar c)
{
  return _look_up(CAUSES, G_N_ELEMENTS(CAUSES), c);
}

const gchar *
termination_state_get_phase(gchar c)
{
  return _look_up(PHASES, G_N_ELEMENTS(PHASES), c);
}
