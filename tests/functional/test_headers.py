# SPDX-License-Identifier: GPL-2.0-or-later
"""Version 1 headers: what is accepted and what comes of it, what is refused and why."""

import pytest
from client import connect, is_closed_by_peer, reset, send, v1, wait_until_read
from daemon import log_tags, macros

HELLO = b"<13>Nov 20 10:00:00 host prog[12]: hello\n"
MANY = "max-connections(1000)"


def test_a_message_carries_the_macros_of_its_connection(start, port):
    daemon = start()
    peer_port = send(port, v1("192.0.2.7", "198.51.100.9", 1111, 2222), HELLO)
    (message,) = daemon.wait_messages(1)
    assert message["MESSAGE"] == "hello"
    assert macros(message) == {
        "SRCIP": "192.0.2.7", "SRCPORT": "1111", "DSTIP": "198.51.100.9", "DSTPORT": "2222",
        "IP_VERSION": "4", "VERSION": "1", "PEERIP": "127.0.0.1", "PEERPORT": str(peer_port),
    }
    assert (message["DESTIP"], message["DESTPORT"]) == ("127.0.0.1", str(port))


def test_every_message_of_a_connection_has_its_macros_and_no_other(start, port):
    daemon = start()
    sources = [f"192.0.2.{i}" for i in range(5)]
    clients = [connect(port, v1(source)) for source in sources]
    for _ in range(20):
        for client, source in zip(clients, sources):
            client.sendall(f"<13>Nov 20 10:00:00 host prog: {source}\n".encode())
    assert all(m["MESSAGE"] == m["PROXY_SRCIP"] for m in daemon.wait_messages(100))


IPV6_MAX = ":".join(["ffff"] * 8)

ADDRESSES = [  # protocol, as sent, as seen, IP version
    ("TCP4", "0.0.0.0", "0.0.0.0", "4"),
    ("TCP4", "127.0.0.1", "127.0.0.1", "4"),
    ("TCP4", "255.255.255.255", "255.255.255.255", "4"),
    ("TCP6", "::", "::", "6"),
    ("TCP6", "::1", "::1", "6"),
    ("TCP6", "2001:db8::1", "2001:db8::1", "6"),
    ("TCP6", "2001:DB8:0:0::0001", "2001:db8::1", "6"),
    ("TCP6", "2001:0db8:0000:0000:0000:0000:0000:0001", "2001:db8::1", "6"),
    ("TCP6", "2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1", "6"),
    ("TCP6", "1:0:0:2:0:0:0:3", "1:0:0:2::3", "6"),
    ("TCP6", "fe80::", "fe80::", "6"),
    ("TCP6", "::ffff:192.0.2.1", "::ffff:192.0.2.1", "6"),
    ("TCP6", "::FFFF:c000:0201", "::ffff:192.0.2.1", "6"),
    ("TCP6", IPV6_MAX, IPV6_MAX, "6"),
]


@pytest.mark.parametrize("protocol, sent, seen, version", ADDRESSES)
def test_addresses_are_shown_in_canonical_form(start, port, protocol, sent, seen, version):
    daemon = start()
    other = {"4": "198.51.100.1", "6": "2001:db8::ff"}[version]
    send(port, v1(sent, other, protocol=protocol), HELLO)
    send(port, v1(other, sent, protocol=protocol), HELLO)
    first, second = daemon.wait_messages(2)
    assert (first["PROXY_SRCIP"], first["PROXY_DSTIP"], first["PROXY_IP_VERSION"]) == (seen, other, version)
    assert (second["PROXY_SRCIP"], second["PROXY_DSTIP"], second["PROXY_IP_VERSION"]) == (other, seen, version)


@pytest.mark.parametrize("source_port, destination_port", [(0, 65535), (65535, 0), (1, 10), (10000, 9)])
def test_ports(start, port, source_port, destination_port):
    daemon = start()
    send(port, v1(source_port=source_port, destination_port=destination_port), HELLO)
    (message,) = daemon.wait_messages(1)
    assert (message["PROXY_SRCPORT"], message["PROXY_DSTPORT"]) == (str(source_port), str(destination_port))


UNKNOWN = {
    "short": b"PROXY UNKNOWN\r\n",
    "space": b"PROXY UNKNOWN \r\n",
    "addresses": b"PROXY UNKNOWN 192.0.2.1 198.51.100.1 1 2\r\n",
    "the longest of the spec": f"PROXY UNKNOWN {IPV6_MAX} {IPV6_MAX} 65535 65535\r\n".encode(),
    "107 bytes": b"PROXY UNKNOWN " + b"x" * 91 + b"\r\n",
    "any bytes": b"PROXY UNKNOWN \x00\xff\t  '\\;\r\n",
    "a CR": b"PROXY UNKNOWN a\rb\r\r\n",
    "a LF": b"PROXY UNKNOWN a\nb\n\r\n",
}


