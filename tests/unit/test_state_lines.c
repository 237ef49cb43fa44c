/*
 * Copyright (c) 2026 The syslog-ng-haproxy developers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * As an additional exemption you are allowed to compile & link against the
 * OpenSSL libraries as published by the OpenSSL project. See the file
 * COPYING for details.
 */

#include "connect-line.h"
#include "error-line.h"
#include "event-line.h"
#include "haproxy_lines.h"
#include "syslog-header.h"
#include "termination-state.h"

#include <criterion/criterion.h>

#define DATE "15/Oct/2003:15:19:06.103"
#define LEFT                                                                                                           \
  ". 0 active and 1 backup servers left. Running on backup. 3 sessions active, 1 requeued, 2 remaining in queue."
#define LEFT_VALUES                                                                                                    \
  "active_servers=[0] backup_servers=[1] sessions_active=[3] sessions_requeued=[1] queue_remaining=[2]"
#define ONLINE ". 1 active and 0 backup servers online. 0 sessions requeued, 4 total in queue."
#define ONLINE_VALUES "active_servers=[1] backup_servers=[0] sessions_requeued=[0] queue_remaining=[4]"
#define SERVER(event) "event=[" event "] backend_name=[b] server_name=[s]"

typedef struct _Kind
{
  const LineField *fields;
  gboolean (*parse)(const gchar *line, gsize length, LineValues *values);
} Kind;

static const Kind KINDS[] = {
  { connect_line_fields, connect_line_parse },
  { error_line_fields, error_line_parse },
  { event_line_fields, event_line_parse },
};

typedef struct _Case
{
  const gchar *line;
  /* NULL: it is none of them */
  const gchar *values;
} Case;

