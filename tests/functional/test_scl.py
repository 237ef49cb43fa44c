# SPDX-License-Identifier: GPL-2.0-or-later
"""The configuration library: haproxy(), haproxy-ecs(), sekoia-intake() and the application of app-parser()."""

import json
import os
import re
import socket
import stat
import subprocess
from pathlib import Path

import pytest
import rsyslog
from client import connect, line, v1
from daemon import BUILD_DIR, SyslogNg, as_text, free_port, wait_for
from haproxy import HAProxy
from namespaces import MountNamespace
from scl import INCLUDE
from tls import certificate, client_context

REQUEST = b"GET /path/x?a=1 HTTP/1.0\r\nHost: www.example.com\r\nUser-Agent: a\r\n\r\n"
PROXY = """
defaults
  mode http
  log global
  option httplog
  timeout connect 5s
  timeout client 5s
  timeout server 5s
frontend www
  bind 127.0.0.1:{front} {bind}
  capture request header Host len 30
  capture request header User-Agent len 30
  {more}
  http-request deny
"""
HTTP_LINE = ('127.0.0.7:33317 [06/Feb/2009:12:14:14.655] http-in~ static/srv1 10/0/30/69/109 200 2750 - - ---- 1/1/2/3/+4'
             ' 5/6 {1wt.eu|curl} {gzip} "GET /index.html?q=1 HTTP/1.1"')

HAS_TYPES = subprocess.run(["syslog-ng", "--version"], capture_output=True, text=True).stdout.startswith("syslog-ng 4")
# where Debian's syslog-ng 3.38 and those from 4 on have it
SCL_CONF_DIRECTORIES = "/etc/syslog-ng:/usr/share/syslog-ng/include"
DESTINATION = 'destination d_sekoia { sekoia-intake(intake-key("x")); };'


def request(port):
    """A request that HAProxy denies. Returns the port that it came from."""
    with connect(port, REQUEST) as sock:
        while sock.recv(65536):
            pass
        return sock.getsockname()[1]


def parsed(message):
    return message.get("_haproxy", {})


@pytest.fixture
def haproxy_with(haproxy, front):
    """haproxy_with("lines of global") starts an HAProxy that logs as they say, and denies every request."""

    def _start(globals_, more="", bind=""):
        return haproxy.start_with(f"global\n  stats socket {haproxy.socket} level admin\n{globals_}"
                                  + PROXY.format(front=front, more=more, bind=bind))

    return _start


def test_the_installed_library_is_found(daemon, tmp_path):
    """By the @include "scl.conf" that every configuration of a distribution has."""
    subprocess.run(["make", "-s", "-C", BUILD_DIR, "install-data", f"DESTDIR={tmp_path}/root"], check=True, capture_output=True)
    (directory,) = (tmp_path / "root").rglob("scl")
    include = (f'@define scl-root "{directory}"\n@define include-path "{directory.parent}:{SCL_CONF_DIRECTORIES}"\n'
               '@include "scl.conf"\n')
    result = daemon.check("haproxy();", declarations=include + DESTINATION, filters="parser { haproxy-ecs(); };")
    assert (result.returncode, result.stderr) == (0, "")


# ---------------------------------------------------------------------------
# haproxy()
# ---------------------------------------------------------------------------

UNIX_SOCKET = 'unix-socket("{socket}")'


@pytest.fixture
def source(daemon, tmp_path):
    """source("options of haproxy()") starts the daemon with such a source. {socket} is the path of a socket."""

    def _start(options=UNIX_SOCKET, **kwargs):
        options = options.replace("{socket}", str(tmp_path / "chroot/dev/log"))
        return daemon.start(f"haproxy({options});", declarations=INCLUDE, **kwargs)

    return _start


def root_of(process):
    return os.readlink(f"/proc/{process.process.pid}/root")


def test_the_chroot_of_debian(tmp_path, front):
    """HAProxy as Debian's default configuration starts it: as root, and then as haproxy in /var/lib/haproxy."""
    with MountNamespace("/var/lib/haproxy", "/run") as namespace:
        daemon = SyslogNg(tmp_path, wrapper=namespace.command())
        haproxy = HAProxy(tmp_path)
        haproxy.config_file.write_text(PROXY.format(front=front, more="", bind=""))
        try:
            daemon.start("haproxy();", declarations=INCLUDE)
            namespace.run("mkdir", "/run/haproxy")
            haproxy.run([*namespace.command(), "/usr/sbin/haproxy", "-db", "-f", "/etc/haproxy/haproxy.cfg",
                         "-f", haproxy.config_file], lambda: root_of(haproxy).endswith("/var/lib/haproxy"))
            status = Path(f"/proc/{haproxy.process.pid}/status").read_text()
            assert not re.search(r"^Uid:\s+0\b", status, re.M)

            ports = [request(front)]
            http = daemon.wait_messages_of(lambda m: parsed(m).get("format") == "http", 1)
            # HAProxy finds the socket of the next one by itself
            daemon.stop()
            daemon.log_file.unlink()
            daemon.start("haproxy();", declarations=INCLUDE)
            ports.append(request(front))
            http = daemon.wait_messages_of(lambda m: parsed(m).get("format") == "http", 2)
            assert [parsed(m)["client_port"] for m in http] == [str(p) for p in ports]
            assert {(m["PROGRAM"], m["FACILITY"], parsed(m)["status_code"]) for m in http} == {("haproxy", "local0", "403")}
        finally:
            haproxy.stop()
            daemon.stop()


