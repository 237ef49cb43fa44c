# SPDX-License-Identifier: GPL-2.0-or-later
"""Connections that are refused: what is logged and counted, the limits, and who is trusted."""

import re
import time
from datetime import datetime

import pytest
from client import connect, is_closed_by_peer, send, v1, wait_until_read
from daemon import free_port, is_about_a_second, log_tags, macros, wait_for

HELLO = b"<13>Nov 20 10:00:00 host prog[12]: hello\n"
BAD = b"PROXY TCP4 999.2.3.4 banana 111 222\r\n"
BAD_HEADER = "Error parsing PROXY protocol header; "
REFUSED = "PROXY protocol connection refused; "
SUPPRESSED = "PROXY protocol refusals were not logged"
OLDEST = "max-pending-headers() is reached, and no other connection has been without a header for longer"


def one_refusal(daemon, message, reason):
    """The tags of the one refusal in the log, and checks that there is no other."""
    (line,) = daemon.wait_log(message)
    assert len(daemon.log_lines("reason=")) == 1
    assert log_tags(line)["reason"] == reason
    return log_tags(line)


def assert_serves(daemon, port, **kwargs):
    before = len(daemon.messages())
    send(port, v1(), HELLO, **kwargs)
    assert daemon.wait_messages(before + 1)[-1]["MESSAGE"] == "hello"


# The log


def test_a_refusal_is_one_error_line_then_connection_closed(start, port):
    daemon = start()
    client_port = send(port, BAD)
    error = one_refusal(daemon, BAD_HEADER, "the source is not an IPv4 address")
    (closed,) = daemon.wait_log("Syslog connection closed; ")
    ends = {"client": f"AF_INET(127.0.0.1:{client_port})", "local": f"AF_INET(127.0.0.1:{port})"}
    assert ends.items() <= error.items()
    assert error["line"] == BAD.decode().strip()
    assert ends.items() <= log_tags(closed).items()
    assert log_tags(closed)["fd"].isdigit()
    assert daemon.log().index(BAD_HEADER) < daemon.log().index("Syslog connection closed; ")
    assert not daemon.log_lines("Syslog connection accepted")


def test_every_line_names_the_driver_and_its_place_in_the_configuration(start, daemon, port):
    start('trusted-proxies("127.0.0.1") header-timeout(1) max-connections(1) max-pending-headers(1)',
          arguments=("--debug",))
    send(port, BAD)
    send(port, v1(), HELLO, source="127.0.0.2")
    with connect(port, v1() + HELLO):
        daemon.wait_messages(1)
        send(port, v1())
        oldest, silent = connect(port, b"PROXY"), connect(port)
        assert is_closed_by_peer(oldest) and is_closed_by_peer(silent)
    for _ in range(20):
        send(port, BAD)
    daemon.wait_log(SUPPRESSED)
    daemon.stop()

    lines = [line for line in daemon.log().splitlines() if re.search("PROXY|Syslog connection|Accepting", line)]
    lines = [line for line in lines if not re.search("coming log|going mess", line)]
    kinds = {line.partition("] ")[2].partition("; ")[0] for line in lines}
    assert {"Accepting connections", "Syslog connection accepted", "Syslog connection closed",
            "PROXY protocol header received", BAD_HEADER[:-2], REFUSED[:-2]} < kinds
    place = {"driver": "s_test#0", "location": f"{daemon.config_file}:4:17"}
    assert [line for line in lines if not place.items() <= log_tags(line).items()] == []


SHOWN = [  # as sent, as shown
    (b"it's \\ \"x\"; y\n", r"""it\'s \\ "x"; y"""),
    (b"\x00\x01\x1b[31m\x7f\t\r\n", r"\x00\x01\x1b[31m\x7f\x09"),
    (b"caf\xc3\xa9 \xff", r"caf\xc3\xa9 \xff"),
    (b"\n" + HELLO, r"\x0a<13>Nov 20 10:00:00 host prog[12]: hello\x0a"),
    (b"PROXY a\r\n" + HELLO, "PROXY a"),
    (b"PROXY a\n" + HELLO, "PROXY a"),
    (b"PROXY a\r\rb\n", r"PROXY a\x0d\x0db"),
    (b"x" * 500, "x" * 107),
    (b"\xff" * 500, r"\xff" * 107),
]


@pytest.mark.parametrize("sent, shown", SHOWN)
def test_the_line_is_escaped_and_cut(start, port, sent, shown):
    daemon = start()
    send(port, sent)
    line = log_tags(daemon.wait_log(BAD_HEADER)[0])["line"]
    assert line.removesuffix("..." if len(sent) > 107 else "") == shown