@pytest.mark.parametrize("header", UNKNOWN.values(), ids=UNKNOWN)
def test_an_unknown_connection_keeps_its_messages_and_its_addresses_and_has_no_macro(start, port, header):
    daemon = start()
    send(port, header, HELLO, source="127.0.0.9")
    (message,) = daemon.wait_messages(1)
    assert message["MESSAGE"] == "hello"
    assert macros(message) == {}
    assert (message["SOURCEIP"], message["HOST_FROM"]) == ("127.0.0.9", "127.0.0.9")
    assert daemon.counters()["refused_malformed"] == 0


def test_the_longest_unknown_header_is_tested_as_such():
    assert [len(UNKNOWN[name]) for name in ("the longest of the spec", "107 bytes")] == [107, 107]


# How a header arrives


@pytest.mark.parametrize("header", [v1(), v1(IPV6_MAX, IPV6_MAX, 65535, 65535), *UNKNOWN.values()])
def test_byte_by_byte(start, port, header):
    daemon = start()
    with connect(port) as client:
        for byte in header:
            client.sendall(bytes([byte]))
            wait_until_read(client)
        client.sendall(HELLO)
        assert daemon.wait_messages(1)[0]["MESSAGE"] == "hello"


def test_in_two_parts_wherever_it_is_split(start, port):
    daemon = start(MANY)
    header = v1()
    clients = [connect(port, header[:i]) for i in range(1, len(header))]
    wait_until_read(*clients)
    daemon.wait_counter("pending_headers", len(clients))
    for i, client in enumerate(clients, start=1):
        client.sendall(header[i:] + f"<13>Nov 20 10:00:00 host prog: {i}\n".encode())
    messages = daemon.wait_messages(len(clients))
    assert sorted(int(m["MESSAGE"]) for m in messages) == list(range(1, len(header)))
    assert {m["PROXY_SRCIP"] for m in messages} == {"192.0.2.1"}


def test_the_split_may_be_within_the_first_message(start, port):
    daemon = start(MANY)
    data = v1() + HELLO
    splits = range(len(v1()), len(data) + 1)
    clients = [connect(port, data[:i]) for i in splits]
    daemon.wait_counter("connections", len(clients))
    for i, client in zip(splits, clients):
        client.sendall(data[i:])
    assert {m["MESSAGE"] for m in daemon.wait_messages(len(clients))} == {"hello"}


def test_megabytes_of_messages_right_behind_it(start, port):
    daemon = start(log_flags="flow-control")
    lines = [f"<13>Nov 20 10:00:00 host prog: {i:06} {'x' * 5000}\n" for i in range(600)]
    send(port, v1() + "".join(lines).encode())
    messages = daemon.wait_messages(len(lines), timeout=30)
    assert [int(m["MESSAGE"][:6]) for m in messages] == list(range(len(lines)))
    assert {m["PROXY_SRCIP"] for m in messages} == {"192.0.2.1"}


def test_after_a_pause(start, port):
    daemon = start()
    with connect(port) as client:
        daemon.wait_counter("pending_headers", 1)
        client.sendall(v1())
        daemon.wait_counter("connections", 1)
        assert daemon.counters()["pending_headers"] == 0
        client.sendall(HELLO)
        assert macros(daemon.wait_messages(1)[0])["SRCIP"] == "192.0.2.1"


def test_a_second_header_on_the_connection_is_a_message(start, port):
    daemon = start("flags(no-parse)")
    send(port, v1("192.0.2.1") + v1("192.0.2.2") + b"hello\n")
    messages = daemon.wait_messages(2)
    assert [m["MESSAGE"].rstrip("\r") for m in messages] == [v1("192.0.2.2").decode().strip(), "hello"]
    assert {m["PROXY_SRCIP"] for m in messages} == {"192.0.2.1"}


@pytest.mark.parametrize("messages", [b"", b"\n\n\n", b"\x00\n"])
def test_a_connection_without_a_message_is_no_error(start, port, messages):
    daemon = start()
    send(port, v1(), messages)
    daemon.wait_counter("connections", 0)
    assert daemon.counters()["headers_v1"] == 1
    assert not daemon.log_lines("Error")