def test_the_socket_and_its_directories(source, tmp_path):
    source('unix-socket("{socket}") owner("daemon") group("games") perm(0620) dir-owner("bin") dir-group("mail") dir-perm(0710)')

    def of(path):
        status = (tmp_path / path).stat()
        return status.st_uid, status.st_gid, stat.S_IMODE(status.st_mode)

    assert of("chroot/dev/log") == (1, 60, 0o620)
    assert of("chroot/dev") == (2, 8, 0o710)


def test_what_anybody_may_do_with_the_socket_by_default(source, tmp_path):
    source()
    assert stat.S_IMODE((tmp_path / "chroot/dev/log").stat().st_mode) == 0o666
    assert stat.S_IMODE((tmp_path / "chroot/dev").stat().st_mode) == 0o755


# format: what of its syslog header a message has then
FORMATS = {
    "local": {"PROGRAM": "haproxy", "FACILITY": "local5", "pid": True},
    "rfc3164": {"PROGRAM": "haproxy", "FACILITY": "local5", "pid": True, "HOST": "lb1"},
    "rfc5424": {"PROGRAM": "haproxy", "FACILITY": "local5", "pid": True, "HOST": "lb1"},
    "priority": {"PROGRAM": "haproxy", "FACILITY": "local5", "pid": False},
    "short": {"PROGRAM": "haproxy", "FACILITY": "local0", "pid": False},
    "timed": {"PROGRAM": "haproxy", "FACILITY": "local0", "pid": False},
    "iso": {"PROGRAM": "haproxy", "FACILITY": "local0", "pid": False},
    "raw": {"PROGRAM": "haproxy", "FACILITY": "local0", "pid": False},
}


def start_logging(haproxy_with, transport, format_, port, tmp_path, more=""):
    """Starts an HAProxy that logs to the socket in tmp_path or to the port. A ring has the name of its log-proto."""
    target = {"unix": f"{tmp_path}/chroot/dev/log", "udp": f"127.0.0.1:{port}"}.get(transport, "ring@logs")
    ring = (f"ring logs\n  format {format_}\n  maxlen 1200\n  size 32764\n  timeout connect 5s\n  timeout server 10s\n"
            f"  server syslog-ng 127.0.0.1:{port} log-proto {transport}\n" if target == "ring@logs" else "")
    haproxy_with(f"  log-send-hostname lb1\n  log {target} format {format_} local5\n{ring}", more)


@pytest.mark.parametrize("format_", FORMATS)
@pytest.mark.parametrize("transport", ["unix", "udp", "legacy", "octet-count"])
def test_formats_of_log(source, haproxy_with, port, front, tmp_path, transport, format_):
    daemon = source(f"{UNIX_SOCKET} ip(127.0.0.1) port({port})")
    start_logging(haproxy_with, transport, format_, port, tmp_path)
    client_port = request(front)

    (message,) = daemon.wait_messages_of(lambda m: parsed(m).get("format") == "http", 1)
    expected = dict(FORMATS[format_])
    assert message["SEVERITY"] == "info"
    assert (message["PID"] != "") == expected.pop("pid")
    assert {name: message[name] for name in expected} == expected
    assert message["MESSAGE"].startswith(f"127.0.0.1:{client_port} [")
    values = parsed(message)
    assert (values["client_port"], values["status_code"], values["process_name"]) == (str(client_port), "403", "haproxy")
    assert values.get("pid", "") == message["PID"]
    # what is only needed on the way is gone
    assert not [name for m in daemon.messages() for name in m if "haproxy_line" in name]


def test_options_of_the_parser(source, haproxy_with, front, tmp_path):
    daemon = source(UNIX_SOCKET + ' log-format("of %ci: %ST \\"%HM\\"") prefix(".haproxy.lb.")')
    haproxy_with(f"  log {tmp_path}/chroot/dev/log local0\n", more='log-format "of %ci: %ST \\"%HM\\""')
    request(front)
    (message,) = daemon.wait_messages_of(lambda m: parsed(m).get("lb", {}).get("format") == "custom", 1)
    values = parsed(message)["lb"]
    assert (values["client_ip"], str(values["status_code"]), values["http_method"]) == ("127.0.0.1", "403", "GET")


def test_several_formats(source, tmp_path):
    daemon = source(UNIX_SOCKET + ' log-format("A %ci" "B %{+Q}r" "C %cp")')
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as log:
        for text in (b"A 192.0.2.7", b'B "GET / HTTP/1.1"', b"C 77"):
            log.sendto(b"<134>Nov 21 10:00:00 haproxy[7]: " + text, str(tmp_path / "chroot/dev/log"))
    values = [parsed(m) for m in daemon.wait_messages(3)]
    assert (values[0]["client_ip"], values[1]["http_method"], values[2]["client_port"]) == ("192.0.2.7", "GET", "77")


