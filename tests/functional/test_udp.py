# SPDX-License-Identifier: GPL-2.0-or-later
"""transport("udp"): each datagram with a header of its own."""

import os
import re
import signal
import socket
import threading
import time

import pytest
import proxy_v2
from client import line, send, send_datagrams, unread_datagrams, v1
from daemon import SyslogNg, free_port, has_types, log_tags, macros, wait_for
from nginx import Nginx
from proxy_v2 import DGRAM, INET, INET6, STREAM, UNIX, UNSPEC, checksummed, local, ssl_tlv, tlv, v2

BAD_HEADER = "Error parsing PROXY protocol header; "
UNTRUSTED = "PROXY protocol datagram refused; "
SUPPRESSED = "PROXY protocol refusals were not logged"
DRIVERS = ["proxy-protocol", "network"]
PEER = "127.0.0.9"
# the most that fits into a datagram over IPv4
LONGEST = 65535 - 20 - 8


def udp_port(family=socket.AF_INET):
    return free_port(family, socket.SOCK_DGRAM)


def source(port, options="", ip="ip(127.0.0.1)"):
    return f'proxy-protocol(transport("udp") {ip} port({port}) {options});'


@pytest.fixture
def port():
    return udp_port()


@pytest.fixture
def start_udp(daemon, port):
    return lambda driver_options="", **kwargs: daemon.start(source(port, driver_options), **kwargs)


@pytest.fixture
def nginx(tmp_path):
    nginx = Nginx(tmp_path)
    yield nginx
    nginx.stop()


def texts(messages):
    return [message["MESSAGE"] for message in messages]


def assert_serves(daemon, port, **kwargs):
    """A good datagram arrives; what has been sent before from here has been dealt with then."""
    before = len(daemon.messages())
    send_datagrams(port, v1() + line("good"), **kwargs)
    assert texts(daemon.wait_messages(before + 1)[before:]) == ["good"]


class SharedDaemon:
    """A running daemon, for tests that leave nothing behind but messages, refusals and counters."""

    def __init__(self, directory):
        self.port = udp_port()
        self.daemon = SyslogNg(directory)

    def __enter__(self):
        self.daemon.start(source(self.port))
        return self

    def __exit__(self, *_):
        self.daemon.stop()


@pytest.fixture(scope="module")
def shared(tmp_path_factory):
    with SharedDaemon(tmp_path_factory.mktemp("shared")) as daemon:
        yield daemon


# Headers

ADDRESSES = dict(SRCIP="192.0.2.1", SRCPORT="56324", DSTIP="198.51.100.1", DSTPORT="6514", IP_VERSION="4")
ADDRESSES6 = dict(SRCIP="2001:db8::1", SRCPORT="56324", DSTIP="2001:db8::2", DSTPORT="6514", IP_VERSION="6")
PATHS = dict(SRCPATH="/run/client.sock", DSTPATH="/run/log.sock")

# what it is, the header, what its macros are besides version and peer, which are there with them; and which counter counts it
HEADERS = [
    ("v1 TCP4", v1(), ADDRESSES, "headers_v1"),
    ("v1 TCP6", v1("2001:db8::1", "2001:db8::2"), ADDRESSES6, "headers_v1"),
    ("v1 UNKNOWN", b"PROXY UNKNOWN\r\n", None, "headers_v1"),
    ("v1 UNKNOWN with addresses", b"PROXY UNKNOWN 192.0.2.1 198.51.100.1 1 2\r\n", None, "headers_v1"),
    ("v2 INET DGRAM", v2(protocol=DGRAM), ADDRESSES, "headers_v2"),
    ("v2 INET STREAM", v2(protocol=STREAM), ADDRESSES, "headers_v2"),
    ("v2 INET UNSPEC", v2(protocol=UNSPEC), None, "headers_v2"),
    ("v2 INET6 DGRAM", v2(family=INET6, protocol=DGRAM), ADDRESSES6, "headers_v2"),
    ("v2 INET6 STREAM", v2(family=INET6, protocol=STREAM), ADDRESSES6, "headers_v2"),
    ("v2 UNIX DGRAM", v2(family=UNIX, protocol=DGRAM), PATHS, "headers_v2"),
    ("v2 UNIX STREAM", v2(family=UNIX, protocol=STREAM), PATHS, "headers_v2"),
    ("v2 UNSPEC", v2(family=UNSPEC, protocol=UNSPEC), None, "headers_v2"),
    ("v2 LOCAL", local(), None, "headers_local"),
    ("v2 LOCAL with TLVs", local(tlv(proxy_v2.UNIQUE_ID, b"abc")), None, "headers_local"),
    ("v2 with TLVs", v2(tlv(proxy_v2.AUTHORITY, b"logs.example.com") + tlv(0xE4, b"hello"), protocol=DGRAM),
     {**ADDRESSES, "AUTHORITY": "logs.example.com", "TLV_0xE4": "68656c6c6f"}, "headers_v2"),
    ("v2 with TLS", v2(ssl_tlv(tlv(proxy_v2.SSL_CN, b"client7")), protocol=DGRAM),
     {**ADDRESSES, "SSL_CN": "client7", "SSL_VERIFIED": "no"}, "headers_v2"),
    ("v2 with CRC32c", checksummed(protocol=DGRAM), ADDRESSES, "headers_v2"),
    ("v2 as long as allowed", v2(proxy_v2.padding(4096 - len(v2())), protocol=DGRAM), ADDRESSES, "headers_v2"),
]


