# SPDX-License-Identifier: GPL-2.0-or-later
"""Whose address a message has: source-address(), and all that looks at it; the names of the macros."""

import pytest
from client import connect, send, v1
from daemon import macros

PROXY = "127.0.0.9"
CLIENT, CLIENT6 = "192.0.2.7", "2001:db8::7"
WITH_HOST = b"<13>Nov 20 10:00:00 host prog[12]: hello\n"
WITHOUT_HOST = b"<13>Nov 20 10:00:00 prog[12]: hello\n"
UNKNOWN = b"PROXY UNKNOWN\r\n"

MODES = [  # source-address(), whether it means the client
    ("", True),
    ('source-address("client")', True),
    ("source-address(client)", True),
    ('source-address("proxy")', False),
]


def deliver(daemon, port, header, data):
    """The one message that comes of the data, sent by the proxy."""
    before = len(daemon.messages())
    send(port, header, data, source=PROXY)
    return daemon.wait_messages(before + 1)[-1]


@pytest.mark.parametrize("mode, is_client", MODES)
@pytest.mark.parametrize("client", [CLIENT, CLIENT6])
def test_the_source_of_a_message(start, port, mode, is_client, client):
    daemon = start(mode)
    message = deliver(daemon, port, v1(client, client), WITHOUT_HOST)
    source = client if is_client else PROXY
    assert [message[name] for name in ("SOURCEIP", "HOST_FROM", "HOST")] == [source] * 3
    # whichever it is
    assert (message["PROXY_SRCIP"], message["PROXY_PEERIP"]) == (client, PROXY)
    assert (message["DESTIP"], message["DESTPORT"]) == ("127.0.0.1", str(port))


@pytest.mark.parametrize("mode, is_client", MODES)
@pytest.mark.parametrize("client", [CLIENT, CLIENT6])
def test_the_source_of_all_messages_where_no_names_are_looked_up(start, port, mode, is_client, client):
    daemon = start(f"use-dns(no) {mode}", filters=f'filter {{ netmask({PROXY}/32) or netmask({CLIENT}/32)'
                                                  f' or netmask6("{CLIENT6}/128") }};')
    source = client if is_client else PROXY
    with connect(port, v1(client, client), source=PROXY) as sock:
        for count in range(1, 4):
            sock.sendall(WITHOUT_HOST)
            message = daemon.wait_messages(count)[-1]
            assert [message[name] for name in ("SOURCEIP", "HOST_FROM", "HOST")] == [source] * 3
        daemon.reload(f"proxy-protocol(ip(127.0.0.1) port({port}) use-dns(no)"
                      f" source-address({'proxy' if is_client else 'client'}));")
        source = PROXY if is_client else client
        for count in range(4, 6):
            sock.sendall(WITHOUT_HOST)
            message = daemon.wait_messages(count)[-1]
            assert [message[name] for name in ("SOURCEIP", "HOST_FROM", "HOST")] == [source] * 3


@pytest.mark.parametrize("mode", ["client", "proxy"])
def test_the_source_of_a_message_is_the_peer_where_the_header_names_nobody(start, port, mode):
    daemon = start(f"source-address({mode})")
    message = deliver(daemon, port, UNKNOWN, WITHOUT_HOST)
    assert [message[name] for name in ("SOURCEIP", "HOST_FROM", "HOST")] == [PROXY] * 3


def test_the_source_of_an_untrusted_peer_that_is_served_is_the_peer(start, port):
    daemon = start('trusted-proxies("192.0.2.1") untrusted-peers("direct")')
    message = deliver(daemon, port, b"", WITHOUT_HOST)
    assert [message[name] for name in ("SOURCEIP", "HOST_FROM", "HOST")] == [PROXY] * 3


HOSTS = [  # options, message, host that the message then has where the source is the client, and the proxy
    ("keep-hostname(no)", WITH_HOST, CLIENT, PROXY),
    ("keep-hostname(no)", WITHOUT_HOST, CLIENT, PROXY),
    ("keep-hostname(yes)", WITH_HOST, "host", "host"),
    ("keep-hostname(yes)", WITHOUT_HOST, CLIENT, PROXY),
    ("keep-hostname(yes) flags(no-parse)", WITH_HOST, CLIENT, PROXY),
]


@pytest.mark.parametrize("options, data, host_of_client, host_of_proxy", HOSTS)
@pytest.mark.parametrize("mode", ["client", "proxy"])
def test_the_host_of_a_message(start, port, mode, options, data, host_of_client, host_of_proxy):
    daemon = start(f"source-address({mode}) {options}")
    message = deliver(daemon, port, v1(CLIENT), data)
    assert message["HOST"] == (host_of_client if mode == "client" else host_of_proxy)
    assert message["HOST_FROM"] == (CLIENT if mode == "client" else PROXY)


NAMES = [  # source-address(), header, name that the source of the message has
    ("client", v1(CLIENT), "client.example.com"),
    ("client", v1(CLIENT6, CLIENT6), "client6.example.com"),
    ("client", v1("192.0.2.8"), "192.0.2.8"),
    ("client", UNKNOWN, "proxy.example.com"),
    ("proxy", v1(CLIENT), "proxy.example.com"),
]


