# SPDX-License-Identifier: GPL-2.0-or-later
"""Where the driver listens, and what it says when it cannot: as network() does."""

import os
import shutil
import socket
from pathlib import Path

import pytest
from client import connect, send, v1
from daemon import free_port, log_tags, macros

HELLO = b"<13>Nov 20 10:00:00 host prog[12]: hello\n"


@pytest.fixture
def failure(daemon):
    """failure("driver", "options"): the log line with the address in which a daemon says why it cannot start."""

    def _failure(driver, options):
        before = len(daemon.log_lines("addr="))
        daemon.start(f"{driver}({options});", expect_failure=True)
        (line,) = daemon.log_lines("addr=")[before:]
        return line

    return _failure


def event(line):
    return line.partition("] ")[2].partition("; ")[0]


def assert_fails_as_network_does(failure, options):
    ours, theirs = failure("proxy-protocol", options), failure("network", options)
    assert event(ours) == event(theirs)
    assert log_tags(ours).items() >= log_tags(theirs).items()
    # what network() does not say
    assert "location" in log_tags(ours)
    return log_tags(ours)


IN_USE = [  # address in use, address to listen on, options, as named in the log
    ("127.0.0.1", "127.0.0.1", "ip(127.0.0.1)", "AF_INET(127.0.0.1:%d)"),
    ("0.0.0.0", "0.0.0.0", "", "AF_INET(0.0.0.0:%d)"),
    ("::1", "::1", 'ip("::1") ip-protocol(6)', "AF_INET6([::1]:%d)"),
    ("::", "::", "ip-protocol(6)", "AF_INET6([::]:%d)"),
]


@pytest.mark.parametrize("used, wanted, options, shown", IN_USE)
def test_an_address_in_use(failure, used, wanted, options, shown):
    family = socket.AF_INET6 if ":" in used else socket.AF_INET
    port = free_port()
    with socket.create_server((used, port), family=family):
        tags = assert_fails_as_network_does(failure, f"{options} port({port})")
    assert (tags["addr"], tags["error"]) == (shown % port, "Address already in use (98)")


def test_two_drivers_on_one_address(daemon, port):
    daemon.start(2 * f"proxy-protocol(ip(127.0.0.1) port({port}));", expect_failure=True)
    (line,) = daemon.log_lines("Error binding socket; ")
    assert log_tags(line)["addr"] == f"AF_INET(127.0.0.1:{port})"
    assert log_tags(line)["location"].endswith(f":{17 + len(f'proxy-protocol(ip(127.0.0.1) port({port}));')}")


def _unprivileged_port():
    """A command line that takes the right to open ports below 1024 away, and such a port."""
    first = int(Path("/proc/sys/net/ipv4/ip_unprivileged_port_start").read_text())
    if first <= 1:
        pytest.skip("every port is open to everybody here")
    if os.geteuid() == 0:
        return [shutil.which("setpriv"), "--bounding-set=-net_bind_service"], first - 1
    return [], first - 1


def test_no_permission(daemon, failure):
    wrapper, port = _unprivileged_port()
    daemon.wrapper = wrapper + daemon.wrapper
    tags = assert_fails_as_network_does(failure, f"ip(127.0.0.1) port({port})")
    assert (tags["addr"], tags["error"]) == (f"AF_INET(127.0.0.1:{port})", "Permission denied (13)")


def test_an_address_that_is_not_ours(failure, port):
    tags = assert_fails_as_network_does(failure, f"ip(192.0.2.254) port({port})")
    assert tags["addr"] == f"AF_INET(192.0.2.254:{port})"
    assert tags["error"] == "Cannot assign requested address (99)"


def test_an_unknown_interface(failure, port):
    tags = log_tags(failure("proxy-protocol", f'ip(127.0.0.1) port({port}) interface("nosuch0")'))
    assert (tags["addr"], tags["option"], tags["value"]) == (f"AF_INET(127.0.0.1:{port})", "interface", "nosuch0")
    assert tags["error"] == "No such device (19)"
    assert "location" in tags


def test_an_address_of_the_other_family(daemon, port):
    daemon.start(f'proxy-protocol(ip("::1") port({port}));', expect_failure=True)
    (line,) = daemon.log_lines("ip() is not an address of this ip-protocol()")
    assert (log_tags(line)["ip"], log_tags(line)["ip_protocol"]) == ("::1", "4")


FAILURES = ["ip(192.0.2.254)", 'ip(127.0.0.1) interface("nosuch0")', 'ip("::1")']


@pytest.mark.parametrize("options", FAILURES)
def test_every_failure_names_the_driver_and_its_place_in_the_configuration(daemon, port, options):
    daemon.start(f"proxy-protocol(port({port}) {options});", expect_failure=True)
    errors = [line for line in daemon.log().splitlines() if "location=" in line and "initializing" not in line]
    errors = [log_tags(line) for line in errors if "trusted-proxies()" not in line]
    assert len(errors) == 1
    assert (errors[0]["driver"], errors[0]["location"]) == ("s_test#0", f"{daemon.config_file}:4:17")


LISTENERS = [  # options, addresses from which a client gets through, and one from which it does not
    ("", ["127.0.0.1", "127.0.0.9"], "::1"),
    ("ip(127.0.0.1)", ["127.0.0.1", "127.0.0.9"], "::1"),
    ('ip("::1") ip-protocol(6)', ["::1"], "127.0.0.1"),
    ("ip-protocol(6)", ["::1", "127.0.0.1", "127.0.0.9"], None),
    ('ip("::") ip-protocol(6)', ["::1", "127.0.0.1", "127.0.0.9"], None),
]


def host_for(source):
    return "::1" if ":" in source else "127.0.0.1"


@pytest.mark.parametrize("options, served, refused", LISTENERS)
def test_it_listens_where_network_does_and_shows_the_same_addresses(daemon, port, options, served, refused):
    port_of_network = free_port()
    daemon.start(f"proxy-protocol({options} port({port})); network({options} port({port_of_network}));")
    for source in served:
        before = len(daemon.messages())
        send(port, b"PROXY UNKNOWN\r\n", HELLO, source=source, host=host_for(source))
        ours = daemon.wait_messages(before + 1)[-1]
        send(port_of_network, HELLO, source=source, host=host_for(source))
        theirs = daemon.wait_messages(before + 2)[-1]
        assert ours["DESTPORT"] == str(port)
        for name in ("SOURCEIP", "HOST_FROM", "HOST", "DESTIP"):
            assert ours[name] == theirs[name]
    if refused:
        for a_port in (port, port_of_network):
            with pytest.raises(ConnectionRefusedError):
                connect(a_port, source=refused, host=host_for(refused))


@pytest.mark.parametrize("source, peerip", [("::1", "::1"), ("127.0.0.9", "127.0.0.9")])
def test_the_proxy_on_a_dual_stack_listener(daemon, port, source, peerip):
    daemon.start(f"proxy-protocol(ip-protocol(6) port({port}));")
    send(port, v1("192.0.2.7"), HELLO, source=source, host=host_for(source))
    (message,) = daemon.wait_messages(1)
    values = macros(message)
    assert (values["SRCIP"], values["IP_VERSION"], values["PEERIP"]) == ("192.0.2.7", "4", peerip)
    assert message["SOURCEIP"] == "192.0.2.7"


def test_the_log_names_the_address_it_listens_on(start, port):
    (line,) = start().log_lines("Accepting connections; ")
    assert log_tags(line)["addr"] == f"AF_INET(127.0.0.1:{port})"