def test_names_of_headers_and_explanations(source, tmp_path):
    daemon = source(UNIX_SOCKET + ' explain(yes) request-headers("host" "agent")')
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as log:
        log.sendto(b"<134>Nov 21 10:00:00 haproxy[7]: " + HTTP_LINE.encode(), str(tmp_path / "chroot/dev/log"))
    (message,) = daemon.wait_messages(1)
    assert parsed(message)["request_header"] == {"host": "1wt.eu", "agent": "curl"}
    assert parsed(message)["termination_cause"]


# what stands in front of a line that somebody else hands on, the host that it names, and the process
HANDED_ON = [("<134>Nov 21 10:00:00 lb1 haproxy[7]: ", "lb1", "7"), ("<134>Nov 21 10:00:00 haproxy[7]: ", None, "7"),
             ("<134>2026-11-21T10:00:00.123+00:00 lb1 haproxy[7]: ", "lb1", "7"), ("<134>haproxy[7]: ", None, "7"),
             ("<134>haproxy: ", None, ""), ("<134>1 2026-11-21T10:00:00Z lb1 haproxy 7 - [x@1 a=\"b\"] ", "lb1", "7")]


@pytest.mark.parametrize("header, host, pid", HANDED_ON)
def test_lines_that_others_hand_on(source, port, header, host, pid):
    daemon = source(f'unix-socket("") ip(127.0.0.1) port({port})')
    connect(port, f"{header}{HTTP_LINE}\n".encode()).close()
    (message,) = daemon.wait_messages(1)
    assert (message["PROGRAM"], message["PID"], message["MESSAGE"]) == ("haproxy", pid, HTTP_LINE)
    assert message["HOST"] == (host or message["HOST_FROM"])
    values = parsed(message)
    assert (values["process_name"], values.get("pid", ""), values["format"]) == ("haproxy", pid, "http")


STRANGERS = [
    b"<38>Nov 21 10:00:00 domaincontroller sshd[1]: Accepted password",
    b"<13>1 2026-11-21T10:00:00Z host prog 12 ID [x@1 a=\"b\"] text",
    b"<13>2026-11-21T10:00:00.123+00:00 host prog[12]: text",
    b"<134>Nov 21 10:00:00 host haproxy[12]: words",
    b"<13>prog[12]: text",
    b"<13>1 text",
    b"<6>2026-11-21T10:00:00+00:00 some words",
    b"no header at all",
]


@pytest.fixture
def messages_of(daemon, port, tmp_path):
    """messages_of(haproxy?, "options", *data): what a source makes of lines that come by UDP, by TCP, and by a Unix socket."""
    path = f"{tmp_path}/log"

    def _messages(is_haproxy, options, *data, global_options=""):
        udp, unix = (f"ip(127.0.0.1) port({port}) {options}", f'"{path}" {options}')
        flags = "flags(syslog-protocol)"
        sources = (f'haproxy(unix-socket("{path}") {udp});' if is_haproxy else
                   f'network(transport("udp") {udp} {flags}); network({udp} {flags}); unix-dgram({unix} {flags});')
        daemon.start(sources, declarations=INCLUDE, options=global_options)
        for line_ in data:
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
                sock.sendto(line_, ("127.0.0.1", port))
            connect(port, line_ + b"\n").close()
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sock:
                sock.sendto(line_, path)
        messages = daemon.wait_messages(3 * len(data))
        daemon.stop()
        daemon.output_file.unlink()
        daemon.log_file.unlink()
        return messages

    return _messages


def told_apart(messages):
    """In an order of their own, without what depends on the time and the process."""
    texts = (json.dumps({name: value for name, value in m.items() if name not in ("ISODATE", "R_ISODATE") and value},
                        sort_keys=True) for m in messages)
    return sorted(re.sub(r'sequenceId=\\"\d+|"PID": "\d+"|syslog-ng\[\d+|\d\d:\d\d:\d\d', "", text) for text in texts)


@pytest.mark.parametrize("options, global_options", [
    ("", ""), ("", "keep-hostname(yes);"), ("keep-hostname(yes)", ""), ("keep-hostname(no)", "keep-hostname(yes);"),
])
def test_lines_that_are_not_of_haproxy(messages_of, options, global_options):
    """They are what network() and unix-dgram() make of them, the host among it."""
    ours, theirs = (told_apart(messages_of(is_haproxy, options, *STRANGERS, global_options=global_options))
                    for is_haproxy in (True, False))
    assert ours == theirs


@pytest.mark.parametrize("option, host", [("", "lb1"), ("keep-hostname(yes)", "lb1"), ("keep-hostname(no)", None)])
def test_the_host_of_haproxys_lines(messages_of, option, host):
    messages = messages_of(True, option, b"<134>Nov 21 10:00:00 lb1 haproxy[7]: " + HTTP_LINE.encode())
    assert [parsed(m)["format"] for m in messages] == ["http"] * 3
    assert [m["HOST"] for m in messages] == [host or m["HOST_FROM"] for m in messages]


# of log-format strings without a header: with a version of RFC 5424 in front, and with a number of octets
NUMBERS = [("short", "%rt %ci %cp", "unix"), ("priority", "%rt %ci %cp", "udp"), ("raw", "%ST %ci %cp", "legacy")]


