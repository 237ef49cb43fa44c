/*
 * Copyright (c) 2026 The syslog-ng-haproxy developers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * As an additional exemption you are allowed to compile & link against the
 * OpenSSL libraries as published by the OpenSSL project. See the file
 * COPYING for details.
 *
 * What haproxy-parser() spends on a line, in process.
 *
 *   parse-line FILE
 *
 * FILE has one line of HAProxy's per line, without a syslog header.  Prints the number of
 * values that a line gives, and the nanoseconds per line of: reading it (the engine alone),
 * the whole parser, and setting the same values from constants, one by one, by
 * libsyslog-ng's own function.  Of each the best of some passes.
 */

#include "haproxy-parser.h"
#include "line-format.h"

#include "apphook.h"
#include "cfg.h"
#include "scratch-buffers.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define PASSES 9
/* so many that the processor does not learn them by heart */
#define LINES 4000
/* messages that exist at a time: few enough for the processor's caches, as in a daemon that keeps up, and for malloc()
 * to keep their memory when they are gone */
#define BATCH 20

typedef struct _Value
{
  NVHandle handle;
  gchar *value;
  gssize length;
  LogMessageValueType type;
} Value;

typedef struct _Bench
{
  gchar *lines[LINES];
  gsize lengths[LINES];
  LogMessage *messages[LINES];
  /* by line, of Values */
  GArray *values[LINES];
  GArray *formats;
  LogParser *parser;
} Bench;

typedef void (*Work)(Bench *self, guint line);

static LogMessage *
_make_message(const gchar *line, gsize length)
{
  LogMessage *msg = log_msg_new_empty();

  log_msg_set_value(msg, LM_V_HOST, "lb", -1);
  log_msg_set_value(msg, LM_V_PROGRAM, "haproxy", -1);
  log_msg_set_value(msg, LM_V_PID, "14387", -1);
  log_msg_set_value(msg, LM_V_MESSAGE, line, length);
  return msg;
}

static void
_read(Bench *self, guint i)
{
  LineValues values;

  if (!line_formats_parse(self->formats, self->lines[i], self->lengths[i], &values))
    abort();
}

static void
_parse(Bench *self, guint i)
{
  LogPathOptions path_options = LOG_PATH_OPTIONS_INIT;

  if (!log_parser_process(self->parser, &self->messages[i], &path_options, self->lines[i], self->lengths[i]))
    abort();
}

static void
_set(Bench *self, guint i)
{
  for (guint v = 0; v < self->values[i]->len; v++)
    {
      const Value *value = &g_array_index(self->values[i], Value, v);

      log_msg_set_value_with_type(self->messages[i], value->handle, value->value, value->length, value->type);
    }
}

/* seconds */
static gdouble
_measure_batch(Bench *self, Work work, guint first)
{
  struct timespec start, end;

  for (guint i = first; i < first + BATCH; i++)
    self->messages[i] = _make_message(self->lines[i], self->lengths[i]);
  clock_gettime(CLOCK_MONOTONIC, &start);
  for (guint i = first; i < first + BATCH; i++)
    work(self, i);
  clock_gettime(CLOCK_MONOTONIC, &end);
  for (guint i = first; i < first + BATCH; i++)
    log_msg_unref(self->messages[i]);
  scratch_buffers_explicit_gc();
  return end.tv_sec - start.tv_sec + (end.tv_nsec - start.tv_nsec) / 1e9;
}

/* nanoseconds per line, the least of all passes */
static gdouble
_measure(Bench *self, Work work)
{
  gdouble best = G_MAXDOUBLE;

  for (guint pass = 0; pass < PASSES; pass++)
    {
      gdouble seconds = 0;

      for (guint i = 0; i < LINES; i += BATCH)
        seconds += _measure_batch(self, work, i);
      best = MIN(best, seconds);
    }
  return 1e9 * best / LINES;
}

static gboolean
_collect(NVHandle handle, const gchar *name, const gchar *value, gssize length, LogMessageValueType type,
         gpointer user_data)
{
  Value copy = {
    .handle = handle,
    .value = g_strndup(value, length),
    .length = length,
    .type = type,
  };

  if (g_str_has_prefix(name, ".haproxy."))
    g_array_append_val((GArray *) user_data, copy);
  return FALSE;
}

static void
_collect_values(Bench *self, guint i)
{
  self->messages[i] = _make_message(self->lines[i], self->lengths[i]);
  _parse(self, i);
  self->values[i] = g_array_new(FALSE, FALSE, sizeof(Value));
  log_msg_values_foreach(self->messages[i], _collect, self->values[i]);
  log_msg_unref(self->messages[i]);
}

static void
_read_file(Bench *self, const gchar *path)
{
  gchar *text, **lines;

  if (!g_file_get_contents(path, &text, NULL, NULL))
    exit(1);
  lines = g_strsplit(text, "\n", -1);
  for (guint i = 0; i < LINES; i++)
    {
      self->lines[i] = lines[i % (g_strv_length(lines) - 1)];
      self->lengths[i] = strlen(self->lines[i]);
    }
}

static void
_make_parser(Bench *self, GlobalConfig *cfg)
{
  LogFormatHeaderNames no_names = { NULL, NULL };

  self->formats = line_formats_new();
  for (const gchar *const *name = line_formats_get_built_in_names(); *name; name++)
    line_formats_add_built_in(self->formats, *name, &no_names);
  self->parser = haproxy_parser_new(cfg);
  if (!log_pipe_init(&self->parser->super))
    exit(1);
}

int
main(int argc, char *argv[])
{
  Bench self = { .parser = NULL };
  guint count = 0;

  if (argc != 2)
    return 2;
  app_startup();
  _read_file(&self, argv[1]);
  _make_parser(&self, cfg_new_snippet());
  for (guint i = 0; i < LINES; i++)
    {
      _collect_values(&self, i);
      count += self.values[i]->len;
    }
  printf("%.1f %.1f %.1f %.1f\n",
         (gdouble) count / LINES,
         _measure(&self, _read),
         _measure(&self, _parse),
         _measure(&self, _set));
  return 0;
}
