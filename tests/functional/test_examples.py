# SPDX-License-Identifier: GPL-2.0-or-later
"""Each of the examples works: with other addresses, ports and files, and with nothing else changed."""

import json
import re
import shutil
import socket
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import rsyslog
from client import send
from daemon import config_version, module_path, wait_for
from kafka import MockCluster
from scl import INCLUDE, replaced
from tls import certificate, client_context, send_tls

TOP = Path(__file__).parents[2]
EXAMPLES = TOP / "examples"
HAS_METRICS_PROBE = any((Path(directory) / "libmetrics-probe.so").exists() for directory in module_path().split(":"))

HTTP_LINE = ('127.0.0.7:33317 [06/Feb/2009:12:14:14.655] http-in static/srv1 10/0/30/69/109 {status} {bytes} - - ---- 1/1/1/1/0'
             ' 0/0 "GET /index.html?q=1 HTTP/1.1"')


def lines():
    """What HAProxy logs: two requests, and something that it says in words of its own."""
    texts = [HTTP_LINE.format(status=200, bytes=2750), HTTP_LINE.format(status=404, bytes=10), "some words"]
    return [f"<134>Nov 21 10:00:00 haproxy[7]: {text}".encode() for text in texts]


@pytest.fixture
def start_example(daemon, tmp_path):
    """start_example("name", (old, new)...) starts the daemon with the example, each old text replaced by the new one."""

    def _start(name, *replacements, expect_failure=False):
        text = replaced((EXAMPLES / f"{name}.conf").read_text(), *replacements)
        daemon.configure = lambda _: daemon.config_file.write_text(
            f'@version: {config_version()}\n@include "scl.conf"\n{INCLUDE}{text}')
        return daemon.start("", expect_failure=expect_failure)

    return _start


@pytest.fixture
def log_to(tmp_path):
    """log_to(start_example, "name", (old, new)...) starts the example with a chroot for the test, and HAProxy's lines go there."""
    chroot = tmp_path / "chroot/dev/log"

    def _start(start_example, name, *replacements):
        daemon = start_example(name, ("haproxy()", f'haproxy(unix-socket("{chroot}"))'), *replacements)
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as log:
            for line in lines():
                log.sendto(line, str(chroot))
        return daemon

    return _start


def test_all_examples_have_a_test_and_a_row_in_the_table():
    names = {path.name for path in EXAMPLES.iterdir()} - {"README.md", "Makefile.am"}
    table = (EXAMPLES / "README.md").read_text()
    tests = Path(__file__).read_text() + (Path(__file__).parent / "test_cluster.py").read_text()
    installed = (EXAMPLES / "Makefile.am").read_text()
    for name in names:
        assert f"examples/{name}" in installed, name
        stem, _, suffix = name.partition(".")
        assert f"`{name}`" in table or f"`{stem}.conf`, `.{suffix}`" in table, name
        assert f'"{stem}"' in tests or f'"{name}"' in tests, name


# ---------------------------------------------------------------------------
# A collector behind HAProxy
# ---------------------------------------------------------------------------


def start_haproxy(haproxy, name, bind, front, port):
    text = replaced((EXAMPLES / f"{name}.cfg").read_text(), (f"bind {bind}", f"bind 127.0.0.1:{front}"),
                    ("192.0.2.20:6514", f"127.0.0.1:{port}"))
    haproxy.start_with(f"global\n  stats socket {haproxy.socket} level admin\n{text}")


def test_behind_haproxy(start_example, haproxy, port, front, tmp_path):
    daemon = start_example("behind-haproxy", ("6514", str(port)), ('"192.0.2.10"', '"127.0.0.1"'), ("/var/log", str(tmp_path)))
    start_haproxy(haproxy, "behind-haproxy", ":514", front, port)
    for i in (5, 6):
        send(front, f"<13>Nov 21 10:00:00 host prog: from {i}\n".encode(), source=f"127.0.0.{i}")
    for i in (5, 6):
        written = tmp_path / f"clients/127.0.0.{i}.log"
        wait_for(lambda: written.exists() and written.read_text().endswith(f"prog: from {i}\n"), daemon.log)
    assert not daemon.log_lines("reason=")


