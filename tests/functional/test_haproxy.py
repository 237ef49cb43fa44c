# SPDX-License-Identifier: GPL-2.0-or-later
"""HAProxy in front, as in real life."""

import subprocess

import pytest
from client import connect, is_closed_by_peer, line, send
from daemon import macros, wait_for

CHECKS = ["check", "check check-send-proxy"]


@pytest.fixture
def both(start, port, haproxy, front):
    """both("options of proxy-protocol()") starts the daemon, and HAProxy in front of it."""

    def _both(driver_options="", bind=None, server_options="send-proxy check"):
        daemon = start(driver_options)
        haproxy.start(bind or f"127.0.0.1:{front}", f"127.0.0.1:{port}", server_options)
        haproxy.wait_status("UP")
        return daemon

    return _both


VERSIONS = [("1", "send-proxy"), ("2", "send-proxy-v2")]


@pytest.mark.parametrize("check", ["", *CHECKS])
@pytest.mark.parametrize("version, send_proxy", VERSIONS)
def test_each_message_has_the_address_of_its_client(start, port, haproxy, front, version, send_proxy, check):
    daemon = start("max-connections(100)")
    haproxy.start(f"127.0.0.1:{front}", f"127.0.0.1:{port}", f"{send_proxy} {check}")
    ports = {f"127.0.0.{i}": send(front, line("hello"), source=f"127.0.0.{i}") for i in range(2, 22)}
    messages = daemon.wait_messages(20)
    assert {m["PROXY_SRCIP"]: int(m["PROXY_SRCPORT"]) for m in messages} == ports
    for message in messages:
        values = macros(message)
        assert (values["DSTIP"], values["DSTPORT"]) == ("127.0.0.1", str(front))
        assert (values["PEERIP"], values["VERSION"], values["IP_VERSION"]) == ("127.0.0.1", version, "4")
        assert message["SOURCEIP"] == message["HOST"] == values["SRCIP"]


@pytest.mark.parametrize("check", CHECKS)
def test_health_checks_are_no_refusals_and_no_messages(both, haproxy, check):
    daemon = both('trusted-proxies("127.0.0.1")', server_options=f"send-proxy {check}")
    wait_for(lambda: daemon.counters()["accepted"] >= 20, "20 checks")
    assert haproxy.server()["status"] == "UP"
    haproxy.stop()
    daemon.wait_counter("connections", 0)
    daemon.wait_counter("pending_headers", 0)
    counters = daemon.counters()
    assert counters["headers_v1"] == counters["accepted"]
    assert {name: value for name, value in counters.items() if name.startswith("refused") and value} == {}
    assert not daemon.log_lines("reason=")
    assert daemon.messages() == []


def test_health_checks_go_on_beside_real_connections(both, haproxy, front):
    daemon = both("max-connections(10)")
    with connect(front, line(0), source="127.0.0.5") as client:
        for i in range(1, 20):
            accepted = daemon.counters()["accepted"]
            wait_for(lambda: daemon.counters()["accepted"] > accepted, "a check")
            client.sendall(line(i))
    messages = daemon.wait_messages(20)
    assert [(m["MESSAGE"], m["PROXY_SRCIP"]) for m in messages] == [(str(i), "127.0.0.5") for i in range(20)]


DUAL_STACK = [  # host to connect to, address to connect from and source of the message, what HAProxy makes of them
    ("127.0.0.1", "127.0.0.7", "::ffff:127.0.0.1", "::ffff:127.0.0.7"),
    ("::1", "::1", "::1", "::1"),
]


@pytest.mark.parametrize("version, send_proxy", VERSIONS)
@pytest.mark.parametrize("host, source, dstip, srcip", DUAL_STACK)
def test_clients_of_both_families_on_one_port_of_haproxy(
        both, front, version, send_proxy, host, source, dstip, srcip):
    daemon = both(bind=f":::{front} v4v6", server_options=f"{send_proxy} check")
    client_port = send(front, line("hello"), host=host, source=source)
    (message,) = daemon.wait_messages(1)
    values = macros(message)
    assert (values["SRCIP"], values["SRCPORT"]) == (srcip, str(client_port))
    assert (values["DSTIP"], values["DSTPORT"]) == (dstip, str(front))
    assert (values["IP_VERSION"], values["PEERIP"], values["VERSION"]) == ("6", "127.0.0.1", version)
    assert message["SOURCEIP"] == message["HOST"] == source


