# SPDX-License-Identifier: GPL-2.0-or-later
"""tools/demo, on the module that is tested: it shows what it should, and leaves nothing behind."""

import contextlib
import json
import os
import re
import subprocess
from pathlib import Path

import pytest
from daemon import BUILD_DIR, wait_for

DEMO = Path(__file__).parents[2] / "tools/demo"
ROW = re.compile(r"^(127\.0\.0\.\d+) +(\S+) +(\S+)$", re.M)
CLIENTS = ["127.0.0.2", "127.0.0.3", "127.0.0.4"]


@pytest.fixture
def demo(tmp_path):
    """demo("options") runs it in a temporary directory of its own; path: where it looks for programs first."""

    def _demo(*options, path="", build_dir=BUILD_DIR):
        environment = {**os.environ, "TMPDIR": str(tmp_path), "PATH": f"{path}:{os.environ['PATH']}"}
        return subprocess.run([DEMO, "--build-dir", build_dir, *options], env=environment, stdin=subprocess.DEVNULL,
                              capture_output=True, text=True, timeout=60)

    yield _demo
    assert not processes(tmp_path)


def processes(directory):
    """The command lines that name the directory."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError):
            found.append(path.read_bytes())
    return [command for command in found if os.fsencode(directory) in command]


def is_left(directory):
    return list(directory.iterdir()) + processes(directory)


def messages(output, title):
    lines = output.partition(title)[2].splitlines()[1:1 + len(CLIENTS)]
    return [json.loads(line) for line in lines]


def test_the_demo_shows_the_difference(demo, tmp_path):
    result = demo()
    assert result.returncode == 0, result.stdout + result.stderr
    assert ROW.findall(result.stdout) == [(client, "127.0.0.1", client) for client in CLIENTS]

    plain = messages(result.stdout, "The messages from network()")
    ours = messages(result.stdout, "The messages from proxy-protocol()")
    assert [(m["MESSAGE"], m["SOURCEIP"]) for m in plain] == [(f"Hello from {c}", "127.0.0.1") for c in CLIENTS]
    assert [(m["MESSAGE"], m["SOURCEIP"]) for m in ours] == [(f"Hello from {c}", c) for c in CLIENTS]
    assert [m["PROXY_SRCIP"] for m in ours] == CLIENTS
    assert not any(name.startswith("PROXY_") for m in plain for name in m)
    assert not is_left(tmp_path)


def test_what_keep_says_works(demo, tmp_path):
    result = demo("--keep")
    assert result.returncode == 0, result.stdout + result.stderr
    how = result.stdout.partition("go on running")[2]
    send, show, counters, log, configurations, stop = re.findall(r"^  (.*)$", how, re.M)

    def run(command):
        return subprocess.run(["bash", "-c", command], check=True, capture_output=True, text=True).stdout

    try:
        run(send)
        wait_for(lambda: "Hello again" in run(show), "the message")
        message = json.loads(run(show))
        assert (message["MESSAGE"], message["PROXY_SRCIP"]) == ("Hello again", "127.0.0.9")
        assert re.search(r";headers_v1;4$", run(counters), re.M)
        assert "Syslog connection accepted" in run(log)
        assert "proxy-protocol(" in run(configurations) and "send-proxy" in run(configurations)
    finally:
        run(stop)
    assert not is_left(tmp_path)


def test_a_message_that_does_not_arrive_is_a_failure(demo, tmp_path):
    socat = tmp_path / "bin/socat"
    socat.parent.mkdir()
    socat.write_text("#!/bin/sh\nexec cat >/dev/null\n")
    socat.chmod(0o755)
    result = demo(path=socat.parent)
    assert result.returncode == 1
    assert result.stderr.endswith("demo: waited in vain until all messages have arrived\n")
    assert list(tmp_path.iterdir()) == [socat.parent]


def test_a_module_that_is_not_there_is_a_failure(demo, tmp_path):
    result = demo(build_dir=tmp_path)
    assert (result.returncode, result.stderr) == (1, f"demo: there is no module in {tmp_path}\n")
    assert not is_left(tmp_path)
