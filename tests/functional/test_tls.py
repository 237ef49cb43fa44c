# SPDX-License-Identifier: GPL-2.0-or-later
"""transport(tls): the header in clear, then TLS. transport(proxied-tls): TLS, and the header inside."""

import os
import re
import socket
import ssl
import subprocess
import sys
import threading
import time
from datetime import datetime
from pathlib import Path

import pytest
from client import connect, is_closed_by_peer, line, send, v1, wait_until_read
from daemon import free_port, is_about_a_second, log_tags, macros, network_has_openssl_conf, wait_for
from proxy_v2 import AUTHORITY, checksummed, tlv
from tls import CLIENT_NAME, TLSClient, certificate, client_context, fingerprint, send_tls, tls_option

TRANSPORTS = ["tls", "proxied-tls"]
VERSIONS = [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3]
V2 = checksummed(tlv(AUTHORITY, b"logs.example.com"))
FAILED = "TLS handshake failed"


@pytest.fixture
def start_tls(start, certificates):
    """start_tls(transport, "options") starts the daemon with this transport, and the server's certificate."""

    def _start(transport, driver_options="", tls="peer-verify(no)", certificate=certificates.server, **kwargs):
        return start(f'transport("{transport}") {tls_option(certificate, tls)} {driver_options}', **kwargs)

    return _start


def client(transport, port, header=v1(), **kwargs):
    """A client that has sent all but its messages, in the transport's order."""
    if transport == "tls":
        return TLSClient(port, header, **kwargs).shake_hands()
    return TLSClient(port, **kwargs).shake_hands().send(header)


# ---------------------------------------------------------------------------
# What is served
# ---------------------------------------------------------------------------

NAMES = ["tls", "proxied-tls-passthrough", "proxied-tls"]


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("header", [v1(), V2], ids=["v1", "v2"])
@pytest.mark.parametrize("transport", NAMES)
def test_messages_have_the_addresses_of_the_header(start_tls, port, transport, header, version):
    daemon = start_tls(transport)
    order = "proxied-tls" if transport == "proxied-tls" else "tls"
    with client(order, port, header, context=client_context(version=version), source="127.0.0.7") as tls:
        tls.send(line("one"), line("two") + line("three"))
        messages = daemon.wait_messages(3)
    assert [m["MESSAGE"] for m in messages] == ["one", "two", "three"]
    assert {(m["PROXY_SRCIP"], m["PROXY_PEERIP"], m["SOURCEIP"]) for m in messages} == {
        ("192.0.2.1", "127.0.0.7", "192.0.2.1")}
    assert daemon.counters()["headers_v1" if header == v1() else "headers_v2"] == 1
    daemon.wait_counter("connections", 0)


def test_without_quotes(start, port, certificates):
    daemon = start(f"transport(tls) {tls_option(certificates.server)}")
    send_tls(port, line("hello"), header=v1())
    daemon.wait_messages(1)


@pytest.mark.parametrize("header", [v1(), V2], ids=["v1", "v2"])
def test_header_and_client_hello_in_one_segment(start_tls, port, header):
    daemon = start_tls("tls")
    with TLSClient(port) as tls:
        tls.sock.sendall(header + tls.hello())
        tls.shake_hands().send(line("hello"))
        assert daemon.wait_messages(1)[0]["PROXY_SRCIP"] == "192.0.2.1"


@pytest.mark.parametrize("transport", TRANSPORTS)
@pytest.mark.parametrize("version", VERSIONS)
def test_byte_by_byte(start_tls, port, transport, version):
    """Each byte for itself: of the header, of the handshake, and of the first message."""
    daemon = start_tls(transport)
    with TLSClient(port, context=client_context(version=version)) as tls:
        plain = tls.sock

        class Dripping:
            def sendall(self, data):
                for byte in data:
                    plain.sendall(bytes([byte]))
                    wait_until_read(plain)

            def recv(self, size):
                return plain.recv(size)

            close = plain.close

        tls.sock = Dripping()
        if transport == "tls":
            tls.sock.sendall(v1())
        tls.shake_hands()
        tls.send((v1() if transport == "proxied-tls" else b"") + line("hello"))
        assert daemon.wait_messages(1)[0]["PROXY_SRCIP"] == "192.0.2.1"