@pytest.mark.parametrize("header, expected, counter", [row[1:] for row in HEADERS], ids=[row[0] for row in HEADERS])
def test_the_message_has_what_its_header_says(shared, header, expected, counter):
    daemon = shared.daemon
    count, counters = len(daemon.messages()), daemon.counters()
    peer_port = send_datagrams(shared.port, header + line("hello"), source=PEER)
    message = daemon.wait_messages(count + 1)[-1]

    proxy = dict(VERSION="1" if header.startswith(b"PROXY") else "2", PEERIP=PEER, PEERPORT=str(peer_port))
    assert macros(message) == ({**expected, **proxy} if expected else {})
    assert message["SOURCEIP"] == (expected or {}).get("SRCIP", PEER)
    assert (message["MESSAGE"], message["PROGRAM"], message["DESTIP"]) == ("hello", "prog", "127.0.0.1")
    assert {name: value - counters[name] for name, value in daemon.counters().items() if value != counters[name]} == {
        "accepted": 1, counter: 1}


def test_each_datagram_stands_for_itself(shared):
    """One sender, many clients."""
    count = len(shared.daemon.messages())
    sent = [v1(f"192.0.2.{i}") if i % 2 else v2(tlv(proxy_v2.UNIQUE_ID, b"%d" % i)) if i % 4 else local() for i in range(100)]
    send_datagrams(shared.port, *(header + line(str(i)) for i, header in enumerate(sent)))
    for i, message in enumerate(shared.daemon.wait_messages(count + len(sent))[count:]):
        assert message["MESSAGE"] == str(i)
        assert message["SOURCEIP"] == (f"192.0.2.{i}" if i % 2 else "192.0.2.1" if i % 4 else "127.0.0.1")
        assert macros(message).get("UNIQUE_ID") == (str(i) if not i % 2 and i % 4 else None)
        assert bool(macros(message)) == bool(i % 4)


def test_a_header_alone_is_no_message(shared):
    counters, count = shared.daemon.counters(), len(shared.daemon.messages())
    send_datagrams(shared.port, local(), v1(), v2())
    assert_serves(shared.daemon, shared.port)
    after = shared.daemon.counters()
    assert {name: after[name] - counters[name] for name in ("headers_local", "headers_v1", "headers_v2", "refused_malformed")} == {
        "headers_local": 1, "headers_v1": 2, "headers_v2": 1, "refused_malformed": 0}
    assert len(shared.daemon.messages()) == count + 1


@pytest.mark.parametrize("name", ["udp", "UDP", "proxied-udp"])
def test_names_of_the_transport(daemon, port, name):
    daemon.start(f'proxy-protocol(transport("{name}") ip(127.0.0.1) port({port}));', options="stats-level(1);")
    send_datagrams(port, v1() + line("hello"))
    daemon.wait_messages(1)
    assert f"src.proxy-protocol;s_test#0;{name.lower()},127.0.0.1;a;processed;1" in daemon.ctl("stats").splitlines()


@pytest.mark.parametrize("whose, address", [("client", "192.0.2.7"), ("proxy", PEER)])
def test_source_address(start_udp, port, whose, address):
    daemon = start_udp(f'source-address("{whose}")', options="keep-hostname(no);")
    send_datagrams(port, v1("192.0.2.7") + line("hello"), source=PEER)
    (message,) = daemon.wait_messages(1)
    assert message["SOURCEIP"] == message["HOST_FROM"] == message["HOST"] == address
    assert macros(message)["SRCIP"] == "192.0.2.7"


def test_macro_prefix_and_netmask(start_udp, port):
    daemon = start_udp('macro-prefix("LB_")', filters='filter { netmask("192.0.2.0/24") };')
    send_datagrams(port, v1("203.0.113.1") + line("out"), v1("192.0.2.7") + line("in"))
    (message,) = daemon.wait_messages(1)
    assert (message["MESSAGE"], macros(message, "LB_")["SRCIP"], macros(message)) == ("in", "192.0.2.7", {})


def test_the_header_is_shown_at_debug_level(start_udp, port):
    daemon = start_udp(arguments=["--debug"])
    send_datagrams(port, v1() + line("hello"), b"bad")
    lines = [log_tags(text)["line"] for text in daemon.wait_log("PROXY protocol header received; ", count=2)]
    assert [text for text in lines if "PROXY TCP4" in text or text == "bad"] == [v1().decode().strip(), "bad"]


def test_nginx_in_front(start_udp, port, nginx):
    front = udp_port()
    daemon = start_udp('trusted-proxies("127.0.0.1")')
    nginx.start(f"127.0.0.1:{front} udp", f"127.0.0.1:{port}", "proxy_requests 1; proxy_responses 0;")
    client_port = send_datagrams(front, *(line(str(i)) for i in range(10)), source="127.0.0.5")
    messages = daemon.wait_messages(10)
    assert sorted(texts(messages)) == [str(i) for i in range(10)]
    expected = dict(SRCIP="127.0.0.5", SRCPORT=str(client_port), DSTIP="127.0.0.1", DSTPORT=str(front), PEERIP="127.0.0.1")
    assert all(expected.items() <= macros(message).items() for message in messages)
    assert not daemon.log_lines("reason=")


