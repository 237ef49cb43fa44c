# SPDX-License-Identifier: GPL-2.0-or-later
"""Version 2 headers: what is accepted and what comes of it, what is refused and why."""

import signal
import socket
import time

import pytest
from client import connect, is_closed_by_peer, reset, send, v1, wait_until_read
from daemon import is_about_a_second, log_tags, macros
from proxy_v2 import (
    ALPN, AUTHORITY, BLOCKS, CRC32C, DGRAM, INET, INET6, LOCAL, NOOP, PROXY, SSL, STREAM, UNIQUE_ID, UNIX, UNSPEC,
    SharedDaemon, checksummed, header, inet_block, local, padding, ssl_tlv, tlv, unix_block, v2)

HELLO = b"<13>Nov 20 10:00:00 host prog[12]: hello\n"
BAD_HEADER = "Error parsing PROXY protocol header; "
PEER = SharedDaemon.PEER


@pytest.fixture(scope="module")
def shared(tmp_path_factory):
    with SharedDaemon(tmp_path_factory.mktemp("shared")) as shared:
        yield shared


def one_refusal(daemon):
    """The tags of the one refusal in the log."""
    (line,) = daemon.wait_log(BAD_HEADER)
    assert len(daemon.log_lines("reason=")) == 1
    return log_tags(line)


def counted(daemon, before):
    """What the headers have added to the counters."""
    after = daemon.counters()
    names = ("headers_v1", "headers_v2", "headers_local", "refused_malformed")
    return {name: after[name] - before[name] for name in names if after[name] != before[name]}


# Commands, families and protocols

ENDS = {
    INET: {"SRCIP": "192.0.2.1", "SRCPORT": "56324", "DSTIP": "198.51.100.1", "DSTPORT": "6514", "IP_VERSION": "4"},
    INET6: {"SRCIP": "2001:db8::1", "SRCPORT": "56324", "DSTIP": "2001:db8::2", "DSTPORT": "6514", "IP_VERSION": "6"},
    UNIX: {"SRCPATH": "/run/client.sock", "DSTPATH": "/run/log.sock"},
}


@pytest.mark.parametrize("protocol", [STREAM, DGRAM])
@pytest.mark.parametrize("family, source", [(INET, "192.0.2.1"), (INET6, "2001:db8::1"), (UNIX, PEER)])
def test_a_message_carries_the_macros_of_its_connection(shared, family, source, protocol):
    before = shared.daemon.counters()
    message, peer_port = shared.deliver(v2(family=family, protocol=protocol) + HELLO)
    assert message["MESSAGE"] == "hello"
    assert macros(message) == {**ENDS[family], "VERSION": "2", "PEERIP": PEER, "PEERPORT": str(peer_port)}
    assert (message["SOURCEIP"], message["HOST_FROM"]) == (source, source)
    assert (message["DESTIP"], message["DESTPORT"]) == ("127.0.0.1", str(shared.port))
    assert counted(shared.daemon, before) == {"headers_v2": 1}


UNSPECIFIED = [(UNSPEC, UNSPEC), (UNSPEC, STREAM), (UNSPEC, DGRAM), (INET, UNSPEC), (INET6, UNSPEC), (UNIX, UNSPEC)]


@pytest.mark.parametrize("tlvs", [b"", tlv(ALPN, b"h2")], ids=["", "TLVs"])
@pytest.mark.parametrize("family, protocol", UNSPECIFIED)
def test_an_unspecified_connection_keeps_its_messages_and_its_addresses_and_has_no_macro(
        shared, family, protocol, tlvs):
    before = shared.daemon.counters()
    message, _ = shared.deliver(v2(tlvs, family, protocol) + HELLO)
    assert (message["MESSAGE"], message["SOURCEIP"], message["HOST_FROM"]) == ("hello", PEER, PEER)
    assert macros(message) == {}
    assert counted(shared.daemon, before) == {"headers_v2": 1}