def test_the_last_message_needs_no_newline(start, port):
    daemon = start()
    send(port, v1(), HELLO.rstrip())
    assert daemon.wait_messages(1)[0]["MESSAGE"] == "hello"


# Refusals

NO_HEADER = "this is not a PROXY protocol header"
NO_CRLF = "no CRLF within the first 107 bytes"
LF = "the line ends in LF, not in CRLF"
PROTOCOL = "the protocol is not TCP4, TCP6 or UNKNOWN"
SPACES = "fields are not separated by exactly one space"
SHORT = "the line ends too early"
LONG = "the line goes on behind the destination port"
SOURCE4 = "the source is not an IPv4 address"
DESTINATION4 = "the destination is not an IPv4 address"
SOURCE6 = "the source is not an IPv6 address"
DESTINATION6 = "the destination is not an IPv6 address"
SOURCE_PORT = "the source port is not a number from 0 to 65535"
DESTINATION_PORT = "the destination port is not a number from 0 to 65535"

MALFORMED = [
    # what syslog-ng's own proxied-tcp takes
    ("PROXY TCP4 999.2.3.4 banana 111 222\r\n", SOURCE4),
    ("PROXY TCP4 192.0.2.1 banana 111 222\r\n", DESTINATION4),
    ("PROXY TCP4 192.0.2.1 192.0.2.2 99999 222\r\n", SOURCE_PORT),
    ("PROXY TCP4 192.0.2.1 192.0.2.2 111 99999\r\n", DESTINATION_PORT),
    ("PROXY TCP4 192.0.2.1 192.0.2.2 -5 222\r\n", SOURCE_PORT),
    ("PROXY TCP4 192.0.2.1 192.0.2.2 111 abc\r\n", DESTINATION_PORT),
    ("PROXY TCP4 192.0.2.1 192.0.2.2 111 222\n", LF),
    # the signature
    ("<13>Nov 20 10:00:00 host prog: hello\n", NO_HEADER),
    ("GET / HTTP/1.1\r\n", NO_HEADER),
    ("\r\n", NO_HEADER),
    ("\n", NO_HEADER),
    ("\x16\x03\x01\x02\x00", NO_HEADER),
    ("proxy TCP4 192.0.2.1 192.0.2.2 111 222\r\n", NO_HEADER),
    (" PROXY TCP4 192.0.2.1 192.0.2.2 111 222\r\n", NO_HEADER),
    ("PROXY\tTCP4 192.0.2.1 192.0.2.2 111 222\r\n", NO_HEADER),
    ("PROXYTCP4 192.0.2.1 192.0.2.2 111 222\r\n", NO_HEADER),
    ("PROXY\r\n", NO_HEADER),
    # the protocol
    ("PROXY \r\n", SHORT),
    ("PROXY TCP 192.0.2.1 192.0.2.2 111 222\r\n", PROTOCOL),
    ("PROXY TCP5 192.0.2.1 192.0.2.2 111 222\r\n", PROTOCOL),
    ("PROXY TCP44 192.0.2.1 192.0.2.2 111 222\r\n", PROTOCOL),
    ("PROXY tcp4 192.0.2.1 192.0.2.2 111 222\r\n", PROTOCOL),
    ("PROXY UDP4 192.0.2.1 192.0.2.2 111 222\r\n", PROTOCOL),
    ("PROXY UNIX 192.0.2.1 192.0.2.2 111 222\r\n", PROTOCOL),
    ("PROXY unknown\r\n", PROTOCOL),
    ("PROXY UNKNOWNS\r\n", PROTOCOL),
    ("PROXY UNKNOWN\t\r\n", PROTOCOL),
    ("PROXY TCP4\t192.0.2.1 192.0.2.2 111 222\r\n", PROTOCOL),
    # the spaces, and how many fields there are
    ("PROXY  TCP4 192.0.2.1 192.0.2.2 111 222\r\n", SPACES),
    ("PROXY TCP4  192.0.2.1 192.0.2.2 111 222\r\n", SPACES),
    ("PROXY TCP4 192.0.2.1  192.0.2.2 111 222\r\n", SPACES),
    ("PROXY TCP4 192.0.2.1 192.0.2.2  111 222\r\n", SPACES),
    ("PROXY TCP4 192.0.2.1 192.0.2.2 111  222\r\n", SPACES),
    ("PROXY TCP4 192.0.2.1 192.0.2.2 111 222 \r\n", SPACES),
    ("PROXY TCP4\r\n", SHORT),
    ("PROXY TCP4 192.0.2.1\r\n", SHORT),
    ("PROXY TCP4 192.0.2.1 192.0.2.2\r\n", SHORT),
    ("PROXY TCP4 192.0.2.1 192.0.2.2 111\r\n", SHORT),
    ("PROXY TCP4 192.0.2.1 192.0.2.2 111 222 333\r\n", LONG),
    # IPv4 addresses
    ("PROXY TCP4 2001:db8::1 2001:db8::2 111 222\r\n", SOURCE4),
    ("PROXY TCP4 192.0.2.1 2001:db8::2 111 222\r\n", DESTINATION4),
    ("PROXY TCP4 192.0.2.01 192.0.2.2 111 222\r\n", SOURCE4),
    ("PROXY TCP4 192.0.2.1 192.0.02.2 111 222\r\n", DESTINATION4),
    ("PROXY TCP4 192.0.2 192.0.2.2 111 222\r\n", SOURCE4),
    ("PROXY TCP4 192.0.2.1.1 192.0.2.2 111 222\r\n", SOURCE4),
    ("PROXY TCP4 192.0.2.256 192.0.2.2 111 222\r\n", SOURCE4),
    ("PROXY TCP4 3221225985 192.0.2.2 111 222\r\n", SOURCE4),
    ("PROXY TCP4 0xc0.0.2.1 192.0.2.2 111 222\r\n", SOURCE4),
    ("PROXY TCP4 192.0.2.1/32 192.0.2.2 111 222\r\n", SOURCE4),
    ("PROXY TCP4 192.0.2.1\x00 192.0.2.2 111 222\r\n", SOURCE4),
    ("PROXY TCP4 192.0.2.1\t192.0.2.2 111 222\r\n", SOURCE4),
    ("PROXY TCP4 localhost 192.0.2.2 111 222\r\n", SOURCE4),
    # IPv6 addresses
    ("PROXY TCP6 192.0.2.1 192.0.2.2 111 222\r\n", SOURCE6),
    ("PROXY TCP6 2001:db8::1 192.0.2.2 111 222\r\n", DESTINATION6),
    ("PROXY TCP6 [2001:db8::1] 2001:db8::2 111 222\r\n", SOURCE6),
    ("PROXY TCP6 2001:db8::1::2 2001:db8::2 111 222\r\n", SOURCE6),
    ("PROXY TCP6 1:2:3:4:5:6:7 2001:db8::2 111 222\r\n", SOURCE6),
    ("PROXY TCP6 1:2:3:4:5:6:7:8:9 2001:db8::2 111 222\r\n", SOURCE6),
    ("PROXY TCP6 1:2:3:4::5:6:7:8 2001:db8::2 111 222\r\n", SOURCE6),
    ("PROXY TCP6 2001:db8::00001 2001:db8::2 111 222\r\n", SOURCE6),
    ("PROXY TCP6 2001:db8::g 2001:db8::2 111 222\r\n", SOURCE6),
    ("PROXY TCP6 :1 2001:db8::2 111 222\r\n", SOURCE6),
    ("PROXY TCP6 2001:db8::1 2001:db8: 111 222\r\n", DESTINATION6),
    ("PROXY TCP6 fe80::1%lo 2001:db8::2 111 222\r\n", SOURCE6),
    ("PROXY TCP6 ::ffff:192.0.2.256 2001:db8::2 111 222\r\n", SOURCE6),
    # ports
    ("PROXY TCP4 192.0.2.1 192.0.2.2 65536 222\r\n", SOURCE_PORT),
    ("PROXY TCP4 192.0.2.1 192.0.2.2 111 65536\r\n", DESTINATION_PORT),
    ("PROXY TCP4 192.0.2.1 192.0.2.2 0111 222\r\n", SOURCE_PORT),
    ("PROXY TCP4 192.0.2.1 192.0.2.2 111 00\r\n", DESTINATION_PORT),
    ("PROXY TCP4 192.0.2.1 192.0.2.2 +111 222\r\n", SOURCE_PORT),
    ("PROXY TCP4 192.0.2.1 192.0.2.2 111 0x1\r\n", DESTINATION_PORT),
    ("PROXY TCP4 192.0.2.1 192.0.2.2 4294967407 222\r\n", SOURCE_PORT),
    ("PROXY TCP4 192.0.2.1 192.0.2.2 111 222\t\r\n", DESTINATION_PORT),
    ("PROXY TCP4 192.0.2.1 192.0.2.2 111 222\x00\r\n", DESTINATION_PORT),
    # the end of the line
    ("PROXY TCP4 192.0.2.1 192.0.2.2 111 222\r\r\n", DESTINATION_PORT),
    ("PROXY UNKNOWN\n", LF),
    ("PROXY TCP4 192.0.2.1\n192.0.2.2 111 222\r\n", LF),
    ("PROXY \n", LF),
    ("PROXY TCP4 192.0.2.1 192.0.2.2 111 222\r" + " " * 80, NO_CRLF),
    ("PROXY UNKNOWN " + "x" * 92 + "\r\n", NO_CRLF),
    ("PROXY " + "x" * 500, NO_CRLF),
]