# Refusals

NO_HEADER = "this is not a PROXY protocol header"
CUT = "the datagram ends before the end of the header"

# datagram, reason, line
BAD_DATAGRAMS = [
    (b"", "the datagram is empty", ""),
    (line("hello"), NO_HEADER, "<13>Nov 20 10:00:00 host prog[12]: hello"),
    (b"\n", NO_HEADER, r"\x0a"),
    (b"\0" * 1000, NO_HEADER, r"\x00" * 107 + "..."),
    (b" " + v1() + line("hello"), NO_HEADER, " " + v1().decode().strip()),
    (b"P", CUT, "P"),
    (v1()[:-1], CUT, v1().decode().rstrip("\n").replace("\r", r"\x0d")),
    (b"PROXY TCP4 192.0.2.1", CUT, "PROXY TCP4 192.0.2.1"),
    (b"PROXY TCP4 " + b"1" * 200, "no CRLF within the first 107 bytes", "PROXY TCP4 " + "1" * 96 + "..."),
    (b"PROXY TCP4 192.0.2.1 192.0.2.2 1 2\nhello", "the line ends in LF, not in CRLF", "PROXY TCP4 192.0.2.1 192.0.2.2 1 2"),
    (v1(protocol="UDP4") + line("hello"), "the protocol is not TCP4, TCP6 or UNKNOWN", v1(protocol="UDP4").decode().strip()),
    (v1("999.2.3.4") + line("hello"), "the source is not an IPv4 address", v1("999.2.3.4").decode().strip()),
    (v2()[:1], CUT, r"\x0d"),
    (v2()[:16], CUT, None),
    (v2(protocol=DGRAM)[:-1], CUT, None),
    (proxy_v2.header(proxy_v2.INET_BLOCK, family=INET, protocol=DGRAM, length=1000) + line("hello"), CUT, None),
    (proxy_v2.header(version=3) + line("hello"), "the version is neither 1 nor 2", None),
    (proxy_v2.header(command=2) + line("hello"), "the command is neither LOCAL nor PROXY", None),
    (proxy_v2.header(family=4) + line("hello"), "the address family is unknown", None),
    (proxy_v2.header(protocol=3) + line("hello"), "the transport protocol is unknown", None),
    (proxy_v2.header(family=INET, protocol=DGRAM), "the header is too short for its addresses", None),
    (v2(tlv(1, b"h2", length=3), protocol=DGRAM) + line("hello"), "a TLV runs past the end of the header", None),
    (v2(tlv(proxy_v2.CRC32C, bytes(4)), protocol=DGRAM) + line("hello"), "the CRC32c checksum is wrong", None),
    (v2(proxy_v2.padding(4097 - len(v2())), protocol=DGRAM) + line("hello"), "the header is longer than max-header-size()", None),
    (bytes(LONGEST), NO_HEADER, r"\x00" * 107 + "..."),
    (b"PROXY UNKNOWN " + bytes(LONGEST - 14), "no CRLF within the first 107 bytes", None),
    (proxy_v2.header(bytes(LONGEST - 16), family=INET, protocol=DGRAM), "the header is longer than max-header-size()", None),
]


@pytest.mark.parametrize("datagram, reason, shown", BAD_DATAGRAMS, ids=range(len(BAD_DATAGRAMS)))
def test_a_bad_datagram_is_dropped_counted_and_logged(start_udp, port, datagram, reason, shown):
    daemon = start_udp()
    peer_port = send_datagrams(port, datagram, source=PEER)
    assert_serves(daemon, port)
    (text,) = daemon.log_lines(BAD_HEADER)
    tags = log_tags(text)
    assert (tags["reason"], tags["client"], tags["local"], tags["driver"]) == (
        reason, f"AF_INET({PEER}:{peer_port})", f"AF_INET(127.0.0.1:{port})", "s_test#0")
    assert shown is None or tags["line"] == shown
    assert not daemon.log_lines("connection")
    counters = {name: value for name, value in daemon.counters().items() if value}
    assert counters == {"accepted": 2, "headers_v1": 1, "refused_malformed": 1}


def test_a_header_in_two_datagrams_is_two_refusals(start_udp, port):
    daemon = start_udp()
    send_datagrams(port, v1()[:20], v1()[20:] + line("hello"), v2()[:20], v2()[20:] + line("hello"), v1(), line("hello"))
    assert_serves(daemon, port)
    assert [log_tags(text)["reason"] for text in daemon.log_lines(BAD_HEADER)] == [CUT, NO_HEADER, CUT, NO_HEADER, NO_HEADER]


@pytest.mark.parametrize("version, header, reason", [
    ("v1", v1(), None),
    ("v1", v2(), "protocol-version() does not allow version 2"),
    ("v2", v1(), "protocol-version() does not allow version 1"),
    ("v2", v2(), None),
])
def test_protocol_version(start_udp, port, version, header, reason):
    daemon = start_udp(f'protocol-version("{version}")')
    send_datagrams(port, header + line("hello"))
    if reason:
        assert log_tags(daemon.wait_log(BAD_HEADER)[0])["reason"] == reason
    else:
        daemon.wait_messages(1)


