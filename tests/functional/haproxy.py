# SPDX-License-Identifier: GPL-2.0-or-later
"""The real HAProxy, run in a directory of its own."""

import csv
import io
import socket
import subprocess
from pathlib import Path

from daemon import wait_for


class HAProxy:
    """One HAProxy with one listener, "front", and one server, "syslog-ng". The server is checked 20 times a second."""

    def __init__(self, directory):
        self.directory = Path(directory)
        self.config_file = self.directory / "haproxy.cfg"
        self.socket = self.directory / "haproxy.sock"
        self.log_file = self.directory / "haproxy.log"
        self.process = None

    def start(self, bind, server, server_options="send-proxy check"):
        self.config_file.write_text(
            "global\n"
            f"  stats socket {self.socket} level admin\n"
            "defaults\n"
            "  mode tcp\n"
            "  timeout connect 5s\n"
            "  timeout client 1m\n"
            "  timeout server 1m\n"
            "listen front\n"
            f"  bind {bind}\n"
            f"  server syslog-ng {server} {server_options} inter 50ms rise 1 fall 1\n")
        with open(self.log_file, "ab") as log:
            self.process = subprocess.Popen(["/usr/sbin/haproxy", "-f", self.config_file, "-db"],
                                            stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        wait_for(lambda: self.process.poll() is not None or self._is_listening(), "HAProxy to start")
        assert self.process.poll() is None, self.log_file.read_text()
        return self

    def stop(self):
        if self.process:
            self.process.terminate()
            self.process.wait(timeout=10)
            self.process = None

    def command(self, command):
        """What HAProxy answers on its control socket."""
        with socket.socket(socket.AF_UNIX) as control:
            control.connect(str(self.socket))
            control.sendall(command.encode() + b"\n")
            return b"".join(iter(lambda: control.recv(65536), b"")).decode()

    def _is_listening(self):
        try:
            return self.command("show info")
        except OSError:
            return False

    def server(self):
        """The row of the server in HAProxy's statistics."""
        rows = csv.DictReader(io.StringIO(self.command("show stat").removeprefix("# ")))
        return next(row for row in rows if row["svname"] == "syslog-ng")

    def wait_status(self, status):
        wait_for(lambda: self.server()["status"] == status, lambda: f"{status}, have {self.server()}")
