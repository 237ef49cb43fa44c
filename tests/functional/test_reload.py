# SPDX-License-Identifier: GPL-2.0-or-later
"""What a reload of the configuration changes, and what it leaves alone."""

import signal
import socket
import threading
import time
from collections import defaultdict

import pytest
from client import connect, is_closed_by_peer, line, send, v1, wait_until_read
from daemon import free_port, is_about_a_second, log_tags, macros, wait_for


@pytest.fixture
def source(port):
    """source("options") is the configuration of a proxy-protocol() on the port, or on another one."""
    return lambda options="", port=port: f"proxy-protocol(ip(127.0.0.1) port({port}) {options});"


def reload_by_ctl(daemon):
    daemon.reload()


def reload_by_signal(daemon):
    before = len(daemon.log_lines("Configuration reload finished"))
    daemon.process.send_signal(signal.SIGHUP)
    daemon.wait_log("Configuration reload finished", before + 1)


# keep-alive(yes)


@pytest.mark.parametrize("reload", [reload_by_ctl, reload_by_signal])
@pytest.mark.parametrize("options", ["", "keep-alive(yes)"])
def test_admitted_connections_go_on_with_their_macros(start, port, reload, options):
    daemon = start(options)
    with connect(port, v1("192.0.2.7") + line("before") + line("half")[:-2]) as client:
        daemon.wait_messages(1)
        wait_until_read(client)
        reload(daemon)
        client.sendall(line("half")[-2:] + line("after"))
        messages = daemon.wait_messages(3)
        assert [m["MESSAGE"] for m in messages] == ["before", "half", "after"]
        assert all(macros(m) == macros(messages[0]) for m in messages)
        assert {m["SOURCEIP"] for m in messages} == {"192.0.2.7"}
    daemon.wait_log("Syslog connection closed")
    assert len(daemon.log_lines("Syslog connection accepted")) == 1


@pytest.mark.parametrize("reload", [reload_by_ctl, reload_by_signal])
@pytest.mark.parametrize("part", [0, 1, 5, 20, len(v1()) - 1])
def test_pending_connections_keep_their_bytes(start, port, reload, part):
    daemon = start()
    with connect(port, v1()[:part]) as client:
        daemon.wait_counter("pending_headers", 1)
        wait_until_read(client)
        reload(daemon)
        assert daemon.counters()["pending_headers"] == 1
        client.sendall(v1()[part:] + line("hello"))
        assert macros(daemon.wait_messages(1)[0])["SRCIP"] == "192.0.2.1"
    assert daemon.counters()["accepted"] == 1


def test_pending_connections_keep_their_deadline(start, port):
    daemon = start("header-timeout(1)")
    begin = time.monotonic()
    with connect(port, b"PROXY") as client:
        daemon.wait_counter("pending_headers", 1)
        client.settimeout(0)
        while not daemon.log_lines("reason="):
            assert time.monotonic() - begin < 5, "the deadline moves with every reload"
            daemon.reload()
            # syslog-ng 4 stands still for 5 s now and then where reloads come as fast as they can
            time.sleep(0.05)
        assert is_about_a_second(time.monotonic() - begin)
        assert is_closed_by_peer(client)
    assert log_tags(daemon.log_lines("reason=")[0])["line"] == "PROXY"
    assert daemon.counters()["refused_timeout"] == 1


def test_a_new_header_timeout_is_for_new_connections(start, daemon, port, source):
    start("header-timeout(60)")
    with connect(port) as old:
        daemon.wait_counter("pending_headers", 1)
        daemon.reload(source("header-timeout(1)"))
        assert is_closed_by_peer(connect(port))
        old.sendall(v1() + line("hello"))
        daemon.wait_messages(1)


def test_the_oldest_pending_connection_is_still_the_oldest(start, port):
    daemon = start("max-pending-headers(3) header-timeout(60)")
    clients = [connect(port) for _ in range(3)]
    daemon.wait_counter("pending_headers", 3)
    daemon.reload()
    clients.append(connect(port))
    assert is_closed_by_peer(clients[0])
    for client in clients[1:]:
        client.sendall(v1() + line("hello"))
    daemon.wait_messages(3)


def test_counters_go_on(start, port):
    daemon = start()
    send(port, b"bad\n")
    with connect(port, v1() + line("hello")), connect(port):
        daemon.wait_messages(1)
        daemon.wait_counter("pending_headers", 1)
        before = daemon.counters()
        assert (before["accepted"], before["connections"], before["refused_malformed"]) == (3, 1, 1)
        daemon.reload()
        assert daemon.counters() == before
    daemon.wait_counter("connections", 0)
    daemon.wait_counter("pending_headers", 0)


# keep-alive(no), and changes of keep-alive()

