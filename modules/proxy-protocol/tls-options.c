/*
 * Copyright (c) 2026 The syslog-ng-haproxy developers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * As an additional exemption you are allowed to compile & link against the
 * OpenSSL libraries as published by the OpenSSL project. See the file
 * COPYING for details.
 */

#include "tls-options.h"

#include <openssl/err.h>
#include <openssl/pem.h>

void
tls_options_new_context(TlsOptions *self, const gchar *location)
{
  tls_options_destroy(self);
  *self = (TlsOptions){ .context = tls_context_new(TM_SERVER, location) };
}

void
tls_options_destroy(TlsOptions *self)
{
  tls_context_unref(self->context);
}

gboolean
tls_options_has_certificate(const TlsOptions *self)
{
  return self->has_pkcs12_file || (self->has_key_file && self->has_cert_file);
}

static int
_note_question(char *buffer G_GNUC_UNUSED, int size G_GNUC_UNUSED, int writing G_GNUC_UNUSED, void *asked)
{
  *(gboolean *) asked = TRUE;
  return -1;
}

/* libsyslog-ng says "bad password" also where key and certificate do not fit. */
static gboolean
_is_encrypted(const gchar *key_file)
{
  gboolean asked = FALSE;
  BIO *file = key_file ? BIO_new_file(key_file, "r") : NULL;

  if (file)
    {
      EVP_PKEY_free(PEM_read_bio_PrivateKey(file, NULL, _note_question, &asked));
      BIO_free(file);
    }
  ERR_clear_error();
  return asked;
}

TlsSetup
tls_options_setup(TlsOptions *self)
{
  if (!self->context || self->is_set_up)
    return TLS_SETUP_DONE;

  switch (tls_context_setup_context(self->context))
    {
    case TLS_CONTEXT_SETUP_OK:
      self->is_set_up = TRUE;
      return TLS_SETUP_DONE;
    case TLS_CONTEXT_SETUP_BAD_PASSWORD:
      return _is_encrypted(tls_context_get_key_file(self->context)) ? TLS_SETUP_NEEDS_PASSWORD : TLS_SETUP_FAILED;
    default:
      return TLS_SETUP_FAILED;
    }
}

gboolean
tls_options_await_password(const TlsOptions *self)
{
  return self->context && !self->is_set_up;
}

TLSSession *
tls_options_new_session(const TlsOptions *self)
{
  TLSSession *session = self->context ? tls_context_setup_session(self->context) : NULL;

  if (session && self->allow_compress)
    SSL_clear_options(session->ssl, SSL_OP_NO_COMPRESSION);
  else if (session)
    SSL_set_options(session->ssl, SSL_OP_NO_COMPRESSION);
  return session;
}
