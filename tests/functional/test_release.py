# SPDX-License-Identifier: GPL-2.0-or-later
"""What is released: the tarball, and the packages that are made of it."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from daemon import BUILD_DIR, module_path

TOP = Path(__file__).parents[2]
VERSION = re.search(r"AC_INIT\(\[syslog-ng-haproxy\], \[(.*)\]\)", (TOP / "configure.ac").read_text())[1]
MODULES = module_path().rpartition(":")[2]
CONTROL = (TOP / "packaging/debian/control").read_text()
PAGES = {"/usr/share/man/man5/haproxy-parser.5", "/usr/share/man/man5/proxy-protocol.5", "/usr/share/man/man7/syslog-ng-haproxy.7"}
# what a clone needs, and a release does not
NOT_NEEDED = ["aclocal", "autoconf", "autoheader", "automake", "autoreconf", "dot", "git", "libtoolize", "pandoc"]


def run(*command, **kwargs):
    result = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, **kwargs)
    assert result.returncode == 0, result.stdout[-4000:] + result.stderr[-4000:]
    return result.stdout


def files_below(directory):
    return {f"/{path.relative_to(directory)}" for path in directory.rglob("*") if not path.is_dir()}


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    """What "make install" installs."""
    directory = tmp_path_factory.mktemp("installed")
    run("make", "-C", BUILD_DIR, "install", f"DESTDIR={directory}", "prefix=/usr", "mandir=/usr/share/man")
    return {name for name in files_below(directory) if not name.endswith(".la")}


# ---------------------------------------------------------------------------
# The tarball
# ---------------------------------------------------------------------------


def test_the_version_is_that_of_configure():
    assert (TOP / "NEWS.md").read_text().startswith(f"# {VERSION}\n")
    assert f"This is version {VERSION}." in (TOP / "README.md").read_text()


def test_nothing_is_committed_that_is_made():
    """Of what .gitignore says, and what autoheader would make."""
    git = ["git", "-c", f"safe.directory={TOP}", "-C", TOP, "ls-files"]
    if subprocess.run(git, capture_output=True).returncode != 0:
        pytest.skip("not a clone")
    assert run(*git, "--cached", "--ignored", "--exclude-standard") == ""
    assert run(*git, "config.h.in") == ""


def test_what_is_installed(installed):
    assert installed >= {f"{MODULES}/libproxy-protocol.so", f"{MODULES}/libhaproxy-parser.so", *PAGES}


def test_a_release_builds_without_what_a_clone_needs(tmp_path):
    tools = tmp_path / "bin"
    tools.mkdir()
    for name in NOT_NEEDED:
        (tools / name).write_text(f'#!/bin/sh\necho "$0 $*" >>{tmp_path}/called\nexit 1\n')
        (tools / name).chmod(0o755)
    run("make", "-C", BUILD_DIR, "dist")
    name = f"syslog-ng-haproxy-{VERSION}"
    tarball = shutil.move(BUILD_DIR / f"{name}.tar.xz", tmp_path)
    run("tar", "-C", tmp_path, "-xf", tarball)
    build = tmp_path / "build"
    build.mkdir()
    environment = {**os.environ, "PATH": f"{tools}:{os.environ['PATH']}"}
    run(tmp_path / name / "configure", cwd=build, env=environment)
    run("make", "-j2", cwd=build, env=environment)
    run("make", "-j2", "check", cwd=build, env=environment)
    run("make", "install", f"DESTDIR={tmp_path}/installed", "mandir=/usr/share/man", cwd=build, env=environment)
    assert files_below(tmp_path / "installed") >= PAGES
    # configure only looks for what a user might have
    called = (tmp_path / "called").read_text() if (tmp_path / "called").exists() else ""
    assert [line for line in called.splitlines() if "--version" not in line] == []


# ---------------------------------------------------------------------------
# Debian's package
# ---------------------------------------------------------------------------


@pytest.fixture(scope="module")
def deb(tmp_path_factory):
    """The binary package, which tools/package has built and lintian has found nothing in."""
    directory = tmp_path_factory.mktemp("deb")
    environment = {**os.environ, "DEB_BUILD_OPTIONS": "nocheck"}
    run(TOP / "tools/package", "deb", "--output", directory, env=environment)
    assert {path.suffix for path in directory.iterdir()} == {".deb", ".dsc", ".buildinfo", ".changes", ".xz"}
    (package,) = directory.glob("syslog-ng-mod-haproxy_*.deb")
    return package


@pytest.fixture(scope="module")
def unpacked(deb, tmp_path_factory):
    directory = tmp_path_factory.mktemp("unpacked")
    run("dpkg-deb", "--extract", deb, directory)
    return directory


def field(deb, name):
    return run("dpkg-deb", "--field", deb, name).strip()


def test_the_version_of_the_package(deb):
    assert re.fullmatch(rf"{re.escape(VERSION)}-1(~deb\d+u1)?", field(deb, "Version"))


def test_the_package_depends_on_the_syslog_ng_that_it_was_built_for(deb):
    major, minor, patch = run("pkg-config", "--modversion", "syslog-ng").strip().split(".")[:3]
    depends = field(deb, "Depends").split(", ")
    assert f"syslog-ng-core (>= {major}.{minor}.{patch})" in depends
    assert f"syslog-ng-core (<< {major}.{minor}.{int(patch) + 1}~)" in depends


def test_the_package_does_nothing_when_it_is_installed(deb, tmp_path):
    run("dpkg-deb", "--control", deb, tmp_path)
    assert files_below(tmp_path) == {"/control", "/md5sums"}


def test_the_package_has_all_that_is_installed(installed, unpacked):
    names = {name.removesuffix(".gz") for name in files_below(unpacked)}
    # Debian names that directory after the package
    documentation = "/usr/share/doc/syslog-ng-mod-haproxy/"
    installed = {name.replace("/usr/share/doc/syslog-ng-haproxy/", documentation) for name in installed}
    assert names >= installed
    assert names - installed == {f"{documentation}changelog", f"{documentation}changelog.Debian", f"{documentation}copyright",
                                 "/usr/share/lintian/overrides/syslog-ng-mod-haproxy"}


def test_the_package_passes_its_own_test(unpacked, tmp_path):
    """As autopkgtest runs it, but for where the modules are."""
    (tmp_path / "bin").mkdir()
    script = tmp_path / "bin/syslog-ng"
    script.write_text(f'#!/bin/sh\nexec /usr/sbin/syslog-ng --module-path={unpacked}{MODULES}:{MODULES} "$@"\n')
    script.chmod(0o755)
    output = run(TOP / "packaging/debian/tests/modules",
                 env={"PATH": f"{script.parent}:{os.environ['PATH']}", "AUTOPKGTEST_TMP": str(tmp_path)})
    assert output == "203.0.113.5 51820 tcp 10.0.1.2 5007\n"


def test_a_package_is_built_with_what_a_clone_is_built_with():
    packages = re.search(r"^BUILD_PACKAGES=\((.*?)\)", (TOP / "tools/lib.sh").read_text(), re.M | re.S)[1].split()
    needed = {name.removesuffix(":any") for name in re.findall(r"^ ([\w.+-]+(?::any)?)", CONTROL.partition("\n\n")[0], re.M)}
    # of build-essential, of debhelper, of syslog-ng-dev, and the old name of pkgconf
    always = {"gcc", "libc6-dev", "make", "autoconf", "automake", "libtool", "syslog-ng-core", "pkg-config"}
    assert set(packages) - needed == always


# ---------------------------------------------------------------------------
# RPM
# ---------------------------------------------------------------------------


def test_the_rpm(installed, tmp_path):
    run(TOP / "tools/package", "rpm", "--output", tmp_path)
    (source,) = tmp_path.glob("*.src.rpm")
    (package,) = set(tmp_path.glob("*.rpm")) - {source}
    names = {name.removesuffix(".gz") for name in run("rpm", "-qpl", package).splitlines()}
    assert names >= installed
    version = run("pkg-config", "--modversion", "syslog-ng").strip()
    requires = run("rpm", "-qp", "--requires", package)
    assert re.search(rf"^syslog-ng(\(.*\))? >= {re.escape(version)}$", requires, re.M)
    assert re.search(rf"^syslog-ng(\(.*\))? < {re.escape(version)}\.1$", requires, re.M)
    assert run("rpm", "-qp", "--scripts", package) == ""
