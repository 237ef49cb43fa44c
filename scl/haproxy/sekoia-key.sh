#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# The rewrite rule of sekoia-intake(): the key as it stands, which is no template. What sekoia.conf gives comes as $confgen_*.
# shellcheck disable=SC2154

needs() {
  if [ -z "$(printf '%s' "$2" | tr -d "\"' ")" ]; then
    echo "sekoia-intake() needs $1" >&2
    exit 1
  fi
}

needs "intake-key()" "$confgen_intake_key"
needs "host()" "$confgen_host"
printf 'set(%s value(".SDATA.SEKOIA@53288.intake_key"));\n' "$(printf '%s' "$confgen_intake_key" | sed 's/\$/$$/g')"