def _time_of(line):
    return datetime.fromisoformat(line[1:].partition("]")[0])


def test_a_peer_that_hammers_the_port_does_not_flood_the_log(start, port):
    daemon = start()
    for _ in range(300):
        send(port, BAD)

    def accounted_for():
        suppressed = sum(int(log_tags(line)["suppressed"]) for line in daemon.log_lines(SUPPRESSED))
        return len(daemon.log_lines(BAD_HEADER)) + suppressed

    wait_for(lambda: accounted_for() >= 300, lambda: f"300 refusals, have {accounted_for()}")
    assert accounted_for() == 300
    refusals = daemon.log_lines(BAD_HEADER)
    seconds = (_time_of(refusals[-1]) - _time_of(refusals[0])).total_seconds()
    assert len(refusals) <= 10 * (1 + int(seconds))
    assert len(daemon.log_lines("Syslog connection closed")) == len(refusals)
    assert len(daemon.log_lines(SUPPRESSED)) <= 1 + int(seconds)
    assert daemon.counters()["refused_malformed"] == 300


def test_the_log_goes_on_once_the_second_is_over(start, port):
    daemon = start()
    for _ in range(11):
        send(port, BAD)
    daemon.wait_log(SUPPRESSED)
    send(port, b"another\n")
    assert log_tags(daemon.wait_log("line='another")[0])["reason"] == "this is not a PROXY protocol header"


def test_ten_refusals_are_all_logged(start, port):
    daemon = start()
    for _ in range(10):
        send(port, BAD)
    daemon.stop()
    assert len(daemon.log_lines(BAD_HEADER)) == 10
    assert not daemon.log_lines(SUPPRESSED)


def test_what_was_suppressed_is_told_at_the_end_as_well(start, daemon, port):
    start()
    for _ in range(15):
        send(port, BAD)
    daemon.stop()
    suppressed = [int(log_tags(line)["suppressed"]) for line in daemon.log_lines(SUPPRESSED)]
    assert len(daemon.log_lines(BAD_HEADER)) + sum(suppressed) == 15


def test_each_driver_has_a_limit_of_its_own(daemon, port):
    other_port = free_port()
    daemon.start("".join(f"proxy-protocol(ip(127.0.0.1) port({p}));" for p in (port, other_port)))
    for _ in range(20):
        send(port, BAD)
    send(other_port, BAD)
    assert daemon.wait_log(f"local='AF_INET(127.0.0.1:{other_port})'")
    daemon.wait_log(SUPPRESSED)
    assert [log_tags(line)["driver"] for line in daemon.log_lines(SUPPRESSED)] == ["s_test#0"]


# header-timeout()


def _seconds_until_closed(client, drip=b""):
    """Sends the bytes of drip one by one, ten a second, until the daemon closes the connection."""
    begin = time.monotonic()
    client.settimeout(0.1)
    for i in range(100):
        try:
            client.sendall(drip[i:i + 1])
            assert client.recv(1) == b""
            return time.monotonic() - begin
        except TimeoutError:
            pass
        except ConnectionError:
            return time.monotonic() - begin
    raise AssertionError("the daemon does not close the connection")


@pytest.mark.parametrize("drip", [b"", v1()], ids=["silent", "dripping"])
def test_a_header_must_be_complete_in_time_however_its_bytes_drip(start, port, drip):
    daemon = start("header-timeout(1)")
    assert is_about_a_second(_seconds_until_closed(connect(port), drip))
    tags = one_refusal(daemon, BAD_HEADER, "the header was not complete within header-timeout()")
    assert drip.decode().startswith(tags["line"])
    assert len(tags["line"]) >= len(drip[:5])
    daemon.wait_log("Syslog connection closed")
    counters = daemon.counters()
    assert (counters["refused_timeout"], counters["refused_malformed"], counters["pending_headers"]) == (1, 0, 0)


def test_a_header_in_time_has_no_timeout_any_more(start, port):
    daemon = start("header-timeout(1)")
    with connect(port, v1()[:10]) as client, connect(port) as silent:
        wait_until_read(client)
        client.sendall(v1()[10:])
        assert is_closed_by_peer(silent)
        client.sendall(HELLO)
        daemon.wait_messages(1)
    assert daemon.counters()["refused_timeout"] == 1


# max-pending-headers()