def test_max_header_size(start_udp, port):
    daemon = start_udp(f"max-header-size({len(v2()) + 10})")
    send_datagrams(port, v2(proxy_v2.padding(11)) + line("no"), v2(proxy_v2.padding(10)) + line("yes"))
    assert texts(daemon.wait_messages(1)) == ["yes"]
    assert log_tags(daemon.log_lines(BAD_HEADER)[0])["reason"] == "the header is longer than max-header-size()"


@pytest.mark.parametrize("options", ["", "flags(ignore-aux-data)"])
def test_an_untrusted_peer_is_rejected(start_udp, port, options):
    daemon = start_udp(f'trusted-proxies("127.0.0.2") {options}')
    peer_port = send_datagrams(port, v1() + line("no"), source="127.0.0.3")
    send_datagrams(port, v1() + line("yes"), source="127.0.0.2")
    assert texts(daemon.wait_messages(1)) == ["yes"]
    (text,) = daemon.log_lines(UNTRUSTED)
    tags = log_tags(text)
    # nothing of it is read
    assert (tags["reason"], tags["client"], tags["line"]) == (
        "the peer is not in trusted-proxies()", f"AF_INET(127.0.0.3:{peer_port})", "")
    counters = {name: value for name, value in daemon.counters().items() if value}
    assert counters == {"accepted": 2, "headers_v1": 1, "refused_untrusted": 1}


def test_an_untrusted_peer_is_served_directly(start_udp, port):
    daemon = start_udp('trusted-proxies("127.0.0.2") untrusted-peers("direct")')
    send_datagrams(port, line("plain"), b"", v1() + b"flags", source="127.0.0.3")
    send_datagrams(port, v1() + line("proxied"), line("refused"), source="127.0.0.2")
    send_datagrams(port, line("last"), source="127.0.0.3")
    plain, with_header, proxied, last = daemon.wait_messages(4)
    assert (plain["MESSAGE"], plain["SOURCEIP"], macros(plain)) == ("plain", "127.0.0.3", {})
    # no header is looked for
    assert "TCP4 192.0.2.1" in with_header["MESSAGE"] and macros(with_header) == {}
    assert (proxied["MESSAGE"], proxied["SOURCEIP"]) == ("proxied", "192.0.2.1")
    assert macros(last) == {}
    assert daemon.counters()["refused_malformed"] == 1


def test_the_log_of_refusals_is_limited_and_the_counters_are_not(start_udp, port):
    daemon = start_udp()
    for _ in range(10):
        send_datagrams(port, *[b"bad"] * 100)
        wait_for(lambda: unread_datagrams(port) == 0, "the daemon to read")
    assert_serves(daemon, port)
    assert daemon.counters()["refused_malformed"] == 1000
    daemon.wait_log(SUPPRESSED)
    daemon.stop()

    logged = [log_tags(text) for text in daemon.log_lines(SUPPRESSED)]
    assert sum(int(tags["suppressed"]) for tags in logged) + len(daemon.log_lines(BAD_HEADER)) == 1000
    assert all(int(tags["logged"]) == 10 for tags in logged)
    assert len(daemon.log_lines(BAD_HEADER)) <= 10 * (len(logged) + 1)


def test_a_flood_of_refusals_does_not_hold_up_a_reload(start_udp, port):
    daemon = start_udp()
    done = threading.Event()

    def flood():
        while not done.is_set():
            send_datagrams(port, *[b"bad"] * 50)

    thread = threading.Thread(target=flood)
    thread.start()
    try:
        for _ in range(3):
            begin = time.monotonic()
            daemon.reload()
            assert time.monotonic() - begin < 5
    finally:
        done.set()
        thread.join()
    wait_for(lambda: unread_datagrams(port) == 0, "the daemon to read")
    assert_serves(daemon, port)


@pytest.mark.parametrize("threaded, flags", [("no", ""), ("no", 'flags("threaded")'), ("yes", "")])
def test_the_thread_that_reads(start_udp, port, threaded, flags):
    daemon = start_udp(flags, options=f"threaded({threaded});")
    send_datagrams(port, *[b"bad"] * 20, *(v1() + line(str(i)) for i in range(100)))
    assert texts(daemon.wait_messages(100)) == [str(i) for i in range(100)]
    daemon.wait_log(SUPPRESSED)
    daemon.reload()
    assert_serves(daemon, port)


# Messages are those of network()

