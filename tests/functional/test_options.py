# SPDX-License-Identifier: GPL-2.0-or-later
"""Each option of network() does the same in proxy-protocol(), and has the same default."""

import ctypes
import os
import re
import signal
import socket
import statistics
import subprocess
import time
from datetime import datetime
from itertools import groupby, pairwise
from pathlib import Path

import pytest
from client import connect, is_closed_by_peer, send, v1
from daemon import free_port, log_tags, network_takes_port_names, wait_for

DRIVERS = ["proxy-protocol", "network"]
CLIENT = "127.0.0.7"
LINE = b"<13>2026-01-02T03:04:05+00:00 host prog[12]: hello\n"
GRAMMAR = Path("/usr/share/syslog-ng/tools/cfg-grammar.y")


class Both:
    """A daemon with two sources that have the same options: a proxy-protocol(), and a network()."""

    def __init__(self, daemon):
        self.daemon = daemon

    def start(self, options="", ip="127.0.0.1", global_options="", **kwargs):
        family = socket.AF_INET6 if ":" in ip else socket.AF_INET
        self.host = "::1" if family == socket.AF_INET6 else "127.0.0.1"
        self.header = {"proxy-protocol": v1(CLIENT, "127.0.0.1"), "network": b""}
        self.port = {driver: free_port(family) for driver in DRIVERS}
        if family == socket.AF_INET6:
            options += " ip-protocol(6)"
        self.daemon.start(" ".join(f'{driver}(ip("{ip}") port({self.port[driver]}) {options});' for driver in DRIVERS),
                          options=global_options, **kwargs)
        return self

    def connect(self, driver, data=b""):
        return connect(self.port[driver], self.header[driver] + data, host=self.host)

    def connect_served(self, driver):
        """A connection that the driver has admitted: a message of it has arrived."""
        count = len(self.daemon.messages())
        sock = self.connect(driver, LINE)
        self.daemon.wait_messages(count + 1)
        return sock


@pytest.fixture
def both(daemon):
    return Both(daemon)


# ---------------------------------------------------------------------------
# Options that change the messages
# ---------------------------------------------------------------------------

NOT_CLIENT = re.compile(rf"(?!{re.escape(CLIENT)}$).+")
BARE = b"hello\n"
BAD_HOST = LINE.replace(b"host", b"ho$st")
LATIN1 = LINE.replace(b"hello", b"\xe1")
LONG = b"a" * 100 + b"\nb\n"
PARTS_OF_LONG = [dict(MESSAGE="a" * 64), dict(MESSAGE="a" * 36), dict(MESSAGE="b")]

