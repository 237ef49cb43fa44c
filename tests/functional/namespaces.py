# SPDX-License-Identifier: GPL-2.0-or-later
"""Namespaces of the kernel, where root may make them: directories, or a network, that nobody else sees."""

import subprocess

import pytest


class _Namespace:
    """A process that holds the namespace open."""

    KIND = None

    def __init__(self, script):
        self._holder = subprocess.Popen(["unshare", f"--{self.KIND}", "sh", "-ec", f"{script}\necho ready\nexec cat"],
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        if self._holder.stdout.readline() != "ready\n":
            pytest.skip(f"no {self.KIND} namespaces here: {self._holder.stderr.read().strip()}")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._holder.stdin.close()
        self._holder.wait(timeout=10)

    def command(self):
        """What stands in front of a command that is to run there."""
        return ["nsenter", f"--{self.KIND}=/proc/{self._holder.pid}/ns/{self.KIND.removesuffix('work').replace('mount', 'mnt')}"]

    def run(self, *arguments):
        return subprocess.run([*self.command(), *arguments], check=True, capture_output=True, text=True).stdout


class MountNamespace(_Namespace):
    """The given directories are empty there."""

    KIND = "mount"

    def __init__(self, *directories):
        super().__init__("\n".join(f"mount -t tmpfs -o mode=755 tmpfs {directory}" for directory in directories))
