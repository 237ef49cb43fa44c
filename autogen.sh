#!/bin/sh
# Generates ./configure. Needs autoconf, automake, libtool, autoconf-archive and pkg-config.
set -e
cd "$(dirname "$0")"
exec autoreconf --force --install --verbose
