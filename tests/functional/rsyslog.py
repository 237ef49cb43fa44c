# SPDX-License-Identifier: GPL-2.0-or-later
"""The real rsyslog, run in a directory of its own. Debian has it, but not beside syslog-ng: it is unpacked, not installed."""

import fcntl
import json
import os
import re
import socket
import subprocess

from daemon import BUILD_DIR
from proxy_process import ProxyProcess

PACKAGES = ["rsyslog", "rsyslog-openssl"]
ROOT = BUILD_DIR / "rsyslog"


def _packages():
    """These, and the libraries they need that are not there."""
    listed = subprocess.run(["apt-cache", "depends", *PACKAGES], check=True, capture_output=True, text=True).stdout
    for library in sorted(set(re.findall(r"^ *Depends: (lib\S+)$", listed, re.M))):
        if subprocess.run(["dpkg-query", "--status", library], capture_output=True).returncode != 0:
            yield library
    yield from PACKAGES


def unpack():
    """Downloads the packages once for each build directory. Returns whether rsyslog is there."""
    ROOT.mkdir(exist_ok=True)
    with open(ROOT / "lock", "w") as lock:
        # another test may be at it
        fcntl.flock(lock, fcntl.LOCK_EX)
        if list(ROOT.glob("usr/lib/*-linux-gnu/rsyslog/lmnsd_ossl.so")):
            return True
        if subprocess.run(["apt-get", "download", *_packages()], cwd=ROOT, capture_output=True).returncode != 0:
            return False
        for package in ROOT.glob("*.deb"):
            subprocess.run(["dpkg", "-x", package, ROOT], check=True)
        return True


class _Rsyslog(ProxyProcess):
    def run_with(self, configuration, is_ready):
        config_file = self.directory / "rsyslog.conf"
        config_file.write_text(configuration)
        (libraries,) = (ROOT / "usr/lib").glob("*-linux-gnu")
        os.environ["LD_LIBRARY_PATH"] = str(libraries)
        try:
            return self.run([ROOT / "usr/sbin/rsyslogd", "-n", "-f", config_file, "-i", self.directory / "rsyslogd.pid",
                             "-M", libraries / "rsyslog"], is_ready)
        finally:
            del os.environ["LD_LIBRARY_PATH"]


class Rsyslog(_Rsyslog):
    """One rsyslog that sends what is written to its socket over TCP."""

    def start(self, port, framing):
        self.socket = self.directory / "log"
        return self.run_with(
            f'global(workDirectory="{self.directory}" parser.escapeControlCharactersOnReceive="off")\n'
            'module(load="imuxsock" SysSock.Use="off")\n'
            f'input(type="imuxsock" Socket="{self.socket}")\n'
            f'action(type="omfwd" target="127.0.0.1" port="{port}" protocol="tcp" TCP_Framing="{framing}"\n'
            '  template="RSYSLOG_SyslogProtocol23Format")\n', self.socket.exists)

    def write(self, message):
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as log:
            log.sendto(message, str(self.socket))


class RsyslogReceiver(_Rsyslog):
    """One rsyslog that takes octet-counted frames in TLS, and writes down each."""

    PROPERTIES = {"frame": "rawmsg", "pri": "pri", "host": "hostname", "program": "app-name", "pid": "procid",
                  "data": "structured-data", "text": "msg"}

    def start(self, port, certificate, key):
        self.output_file = self.directory / "frames.json"
        properties = "".join(f' property(outname="{name}" name="{value}" format="jsonf")'
                             for name, value in self.PROPERTIES.items())
        return self.run_with(
            f'global(workDirectory="{self.directory}" parser.escapeControlCharactersOnReceive="off"\n'
            f'  defaultNetstreamDriver="ossl" defaultNetstreamDriverCAFile="{certificate}"\n'
            f'  defaultNetstreamDriverCertFile="{certificate}" defaultNetstreamDriverKeyFile="{key}")\n'
            'module(load="imtcp" StreamDriver.Name="ossl" StreamDriver.Mode="1" StreamDriver.AuthMode="anon"\n'
            '  SupportOctetCountedFraming="on")\n'
            f'template(name="json" type="list" option.jsonf="on") {{{properties} }}\n'
            f'input(type="imtcp" address="127.0.0.1" port="{port}")\n'
            f'action(type="omfile" file="{self.output_file}" template="json")\n', lambda: self._listens(port))

    @staticmethod
    def _listens(port):
        with socket.socket() as sock:
            return sock.connect_ex(("127.0.0.1", port)) == 0

    def frames(self):
        """What has come so far."""
        text = self.output_file.read_text() if self.output_file.exists() else ""
        return [json.loads(line) for line in text.splitlines(keepends=True) if line.endswith("\n")]
