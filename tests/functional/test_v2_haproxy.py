# SPDX-License-Identifier: GPL-2.0-or-later
"""HAProxy in front that speaks version 2, with all that it can say of a TLS client; and nginx."""

import socket
import ssl
from types import SimpleNamespace

import pytest
from client import connect, line, send
from daemon import log_tags, macros, wait_for
from nginx import Nginx
from proxy_v2 import AUTHORITY, INET, INET6, checksummed, tlv
from tls import CLIENT_NAME, client_context

OF_THE_CONNECTION = {"SRCIP", "SRCPORT", "DSTIP", "DSTPORT", "IP_VERSION", "VERSION", "PEERIP", "PEERPORT"}


def of_tlvs(message):
    """The macros of the message that come from TLVs."""
    return {name: value for name, value in macros(message).items() if name not in OF_THE_CONNECTION}


@pytest.fixture
def nginx(tmp_path):
    nginx = Nginx(tmp_path)
    yield nginx
    nginx.stop()


@pytest.fixture
def both(start, port, haproxy, front):
    """both("options of HAProxy's server") starts the daemon, and HAProxy in front of it."""

    def _both(server_options="send-proxy-v2", bind=None, **kwargs):
        daemon = start(**kwargs)
        haproxy.start(bind or f"127.0.0.1:{front}", f"127.0.0.1:{port}", server_options)
        return daemon

    return _both


# Plain connections


def test_a_client_on_a_unix_socket_of_haproxy(both, tmp_path):
    daemon = both("send-proxy-v2 proxy-v2-options crc32c", bind=f"unix@{tmp_path}/front")
    with socket.socket(socket.AF_UNIX) as client:
        client.connect(f"{tmp_path}/front")
        client.sendall(line("hello"))
        (message,) = daemon.wait_messages(1)
    assert (message["MESSAGE"], macros(message), message["SOURCEIP"]) == ("hello", {}, "127.0.0.1")
    assert daemon.counters()["refused_malformed"] == 0


@pytest.mark.parametrize("family, srcip", [(INET, "192.0.2.1"), (INET6, "2001:db8::1")])
def test_haproxy_hands_on_what_another_proxy_said(both, front, family, srcip):
    daemon = both("send-proxy-v2 proxy-v2-options authority,crc32c", bind=f"127.0.0.1:{front} accept-proxy")
    send(front, checksummed(tlv(AUTHORITY, b"logs.example.com"), family=family) + line("hello"))
    (message,) = daemon.wait_messages(1)
    assert (message["PROXY_SRCIP"], message["SOURCEIP"]) == (srcip, srcip)
    assert of_tlvs(message) == {"AUTHORITY": "logs.example.com"}


# Health checks


@pytest.mark.parametrize("check", ["check", "check check-send-proxy"])
@pytest.mark.parametrize("option", ["send-proxy-v2", "send-proxy-v2-ssl-cn", "send-proxy-v2 proxy-v2-options crc32c"])
def test_health_checks_are_no_refusals_and_no_messages(both, haproxy, option, check):
    daemon = both(f"{option} {check}", driver_options='trusted-proxies("127.0.0.1")')
    haproxy.wait_status("UP")
    wait_for(lambda: daemon.counters()["accepted"] >= 10, "10 checks")
    assert haproxy.server()["status"] == "UP"
    haproxy.stop()
    daemon.wait_counter("connections", 0)
    daemon.wait_counter("pending_headers", 0)
    counters = daemon.counters()
    assert counters["headers_local"] == counters["accepted"]
    assert {name: value for name, value in counters.items() if name.startswith("refused") and value} == {}
    assert not daemon.log_lines("reason=")
    assert daemon.messages() == []


def test_health_checks_go_on_beside_real_connections(both, front):
    daemon = both("send-proxy-v2 check check-send-proxy")
    with connect(front, line(0), source="127.0.0.5") as client:
        for i in range(1, 10):
            accepted = daemon.counters()["accepted"]
            wait_for(lambda: daemon.counters()["accepted"] > accepted, "a check")
            client.sendall(line(i))
    messages = daemon.wait_messages(10)
    assert [(m["MESSAGE"], m["PROXY_SRCIP"]) for m in messages] == [(str(i), "127.0.0.5") for i in range(10)]
    assert daemon.counters()["headers_v2"] == 1


# TLS clients


REQUIRED = "verify required"
OPTIONAL = "verify optional"
ANYTHING = "verify optional crt-ignore-err all ca-ignore-err all"