# options, what the client sends, what the messages of it must have
MESSAGE_OPTIONS = [
    ("", LINE, [dict(MESSAGE="hello", PROGRAM="prog", PID="12", HOST=CLIENT, HOST_FROM=CLIENT, SOURCEIP=CLIENT,
                     ISODATE="2026-01-02T03:04:05+00:00", FACILITY="user", SEVERITY="notice", TAGS=".source.s_test")]),
    ("", BARE, [dict(FACILITY="user", SEVERITY="notice")]),
    ("", b"\n" + LINE, [dict(MESSAGE="hello")]),
    ("", LATIN1, [dict(MESSAGE="\\xe1")]),
    ("keep-hostname(yes)", LINE, [dict(HOST="host", HOST_FROM=CLIENT)]),
    ("keep-hostname(no)", LINE, [dict(HOST=CLIENT)]),
    ("chain-hostnames(yes)", LINE, [dict(HOST="host")]),
    ("chain-hostnames(no)", LINE, [dict(HOST=CLIENT)]),
    ("keep-timestamp(yes)", LINE, [dict(ISODATE="2026-01-02T03:04:05+00:00")]),
    ("keep-timestamp(no)", LINE, [dict(ISODATE="as received")]),
    ('host-override("other")', LINE, [dict(HOST="other", HOST_FROM=CLIENT)]),
    ('program-override("other")', LINE, [dict(PROGRAM="other")]),
    ('log-prefix("other:")', LINE, [dict(PROGRAM="other")]),
    ("use-syslogng-pid(yes)", LINE, [dict(PID=re.compile(r"(?!12$)\d+"))]),
    ("use-syslogng-pid(no)", LINE, [dict(PID="12")]),
    ('tags("a" "b")', LINE, [dict(TAGS="a,b,.source.s_test")]),
    ("keep-hostname(yes) check-hostname(no)", BAD_HOST, [dict(HOST="ho$st", PROGRAM="prog")]),
    ("keep-hostname(yes) check-hostname(yes)", BAD_HOST, [dict(HOST=CLIENT, PROGRAM="ho$st")]),
    ("keep-hostname(yes) flags(check-hostname)", BAD_HOST, [dict(HOST=CLIENT, PROGRAM="ho$st")]),
    ('time-zone("+05:00")', b"<13>Jan  2 03:04:05 host prog: hello\n",
     [dict(ISODATE=re.compile(r"20\d\d-01-02T03:04:05\+05:00"))]),
    ("default-facility(mail)", BARE, [dict(FACILITY="mail", SEVERITY="notice")]),
    ("default-severity(err)", BARE, [dict(FACILITY="user", SEVERITY="err")]),
    ("default-level(err)", BARE, [dict(FACILITY="user", SEVERITY="err")]),
    ("default-priority(err)", BARE, [dict(FACILITY="user", SEVERITY="err")]),
    ("log-msg-size(64) flags(no-parse)", LONG, PARTS_OF_LONG),
    # which trims messages that come in frames, not those that come in lines
    ("log-msg-size(64) flags(no-parse) trim-large-messages(yes)", LONG, PARTS_OF_LONG),
    ('encoding("iso-8859-1")', LATIN1, [dict(MESSAGE="\xe1")]),
    ('encoding("utf-16le")', LINE.decode().encode("utf-16le"), [dict(MESSAGE="hello")]),
    ('format("syslog")', LINE, [dict(MESSAGE="hello", PROGRAM="prog")]),
    ('format("linux-kmsg")', b"3,1,99;hello\n", [dict(MESSAGE="hello", FACILITY="kern", SEVERITY="err", MSGID="1")]),
    ("read-old-records(yes)", LINE, [dict(MESSAGE="hello")]),
    ("flags(no-parse)", LINE, [dict(MESSAGE=LINE.decode().strip())]),
    ("flags(no-header)", LINE, [dict(MESSAGE=LINE.decode()[len("<13>"):].strip())]),
    ("flags(no-hostname)", LINE, [dict(PROGRAM="host", MESSAGE="prog[12]: hello")]),
    # of two opposite flags the first one counts
    ("flags(expect-hostname no-hostname)", LINE, [dict(PROGRAM="prog", MESSAGE="hello")]),
    ("flags(syslog-protocol)", b'<13>1 2026-01-02T03:04:05Z host prog 12 ID47 [a@1 b="c"] hello\n',
     [dict(PROGRAM="prog", MSGID="ID47", SDATA='[a@1 b="c"]', MESSAGE="hello")]),
    ("flags(syslog-protocol)", LINE, [dict(PROGRAM="prog", MESSAGE="hello")]),
    ("flags(syslog-protocol no-rfc3164-fallback)", LINE,
     [dict(PROGRAM="syslog-ng", MESSAGE="Error processing log message: " + LINE.decode().strip())]),
    ("", b"<13>prog: a\rb\n", [dict(MESSAGE="a\rb")]),
    ("flags(no-multi-line)", b"<13>prog: a\rb\n", [dict(MESSAGE="a b")]),
    ("flags(store-raw-message)", LINE, [dict(RAWMSG=LINE.decode().strip())]),
    ("flags(dont-store-legacy-msghdr)", b"<13>prog[12] : hello\n", [dict(MSGHDR="prog[12]: ")]),
    ("flags(store-legacy-msghdr dont-store-legacy-msghdr)", b"<13>prog[12] : hello\n", [dict(MSGHDR="prog[12] ")]),
    ("flags(empty-lines)", b"\n" + LINE, [dict(PROGRAM=""), dict(MESSAGE="hello")]),
    ("flags(kernel)", BARE, [dict(FACILITY="kern")]),
    # the address of the peer is such data; what the header said is not
    ("flags(ignore-aux-data)", LINE, [dict(HOST_FROM=NOT_CLIENT)]),
    # without a cache of names the first message of a connection differs from the others inside
    ("use-dns(no) flags(ignore-aux-data)", 3 * LINE, 3 * [dict(HOST_FROM=NOT_CLIENT, SOURCEIP="127.0.0.1")]),
    ("use-dns(no) keep-hostname(no)", 3 * LINE, 3 * [dict(HOST=CLIENT, HOST_FROM=CLIENT, SOURCEIP=CLIENT)]),
    ("use-dns(yes) dns-cache(no)", 3 * LINE, 3 * [dict(HOST_FROM=CLIENT, SOURCEIP=CLIENT)]),
]


def comparable(message):
    """What two messages with the same text have in common."""
    result = {name: value for name, value in message.items()
              if value and name not in ("DESTPORT", "R_ISODATE") and not name.startswith("PROXY_")}
    if message["ISODATE"] == message["R_ISODATE"]:
        result["ISODATE"] = "as received"
    # counted over all sources
    result["SDATA"] = re.sub(r'\[meta sequenceId="\d+"\]', "", message["SDATA"])
    return result