BIG = checksummed(tlv(AUTHORITY, b"a" * 200) + tlv(0xE4, b"x" * 40000))
RECORDS = [  # what is sent inside TLS, each a record
    [v1() + line("hello")],
    [v1(), line("hello")],
    [v1()[:7], v1()[7:] + line("hello")],
    [bytes([byte]) for byte in V2] + [line("hello")],
    # longer than a record can be
    [BIG + line("hello")],
    [BIG[:30000], BIG[30000:] + line("hello")],
]


@pytest.mark.parametrize("together", [False, True], ids=["one-by-one", "together"])
@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("records", RECORDS, ids=["1", "2", "split", "bytes", "big", "big-split"])
def test_a_header_in_any_number_of_records(start_tls, port, records, version, together):
    daemon = start_tls("proxied-tls", "max-header-size(65551)")
    with TLSClient(port, context=client_context(version=version)).shake_hands() as tls:
        if together:
            tls.sock.sendall(b"".join(tls.encrypt(record) for record in records))
        else:
            for record in records:
                tls.send(record)
                wait_until_read(tls.sock)
        (message,) = daemon.wait_messages(1)
    assert (message["MESSAGE"], message["PROXY_SRCIP"]) == ("hello", "192.0.2.1")


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_many_messages_with_the_header(start_tls, port, transport):
    """What comes with the last bytes of the handshake or the header waits in OpenSSL, not in the socket."""
    daemon = start_tls(transport, "log-iw-size(20000)", log_flags="flow-control")
    messages = b"".join(map(line, range(5000)))
    with TLSClient(port, v1() if transport == "tls" else b"").shake_hands() as tls:
        tls.sock.sendall(tls.encrypt((v1() if transport == "proxied-tls" else b"") + messages))
        assert [m["MESSAGE"] for m in daemon.wait_messages(5000, timeout=30)] == list(map(str, range(5000)))


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_messages_with_the_header_are_not_held_up_by_reloads(start_tls, port, transport):
    """A reload may come when OpenSSL has read them, and syslog-ng has not: the clients wait, and send no more."""
    daemon = start_tls(transport, "max-connections(2000) log-iw-size(200000) header-timeout(60)")
    clients = []

    def send_one_message_each(number):
        while len(clients) < 600:
            tls = TLSClient(port, v1() if transport == "tls" else b"").shake_hands()
            tls.send((v1() if transport == "proxied-tls" else b"") + line(number))
            clients.append(tls)

    senders = [threading.Thread(target=send_one_message_each, args=(number,)) for number in range(4)]
    for sender in senders:
        sender.start()
    while any(sender.is_alive() for sender in senders):
        daemon.reload()
    assert len(daemon.wait_messages(len(clients))) >= 600


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_untrusted_peers_are_served_directly_in_tls(start_tls, port, transport):
    daemon = start_tls(transport, 'trusted-proxies("127.0.0.1") untrusted-peers("direct")')
    send_tls(port, v1() + line("hello"), source="127.0.0.7")
    messages = daemon.wait_messages(2)
    assert (messages[1]["MESSAGE"], messages[1]["SOURCEIP"], macros(messages[1])) == ("hello", "127.0.0.7", {})
    with client(transport, port) as tls:
        tls.send(line("proxied"))
        assert daemon.wait_messages(3)[2]["PROXY_SRCIP"] == "192.0.2.1"


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_an_untrusted_peer_is_closed_before_tls(start_tls, port, transport):
    daemon = start_tls(transport, 'trusted-proxies("127.0.0.1")')
    assert is_closed_by_peer(connect(port, source="127.0.0.7"))
    assert daemon.counters()["refused_untrusted"] == 1


@pytest.mark.parametrize("ended_by", ["client", "reload"])
@pytest.mark.parametrize("transport", TRANSPORTS)
def test_the_end_of_tls_is_as_with_network(daemon, port, certificates, transport, ended_by):
    """close_notify answers that of the client. Who only closes the connection gets none."""
    other = free_port()
    options = f"{tls_option(certificates.server)} keep-alive(no)"
    daemon.start(f'proxy-protocol(ip(127.0.0.1) port({port}) transport("{transport}") {options});'
                 f'network(ip(127.0.0.1) port({other}) transport("tls") {options});')

    def end(tls, count):
        tls.send(line("hello"))
        # what is left unread when the daemon closes a connection resets it
        daemon.wait_messages(count)
        if ended_by == "client":
            try:
                tls.tls.unwrap()
            except ssl.SSLWantReadError:
                tls._flush()
        else:
            daemon.reload()
        try:
            return tls.receive()
        except (ssl.SSLError, OSError) as error:
            return type(error)

    ends = [end(client(transport, port), 1), end(TLSClient(other).shake_hands(), 2)]
    assert ends[0] == ends[1]


