# SPDX-License-Identifier: GPL-2.0-or-later
"""The cluster of the examples, each machine in a network of its own: one HAProxy, three collectors, senders."""

import contextlib
import csv
import io
import re
import socket
import threading
import time
from collections import Counter

from daemon import SyslogNg, config_version, wait_for
from haproxy import HAProxy
from namespaces import NetworkNamespace, Switch
from scl import INCLUDE, replaced

COLLECTORS = {f"collector{i}": f"192.0.2.2{i}" for i in (1, 2, 3)}
MESSAGE = re.compile(r"^\S+ (192\.0\.2\.\d+) .*n=(\d+)$", re.M)


class Machine(SyslogNg):
    """A syslog-ng with the text of an example, in a namespace."""

    def __init__(self, directory, namespace, text):
        directory.mkdir()
        self.namespace = namespace
        super().__init__(directory, wrapper=namespace.command())
        self.text = f"@version: {config_version()}\n{INCLUDE}{text}"

    def configure(self, *_):
        self.config_file.write_text(self.text)

    def boot(self):
        self.log_file.unlink(missing_ok=True)
        return self.start("")


class Sender(Machine):
    """Writes numbered messages to its syslog-ng, 500 a second at the most, until it is told to end."""

    def __init__(self, directory, namespace, text):
        self.socket = directory / "log"
        local = f'source s_local {{ unix-stream("{self.socket}"); }};\n'
        super().__init__(directory, namespace, local + replaced(text, ("disk-buffer(", f'disk-buffer(dir("{directory}") ')))
        self.count = 0
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._write, daemon=True)

    def _write(self):
        with socket.socket(socket.AF_UNIX) as log:
            log.connect(str(self.socket))
            while not self._end.wait(0.002):
                log.sendall(b"<13>Nov 21 10:00:00 prog[1]: n=%d\n" % self.count)
                self.count += 1

    def begin(self):
        self._thread.start()

    def end(self):
        self._end.set()
        self._thread.join()


class Cluster:
    """All machines. As a context: started, and stopped at its end."""

    def __init__(self, directory, examples, senders=6):
        self._stack = contextlib.ExitStack()
        self._switch = self._stack.enter_context(Switch())
        namespace = self._connect("192.0.2.10")
        self.haproxy = HAProxy(directory)
        self._haproxy_command = [*namespace.command(), "/usr/sbin/haproxy", "-f", self.haproxy.config_file, "-db"]
        self.haproxy.config_file.write_text(f"global\n  stats socket {self.haproxy.socket} level admin\n"
                                            + (examples / "cluster-haproxy.cfg").read_text())
        collector = (examples / "cluster-collector.conf").read_text()
        self.collectors = {
            name: Machine(directory / name, self._connect(address), replaced(collector, ("/var/log", str(directory / name))))
            for name, address in COLLECTORS.items()}
        sender = (examples / "cluster-sender.conf").read_text()
        self.senders = {f"192.0.2.{31 + i}": Sender(directory / f"sender{i}", self._connect(f"192.0.2.{31 + i}"), sender)
                        for i in range(senders)}

    def _connect(self, address):
        namespace = self._stack.enter_context(NetworkNamespace())
        self._switch.connect(namespace, f"{address}/24")
        return namespace

    def __enter__(self):
        for machine in self.collectors.values():
            machine.boot()
        self.haproxy.run(self._haproxy_command, lambda: self.haproxy.socket.exists())
        self.wait_up(*self.collectors)
        for sender in self.senders.values():
            sender.boot()
            sender.begin()
        return self

    def end_load(self):
        """No more messages. Returns those of each sender that have not arrived although its last one has."""
        for sender in self.senders.values():
            sender.end()

        def _waiting():
            missing = self.missing()
            return [address for address, sender in self.senders.items() if sender.count - 1 in missing.get(address, [])]

        wait_for(lambda: not _waiting(), lambda: f"the last messages of {_waiting()}, spread {self.spread()}", timeout=30)
        with contextlib.suppress(AssertionError):
            wait_for(lambda: not self.missing(), "those that came another way", timeout=1)
        return self.missing()

    def __exit__(self, *_):
        for sender in self.senders.values():
            sender.end()
        # the last one first, and all of them, also when one does not end as it should
        for process in [self.haproxy, *self.collectors.values(), *self.senders.values()]:
            self._stack.callback(process.stop)
        self._stack.close()

    def servers(self):
        """The rows of the collectors in HAProxy's statistics."""
        rows = csv.DictReader(io.StringIO(self.haproxy.command("show stat").removeprefix("# ")))
        return {row["svname"]: row for row in rows if row["svname"] in self.collectors}

    def wait_up(self, *names):
        wait_for(lambda: all(self.servers()[name]["status"].startswith("UP") for name in names), self.servers, timeout=20)

    def spread(self):
        """Collector: how many senders are connected to it."""
        return {name: int(row["scur"]) for name, row in self.servers().items()}

    def wait_connected(self, timeout=20):
        wait_for(lambda: sum(self.spread().values()) == len(self.senders), self.spread, timeout)

    def received(self, name):
        """What the collector has written: address of the sender and number, of each message."""
        log = self.collectors[name].directory / "cluster.log"
        return [(address, int(number)) for address, number in MESSAGE.findall(log.read_text() if log.exists() else "")]

    def missing(self):
        """How many messages of each sender have not arrived."""
        arrived = {message for name in self.collectors for message in self.received(name)}
        return {address: missing for address, sender in self.senders.items()
                if (missing := [n for n in range(sender.count) if (address, n) not in arrived])}

    def repeated(self):
        arrived = Counter(message for name in self.collectors for message in self.received(name))
        return sum(n - 1 for n in arrived.values())

    def drain(self, name):
        """Moves the senders of a collector to the others, as the comments in the examples say."""
        self.haproxy.command(f"set server syslog/{name} state drain")
        for sender in self.senders.values():
            sender.reload()
        wait_for(lambda: self.spread()[name] == 0, self.spread)

    def wait_new_message_of_each(self, timeout=30):
        """Waits until a message that is written from now on has arrived from each sender. Returns how long that took."""
        start = time.monotonic()
        counts = {address: sender.count for address, sender in self.senders.items()}

        def _late():
            latest = {}
            for name in self.collectors:
                for address, number in self.received(name):
                    latest[address] = max(number, latest.get(address, -1))
            return [address for address, count in counts.items() if latest.get(address, -1) < count]

        wait_for(lambda: not _late(), lambda: f"messages of {_late()}, spread {self.spread()}", timeout)
        return time.monotonic() - start
