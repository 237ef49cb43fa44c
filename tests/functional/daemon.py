# SPDX-License-Identifier: GPL-2.0-or-later
"""The real syslog-ng, run in a directory of its own with the module under test."""

import functools
import itertools
import json
import os
import random
import re
import shlex
import signal
import socket
import subprocess
import tempfile
import time
from pathlib import Path

# seconds to wait for what is to happen at once, on a machine that has other things to do
PATIENCE = 60
BUILD_DIR = Path(os.environ.get("BUILD_DIR", Path(__file__).parents[2] / "build"))
MODULES = [BUILD_DIR / "modules" / name / ".libs" for name in ("proxy-protocol", "haproxy-parser")]
DRIVER_COUNTER = re.compile(r"^src\.proxy-protocol;(?P<id>[^;]*);proxy_protocol_sd\.[^;]*;\w;(?P<name>\w+);(?P<value>\d+)$")

# What a message is written as: each name that a test may want to look at.
TEMPLATE = (
    "$(format-json MESSAGE=$MESSAGE HOST=$HOST HOST_FROM=$HOST_FROM SOURCEIP=$SOURCEIP DESTIP=$DESTIP"
    " DESTPORT=$DESTPORT PROGRAM=$PROGRAM PID=$PID ISODATE=$ISODATE R_ISODATE=$R_ISODATE FACILITY=$FACILITY"
    " SEVERITY=$SEVERITY TAGS=$TAGS MSGID=$MSGID MSGHDR=$MSGHDR SDATA=$SDATA RAWMSG=$RAWMSG"
    " X509_CN=${.tls.x509_cn} X509_O=${.tls.x509_o} X509_OU=${.tls.x509_ou}"
    " --key PROXY_* --key PROXIED_* --key LB_* --key .haproxy.*)\\n"
)
LOG_TAG = re.compile(r"(\w+)='((?:[^'\\]|\\.)*)'")


def log_tags(line):
    """The name='value' parts of a line of the internal log."""
    return dict(LOG_TAG.findall(line))


def macros(message, prefix="PROXY_"):
    """The values of the message whose names start with the prefix, without the prefix."""
    return {name[len(prefix):]: value for name, value in message.items() if name.startswith(prefix)}


def _output(*command):
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


def module_path():
    return ":".join(map(str, [*MODULES, _output("pkg-config", "--variable=moduledir", "syslog-ng")]))


@functools.cache
def config_version():
    """The version for @version: that of the installed syslog-ng."""
    return re.search(r"^Config version: (\S+)", _output("syslog-ng", "--version"), re.M).group(1)


@functools.cache
def has_types():
    """Do values have types in the installed syslog-ng, and statistics the names of Prometheus? From version 4 on."""
    return int(config_version().partition(".")[0]) >= 4


@functools.cache
def has_filterx():
    """Does the installed syslog-ng have filterx {}? Debian's 4.8 has, its 4.12 has not."""
    with tempfile.NamedTemporaryFile("w", suffix=".conf") as config:
        config.write(f"@version: {config_version()}\nlog {{ filterx {{ true; }}; }};\n")
        config.flush()
        return subprocess.run(["/usr/sbin/syslog-ng", "--syntax-only", "--no-caps", f"--cfgfile={config.name}"],
                              capture_output=True).returncode == 0


def network_takes_port_names():
    """Does port() of network() take names of services? Up to version 3."""
    return not has_types()


def network_has_openssl_conf():
    """Does tls() of network() know ssl-version() and openssl-conf-cmds()? From version 4 on."""
    return has_types()


def as_text(value):
    """A JSON document whose values all are strings, as a syslog-ng without types writes it."""
    if isinstance(value, dict):
        return {name: as_text(member) for name, member in value.items()}
    if isinstance(value, list):
        return ",".join(value)
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value)


def wait_for(condition, what, timeout=PATIENCE):
    """Polls until condition() is true, and returns what it returned."""
    deadline = time.monotonic() + timeout
    while not (result := condition()):
        assert time.monotonic() < deadline, f"gave up waiting for {what() if callable(what) else what}"
        time.sleep(0.005)
    return result


def is_about_a_second(seconds):
    """Was it a limit of one second that ended what took so long? The default of five would have taken longer."""
    return 0.9 < seconds < 4.5