# ---------------------------------------------------------------------------
# Certificates
# ---------------------------------------------------------------------------

# what peer-verify() takes: who is served of those without a certificate, with a good one, and with a strange one
PEER_VERIFY = {
    "required-trusted": {"client"},
    "yes": {"client"},
    "required-untrusted": {"client", "stranger"},
    "optional-trusted": {None, "client"},
    "optional-untrusted": {None, "client", "stranger"},
    "no": {None, "client", "stranger"},
}


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("who", [None, "client", "stranger"])
@pytest.mark.parametrize("mode", PEER_VERIFY)
@pytest.mark.parametrize("transport", TRANSPORTS)
def test_peer_verify(daemon, port, certificates, transport, mode, who, version):
    """Who is served, and what the macros say, is the same as with network()."""
    other = free_port()
    tls = tls_option(certificates.server, f'peer-verify({mode}) ca-file("{certificates.ca}")')
    daemon.start(f'proxy-protocol(ip(127.0.0.1) port({port}) transport("{transport}") {tls});'
                 f'network(ip(127.0.0.1) port({other}) transport("tls") {tls});')
    context = client_context(getattr(certificates, who) if who else None, version)

    served = who in PEER_VERIFY[mode]

    def connect_ours():
        return client(transport, port, context=context)

    def connect_network():
        return TLSClient(other, context=context).shake_hands()

    for connect_to in (connect_ours, connect_network):
        before = len(daemon.messages())
        try:
            tls = connect_to()
            # network() knows the certificate from the second read on
            for count in (1, 2) if served else (1,):
                tls.send(line("hello"))
                if served:
                    daemon.wait_messages(before + count)
            tls.close()
        except OSError:
            # with TLS 1.2 the client sees the handshake fail
            assert not served
    if not served:
        daemon.wait_counter("refused_handshake", 1)
        (refusal,) = daemon.log_lines(FAILED)
        assert log_tags(refusal)["reason"] in ("certificate verify failed", "peer did not return a certificate")
        assert daemon.messages() == []
        return
    names = [[message[name] for name in ("X509_CN", "X509_O", "X509_OU")] for message in daemon.wait_messages(4)]
    assert names[0] == names[1] == names[3]
    if who == "client" and mode not in ("optional-untrusted", "no"):
        assert names[0] == [CLIENT_NAME, "Clients", "Logs"]


@pytest.mark.parametrize("options, works", [
    ('ssl-options("no-tlsv12")', [ssl.TLSVersion.TLSv1_3]),
    ('ssl-options("no-tlsv13")', [ssl.TLSVersion.TLSv1_2]),
    ('cipher-suite("ECDHE-RSA-AES128-GCM-SHA256") allow-compress(yes)', VERSIONS),
    ('cipher-suite(tls12-and-older("ECDHE-RSA-AES128-GCM-SHA256") tls13("TLS_AES_256_GCM_SHA384"))', VERSIONS),
    ('ecdh-curve-list("prime256v1") sigalgs("RSA-PSS+SHA256") client-sigalgs("ECDSA+SHA256")', VERSIONS),
    ('ssl-version("tlsv1_2")', VERSIONS),
    ('ssl-version(tlsv1_3)', [ssl.TLSVersion.TLSv1_3]),
    ('openssl-conf-cmds("MinProtocol" => "TLSv1.3" "CipherString" => "HIGH")', [ssl.TLSVersion.TLSv1_3]),
])
def test_options_of_tls(daemon, start_tls, port, options, works):
    if re.match("ssl-version|openssl-conf", options) and not network_has_openssl_conf():
        for log in (start_tls("tls", tls=options, expect_failure=True).log(), daemon.check(f"network(tls({options}));").stderr):
            assert "Error parsing" in log
        assert "needs a syslog-ng whose network() has it" in daemon.log()
        return
    start_tls("tls", tls=f"peer-verify(no) {options}")
    for version in VERSIONS:
        try:
            send_tls(port, line(version.name), header=v1(), context=client_context(version=version))
        except OSError:
            assert version not in works
    assert [m["MESSAGE"] for m in daemon.wait_messages(len(works))] == [version.name for version in works]