PAYLOADS = [
    line("hello"),
    line("hello")[:-1],
    line("hello") + b"\n\0\n",
    line("two\nlines"),
    b"no header\n",
    b"\n",
    b"\0",
    b"<13>",
    b"<13>prog: a\0b",
    "<13>prog: á €".encode(),
    b"<13>prog: \xe1 \xff\xfe",
    b'<13>1 2026-01-02T03:04:05Z host prog 12 ID47 [a@1 b="c"] hello',
    b"<13>prog: " + b"x" * 300,
    b"<13>prog: " + b"x" * 9000,
    "<13>prog: ".encode("utf-16le") + "á".encode("utf-16le"),
]
MESSAGE_OPTIONS = [
    "",
    "flags(no-parse)",
    "flags(syslog-protocol)",
    "flags(no-multi-line)",
    "flags(store-raw-message)",
    "flags(empty-lines)",
    "flags(ignore-aux-data)",
    "flags(sanitize-utf8)",
    "log-msg-size(64)",
    "log-msg-size(64) flags(no-parse)",
    "log-msg-size(64) trim-large-messages(yes)",
    "log-msg-size(40) encoding(iso-8859-1)",
    'encoding("iso-8859-1")',
    'encoding("utf-8")',
    "use-dns(no) keep-hostname(yes)",
    "chain-hostnames(yes)",
    "host-override(other) program-override(prog) tags(a)",
    "max-connections(5) listen-backlog(7) so-keepalive(no) tcp-keepalive-time(5) dynamic-window-size(50)",
]


def comparable(message):
    different = ("DESTPORT", "R_ISODATE", "ISODATE")
    return {name: re.sub(r'\[meta sequenceId="\d+"\]', "", value) for name, value in message.items()
            if name not in different and not name.startswith("PROXY_")}


def start_both(daemon, options="", **kwargs):
    ports = {driver: udp_port() for driver in DRIVERS}
    daemon.start(" ".join(f'{driver}(transport("udp") ip(127.0.0.1) port({ports[driver]}) {options});' for driver in DRIVERS),
                 **kwargs)
    return ports


@pytest.mark.parametrize("options", MESSAGE_OPTIONS)
def test_messages_are_those_of_network(daemon, options):
    ports = start_both(daemon, options)
    received = {}
    for driver, header in (("proxy-protocol", v1(PEER)), ("network", b"")):
        before = len(daemon.messages())
        send_datagrams(ports[driver], *(header + payload for payload in [*PAYLOADS, line("end")]), source=PEER)
        messages = wait_for(lambda: (found := daemon.messages()[before:]) and "end" in str(found[-1]) and found,
                            lambda: f"the last message; log: {daemon.log()[-3000:]}")
        received[driver] = list(map(comparable, messages))
    assert len(received["network"]) >= len(PAYLOADS) - 1
    assert received["proxy-protocol"] == received["network"]


# encoding, what is sent, what arrives: network() reads nothing any more after the second of each
CUT_CHARACTERS = [
    ("utf-8", ["<13>prog: á".encode(), "<13>prog: bá".encode()[:-1], "<13>prog: c".encode()], ["á", "b", "c"]),
    ("utf-16le", [text.encode("utf-16le") for text in ("<13>prog: á", "<13>prog: c")], ["á", "c"]),
    ("utf-16le", ["<13>prog: bb".encode("utf-16le")[:-1], "<13>prog: c".encode("utf-16le")], ["b", "c"]),
]


@pytest.mark.parametrize("encoding, payloads, expected", CUT_CHARACTERS)
def test_a_datagram_that_ends_within_a_character(start_udp, port, encoding, payloads, expected):
    daemon = start_udp(f'encoding("{encoding}")')
    send_datagrams(port, *(v1() + payload for payload in payloads))
    assert texts(daemon.wait_messages(len(expected))) == expected


def test_bytes_that_are_no_characters_are_logged_once_for_a_datagram(start_udp, port):
    daemon = start_udp('encoding("utf-8")')
    send_datagrams(port, v1() + b"<13>prog: a" + b"\xff" * 8000 + b"b", v1() + b"<13>prog: c\xff\xc3")
    assert texts(daemon.wait_messages(2)) == ["ab", "c"]
    logged = list(map(log_tags, daemon.wait_log("bytes that are no characters", 2)))
    assert [(tags["encoding"], tags["bytes"], tags["driver"]) for tags in logged] == [
        ("utf-8", "8000", "s_test#0"), ("utf-8", "2", "s_test#0")]
    assert len(daemon.log().splitlines()) < 20


def test_a_conversion_that_makes_the_message_much_longer(start_udp, port):
    daemon = start_udp('encoding("iso-8859-1")')
    send_datagrams(port, v1() + b"<13>prog: " + b"\xe1" * 5000, v1() + b"<13>prog: short")
    assert texts(daemon.wait_messages(2)) == ["á" * 5000, "short"]


@pytest.mark.parametrize("header", [v1(), v2(proxy_v2.padding(60000), protocol=DGRAM)], ids=["v1", "v2"])
def test_the_longest_datagram(start_udp, port, header):
    daemon = start_udp("max-header-size(65551) log-msg-size(100000) flags(no-parse)")
    payload = b"x" * (LONGEST - len(header))
    send_datagrams(port, header + payload)
    (message,) = daemon.wait_messages(1)
    assert message["MESSAGE"] == payload.decode()


def test_the_longest_header(start_udp, port):
    daemon = start_udp("max-header-size(65551)")
    tlvs = b"".join(tlv(0xE0 + i % 2, b"x" * 30000) for i in range(2))
    send_datagrams(port, v2(tlvs, protocol=DGRAM) + line("hello"))
    (message,) = daemon.wait_messages(1)
    assert macros(message)["TLV_0xE1"] == "78" * 30000


