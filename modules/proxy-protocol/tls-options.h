/*
 * Copyright (c) 2026 The syslog-ng-haproxy developers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * As an additional exemption you are allowed to compile & link against the
 * OpenSSL libraries as published by the OpenSSL project. See the file
 * COPYING for details.
 */

#ifndef TLS_OPTIONS_H_INCLUDED
#define TLS_OPTIONS_H_INCLUDED

#include "compat-tls.h"

/* tls(): what network() has in it, kept by the TLSContext, and which of its files were named. */
typedef struct _TlsOptions
{
  /* NULL without tls() */
  TLSContext *context;
  gboolean allow_compress;
  gboolean has_key_file;
  gboolean has_cert_file;
  gboolean has_pkcs12_file;

  /*< private >*/
  gboolean is_set_up;
} TlsOptions;

typedef enum
{
  TLS_SETUP_DONE,
  TLS_SETUP_FAILED,
  /* the key file is encrypted and its password is not known yet */
  TLS_SETUP_NEEDS_PASSWORD,
} TlsSetup;

/**
 * tls_options_new_context() - tls() begins
 * @location: where in the configuration, for the log
 *
 * A second tls() takes the place of the first.
 */
void tls_options_new_context(TlsOptions *self, const gchar *location);
void tls_options_destroy(TlsOptions *self);

/**
 * tls_options_has_certificate() - is there all that a server needs?
 */
gboolean tls_options_has_certificate(const TlsOptions *self);

/**
 * tls_options_setup() - load keys and certificates; has logged why where it fails
 *
 * Only the first time: when a reload fails, the configuration before goes on with
 * what it has loaded, whatever the files are now.
 */
TlsSetup tls_options_setup(TlsOptions *self);

/**
 * tls_options_await_password() - have keys and certificates not been loaded yet?
 */
gboolean tls_options_await_password(const TlsOptions *self);

/**
 * tls_options_new_session() - for one connection; NULL where OpenSSL cannot
 */
TLSSession *tls_options_new_session(const TlsOptions *self);

#endif