@pytest.mark.parametrize("option, served", [
    ('trusted-dn("*, OU=Logs, O=Clients")', True),
    ('trusted-dn("*, OU=Other, O=Clients")', False),
    ('trusted-keys("SHA1:00:11")', False),
    ('trusted-keys("SHA1:00:11" "SHA1:{client}")', True),
    ('trusted-keys("SHA1:{stranger}")', False),
])
def test_which_clients_are_trusted(start_tls, port, certificates, option, served):
    option = option.format(client=fingerprint(certificates.client), stranger=fingerprint(certificates.stranger))
    daemon = start_tls("tls", tls=f'ca-file("{certificates.ca}") {option}')
    try:
        send_tls(port, line("hello"), header=v1(), context=client_context(certificates.client, VERSIONS[0]))
    except OSError:
        assert not served
    if served:
        daemon.wait_messages(1)
    else:
        daemon.wait_counter("refused_handshake", 1)


def test_pkcs12(start, port, certificates, tmp_path):
    subprocess.run(["openssl", "pkcs12", "-export", "-passout", "pass:", "-inkey",
                    certificates.server.with_suffix(".key"), "-in", certificates.server, "-out", tmp_path / "server.p12"],
                   check=True)
    daemon = start(f'transport("tls") tls(pkcs12-file("{tmp_path}/server.p12") peer-verify(no))')
    send_tls(port, line("hello"), header=v1())
    daemon.wait_messages(1)


def test_a_key_with_a_password(start_tls, port, certificates, tmp_path):
    pem = certificate(tmp_path, "locked", "/CN=locked", ["rsa:2048"], None, "-passout", "pass:secret")
    daemon = start_tls("tls", certificate=pem)
    daemon.wait_log("Waiting for password")
    with pytest.raises(ConnectionRefusedError):
        connect(port)
    daemon.ctl("credentials", "add", f"--id={pem.with_suffix('.key')}", "--secret=wrong")
    daemon.wait_log("Waiting for password", 2)
    daemon.ctl("credentials", "add", f"--id={pem.with_suffix('.key')}", "--secret=secret")
    daemon.wait_log("Accepting connections")
    send_tls(port, line("hello"), header=v1())
    daemon.wait_messages(1)


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_a_reload_that_waits_for_a_password_closes_nothing(start_tls, port, certificates, tmp_path, transport):
    """Admitted connections go on, and so do handshakes that have begun. Others wait until the password is there."""
    locked = certificate(tmp_path, "locked", "/CN=locked", ["rsa:2048"], None, "-passout", "pass:secret")
    options = "max-connections(20) header-timeout(60)"
    daemon = start_tls(transport, options)
    header = v1() if transport == "tls" else b""
    message = (b"" if transport == "tls" else v1()) + line("hello")
    admitted = client(transport, port).send(line("hello"))
    daemon.wait_messages(1)
    silent, has_begun = TLSClient(port, header[:5]), TLSClient(port, header)
    hello = has_begun.hello()
    has_begun.sock.sendall(hello[:20])
    daemon.wait_counter("pending_headers", 2)
    wait_until_read(silent.sock, has_begun.sock)

    config = f'proxy-protocol(ip(127.0.0.1) port({port}) transport("{transport}") {tls_option(locked)} {options});'
    for reloads in (1, 2):
        daemon.reload(config)
        daemon.wait_log("Waiting for password", reloads)
    admitted.send(line("hello"))
    daemon.wait_messages(2)
    has_begun.sock.sendall(hello[20:])
    has_begun.shake_hands().send(message)
    daemon.wait_messages(3)
    silent.sock.sendall(header[5:] + silent.hello())
    new = TLSClient(port, header)
    assert not is_closed_by_peer(silent.sock, 0.2)
    silent.sock.settimeout(10)

    daemon.ctl("credentials", "add", f"--id={locked.with_suffix('.key')}", "--secret=secret")
    for tls in (silent, new):
        tls.shake_hands().send(message)
    daemon.wait_messages(5)
    assert {name: value for name, value in daemon.counters().items() if name.startswith("refused") and value} == {}
    assert daemon.counters()["connections"] == 4
    assert not daemon.log_lines("Syslog connection closed")