# Sockets

SOL, IP, IP6 = socket.SOL_SOCKET, socket.IPPROTO_IP, socket.IPPROTO_IPV6
SOCKET_OPTIONS = [
    ("so-rcvbuf(200000)", (SOL, socket.SO_RCVBUF), 400000),
    ("so-sndbuf(150000)", (SOL, socket.SO_SNDBUF), 300000),
    ("so-broadcast(yes)", (SOL, socket.SO_BROADCAST), 1),
    ("so-reuseport(yes)", (SOL, socket.SO_REUSEPORT), 1),
    ("ip-ttl(7)", (IP, socket.IP_TTL), 7),
    ("ip-tos(16)", (IP, socket.IP_TOS), 16),
    ("ip-freebind(yes)", (IP, 15), 1),
    ("ip-protocol(6) ip-ttl(7)", (IP6, socket.IPV6_UNICAST_HOPS), 7),
    ("ip-protocol(6) ip-tos(16)", (IP6, socket.IPV6_TCLASS), 16),
    ('interface("lo")', (SOL, socket.SO_BINDTODEVICE), b"lo"),
]


def socket_option(sock, option):
    if option[1] == socket.SO_BINDTODEVICE:
        return sock.getsockopt(*option, 16).rstrip(b"\0")
    return sock.getsockopt(*option)


@pytest.fixture
def udp_socket(daemon):
    """udp_socket(port) is a duplicate of the daemon's socket on the port."""
    from test_options import sockets_of

    return lambda port: next(sock for sock in sockets_of(daemon, port) if sock.type == socket.SOCK_DGRAM)


@pytest.mark.parametrize("options, option, value", SOCKET_OPTIONS, ids=[row[0] for row in SOCKET_OPTIONS])
def test_socket_option(daemon, port, udp_socket, options, option, value):
    daemon.start(source(port, options, ip=""))
    assert socket_option(udp_socket(port), option) == value


@pytest.mark.parametrize("family", ["", "ip-protocol(6)"])
def test_socket_options_have_the_defaults_of_network(daemon, udp_socket, family):
    ports = {driver: udp_port() for driver in DRIVERS}
    daemon.start(" ".join(f'{driver}(transport("udp") port({ports[driver]}) {family});' for driver in DRIVERS))
    values = [{name: socket_option(udp_socket(ports[driver]), option) for name, option, _ in SOCKET_OPTIONS
               if ("ip-protocol" in name) == bool(family)} for driver in DRIVERS]
    assert values[0] == values[1]


def test_so_rcvbuf_is_changed_by_a_reload(start_udp, daemon, port, udp_socket):
    start_udp("so-rcvbuf(100000)")
    daemon.reload(source(port, "so-rcvbuf(200000)"))
    assert udp_socket(port).getsockopt(SOL, socket.SO_RCVBUF) == 400000


def test_so_reuseport_shares_an_address(daemon, port):
    daemon.start(source(port, "so-reuseport(yes) persist-name(one)") + source(port, "so-reuseport(yes) persist-name(two)"))
    for _ in range(50):
        send_datagrams(port, v1() + line("hello"))
    daemon.wait_messages(50)
    accepted = [daemon.counters(f"s_test#{i}")["accepted"] for i in range(2)]
    assert sum(accepted) == 50 and min(accepted) > 0


# options, where it is sent to, from where
ADDRESSES_SERVED = [
    ("", "127.0.0.1", "127.0.0.9"),
    ("", "127.0.0.8", "127.0.0.9"),
    ("ip(127.0.0.2)", "127.0.0.2", "127.0.0.9"),
    ("ip-protocol(6)", "::1", "::1"),
    ("ip-protocol(6)", "127.0.0.8", "127.0.0.9"),
    ('ip-protocol(6) ip("::1")', "::1", "::1"),
]


@pytest.mark.parametrize("options, host, peer", ADDRESSES_SERVED)
@pytest.mark.parametrize("driver", DRIVERS)
def test_address(daemon, port, options, host, peer, driver):
    daemon.start(f'{driver}(transport("udp") port({port}) {options} source-address("proxy"));' if driver == "proxy-protocol"
                 else f'{driver}(transport("udp") port({port}) {options});')
    header = v1() if driver == "proxy-protocol" else b""
    send_datagrams(port, *[header + line("hello")] * 2, source=peer, host=host)
    # from syslog-ng 4 on, an IPv4 address mapped into IPv6 is shown as what it is
    mapped = "::ffff:" if "." in host and "6" in options and not has_types() else ""
    for message in daemon.wait_messages(2):
        assert (message["DESTIP"], message["DESTPORT"]) == (mapped + host, str(port))
        assert message["SOURCEIP"] == mapped + peer
        assert macros(message).get("PEERIP", peer) == peer


def test_an_ipv4_network_counts_for_ipv4_peers_of_an_ipv6_socket(daemon, port):
    daemon.start(source(port, 'ip-protocol(6) trusted-proxies("127.0.0.0/31")', ip=""))
    send_datagrams(port, v1() + line("no"), source="127.0.0.2")
    send_datagrams(port, v1() + line("no"), host="::1")
    assert_serves(daemon, port)
    assert daemon.counters()["refused_untrusted"] == 2