@pytest.mark.parametrize("version, send_proxy", VERSIONS)
def test_haproxy_speaks_ipv6_to_us(daemon, port, haproxy, front, version, send_proxy):
    daemon.start(f'proxy-protocol(ip("::1") ip-protocol(6) port({port}) trusted-proxies("::1"));')
    haproxy.start(f"127.0.0.1:{front}", f"[::1]:{port}", f"{send_proxy} check")
    haproxy.wait_status("UP")
    send(front, line("hello"), source="127.0.0.7")
    values = macros(daemon.wait_messages(1)[0])
    assert (values["SRCIP"], values["PEERIP"], values["IP_VERSION"]) == ("127.0.0.7", "::1", "4")
    assert values["VERSION"] == version


def test_loggen(both, front):
    daemon = both("log-iw-size(20000)")
    subprocess.run(["loggen", "--inet", "--stream", "--rate=5000", "--number=2000", "--active-connections=4",
                    "--quiet", "127.0.0.1", str(front)], check=True, capture_output=True)
    messages = daemon.wait_messages(4 * 2000, timeout=30)
    assert len({m["PROXY_SRCPORT"] for m in messages}) == 4
    assert {m["PROXY_SRCIP"] for m in messages} == {"127.0.0.1"}
    assert {m["PROGRAM"] for m in messages} == {"prg00000"}


@pytest.mark.parametrize("dialect", ["--rfc3164", "--rfc5424"])
def test_logger(start, port, haproxy, front, dialect):
    daemon = start("flags(syslog-protocol)" if dialect == "--rfc5424" else "")
    haproxy.start(f"127.0.0.1:{front}", f"127.0.0.1:{port}")
    subprocess.run(["logger", "--tcp", "--server", "127.0.0.1", "--port", str(front), dialect, "--tag", "demo",
                    "hello", "world"], check=True)
    (message,) = daemon.wait_messages(1)
    assert (message["PROGRAM"], message["MESSAGE"]) == ("demo", "hello world")
    assert macros(message)["SRCIP"] == "127.0.0.1"


def test_haproxy_is_restarted(both, port, haproxy, front):
    daemon = both()
    with connect(front, line("before"), source="127.0.0.5") as client:
        daemon.wait_messages(1)
        haproxy.stop()
        assert is_closed_by_peer(client)
    daemon.wait_counter("connections", 0)
    haproxy.start(f"127.0.0.1:{front}", f"127.0.0.1:{port}")
    haproxy.wait_status("UP")
    send(front, line("after"), source="127.0.0.6")
    assert [m["PROXY_SRCIP"] for m in daemon.wait_messages(2)] == ["127.0.0.5", "127.0.0.6"]


def test_haproxy_sees_the_daemon_go_and_come_back(both, start, haproxy, front):
    daemon = both()
    daemon.stop()
    haproxy.wait_status("DOWN")
    start()
    haproxy.wait_status("UP")
    send(front, line("hello"))
    daemon.wait_messages(1)


def test_haproxy_sees_no_failure_while_the_configuration_is_reloaded(both, haproxy, front):
    daemon = both()
    failed = haproxy.server()["chkfail"]
    with connect(front, line(0)) as client:
        for i in range(1, 20):
            daemon.reload()
            client.sendall(line(i))
    daemon.wait_messages(20)
    assert haproxy.server()["chkfail"] == failed
    assert haproxy.server()["status"] == "UP"


def test_a_refused_connection_is_closed_through_haproxy_too(start, port, haproxy, front):
    daemon = start("max-connections(1)")
    # no checks, which would take the one connection now and then
    haproxy.start(f"127.0.0.1:{front}", f"127.0.0.1:{port}", "send-proxy")
    with connect(front, line("hello")):
        daemon.wait_messages(1)
        assert is_closed_by_peer(connect(front, line("too many")))
    assert [m["MESSAGE"] for m in daemon.messages()] == ["hello"]