@pytest.mark.parametrize("mode, header, name", NAMES)
@pytest.mark.parametrize("is_short", [False, True], ids=["use-fqdn(yes)", "use-fqdn(no)"])
def test_name_resolution_is_that_of_the_source(start, port, tmp_path, mode, header, name, is_short):
    (tmp_path / "hosts").write_text(
        f"{CLIENT} client.example.com\n{CLIENT6} client6.example.com\n{PROXY} proxy.example.com\n")
    daemon = start(f"source-address({mode}) use-dns(persist_only) use-fqdn({'no' if is_short else 'yes'})",
                   options=f'dns-cache-hosts("{tmp_path}/hosts");')
    message = deliver(daemon, port, header, WITHOUT_HOST)
    name = name.removesuffix(".example.com") if is_short else name
    assert (message["HOST_FROM"], message["HOST"]) == (name, name)


FILTERS = [  # filter, source-address(), header, whether the message passes
    (f"netmask({CLIENT}/32)", "client", v1(CLIENT), True),
    ("netmask(192.0.2.0/24)", "client", v1(CLIENT), True),
    ("netmask(192.0.2.0/24)", "client", v1("192.0.3.7"), False),
    ("netmask(127.0.0.0/8)", "client", v1(CLIENT), False),
    ("netmask(127.0.0.0/8)", "client", UNKNOWN, True),
    ("netmask(192.0.2.0/24)", "proxy", v1(CLIENT), False),
    ("netmask(127.0.0.0/8)", "proxy", v1(CLIENT), True),
    ('netmask6("2001:db8::/32")', "client", v1(CLIENT6, CLIENT6), True),
    ('netmask6("2001:db9::/32")', "client", v1(CLIENT6, CLIENT6), False),
    ('netmask6("2001:db8::/32")', "proxy", v1(CLIENT6, CLIENT6), False),
    ("netmask(127.0.0.0/8)", "proxy", v1(CLIENT6, CLIENT6), True),
]


@pytest.mark.parametrize("netmask, mode, header, passes", FILTERS)
def test_netmask_filters_look_at_the_source(start, port, netmask, mode, header, passes):
    daemon = start(f"source-address({mode})",
                   filters=f'filter {{ {netmask} or message("barrier") }};')
    send(port, header, WITH_HOST, b"<13>Nov 20 10:00:00 host prog: barrier\n", source=PROXY)
    messages = daemon.wait_messages(1 + passes)
    assert [m["MESSAGE"] for m in messages] == ["hello", "barrier"][not passes:]


MAPPED_FILTERS = [  # filter, driver, options, what is sent in front of the message, whether it passes
    ("netmask(127.0.0.0/8)", "network", "", b"", False),
    ("netmask(127.0.0.0/8)", "proxy-protocol", "", UNKNOWN, False),
    ("netmask(127.0.0.0/8)", "proxy-protocol", "source-address(proxy)", v1(CLIENT), False),
    ('netmask6("::ffff:127.0.0.7/128")', "network", "", b"", True),
    ('netmask6("::ffff:127.0.0.7/128")', "proxy-protocol", "", UNKNOWN, True),
    ('netmask6("::ffff:127.0.0.7/128")', "proxy-protocol", "source-address(proxy)", v1(CLIENT), True),
    ("netmask(192.0.2.0/24)", "proxy-protocol", "", v1(CLIENT), True),
]


@pytest.mark.parametrize("netmask, driver, options, header, passes", MAPPED_FILTERS)
def test_an_ipv4_proxy_on_an_ipv6_socket(daemon, port, netmask, driver, options, header, passes):
    """The source is what it is with network(). The macro is the proxy's address, whatever the socket makes of it."""
    daemon.start(f"{driver}(port({port}) ip-protocol(6) {options});",
                 filters=f'if {{ filter {{ {netmask} }}; rewrite {{ set-tag("passed"); }}; }};')
    send(port, header + WITH_HOST, source="127.0.0.7")
    (message,) = daemon.wait_messages(1)
    assert ("passed" in message["TAGS"]) == passes
    if header == v1(CLIENT):
        assert message["PROXY_PEERIP"] == "127.0.0.7"


PREFIXES = [("", "PROXY_"), ('macro-prefix("PROXIED_")', "PROXIED_"), ('macro-prefix("LB_")', "LB_")]


@pytest.mark.parametrize("option, prefix", PREFIXES)
def test_macro_prefix(start, port, option, prefix):
    daemon = start(option)
    message = deliver(daemon, port, v1(CLIENT, "198.51.100.9", 1111, 2222), WITH_HOST)
    values = macros(message, prefix)
    assert values.pop("PEERPORT").isdigit()
    assert values == {"SRCIP": CLIENT, "SRCPORT": "1111", "DSTIP": "198.51.100.9", "DSTPORT": "2222",
                      "IP_VERSION": "4", "VERSION": "1", "PEERIP": PROXY}
    assert {p for _, p in PREFIXES if macros(message, p)} == {prefix}


def test_macros_can_be_used_in_filters(start, port):
    daemon = start(filters=f'filter {{ match("{CLIENT}" value("PROXY_SRCIP") type(string))'
                           ' and match("6514" value("PROXY_DSTPORT") type(string)) };')
    send(port, v1("192.0.2.8"), WITH_HOST)
    send(port, v1(CLIENT, destination_port=6515), WITH_HOST)
    send(port, v1(CLIENT), WITH_HOST)
    (message,) = daemon.wait_messages(1)
    assert (message["PROXY_SRCIP"], message["PROXY_DSTPORT"]) == (CLIENT, "6514")
