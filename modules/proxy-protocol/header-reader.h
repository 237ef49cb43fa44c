/*
 * Copyright (c) 2026 The syslog-ng-haproxy developers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * As an additional exemption you are allowed to compile & link against the
 * OpenSSL libraries as published by the OpenSSL project. See the file
 * COPYING for details.
 */

#ifndef HEADER_READER_H_INCLUDED
#define HEADER_READER_H_INCLUDED

#include "proxy-header.h"

/*
 * Reads a header off the front of a stream and not a byte more, so that whatever
 * reads the stream afterwards needs to know nothing about it.
 */
typedef struct _HeaderReader
{
  /* the header as far as it has been seen; of the present thread, unless the header is incomplete or kept */
  const guchar *bytes;
  gsize length;

  /*< private >*/
  guchar *stored;
} HeaderReader;

/* As recv(2) that never blocks, on @stream. @peek: leave the bytes where they are. */
typedef gssize (*HeaderStreamRead)(gpointer stream, guchar *buffer, gsize size, gboolean peek);

/**
 * header_reader_read() - go on reading
 * @self: all zero at first
 * @limits: which headers are valid
 * @header: filled in when the result is PROXY_HEADER_COMPLETE
 * @more: set then to whether the client's own bytes are already there
 * @reason: set to a static phrase for the log when the result is PROXY_HEADER_INVALID
 */
ProxyHeaderStatus header_reader_read(HeaderReader *self, const ProxyHeaderLimits *limits, HeaderStreamRead read,
                                     gpointer stream, ProxyHeader *header, gboolean *more, const gchar **reason);

/**
 * header_reader_keep() - keep the bytes until header_reader_destroy(), for other threads as well
 */
void header_reader_keep(HeaderReader *self);

/**
 * header_reader_get() - the header that was read and kept
 * @header: filled in
 *
 * Returns FALSE if there was none.
 */
gboolean header_reader_get(const HeaderReader *self, ProxyHeader *header);

void header_reader_destroy(HeaderReader *self);

#endif