CLOSING = [("keep-alive(no)", "keep-alive(no)"), ("keep-alive(yes)", "keep-alive(no)"),
           ("keep-alive(no)", "keep-alive(yes)")]


@pytest.mark.parametrize("before, after", CLOSING)
def test_without_keep_alive_connections_are_closed_in_good_order(start, port, source, before, after):
    daemon = start(before)
    admitted, pending = connect(port, v1() + line("hello")), connect(port, b"PROXY")
    daemon.wait_messages(1)
    wait_until_read(pending)
    daemon.reload(source(after))
    # the end of the stream, not an error
    assert (admitted.recv(1), pending.recv(1)) == (b"", b"")
    assert (daemon.counters()["connections"], daemon.counters()["pending_headers"]) == (0, 0)
    send(port, v1(), line("again"))
    daemon.wait_messages(2)


def test_keep_alive_holds_from_the_reload_on_that_brings_it(start, port, source):
    daemon = start("keep-alive(no)")
    daemon.reload(source("keep-alive(yes)"))
    with connect(port, v1() + line("before")) as client:
        daemon.wait_messages(1)
        daemon.reload()
        client.sendall(line("after"))
        daemon.wait_messages(2)


def test_without_keep_alive_nothing_is_lost_that_has_been_read(start, port):
    daemon = start("max-connections(50) keep-alive(no)", log_flags="flow-control")
    clients = [connect(port, v1()) for _ in range(50)]
    daemon.wait_counter("connections", 50)
    for client in clients:
        client.sendall(line(1) + line(2))
    wait_until_read(*clients)
    daemon.reload()
    daemon.wait_messages(100)


def test_with_keep_alive_nothing_is_lost_that_has_been_sent(start, port):
    daemon = start("max-connections(50)", log_flags="flow-control")
    clients = [connect(port, v1()) for _ in range(50)]
    daemon.wait_counter("connections", 50)
    for client in clients:
        client.sendall(b"".join(line(i) for i in range(100)))
    daemon.reload()
    daemon.wait_messages(5000)


# Reloads that change something


def test_new_trusted_proxies_are_for_new_connections(start, port, source):
    daemon = start('trusted-proxies("127.0.0.1")')
    admitted, pending = connect(port, v1() + line("1")), connect(port, v1()[:10])
    daemon.wait_messages(1)
    wait_until_read(pending)

    daemon.reload(source('trusted-proxies("127.0.0.2")'))
    admitted.sendall(line("2"))
    daemon.wait_messages(2)
    pending.sendall(v1()[10:] + line("3"))
    daemon.wait_messages(3)
    assert is_closed_by_peer(connect(port))
    assert daemon.counters()["refused_untrusted"] == 1
    send(port, v1(), line("4"), source="127.0.0.2")
    daemon.wait_messages(4)


def test_a_new_macro_prefix(start, port, source):
    daemon = start()
    with connect(port, v1() + line("before")) as client:
        daemon.wait_messages(1)
        daemon.reload(source('macro-prefix("LB_")'))
        client.sendall(line("after"))
        daemon.wait_messages(2)
        send(port, v1(), line("new"))
        before, after, new = daemon.wait_messages(3)
    assert macros(before, "PROXY_") == macros(after, "LB_")
    assert macros(after, "PROXY_") == macros(new, "PROXY_") == {}
    assert macros(new, "LB_")["SRCIP"] == "192.0.2.1"


def test_a_new_source_address(start, port, source):
    daemon = start()
    with connect(port, v1() + line("before")) as client:
        daemon.wait_messages(1)
        daemon.reload(source("source-address(proxy)"))
        client.sendall(line("after"))
        assert [m["SOURCEIP"] for m in daemon.wait_messages(2)] == ["192.0.2.1", "127.0.0.1"]


def test_fewer_max_connections_close_none(start, port, source):
    daemon = start()
    clients = [connect(port, v1() + line("before")) for _ in range(3)]
    daemon.wait_messages(3)
    daemon.reload(source("max-connections(2)"))
    for client in clients:
        client.sendall(line("after"))
    daemon.wait_messages(6)
    send(port, v1())
    daemon.wait_counter("refused_max_connections", 1)


def test_another_port(start, port, source):
    daemon = start()
    new_port = free_port()
    with connect(port, v1() + line("before")) as client:
        daemon.wait_messages(1)
        daemon.reload(source(port=new_port))
        assert is_closed_by_peer(client)
    send(new_port, v1(), line("after"))
    daemon.wait_messages(2)
    with pytest.raises(ConnectionRefusedError):
        connect(port)


def test_another_place_in_the_configuration(start, port, source):
    daemon = start()
    with connect(port, v1() + line("before")) as client:
        daemon.wait_messages(1)
        daemon.reload(source(port=free_port()) + source())
        client.sendall(line("after"))
        daemon.wait_messages(2)
    assert log_tags(daemon.wait_log("Syslog connection closed")[0])["driver"] == "s_test#1"