def has(message, values):
    return all(value.fullmatch(message.get(name, "")) if isinstance(value, re.Pattern)
               else value == message.get(name, "") for name, value in values.items())


def check_messages(both, data, expected, client=CLIENT):
    """Sends the data to both sources, in the name of the client: the messages must be as expected, and equal."""
    both.header["proxy-protocol"] = v1(client, "127.0.0.1")
    received = {}
    for driver, source in (("proxy-protocol", "127.0.0.1"), ("network", client)):
        before = len(both.daemon.messages())
        send(both.port[driver], both.header[driver], data, source=source)
        received[driver] = list(map(comparable, both.daemon.wait_messages(before + len(expected))[before:]))
    for message, values in zip(received["proxy-protocol"], expected):
        assert has(message, values), f"{message} does not have {values}"
    assert received["proxy-protocol"] == received["network"]


@pytest.mark.parametrize("options, data, expected", MESSAGE_OPTIONS, ids=[row[0] or "none" for row in MESSAGE_OPTIONS])
def test_messages_are_those_of_network(both, options, data, expected):
    both.start(options)
    check_messages(both, data, expected)


# options, the message, and what RFC 5424 output says: a byte order mark where the message is known to be UTF-8
ENCODING_OPTIONS = [
    ("", b"\xc3\xa1", b"\xc3\xa1"),
    ("flags(assume-utf8)", b"\xc3\xa1", b"\xef\xbb\xbf\xc3\xa1"),
    ("flags(validate-utf8)", b"\xc3\xa1", b"\xef\xbb\xbf\xc3\xa1"),
    ("flags(validate-utf8)", b"\xe1", b"\xe1"),
    ("flags(sanitize-utf8)", b"\xe1", b"\xef\xbb\xbf\\xe1"),
]


@pytest.mark.parametrize("options, text, written", ENCODING_OPTIONS)
def test_flags_about_utf8(both, tmp_path, options, text, written):
    output = tmp_path / "rfc5424"
    both.start(options, declarations=f'destination d_rfc5424 {{ file("{output}" flags(syslog-protocol)); }};',
               filters="destination(d_rfc5424);")
    for count, driver in enumerate(DRIVERS, start=1):
        send(both.port[driver], both.header[driver], LINE.replace(b"hello", text))
        wait_for(lambda: output.exists() and len(output.read_bytes().splitlines()) == count, "the message")
    assert [line.rpartition(b" ")[2] for line in output.read_bytes().splitlines()] == [written] * 2


def test_guess_timezone(both):
    both.daemon.environment["TZ"] = "UTC"
    both.start("flags(guess-timezone)")
    two_hours_east = time.strftime("<13>%b %d %H:%M:%S host prog: hello\n", time.gmtime(time.time() + 2 * 3600))
    check_messages(both, two_hours_east.encode(), [dict(ISODATE=re.compile(r".*\+02:00"))])


# options, what $HOST_FROM is for a client that the hosts file of the DNS cache calls Fancy.Example.COM
NAME_OPTIONS = [
    ("use-dns(persist-only)", "Fancy"),
    ("use-dns(persist-only) use-fqdn(no)", "Fancy"),
    ("use-dns(persist-only) use-fqdn(yes)", "Fancy.Example.COM"),
    ("use-dns(persist-only) use-fqdn(yes) normalize-hostnames(yes)", "fancy.example.com"),
    ("use-dns(persist-only) use-fqdn(yes) normalize-hostnames(no)", "Fancy.Example.COM"),
    ("use-dns(persist-only) dns-cache(yes)", "Fancy"),
    ("use-dns(persist-only) dns-cache(no)", CLIENT),
    ("use-dns(no) dns-cache(no)", CLIENT),
]


@pytest.mark.parametrize("options, name", NAME_OPTIONS)
def test_the_name_of_the_client(both, tmp_path, options, name):
    hosts = tmp_path / "hosts"
    hosts.write_text(f"{CLIENT} Fancy.Example.COM\n")
    both.start(options, global_options=f'use-dns(yes); dns-cache(yes); dns-cache-hosts("{hosts}");')
    check_messages(both, LINE, [dict(HOST_FROM=name, HOST=name, SOURCEIP=CLIENT)])


def test_use_dns_asks_the_resolver(both):
    name = socket.gethostbyaddr("127.0.0.1")[0]
    both.start("use-dns(yes) dns-cache(no) use-fqdn(yes)")
    check_messages(both, LINE, [dict(HOST_FROM=name)], client="127.0.0.1")


# ---------------------------------------------------------------------------
# Options of the sockets
# ---------------------------------------------------------------------------

# 438 on every architecture
SYS_PIDFD_GETFD = 438
# not in Python's socket module
IP_FREEBIND = 15