static const Case CASES[] = {
  /* connections */
  { "Connect from 10.0.0.1:1234 to 2001:db8::1:80 (fe/HTTP)",
    "source_ip=[10.0.0.1] source_port=[1234] destination_ip=[2001:db8::1] destination_port=[80] frontend_name=[fe] "
    "mode=[HTTP]" },
  { "Connect from ::1:1234 to undetermined address:0 (fe/TCP)",
    "source_ip=[::1] source_port=[1234] frontend_name=[fe] mode=[TCP]" },
  { "Connect to unix:1 (fe/TCP)", "listener_id=[1] frontend_name=[fe] mode=[TCP]" },
  { "Connect from unknown source to listener 3 (fe/TCP)", "listener_id=[3] frontend_name=[fe] mode=[TCP]" },
  { "Connect from 10.0.0.1:1234 to 10.0.0.2:80 (fe/UDP)", NULL },
  { "Connect from 10.0.0.1:1234 to 10.0.0.2:80 (fe/TCP) x", NULL },
  { "Connect from me to you", NULL },

  /* errors */
  { "127.0.0.1:34549 [" DATE "] example/f1: Connection error during SSL handshake",
    "client_ip=[127.0.0.1] client_port=[34549] accept_date=[" DATE
    "] frontend_name=[example] bind_name=[f1] error_message=[Connection error during SSL handshake]" },
  { "unix:1 [" DATE "] fe/1: SSL handshake failure (error:0A000412:SSL routines::x: y)",
    "client_ip=[unix] client_port=[1] accept_date=[" DATE
    "] frontend_name=[fe] bind_name=[1] error_message=[SSL handshake failure (error:0A000412:SSL routines::x: y)]" },
  { "unknown [" DATE "] fe/1: unknown connection error (code=1 flags=00000000)",
    "accept_date=[" DATE
    "] frontend_name=[fe] bind_name=[1] error_message=[unknown connection error (code=1 flags=00000000)]" },
  { "127.0.0.1:34549 [" DATE "] example/f1 x: y", NULL },
  { "127.0.0.1:34549 [" DATE "] example: y", NULL },
  { "127.0.0.1:x [" DATE "] example/f1: y", NULL },

  /* servers */
  { "Server b/s is DOWN, reason: Layer4 connection problem, info: \"Connection refused\", check duration: 0ms" LEFT,
    SERVER("server_down") " reason=[Layer4 connection problem] check_info=[Connection refused] "
                          "check_duration=[0] " LEFT_VALUES },
  { "Backup Server b/s is UP, reason: Layer7 check passed, code: 200, check duration: 12ms" ONLINE,
    SERVER(
      "server_up") " backup=[true] reason=[Layer7 check passed] check_code=[200] check_duration=[12] " ONLINE_VALUES },
  { "Server b/s is UP (leaving drain) via b2/s2.", SERVER("server_ready") " server_state=[UP] cause=[leaving drain]" },
  { "Server b/s was DOWN and now enters maintenance (DNS timeout status) via b2/s2.",
    SERVER("server_maintenance") " cause=[DNS timeout status]" },
  { "Server b/s is DOWN via b2/s2" LEFT, SERVER("server_down") " cause=[via b2/s2] " LEFT_VALUES },
  { "Server b/s is DOWN, changed from server-state after a reload" LEFT,
    SERVER("server_down") " cause=[changed from server-state after a reload] " LEFT_VALUES },
  { "Server b/s is stopping" LEFT, SERVER("server_stopping") " " LEFT_VALUES },
  { "Server b/s was DOWN and now enters maintenance (No IP for server ).",
    SERVER("server_maintenance") " cause=[No IP for server ]" },
  { "Server b/s is going DOWN for maintenance" LEFT, SERVER("server_maintenance") " " LEFT_VALUES },
  { "Server b/s is leaving forced maintenance but remains in maintenance.", SERVER("server_maintenance") },
  { "Server b/s ('h.example') resolves again but remains in maintenance.", SERVER("server_maintenance") },
  { "Server b/s remains in forced maintenance.", SERVER("server_maintenance") },
  { "Server b/s is UP/READY (leaving forced maintenance).",
    SERVER("server_ready") " server_state=[UP/READY] cause=[leaving forced maintenance]" },
  { "Server b/s ('h.example') is DOWN/DRAIN (resolves again).",
    SERVER("server_ready") " server_state=[DOWN/DRAIN] cause=[resolves again]" },
  { "Server b/s is UP (leaving forced drain).",
    SERVER("server_ready") " server_state=[UP] cause=[leaving forced drain]" },
  /* of HAProxy 1.7 */
  { "Server b/s is UP/READY (leaving maintenance) via x/y. 1 active and 0 backup servers online. 0 sessions requeued, "
    "0 "
    "total in queue.",
    SERVER("server_ready") " server_state=[UP/READY] cause=[leaving maintenance] active_servers=[1] backup_servers=[0] "
                           "sessions_requeued=[0] queue_remaining=[0]" },
  { "b/s changed its IP from 192.0.2.1 to (none) by resolvers/ns1.",
    SERVER("server_address_changed") " cause=[changed its IP from 192.0.2.1 to (none) by resolvers/ns1]" },
  { "b/s changed its FQDN from a.example to b.example by 'stats socket command'.",
    SERVER(
      "server_address_changed") " cause=[changed its FQDN from a.example to b.example by 'stats socket command']" },
  { "b/s: IP changed from '192.0.2.1' to '2001:db8::1', port changed from '80' to '+1' by 'resolvers/ns1'.",
    SERVER("server_address_changed") " cause=[IP changed from '192.0.2.1' to '2001:db8::1', port changed from '80' to "
                                     "'+1' by 'resolvers/ns1']" },
  { "b/s:: port changed from '80' to '81' by 'Lua script'.",
    "event=[server_address_changed] backend_name=[b] server_name=[s:] cause=[port changed from '80' to '81' by 'Lua "
    "script']" },
  { "a b/s changed its IP from 192.0.2.1 to 192.0.2.2 by x.", NULL },
  { "b changed its IP from 192.0.2.1 to 192.0.2.2 by x.", NULL },
  { "Server b/s administratively READY thanks to valid DNS answer.", SERVER("server_ready") },
  { "Server b/s enters drain state" LEFT, SERVER("server_drain") " " LEFT_VALUES },
  { "Server b/s remains in forced drain mode.", SERVER("server_drain") },
  { "Server b/s remains in drain mode.", SERVER("server_drain") },

  /* checks */
  { "Health check for server b/s failed, reason: Layer7 wrong status, code: 500, info: \"x\", check duration: 2ms, "
    "status: 0/2 DOWN.",
    SERVER("health_check_failed") " reason=[Layer7 wrong status] check_code=[500] check_info=[x] check_duration=[2] "
                                  "check_health=[0/2] check_status=[DOWN]" },
  { "Health check for backup server b/s conditionally succeeded, reason: Layer7 check conditionally passed, code: 404, "
    "check duration: 0ms, status: 3/3 UP.",
    SERVER("health_check_conditionally_succeeded") " backup=[true] reason=[Layer7 check conditionally passed] "
                                                   "check_code=[404] check_duration=[0] check_health=[3/3] "
                                                   "check_status=[UP]" },
  { "Agent check for server b/s succeeded, reason: Layer7 check passed, code: 0, info: \"up\", check duration: 1ms, "
    "status: 1/1 UP.",
    SERVER("agent_check_succeeded") " reason=[Layer7 check passed] check_code=[0] check_info=[up] check_duration=[1] "
                                    "check_health=[1/1] check_status=[UP]" },

  /* an info may contain all of that */
  { "Server b/s is DOWN, reason: Layer7 invalid response, info: \"a, info: \"b\", code: 7, check duration: 3ms, "
    "status: 2/3 "
    "UP" LEFT "\", check duration: 1ms" LEFT,
    SERVER("server_down") " reason=[Layer7 invalid response] check_info=[a, info: \"b\", code: 7, check duration: 3ms, "
                          "status: 2/3 UP" LEFT "] check_duration=[1] " LEFT_VALUES },
  { "Health check for server b/s failed, reason: Layer7 invalid response, info: \", status: 3/3 UP\", check duration: "
    "5ms, "
    "status: 0/2 DOWN.",
    SERVER("health_check_failed") " reason=[Layer7 invalid response] check_info=[, status: 3/3 UP] check_duration=[5] "
                                  "check_health=[0/2] check_status=[DOWN]" },

  /* proxies */
  { "backend b has no server available!", "event=[backend_without_server] backend_name=[b] proxy_type=[backend]" },
  { "Proxy p started.", "event=[proxy_started] proxy_name=[p]" },
  { "Proxy p stopped (FE: 12 conns, BE: 3 conns).",
    "event=[proxy_stopped] proxy_name=[p] frontend_connections=[12] backend_connections=[3]" },
  { "Proxy p stopped (cumulated conns: FE: 12, BE: 0).",
    "event=[proxy_stopped] proxy_name=[p] frontend_connections=[12] backend_connections=[0]" },
  { "Proxy p hard-stopped (3 remaining conns will be closed).",
    "event=[proxy_hard_stopped] proxy_name=[p] remaining_connections=[3]" },
  { "Stopping frontend p in 10 ms.", "event=[proxy_stopping] proxy_type=[frontend] proxy_name=[p] grace_time=[10]" },
  { "Pausing proxy p.", "event=[proxy_paused] proxy_type=[proxy] proxy_name=[p]" },
  { "Paused frontend p.", "event=[proxy_paused] proxy_type=[frontend] proxy_name=[p]" },
  { "Enabling frontend p.", "event=[proxy_resumed] proxy_type=[frontend] proxy_name=[p]" },
  { "Resumed frontend p.", "event=[proxy_resumed] proxy_type=[frontend] proxy_name=[p]" },

  /* what others say */
  { "", NULL },
  { ".", NULL },
  { "Server is DOWN.", NULL },
  { "Server b/s says hello.", NULL },
  { "Server b/s is DOWNTOWN.", NULL },
  { "Server b/s is DOWN", NULL },
  { "Proxy p stopped.", NULL },
  { "Proxy started", NULL },
  { "Stopping frontend p in ms.", NULL },
  { "Health check for server b/s.", NULL },
};

