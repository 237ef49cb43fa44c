#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# The drivers of haproxy(): a unix socket, and UDP and TCP where there is a port. What haproxy.conf gives comes as $confgen_*.
# shellcheck disable=SC2154

unquoted() {
  printf '%s' "$1" | tr -d "\"' "
}

is_given() {
  [ -n "$(unquoted "$1")" ]
}

# each line is parsed, and is kept as it has come
options="flags(syslog-protocol, store-raw-message) $confgen_options"
if is_given "$confgen_keep_hostname"; then
  options="$options keep-hostname($(unquoted "$confgen_keep_hostname"))"
fi

if is_given "$confgen_unix_socket"; then
  cat <<END
unix-dgram($confgen_unix_socket create-dirs(yes) $confgen_unix_options $options);
END
elif ! is_given "$confgen_port"; then
  echo "haproxy() has nothing to listen on: give it unix-socket() or port()" >&2
  exit 1
fi

# Peers that are not in trusted-proxies() are plain clients.
if is_given "$confgen_port"; then
  cat <<END
network(transport("udp") port($confgen_port) $confgen_network_options $options);
proxy-protocol(
  port($confgen_port) untrusted-peers("direct")
  $confgen_network_options $confgen_tcp_options $options
);
END
fi
