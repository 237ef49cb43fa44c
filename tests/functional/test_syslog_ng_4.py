# SPDX-License-Identifier: GPL-2.0-or-later
"""What syslog-ng has from version 4 on, and what earlier ones do instead: types, names for Prometheus, filterx."""

import re
import time

import pytest
from client import connect, is_closed_by_peer, line, send, v1
from daemon import as_text, free_port, has_filterx, has_types, is_about_a_second, macros

HEADER = v1("192.0.2.1", "198.51.100.1", 56324, 6514)
OF_THE_HEADER = {"SRCIP": "192.0.2.1", "SRCPORT": 56324, "DSTIP": "198.51.100.1", "DSTPORT": 6514, "IP_VERSION": 4, "VERSION": 1,
                 "PEERIP": "127.0.0.1"}

SYSLOG_HEADER = b"<134>Feb  6 12:12:56 localhost haproxy[14387]: "
TCP = b"10.0.1.2:33313 [06/Feb/2009:12:12:51.443] fnt bck/srv1 0/0/+5007 212 -- 0/0/0/0/+3 0/0"
OF_THE_TCP_LINE = {
    "format": "tcp", "process_name": "haproxy", "pid": 14387, "client_ip": "10.0.1.2", "client_port": 33313,
    "accept_date": "06/Feb/2009:12:12:51.443", "frontend_name": "fnt", "frontend_ssl": False, "backend_name": "bck",
    "server_name": "srv1", "Tw": 0, "Tc": 0, "Tt": 5007, "partial": True, "bytes_read": 212, "termination_state": "--",
    "actconn": 0, "feconn": 0, "beconn": 0, "srv_conn": 0, "retries": 3, "redispatched": True, "srv_queue": 0, "backend_queue": 0,
}
CUSTOM = b"unix 1 18446744073709551615 -1"
OF_THE_CUSTOM_LINE = {"format": "custom", "process_name": "haproxy", "pid": 14387, "client_ip": "unix",
                      "client_port": 1, "bytes_read": "18446744073709551615", "Tw": -1}


def as_the_daemon_knows(values):
    return values if has_types() else as_text(values)


def test_numbers_of_a_header_are_numbers(start, port):
    daemon = start()
    send(port, HEADER, line("hello"))
    daemon.wait_messages(1)
    values = macros(daemon.typed_messages()[0])
    assert isinstance(values.pop("PEERPORT"), int if has_types() else str)
    assert values == as_the_daemon_knows(OF_THE_HEADER)


@pytest.mark.parametrize("text, options, expected", [
    (TCP, "", OF_THE_TCP_LINE),
    # what is no number, or has no room in 64 bits, stays as it is
    (CUSTOM, 'log-format("%ci %cp %B %Tw")', OF_THE_CUSTOM_LINE),
])
def test_numbers_and_booleans_of_a_line_are_such(start, port, text, options, expected):
    daemon = start(filters=f"parser {{ haproxy-parser({options}); }};")
    send(port, HEADER, SYSLOG_HEADER + text + b"\n")
    daemon.wait_messages(1)
    assert daemon.typed_messages()[0]["_haproxy"] == as_the_daemon_knows(expected)


def test_an_older_version_of_the_configuration_has_no_types(start, port, monkeypatch):
    monkeypatch.setattr("daemon.config_version", lambda: "3.38")
    daemon = start(filters="parser { haproxy-parser(); };")
    send(port, HEADER, SYSLOG_HEADER + TCP + b"\n")
    daemon.wait_messages(1)
    message = daemon.typed_messages()[0]
    assert message["_haproxy"] == as_text(OF_THE_TCP_LINE)
    assert message["PROXY_SRCPORT"] == "56324"


def test_filters_compare_numbers(start, port):
    daemon = start(filters='parser { haproxy-parser(); }; filter { "${.haproxy.Tt}" > "701" and "${PROXY_SRCPORT}" > "9999" };')
    send(port, HEADER, *(SYSLOG_HEADER + TCP.replace(b"5007", time) + b"\n" for time in (b"5007", b"700", b"10000")))
    assert [message["_haproxy"]["Tt"] for message in daemon.wait_messages(2)] == ["5007", "10000"]


FILTERX = """filterx {
  isset(${.haproxy.Tt});
  ${.haproxy.Tt} == 5007 and ${PROXY_SRCPORT} == 56324 and ${PROXY_SRCIP} eq "192.0.2.1" and ${.haproxy.partial};
  ${LB_time} = ${.haproxy.Tt};
};"""


def test_filterx_sees_the_fields(daemon, port):
    source = f"proxy-protocol(ip(127.0.0.1) port({port}));"
    filters = f"parser {{ haproxy-parser(); }}; {FILTERX}"
    if not has_filterx():
        assert "syntax error" in daemon.check(source, filters=filters).stderr
        return
    daemon.start(source, filters=filters)
    send(port, HEADER, SYSLOG_HEADER + TCP + b"\n", SYSLOG_HEADER + TCP.replace(b"5007", b"700") + b"\n")
    (message,) = daemon.wait_messages(1)
    assert message["LB_time"] == "5007"
    assert daemon.typed_messages()[0]["LB_time"] == 5007