@pytest.mark.parametrize("header, reason", MALFORMED)
def test_a_malformed_header_closes_the_connection_and_no_message_gets_in(start, port, header, reason):
    daemon = start()
    with connect(port, header.encode("latin1") + HELLO) as client:
        peer_port = client.getsockname()[1]
        assert is_closed_by_peer(client)
    (line,) = daemon.wait_log("Error parsing PROXY protocol header")
    assert log_tags(line)["reason"] == reason
    assert log_tags(line)["client"] == f"AF_INET(127.0.0.1:{peer_port})"

    send(port, v1(), b"<13>Nov 20 10:00:00 host prog: only this one\n")
    assert [m["MESSAGE"] for m in daemon.wait_messages(1)] == ["only this one"]
    counters = daemon.counters()
    assert (counters["accepted"], counters["headers_v1"], counters["refused_malformed"]) == (2, 1, 1)


CUT_SHORT = "the peer closed the connection before the end of the header"


@pytest.mark.parametrize("part", [v1()[:1], v1()[:6], v1()[:20], v1()[:-2], v1()[:-1]])
def test_half_a_header_then_close(start, port, part):
    daemon = start()
    send(port, part)
    (line,) = daemon.wait_log("Error parsing PROXY protocol header")
    assert log_tags(line)["reason"] == CUT_SHORT
    assert log_tags(line)["line"].replace("\\", "") == part.decode().replace("\r", "x0d")
    assert daemon.counters()["refused_malformed"] == 1