LOCALS = {
    "nothing": local(),
    "IPv4": v2(command=LOCAL),
    "IPv6, DGRAM": v2(command=LOCAL, family=INET6, protocol=DGRAM),
    "UNIX": v2(command=LOCAL, family=UNIX),
    "TLVs": v2(tlv(ALPN, b"h2"), command=LOCAL),
    "an unknown family": header(b"", LOCAL, 15, STREAM),
    "an unknown protocol": header(b"", LOCAL, INET, 15),
    "both, and garbage": header(b"\xff" * 100, LOCAL, 4, 3),
    "too short for its addresses": header(b"\xff", LOCAL, INET6, STREAM),
    "half a TLV": local(tlv(ALPN, b"h2", length=100)),
    "a wrong checksum": local(tlv(CRC32C, b"\xff" * 4)),
    "newlines": local(b"\n" * 20),
    "a header": local(v2()),
}


@pytest.mark.parametrize("sent", LOCALS.values(), ids=LOCALS)
def test_a_local_connection_keeps_its_messages_and_its_addresses_and_has_no_macro(shared, sent):
    before = shared.daemon.counters()
    message, _ = shared.deliver(sent + HELLO)
    assert (message["MESSAGE"], message["SOURCEIP"], message["HOST_FROM"]) == ("hello", PEER, PEER)
    assert macros(message) == {}
    assert counted(shared.daemon, before) == {"headers_local": 1}


ADDRESSES = [  # family, address
    (socket.AF_INET, "0.0.0.0"),
    (socket.AF_INET, "255.255.255.255"),
    (socket.AF_INET, "10.13.10.0"),
    (socket.AF_INET6, "::"),
    (socket.AF_INET6, "::1"),
    (socket.AF_INET6, "2001:db8:0:1:1:1:1:1"),
    (socket.AF_INET6, "1:0:0:2::3"),
    (socket.AF_INET6, "fe80::"),
    (socket.AF_INET6, "::ffff:192.0.2.1"),
    (socket.AF_INET6, ":".join(["ffff"] * 8)),
]


@pytest.mark.parametrize("source_port, destination_port", [(0, 65535), (65535, 0), (0x0D0A, 1)])
@pytest.mark.parametrize("family, address", ADDRESSES)
def test_addresses_and_ports(shared, family, address, source_port, destination_port):
    other = "198.51.100.1" if family == socket.AF_INET else "2001:db8::ff"
    number = INET if family == socket.AF_INET else INET6
    ports = (source_port, destination_port)
    for ends in ((address, other), (other, address)):
        message, _ = shared.deliver(header(inet_block(family, *ends, *ports), PROXY, number, STREAM) + HELLO)
        values = macros(message)
        assert (values["SRCIP"], values["DSTIP"]) == ends
        assert (values["SRCPORT"], values["DSTPORT"]) == tuple(map(str, ports))
        # an IPv4 client keeps its IPv4 address
        assert message["SOURCEIP"] == ends[0].removeprefix("::ffff:")


PATHS = [  # as sent, as seen
    (b"/", "/"),
    (b"a b", "a b"),
    (b"x" * 107, "x" * 107),
    (b"x" * 108, "x" * 108),
    ("/tmp/\u00fc".encode(), "/tmp/\u00fc"),
    (b"/run/log\0garbage\xff", "/run/log"),
    (b"/\xff\n", "2fff0a"),
    (b"", None),
]


@pytest.mark.parametrize("sent, seen", PATHS)
def test_paths(shared, sent, seen):
    for name, block in (("SRCPATH", unix_block(sent, b"")), ("DSTPATH", unix_block(b"", sent))):
        message, _ = shared.deliver(header(block, PROXY, UNIX, STREAM) + HELLO)
        values = macros(message)
        assert {n: values[n] for n in values if n.endswith("PATH")} == ({name: seen} if seen else {})
        assert (values["VERSION"], message["SOURCEIP"]) == ("2", PEER)


def test_the_proxy_as_the_source(start, port):
    daemon = start("source-address(proxy)")
    send(port, v2(), HELLO, source=PEER)
    (message,) = daemon.wait_messages(1)
    assert (message["SOURCEIP"], message["PROXY_SRCIP"], message["PROXY_PEERIP"]) == (PEER, "192.0.2.1", PEER)


def test_the_proxy_speaks_ipv6(daemon, port):
    daemon.start(f'proxy-protocol(ip("::1") ip-protocol(6) port({port}));')
    send(port, v2(), HELLO, host="::1")
    (message,) = daemon.wait_messages(1)
    values = macros(message)
    assert (values["SRCIP"], values["PEERIP"], values["IP_VERSION"]) == ("192.0.2.1", "::1", "4")
    assert message["SOURCEIP"] == "192.0.2.1"


