# SPDX-License-Identifier: GPL-2.0-or-later
"""The TLVs of version 2 headers and the macros that they become."""

import struct

import pytest
from client import connect, send
from daemon import macros
from proxy_v2 import (
    ALPN, AUTHORITY, AWS, AZURE, CLIENT_CERT_CONN, CLIENT_CERT_SESS, CLIENT_SSL, CRC32C, GCP_PSC, INET6, LOCAL, NETNS,
    NOOP, SSL, SSL_CIPHER, SSL_CLIENT_CERT, SSL_CN, SSL_GROUP, SSL_KEY_ALG, SSL_SIG_ALG, SSL_SIG_SCHEME, SSL_VERSION,
    UNIQUE_ID, UNIX, UNSPEC, SharedDaemon, checksummed, padding, ssl_tlv, tlv, v2)

HELLO = b"<13>Nov 20 10:00:00 host prog[12]: hello\n"
OF_THE_CONNECTION = {"SRCIP", "SRCPORT", "DSTIP", "DSTPORT", "SRCPATH", "DSTPATH", "IP_VERSION", "VERSION", "PEERIP",
                     "PEERPORT"}


@pytest.fixture(scope="module")
def shared(tmp_path_factory):
    with SharedDaemon(tmp_path_factory.mktemp("shared")) as shared:
        yield shared


def of_tlvs(message, prefix="PROXY_"):
    """The macros of the message that come from TLVs."""
    return {name: value for name, value in macros(message, prefix).items() if name not in OF_THE_CONNECTION}


def deliver(shared, *tlvs, **kwargs):
    return of_tlvs(shared.deliver(v2(b"".join(tlvs), **kwargs) + HELLO)[0])


# Each type

TEXTS = [  # type, value, macro
    (ALPN, b"h2", "ALPN"),
    (AUTHORITY, b"logs.example.com", "AUTHORITY"),
    (UNIQUE_ID, b"C0000201:DC04_C6336401:1972_0001", "UNIQUE_ID"),
    (UNIQUE_ID, b"x" * 128, "UNIQUE_ID"),
    (NETNS, b"blue", "NETNS"),
    (AUTHORITY, b"x" * 4000, "AUTHORITY"),
]


@pytest.mark.parametrize("type_, value, name", TEXTS)
def test_text(shared, type_, value, name):
    assert deliver(shared, tlv(type_, value)) == {name: value.decode()}


SSL_TEXTS = [  # type, value, macro
    (SSL_VERSION, b"TLSv1.3", "SSL_VERSION"),
    (SSL_CN, b"client.example.com", "SSL_CN"),
    (SSL_CIPHER, b"ECDHE-RSA-AES128-GCM-SHA256", "SSL_CIPHER"),
    (SSL_SIG_ALG, b"RSA-SHA256", "SSL_SIG_ALG"),
    (SSL_KEY_ALG, b"RSA2048", "SSL_KEY_ALG"),
    (SSL_GROUP, b"secp256r1", "SSL_GROUP"),
    (SSL_SIG_SCHEME, b"rsa_pss_rsae_sha256", "SSL_SIG_SCHEME"),
]


@pytest.mark.parametrize("type_, value, name", SSL_TEXTS)
def test_text_inside_the_ssl_tlv(shared, type_, value, name):
    assert deliver(shared, ssl_tlv(tlv(type_, value))) == {"SSL_VERIFIED": "no", name: value.decode()}
    # outside it stands for nothing
    assert deliver(shared, tlv(type_, value)) == {f"TLV_0x{type_:02X}": value.hex()}


def test_all_of_the_ssl_tlv(shared):
    tlvs = [tlv(type_, value) for type_, value, _ in SSL_TEXTS]
    assert deliver(shared, ssl_tlv(*tlvs, client=3)) == {
        "SSL_VERIFIED": "yes", **{name: value.decode() for _, value, name in SSL_TEXTS}}


def test_the_client_certificate_is_given_in_hexadecimal(shared):
    der = bytes.fromhex("3082010a0282010100") + bytes(range(256))
    assert deliver(shared, ssl_tlv(tlv(SSL_CLIENT_CERT, der))) == {"SSL_VERIFIED": "no", "TLV_0x28": der.hex()}