@functools.cache
def _ports():
    """Those that the kernel gives to no client, in any order. Tests that run in parallel have each their own."""
    worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
    ports = list(range(10000 + worker, 32768, int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", 1))))
    random.shuffle(ports)
    return itertools.cycle(ports)


def free_port(family=socket.AF_INET, kind=socket.SOCK_STREAM):
    """A port that no socket uses, on any address of the family, and that no other test was given lately."""
    for port in _ports():
        with socket.socket(family, kind) as s:
            try:
                s.bind(("", port))
                return port
            except OSError:
                continue


class SyslogNg:
    """One daemon. Its configuration has the given sources, and writes their messages to a file as JSON.

    SYSLOG_NG_WRAPPER is put in front of its command line, behind a wrapper that it has for itself.
    """

    def __init__(self, directory, wrapper=(), environment=None):
        self.directory = Path(directory)
        self.wrapper = [*wrapper, *shlex.split(os.environ.get("SYSLOG_NG_WRAPPER", ""))]
        self.environment = {**os.environ, **(environment or {})}
        self.config_file = self.directory / "syslog-ng.conf"
        self.output_file = self.directory / "messages.json"
        self.log_file = self.directory / "syslog-ng.log"
        self.process = None

    def _command(self, *arguments):
        return [*self.wrapper, "/usr/sbin/syslog-ng", "--no-caps", f"--cfgfile={self.config_file}",
                f"--module-path={module_path()}", f"--persist-file={self.directory}/persist",
                f"--control={self.directory}/ctl", f"--pidfile={self.directory}/pid", *arguments]

    def configure(self, sources, filters="", options="", declarations="", log_flags=""):
        """sources: what stands inside source {}; filters: what stands in the log path, in front of the destination."""
        self.config_file.write_text(
            f"@version: {config_version()}\n"
            f"options {{ use-dns(persist-only); {options} }};\n"
            f"{declarations}\n"
            f"source s_test {{ {sources} }};\n"
            f"destination d_test {{ file(\"{self.output_file}\" template(\"{TEMPLATE}\")); }};\n"
            f"log {{ source(s_test); {filters} destination(d_test); flags({log_flags}); }};\n")

    def check(self, sources, **kwargs):
        """syslog-ng -s on the configuration: the finished process, with its output in .stderr."""
        self.configure(sources, **kwargs)
        return subprocess.run(self._command("--syntax-only"), env=self.environment, capture_output=True, text=True)

    def start(self, sources, arguments=(), expect_failure=False, **kwargs):
        self.configure(sources, **kwargs)
        with open(self.log_file, "ab") as log:
            self.process = subprocess.Popen(self._command("--foreground", "--stderr", *arguments),
                                            env=self.environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        if expect_failure:
            status = self.process.wait(timeout=30)
            self.process = None
            assert status > 0, f"the daemon ended with {status}:\n{self.log()[-8000:]}"
            return self
        wait_for(lambda: self.process.poll() is not None or "syslog-ng starting up" in self.log(), "the daemon to start",
                 timeout=60)
        assert self.process.poll() is None, self.log()
        return self

    def stop(self):
        """Ends the daemon as an init system would; it must end in good order."""
        if self.process is None:
            return
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        try:
            status = self.process.wait(timeout=60)
        except subprocess.TimeoutExpired:
            self.process.kill()
            raise
        self.process = None
        assert status == 0, f"the daemon ended with {status}:\n{self.log()[-8000:]}"

    def ctl(self, *arguments):
        return _output("syslog-ng-ctl", *arguments, f"--control={self.directory}/ctl")

    def reload(self, sources=None, expect_failure=False, **kwargs):
        """syslog-ng-ctl reload, and waits until the configuration is in force."""
        if sources is not None:
            self.configure(sources, **kwargs)
        done = "Error initializing new configuration" if expect_failure else "Configuration reload finished"
        before = self.log().count(done)
        command = ["syslog-ng-ctl", "reload", f"--control={self.directory}/ctl"]
        subprocess.run(command, check=not expect_failure, capture_output=True)
        wait_for(lambda: self.log().count(done) > before, done, timeout=60)

    def log(self):
        """The internal log so far."""
        return self.log_file.read_text(errors="replace") if self.log_file.exists() else ""

    def log_lines(self, text):
        return [line for line in self.log().splitlines() if text in line]

    def wait_log(self, text, count=1, timeout=PATIENCE):
        """Waits until count lines of the internal log contain the text, and returns them."""
        wait_for(lambda: len(self.log_lines(text)) >= count,
                 lambda: f"{count} x {text!r}, have {len(self.log_lines(text))} in:\n{self.log()[-4000:]}", timeout)
        return self.log_lines(text)

    def typed_messages(self):
        """The messages so far, as dictionaries whose values have types, where syslog-ng has."""
        text = self.output_file.read_text() if self.output_file.exists() else ""
        return [json.loads(line) for line in text.splitlines(keepends=True) if line.endswith("\n")]

    def messages(self):
        """The messages so far, as dictionaries of strings."""
        return [as_text(message) for message in self.typed_messages()]

    def wait_messages(self, count, timeout=PATIENCE):
        """Waits for exactly count messages."""
        wait_for(lambda: len(self.messages()) >= count,
                 lambda: f"{count} messages, have {len(self.messages())}; log:\n{self.log()[-4000:]}", timeout)
        messages = self.messages()
        assert len(messages) == count, messages
        return messages

    def wait_messages_of(self, belongs, count, timeout=PATIENCE):
        """Waits for at least count messages for which belongs(message) is true, and returns them."""
        return wait_for(lambda: (found := list(filter(belongs, self.messages())))[count - 1:] and found,
                        lambda: f"{count} messages, have {self.messages()}; log:\n{self.log()[-4000:]}", timeout)

    def counters(self, driver="s_test#0"):
        """The driver's own counters in syslog-ng-ctl stats: name -> number."""
        matches = map(DRIVER_COUNTER.match, self.ctl("stats").splitlines())
        return {m["name"]: int(m["value"]) for m in matches if m and m["id"] == driver}

    def wait_counter(self, name, value, timeout=PATIENCE):
        wait_for(lambda: self.counters()[name] == value, lambda: f"{name} = {value}, have {self.counters()}", timeout)

    def open_files(self):
        return len(os.listdir(f"/proc/{self.process.pid}/fd"))

    def cpu_seconds(self):
        """The time that the processors have spent on the daemon."""
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def rss(self):
        """Resident memory in bytes."""
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        return int(re.search(r"VmRSS:\s+(\d+) kB", status).group(1)) * 1024
