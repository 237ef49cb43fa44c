# SPDX-License-Identifier: GPL-2.0-or-later
"""What real senders write arrives whole, in each of their framings: most of them through HAProxy."""

import subprocess

import pytest
import rsyslog
from client import connect, send
from daemon import free_port, macros
from tls import tls_option

OCTET_COUNTED = ["octet-counted", "auto"]
NEWLINE = ["newline", "auto"]


@pytest.fixture
def through_haproxy(start, port, haproxy, front):
    """through_haproxy("options of proxy-protocol()") starts the daemon, and HAProxy in front of it."""

    def _start(driver_options, **kwargs):
        daemon = start(driver_options, **kwargs)
        haproxy.start(f"127.0.0.1:{front}", f"127.0.0.1:{port}", "send-proxy-v2")
        return daemon

    return _start


# ---------------------------------------------------------------------------
# HAProxy's own logs
# ---------------------------------------------------------------------------

RING = """
global
  stats socket {socket} level admin
  log ring@logs format {format} local0
ring logs
  format {format}
  maxlen 1200
  size 32764
  timeout connect 5s
  timeout server 10s
  server syslog-ng 127.0.0.1:{port} log-proto {log_proto} {options}
defaults
  mode tcp
  log global
  option tcplog
  timeout connect 5s
  timeout client 5s
  timeout server 5s
frontend front
  bind 127.0.0.1:{front}
"""


@pytest.mark.parametrize("send_proxy", ["send-proxy", "send-proxy-v2"])
@pytest.mark.parametrize("format_, flags", [("rfc5424", "flags(syslog-protocol)"), ("rfc3164", "")])
@pytest.mark.parametrize("log_proto, framing",
                         [*(("octet-count", f) for f in OCTET_COUNTED), *(("legacy", f) for f in NEWLINE)])
def test_a_ring_of_haproxy(start, port, haproxy, front, log_proto, framing, format_, flags, send_proxy):
    ring = RING.format(socket=haproxy.socket, format=format_, port=port, log_proto=log_proto, options=send_proxy, front=front)
    if "'send-proxy*' server option is unsupported there, ignoring it" in haproxy.check(ring).stderr:
        # so do HAProxy's versions from the summer of 2025 on: there is no header
        trust = 'trusted-proxies("192.0.2.1") untrusted-peers("direct")'
    else:
        trust = 'trusted-proxies("127.0.0.1")'
    daemon = start(f'framing("{framing}") {flags} {trust}')
    haproxy.start_with(ring)
    for _ in range(3):
        connect(front).close()
    texts = daemon.wait_messages_of(lambda m: "front" in m["MESSAGE"], 3)
    assert {m["PROGRAM"] for m in texts} == {"haproxy"}
    assert all(m["MESSAGE"].startswith("127.0.0.1:") and "front/<NOSRV>" in m["MESSAGE"] for m in texts), texts
    assert not daemon.log_lines("reason=") and not daemon.log_lines("frame header")


# ---------------------------------------------------------------------------
# rsyslog
# ---------------------------------------------------------------------------


@pytest.fixture
def rsyslogd(unpacked_rsyslog, tmp_path):
    process = rsyslog.Rsyslog(tmp_path)
    yield process
    process.stop()


@pytest.mark.parametrize("tcp_framing, framing, text", [
    *(("octet-counted", f, "one\ntwo") for f in OCTET_COUNTED), *(("traditional", f, "one, two") for f in NEWLINE)])
def test_omfwd_of_rsyslog(through_haproxy, rsyslogd, front, tcp_framing, framing, text):
    daemon = through_haproxy(f'framing("{framing}") flags(syslog-protocol)')
    rsyslogd.start(front, tcp_framing)
    for i in range(3):
        rsyslogd.write(f"<13>Nov 20 10:00:00 prog[12]: {i} {text}".encode())
    messages = daemon.wait_messages_of(lambda m: m["PROGRAM"] == "prog", 3)
    assert [m["MESSAGE"].lstrip() for m in messages] == [f"{i} {text}" for i in range(3)]
    assert {m["PROXY_SRCIP"] for m in messages} == {"127.0.0.1"}


# ---------------------------------------------------------------------------
# syslog-ng
# ---------------------------------------------------------------------------

DESTINATIONS = [  # options, how the messages are framed, options of the source
    ('syslog("127.0.0.1" port({port}) transport("tcp"))', OCTET_COUNTED, "flags(syslog-protocol)"),
    ('network("127.0.0.1" port({port}) transport("tcp"))', NEWLINE, ""),
    ('network("127.0.0.1" port({port}) transport("tcp") flags(syslog-protocol))', NEWLINE, "flags(syslog-protocol)"),
    ('syslog("127.0.0.1" port({port}) transport("tls") tls(peer-verify(no)))', OCTET_COUNTED, "flags(syslog-protocol)"),
    ('network("127.0.0.1" port({port}) transport("tls") tls(peer-verify(no)))', NEWLINE, ""),
]


@pytest.mark.parametrize("destination, framing, flags",
                         [(d, framing, flags) for d, framings, flags in DESTINATIONS for framing in framings])
def test_destinations_of_syslog_ng(through_haproxy, front, certificates, destination, framing, flags):
    entry = free_port()
    tls = f"transport(tls) {tls_option(certificates.server)}" if "tls" in destination else ""
    daemon = through_haproxy(
        f'framing("{framing}") {flags} {tls}',
        options="time-reopen(1);",
        declarations=f"source s_in {{ network(ip(127.0.0.1) port({entry}) flags(no-multi-line)); }};\n"
                     f"destination d_out {{ {destination.format(port=front)}; }};\n"
                     "log { source(s_in); destination(d_out); };")
    send(entry, *(b"<13>Nov 20 10:00:00 host prog[12]: message %d\n" % i for i in range(20)))
    messages = daemon.wait_messages(20)
    assert [m["MESSAGE"] for m in messages] == [f"message {i}" for i in range(20)]
    assert {(m["PROGRAM"], m["PID"], m["PROXY_SRCIP"]) for m in messages} == {("prog", "12", "127.0.0.1")}


# ---------------------------------------------------------------------------
# loggen
# ---------------------------------------------------------------------------

LOGGEN = [  # options, framings, options of the source
    ("", NEWLINE, ""),
    ("--syslog-proto", OCTET_COUNTED, "flags(syslog-protocol)"),
    ("--syslog-proto --no-framing", NEWLINE, "flags(syslog-protocol)"),
]


@pytest.mark.parametrize("use_ssl", [False, True], ids=["plain", "ssl"])
@pytest.mark.parametrize("options, framing, flags",
                         [(o, framing, flags) for o, framings, flags in LOGGEN for framing in framings])
def test_loggen(through_haproxy, front, certificates, options, framing, flags, use_ssl):
    tls = f"transport(tls) {tls_option(certificates.server)}" if use_ssl else ""
    daemon = through_haproxy(f'framing("{framing}") {flags} log-iw-size(20000) {tls}', log_flags="flow-control")
    subprocess.run(["loggen", *(["--use-ssl"] if use_ssl else ["--inet", "--stream"]), *options.split(), "--rate=5000",
                    "--number=1000", "--active-connections=4", "--quiet", "127.0.0.1", str(front)],
                   check=True, capture_output=True)
    messages = daemon.wait_messages(4 * 1000, timeout=30)
    assert len({m["PROXY_SRCPORT"] for m in messages}) == 4
    assert {m["PROGRAM"] for m in messages} == {"prg00000"}
    assert {macros(m)["SRCIP"] for m in messages} == {"127.0.0.1"}