/* NULL: it is no such line. To be freed with g_free(). */
static gchar *
_parse(const gchar *line, gsize length)
{
  static LineValues values;
  gchar *copy = exact_copy(line, length);
  gchar *text = NULL;

  for (guint i = 0; i < G_N_ELEMENTS(KINDS) && !text; i++)
    {
      values.count = 0;
      if (KINDS[i].parse(copy, length, &values))
        text = format_values(KINDS[i].fields, &values);
      else
        cr_expect_eq(values.count, 0, "%s", line);
    }
  g_free(copy);
  return text;
}

Test(state_lines, cases)
{
  for (guint i = 0; i < G_N_ELEMENTS(CASES); i++)
    {
      gchar *values = _parse(CASES[i].line, strlen(CASES[i].line));

      cr_expect_str_eq(values ? values : "none",
                       CASES[i].values ? CASES[i].values : "none",
                       "%s\nis %s\nnot %s",
                       CASES[i].line,
                       values,
                       CASES[i].values);
      g_free(values);
    }
}

/* Most of them end with a full stop or a bracket: without it they are others' lines. */
Test(state_lines, cut_lines_are_refused_or_say_what_is_there)
{
  for (guint i = 0; i < G_N_ELEMENTS(CASES); i++)
    for (gsize length = 0; CASES[i].values && length < strlen(CASES[i].line); length++)
      {
        gchar *values = _parse(CASES[i].line, length);
        const gchar *message = values ? strstr(values, "error_message=[") : NULL;

        cr_expect(!values || message || strstr(CASES[i].line, "info: \"") || CASES[i].line[length - 1] == '.',
                  "%.*s",
                  (gint) length,
                  CASES[i].line);
        g_free(values);
      }
}