LIBC = ctypes.CDLL(None, use_errno=True)


def sockets_of(daemon, port):
    """Duplicates of the daemon's sockets on the port."""
    pidfd = os.pidfd_open(daemon.process.pid)
    for entry in Path(f"/proc/{daemon.process.pid}/fd").iterdir():
        if not os.readlink(entry).startswith("socket:"):
            continue
        fd = LIBC.syscall(SYS_PIDFD_GETFD, pidfd, int(entry.name), 0)
        assert fd >= 0, f"pidfd_getfd: {os.strerror(ctypes.get_errno())}"
        sock = socket.socket(fileno=fd)
        if sock.family in (socket.AF_INET, socket.AF_INET6) and sock.getsockname()[1] == port:
            yield sock
        else:
            sock.close()
    os.close(pidfd)


def daemon_sockets(daemon, port):
    """Of TCP: the listening one, and a list of the others."""
    listening, accepted = None, []
    for sock in sockets_of(daemon, port):
        if sock.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN):
            listening = sock
        else:
            accepted.append(sock)
    return listening, accepted


def both_sockets(both):
    """driver -> its listening socket and an accepted one; clients: what keeps the latter open."""
    clients = {driver: both.connect_served(driver) for driver in DRIVERS}
    sockets = {}
    for driver in DRIVERS:
        listening, (accepted,) = daemon_sockets(both.daemon, both.port[driver])
        sockets[driver] = {"listening": listening, "accepted": accepted}
    return sockets, clients


def socket_option(sock, option):
    level, number = option
    if number == socket.SO_BINDTODEVICE:
        return sock.getsockopt(level, number, 16).rstrip(b"\0").decode()
    return sock.getsockopt(level, number)


def _sol(name):
    return socket.SOL_SOCKET, getattr(socket, name)


def _tcp(name):
    return socket.IPPROTO_TCP, getattr(socket, name)


TTL = {"127.0.0.1": (socket.IPPROTO_IP, socket.IP_TTL), "::1": (socket.IPPROTO_IPV6, socket.IPV6_UNICAST_HOPS)}
TOS = {"127.0.0.1": (socket.IPPROTO_IP, socket.IP_TOS), "::1": (socket.IPPROTO_IPV6, socket.IPV6_TCLASS)}
FREEBIND = (socket.IPPROTO_IP, IP_FREEBIND)

# options, what they set (on IPv4 and on IPv6, if that differs) on both sockets, to what, and which of network()'s
# sockets have it as well: none for options that network() takes and ignores
SOCKET_OPTIONS = [
    ("so-rcvbuf(200000)", _sol("SO_RCVBUF"), 400000, ["listening", "accepted"]),
    ("so-sndbuf(150000)", _sol("SO_SNDBUF"), 300000, []),
    ("so-broadcast(yes)", _sol("SO_BROADCAST"), 1, []),
    ("so-broadcast(no)", _sol("SO_BROADCAST"), 0, ["listening", "accepted"]),
    ("so-keepalive(yes)", _sol("SO_KEEPALIVE"), 1, ["listening", "accepted"]),
    ("so-keepalive(no)", _sol("SO_KEEPALIVE"), 0, ["listening", "accepted"]),
    ("tcp-keepalive(no)", _sol("SO_KEEPALIVE"), 0, ["listening", "accepted"]),
    ("tcp-keep-alive(no)", _sol("SO_KEEPALIVE"), 0, ["listening", "accepted"]),
    ("so-reuseport(yes)", _sol("SO_REUSEPORT"), 1, ["listening", "accepted"]),
    ("so-reuseport(no)", _sol("SO_REUSEPORT"), 0, ["listening", "accepted"]),
    ("ip-ttl(7)", TTL, 7, []),
    ("ip-tos(16)", TOS, 16, []),
    ("ip-freebind(yes)", FREEBIND, 1, ["listening", "accepted"]),
    ("ip-freebind(no)", FREEBIND, 0, ["listening", "accepted"]),
    ('interface("lo")', _sol("SO_BINDTODEVICE"), "lo", ["listening", "accepted"]),
    ("tcp-keepalive-time(33)", _tcp("TCP_KEEPIDLE"), 33, ["accepted"]),
    ("tcp-keepalive-probes(4)", _tcp("TCP_KEEPCNT"), 4, ["accepted"]),
    ("tcp-keepalive-intvl(5)", _tcp("TCP_KEEPINTVL"), 5, ["accepted"]),
]


@pytest.mark.parametrize("ip", ["127.0.0.1", "::1"])
@pytest.mark.parametrize("options, option, value, in_network", SOCKET_OPTIONS, ids=[row[0] for row in SOCKET_OPTIONS])
def test_socket_option(both, ip, options, option, value, in_network):
    sockets, _clients = both_sockets(both.start(options, ip=ip))
    option = option[ip] if isinstance(option, dict) else option
    for which in ("listening", "accepted"):
        assert socket_option(sockets["proxy-protocol"][which], option) == value, which
    for which in in_network:
        assert socket_option(sockets["network"][which], option) == value, f"network(), {which}"


