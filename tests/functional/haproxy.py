# SPDX-License-Identifier: GPL-2.0-or-later
"""The real HAProxy, run in a directory of its own."""

import csv
import io
import socket
import subprocess

from daemon import wait_for
from proxy_process import ProxyProcess


class HAProxy(ProxyProcess):
    """One HAProxy with one listener, "front", and one server, "syslog-ng". The server is checked 20 times a second."""

    def __init__(self, directory):
        super().__init__(directory)
        self.config_file = self.directory / "haproxy.cfg"
        self.socket = self.directory / "haproxy.sock"

    def start(self, bind, server, server_options="send-proxy check"):
        return self.start_with(
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

    def start_with(self, configuration):
        """configuration: has the stats socket"""
        self.config_file.write_text(configuration)
        return self.run(["/usr/sbin/haproxy", "-f", self.config_file, "-db"], self._is_listening)

    def check(self, configuration):
        """haproxy -c on the configuration: the finished process, with its output in .stderr."""
        self.config_file.write_text(configuration)
        return subprocess.run(["/usr/sbin/haproxy", "-c", "-f", self.config_file], capture_output=True, text=True)

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