def test_a_port_in_use_is_noticed_before_the_password_is_there(daemon, port, tmp_path):
    locked = certificate(tmp_path, "locked", "/CN=locked", ["rsa:2048"], None, "-passout", "pass:secret")
    with socket.create_server(("127.0.0.1", port)):
        daemon.start(f'proxy-protocol(ip(127.0.0.1) port({port}) transport("tls") {tls_option(locked)});', expect_failure=True)
    assert "Error binding socket" in daemon.log()


# ---------------------------------------------------------------------------
# Refusals
# ---------------------------------------------------------------------------

def http(tls):
    tls.sock.sendall(b"GET / HTTP/1.0\r\n\r\n")


def nonsense(tls):
    tls.sock.sendall(b"\x16\x03\x01\x00\x05nonsense")


def half_a_hello(tls):
    tls.sock.sendall(tls.hello()[:50])
    tls.sock.shutdown(socket.SHUT_WR)


def plain_text(tls):
    tls.sock.sendall(line("hello"))


CLOSED = "the peer closed the connection during the TLS handshake"
BAD_HANDSHAKES = [(http, "http request"), (nonsense, None), (half_a_hello, CLOSED),
                  (plain_text, "wrong version number")]


@pytest.mark.parametrize("break_handshake, reason", BAD_HANDSHAKES)
@pytest.mark.parametrize("transport", TRANSPORTS)
def test_a_failed_handshake(start_tls, port, transport, break_handshake, reason):
    daemon = start_tls(transport)
    header = v1() if transport == "tls" else b""
    with TLSClient(port, header) as tls:
        break_handshake(tls)
        (refusal,) = map(log_tags, daemon.wait_log(FAILED))
        daemon.wait_log("Syslog connection closed")
        client_address = f"AF_INET(127.0.0.1:{tls.port})"
    assert refusal["client"] == client_address
    assert refusal["line"] == header.decode().strip()
    # who it was is known where the header came first
    assert refusal.get("original_client") == ("AF_INET(192.0.2.1:56324)" if header else None)
    assert reason is None or refusal["reason"] == reason
    counters = daemon.counters()
    assert (counters["refused_handshake"], counters["pending_headers"], counters["connections"]) == (1, 0, 0)
    assert not daemon.log_lines("Syslog connection accepted")
    assert daemon.messages() == []


def test_failed_handshakes_do_not_flood_the_log(start_tls, port):
    daemon = start_tls("tls")
    for _ in range(50):
        send(port, v1(), b"GET / HTTP/1.0\r\n\r\n")
    daemon.wait_counter("refused_handshake", 50)
    daemon.wait_log("PROXY protocol refusals were not logged")
    assert len(daemon.log_lines(FAILED)) <= 30


BAD_HEADERS = [(b"PROXY TCP4 banana\r\n", "the source is not an IPv4 address"),
               (line("hello"), "this is not a PROXY protocol header"),
               (b"", "the peer closed the connection without sending a header"),
               (v1()[:20], "the peer closed the connection before the end of the header")]


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("header, reason", BAD_HEADERS)
def test_a_bad_header_inside_tls(start_tls, port, header, reason, version):
    daemon = start_tls("proxied-tls")
    tls = TLSClient(port, context=client_context(version=version)).shake_hands()
    if header:
        tls.send(header)
    tls.close()
    (refusal,) = daemon.wait_log("Error parsing PROXY protocol header")
    assert log_tags(refusal)["reason"] == reason
    assert log_tags(refusal)["line"] == header.decode().strip()
    assert daemon.counters()["refused_malformed"] == 1
    assert daemon.messages() == []


def test_a_header_in_clear_is_no_tls(start_tls, port):
    daemon = start_tls("proxied-tls")
    send(port, v1() + line("hello"))
    (refusal,) = daemon.wait_log(FAILED)
    assert log_tags(refusal)["reason"] == "wrong version number"