static GString *
_long_info(gsize size)
{
  GString *line = g_string_new("Server b/s is DOWN, reason: x, info: \"");

  while (line->len < size)
    g_string_append(line, "1 active and , check duration: 1, status: 1/, code: ");
  return g_string_append(line, "\"" LEFT);
}

static void
_parse_only(G_GNUC_UNUSED gconstpointer data, const gchar *line, gsize length)
{
  gchar *values = _parse(line, length);

  cr_expect(values && g_str_has_suffix(values, LEFT_VALUES));
  g_free(values);
}

Test(state_lines, long_lines)
{
  GString *short_line = _long_info(64 * 1024);
  GString *long_line = _long_info(1024 * 1024);

  cr_expect(cost_is_linear(_parse_only, NULL, short_line, long_line));
  g_string_free(short_line, TRUE);
  g_string_free(long_line, TRUE);
}

/*****************************************************************************
 * The syslog header
 *****************************************************************************/

static const struct
{
  const gchar *line;
  const gchar *process_name;
  const gchar *pid;
  const gchar *rest;
} HEADERS[] = {
  { "<134>Nov 21 04:15:10 haproxy[3925]: m", "haproxy", "3925", "m" },
  { "<134>Nov  1 04:15:10 lbhost my-proxy[3925]: m", "my-proxy", "3925", "m" },
  { "haproxy[3925]: m [x]: y", "haproxy", "3925", "m [x]: y" },
  { "<134>1 2026-11-21T04:15:10.110901+00:00 - haproxy 3925 - - m", "haproxy", "3925", "m" },
  { "<134>1 2026-11-21T04:15:10+00:00 lb haproxy 3925 - [id@1 h=\"x\\\"]\"][b c=\"d\"] m", "haproxy", "3925", "m" },
  { "<6>m", NULL, NULL, "m" },
  { "<6>2026-11-21T04:15:10.176129+00:00 m", NULL, NULL, "m" },
  { "2026-11-21T04:15:10.197548+00:00 m", NULL, NULL, "m" },
  { "2026-11-21T04:15:10+00:00 lb haproxy[1]: m", "haproxy", "1", "m" },
  { "Nov 21 04:15:10 lb haproxy[1]: m", "haproxy", "1", "m" },
  { "hello <world> [x] any text evil[9]: m", NULL, NULL, NULL },
  { "any evil[9]: m", NULL, NULL, NULL },
  { "<6>any text evil[9]: m", NULL, NULL, "any text evil[9]: m" },
  { "[9]: m", NULL, NULL, NULL },
  { "m", NULL, NULL, NULL },
  { "<6", NULL, NULL, NULL },
  { "", NULL, NULL, NULL },
};

Test(syslog_header, headers)
{
  for (guint i = 0; i < G_N_ELEMENTS(HEADERS); i++)
    {
      gsize length = strlen(HEADERS[i].line);
      gchar *copy = exact_copy(HEADERS[i].line, length);
      SyslogHeader header;
      gboolean found = syslog_header_find(&header, copy, length);

      cr_expect_eq(found, HEADERS[i].rest != NULL, "%s", HEADERS[i].line);
      if (found)
        {
          gchar *name = g_strndup(header.process_name, header.process_name_length);
          gchar *pid = g_strndup(header.pid, header.pid_length);

          cr_expect_str_eq(HEADERS[i].line + header.length, HEADERS[i].rest, "%s", HEADERS[i].line);
          cr_expect_eq(g_strcmp0(name, HEADERS[i].process_name), 0, "%s", HEADERS[i].line);
          cr_expect_eq(g_strcmp0(pid, HEADERS[i].pid), 0, "%s", HEADERS[i].line);
          g_free(name);
          g_free(pid);
        }
      g_free(copy);
    }
}

Test(termination_state, every_letter_that_haproxy_prints_is_explained)
{
  for (const gchar *c = "-LcCsSPRIDKU"; *c; c++)
    cr_expect(termination_state_get_cause(*c), "%c", *c);
  for (const gchar *c = "-RCHDLQT"; *c; c++)
    cr_expect(termination_state_get_phase(*c), "%c", *c);
  cr_expect_null(termination_state_get_cause('x'));
  cr_expect_null(termination_state_get_phase('x'));
}