@pytest.fixture
def tls(both, front, certificates):
    """tls("options of the server", "of the bind line", "another line of the frontend") is both() with TLS clients."""

    def _tls(server_options, bind_options=OPTIONAL, frontend="", **kwargs):
        bind = f"127.0.0.1:{front} ssl crt {certificates.server} ca-file {certificates.ca} alpn syslog {bind_options}"
        return both(server_options, f"{bind}\n  {frontend}", **kwargs)

    return _tls


def send_tls(daemon, port, context, name=None, session=None):
    """What comes of a TLS connection: the message, and what the client knows of the connection."""
    before = len(daemon.messages())
    with connect(port, source="127.0.0.7") as plain:
        client_port = plain.getsockname()[1]
        with context.wrap_socket(plain, server_hostname=name, session=session) as client:
            client.sendall(line("hello"))
            return SimpleNamespace(
                message=daemon.wait_messages(before + 1)[-1], port=client_port, version=client.version(),
                cipher=client.cipher()[0], is_resumed=client.session_reused)


def said_of(connection, options):
    """What HAProxy says of the TLS connection of a client with a certificate."""
    by_option = {
        "ssl": {"SSL_VERSION": connection.version, "SSL_VERIFIED": "yes"},
        "cert-cn": {"SSL_CN": CLIENT_NAME},
        "ssl-cipher": {"SSL_CIPHER": connection.cipher},
        # of the frontend's certificate
        "cert-sig": {"SSL_SIG_ALG": "ecdsa-with-SHA256"},
        "cert-key": {"SSL_KEY_ALG": "RSA2048"},
        "authority": {"AUTHORITY": "logs.example.com"},
        "crc32c": {},
        "unique-id": {"UNIQUE_ID": f"127.0.0.7:{connection.port}"},
    }
    return {name: value for option in filter(None, options.split(",")) for name, value in by_option[option].items()}


PP = "send-proxy-v2 proxy-v2-options "
ALL = "ssl,cert-cn,ssl-cipher,cert-sig,cert-key,authority,crc32c"
OPTIONS = [  # of the server, what it says of the client
    ("send-proxy-v2", ""),
    ("send-proxy-v2-ssl", "ssl"),
    ("send-proxy-v2-ssl-cn", "ssl,cert-cn"),
    (PP + "ssl", "ssl"),
    (PP + "cert-cn", "ssl,cert-cn"),
    (PP + "ssl-cipher", "ssl,ssl-cipher"),
    (PP + "cert-sig", "ssl,cert-sig"),
    (PP + "cert-key", "ssl,cert-key"),
    (PP + "authority", "authority"),
    (PP + "crc32c", "crc32c"),
    (PP + ALL, ALL),
    ("send-proxy-v2-ssl-cn proxy-v2-options crc32c,authority", "ssl,cert-cn,authority"),
]


@pytest.mark.parametrize("option, said", OPTIONS)
def test_what_haproxy_says_of_a_client_with_a_certificate(tls, front, certificates, option, said):
    daemon = tls(option, REQUIRED, arguments=("--debug",))
    connection = send_tls(daemon, front, client_context(certificates.client), "logs.example.com")
    message = connection.message
    assert of_tlvs(message) == said_of(connection, said)
    assert (message["PROXY_SRCIP"], message["PROXY_SRCPORT"]) == ("127.0.0.7", str(connection.port))
    (header,) = daemon.log_lines("PROXY protocol header received")
    # the type and the length of the checksum, which nothing else shows
    assert (r"\x03\x00\x04" in log_tags(header)["line"]) == ("crc32c" in option)


def test_the_unique_id(tls, front, certificates):
    daemon = tls(f"{PP}{ALL},unique-id", REQUIRED, "unique-id-format %ci:%cp")
    connection = send_tls(daemon, front, client_context(certificates.client), "logs.example.com")
    assert of_tlvs(connection.message) == said_of(connection, f"{ALL},unique-id")


CLIENTS = [  # certificate, verify option of the frontend, macros
    ("client", REQUIRED, {"SSL_VERIFIED": "yes", "SSL_CN": CLIENT_NAME}),
    ("client", OPTIONAL, {"SSL_VERIFIED": "yes", "SSL_CN": CLIENT_NAME}),
    ("client", "verify none", {"SSL_VERIFIED": "no"}),
    (None, OPTIONAL, {"SSL_VERIFIED": "no"}),
    (None, "verify none", {"SSL_VERIFIED": "no"}),
    ("stranger", ANYTHING, {"SSL_VERIFIED": "no", "SSL_CN": "stranger"}),
    ("client", ANYTHING, {"SSL_VERIFIED": "yes", "SSL_CN": CLIENT_NAME}),
]