@pytest.mark.parametrize("format_, text, transport", NUMBERS)
def test_lines_that_begin_with_a_number(source, haproxy_with, port, front, tmp_path, format_, text, transport):
    daemon = source(f'{UNIX_SOCKET} ip(127.0.0.1) port({port}) framing("newline") log-format("{text}")')
    start_logging(haproxy_with, transport, format_, port, tmp_path, more=f'log-format "{text}"')
    ports = [request(front) for _ in range(3)]
    messages = daemon.wait_messages_of(lambda m: parsed(m).get("format") == "custom", 3)
    assert sorted(parsed(m)["client_port"] for m in messages) == sorted(map(str, ports))


def test_a_line_that_no_log_path_wants_comes_no_other_way(source, port):
    """What README says to do for syslog-ng 3.38; the later ones do not need it."""
    last_path = "); }; log { source(s_test); flags(" if not HAS_TYPES else ""
    daemon = source(f'unix-socket("") ip(127.0.0.1) port({port})',
                    filters='filter { "${.haproxy.format}" eq "" };', log_flags=last_path)
    connect(port, f"<134>Nov 21 10:00:00 lb1 haproxy[7]: {HTTP_LINE}\n<134>{HTTP_LINE}\n".encode() + line("last")).close()
    (message,) = daemon.wait_messages_of(lambda m: m["MESSAGE"] == "last", 1)
    assert daemon.messages() == [message]


def test_a_proxy_that_is_trusted_may_say_who_has_sent(source, port):
    daemon = source(f'unix-socket("") ip(127.0.0.1) port({port}) trusted-proxies("127.0.0.1")')
    connect(port, v1("192.0.2.77") + line("text")).close()
    (message,) = daemon.wait_messages(1)
    assert (message["SOURCEIP"], message["PROXY_SRCIP"]) == ("192.0.2.77", "192.0.2.77")


def test_a_proxy_header_of_anybody_else_is_a_message(source, port):
    daemon = source(f'unix-socket("") ip(127.0.0.1) port({port})')
    connect(port, v1("192.0.2.77") + line("text")).close()
    messages = daemon.wait_messages(2)
    assert {m["SOURCEIP"] for m in messages} == {"127.0.0.1"}


def test_ipv6(source, port):
    daemon = source(f'unix-socket("") ip("::") ip-protocol(6) port({port})')
    for family, host in ((socket.AF_INET6, "::1"), (socket.AF_INET, "127.0.0.1")):
        with socket.socket(family, socket.SOCK_DGRAM) as udp:
            udp.sendto(HTTP_LINE.encode(), (host, port))
        connect(port, HTTP_LINE.encode() + b"\n", host=host).close()
    messages = daemon.wait_messages(4)
    assert {parsed(m)["format"] for m in messages} == {"http"}
    assert sorted(m["SOURCEIP"].removeprefix("::ffff:") for m in messages) == ["127.0.0.1", "127.0.0.1", "::1", "::1"]


def test_only_so_many_connections(source, port):
    daemon = source(f'unix-socket("") ip(127.0.0.1) port({port}) max-connections(1)')
    with connect(port, line("one")), connect(port, line("two")):
        daemon.wait_log("max-connections() is reached")


@pytest.mark.parametrize("options, error", [
    ('unix-socket("")', "haproxy() has nothing to listen on: give it unix-socket() or port()"),
    ('formats("nonsense")', 'formats() does not know "nonsense"'),
    ('nonsense(1)', "syntax error"),
])
def test_mistakes(daemon, options, error):
    result = daemon.check(f"haproxy({options});", declarations=INCLUDE)
    assert result.returncode != 0
    assert error in result.stderr


@pytest.fixture(params=["missing", "broken"])
def without_module(request, monkeypatch, tmp_path):
    """without_module("name") takes a module away, or puts one there that cannot be loaded, as after an upgrade of syslog-ng."""
    import daemon as daemon_module

    def _without(module):
        left = [path for path in daemon_module.MODULES if module not in str(path)]
        if request.param == "broken":
            (tmp_path / f"lib{module}.so").write_text("for another syslog-ng")
            left.append(tmp_path)
        monkeypatch.setattr(daemon_module, "MODULES", left)

    return _without


@pytest.mark.parametrize("module", ["haproxy-parser", "proxy-protocol"])
def test_a_missing_module(daemon, module, without_module):
    without_module(module)
    result = daemon.check("haproxy();", declarations=INCLUDE)
    assert result.returncode != 0
    assert f"haproxy() needs the module {module} of syslog-ng-haproxy" in result.stderr


@pytest.mark.parametrize("source", ["system();", "default-network-drivers();"])
@pytest.mark.parametrize("module", ["haproxy-parser", "proxy-protocol"])
def test_a_missing_module_harms_nobody_else(daemon, module, without_module, source):
    """The library stays where it is when syslog-ng is upgraded: the configurations of everybody must go on working."""
    without_module(module)
    assert daemon.check(source, declarations=APPLICATIONS).returncode == 0


# ---------------------------------------------------------------------------
# The application of app-parser()
# ---------------------------------------------------------------------------

