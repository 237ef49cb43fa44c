# SPDX-License-Identifier: GPL-2.0-or-later
"""The real nginx, run in a directory of its own."""

import subprocess
from pathlib import Path

from daemon import wait_for


class Nginx:
    """One nginx that passes TCP connections on, with a PROXY protocol header in front of each."""

    def __init__(self, directory):
        self.directory = Path(directory)
        self.log_file = self.directory / "nginx.log"
        self.pid_file = self.directory / "nginx.pid"
        self.process = None

    def start(self, listen, upstream):
        config_file = self.directory / "nginx.conf"
        config_file.write_text(
            "load_module /usr/lib/nginx/modules/ngx_stream_module.so;\n"
            "daemon off;\n"
            f"pid {self.pid_file};\n"
            f"error_log {self.log_file};\n"
            "events {}\n"
            "stream {\n"
            "  server {\n"
            f"    listen {listen};\n"
            f"    proxy_pass {upstream};\n"
            "    proxy_protocol on;\n"
            "  }\n"
            "}\n")
        command = ["/usr/sbin/nginx", "-p", self.directory, "-c", config_file, "-e", self.log_file]
        self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                        stderr=subprocess.DEVNULL)
        # written once it listens
        wait_for(lambda: self.process.poll() is not None or self.pid_file.exists(), "nginx to start")
        assert self.process.poll() is None, self.log_file.read_text()
        return self

    def stop(self):
        if self.process:
            self.process.terminate()
            self.process.wait(timeout=10)
            self.process = None