def test_behind_tls_passthrough(start_example, haproxy, port, front, tmp_path, certificates):
    tls = tmp_path / "tls"
    tls.mkdir()
    for name, path in {"logs.pem": certificates.server, "logs.key": certificates.server.with_suffix(".key"),
                       "ca.pem": certificates.ca}.items():
        shutil.copy(path, tls / name)
    certificate(tmp_path, tmp_path / "client7", "/CN=client7", issuer=certificates.ca.with_suffix(""))
    daemon = start_example("behind-tls-passthrough", ("port(6514)", f"port({port})"), ('"192.0.2.10"', '"127.0.0.1"'),
                           ("/var/log", str(tmp_path)), ("/etc/syslog-ng/tls", str(tls)))
    start_haproxy(haproxy, "behind-tls-passthrough", ":6514", front, port)
    message = b"<13>1 2026-11-21T10:00:00Z host prog 12 - - one\ntwo"
    send_tls(front, b"%d %s" % (len(message), message), context=client_context(tmp_path / "client7.pem"), source="127.0.0.5")
    written = tmp_path / "clients/client7.log"
    wait_for(lambda: written.exists() and written.read_text().endswith("127.0.0.5 prog[12]: one\ntwo\n"), daemon.log)
    assert not daemon.log_lines("reason=")


# ---------------------------------------------------------------------------
# HAProxy's own logs
# ---------------------------------------------------------------------------


def test_haproxy_logs(start_example, log_to, tmp_path):
    daemon = log_to(start_example, "haproxy-logs", ("/var/log", str(tmp_path)))
    text, documents = tmp_path / "haproxy.log", tmp_path / "haproxy.json"
    wait_for(lambda: text.exists() and text.read_text().count("\n") == 3, daemon.log)
    assert [line.partition("]: ")[2] for line in text.read_text().splitlines()] == [
        line.decode().partition("]: ")[2] for line in lines()]
    wait_for(lambda: documents.exists() and documents.read_text().count("\n") == 2, daemon.log)
    first, second = (json.loads(line)["haproxy"] for line in documents.read_text().splitlines())
    assert (str(first["status_code"]), str(second["status_code"]), first["http_path"]) == ("200", "404", "/index.html")


def test_systemd_lets_haproxys_lines_in():
    """What README and the example say undoes what Debian's unit does, and each example with haproxy() says where it is."""
    drop_in = (EXAMPLES / "haproxy-service.override").read_text()
    settings = [line for line in drop_in.splitlines() if line and not line.startswith("#")]
    assert settings == ["[Service]", "BindReadOnlyPaths="]
    assert "\n\n    [Service]\n    BindReadOnlyPaths=\n\n" in (TOP / "README.md").read_text()
    unit = Path("/lib/systemd/system/haproxy.service").read_text()
    assert re.findall(r"^BindReadOnlyPaths=.*$", unit, re.M) == ["BindReadOnlyPaths=/dev/log:/var/lib/haproxy/dev/log"]
    for example in EXAMPLES.glob("*.conf"):
        assert ("haproxy();" in example.read_text()) == ("haproxy-service.override" in example.read_text()), example


def test_two_examples_have_one_source(daemon):
    """As the README of the examples says."""
    first, second = ((EXAMPLES / f"{name}.conf").read_text() for name in ("haproxy-logs", "sekoia"))
    both = f'@version: {config_version()}\n@include "scl.conf"\n{INCLUDE}{first}'
    daemon.configure = lambda text: daemon.config_file.write_text(text)
    assert "duplicate source definition" in daemon.check(both + second).stderr
    assert "`duplicate source definition`" in (EXAMPLES / "README.md").read_text()
    without_source = re.sub(r"^source .*$", "", second, flags=re.M)
    assert daemon.check(both + without_source).returncode == 0