APPLICATIONS = f'@include "scl.conf"\n{INCLUDE}'
NETWORK_DRIVERS = "default-network-drivers(udp-port({udp}) tcp-port({tcp}) rfc5424-tcp-port({rfc5424}) rfc5424-tls-port({tls}))"


def test_default_network_drivers_know_haproxy(daemon):
    ports = {name: free_port() for name in ("udp", "tcp", "rfc5424", "tls")}
    daemon.start(f"{NETWORK_DRIVERS.format(**ports)};", declarations=APPLICATIONS)
    lines = [("haproxy", HTTP_LINE), ("haproxy-www", HTTP_LINE), ("other", HTTP_LINE), ("haproxy", "text")]
    connect(ports["tcp"], "".join(f"<134>Nov 21 10:00:00 lb1 {program}[7]: {text}\n" for program, text in lines).encode()).close()
    frame = f"<134>1 2026-11-21T10:00:00Z lb1 haproxy 7 - - {HTTP_LINE}"
    connect(ports["rfc5424"], f"{len(frame)} {frame}".encode()).close()
    messages = daemon.wait_messages(5)
    known = [m["PROGRAM"] for m in messages if ".app.haproxy" in m["TAGS"].split(",")]
    assert sorted(known) == ["haproxy", "haproxy", "haproxy-www"]
    for message in messages:
        assert bool(parsed(message)) == (".app.haproxy" in message["TAGS"].split(","))
    assert [m["MESSAGE"] for m in messages if m["PROGRAM"] == "haproxy" and not parsed(m)] == ["text"]


def test_app_parser_can_be_told_to_leave_haproxy_alone(daemon, port):
    daemon.start(f"network(ip(127.0.0.1) port({port}));", declarations=APPLICATIONS,
                 filters='if { parser { app-parser(topic(syslog) auto-parse-exclude("haproxy")); }; };')
    connect(port, f"<134>Nov 21 10:00:00 lb1 haproxy[7]: {HTTP_LINE}\n".encode()).close()
    (message,) = daemon.wait_messages(1)
    assert not parsed(message) and ".app.haproxy" not in message["TAGS"]


# ---------------------------------------------------------------------------
# haproxy-ecs()
# ---------------------------------------------------------------------------

COMMON = {"ecs": {"version": "8.11.0"}, "host": {"name": "lb1"}, "process": {"name": "haproxy", "pid": 7}}


def typed(value):
    """As syslog-ng 3.38 writes it: all is text."""
    if HAS_TYPES:
        return value
    if isinstance(value, dict):
        return {name: typed(v) for name, v in value.items()}
    if isinstance(value, list):
        return ",".join(value)
    return str(value).lower() if isinstance(value, bool) else str(value)


