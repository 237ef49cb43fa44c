#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# The drivers of haproxy(): a unix socket, and UDP and TCP where there is a port. What haproxy.conf gives comes as $confgen_*.
# shellcheck disable=SC2154

is_given() {
  [ -n "$(printf '%s' "$1" | tr -d "\"' ")" ]
}

if is_given "$confgen_unix_socket"; then
  cat <<END
unix-dgram($confgen_unix_socket create-dirs(yes) flags(no-parse) $confgen_unix_options $confgen_options);
END
elif ! is_given "$confgen_port"; then
  echo "haproxy() has nothing to listen on: give it unix-socket() or port()" >&2
  exit 1
fi

# Peers that are not in trusted-proxies() are plain clients: TCP in both framings.
if is_given "$confgen_port"; then
  cat <<END
network(transport("udp") port($confgen_port) flags(no-parse) $confgen_network_options $confgen_options);
proxy-protocol(
  port($confgen_port) framing("auto") untrusted-peers("direct") flags(no-parse)
  $confgen_network_options $confgen_tcp_options $confgen_options
);
END
fi