# How a header arrives

TLVS = tlv(ALPN, b"h2") + tlv(AUTHORITY, b"example.com")
ARRIVING = {
    "IPv4": v2(),
    "UNIX, TLVs and a checksum": checksummed(TLVS, family=UNIX),
    "UNSPEC": v2(family=UNSPEC, protocol=UNSPEC),
    "LOCAL": local(),
    "LOCAL with a block": v2(TLVS, command=LOCAL),
}


@pytest.mark.parametrize("sent", ARRIVING.values(), ids=ARRIVING)
def test_byte_by_byte(shared, sent):
    before = len(shared.daemon.messages())
    with connect(shared.port) as client:
        for byte in sent:
            client.sendall(bytes([byte]))
            wait_until_read(client)
        assert len(shared.daemon.messages()) == before
        client.sendall(HELLO)
        assert shared.daemon.wait_messages(before + 1)[-1]["MESSAGE"] == "hello"


def test_in_two_parts_wherever_it_is_split(start, port):
    daemon = start("max-connections(1000)")
    sent = checksummed(TLVS)
    clients = [connect(port, sent[:i]) for i in range(1, len(sent))]
    wait_until_read(*clients)
    daemon.wait_counter("pending_headers", len(clients))
    for i, client in enumerate(clients, start=1):
        client.sendall(sent[i:] + f"<13>Nov 20 10:00:00 host prog: {i}\n".encode())
    messages = daemon.wait_messages(len(clients))
    assert sorted(int(m["MESSAGE"]) for m in messages) == list(range(1, len(sent)))
    assert {(m["PROXY_SRCIP"], m["PROXY_ALPN"], m["PROXY_AUTHORITY"]) for m in messages} == {
        ("192.0.2.1", "h2", "example.com")}


def test_the_split_may_be_within_the_first_message(start, port):
    daemon = start("max-connections(1000)")
    data = v2(TLVS) + HELLO
    splits = range(len(v2(TLVS)), len(data) + 1)
    clients = [connect(port, data[:i]) for i in splits]
    daemon.wait_counter("connections", len(clients))
    for i, client in zip(splits, clients):
        client.sendall(data[i:])
    assert {m["MESSAGE"] for m in daemon.wait_messages(len(clients))} == {"hello"}


@pytest.mark.parametrize("sent", [v2(TLVS), local()], ids=["PROXY", "LOCAL"])
def test_megabytes_of_messages_right_behind_it(start, port, sent):
    daemon = start(log_flags="flow-control")
    lines = [f"<13>Nov 20 10:00:00 host prog: {i:06} {'x' * 800}\n" for i in range(3000)]
    send(port, sent + "".join(lines).encode())
    messages = daemon.wait_messages(len(lines), timeout=30)
    assert [int(m["MESSAGE"][:6]) for m in messages] == list(range(len(lines)))
    assert len({tuple(macros(m).items()) for m in messages}) == 1


def test_a_second_header_on_the_connection_is_a_message(start, port):
    daemon = start("flags(no-parse)")
    send(port, v2() + v1("192.0.2.2") + b"hello\n")
    messages = daemon.wait_messages(2)
    assert [m["MESSAGE"].rstrip("\r") for m in messages] == [v1("192.0.2.2").decode().strip(), "hello"]
    assert {m["PROXY_SRCIP"] for m in messages} == {"192.0.2.1"}


@pytest.mark.parametrize("sent", [v2(), local()], ids=["PROXY", "LOCAL"])
def test_a_connection_without_a_message_is_no_error(start, port, sent):
    daemon = start()
    send(port, sent)
    daemon.wait_counter("connections", 0)
    assert not daemon.log_lines("Error")
    assert daemon.messages() == []


# Versions


def test_both_versions_on_one_port(start, port):
    daemon = start()
    kinds = [(v1(), "1"), (v2(), "2"), (local(), None), (b"PROXY UNKNOWN\r\n", None)]
    for sent, _ in 3 * kinds:
        send(port, sent, HELLO)
    messages = daemon.wait_messages(12)
    assert [m.get("PROXY_VERSION") for m in messages] == 3 * [version for _, version in kinds]
    counters = daemon.counters()
    assert (counters["headers_v1"], counters["headers_v2"], counters["headers_local"]) == (6, 3, 3)