METRIC = re.compile(r'^syslogng_(proxy_protocol_\w+)\{id="s_test#0",driver_instance="proxy_protocol_sd.lb"(?:,(\w+="\w+"))?\} (\d+)$')
EXPECTED_METRICS = {
    "proxy_protocol_accepted_connections_total": 3,
    'proxy_protocol_headers_total{type="v1"}': 2,
    'proxy_protocol_headers_total{type="v2"}': 0,
    'proxy_protocol_headers_total{type="local"}': 0,
    'proxy_protocol_refused_connections_total{reason="untrusted"}': 0,
    'proxy_protocol_refused_connections_total{reason="malformed"}': 1,
    'proxy_protocol_refused_connections_total{reason="handshake"}': 0,
    'proxy_protocol_refused_connections_total{reason="timeout"}': 0,
    'proxy_protocol_refused_connections_total{reason="max_pending_headers"}': 0,
    'proxy_protocol_refused_connections_total{reason="max_connections"}': 0,
    "proxy_protocol_connections": 0,
    "proxy_protocol_pending_headers": 0,
}


def metrics(daemon):
    """Those of the driver in syslog-ng-ctl stats prometheus: name, with the label that is only theirs -> number."""
    matches = map(METRIC.match, daemon.ctl("stats", "prometheus").splitlines())
    return {m[1] + (f"{{{m[2]}}}" if m[2] else ""): int(m[3]) for m in matches if m}


def test_counters_have_names_for_prometheus(start, port):
    daemon = start("persist-name(lb)")
    send(port, HEADER, line("hello"))
    send(port, HEADER, line("hello"))
    send(port, b"hello\n")
    daemon.wait_counter("refused_malformed", 1)
    daemon.wait_counter("connections", 0)
    if has_types():
        assert metrics(daemon) == EXPECTED_METRICS
    else:
        assert "syslogng_" not in daemon.ctl("stats", "prometheus")


def test_the_reader_counts_under_the_name_of_the_driver(start, port):
    daemon = start(options="stats-level(1);" if not has_types() else "stats(level(1));")
    send(port, HEADER, line("hello"))
    daemon.wait_messages(1)
    assert "src.proxy-protocol;s_test#0;tcp,127.0.0.1;a;processed;1" in daemon.ctl("stats")
    if has_types():
        assert ('syslogng_input_events_total{transport="tcp",address="127.0.0.1",driver="proxy-protocol",id="s_test#0"} 1'
                in daemon.ctl("stats", "prometheus"))


# Options of network() that are new


def is_taken_by_network(daemon, option):
    return daemon.check(f"network(ip(127.0.0.1) {option});").returncode == 0


MULTI_LINE = "multi-line-mode(empty-line-separated)"


@pytest.mark.parametrize("data", [b"one\ntwo\n\nthree\n\n", b"one\r\ntwo\r\n\r\nthree\r\n\r\n", b"\n\none\n\n"])
def test_multi_line_mode_is_that_of_network(daemon, port, data):
    source = f"proxy-protocol(ip(127.0.0.1) port({port}) flags(no-parse) {MULTI_LINE});"
    if not is_taken_by_network(daemon, MULTI_LINE):
        assert "needs a syslog-ng whose network() has it" in daemon.check(source).stderr
        return
    other = free_port()
    daemon.start(f"{source} network(ip(127.0.0.1) port({other}) flags(no-parse) {MULTI_LINE});")
    send(other, data)
    last = data.split()[-1].decode()
    daemon.wait_messages_of(lambda message: last in message["MESSAGE"], 1)
    expected = [message["MESSAGE"] for message in daemon.messages()]
    send(port, HEADER, data)
    daemon.wait_messages(2 * len(expected))
    assert [m["MESSAGE"] for m in daemon.messages() if "PROXY_SRCIP" in m] == expected


@pytest.mark.parametrize("mode", ["indented", "regexp", "no-such-mode"])
def test_other_modes_of_multi_line_are_for_files(daemon, mode):
    option = f'multi-line-mode("{mode}")'
    assert not is_taken_by_network(daemon, option)
    assert 'multi-line-mode() takes "empty-line-separated"' in daemon.check(f"proxy-protocol({option});").stderr


def test_idle_connections_are_closed(daemon, port):
    option = "idle-timeout(1)"
    source = f"proxy-protocol(ip(127.0.0.1) port({port}) {option});"
    if not is_taken_by_network(daemon, option):
        assert daemon.check(source).returncode == 1
        return
    daemon.start(source)
    with connect(port, HEADER + line("hello")) as client:
        daemon.wait_messages(1)
        begin = time.monotonic()
        assert is_closed_by_peer(client)
        assert is_about_a_second(time.monotonic() - begin)
    daemon.wait_log("Source timeout has elapsed, closing connection")
    daemon.wait_counter("connections", 0)
