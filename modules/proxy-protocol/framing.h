/*
 * Copyright (c) 2026 The syslog-ng-haproxy developers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * As an additional exemption you are allowed to compile & link against the
 * OpenSSL libraries as published by the OpenSSL project. See the file
 * COPYING for details.
 */

#ifndef FRAMING_H_INCLUDED
#define FRAMING_H_INCLUDED

#include "compat-transport.h"

#include "cfg.h"

/* How messages are told apart on a stream (RFC 6587). */
typedef enum
{
  FRAMING_NEWLINE,
  FRAMING_OCTET_COUNTED,
  /* each connection as it begins */
  FRAMING_AUTO,
} Framing;

/**
 * framing_from_name()
 * @framing: set where there is one of this name
 */
gboolean framing_from_name(const gchar *name, Framing *framing);

/**
 * framing_guess() - the framing of a stream that begins with @bytes
 *
 * Octet-counted is what begins with a number, not 0 or with a 0 in front, and a
 * space. FRAMING_AUTO where it takes more of the stream to know.
 */
Framing framing_guess(const guchar *bytes, gsize length);

/* What makes the protocols of connections. */
typedef struct _FramingFactory
{
  Framing framing;
  /* by framing */
  CompatLogProtoFactory protos[2];
} FramingFactory;

void framing_factory_init(FramingFactory *self, Framing framing, GlobalConfig *cfg);

/**
 * framing_factory_new_proto()
 * @stream: taken over, also where the result is NULL; then it is closed
 */
LogProtoServer *framing_factory_new_proto(const FramingFactory *self, CompatStream stream,
                                          const CompatLogProtoServerOptions *options);

#endif