VERIFIED = [  # <client>, <verify>, SSL_VERIFIED
    (CLIENT_SSL | CLIENT_CERT_CONN, 0, "yes"),
    (CLIENT_SSL | CLIENT_CERT_SESS, 0, "yes"),
    (CLIENT_SSL | CLIENT_CERT_CONN | CLIENT_CERT_SESS, 0, "yes"),
    (CLIENT_SSL, 0, "no"),
    (0, 0, "no"),
    (0xF8 | CLIENT_SSL, 0, "no"),
    (CLIENT_SSL | CLIENT_CERT_CONN, 1, "no"),
    (CLIENT_SSL | CLIENT_CERT_SESS, 0x80000000, "no"),
    (CLIENT_SSL | CLIENT_CERT_CONN | CLIENT_CERT_SESS, 20, "no"),
    (CLIENT_SSL | CLIENT_CERT_CONN | CLIENT_CERT_SESS, 0x01000000, "no"),
    (CLIENT_SSL | CLIENT_CERT_CONN | CLIENT_CERT_SESS, 0xFFFFFFFF, "no"),
    (CLIENT_SSL, 1, "no"),
    (0, 1, "no"),
]


@pytest.mark.parametrize("client, verify, verified", VERIFIED)
def test_a_client_certificate_is_verified_if_one_was_presented_and_nothing_is_wrong_with_it(
        shared, client, verify, verified):
    assert deliver(shared, ssl_tlv(client=client, verify=verify)) == {"SSL_VERIFIED": verified}
    assert deliver(shared, ssl_tlv(tlv(SSL_CN, b"x"), client=client, verify=verify)) == {
        "SSL_VERIFIED": verified, "SSL_CN": "x"}


def test_without_an_ssl_tlv_nothing_is_said_of_a_client_certificate(shared):
    assert deliver(shared, tlv(ALPN, b"h2")) == {"ALPN": "h2"}


CLOUD = [  # type, value, macros
    (AWS, b"\x01vpce-08d2bf15fac5001c9", {"AWS_VPCE_ID": "vpce-08d2bf15fac5001c9"}),
    (AWS, b"\x01\x00\xff", {"AWS_VPCE_ID": "00ff"}),
    (AWS, b"\x01", {}),
    (AWS, b"", {}),
    (AWS, b"\x02vpce", {"TLV_0xEA": "0276706365"}),
    (AWS, b"\x00vpce", {"TLV_0xEA": "0076706365"}),
    (AWS, b"vpce", {"TLV_0xEA": "76706365"}),
    (AZURE, b"\x01\x00\x00\x00\x00", {"AZURE_LINKID": "0"}),
    (AZURE, b"\x01\x01\x00\x00\x00", {"AZURE_LINKID": "1"}),
    (AZURE, b"\x01\x04\x03\x02\x01", {"AZURE_LINKID": "16909060"}),
    (AZURE, b"\x01\xff\xff\xff\xff", {"AZURE_LINKID": "4294967295"}),
    (AZURE, b"\x02\x04\x03\x02\x01", {"TLV_0xEE": "0204030201"}),
    (AZURE, b"\x01\x04\x03\x02", {"TLV_0xEE": "01040302"}),
    (AZURE, b"\x01\x04\x03\x02\x01\x00", {"TLV_0xEE": "010403020100"}),
    (AZURE, b"\x01", {"TLV_0xEE": "01"}),
    (AZURE, b"", {}),
    (GCP_PSC, struct.pack("!Q", 0), {"GCP_PSC_ID": "0"}),
    (GCP_PSC, struct.pack("!Q", 0x0102030405060708), {"GCP_PSC_ID": "72623859790382856"}),
    (GCP_PSC, struct.pack("!Q", 2**63), {"GCP_PSC_ID": "9223372036854775808"}),
    (GCP_PSC, struct.pack("!Q", 2**64 - 1), {"GCP_PSC_ID": "18446744073709551615"}),
    (GCP_PSC, bytes(7), {"TLV_0xE0": "00" * 7}),
    (GCP_PSC, bytes(9), {"TLV_0xE0": "00" * 9}),
    (GCP_PSC, b"1234", {"TLV_0xE0": "31323334"}),
    (GCP_PSC, b"", {}),
]


@pytest.mark.parametrize("type_, value, expected", CLOUD)
def test_cloud(shared, type_, value, expected):
    assert deliver(shared, tlv(type_, value)) == expected