# what HAProxy logs, and what of its document is not in COMMON
DOCUMENTS = {
    "http": (HTTP_LINE, {
        "@timestamp": "2009-02-06T12:14:14.655+00:00",
        "source": {"address": "127.0.0.7", "ip": "127.0.0.7", "port": 33317},
        "related": {"ip": "127.0.0.7"},
        "http": {"version": "1.1", "request": {"method": "GET"}, "response": {"status_code": 200, "bytes": 2750}},
        "url": {"original": "/index.html?q=1", "path": "/index.html", "query": "q=1"},
        "event": {"kind": "event", "module": "haproxy", "dataset": "haproxy.log", "category": "web", "type": "connection",
                  "outcome": "success", "duration": 109000000},
        "haproxy": {
            "source": "lb1", "frontend_name": "http-in", "backend_name": "static", "server_name": "srv1", "termination_state": "----",
            "bytes_read": 2750, "total_waiting_time_ms": 0, "connection_wait_time_ms": 30, "server_queue": 5, "backend_queue": 6,
            "connections": {"active": 1, "frontend": 1, "backend": 2, "server": 3, "retries": 4},
            "http": {
                "request": {"raw_request_line": "GET /index.html?q=1 HTTP/1.1", "time_wait_ms": 10, "time_wait_without_data_ms": 69,
                            "captured_cookie": "-", "captured_headers": ["1wt.eu", "curl"]},
                "response": {"captured_cookie": "-", "captured_headers": ["gzip"]}}},
    }),
    "https": ('2001:db8::7:33317 [06/Feb/2009:12:14:14.655] https-in~ static/srv1 10/0/30/69/109 503 2750 - - ---- 1/1/1/1/0 0/0'
              ' "GET / HTTP/2.0" 0/0/0/0/1 1wt.eu/TLSv1.3/TLS_AES_256_GCM_SHA384', {
        "source": {"address": "2001:db8::7", "ip": "2001:db8::7", "port": 33317},
        "tls": {"version": "1.3", "version_protocol": "tls", "cipher": "TLS_AES_256_GCM_SHA384", "resumed": True,
                "client": {"server_name": "1wt.eu"}},
        "destination": {"domain": "1wt.eu"},
        "related": {"ip": "2001:db8::7", "hosts": "1wt.eu"},
        "url": {"original": "/", "path": "/", "domain": "1wt.eu"},
        "event.outcome": "failure",
        "haproxy.connections.ssl_c_ca_err": 0,
    }),
    "no TLS": ('127.0.0.7:33317 [06/Feb/2009:12:14:14.655] www www/<NOSRV> -1/-1/-1/-1/0 -1 0 - - CR-- 1/1/0/0/0 0/0'
               ' "<BADREQ>" 0/0/0/0/0 -/-/-', {
        "tls": {"resumed": False},
        "http": None, "destination": None, "url": None, "event.outcome": None, "event.duration": 0,
        "haproxy.http.request.raw_request_line": "<BADREQ>", "haproxy.total_waiting_time_ms": -1,
    }),
    "tcp": ("10.0.1.2:33313 [06/Feb/2009:12:12:51.443] fnt bck/srv1 0/0/+5007 212 -- 0/0/0/0/3 0/0", {
        "source": {"address": "10.0.1.2", "ip": "10.0.1.2", "port": 33313},
        "event": {"kind": "event", "module": "haproxy", "dataset": "haproxy.log", "category": "network", "type": "connection",
                  "duration": 5007000000},
        "http": None,
        "haproxy.bytes_read": 212,
    }),
    # HAProxy 2.6 to 3.2: a client that speaks TLS, and one that does not
    "https of HAProxy": ('127.0.0.1:45176 [21/Nov/2026:09:57:36.974] www~ www/<NOSRV> 0/-1/-1/-1/0 403 192 - - PR-- 1/1/0/0/0 0/0'
                         ' "GET / HTTP/1.0" 0/0000000000000000/0/0/0 localhost/TLSv1.3/TLS_AES_256_GCM_SHA384', {
        "haproxy.connections.ssl_fc_err": 0, "tls.version": "1.3", "tls.cipher": "TLS_AES_256_GCM_SHA384",
    }),
    "https without TLS": ('127.0.0.1:45178 [21/Nov/2026:09:57:36.975] www~ www/<NOSRV> -1/-1/-1/-1/0 0 0 - - PR-- 1/1/0/0/0 0/0'
                          ' "<BADREQ>" 34/000000000A00009C/0/0/0 -/TLSv1.3/(NONE)', {
        "haproxy.connections.ssl_fc_err": 0x0A00009C, "haproxy.connections.fc_err": 34, "tls": {"resumed": False},
    }),
    "a Unix socket": ("unix:3 [06/Feb/2009:12:12:51.443] fnt bck/srv1 0/0/7 212 -- 0/0/0/0/3 0/0", {
        "source": {"address": "unix"}, "related": None,
    }),
    "connect": ("Connect from 10.0.1.2:33312 to 10.0.3.31:8012 (www/HTTP)", {
        "source": {"address": "10.0.1.2", "ip": "10.0.1.2", "port": 33312},
        "destination": {"address": "10.0.3.31", "ip": "10.0.3.31", "port": 8012},
        "haproxy": {"source": "lb1", "frontend_name": "www", "mode": "HTTP"},
        "event.category": "web",
    }),
    "error": ("127.0.0.1:56059 [03/Dec/2012:17:35:10.380] frt/f1: Connection error during SSL handshake", {
        "@timestamp": "2012-12-03T17:35:10.380+00:00",
        "source": {"address": "127.0.0.1", "ip": "127.0.0.1", "port": 56059},
        "haproxy": {"source": "lb1", "frontend_name": "frt", "bind_name": "f1",
                    "error_message": "Connection error during SSL handshake"},
    }),
    "http-clf": ('127.0.0.1 - - [21/Nov/2026:10:00:00 +0200] "GET /x HTTP/1.1" 404 192 "" "" 36424 533 "www" "www" "<NOSRV>"'
                 ' 0 -1 -1 -1 0 PR-- 1 1 0 0 0 0 0 "" ""', {
        "@timestamp": "2026-11-21T10:00:00.000+02:00",
        "http.response.status_code": 404,
        "url": {"original": "/x", "path": "/x"},
    }),
    "event": ("Server app/app2 is DOWN, reason: Layer4 connection problem, info: \"Connection refused\", check duration: 0ms."
              " 1 active and 0 backup servers left. 0 sessions active, 0 requeued, 0 remaining in queue.", {
        "@timestamp": "2026-11-21T10:00:00.000+00:00",
        "event.action": "server_down", "event.reason": "Layer4 connection problem", "source": None,
        "haproxy": {"source": "lb1", "backend_name": "app", "server_name": "app2"},
    }),
}


def find(document, path):
    """The value of a path with dots, None where there is none."""
    for name in path.split("."):
        document = (document or {}).get(name)
    return document


@pytest.fixture
def ecs(daemon, port, tmp_path, monkeypatch):
    """ecs("options of haproxy-ecs()", *lines) gives what $(haproxy-ecs) makes of the lines."""
    monkeypatch.setitem(daemon.environment, "TZ", "UTC")

    def _documents(options, *lines, parser_options=""):
        output = tmp_path / "ecs.json"
        daemon.start(f"network(ip(127.0.0.1) port({port}) keep-hostname(yes));", declarations=INCLUDE,
                     filters=f"parser {{ haproxy-parser({parser_options}); haproxy-ecs({options}); }};"
                             f'destination {{ file("{output}" template("$(haproxy-ecs)\\n")); }};')
        connect(port, "".join(f"<134>Nov 21 10:00:00 lb1 haproxy[7]: {text}\n" for text in lines).encode()).close()
        wait_for(lambda: output.exists() and output.read_text().count("\n") == len(lines), lambda: f"documents: {daemon.log()}")
        return [json.loads(text) for text in output.read_text().splitlines()]

    return _documents