NO_V1 = "protocol-version() does not allow version 1"
NO_V2 = "protocol-version() does not allow version 2"
VERSIONS = [  # protocol-version(), what is sent, why it is refused, if it is
    ("any", v1(), None),
    ("any", v2(), None),
    ("v1", v1(), None),
    ("v1", v2(), NO_V2),
    ("v1", local(), NO_V2),
    ("v1", b"\r", NO_V2),
    ("v2", v2(), None),
    ("v2", local(), None),
    ("v2", v1(), NO_V1),
    ("v2", b"PROXY UNKNOWN\r\n", NO_V1),
    ("v2", b"P", NO_V1),
]


@pytest.mark.parametrize("version, sent, reason", VERSIONS)
def test_protocol_version(start, port, version, sent, reason):
    daemon = start(f'protocol-version("{version}") header-timeout(60)')
    if reason:
        assert is_closed_by_peer(connect(port, sent))
        assert one_refusal(daemon)["reason"] == reason
    else:
        send(port, sent, HELLO)
        daemon.wait_messages(1)
    assert daemon.counters()["refused_malformed"] == bool(reason)


@pytest.mark.parametrize("version", ["v3", "2", ""])
def test_protocol_version_takes_no_other(daemon, port, version):
    result = daemon.check(f'proxy-protocol(port({port}) protocol-version("{version}"));')
    assert result.returncode != 0
    assert f'protocol-version() takes "any", "v1" or "v2", not "{version}"' in result.stderr


# Refusals

VERSION = "the version is neither 1 nor 2"
COMMAND = "the command is neither LOCAL nor PROXY"
FAMILY = "the address family is unknown"
PROTOCOL = "the transport protocol is unknown"
SHORT = "the header is too short for its addresses"
LONG = "the header is longer than max-header-size()"
OVERRUN = "a TLV runs past the end of the header"
SSL_SHORT = "the SSL TLV is too short"
SSL_OVERRUN = "a TLV inside the SSL TLV runs past its end"
CRC = "the CRC32c checksum is wrong"
CRC_LENGTH = "the CRC32c checksum does not have 4 bytes"
UNIQUE_ID_LONG = "the unique id is longer than 128 bytes"
NO_HEADER = "this is not a PROXY protocol header"