def test_sekoia(start_example, log_to, unpacked_rsyslog, tmp_path, certificates, front):
    pem = certificate(certificates.directory, "localhost", "/CN=localhost", ["rsa:2048"], "ca")
    intake = rsyslog.RsyslogReceiver(tmp_path)
    intake.start(front, pem, pem.with_suffix(".key"))
    try:
        log_to(start_example, "sekoia", (
            "    disk-buffer(", f'    host("localhost") port({front}) tls(ca-file("{certificates.ca}"))\n'
                                f'    disk-buffer(dir("{tmp_path}") '))
        frames = wait_for(lambda: (found := intake.frames())[2:] and found, lambda: f"frames, have {intake.frames()}")
    finally:
        intake.stop()
    assert all('[SEKOIA@53288 intake_key="YOUR_INTAKE_KEY"]' in frame["frame"] for frame in frames)
    assert [frame["text"].removeprefix(" ") for frame in frames] == [line.decode().partition("]: ")[2] for line in lines()]


class Bulk(BaseHTTPRequestHandler):
    """What Elasticsearch answers when all is well. server.bodies are those of the requests."""

    protocol_version = "HTTP/1.1"

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        self.server.bodies.append((self.path, self.headers["Content-Type"], body))
        answer = b'{"took":1,"errors":false,"items":[]}'
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_):
        pass


def test_elasticsearch(start_example, log_to):
    with ThreadingHTTPServer(("127.0.0.1", 0), Bulk) as server:
        server.bodies = []
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            log_to(start_example, "elasticsearch", ("localhost:9200", f"127.0.0.1:{server.server_port}"))
            wait_for(lambda: "".join(body for _, _, body in server.bodies).count("\n{") >= 2 or len(server.bodies) == 2,
                     lambda: f"documents, have {server.bodies}")
        finally:
            server.shutdown()
    assert {(path, kind) for path, kind, _ in server.bodies} == {("/_bulk", "application/x-ndjson")}
    assert all(body.endswith("\n") for _, _, body in server.bodies)
    rows = [json.loads(row) for _, _, body in server.bodies for row in body.splitlines() if row]
    # the day is that of the request
    assert rows[::2] == [{"index": {"_index": "haproxy-2009.02.06"}}] * 2
    assert sorted(str(row["http"]["response"]["status_code"]) for row in rows[1::2]) == ["200", "404"]
    assert all(row["@timestamp"].startswith("2009-02-06T12:14:14.655") for row in rows[1::2])


def test_kafka(start_example, log_to):
    cluster = MockCluster("haproxy")
    try:
        daemon = log_to(start_example, "kafka", ("localhost:9092", cluster.bootstrap_servers))
        received = []
        wait_for(lambda: (message := cluster.poll()) and received.append(message) or len(received) == 2,
                 lambda: f"messages, have {received}: {daemon.log()}", timeout=30)
        assert {key for key, _ in received} == {"http-in"}
        documents = [json.loads(text) for _, text in received]
        assert sorted(str(d["http"]["response"]["status_code"]) for d in documents) == ["200", "404"]
    finally:
        cluster.close()


def test_metrics(start_example, log_to, daemon):
    if not HAS_METRICS_PROBE:
        start_example("metrics", expect_failure=True)
        assert daemon.log_lines("this syslog-ng has no metrics-probe()")
        return
    log_to(start_example, "metrics")

    def metrics():
        rows = re.findall(r'^syslogng_(haproxy_\w+)\{(.*?)\} (\d+)$', daemon.ctl("stats", "prometheus"), re.M)
        return {(name, *re.findall(r'="(\w+)"', labels)): int(value) for name, labels, value in rows}

    wait_for(lambda: len(metrics()) >= 4, lambda: daemon.ctl("stats", "prometheus"))
    assert metrics() == {("haproxy_requests_total", "static", "200"): 1, ("haproxy_requests_total", "static", "404"): 1,
                         ("haproxy_response_bytes_total", "static", "200"): 2750,
                         ("haproxy_response_bytes_total", "static", "404"): 10}
