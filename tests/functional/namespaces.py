# SPDX-License-Identifier: GPL-2.0-or-later
"""Namespaces of the kernel, where root may make them: directories, or a network, that nobody else sees."""

import subprocess

import pytest


class _Namespace:
    """A process that holds the namespace open."""

    # of unshare(1) and nsenter(1)
    KIND = None

    def __init__(self, script):
        self._holder = subprocess.Popen(["unshare", f"--{self.KIND}", "sh", "-ec", f"{script}\necho ready\nexec cat"],
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        if self._holder.stdout.readline() != "ready\n":
            pytest.skip(f"no {self.KIND} namespaces here: {self._holder.stderr.read().strip()}")
        self.pid = self._holder.pid

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._holder.stdin.close()
        self._holder.wait(timeout=10)

    def command(self):
        """What stands in front of a command that is to run there."""
        return ["nsenter", "--target", str(self.pid), "--root", "--wd", f"--{self.KIND}"]

    def run(self, *arguments):
        return subprocess.run([*self.command(), *arguments], check=True, capture_output=True, text=True).stdout


class MountNamespace(_Namespace):
    """The given directories are empty there."""

    KIND = "mount"

    def __init__(self, *directories):
        super().__init__("\n".join(f"mount -t tmpfs -o mode=755 tmpfs {directory}" for directory in directories))


class NetworkNamespace(_Namespace):
    """A network of its own: the loopback interface, and what is put into it."""

    KIND = "net"

    def __init__(self):
        super().__init__("ip link set lo up")


class Switch(NetworkNamespace):
    """An Ethernet switch that others are connected to."""

    def __init__(self):
        super().__init__()
        self._ports = 0
        self.run("ip", "link", "add", "br0", "type", "bridge")
        self.run("ip", "link", "set", "br0", "up")

    def connect(self, namespace, address):
        """Gives the namespace an interface eth0 with the address, IP/bits."""
        port = f"port{self._ports}"
        self._ports += 1
        namespace.run("ip", "link", "add", "eth0", "type", "veth", "peer", "name", port, "netns", str(self.pid))
        self.run("ip", "link", "set", port, "master", "br0", "up")
        namespace.run("ip", "address", "add", address, "dev", "eth0")
        namespace.run("ip", "link", "set", "eth0", "up")


class PaperMachine(_Namespace):
    """This machine, its packages and all, where whatever is changed is gone afterwards. /tmp is the real one."""

    KIND = "mount"

    def __init__(self, directory):
        """directory: an empty one, for what is changed"""
        self._root = f"{directory}/root"
        super().__init__(f"""
            mount -t tmpfs tmpfs {directory}
            mkdir {directory}/upper {directory}/work {self._root}
            mount -t overlay -o lowerdir=/,upperdir={directory}/upper,workdir={directory}/work overlay {self._root}
            for there in /dev /proc /sys; do mount --rbind $there {self._root}$there; done
            mount --bind /tmp {self._root}/tmp
        """)

    def command(self):
        return [*super().command(), "chroot", self._root]