def test_a_driver_that_is_gone_closes_its_sockets(start, port):
    daemon = start()
    clients = [connect(port, v1() + line("before")), connect(port, b"PROXY")]
    daemon.wait_messages(1)
    daemon.wait_counter("pending_headers", 1)
    daemon.reload("internal();")
    assert all(is_closed_by_peer(client) for client in clients)
    with pytest.raises(ConnectionRefusedError):
        connect(port)


def test_a_driver_that_comes_back(start, port, source):
    daemon = start()
    daemon.reload("internal();")
    daemon.reload(source(), filters='filter { facility(user) };')
    send(port, v1(), line("hello"))
    daemon.wait_messages(1)


# Reloads that fail


@pytest.fixture
def blocked():
    """A source that cannot start, because its port is in use."""
    with socket.create_server(("127.0.0.1", free_port())) as blocker:
        yield f"network(ip(127.0.0.1) port({blocker.getsockname()[1]}));"


@pytest.mark.parametrize("keep_alive", ["keep-alive(yes)", ""])
@pytest.mark.parametrize("where", ["in front", "behind"])
def test_a_configuration_that_cannot_start_leaves_everything_as_it_was(start, port, source, blocked, where, keep_alive):
    daemon = start(keep_alive)
    admitted, pending = connect(port, v1() + line("before")), connect(port, v1()[:10])
    daemon.wait_messages(1)
    wait_until_read(pending)

    ours = source(f'{keep_alive} macro-prefix("LB_")')
    daemon.reload(blocked + ours if where == "in front" else ours + blocked, expect_failure=True)
    admitted.sendall(line("after"))
    assert macros(daemon.wait_messages(2)[1])["SRCIP"] == "192.0.2.1"
    pending.sendall(v1()[10:] + line("late"))
    daemon.wait_messages(3)
    send(port, v1(), line("new"))
    assert macros(daemon.wait_messages(4)[3])["SRCIP"] == "192.0.2.1"


@pytest.mark.parametrize("options", ["", 'persist-name("lb")'])
def test_a_port_that_is_in_use_leaves_everything_as_it_was(start, port, source, options):
    daemon = start(options)
    with connect(port, v1() + line("before")) as client, socket.create_server(("127.0.0.1", free_port())) as blocker:
        daemon.wait_messages(1)
        daemon.reload(source(options, port=blocker.getsockname()[1]), expect_failure=True)
        client.sendall(line("after"))
        daemon.wait_messages(2)
        send(port, v1(), line("new"))
        daemon.wait_messages(3)


def test_a_configuration_with_a_syntax_error_leaves_everything_as_it_was(start, port, source):
    daemon = start()
    with connect(port, v1() + line("before")) as client:
        daemon.wait_messages(1)
        daemon.configure(source("trusted-proxies(nonsense)"))
        with pytest.raises(Exception):
            daemon.ctl("reload")
        client.sendall(line("after"))
        daemon.wait_messages(2)


# Many reloads


def test_100_reloads_while_200_connections_send_lose_and_duplicate_nothing(start, port):
    daemon = start("max-connections(300) log-iw-size(30000)", options="log-fifo-size(100000);",
                   log_flags="flow-control")
    clients = [connect(port, v1(f"192.0.2.{i}")) for i in range(200)]
    done = threading.Event()
    rounds = 0

    def send_numbered_messages():
        nonlocal rounds
        while rounds < 200 and not done.wait(0.01):
            for client in clients:
                client.sendall(line(rounds))
            rounds += 1

    sender = threading.Thread(target=send_numbered_messages)
    sender.start()
    for _ in range(100):
        daemon.reload()
    done.set()
    sender.join()
    for client in clients:
        client.close()
    daemon.wait_counter("connections", 0, timeout=60)

    assert rounds > 10
    wait_for(lambda: daemon.output_file.read_bytes().count(b"\n") >= rounds * len(clients), "all messages", timeout=20)
    received = defaultdict(list)
    for message in daemon.messages():
        received[message["PROXY_SRCIP"]].append(int(message["MESSAGE"]))
    assert received == {f"192.0.2.{i}": list(range(rounds)) for i in range(200)}


def test_connections_that_are_made_during_reloads_are_served(start, port):
    daemon = start("max-connections(300)")
    done = threading.Event()
    sent = 0

    def send_one_after_the_other():
        nonlocal sent
        while not done.is_set():
            send(port, v1(), line(sent))
            sent += 1

    sender = threading.Thread(target=send_one_after_the_other)
    sender.start()
    for _ in range(20):
        daemon.reload()
    done.set()
    sender.join()
    assert sent > 20
    assert [int(m["MESSAGE"]) for m in daemon.wait_messages(sent)] == list(range(sent))
    assert not daemon.log_lines("reason=")