@pytest.mark.parametrize("ip", ["127.0.0.1", "::1"])
def test_socket_options_have_the_defaults_of_network(both, ip):
    sockets, _clients = both_sockets(both.start(ip=ip))
    for which in ("listening", "accepted"):
        options = {row[0]: row[1][ip] if isinstance(row[1], dict) else row[1] for row in SOCKET_OPTIONS}
        options |= {name: _sol(name) for name in ("SO_REUSEADDR", "SO_RCVLOWAT", "SO_LINGER", "SO_PRIORITY")}
        options["TCP_NODELAY"] = _tcp("TCP_NODELAY")
        if ip == "::1":
            options["IPV6_V6ONLY"] = socket.IPPROTO_IPV6, socket.IPV6_V6ONLY
        if which == "listening":
            # network() sets them where they count
            options = {name: option for name, option in options.items() if "tcp-keepalive-" not in name}
        values = [{name: socket_option(sockets[driver][which], option) for name, option in options.items()}
                  for driver in DRIVERS]
        assert values[0] == values[1], which


@pytest.mark.parametrize("options, option, value", [
    ("ip-ttl(7)", TTL["127.0.0.1"], 7),
    ("ip-tos(16)", TOS["127.0.0.1"], 16),
], ids=["ip-ttl", "ip-tos"])
def test_ip_options_of_ipv4_clients_of_an_ipv6_socket(daemon, port, options, option, value):
    daemon.start(f"proxy-protocol(port({port}) ip-protocol(6) {options});")
    with connect(port, v1() + LINE):
        daemon.wait_messages(1)
        _listening, (accepted,) = daemon_sockets(daemon, port)
        assert socket_option(accepted, option) == value


@pytest.mark.parametrize("options, backlog", [("", 255), ("listen-backlog(7)", 7)])
def test_listen_backlog(both, options, backlog):
    both.start(options)
    for driver in DRIVERS:
        command = ["ss", "--no-header", "--listening", "--tcp", "--numeric", f"sport = {both.port[driver]}"]
        _state, _receive_queue, send_queue, *_ = subprocess.check_output(command, text=True).split()
        assert int(send_queue) == backlog, driver


def test_a_buffer_that_the_kernel_limits_is_one_warning(start):
    daemon = start("so-rcvbuf(2000000000)")
    (line,) = daemon.log_lines("net.core.rmem_max")
    assert log_tags(line)["requested"] == "2000000000"


@pytest.mark.parametrize("driver", DRIVERS)
def test_so_reuseport_shares_an_address(daemon, port, driver):
    daemon.start(f"{driver}(ip(127.0.0.1) port({port}) so-reuseport(yes) persist-name(one));"
                 f"{driver}(ip(127.0.0.1) port({port}) so-reuseport(yes) persist-name(two));")
    assert len(daemon.wait_log("Accepting connections", count=2)) == 2


@pytest.mark.parametrize("driver", DRIVERS)
@pytest.mark.parametrize("address, options", [
    ("AF_INET(203.0.113.77:{port})", "ip(203.0.113.77)"),
    ("AF_INET6([2001:db8::77]:{port})", 'ip-protocol(6) ip("2001:db8::77")'),
])
def test_ip_freebind_binds_to_an_address_that_is_not_there(daemon, port, driver, address, options):
    daemon.start(f"{driver}({options} port({port}) );", expect_failure=True)
    daemon.wait_log("Cannot assign requested address")
    daemon.start(f"{driver}({options} port({port}) ip-freebind(yes));")
    assert log_tags(daemon.wait_log("Accepting connections")[0])["addr"] == address.format(port=port)


# ---------------------------------------------------------------------------
# Where to listen
# ---------------------------------------------------------------------------

# options, addresses that are served, addresses that are not
ADDRESS_OPTIONS = [
    ("", ["127.0.0.1", "127.0.0.9"], ["::1"]),
    ("ip(127.0.0.2)", ["127.0.0.2"], ["127.0.0.1", "::1"]),
    ("localip(127.0.0.2)", ["127.0.0.2"], ["127.0.0.1", "::1"]),
    ("ip(localhost)", ["127.0.0.1"], ["127.0.0.2"]),
    ("ip-protocol(4) ip(127.0.0.1)", ["127.0.0.1"], ["127.0.0.2", "::1"]),
    ("ip-protocol(6)", ["::1", "127.0.0.1"], []),
    ('ip-protocol(6) ip("::1")', ["::1"], ["127.0.0.1"]),
]