@pytest.mark.parametrize("name", DOCUMENTS)
def test_documents(ecs, name):
    text, expected = DOCUMENTS[name]
    (document,) = ecs("", text)
    assert document["message"] == text
    for path, value in {**COMMON, **expected}.items():
        if path == "@timestamp" and name == "event":
            assert document[path][4:] == value[4:]
        else:
            assert find(document, path) == (None if value is None else typed(value)), path


# of log-format strings that do not say all: what is not there is absent, and an address that is none is in no field for addresses
FORMATS_OF_DOCUMENTS = [
    ("%ST", "200", {"http": {"response": {"status_code": "200"}}, "source": None}),
    ("%B %ST", "12 -1", {"http": None, "haproxy.bytes_read": "12"}),
    ("%ci", "192.0.2.7", {"source": {"address": "192.0.2.7", "ip": "192.0.2.7"}}),
    ("%ci:%cp %fi:%fp", "unix:2 unix:3", {"source": {"address": "unix"}, "destination": {"address": "unix"}, "related": None}),
    ("%ci %fi:%fp", "::1 127.0.0.1:80", {"source.ip": "::1", "destination": {"address": "127.0.0.1", "ip": "127.0.0.1", "port": "80"}}),
    ("%[ssl_fc_err]", "167772316", {"haproxy.connections": {"ssl_fc_err": "167772316"}}),
    ("%[ssl_fc_err]", "-", {"haproxy.connections": None}),
]


@pytest.mark.parametrize("text, line_, expected", FORMATS_OF_DOCUMENTS)
def test_documents_of_other_formats(ecs, text, line_, expected):
    (document,) = ecs("", line_, parser_options=f'log-format("{text}")')
    assert {path: find(as_text(document), path) for path in expected} == expected


def test_tls_of_the_real_haproxy(source, haproxy_with, front, tmp_path, certificates):
    """With option httpslog, and the same line where the handshake fails."""
    output = tmp_path / "ecs.json"
    source(filters=f'parser {{ haproxy-ecs(); }}; destination {{ file("{output}" template("$(haproxy-ecs)\\n")); }};')
    failed = ('%ci:%cp [%tr] %ft %b/%s %TR/%Tw/%Tc/%Tr/%Ta %ST %B %CC %CS %tsc %ac/%fc/%bc/%sc/%rc %sq/%bq %hr %hs %{+Q}r'
              ' %[fc_err]/%[ssl_fc_err,hex]/%[ssl_c_err]/%[ssl_c_ca_err]/%[ssl_fc_is_resumed] %[ssl_fc_sni]/%sslv/%sslc')
    haproxy_with(f"  log {tmp_path}/chroot/dev/log local0\n", bind=f"ssl crt {certificates.server}",
                 more=f'option httpslog\n  error-log-format "{failed}"')
    with connect(front) as raw, client_context().wrap_socket(raw, server_hostname="localhost") as sock:
        sock.sendall(REQUEST)
        sock.recv(65536)
    request(front)
    wait_for(lambda: output.exists() and len(with_tls_errors(output)) == 2, output.read_text)
    spoken, refused = sorted(with_tls_errors(output), key=lambda document: find(document, "haproxy.connections.ssl_fc_err") != "0")
    assert (find(spoken, "tls.version"), find(spoken, "tls.client.server_name")) == ("1.3", "localhost")
    assert int(find(refused, "haproxy.connections.ssl_fc_err")) > 0
    assert refused["tls"] == {"resumed": "false"}


def with_tls_errors(output):
    documents = [as_text(json.loads(text)) for text in output.read_text().splitlines()]
    return [document for document in documents if find(document, "haproxy.connections.ssl_fc_err")]


def test_the_clock_of_haproxy_and_the_prefix(ecs):
    (document,) = ecs('prefix("lb.") time-zone("-05:00")', HTTP_LINE, parser_options='prefix("lb.")')
    assert document["@timestamp"] == "2009-02-06T12:14:14.655-05:00"
    assert document["http"]["request"]["method"] == "GET"


def test_it_fails_on_messages_that_are_not_of_haproxy(daemon, port):
    daemon.start(f"network(ip(127.0.0.1) port({port}));", declarations=INCLUDE,
                 filters='if { parser { haproxy-ecs(); }; } else { rewrite { set("failed" value("MSGID")); }; };')
    connect(port, line("text")).close()
    (message,) = daemon.wait_messages(1)
    assert (message["MSGID"], message["MESSAGE"]) == ("failed", "text")


# ---------------------------------------------------------------------------
# sekoia-intake()
# ---------------------------------------------------------------------------

# with what is special in a string, in structured data, and in a template
KEY = 'Kx7-\\"]_key$HOST${PROGRAM}$(echo x)'


@pytest.fixture(scope="module")
def localhost(certificates):
    return certificate(certificates.directory, "localhost", "/CN=localhost", ["rsa:2048"], "ca")