@pytest.mark.parametrize("service, number", [("syslog", 514), ("7777", 7777)])
def test_port_is_that_of_udp(daemon, service, number):
    daemon.wrapper = ["unshare", *([] if os.geteuid() == 0 else ["--map-root-user"]), "--net", *daemon.wrapper]
    daemon.start(source(service, ip=""))
    assert log_tags(daemon.wait_log("Receiving datagrams")[0])["addr"] == f"AF_INET(0.0.0.0:{number})"


def test_an_address_that_is_taken(daemon, port):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
        taken.bind(("127.0.0.1", port))
        daemon.start(source(port), expect_failure=True)
    assert "Address already in use" in log_tags(daemon.log_lines("Error binding socket")[0])["error"]


def test_tcp_and_udp_on_one_port(daemon, port):
    daemon.start(source(port) + f"proxy-protocol(ip(127.0.0.1) port({port}));")
    send_datagrams(port, v1() + line("datagram"))
    daemon.wait_messages(1)
    send(port, v1(), line("stream"))
    assert texts(daemon.wait_messages(2)) == ["datagram", "stream"]
    daemon.reload()
    assert_serves(daemon, port)


# Reload


class Sender(threading.Thread):
    """Sends numbered messages, no faster than the daemon reads them."""

    def __init__(self, port, client="192.0.2.1"):
        super().__init__()
        self.port = port
        self.client = client
        self.sent = 0
        self.ends = threading.Event()

    def run(self):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            sock.connect(("127.0.0.1", self.port))
            while not self.ends.is_set():
                if unread_datagrams(self.port) > 50000:
                    time.sleep(0.001)
                    continue
                for _ in range(20):
                    sock.send(v1(self.client) + line(str(self.sent)))
                    self.sent += 1

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.ends.set()
        self.join()


def test_no_datagram_is_lost_by_reloads(start_udp, daemon, port):
    start_udp()
    with Sender(port) as sender:
        for i in range(5):
            sent = sender.sent
            wait_for(lambda: sender.sent > sent + 500, "more messages")
            daemon.reload(source(port, f'log-fetch-limit({10 + i}) tags("reload{i}")'))
        sent = sender.sent
        wait_for(lambda: sender.sent > sent + 500, "more messages")
    messages = daemon.wait_messages(sender.sent, timeout=30)
    assert texts(messages) == [str(i) for i in range(sender.sent)]
    assert all(macros(message)["SRCIP"] == message["SOURCEIP"] == "192.0.2.1" for message in messages)
    assert "reload4" in messages[-1]["TAGS"]
    assert daemon.counters()["accepted"] == daemon.counters()["headers_v1"] == sender.sent


def test_what_was_sent_while_the_daemon_stood_still_outlives_a_reload(start_udp, daemon, port):
    start_udp()
    daemon.process.send_signal(signal.SIGSTOP)
    send_datagrams(port, *(v1() + line(str(i)) for i in range(100)))
    daemon.process.send_signal(signal.SIGHUP)
    daemon.process.send_signal(signal.SIGCONT)
    daemon.wait_log("Configuration reload finished")
    assert texts(daemon.wait_messages(100)) == [str(i) for i in range(100)]


# before, after, does the datagram arrive, and with which macro
CHANGES = [
    ("", 'macro-prefix("LB_")', "LB_SRCIP"),
    ("", 'trusted-proxies("127.0.0.2")', None),
    ('trusted-proxies("127.0.0.2")', "", "PROXY_SRCIP"),
    ("", 'protocol-version("v2")', None),
    ("keep-alive(no)", "keep-alive(no)", "PROXY_SRCIP"),
    ("keep-alive(yes)", "keep-alive(no)", "PROXY_SRCIP"),
    ("keep-alive(no)", "keep-alive(yes)", "PROXY_SRCIP"),
    ("persist-name(a)", "persist-name(b)", "PROXY_SRCIP"),
]


@pytest.mark.parametrize("before, after, macro", CHANGES)
def test_a_reload_changes_the_options(start_udp, daemon, port, before, after, macro):
    start_udp(before)
    daemon.reload(source(port, after))
    send_datagrams(port, v1() + line("hello"))
    if macro:
        assert daemon.wait_messages(1)[0][macro] == "192.0.2.1"
    else:
        wait_for(lambda: daemon.counters()["refused_untrusted"] + daemon.counters()["refused_malformed"] == 1, "a refusal")


def test_a_reload_changes_the_encoding(start_udp, daemon, port):
    start_udp('encoding("iso-8859-1")')
    send_datagrams(port, v1() + b"<13>prog: \xe1")
    daemon.wait_messages(1)
    daemon.reload(source(port, 'encoding("iso-8859-2")'))
    send_datagrams(port, v1() + b"<13>prog: \xb1")
    daemon.wait_messages(2)
    daemon.reload(source(port))
    send_datagrams(port, v1() + "<13>prog: €".encode())
    assert texts(daemon.wait_messages(3)) == ["á", "ą", "€"]