def test_beyond_max_pending_headers_the_oldest_is_closed(start, port):
    daemon = start("max-pending-headers(3) header-timeout(60)")
    clients = [connect(port, b"PROXY") for _ in range(3)]
    daemon.wait_counter("pending_headers", 3)
    assert not daemon.log_lines("reason=")

    clients.append(connect(port, b"PROXY"))
    assert is_closed_by_peer(clients[0])
    tags = one_refusal(daemon, REFUSED, OLDEST)
    assert tags["client"] == f"AF_INET(127.0.0.1:{clients[0].getsockname()[1]})"
    daemon.wait_log("Syslog connection closed")

    for client in clients[1:]:
        client.sendall(v1()[5:] + HELLO)
    daemon.wait_messages(3)
    counters = daemon.counters()
    assert (counters["refused_max_pending_headers"], counters["headers_v1"], counters["pending_headers"]) == (1, 3, 0)


def test_max_pending_headers_recovers(start, port):
    daemon = start("max-pending-headers(3) header-timeout(60)")
    clients = [connect(port) for _ in range(103)]
    daemon.wait_counter("refused_max_pending_headers", 100)
    for client in clients[100:]:
        client.close()
    daemon.wait_counter("pending_headers", 0)
    clients = [connect(port) for _ in range(3)]
    daemon.wait_counter("pending_headers", 3)
    assert daemon.counters()["refused_max_pending_headers"] == 100
    assert_serves(daemon, port)


# max-connections()


def test_max_connections_is_a_limit_and_recovers(start, port):
    daemon = start("max-connections(2)")
    first, second = connect(port, v1() + HELLO), connect(port, v1() + HELLO)
    daemon.wait_messages(2)

    client_port = send(port, v1() + HELLO)
    tags = one_refusal(daemon, REFUSED, "max-connections() is reached")
    assert tags["client"] == f"AF_INET(127.0.0.1:{client_port})"
    daemon.wait_log("Syslog connection closed")
    assert daemon.counters()["refused_max_connections"] == 1

    first.close()
    daemon.wait_counter("connections", 1)
    with connect(port, v1() + HELLO):
        daemon.wait_messages(3)
        assert daemon.counters()["connections"] == 2
    second.close()
    daemon.wait_counter("connections", 0)
    assert daemon.counters()["refused_max_connections"] == 1


def test_connections_without_a_header_do_not_count(start, port):
    daemon = start("max-connections(2) header-timeout(60)")
    pending = [connect(port, b"PROXY") for _ in range(20)]
    daemon.wait_counter("pending_headers", 20)
    with connect(port, v1() + HELLO), connect(port, v1() + HELLO):
        daemon.wait_messages(2)
        # neither do they keep one for later
        pending[0].sendall(v1()[5:])
        assert is_closed_by_peer(pending[0])
    daemon.wait_counter("connections", 0)
    pending[1].sendall(v1()[5:] + HELLO)
    daemon.wait_messages(3)
    assert daemon.counters()["refused_max_connections"] == 1


def test_max_connections_holds_for_untrusted_peers_that_are_served(start, port):
    daemon = start('max-connections(1) trusted-proxies("192.0.2.1") untrusted-peers("direct")')
    with connect(port, HELLO):
        daemon.wait_messages(1)
        assert is_closed_by_peer(connect(port))
        one_refusal(daemon, REFUSED, "max-connections() is reached")
    daemon.wait_counter("connections", 0)
    send(port, HELLO)
    daemon.wait_messages(2)


# trusted-proxies() and untrusted-peers()


def test_an_untrusted_peer_is_closed_before_it_says_anything(start, port):
    daemon = start('trusted-proxies("127.0.0.1") header-timeout(60)')
    with connect(port, source="127.0.0.2") as client:
        assert is_closed_by_peer(client, timeout=5)
        client_port = client.getsockname()[1]
    tags = one_refusal(daemon, REFUSED, "the peer is not in trusted-proxies()")
    assert (tags["client"], tags["line"]) == (f"AF_INET(127.0.0.2:{client_port})", "")
    daemon.wait_log("Syslog connection closed")


def test_nothing_that_an_untrusted_peer_sends_is_read(start, port):
    daemon = start('trusted-proxies("127.0.0.1")', arguments=("--debug",))
    send(port, v1() + HELLO, source="127.0.0.2")
    tags = one_refusal(daemon, REFUSED, "the peer is not in trusted-proxies()")
    assert tags["line"] == ""
    assert_serves(daemon, port)
    assert len(daemon.log_lines("header received; ")) == 1
    counters = daemon.counters()
    assert (counters["accepted"], counters["headers_v1"], counters["refused_untrusted"]) == (2, 1, 1)