@pytest.mark.parametrize("driver", DRIVERS)
@pytest.mark.parametrize("options, served, not_served", ADDRESS_OPTIONS)
def test_address(daemon, port, driver, options, served, not_served):
    daemon.start(f"{driver}(port({port}) {options});")
    for count, host in enumerate(served, start=1):
        send(port, v1() if driver == "proxy-protocol" else b"", LINE, host=host)
        daemon.wait_messages(count)
    for host in not_served:
        with pytest.raises(ConnectionRefusedError):
            connect(port, host=host)


PORT_OPTIONS = [
    ("", "AF_INET(0.0.0.0:514)"),
    ("ip-protocol(6)", "AF_INET6([::]:514)"),
    ("port(7777)", "AF_INET(0.0.0.0:7777)"),
    ('port("7777")', "AF_INET(0.0.0.0:7777)"),
    ("localport(7777)", "AF_INET(0.0.0.0:7777)"),
    ("port(syslog-tls)", "AF_INET(0.0.0.0:6514)"),
    ('localport("syslog-tls")', "AF_INET(0.0.0.0:6514)"),
]


@pytest.mark.parametrize("driver", DRIVERS)
@pytest.mark.parametrize("options, address", PORT_OPTIONS)
def test_port(daemon, driver, options, address):
    """In a network of its own, where every port is free."""
    daemon.wrapper = ["unshare", *([] if os.geteuid() == 0 else ["--map-root-user"]), "--net", *daemon.wrapper]
    if driver == "network" and "syslog-tls" in options and not network_takes_port_names():
        assert "Illegal port number: syslog-tls" in daemon.check(f"{driver}({options});").stderr
        return
    daemon.start(f"{driver}({options});")
    assert log_tags(daemon.wait_log("Accepting connections")[0])["addr"] == address


@pytest.mark.parametrize("driver", DRIVERS)
@pytest.mark.parametrize("transport, name", [
    ("", "tcp"),
    ("transport(tcp)", "tcp"),
    ('transport("tcp")', "tcp"),
    ("transport(proxied-tcp)", "proxied-tcp"),
    ('transport("proxied-tcp")', "proxied-tcp"),
])
def test_transport_is_in_the_statistics(daemon, port, driver, transport, name):
    daemon.start(f"{driver}(ip(127.0.0.1) port({port}) {transport});", options="stats-level(1);")
    header = v1() if driver == "proxy-protocol" or name == "proxied-tcp" else b""
    with connect(port, header + LINE):
        daemon.wait_messages(1)
        assert f"src.{driver};s_test#0;{name},127.0.0.1;a;processed;1" in daemon.ctl("stats").splitlines()


# ---------------------------------------------------------------------------
# Options of connections
# ---------------------------------------------------------------------------


@pytest.mark.parametrize("driver", DRIVERS)
@pytest.mark.parametrize("options, limit", [("", 10), ("max-connections(2)", 2)])
def test_max_connections(both, driver, options, limit):
    # without it, network() of syslog-ng 4.12 does not say that a connection is closed
    both.start(options, arguments=["--verbose"])
    clients = [both.connect_served(driver) for _ in range(limit)]
    assert is_closed_by_peer(both.connect(driver))

    closed = len(both.daemon.log_lines("Syslog connection closed"))
    clients.pop().close()
    both.daemon.wait_log("Syslog connection closed", count=closed + 1)
    clients.append(both.connect_served(driver))
    for client in clients:
        client.sendall(LINE)
    both.daemon.wait_messages(2 * limit + 1)


@pytest.mark.parametrize("driver", DRIVERS)
@pytest.mark.parametrize("options, kept", [("", True), ("keep-alive(yes)", True), ("keep-alive(no)", False)])
def test_keep_alive_keeps_connections_at_a_reload(both, driver, options, kept):
    client = both.start(options).connect_served(driver)
    both.daemon.reload()
    if kept:
        client.sendall(LINE)
        both.daemon.wait_messages(2)
    else:
        assert is_closed_by_peer(client)
    both.connect_served(driver)


WINDOW = re.compile(r"^src\.(?P<driver>[\w-]+);s_test#\d;[^;]*;d;full_window;(?P<size>\d+)$", re.M)
FAST = "dynamic-window-stats-freq(0.02) dynamic-window-realloc-ticks(2)"

