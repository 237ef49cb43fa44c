# SPDX-License-Identifier: GPL-2.0-or-later
"""The real rsyslog, run in a directory of its own. Debian has it, but not beside syslog-ng: it is unpacked, not installed."""

import os
import re
import socket
import subprocess

from daemon import BUILD_DIR
from proxy_process import ProxyProcess

ROOT = BUILD_DIR / "rsyslog"


def _packages():
    """rsyslog, and the libraries it needs that are not there."""
    listed = subprocess.run(["apt-cache", "depends", "rsyslog"], check=True, capture_output=True, text=True).stdout
    for library in re.findall(r"^ *Depends: (lib\S+)$", listed, re.M):
        if subprocess.run(["dpkg-query", "--status", library], capture_output=True).returncode != 0:
            yield library
    yield "rsyslog"


def unpack():
    """Downloads the packages once for each build directory. Returns whether rsyslog is there."""
    if not (ROOT / "usr/sbin/rsyslogd").exists():
        ROOT.mkdir(exist_ok=True)
        if subprocess.run(["apt-get", "download", *_packages()], cwd=ROOT, capture_output=True).returncode != 0:
            return False
        for package in ROOT.glob("*.deb"):
            subprocess.run(["dpkg", "-x", package, ROOT], check=True)
    return True


class Rsyslog(ProxyProcess):
    """One rsyslog that sends what is written to its socket over TCP."""

    def start(self, port, framing):
        self.socket = self.directory / "log"
        config_file = self.directory / "rsyslog.conf"
        config_file.write_text(
            f'global(workDirectory="{self.directory}" parser.escapeControlCharactersOnReceive="off")\n'
            'module(load="imuxsock" SysSock.Use="off")\n'
            f'input(type="imuxsock" Socket="{self.socket}")\n'
            f'action(type="omfwd" target="127.0.0.1" port="{port}" protocol="tcp" TCP_Framing="{framing}"\n'
            '  template="RSYSLOG_SyslogProtocol23Format")\n')
        (libraries,) = (ROOT / "usr/lib").glob("*-linux-gnu")
        os.environ["LD_LIBRARY_PATH"] = str(libraries)
        try:
            return self.run([ROOT / "usr/sbin/rsyslogd", "-n", "-f", config_file, "-i", self.directory / "rsyslogd.pid",
                             "-M", libraries / "rsyslog"], self.socket.exists)
        finally:
            del os.environ["LD_LIBRARY_PATH"]

    def write(self, message):
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as log:
            log.sendto(message, str(self.socket))
