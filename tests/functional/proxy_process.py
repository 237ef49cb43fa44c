# SPDX-License-Identifier: GPL-2.0-or-later
"""What the proxies of the tests have in common: a process that runs in a directory of its own."""

import subprocess
from pathlib import Path

from daemon import wait_for


class ProxyProcess:
    def __init__(self, directory):
        self.directory = Path(directory)
        self.log_file = self.directory / f"{type(self).__name__.lower()}.log"
        self.process = None

    def run(self, command, is_ready):
        """Starts it, and waits until it is ready."""
        with open(self.log_file, "ab") as log:
            self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        wait_for(lambda: self.process.poll() is not None or is_ready(), f"{command[0]} to start")
        assert self.process.poll() is None, self.log_file.read_text()
        return self

    def stop(self):
        if self.process:
            self.process.terminate()
            self.process.wait(timeout=10)
            self.process = None