MALFORMED = {
    "version 0": (header(BLOCKS[INET], PROXY, INET, STREAM, version=0), VERSION),
    "version 1": (header(BLOCKS[INET], PROXY, INET, STREAM, version=1), VERSION),
    "version 3": (header(BLOCKS[INET], PROXY, INET, STREAM, version=3), VERSION),
    "version 15, LOCAL": (header(command=LOCAL, version=15), VERSION),
    "command 2": (header(BLOCKS[INET], 2, INET, STREAM), COMMAND),
    "command 15": (header(command=15), COMMAND),
    "family 4": (header(BLOCKS[INET], PROXY, 4, STREAM), FAMILY),
    "family 15": (header(b"", PROXY, 15, UNSPEC), FAMILY),
    "protocol 3": (header(BLOCKS[INET], PROXY, INET, 3), PROTOCOL),
    "protocol 15": (header(b"", PROXY, UNSPEC, 15), PROTOCOL),
    "IPv4, no addresses": (header(b"", PROXY, INET, STREAM), SHORT),
    "IPv4, 11 bytes": (header(BLOCKS[INET][:-1], PROXY, INET, DGRAM), SHORT),
    "IPv6, the addresses of IPv4": (header(BLOCKS[INET], PROXY, INET6, STREAM), SHORT),
    "IPv6, 35 bytes": (header(BLOCKS[INET6][:-1], PROXY, INET6, STREAM), SHORT),
    "UNIX, 215 bytes": (header(BLOCKS[UNIX][:-1], PROXY, UNIX, STREAM), SHORT),
    "UNIX, one path": (header(BLOCKS[UNIX][:108], PROXY, UNIX, STREAM), SHORT),
    "a TLV of 1 byte": (v2(b"\1"), OVERRUN),
    "a TLV of 2 bytes": (v2(b"\1\0"), OVERRUN),
    "a TLV one byte too long": (v2(tlv(ALPN, b"h2", length=3)), OVERRUN),
    "a TLV of 65535 bytes": (v2(tlv(0xFF, b"", length=65535)), OVERRUN),
    "a NOOP too long": (v2(tlv(NOOP, b"", length=1)), OVERRUN),
    "an unknown TLV too long": (v2(tlv(0x99, b"", length=1), family=UNIX), OVERRUN),
    "the second TLV too long": (v2(TLVS + tlv(0x99, b"", length=1), family=INET6), OVERRUN),
    "bytes behind the TLVs": (v2(TLVS + b"\0"), OVERRUN),
    "SSL without anything": (v2(tlv(SSL)), SSL_SHORT),
    "SSL, 4 bytes": (v2(tlv(SSL, bytes(4))), SSL_SHORT),
    "SSL, 1 byte inside": (v2(ssl_tlv(b"\x21")), SSL_OVERRUN),
    "SSL, 2 bytes inside": (v2(ssl_tlv(b"\x21\0")), SSL_OVERRUN),
    "SSL, a TLV too long inside": (v2(ssl_tlv(tlv(0x21, b"TLSv1", length=6)) + TLVS), SSL_OVERRUN),
    "SSL, the second TLV too long": (v2(ssl_tlv(tlv(0x21), tlv(0x22, b"", length=3)) + TLVS), SSL_OVERRUN),
    "SSL, the second of two": (v2(ssl_tlv() + tlv(SSL)), SSL_SHORT),
    "a checksum of zeros": (v2(tlv(CRC32C, bytes(4))), CRC),
    "a checksum of another header": (header(BLOCKS[INET][:-1] + b"\0" + checksummed()[28:], PROXY, INET, STREAM), CRC),
    "a checksum in the wrong byte order": (checksummed()[:-4] + checksummed()[:-5:-1], CRC),
    "a checksum, UNSPEC": (v2(tlv(CRC32C, bytes(4)), UNSPEC, UNSPEC), CRC),
    "a checksum of 0 bytes": (v2(tlv(CRC32C)), CRC_LENGTH),
    "a checksum of 3 bytes": (v2(tlv(CRC32C, bytes(3))), CRC_LENGTH),
    "a checksum of 5 bytes": (v2(tlv(CRC32C, bytes(5))), CRC_LENGTH),
    "a wrong checksum before a right one": (checksummed(before=tlv(CRC32C, bytes(4))), CRC),
    "a unique id of 129 bytes": (v2(tlv(UNIQUE_ID, b"x" * 129)), UNIQUE_ID_LONG),
    "a signature with one byte wrong": (v2().replace(b"QUIT", b"QUIR"), NO_HEADER),
    "a signature in lower case": (v2().replace(b"QUIT", b"quit"), NO_HEADER),
}


@pytest.mark.parametrize("sent, reason", MALFORMED.values(), ids=MALFORMED)
def test_a_malformed_header_closes_the_connection_and_no_message_gets_in(start, port, sent, reason):
    daemon = start()
    with connect(port, sent + HELLO) as client:
        peer_port = client.getsockname()[1]
        assert is_closed_by_peer(client)
    tags = one_refusal(daemon)
    assert (tags["reason"], tags["client"]) == (reason, f"AF_INET(127.0.0.1:{peer_port})")
    assert tags["line"].startswith(r"\x0d\x0a\x0d\x0a\x00\x0d\x0a")
    daemon.wait_log("Syslog connection closed")

    send(port, v2(), b"<13>Nov 20 10:00:00 host prog: only this one\n")
    assert [m["MESSAGE"] for m in daemon.wait_messages(1)] == ["only this one"]
    counters = daemon.counters()
    assert (counters["accepted"], counters["headers_v2"], counters["refused_malformed"]) == (2, 1, 1)


def test_what_the_refused_ones_are_but_for_the_reason_is_accepted(shared):
    for sent in (checksummed(), checksummed(behind=tlv(CRC32C, b"\xff" * 4)),
                 checksummed(family=UNSPEC, protocol=UNSPEC), v2(tlv(UNIQUE_ID, b"x" * 128)), v2(ssl_tlv())):
        assert shared.deliver(sent + HELLO)[0]["MESSAGE"] == "hello"


# max-header-size()