@pytest.fixture
def intake(unpacked_rsyslog, tmp_path):
    """A rsyslog that has not been started."""
    receiver = rsyslog.RsyslogReceiver(tmp_path)
    yield receiver
    receiver.stop()


@pytest.fixture
def to_intake(daemon, port, front, certificates, tmp_path):
    """to_intake("options") starts the daemon, with sekoia-intake() to the front port."""

    def _start(options=""):
        return daemon.start(
            f'syslog(ip(127.0.0.1) port({port}) transport("tcp") keep-hostname(yes));', options="time-reopen(1);",
            declarations=f"{INCLUDE}destination d_sekoia {{ sekoia-intake(intake-key({json.dumps(KEY)}) port({front})"
                         f' host("localhost") tls(ca-file("{certificates.ca}")) {options}); }};',
            filters="destination(d_sekoia);")

    return _start


def frame(text, data="-"):
    message = f"<134>1 2026-11-21T10:00:00.123456Z lb1 haproxy 7 - {data} {text}".encode()
    return b"%d %s" % (len(message), message)


def wait_frames(intake, count):
    return wait_for(lambda: (found := intake.frames())[count - 1:] and found, lambda: f"{count} frames, have {intake.frames()}")


def test_each_message_is_a_frame_with_the_key(intake, to_intake, localhost, port, front):
    intake.start(front, localhost, localhost.with_suffix(".key"))
    to_intake()
    texts = [HTTP_LINE, "one\ntwo", "three"]
    connect(port, frame(texts[0]) + frame(texts[1]) + frame(texts[2], '[SEKOIA@53288 intake_key="forged"]')).close()
    frames = wait_frames(intake, 3)
    assert [f["text"].removeprefix(" ") for f in frames] == texts
    for received, text in zip(frames, texts):
        assert (received["host"], received["program"], received["pid"], received["pri"]) == ("lb1", "haproxy", "7", "134")
        # nothing of the octet counts is in it, and nothing is missing
        assert re.match(r"<134>1 2026-11-21T10:00:00\.123456\+00:00 lb1 haproxy 7 - \[SEKOIA@53288 ", received["frame"])
        assert received["frame"].endswith(f"] {text}")
        (key,) = re.findall(r'\[SEKOIA@53288 intake_key="((?:[^"\\\]]|\\.)*)"\]', received["frame"])
        assert re.sub(r"\\(.)", r"\1", key) == KEY


def test_the_disk_buffer_holds_what_the_intake_does_not_take(intake, to_intake, localhost, daemon, port, front, tmp_path):
    to_intake(f'disk-buffer(reliable(yes) disk-buf-size(1048576) dir("{tmp_path}"))')
    connect(port, b"".join(frame(f"message {i}") for i in range(20))).close()
    daemon.wait_messages(20)
    daemon.stop()
    daemon.log_file.unlink()
    intake.start(front, localhost, localhost.with_suffix(".key"))
    to_intake(f'disk-buffer(reliable(yes) disk-buf-size(1048576) dir("{tmp_path}"))')
    assert [f["text"].removeprefix(" ") for f in wait_frames(intake, 20)] == [f"message {i}" for i in range(20)]


def test_nothing_goes_to_anybody_else(intake, to_intake, certificates, daemon, port, front):
    """The certificate is valid, but it is not that of the host."""
    intake.start(front, certificates.server, certificates.server.with_suffix(".key"))
    to_intake()
    connect(port, frame("secret")).close()
    daemon.wait_log("Certificate subject does not match configured hostname")
    daemon.wait_log("certificate verify failed")
    assert intake.frames() == []


@pytest.mark.parametrize("options, error", [
    ('intake-key("")', "sekoia-intake() needs intake-key()"),
    ('intake-key("key") host("")', "sekoia-intake() needs host()"),
])
def test_mistakes_with_the_intake(daemon, options, error):
    result = daemon.check("internal();", declarations=f"{INCLUDE}destination d_sekoia {{ sekoia-intake({options}); }};")
    assert result.returncode != 0
    assert error in result.stderr


def test_the_key_is_not_sent_in_clear(to_intake, port, front):
    """Whatever the options say."""
    with socket.create_server(("127.0.0.1", front)) as intake:
        to_intake('transport("tcp")')
        connect(port, frame("secret")).close()
        connection, _ = intake.accept()
        with connection:
            # the hello of a TLS handshake
            assert connection.recv(1) == b"\x16"


def test_the_key_must_be_given(daemon):
    result = daemon.check("internal();", declarations=INCLUDE + "destination d_sekoia { sekoia-intake(); };")
    assert result.returncode != 0
    assert "Mandatory parameter not overridden; parameter='intake_key'" in result.stderr


def test_defaults_of_the_intake(daemon):
    """What stands in Sekoia.io's documentation."""
    daemon.configure("internal();", declarations=INCLUDE + DESTINATION)
    result = subprocess.run(daemon._command(f"--preprocess-into={daemon.directory}/whole.conf", "--syntax-only"),
                            capture_output=True, text=True)
    assert result.returncode == 0, result.stderr
    whole = (daemon.directory / "whole.conf").read_text()
    assert re.search(r'syslog\("intake\.sekoia\.io" .* port\(10514\) transport\("tls"\) tls\(peer-verify\("required-trusted"\)', whole)