@pytest.mark.parametrize("type_", [0x00, 0x06, 0x0A, 0x1F, 0x29, 0x31, 0x7F, 0x80, 0xE1, 0xEF, 0xF0, 0xF8, 0xFF])
def test_other_types_are_given_in_hexadecimal(shared, type_):
    name = f"TLV_0x{type_:02X}"
    assert deliver(shared, tlv(type_, b"text")) == {name: "74657874"}
    assert deliver(shared, tlv(type_, b"\xAB\x00\x0a\xff")) == {name: "ab000aff"}
    assert deliver(shared, tlv(type_)) == {}


NOTHING = {
    "no TLV": b"",
    "NOOP": tlv(NOOP),
    "NOOP with a value": tlv(NOOP, b"text"),
    "NOOPs": tlv(NOOP) + padding(1000) + tlv(NOOP, tlv(ALPN, b"h2")),
    "empty values": b"".join(tlv(type_) for type_ in (ALPN, AUTHORITY, UNIQUE_ID, NETNS, 0xF0)),
}


@pytest.mark.parametrize("tlvs", NOTHING.values(), ids=NOTHING)
def test_no_macro_comes_of(shared, tlvs):
    assert deliver(shared, tlvs) == {}


def test_no_macro_comes_of_empty_values_inside_the_ssl_tlv(shared):
    assert deliver(shared, ssl_tlv(*(tlv(type_) for type_, _, _ in SSL_TEXTS))) == {"SSL_VERIFIED": "no"}


def test_no_macro_comes_of_a_checksum(shared):
    message, _ = shared.deliver(checksummed(before=tlv(ALPN, b"h2"), behind=tlv(NETNS, b"blue")) + HELLO)
    assert of_tlvs(message) == {"ALPN": "h2", "NETNS": "blue"}


# Values

VALUES = [  # as sent, as seen
    ("b\u00fccher.example \u65e5\u672c \U0001F600".encode(), "b\u00fccher.example \u65e5\u672c \U0001F600"),
    (b" a  b ", " a  b "),
    (b"'\"\\;=${PROXY_ALPN}%n", "'\"\\;=${PROXY_ALPN}%n"),
    (b"0", "0"),
    (b"\x00", "00"),
    (b"a\x00b", "610062"),
    (b"text\x00", "7465787400"),
    (b"\n", "0a"),
    (b"a\r\nb", "610d0a62"),
    (b"a\tb", "610962"),
    (b"\x1b[31m", "1b5b33316d"),
    (b"\x7f", "7f"),
    (b"\xc2\x85", "c285"),
    (b"\xff", "ff"),
    (b"\xAB\xCD", "abcd"),
    (b"b\xfccher", "62fc63686572"),
    # UTF-8 that is none: cut, overlong, a surrogate, beyond Unicode
    (b"\xc3", "c3"),
    (b"\xc0\xaf", "c0af"),
    (b"\xed\xa0\x80", "eda080"),
    (b"\xf4\x90\x80\x80", "f4908080"),
    # invisible: right to left, a byte order mark
    ("\u202Etxt".encode(), "e280ae747874"),
    ("\uFEFF".encode(), "efbbbf"),
]


@pytest.mark.parametrize("type_, name", [(ALPN, "ALPN"), (UNIQUE_ID, "UNIQUE_ID")])
@pytest.mark.parametrize("value, seen", VALUES)
def test_printable_text_is_given_as_it_is_and_anything_else_in_hexadecimal(shared, type_, name, value, seen):
    assert deliver(shared, tlv(type_, value)) == {name: seen}


@pytest.mark.parametrize("value, seen", VALUES)
def test_values_inside_the_ssl_tlv_and_of_clouds_likewise(shared, value, seen):
    assert deliver(shared, ssl_tlv(tlv(SSL_CN, value)), tlv(AWS, b"\1" + value)) == {
        "SSL_VERIFIED": "no", "SSL_CN": seen, "AWS_VPCE_ID": seen}


@pytest.mark.parametrize("separator, seen", [("\u2028", "61e280a862"), ("\u2029", "61e280a962")])
def test_line_separators_are_not_printable(start, port, separator, seen):
    daemon = start()
    send(port, v2(tlv(ALPN, f"a{separator}b".encode())), HELLO)
    assert of_tlvs(daemon.wait_messages(1)[0]) == {"ALPN": seen}


