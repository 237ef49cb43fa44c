# SPDX-License-Identifier: GPL-2.0-or-later
"""README.md: what it shows works, and what can be known from the sources stands in it."""

import json
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from client import send
from daemon import as_text, config_version, free_port, module_path, wait_for
from scl import BLOCKS, INCLUDE, SCL, replaced

TOP = Path(__file__).parents[2]
MODULE_SOURCES = TOP / "modules/proxy-protocol"
PARSER_SOURCES = TOP / "modules/haproxy-parser"
README = (TOP / "README.md").read_text()
FENCED_BLOCK = re.compile(r"^```([\w-]+)\n(.*?)^```$", re.M | re.S)
STRING = r'"(?:[^"\\]|\\.)*"'
STRING_LITERAL = re.compile(rf"{STRING}(?:\s*{STRING})*")
COMMENT = re.compile(r"/\*.*?\*/", re.S)
# what is logged as it stands, and mistakes in a configuration
NO_REASON = re.compile(rf"\b(?:msg_\w+|\w*set_(?:literal_)?error\w*)\([^\";]*(?:{STRING}\s*)+")
# begins with a small letter, and has nothing to be filled in
REASON = re.compile(r"[a-z][^%]* [^%]* [^%]*")


def blocks(language):
    return [text for name, text in FENCED_BLOCK.findall(README) if name == language]


def source(name):
    return (MODULE_SOURCES / name).read_text()


def configuration(block):
    """As syslog-ng takes it: keys and certificates are looked for, but not looked at."""
    block = re.sub(r"/etc/syslog-ng/tls/[\w.]+", "/dev/null", block)
    return f"@version: {config_version()}\n{INCLUDE}{block}"


# ---------------------------------------------------------------------------
# Configurations
# ---------------------------------------------------------------------------


def haproxy(*arguments):
    return subprocess.run(["/usr/sbin/haproxy", *arguments], capture_output=True, text=True)


def test_every_block_is_of_a_kind_that_is_tested():
    assert {name for name, _ in FENCED_BLOCK.findall(README)} == {"syslog-ng", "haproxy", "nginx", "sh"}


@pytest.mark.parametrize("block", blocks("syslog-ng"))
def test_a_configuration_of_syslog_ng_is_right(daemon, block):
    daemon.configure = lambda _: daemon.config_file.write_text(configuration(block))
    result = daemon.check("")
    assert (result.returncode, result.stderr) == (0, "")


@pytest.mark.parametrize("block", blocks("haproxy"))
def test_a_configuration_of_haproxy_is_right(tmp_path, block, certificates):
    block = block.replace("/etc/haproxy/logs.pem", str(certificates.server)).replace("/etc/haproxy/ca.pem",
                                                                                     str(certificates.ca))
    if "\nlisten" not in f"\n{block}":
        block += "defaults\n  timeout connect 5s\n  timeout client 5s\n  timeout server 5s\nlisten front\n  bind :1\n"
    (tmp_path / "haproxy.cfg").write_text(block)
    result = haproxy("-c", "-f", tmp_path / "haproxy.cfg")
    assert result.returncode == 0, result.stderr
    assert "WARNING" not in result.stdout + result.stderr


@pytest.mark.parametrize("block", blocks("nginx"))
def test_a_configuration_of_nginx_is_right(tmp_path, block):
    (tmp_path / "nginx.conf").write_text("load_module /usr/lib/nginx/modules/ngx_stream_module.so;\n"
                                         f"pid {tmp_path}/pid;\nevents {{}}\n{block}")
    result = subprocess.run(["/usr/sbin/nginx", "-t", "-p", tmp_path, "-c", tmp_path / "nginx.conf", "-e", tmp_path / "log"],
                            capture_output=True, text=True)
    assert result.returncode == 0, result.stderr


def test_the_first_two_configurations_work_together(daemon, tmp_path, port):
    front = free_port()
    text = replaced(blocks("syslog-ng")[0], ("192.0.2.10", "127.0.0.1"), ("6514", str(port)), ("/var/log", str(tmp_path)))
    daemon.configure = lambda _: daemon.config_file.write_text(configuration(text))
    daemon.start("")

    text = replaced(blocks("haproxy")[0], (":514", f"127.0.0.1:{front}"), ("192.0.2.20:6514", f"127.0.0.1:{port}"))
    (tmp_path / "haproxy.cfg").write_text(text)
    with subprocess.Popen(["/usr/sbin/haproxy", "-db", "-f", tmp_path / "haproxy.cfg"]) as process:
        try:
            wait_for(lambda: daemon.log_lines("Syslog connection accepted"), "a health check", timeout=20)
            send(front, b"<13>Nov 20 10:00:00 host prog: hello\n", source="127.0.0.5")
        finally:
            process.terminate()
    written = tmp_path / "clients/127.0.0.5.log"
    wait_for(lambda: written.exists() and written.read_text().endswith("prog: hello\n"), "the message")
    assert not daemon.log_lines("reason=")