@pytest.mark.parametrize("certificate, verify, expected", CLIENTS)
def test_whether_the_certificate_is_verified(tls, front, certificates, certificate, verify, expected):
    daemon = tls("send-proxy-v2-ssl-cn", verify)
    context = client_context(certificate and getattr(certificates, certificate))
    connection = send_tls(daemon, front, context)
    assert of_tlvs(connection.message) == {"SSL_VERSION": connection.version, **expected}


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_a_resumed_session_is_verified_by_the_certificate_of_the_first(tls, front, certificates, version):
    daemon = tls("send-proxy-v2-ssl-cn", REQUIRED)
    context = client_context(certificates.client, version)
    with connect(front) as plain, context.wrap_socket(plain) as first:
        first.sendall(line("hello"))
        daemon.wait_messages(1)
        # the tickets of TLS 1.3 come behind the handshake, and are there by now
        first.setblocking(False)
        with pytest.raises(ssl.SSLWantReadError):
            first.recv(1)
        session = first.session
    connection = send_tls(daemon, front, context, session=session)
    assert connection.is_resumed
    assert of_tlvs(connection.message) == said_of(connection, "ssl,cert-cn")


def test_the_protocol_that_client_and_haproxy_agreed_on(tls, front):
    daemon = tls("send-proxy-v2")
    connection = send_tls(daemon, front, client_context(alpn="syslog"))
    assert of_tlvs(connection.message) == {"ALPN": "syslog"}


def test_a_client_without_tls_is_not_verified(both, front):
    daemon = both(PP + ALL)
    send(front, line("hello"))
    assert of_tlvs(daemon.wait_messages(1)[0]) == {"SSL_VERIFIED": "no"}


# TLVs that the user makes up, from HAProxy 2.9 on


@pytest.mark.parametrize("option, expected", [
    ("set-proxy-v2-tlv-fmt(0xE5) site-%f", {"TLV_0xE5": b"site-front".hex()}),
    ("set-proxy-v2-tlv-fmt(0x05) id-1 set-proxy-v2-tlv-fmt(2) logs.example.com",
     {"UNIQUE_ID": "id-1", "AUTHORITY": "logs.example.com"}),
])
def test_tlvs_that_the_configuration_of_haproxy_gives(both, haproxy, front, option, expected):
    bind = f"listen front\n  mode tcp\n  bind 127.0.0.1:{front}\n  server syslog-ng 127.0.0.1:1"
    refused = haproxy.check(f"{bind} send-proxy-v2 {option}\n")
    if "unknown keyword 'set-proxy-v2-tlv-fmt(" in refused.stderr:
        assert refused.returncode == 1
        return
    daemon = both(f"send-proxy-v2 {option}")
    send(front, line("hello"))
    assert of_tlvs(daemon.wait_messages(1)[0]) == expected


# nginx


@pytest.mark.parametrize("host, source", [("127.0.0.1", "127.0.0.7"), ("::1", "::1")])
def test_nginx(start, port, nginx, front, host, source):
    daemon = start()
    nginx.start(f"[::1]:{front}" if ":" in host else f"{host}:{front}", f"127.0.0.1:{port}")
    ports = [send(front, line("hello"), host=host, source=source) for _ in range(5)]
    messages = daemon.wait_messages(5)
    assert sorted(int(m["PROXY_SRCPORT"]) for m in messages) == sorted(ports)
    for message in messages:
        values = macros(message)
        assert (values["SRCIP"], values["DSTIP"], values["DSTPORT"]) == (source, host, str(front))
        assert (values["PEERIP"], values["VERSION"]) == ("127.0.0.1", "1")
        assert message["SOURCEIP"] == source
    assert daemon.counters()["headers_v1"] == 5


def test_nginx_speaks_ipv6_to_us(daemon, port, nginx, front):
    daemon.start(f'proxy-protocol(ip("::1") ip-protocol(6) port({port}) trusted-proxies("::1"));')
    nginx.start(f"127.0.0.1:{front}", f"[::1]:{port}")
    send(front, line("hello"), source="127.0.0.7")
    values = macros(daemon.wait_messages(1)[0])
    assert (values["SRCIP"], values["PEERIP"], values["IP_VERSION"]) == ("127.0.0.7", "::1", "4")
