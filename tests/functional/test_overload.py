# SPDX-License-Identifier: GPL-2.0-or-later
"""More than there is room for: file descriptors, slow clients, and very many connections."""

import os
import resource
import time

from client import connect, is_closed_by_peer, line, reset, send, v1, wait_until_read
from daemon import macros

OUT_OF_FILES = "Error accepting new connection"


# syslog-ng ends itself when it has no file descriptor for a new thread
NO_THREADS = "threaded(no);"


def use_up_files(daemon, port, room_for):
    """Lets the running daemon, which has served 10 messages by then, open so many more files and not one more."""
    # so that all is open that syslog-ng, and ivykis under it, open when they are first busy
    for _ in range(10):
        send(port, v1(), line("first"))
    daemon.wait_messages(10)
    _, hard = resource.prlimit(daemon.process.pid, resource.RLIMIT_NOFILE)
    resource.prlimit(daemon.process.pid, resource.RLIMIT_NOFILE, (daemon.open_files() + room_for, hard))


def test_running_out_of_file_descriptors_does_not_spin_and_ends(start, port):
    daemon = start("max-connections(100)", options=NO_THREADS)
    use_up_files(daemon, port, room_for=5)
    clients = [connect(port, v1() + line(i)) for i in range(25)]
    daemon.wait_messages(10 + 5)
    daemon.wait_log(OUT_OF_FILES)

    before = daemon.cpu_seconds()
    time.sleep(1)
    assert daemon.cpu_seconds() - before < 0.2
    assert daemon.wait_log(OUT_OF_FILES)[1:] == []

    # as soon as there is room the others are served
    for served, client in enumerate(clients, start=1):
        client.close()
        daemon.wait_messages(10 + min(served + 5, 25))
    daemon.wait_counter("connections", 0)
    assert [m["MESSAGE"] for m in daemon.messages()] == 10 * ["first"] + list(map(str, range(25)))
    # it was one and the same shortage all the time
    assert len(daemon.log_lines(OUT_OF_FILES)) == 1


def test_running_out_of_file_descriptors_again_is_said_again(start, port):
    daemon = start("max-connections(100)", options=NO_THREADS)
    use_up_files(daemon, port, room_for=3)
    for times in (1, 2):
        clients = [connect(port, v1()) for _ in range(4)]
        daemon.wait_log(OUT_OF_FILES, times)
        for client in clients:
            client.close()
        # one that is served without a shortage ends it
        send(port, v1())
        daemon.wait_log("Syslog connection closed", 10 + 5 * times)
    assert len(daemon.log_lines(OUT_OF_FILES)) == 2
    (line_, _) = daemon.log_lines(OUT_OF_FILES)
    assert "Too many open files" in line_ and "driver='s_test#0'" in line_


def test_pending_connections_can_use_up_the_file_descriptors_only_until_their_deadline(start, port):
    daemon = start("header-timeout(1)", options=NO_THREADS)
    use_up_files(daemon, port, room_for=5)
    silent = [connect(port) for _ in range(20)]
    daemon.wait_log(OUT_OF_FILES)
    send(port, v1(), line("last"))
    daemon.wait_messages(11)
    assert all(is_closed_by_peer(client) for client in silent)


def test_slow_clients_are_no_burden_for_fast_ones(start, port):
    daemon = start("max-connections(40) log-iw-size(40000) header-timeout(60)", log_flags="flow-control")
    slow = [connect(port) for _ in range(20)]
    fast = [connect(port, v1("192.0.2.2")) for _ in range(20)]
    slow_data = v1("192.0.2.1") + line("slow")
    for i, byte in enumerate(slow_data[:-1]):
        for client in slow:
            client.sendall(bytes([byte]))
        wait_until_read(*slow)
        for client in fast:
            client.sendall(line(f"{i} 1") + line(f"{i} 2"))
    # not one of the slow ones has got through its first message
    messages = daemon.wait_messages(20 * 2 * (len(slow_data) - 1))
    assert {macros(m)["SRCIP"] for m in messages} == {"192.0.2.2"}
    for client in slow:
        client.sendall(slow_data[-1:])
    messages = daemon.wait_messages(len(messages) + 20)[len(messages):]
    assert {(m["MESSAGE"], macros(m)["SRCIP"]) for m in messages} == {("slow", "192.0.2.1")}


def admitted(port):
    send(port, v1(), line("hello"))


def malformed(port):
    send(port, b"PROXY TCP4 999.2.3.4 banana 111 222\r\n" + line("hello"))


def half_a_header(port):
    send(port, v1()[:20])


def silent(port):
    connect(port).close()


def reset_before_the_header(port):
    reset(connect(port, b"PROXY"))


def reset_behind_the_header(port):
    reset(connect(port, v1() + line("hello")))


def untrusted(port):
    send(port, v1(), source="127.0.0.2")


KINDS = [admitted, malformed, half_a_header, silent, reset_before_the_header, reset_behind_the_header, untrusted]


def one_round(daemon, port):
    """2,000 connections, of every kind, and as many without a header as is too many."""
    before = daemon.counters()["accepted"]
    for i in range(1900):
        KINDS[i % len(KINDS)](port)
    clients = [connect(port) for _ in range(100)]
    daemon.wait_counter("accepted", before + 2000)
    for client in clients:
        client.close()
    daemon.wait_counter("pending_headers", 0)
    daemon.wait_counter("connections", 0)


def test_connections_of_no_kind_leak(start, port):
    daemon = start('max-connections(100) max-pending-headers(50) trusted-proxies("127.0.0.1")')
    one_round(daemon, port)
    one_round(daemon, port)
    files, memory = daemon.open_files(), daemon.rss()
    for _ in range(3):
        one_round(daemon, port)
    assert daemon.open_files() < files + 20
    # with a sanitizer or valgrind it is they who judge
    if not daemon.wrapper and "LD_PRELOAD" not in os.environ:
        assert daemon.rss() - memory < 6000 * 40