# Several

VERIFIED_SSL = ssl_tlv(tlv(SSL_CN, b"first"), client=CLIENT_SSL | CLIENT_CERT_CONN)
TWICE = {  # TLVs, macros
    "text": (tlv(ALPN, b"first") + tlv(ALPN, b"second"), {"ALPN": "first"}),
    "not side by side": (tlv(ALPN, b"first") + tlv(NETNS, b"blue") + tlv(ALPN, b"second"),
                         {"ALPN": "first", "NETNS": "blue"}),
    "the same": (tlv(ALPN, b"h2") * 3, {"ALPN": "h2"}),
    "unknown": (tlv(0xF0, b"\1") + tlv(0xF0, b"\2"), {"TLV_0xF0": "01"}),
    "inside SSL": (ssl_tlv(tlv(SSL_CN, b"first"), tlv(SSL_CN, b"second")), {"SSL_VERIFIED": "no", "SSL_CN": "first"}),
    "SSL": (VERIFIED_SSL + ssl_tlv(tlv(SSL_CN, b"second")), {"SSL_VERIFIED": "yes", "SSL_CN": "first"}),
    "SSL, unverified first": (ssl_tlv() + VERIFIED_SSL, {"SSL_VERIFIED": "no"}),
    "AWS": (tlv(AWS, b"\1first") + tlv(AWS, b"\1second"), {"AWS_VPCE_ID": "first"}),
    "Azure": (tlv(AZURE, b"\1\1\0\0\0") + tlv(AZURE, b"\1\2\0\0\0"), {"AZURE_LINKID": "1"}),
    "GCP": (tlv(GCP_PSC, bytes(7) + b"\1") + tlv(GCP_PSC, bytes(7) + b"\2"), {"GCP_PSC_ID": "1"}),
    "the first empty": (tlv(ALPN) + tlv(ALPN, b"second"), {}),
    "the first empty, inside SSL": (ssl_tlv(tlv(SSL_CN), tlv(SSL_CN, b"second")), {"SSL_VERIFIED": "no"}),
    "the first malformed": (tlv(AZURE, b"\1") + tlv(AZURE, b"\1\2\0\0\0"), {"TLV_0xEE": "01"}),
    "the second malformed": (tlv(AZURE, b"\1\2\0\0\0") + tlv(AZURE, b"\1"), {"AZURE_LINKID": "2"}),
}


@pytest.mark.parametrize("tlvs, expected", TWICE.values(), ids=TWICE)
def test_of_a_type_given_twice_the_first_counts(shared, tlvs, expected):
    assert deliver(shared, tlvs) == expected


EVERYTHING = b"".join(
    [tlv(ALPN, b"h2"), tlv(AUTHORITY, b"example.com"), tlv(NOOP, b"text"), tlv(UNIQUE_ID, b"\xff"),
     ssl_tlv(tlv(SSL_VERSION, b"TLSv1.3"), tlv(SSL_CN, b"client"), client=7), tlv(NETNS, b"blue"),
     tlv(AWS, b"\1vpce-1"), tlv(AZURE, b"\1\2\0\0\0"), tlv(GCP_PSC, bytes(7) + b"\3"), tlv(0xF0, b"\4")])
OF_EVERYTHING = {
    "ALPN": "h2", "AUTHORITY": "example.com", "UNIQUE_ID": "ff", "SSL_VERSION": "TLSv1.3", "SSL_CN": "client",
    "SSL_VERIFIED": "yes", "NETNS": "blue", "AWS_VPCE_ID": "vpce-1", "AZURE_LINKID": "2", "GCP_PSC_ID": "3",
    "TLV_0xF0": "04"}


@pytest.mark.parametrize("kwargs", [{}, {"family": INET6}, {"family": UNIX}], ids=["IPv4", "IPv6", "UNIX"])
def test_everything_at_once(shared, kwargs):
    assert deliver(shared, EVERYTHING, **kwargs) == OF_EVERYTHING


@pytest.mark.parametrize("kwargs", [{"command": LOCAL}, {"family": UNSPEC}, {"protocol": UNSPEC}], ids=str)
def test_a_connection_without_addresses_has_no_macro_of_a_tlv_either(shared, kwargs):
    message, _ = shared.deliver(v2(EVERYTHING, **kwargs) + HELLO)
    assert macros(message) == {}


