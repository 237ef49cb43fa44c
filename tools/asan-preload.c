/*
 * Copyright (c) 2026 The syslog-ng-haproxy developers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * As an additional exemption you are allowed to compile & link against the
 * OpenSSL libraries as published by the OpenSSL project. See the file
 * COPYING for details.
 */

/*
 * To be preloaded into syslog-ng together with the run time of AddressSanitizer.
 *
 * That one starts at the first malloc(), which is in a constructor of
 * libgpg-error, inside glibc's bindtextdomain(). It then asks for a function that
 * is not there, and glibc wants to translate the error message, which takes the
 * lock that bindtextdomain() holds: the daemon hangs a little later. So here is the
 * function. It says that no name is one of Swift's.
 */

char *swift_demangle(void);

char *
swift_demangle(void)
{
  return 0;
}