# options, number of connections, window of each
WINDOW_OPTIONS = [
    ("", 1, 100),
    ("log-iw-size(5000)", 1, 500),
    ("log-iw-size(5000) max-connections(5)", 1, 1000),
    # min-iw-size-per-reader()
    ("log-iw-size(100)", 1, 100),
    ("max-connections(100)", 1, 100),
    ("dynamic-window-size(0)", 1, 100),
    (f"dynamic-window-size(1000) {FAST}", 1, 10 + 1000),
    (f"dynamic-window-size(1000) {FAST}", 2, 10 + 500),
    (f"dynamic-window-size(1000) log-iw-size(2000) {FAST}", 1, 200 + 1000),
    (f"dynamic-window-size(1000) log-iw-size(5) {FAST}", 1, 1 + 1000),
    # rounded up to a multiple of max-connections()
    (f"dynamic-window-size(105) {FAST}", 1, 10 + 110),
    (f"dynamic-window-size(105) {FAST}", 2, 10 + 55),
]


@pytest.mark.parametrize("driver", DRIVERS)
@pytest.mark.parametrize("options, connections, window", WINDOW_OPTIONS)
def test_window_size(both, driver, options, connections, window):
    both.start(options, global_options="stats-level(4);")
    _clients = [both.connect_served(driver) for _ in range(connections)]

    def sizes():
        return [int(match["size"]) for match in WINDOW.finditer(both.daemon.ctl("stats"))]

    wait_for(lambda: sizes() == [window] * connections, lambda: f"{window}, have {sizes()}", timeout=5)


@pytest.mark.parametrize("driver", DRIVERS)
def test_the_dynamic_window_of_a_connection_goes_to_the_others_when_it_ends(both, driver):
    both.start(f"dynamic-window-size(1000) {FAST}", global_options="stats-level(4);")
    clients = [both.connect_served(driver) for _ in range(2)]
    wait_for(lambda: both.daemon.ctl("stats").count(";d;full_window;510") == 2, "two windows")
    clients.pop().close()
    wait_for(lambda: both.daemon.ctl("stats").count(";d;full_window;1010") == 1, "one window")


def test_a_reload_can_turn_the_dynamic_window_on(start, port):
    daemon = start()
    with connect(port, v1() + LINE) as client:
        daemon.wait_messages(1)
        daemon.reload(f"proxy-protocol(ip(127.0.0.1) port({port}) dynamic-window-size(1000) {FAST});",
                      options="stats-level(4);")
        _new = connect(port, v1() + LINE)
        # the old connection keeps its window, and counts as one of the two to share among
        wait_for(lambda: sorted(match["size"] for match in WINDOW.finditer(daemon.ctl("stats"))) == ["100", "510"],
                 "the window of the new connection")
        client.sendall(LINE)
        daemon.wait_messages(3)


@pytest.mark.parametrize("driver", DRIVERS)
@pytest.mark.parametrize("options, frequency, updates", [
    ("dynamic-window-stats-freq(0.02) dynamic-window-realloc-ticks(3)", 0.02, 2),
    ("dynamic-window-stats-freq(0.1) dynamic-window-realloc-ticks(4)", 0.1, 3),
    ("dynamic-window-stats-freq(0.1)", 0.1, 4),
    ("dynamic-window-realloc-ticks(1)", 1.0, 0),
])
def test_pace_of_the_dynamic_window(both, driver, options, frequency, updates):
    """updates: how many between two reallocations."""
    both.start(f"dynamic-window-size(1000) {options}", arguments=["--trace"])
    _client = both.connect_served(driver)
    both.daemon.wait_log("Rebalance dynamic window", count=3 if updates else 2)
    steps = [line for line in both.daemon.log().splitlines() if "Updating dynamic window statistic" in line
             or "Rebalance dynamic window" in line]

    runs = [len(list(run)) for is_update, run in groupby(steps, lambda line: "Updating" in line) if is_update]
    assert runs[1:3] == ([updates] * 2 if updates else [])
    times = [datetime.fromisoformat(line[1:27]) for line in steps]
    pauses = [(second - first).total_seconds() for first, second in pairwise(times)]
    assert frequency * 0.9 < statistics.median(pauses) < frequency + 0.05