LIMITS = [  # max-header-size(), as sent, whether it is accepted
    ("", v2(padding(4096 - 28)), True),
    ("", v2(padding(4097 - 28)), False),
    ("", local(bytes(4096 - 16)), True),
    ("", local(bytes(4097 - 16)), False),
    ("max-header-size(16)", local(), True),
    ("max-header-size(16)", local(b"\0"), False),
    ("max-header-size(16)", v2(family=UNSPEC), True),
    ("max-header-size(16)", v2(), False),
    ("max-header-size(16)", b"PROXY UNKNOWN " + b"x" * 91 + b"\r\n", True),
    ("max-header-size(27)", v2(), False),
    ("max-header-size(28)", v2(), True),
    ("max-header-size(107)", v2(padding(107 - 28)), True),
    ("max-header-size(107)", v2(padding(108 - 28)), False),
    ("max-header-size(65550)", local(bytes(65534)), True),
    ("max-header-size(65550)", local(bytes(65535)), False),
    ("max-header-size(65551)", local(bytes(65535)), True),
]


@pytest.mark.parametrize("option, sent, is_accepted", LIMITS, ids=lambda v: len(v) if isinstance(v, bytes) else v)
def test_max_header_size(start, port, option, sent, is_accepted):
    daemon = start(f"{option} header-timeout(60)")
    if is_accepted:
        send(port, sent + HELLO)
        daemon.wait_messages(1)
        return
    # by its length field alone
    assert is_closed_by_peer(connect(port, sent[:16]))
    tags = one_refusal(daemon)
    assert (tags["reason"], tags["line"].startswith(r"\x0d\x0a\x0d\x0a\x00\x0d\x0aQUIT")) == (LONG, True)
    send(port, sent, HELLO)
    daemon.wait_counter("refused_malformed", 2)
    assert daemon.messages() == []


def test_the_longest_header_there_is(start, port):
    daemon = start("max-header-size(65551)")
    value = bytes(range(256)) * 256
    sent = v2(tlv(0xF0, value[:65535 - 12 - 3]))
    assert len(sent) == 65551
    send(port, sent + HELLO + HELLO)
    messages = daemon.wait_messages(2)
    assert {m["PROXY_TLV_0xF0"] for m in messages} == {value[:65520].hex()}


@pytest.mark.parametrize("split", [1, 16, 28, 107, 4096, 65550])
def test_the_longest_header_in_two_parts(shared, split):
    before = len(shared.daemon.messages())
    sent = v2(padding(65535 - 12))
    with connect(shared.port, sent[:split]) as client:
        wait_until_read(client)
        client.sendall(sent[split:] + HELLO)
        assert macros(shared.daemon.wait_messages(before + 1)[-1])["SRCIP"] == "192.0.2.1"


@pytest.mark.parametrize("value", ["0", "15", "65552", "-1", "no"])
def test_max_header_size_has_its_limits(daemon, port, value):
    assert daemon.check(f"proxy-protocol(port({port}) max-header-size({value}));").returncode != 0


# A header that does not come to its end


@pytest.mark.parametrize("part", [1, 5, 12, 15, 16, 20, 27, 28, len(v2(TLVS)) - 1])
def test_half_a_header_then_close(start, port, part):
    daemon = start()
    send(port, v2(TLVS)[:part])
    assert one_refusal(daemon)["reason"] == "the peer closed the connection before the end of the header"
    counters = daemon.counters()
    assert (counters["refused_malformed"], counters["headers_v2"], counters["pending_headers"]) == (1, 0, 0)


def test_a_reset_before_the_end_of_the_header(start, port):
    daemon = start()
    client = connect(port, v2()[:20])
    daemon.wait_counter("pending_headers", 1)
    wait_until_read(client)
    reset(client)
    assert one_refusal(daemon)["reason"] == "the connection broke before the end of the header"


def test_a_header_must_be_complete_in_time_however_its_bytes_drip(start, port):
    daemon = start("header-timeout(1)")
    sent = v2(TLVS)
    begin = time.monotonic()
    with connect(port) as client:
        client.settimeout(0.1)
        for byte in sent:
            try:
                client.sendall(bytes([byte]))
                assert client.recv(1) == b""
                break
            except TimeoutError:
                pass
            except ConnectionError:
                break
    assert is_about_a_second(time.monotonic() - begin)
    tags = one_refusal(daemon)
    assert tags["reason"] == "the header was not complete within header-timeout()"
    assert tags["line"].startswith(r"\x0d\x0a\x0d\x0a\x00")
    counters = daemon.counters()
    assert (counters["refused_timeout"], counters["refused_malformed"], counters["pending_headers"]) == (1, 0, 0)