def test_a_reload_changes_the_port_of_a_source_with_a_persist_name(start_udp, daemon, port):
    start_udp("persist-name(lb)")
    new_port = udp_port()
    daemon.reload(source(new_port, "persist-name(lb)"))
    assert_serves(daemon, new_port)
    with pytest.raises(ConnectionRefusedError):
        send_datagrams(port, v1(), v1(), v1())


def test_a_reload_changes_the_transport_of_a_source_with_a_persist_name(start_udp, daemon, port):
    start_udp("persist-name(lb)")
    daemon.reload(f"proxy-protocol(ip(127.0.0.1) port({port}) persist-name(lb));")
    send(port, v1(), line("stream"))
    daemon.wait_messages(1)
    daemon.reload(source(port, "persist-name(lb)"))
    assert_serves(daemon, port)


def test_a_reload_that_fails_leaves_the_socket_as_it_was(start_udp, daemon, port):
    start_udp()
    for bad in (source(port, "ip-ttl(256)"), source(port) + "proxy-protocol(ip(203.0.113.77) port(7777));"):
        daemon.reload(bad, expect_failure=True)
        assert_serves(daemon, port)
    daemon.reload(source(port))
    assert_serves(daemon, port)


# Flow control


class SlowDestination:
    """One that takes nothing until somebody listens."""

    def __init__(self):
        self.port = free_port()
        # for SyslogNg.start() and reload()
        self.configuration = dict(
            log_flags="flow-control", options="time-reopen(1);", filters="destination(d_slow);",
            declarations=f'destination d_slow {{ network("127.0.0.1" port({self.port}) log-fifo-size(10000)'
            ' template("${MESSAGE}\\n")); };')

    def take(self, count):
        """Listens, and returns as many messages as that."""
        with socket.create_server(("127.0.0.1", self.port)) as server:
            server.settimeout(20)
            connection, _ = server.accept()
            connection.settimeout(20)
            with connection, connection.makefile() as lines:
                return [next(lines).strip() for _ in range(count)]


@pytest.mark.parametrize("driver", DRIVERS)
@pytest.mark.parametrize("options, window", [("", 100), ("log-iw-size(30)", 30)])
def test_a_full_window_stops_reading_until_there_is_room(daemon, port, driver, options, window):
    slow = SlowDestination()
    daemon.start(f'{driver}(transport("udp") ip(127.0.0.1) port({port}) {options});', **slow.configuration)
    header = v1() if driver == "proxy-protocol" else b""
    send_datagrams(port, *(header + line(str(i)) for i in range(window + 50)))
    daemon.wait_messages(window)
    assert unread_datagrams(port) > 0
    assert slow.take(window + 50) == [str(i) for i in range(window + 50)]
    daemon.wait_messages(window + 50)


def test_what_was_read_ahead_when_the_window_was_full_comes_when_there_is_room(daemon, port):
    slow = SlowDestination()
    daemon.start(source(port, "log-iw-size(20)"), **slow.configuration)
    send_datagrams(port, *(v1() + line(str(i)) for i in range(22)))
    daemon.wait_messages(20)
    assert unread_datagrams(port) == 0
    assert slow.take(22) == [str(i) for i in range(22)]


def test_a_full_window_and_a_reload_lose_nothing(daemon, port):
    slow = SlowDestination()
    daemon.start(source(port, "log-iw-size(30)"), **slow.configuration)
    send_datagrams(port, *(v1() + line(str(i)) for i in range(80)))
    daemon.wait_messages(30)
    daemon.reload(source(port, "log-iw-size(30)"), **slow.configuration)
    assert slow.take(80) == [str(i) for i in range(80)]


# Configuration

NOT_FOR_DATAGRAMS = [
    ('tls(key-file("/dev/null") cert-file("/dev/null"))', "tls()"),
    ('framing("newline")', "framing()"),
    ('framing("auto")', "framing()"),
    ("header-timeout(5)", "header-timeout()"),
    ("max-pending-headers(5)", "max-pending-headers()"),
]


@pytest.mark.parametrize("options, name", NOT_FOR_DATAGRAMS)
@pytest.mark.parametrize("transport", ["udp", "proxied-udp"])
@pytest.mark.parametrize("order", ["{transport} {options}", "{options} {transport}"])
def test_an_option_for_connections_is_a_mistake(daemon, options, name, transport, order):
    all_options = order.format(transport=f'transport("{transport}")', options=options)
    result = daemon.check(f"proxy-protocol(port(7777) {all_options});")
    assert result.returncode == 1
    assert (f'{name} is for connections, and transport("{transport}") has none: each datagram is one message.'
            " Leave it out, or take another transport()") in result.stderr


def test_a_service_that_udp_does_not_have(daemon):
    result = daemon.check(source("no-such-service"))
    assert result.returncode == 1
    assert "the name of a UDP service in /etc/services" in result.stderr


@pytest.mark.parametrize("options", [
    "",
    "max-connections(5) listen-backlog(5) so-keepalive(yes) tcp-keepalive-time(1) dynamic-window-size(50) keep-alive(yes)",
    'trusted-proxies("10.0.0.0/8") untrusted-peers("direct") protocol-version("v2") max-header-size(100)',
])
def test_what_is_right_passes_without_a_word(daemon, options):
    result = daemon.check(source(7777, options))
    assert (result.returncode, result.stderr) == (0, "")