def test_a_client_that_leaves_before_tls(start_tls, port):
    daemon = start_tls("tls")
    send(port, v1())
    (closed,) = daemon.wait_log("Syslog connection closed")
    assert log_tags(closed)["original_client"] == "AF_INET(192.0.2.1:56324)"
    daemon.wait_counter("pending_headers", 0)
    assert not daemon.log_lines("reason=")


def test_a_client_of_proxied_tls_that_says_nothing(start_tls, port):
    daemon = start_tls("proxied-tls")
    with connect(port) as plain:
        plain.shutdown(socket.SHUT_WR)
        (refusal,) = daemon.wait_log(FAILED)
    assert log_tags(refusal)["reason"] == CLOSED


def test_tls_is_no_header(start_tls, port):
    daemon = start_tls("tls")
    with TLSClient(port) as tls:
        tls.sock.sendall(tls.hello())
        (refusal,) = daemon.wait_log("Error parsing PROXY protocol header")
    assert log_tags(refusal)["reason"] == "this is not a PROXY protocol header"


LATE_HANDSHAKE = (FAILED, "the handshake was not complete within header-timeout()")
LATE_HEADER = ("Error parsing PROXY protocol header", "the header was not complete within header-timeout()")


def after_half_a_hello(tls):
    """Returns the other half."""
    hello = tls.hello()
    tls.sock.sendall(hello[:50])
    return hello[50:]


def after_the_hello(tls):
    tls.sock.sendall(tls.hello())


def after_the_handshake(tls):
    tls.shake_hands()


def after_half_a_header(tls):
    tls.shake_hands().send(v1()[:20])


STALLS = [  # transport, where the client stops, what the log says
    ("tls", lambda tls: None, LATE_HANDSHAKE),
    ("tls", after_half_a_hello, LATE_HANDSHAKE),
    ("tls", after_the_hello, LATE_HANDSHAKE),
    ("proxied-tls", lambda tls: None, LATE_HANDSHAKE),
    ("proxied-tls", after_half_a_hello, LATE_HANDSHAKE),
    ("proxied-tls", after_the_hello, LATE_HANDSHAKE),
    ("proxied-tls", after_the_handshake, LATE_HEADER),
    ("proxied-tls", after_half_a_header, LATE_HEADER),
]


@pytest.mark.parametrize("transport, stall, said", STALLS)
def test_a_client_that_stalls_is_closed_by_the_deadline(start_tls, port, transport, stall, said):
    daemon = start_tls(transport, "header-timeout(1)")
    begin = time.monotonic()
    with TLSClient(port, v1() if transport == "tls" else b"") as tls:
        stall(tls)
        (refusal,) = daemon.wait_log(said[0])
        assert is_about_a_second(time.monotonic() - begin)
    tags = log_tags(refusal)
    assert tags["reason"] == said[1]
    assert tags.get("original_client") == ("AF_INET(192.0.2.1:56324)" if transport == "tls" else None)
    assert daemon.counters()["refused_timeout"] == 1


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_max_pending_headers_counts_handshakes(start_tls, port, transport):
    daemon = start_tls(transport, "max-pending-headers(3) header-timeout(60)")
    clients = [TLSClient(port, v1() if transport == "tls" else b"") for _ in range(3)]
    for tls in clients:
        tls.sock.sendall(tls.hello())
        tls.sock.recv(1, socket.MSG_PEEK)
    clients.append(TLSClient(port, v1() if transport == "tls" else b""))
    daemon.wait_counter("refused_max_pending_headers", 1)
    daemon.wait_counter("pending_headers", 3)
    # the oldest
    with pytest.raises((ssl.SSLError, OSError)):
        clients[0].shake_hands().send(v1())
        clients[0].receive()
    for tls in clients[1:]:
        tls.shake_hands().send(*([v1()] if transport == "proxied-tls" else []), line("hello"))
    daemon.wait_messages(3)


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_max_connections(start_tls, port, transport):
    daemon = start_tls(transport, "max-connections(1)")
    with client(transport, port) as first:
        first.send(line("first"))
        daemon.wait_messages(1)
        with client(transport, port):
            daemon.wait_counter("refused_max_connections", 1)
    daemon.wait_counter("connections", 0)
    assert len(daemon.messages()) == 1