# The log

SHOWN = {  # as sent, as shown
    "LOCAL": (local(), r"\x0d\x0a\x0d\x0a\x00\x0d\x0aQUIT\x0a \x00\x00\x00"),
    "IPv4": (v2(), r"\x0d\x0a\x0d\x0a\x00\x0d\x0aQUIT\x0a!\x11\x00\x0c\xc0\x00\x02\x01\xc63d\x01\xdc\x04\x19r"),
    "backslashes and quotes": (local(b"\\'\""), r"\x0d\x0a\x0d\x0a\x00\x0d\x0aQUIT\x0a \x00\x00\x03\\" + r"\'" + '"'),
    "a long one": (local(b"x" * 500), r"\x0d\x0a\x0d\x0a\x00\x0d\x0aQUIT\x0a \x00\x01\xf4" + "x" * 91 + "..."),
}


@pytest.mark.parametrize("sent, shown", SHOWN.values(), ids=SHOWN)
def test_debug_level_shows_every_header(start, port, sent, shown):
    daemon = start(arguments=("--debug",))
    send(port, sent + HELLO)
    assert log_tags(daemon.wait_log("PROXY protocol header received; ")[0])["line"] == shown
    assert len(daemon.log_lines("PROXY protocol header received; ")) == 1


@pytest.mark.parametrize("sent", [v2(tlv(CRC32C, bytes(4))), header(b"", PROXY, 15, STREAM)], ids=["CRC", "family"])
def test_a_refusal_shows_the_header_and_nothing_behind_it(start, port, sent):
    daemon = start()
    send(port, sent + HELLO)
    assert "hello" not in one_refusal(daemon)["line"]


# Reload


@pytest.fixture
def source(port):
    """source("options") is the configuration of a proxy-protocol() on the port."""
    return lambda options="": f"proxy-protocol(ip(127.0.0.1) port({port}) {options});"


@pytest.mark.parametrize("part", [1, 5, 12, 16, 20, 28, len(v2(TLVS)) - 1])
def test_pending_connections_keep_their_bytes_over_a_reload(start, port, part):
    daemon = start()
    with connect(port, v2(TLVS)[:part]) as client:
        daemon.wait_counter("pending_headers", 1)
        wait_until_read(client)
        daemon.reload()
        assert daemon.counters()["pending_headers"] == 1
        client.sendall(v2(TLVS)[part:] + HELLO)
        values = macros(daemon.wait_messages(1)[0])
        assert (values["SRCIP"], values["ALPN"]) == ("192.0.2.1", "h2")
    assert daemon.counters()["accepted"] == 1


def test_a_version_that_is_not_allowed_any_more(start, port, source):
    daemon = start()
    with connect(port, v2()[:20]) as client:
        wait_until_read(client)
        daemon.reload(source('protocol-version("v1")'))
        client.sendall(v2()[20:] + HELLO)
        assert is_closed_by_peer(client)
    assert one_refusal(daemon)["reason"] == NO_V2


@pytest.mark.parametrize("new_options, reason", [("max-header-size(16)", LONG), ('protocol-version("v1")', NO_V2)])
@pytest.mark.parametrize("part", [50, 107, 3000])
def test_more_of_a_header_is_there_than_is_allowed_now(start, port, source, part, new_options, reason):
    daemon = start("max-header-size(65551) so-rcvbuf(1000000)")
    with connect(port, header(b"x" * 65535)[:part]) as client:
        daemon.wait_counter("pending_headers", 1)
        wait_until_read(client)
        daemon.reload(source(new_options))
        # as much at once as the kernel has room for
        daemon.process.send_signal(signal.SIGSTOP)
        client.setblocking(False)
        client.send(b"x" * 2_000_000)
        daemon.process.send_signal(signal.SIGCONT)
        assert is_closed_by_peer(client)
    assert one_refusal(daemon)["reason"] == reason


def test_more_than_was_allowed(start, port, source):
    daemon = start("max-header-size(28)")
    sent = v2(TLVS)
    with connect(port, sent[:15]) as client:
        wait_until_read(client)
        daemon.reload(source())
        client.sendall(sent[15:] + HELLO)
        assert macros(daemon.wait_messages(1)[0])["ALPN"] == "h2"