def test_nothing_sent_then_close(start, port):
    daemon = start()
    send(port)
    (line,) = daemon.wait_log("Error parsing PROXY protocol header")
    assert log_tags(line)["reason"] == "the peer closed the connection without sending a header"
    assert daemon.counters()["refused_malformed"] == 1


@pytest.mark.parametrize("part", [b"", v1()[:20]])
def test_a_reset_before_the_end_of_the_header(start, port, part):
    daemon = start()
    client = connect(port, part)
    daemon.wait_counter("pending_headers", 1)
    wait_until_read(client)
    reset(client)
    (line,) = daemon.wait_log("Error parsing PROXY protocol header")
    assert log_tags(line)["reason"] == "the connection broke before the end of the header"
    assert daemon.counters()["refused_malformed"] == 1
    assert daemon.counters()["pending_headers"] == 0


def test_a_reset_behind_the_header(start, port):
    daemon = start()
    client = connect(port, v1() + HELLO)
    daemon.wait_messages(1)
    reset(client)
    daemon.wait_log("Syslog connection closed")
    daemon.wait_counter("connections", 0)
    assert daemon.counters()["refused_malformed"] == 0


# The debug log

SHOWN = [
    (v1(), "PROXY TCP4 192.0.2.1 198.51.100.1 56324 6514"),
    (v1("2001:DB8::1"), "PROXY TCP6 2001:DB8::1 198.51.100.1 56324 6514"),
    (b"PROXY UNKNOWN\r\n", "PROXY UNKNOWN"),
    (b"PROXY TCP4 999.2.3.4 banana 111 222\r\n", "PROXY TCP4 999.2.3.4 banana 111 222"),
    (b"PROXY UNK", "PROXY UNK"),
    (b"hello\n", "hello"),
]


@pytest.mark.parametrize("header, shown", SHOWN)
def test_debug_level_shows_every_header(start, port, header, shown):
    daemon = start(arguments=("--debug",))
    send(port, header)
    assert log_tags(daemon.wait_log("PROXY protocol header received; ")[0])["line"] == shown
    assert len(daemon.log_lines("PROXY protocol header received; ")) == 1


def test_no_header_is_shown_without_debug_level(start, port):
    daemon = start()
    send(port, v1(), HELLO)
    daemon.wait_log("Syslog connection closed")
    assert not daemon.log_lines("header received")