# ---------------------------------------------------------------------------
# Reload
# ---------------------------------------------------------------------------


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_admitted_connections_go_on(start_tls, port, transport):
    daemon = start_tls(transport)
    with client(transport, port) as tls:
        tls.send(line("before"))
        daemon.wait_messages(1)
        daemon.reload()
        tls.send(line("after"))
        messages = daemon.wait_messages(2)
    assert macros(messages[0]) == macros(messages[1])


PARTS = [("tls", lambda tls: None), ("tls", after_half_a_hello), ("tls", after_the_hello),
         ("proxied-tls", lambda tls: None), ("proxied-tls", after_half_a_hello), ("proxied-tls", after_the_hello),
         ("proxied-tls", after_the_handshake)]


@pytest.mark.parametrize("transport, part", PARTS)
def test_pending_connections_go_on(start_tls, port, transport, part):
    daemon = start_tls(transport)
    with TLSClient(port, v1() if transport == "tls" else b"") as tls:
        rest = part(tls) or b""
        wait_until_read(tls.sock)
        daemon.reload()
        tls.sock.sendall(rest)
        tls.shake_hands().send(*([v1()] if transport == "proxied-tls" else []), line("hello"))
        (message,) = daemon.wait_messages(1)
    assert message["PROXY_SRCIP"] == "192.0.2.1"
    assert daemon.counters()["accepted"] == 1


def served_certificate(port):
    with TLSClient(port, v1()).shake_hands() as tls:
        return tls.tls.getpeercert(binary_form=True)


def pem_to_der(path):
    return ssl.PEM_cert_to_DER_cert(path.read_text().partition("-----BEGIN PRIVATE KEY")[0])


@pytest.fixture
def own(tmp_path):
    """A certificate that a test may replace."""
    return certificate(tmp_path, "own", "/CN=first")


def test_a_reload_brings_a_new_certificate(start_tls, port, own):
    daemon = start_tls("tls", certificate=own)
    first = served_certificate(port)
    certificate(own.parent, "own", "/CN=second")
    assert served_certificate(port) == first
    daemon.reload()
    assert served_certificate(port) == pem_to_der(own) != first


def no_certificate(own):
    own.write_text("nonsense\n")


def no_key(own):
    own.with_suffix(".key").write_text("nonsense\n")


def another_key(own):
    before = own.read_text()
    certificate(own.parent, "own", "/CN=second")
    own.write_text(before)


@pytest.mark.parametrize("spoil", [no_certificate, no_key, another_key])
def test_a_reload_with_a_bad_certificate_leaves_the_old_one_in_force(start_tls, port, own, spoil):
    daemon = start_tls("tls", certificate=own)
    with TLSClient(port, v1()).shake_hands() as tls:
        first = served_certificate(port)
        spoil(own)
        for _ in range(3):
            daemon.reload(expect_failure=True)
        assert served_certificate(port) == first
        tls.send(line("still there"))
        daemon.wait_messages(1)
        certificate(own.parent, "own", "/CN=third")
        daemon.reload()
        assert served_certificate(port) == pem_to_der(own)


# ---------------------------------------------------------------------------
# The main thread
# ---------------------------------------------------------------------------

SHAKE_HANDS = """
import sys, threading
sys.path.insert(0, sys.argv[1])
from client import v1
from tls import TLSClient
def shake_hands():
    for _ in range(25):
        tls = TLSClient(int(sys.argv[2]), v1())
        tls.shake_hands()
        tls.sock.close()
threads = [threading.Thread(target=shake_hands) for _ in range(8)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
"""


def longest_delay(daemon, port):
    """Of the messages of one connection, while others shake hands; in seconds."""
    before = len(daemon.messages())
    with TLSClient(port, v1("192.0.2.7")).shake_hands() as tls:
        with subprocess.Popen([sys.executable, "-c", SHAKE_HANDS, str(Path(__file__).parent), str(port)]) as others:
            while others.poll() is None:
                tls.send(line(f"{time.time():.6f}"))
                time.sleep(0.002)
        assert others.returncode == 0
    daemon.wait_counter("connections", 0)
    messages = [m for m in daemon.messages()[before:] if m["PROXY_SRCIP"] == "192.0.2.7"]
    assert len(messages) > 50
    return max(datetime.fromisoformat(m["R_ISODATE"]).timestamp() - float(m["MESSAGE"]) for m in messages)