def test_every_type_at_once(shared):
    special = {CRC32C, NOOP, SSL, ALPN, AUTHORITY, UNIQUE_ID, NETNS}
    types = [type_ for type_ in range(256) if type_ not in special]
    values = deliver(shared, *(tlv(type_, bytes([type_, 0xFF])) for type_ in types))
    assert values == {f"TLV_0x{type_:02X}": f"{type_:02x}ff" for type_ in types}


def test_thousands_of_tlvs(shared):
    values = deliver(shared, tlv(0xF0, b"\1"), tlv(0xF0) * 10000, tlv(0xF1, b"\2"), ssl_tlv(tlv(SSL_CN, b"x") * 5000))
    assert values == {"TLV_0xF0": "01", "TLV_0xF1": "02", "SSL_CN": "x", "SSL_VERIFIED": "no"}


# Messages


def test_each_message_has_the_macros_of_its_own_connection(start, port):
    daemon = start()
    kinds = {
        "ALPN": (tlv(ALPN, b"h2"), {"ALPN": "h2"}),
        "another ALPN": (tlv(ALPN, b"h3"), {"ALPN": "h3"}),
        "unknown": (tlv(0xF3, b"\1"), {"TLV_0xF3": "01"}),
        "both": (tlv(ALPN, b"h2") + tlv(0xF3, b"\2"), {"ALPN": "h2", "TLV_0xF3": "02"}),
        "none": (b"", {}),
    }
    clients = {name: connect(port, v2(tlvs)) for name, (tlvs, _) in kinds.items()}
    for _ in range(20):
        for name, client in clients.items():
            client.sendall(f"<13>Nov 20 10:00:00 host prog: {name}\n".encode())
    messages = daemon.wait_messages(20 * len(kinds))
    assert [of_tlvs(m) == kinds[m["MESSAGE"]][1] for m in messages] == [True] * len(messages)


def test_macros_beside_structured_data_whose_names_are_older_and_newer(start, port):
    daemon = start("flags(syslog-protocol)")
    for i in range(1, 4):
        message = f'<13>1 2026-11-20T10:00:00Z host prog - - [a{i}@1 x="1"][a{i - 1}@1 y="2"] hello\n'.encode()
        send(port, v2(EVERYTHING + tlv(0xC0 + i, b"\1")), message)
        got = daemon.wait_messages(i)[-1]
        assert of_tlvs(got) == {**OF_EVERYTHING, f"TLV_0xC{i}": "01"}
        assert (got["MESSAGE"], got["PROXY_SRCIP"]) == ("hello", "192.0.2.1")
        assert f'[a{i}@1 x="1"]' in got["SDATA"] and f'[a{i - 1}@1 y="2"]' in got["SDATA"]


@pytest.mark.parametrize("prefix", ["PROXIED_", "LB_"])
def test_macro_prefix(start, port, prefix):
    daemon = start(f'macro-prefix("{prefix}")')
    send(port, v2(EVERYTHING), HELLO)
    (message,) = daemon.wait_messages(1)
    assert of_tlvs(message, prefix) == OF_EVERYTHING
    assert macros(message, "PROXY_") == {}


def test_a_reload_keeps_the_macros_and_can_rename_them(start, port):
    daemon = start()
    with connect(port, v2(EVERYTHING) + HELLO) as client:
        daemon.wait_messages(1)
        daemon.reload()
        client.sendall(HELLO)
        daemon.wait_messages(2)
        daemon.reload(f'proxy-protocol(ip(127.0.0.1) port({port}) macro-prefix("LB_"));')
        client.sendall(HELLO)
        messages = daemon.wait_messages(3)
    assert [of_tlvs(m) for m in messages] == [OF_EVERYTHING, OF_EVERYTHING, {}]
    assert of_tlvs(messages[2], "LB_") == OF_EVERYTHING


def test_macros_can_be_used_in_filters(start, port):
    daemon = start(filters='filter { "$PROXY_SSL_VERIFIED" eq "yes" and "$PROXY_TLV_0xF0" eq "04" };')
    send(port, v2(ssl_tlv() + tlv(0xF0, b"\4")), HELLO)
    send(port, v2(EVERYTHING), HELLO)
    assert daemon.wait_messages(1)[0]["PROXY_SSL_CN"] == "client"