# ---------------------------------------------------------------------------
# Commands
# ---------------------------------------------------------------------------

SUDO = """#!/bin/sh
# plays sudo: nothing happens to the machine
case $1 in
  apt-get) shift; exec apt-get --simulate "$@" ;;
  make) exec "$@" DESTDIR="$SCRATCH/installed" ;;
  systemctl) echo "$@" ;;
  syslog-ng-ctl) exec /usr/sbin/"$@" --control="$SCRATCH/ctl" ;;
  *) echo "no test for: $*" >&2; exit 1 ;;
esac
"""


def run(block, directory, scratch):
    """Runs the commands of a block, those with sudo on a machine of paper."""
    sudo = scratch / "bin/sudo"
    sudo.parent.mkdir()
    sudo.write_text(SUDO)
    sudo.chmod(0o755)
    environment = {**os.environ, "PATH": f"{sudo.parent}:{os.environ['PATH']}", "SCRATCH": str(scratch)}
    result = subprocess.run(["bash", "-e", "-o", "pipefail", "-c", block], cwd=directory, env=environment,
                            stdin=subprocess.DEVNULL, capture_output=True, text=True)
    assert result.returncode == 0, result.stdout[-4000:] + result.stderr[-4000:]
    return result.stdout


def clone(directory):
    """A copy of the sources as git has or would have them, where this is a clone at all."""
    git = ["git", "-c", f"safe.directory={TOP}", "-C", TOP]
    files = subprocess.run([*git, "ls-files", "-z", "--cached", "--others", "--exclude-standard"], capture_output=True,
                           text=True)
    if files.returncode != 0:
        pytest.skip("not a clone")
    for name in files.stdout.split("\0"):
        if name and (TOP / name).exists():
            (directory / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(TOP / name, directory / name)


def test_no_block_of_commands_is_without_a_test():
    assert [block.split()[:2] for block in blocks("sh")] == [
        ["tools/demo", "tools/check"], ["sudo", "apt-get"], ["sudo", "syslog-ng-ctl"], ["syslog-ng", "--syntax-only"]]


# they themselves run this test, or are run by test_demo.py
@pytest.mark.parametrize("command", blocks("sh")[0].splitlines())
def test_the_two_commands_are_there(command):
    result = subprocess.run([TOP / command, "--help"], capture_output=True, text=True)
    assert result.returncode == 0
    assert f"usage: {command} " in result.stdout


def test_install_from_source(tmp_path):
    sources = tmp_path / "sources"
    clone(sources)
    run(blocks("sh")[1], sources, tmp_path)
    modules = f"{tmp_path}/installed{module_path().rpartition(':')[2]}"
    registry = subprocess.run(["/usr/sbin/syslog-ng", "--module-registry", f"--module-path={modules}"],
                              capture_output=True, text=True)
    assert re.search(r"^Module: proxy-protocol\nStatus: ok$", registry.stdout, re.M), registry.stdout + registry.stderr


def test_the_packages_to_install_are_those_that_the_tools_install():
    lists = (TOP / "tools/lib.sh").read_text()
    packages = re.search(r"^BUILD_PACKAGES=\((.*?)\)", lists, re.M | re.S)[1].split()
    command = blocks("sh")[1].partition("./autogen.sh")[0].replace("\\\n", " ")
    assert command.split() == ["sudo", "apt-get", "install", "--no-install-recommends", *packages]


def test_the_command_for_counters(start, tmp_path):
    daemon = start()
    output = run(blocks("sh")[2], tmp_path, tmp_path)
    assert {line.split(";")[4] for line in output.splitlines()} == set(daemon.counters())


def test_the_command_that_tries_a_format(tmp_path):
    (block,) = [text for text in blocks("syslog-ng") if "stdin(" in text]
    (tmp_path / "try.conf").write_text(configuration(block))
    # an installed module is found without an option
    command = blocks("sh")[3].replace("syslog-ng --", f"/usr/sbin/syslog-ng --module-path={module_path()} --")
    assert as_text(json.loads(run(command, tmp_path, tmp_path))) == {
        "haproxy": {"client_ip": "192.0.2.7", "capture_req_hdr_0": "www.example.com", "status_code": "200",
                    "format": "custom"}}


# ---------------------------------------------------------------------------
# Completeness
# ---------------------------------------------------------------------------


def test_every_option():
    keywords = re.findall(r'KEYWORD\("(\w+)"', source("proxy-protocol-parser.c"))
    assert len(keywords) > 30
    assert [word for word in keywords if f"`{word.replace('_', '-')}(" not in README] == []


def test_every_option_of_the_parser():
    keywords = re.findall(r'KEYWORD\("(\w+)"', (PARSER_SOURCES / "haproxy-parser-parser.c").read_text())
    assert len(keywords) > 6
    assert [word for word in keywords if f"`{word.replace('_', '-')}(" not in README] == []


def test_every_name_that_the_parser_gives():
    text = README.partition("\n### Names\n")[2].partition("\n## ")[0]
    sources = "".join((PARSER_SOURCES / f"{name}.c").read_text()
                      for name in ("log-format", "connect-line", "error-line", "event-line"))
    names = re.findall(r'"(\w+)", .type = LINE_FIELD_|^  \{ "\w+", "(\w+)", LOG_FORMAT_', sources, re.M)
    names = {name for pair in names for name in pair if name}
    events = set(re.findall(r'"((?:server|proxy|health|agent|backend)_[a-z_]+)"', (PARSER_SOURCES / "event-line.c").read_text()))
    assert len(names) > 80 and len(events) > 15
    assert [name for name in sorted(names | events) if f"`{name}`" not in text] == []


def test_every_alias():
    aliases = re.findall(r'^  \{ "(\w+)", "\w+", LOG_FORMAT_', (PARSER_SOURCES / "log-format.c").read_text(), re.M)
    assert len(aliases) > 60
    assert [alias for alias in aliases if f"`%{alias}`" not in README and f"`{alias}`" not in README] == []


def block_options(name):
    """The options of a block of the library, with their defaults."""
    (options,) = re.findall(rf"^block \w+ {name}\((.*?)\)\s*\{{", "\n".join(p.read_text() for p in (SCL / "haproxy").glob("*.conf")),
                            re.M | re.S)
    return {option: default.strip('"') for option, default in re.findall(r"([\w-]+)\(([^()]*)", options)}


def test_every_option_of_the_library():
    text = README.partition("\n## Ready-made")[2].partition("\n## ")[0]
    options = [option for name in BLOCKS for option in block_options(name)]
    assert len(options) > 15
    assert [option for option in options if f"`{option}(" not in text] == []


@pytest.mark.parametrize("name", BLOCKS)
def test_every_default_of_the_library(name):
    """Those that are a number or a path."""
    text = README.partition(f"\n### {name}()\n")[2].partition("\n### ")[0]
    rows = re.findall(r"^\| `([\w-]+)\([^`|]*\)` \| `?([\d/][^|`:]*)", text, re.M)
    defaults = block_options(name)
    assert {option: defaults[option] for option, _ in rows} == dict((option, default.strip()) for option, default in rows)


def test_every_field_of_the_documents():
    text = README.partition("\n### haproxy-ecs()\n")[2].partition("\n### ")[0]
    fields = set(re.findall(r'\bto\("(\w[\w.]+)"\)|^      set\(".*?" value\("([\w@][\w.]*)"', (SCL / "haproxy/ecs.conf").read_text(), re.M))
    fields = {name for pair in fields for name in pair if name}
    assert len(fields) > 60
    assert [name for name in sorted(fields) if f"`{name}`" not in text] == []
    # and none that there is not
    named = set(re.findall(r"`((?:source|destination|http|url|tls|event|haproxy|process|host|related|ecs)\.[\w.]+)`", text))
    assert named - fields == set()


def test_every_macro():
    names = re.findall(r'\{ "(\w+)", LM_VT_', source("proxy-macros.c"))
    assert len(names) == 25
    assert [name for name in names if f"`${{PROXY_{name}}}`" not in README] == []


def test_every_counter():
    rows = re.findall(r'^  \[PROXY_COUNTER_\w+\] = \{ "(\w+)", (?:"(\w+)", NULL, NULL|(\w+), "(\w+)") \},$',
                      source("proxy-counters.c"), re.M)
    shared = {name: (metric, label) for name, metric, label in re.findall(r'^#define (\w+) "(\w+)", "(\w+)"$',
                                                                          source("proxy-counters.c"), re.M)}
    assert len(rows) == 12 and len(shared) == 2
    for name, metric, macro, value in rows:
        if macro:
            metric = '{}{{{}="{}"}}'.format(*shared[macro], value)
        assert f"| `{name}` | `{metric}` |" in README


def string_literals(text):
    """The strings of a C source but for NO_REASON, each put together from its parts."""
    for literal in STRING_LITERAL.findall(NO_REASON.sub("", COMMENT.sub("", text))):
        yield "".join(part[1:-1] for part in re.findall(STRING, literal)).replace('\\"', '"')


def reasons():
    found = {text for path in MODULE_SOURCES.glob("*.c") for text in string_literals(path.read_text())
             if REASON.fullmatch(text)}
    assert len(found) >= 20
    return sorted(found)


def test_every_reason():
    text = README.replace("\n", " ")
    assert [reason for reason in reasons() if f"| `{reason}` |" not in text] == []


def test_no_reason_that_there_is_not():
    documented = re.findall(r"^\| `([^`]*)` \|", README.partition("\n## Refusals\n")[2].partition("\n## ")[0], re.M)
    assert sorted(documented) == reasons()