@pytest.mark.parametrize("driver", DRIVERS)
@pytest.mark.parametrize("options, limit", [("", 10), ("log-fetch-limit(3)", 3)])
def test_log_fetch_limit_is_the_number_of_messages_that_a_connection_reads_in_turn(both, driver, options, limit):
    both.start(f"{options} flags(no-parse)", global_options="threaded(no);")
    clients = {b"a": both.connect_served(driver), b"b": both.connect_served(driver)}
    both.daemon.process.send_signal(signal.SIGSTOP)
    wait_for(lambda: ") T " in Path(f"/proc/{both.daemon.process.pid}/stat").read_text(), "the daemon to stand still")
    for text, client in clients.items():
        client.sendall((text + b"\n") * 30)
    both.daemon.process.send_signal(signal.SIGCONT)
    texts = [message["MESSAGE"] for message in both.daemon.wait_messages(2 + 60)[2:]]
    assert [len(list(run)) for _, run in groupby(texts)] == [limit] * (60 // limit)


@pytest.mark.parametrize("driver", DRIVERS)
@pytest.mark.parametrize("options, threaded", [("", False), ('flags("threaded")', True)])
def test_flag_threaded_reads_in_a_thread_of_its_own(both, driver, options, threaded):
    both.start(options, global_options="threaded(no);")
    _client = both.connect_served(driver)
    assert (len(os.listdir(f"/proc/{both.daemon.process.pid}/task")) > 1) == threaded


@pytest.mark.parametrize("driver", DRIVERS)
def test_hook_commands(daemon, port, tmp_path, driver):
    events = ("startup", "setup", "teardown", "shutdown")
    hooks = " ".join(f'{event}("echo {event} >> {tmp_path}/events")' for event in events)
    daemon.start(f"{driver}(ip(127.0.0.1) port({port}) hook-commands({hooks}));")
    daemon.stop()
    assert (tmp_path / "events").read_text().split() == ["startup", "setup", "teardown", "shutdown"]


def test_persist_name_is_in_the_statistics(start):
    assert "proxy_protocol_sd.lb;a;accepted;0" in start("persist-name(lb)").ctl("stats")


def test_a_reload_changes_the_port_of_a_source_with_a_persist_name(daemon, port):
    daemon.start(f"proxy-protocol(ip(127.0.0.1) port({port}) persist-name(lb));")
    new_port = free_port()
    daemon.reload(f"proxy-protocol(ip(127.0.0.1) port({new_port}) persist-name(lb));")
    send(new_port, v1(), LINE)
    daemon.wait_messages(1)
    with pytest.raises(ConnectionRefusedError):
        connect(port)


# ---------------------------------------------------------------------------
# None is missing
# ---------------------------------------------------------------------------

# afsocket's own, of which nothing installed has a list
AFSOCKET_OPTIONS = [
    "ip(127.0.0.1)", "localip(127.0.0.1)", "port(7777)", "localport(7777)", "ip-protocol(4)", "transport(tcp)",
    "max-connections(10)", "keep-alive(yes)", "listen-backlog(10)", "interface(lo)", "so-rcvbuf(1)", "so-sndbuf(1)",
    "so-broadcast(no)", "so-keepalive(no)", "tcp-keepalive(no)", "tcp-keep-alive(no)", "so-reuseport(no)", "ip-ttl(1)",
    "ip-tos(1)", "ip-freebind(no)", "tcp-keepalive-time(1)", "tcp-keepalive-probes(1)", "tcp-keepalive-intvl(1)",
    "dynamic-window-size(10)", "dynamic-window-stats-freq(1.5)", "dynamic-window-realloc-ticks(1)", "hook-commands()",
]
SYNONYMS = ["default-level(err)", "default-priority(err)", "long-hostnames(yes)"]
FLAGS = [
    "no-parse", "check-hostname", "syslog-protocol", "assume-utf8", "validate-utf8", "sanitize-utf8", "no-multi-line",
    "store-legacy-msghdr", "store-raw-message", "dont-store-legacy-msghdr", "expect-hostname", "no-hostname",
    "guess-timezone", "no-header", "no-rfc3164-fallback", "kernel", "empty-lines", "threaded", "ignore-aux-data",
]
SHARED_RULES = ["source_reader_option", "source_option", "source_proto_option", "host_resolve_option",
                "msg_format_option", "driver_option"]
VALUES = {
    "yesno": "yes", "dnsmode": "persist-only", "positive_integer": "1000", "string_list": '"a" "b"',
    "severity_string": "err", "facility_string": "mail",
    "source_reader_option_flags": " ".join(f'"{flag}"' for flag in FLAGS),
    "ENCODING": '"utf-8"', "FORMAT": '"syslog"', "TIME_ZONE": '"UTC"', "string": '"text"',
}


def shared_options():
    """The options of the rules that every source may use, from the grammar of the installed syslog-ng."""
    grammar = GRAMMAR.read_text()
    for rule in SHARED_RULES:
        (body,) = re.findall(rf"^{rule}$(.*?)^\s*;$", grammar, re.M | re.S)
        for keyword, kind in re.findall(r"KW_(\w+) *'\(' *(\w+) *'\)'", body):
            yield f"{keyword.lower().replace('_', '-')}({VALUES.get(keyword) or VALUES[kind]})"


@pytest.mark.parametrize("driver", DRIVERS)
def test_every_option_of_network_is_taken(daemon, driver):
    shared = list(shared_options())
    assert len(shared) >= 25
    options = "\n".join([*shared, *SYNONYMS, *AFSOCKET_OPTIONS])
    result = daemon.check(f"{driver}(\n{options}\n);")
    assert result.returncode == 0, result.stderr