@pytest.mark.alone
def test_messages_flow_while_200_clients_shake_hands(start_tls, port, tmp_path):
    """RSA with 4096 bits: some milliseconds of work for each. Where the machine itself pauses, it does not do so twice."""
    big = certificate(tmp_path, "big", "/CN=big", ["rsa:4096"])
    daemon = start_tls("tls", "max-connections(300)", certificate=big, options="frac-digits(6);")
    # with a sanitizer or valgrind it is the machine that is measured
    limit = 0.05 if not daemon.wrapper and "LD_PRELOAD" not in os.environ else 60
    assert any(longest_delay(daemon, port) < limit for _ in range(2))


def test_a_pending_connection_is_small(start_tls, port):
    """Until its client speaks TLS, it has none."""
    daemon = start_tls("tls", "max-pending-headers(2000) header-timeout(60)")

    def open_pending(count, already):
        clients = [connect(port, v1()) for _ in range(count)]
        daemon.wait_counter("pending_headers", already + count)
        return clients

    clients = open_pending(100, 0)
    before = daemon.rss()
    clients += open_pending(400, 100)
    if not daemon.wrapper and "LD_PRELOAD" not in os.environ:
        assert (daemon.rss() - before) / 400 < 1024


# ---------------------------------------------------------------------------
# HAProxy
# ---------------------------------------------------------------------------


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("send_proxy", ["send-proxy", "send-proxy-v2"])
def test_tls_through_haproxy_end_to_end(start_tls, port, haproxy, front, certificates, send_proxy, version):
    daemon = start_tls("tls", tls=f'ca-file("{certificates.ca}")')
    haproxy.start(f"127.0.0.1:{front}", f"127.0.0.1:{port}", f"{send_proxy} check")
    context = client_context(certificates.client, version)
    with TLSClient(front, context=context, source="127.0.0.7").shake_hands() as tls:
        tls.send(line("hello"))
        (message,) = daemon.wait_messages(1)
    assert (message["PROXY_SRCIP"], message["PROXY_SRCPORT"]) == ("127.0.0.7", str(tls.port))
    assert (message["X509_CN"], message["SOURCEIP"]) == (CLIENT_NAME, "127.0.0.7")


def test_haproxy_itself_speaks_tls(start_tls, port, haproxy, front):
    """It sends its header in front of TLS, not inside: transport(tls) is what fits."""
    daemon = start_tls("tls")
    haproxy.start(f"127.0.0.1:{front}", f"127.0.0.1:{port}", "send-proxy-v2 ssl verify none check")
    haproxy.wait_status("UP")
    send(front, line("hello"), source="127.0.0.7")
    assert daemon.wait_messages(1)[0]["PROXY_SRCIP"] == "127.0.0.7"


def test_proxied_tls_refuses_haproxy(start_tls, port, haproxy, front):
    daemon = start_tls("proxied-tls")
    haproxy.start(f"127.0.0.1:{front}", f"127.0.0.1:{port}", "send-proxy ssl verify none")
    send(front, line("hello"))
    daemon.wait_log(FAILED)


@pytest.mark.parametrize("version", ["", "-v2"])
@pytest.mark.parametrize("check", ["check", "check check-send-proxy check-ssl verify none"])
def test_health_checks_are_no_refusals_and_no_messages(start_tls, port, haproxy, front, check, version):
    daemon = start_tls("tls", 'trusted-proxies("127.0.0.1")')
    haproxy.start(f"127.0.0.1:{front}", f"127.0.0.1:{port}", f"send-proxy{version} {check}")
    haproxy.wait_status("UP")
    wait_for(lambda: daemon.counters()["accepted"] >= 10, "10 checks")
    assert haproxy.server()["status"] == "UP"
    # HAProxy may be stopped in the middle of a handshake, which is a refusal then
    assert {name: value for name, value in daemon.counters().items() if name.startswith("refused") and value} == {}
    assert not daemon.log_lines("reason=")
    haproxy.stop()
    daemon.wait_counter("connections", 0)
    daemon.wait_counter("pending_headers", 0)
    assert daemon.messages() == []
