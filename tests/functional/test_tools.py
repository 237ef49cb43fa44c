# SPDX-License-Identifier: GPL-2.0-or-later
"""tools/: what they say when they are used in a wrong way, and what they find out about the system."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

TOP = Path(__file__).parents[2]


def run(*command):
    return subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True)


@pytest.mark.parametrize("arguments", [["--root", "/nowhere"], ["--quick", "--root", "/nowhere"], ["--quick", "--suite", "sid"],
                                       ["--nonsense"]])
def test_a_wrong_use_of_check(arguments):
    """Nothing is begun that has not been asked for."""
    result = run(TOP / "tools/check", *arguments)
    assert result.returncode == 2
    assert result.stdout == ""
    assert result.stderr.startswith("usage: tools/check ")


@pytest.mark.parametrize("tool", ["check", "demo", "package"])
@pytest.mark.parametrize("name", ["with blank", "with'quote", "with$dollar"])
def test_a_path_that_configure_does_not_take(tmp_path, tool, name):
    shutil.copytree(TOP / "tools", tmp_path / name / "tools")
    result = run(tmp_path / name / "tools" / tool, "--help")
    assert result.returncode == 1
    assert result.stderr.startswith(f"{tool}: configure takes no blank ")
    assert result.stderr.endswith(f"{tmp_path / name}\n")


def test_the_runtime_of_clang_is_that_of_the_release():
    result = run("bash", "-euc", f"source {TOP}/tools/lib.sh; clang_runtime_package")
    package = result.stdout.strip()
    assert re.fullmatch(r"libclang-rt-\d+-dev", package), result.stderr
    assert f"Package: {package}\n" in run("apt-cache", "show", package).stdout