NETWORKS = [  # trusted-proxies(), peer, trusted
    ('"127.0.0.1"', "127.0.0.1", True),
    ('"127.0.0.1"', "127.0.0.2", False),
    ('"127.0.0.1/32"', "127.0.0.1", True),
    ('"127.0.0.4/30"', "127.0.0.3", False),
    ('"127.0.0.4/30"', "127.0.0.4", True),
    ('"127.0.0.4/30"', "127.0.0.7", True),
    ('"127.0.0.4/30"', "127.0.0.8", False),
    ('"0.0.0.0/0"', "127.0.0.1", True),
    ('"::/0"', "127.0.0.1", False),
    ('"192.0.2.1" "2001:db8::/32" "127.0.0.0/8"', "127.1.2.3", True),
    ('"192.0.2.1" "2001:db8::/32" "127.0.0.0/9"', "127.255.2.3", False),
    ('"::1"', "::1", True),
    ('"::1/128"', "::1", True),
    ('"::/64"', "::1", True),
    ('"::/0"', "::1", True),
    ('"::2"', "::1", False),
    ('"2001:db8::/32"', "::1", False),
    ('"0.0.0.0/0"', "::1", False),
]


@pytest.mark.parametrize("is_dual_stack", [False, True], ids=["one family", "dual stack"])
@pytest.mark.parametrize("networks, peer, trusted", NETWORKS)
def test_networks(daemon, port, is_dual_stack, networks, peer, trusted):
    host = "::1" if ":" in peer else "127.0.0.1"
    ip = "::" if is_dual_stack else host
    daemon.start(f'proxy-protocol(ip("{ip}") ip-protocol({6 if ":" in ip else 4}) port({port})'
                 f" trusted-proxies({networks}));")
    send(port, v1(), HELLO, source=peer, host=host)
    if trusted:
        assert macros(daemon.wait_messages(1)[0])["SRCIP"] == "192.0.2.1"
    else:
        one_refusal(daemon, REFUSED, "the peer is not in trusted-proxies()")
        assert daemon.messages() == []
    assert daemon.counters()["refused_untrusted"] == (not trusted)


def test_the_networks_of_several_trusted_proxies_add_up(start, port):
    daemon = start('trusted-proxies("127.0.0.1") trusted-proxies("127.0.0.2")')
    for source in ("127.0.0.1", "127.0.0.2"):
        assert_serves(daemon, port, source=source)


def test_an_untrusted_peer_is_served_as_a_plain_client(start, port):
    daemon = start('trusted-proxies("127.0.0.1") untrusted-peers("direct") flags(no-parse)')
    send(port, b"hello\n", v1() + b"goodbye\n", source="127.0.0.2")
    messages = daemon.wait_messages(3)
    assert [m["MESSAGE"].strip() for m in messages] == ["hello", v1().decode().strip(), "goodbye"]
    assert [macros(m) for m in messages] == [{}, {}, {}]
    assert {m["SOURCEIP"] for m in messages} == {"127.0.0.2"}
    assert daemon.counters()["refused_untrusted"] == 0


def test_a_header_from_an_untrusted_peer_that_is_served_is_a_message(start, port):
    daemon = start('trusted-proxies("127.0.0.1") untrusted-peers("direct") flags(no-parse)')
    send(port, v1(), source="127.0.0.2")
    (message,) = daemon.wait_messages(1)
    assert (message["MESSAGE"].strip(), macros(message)) == (v1().decode().strip(), {})
    assert daemon.counters()["headers_v1"] == 0


def test_a_trusted_peer_beside_those_that_are_served_must_send_a_header(start, port):
    daemon = start('trusted-proxies("127.0.0.1") untrusted-peers("direct")')
    send(port, HELLO)
    one_refusal(daemon, BAD_HEADER, "this is not a PROXY protocol header")
    assert_serves(daemon, port)


def test_without_trusted_proxies_anybody_is_served_and_one_warning_says_so(start, port):
    daemon = start()
    assert_serves(daemon, port, source="127.0.0.77")
    assert len(daemon.log_lines("WARNING: proxy-protocol() has no trusted-proxies()")) == 1


def test_with_trusted_proxies_there_is_no_warning(start):
    assert not start('trusted-proxies("127.0.0.1")').log_lines("WARNING")
