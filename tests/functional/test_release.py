# SPDX-License-Identifier: GPL-2.0-or-later
"""What is released: the tarball, and the packages that are made of it."""

import os
import re
import shutil
import subprocess
import tempfile
from pathlib import Path

import pytest
from daemon import BUILD_DIR, config_version, module_path
from namespaces import PaperMachine

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
    run("make", "-j2", "check", "VERBOSE=1", cwd=build, env=environment)
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
# The life of Debian's package, on a machine of paper
# ---------------------------------------------------------------------------

MANUAL = (TOP / "doc/syslog-ng-haproxy.7.md").read_text()
CONFIGURATION = """@version: {version}
{modules}@include "scl.conf"
source s_lb {{ proxy-protocol(port(6514)); }};
source s_haproxy {{ haproxy(); }};
log {{ source(s_lb); source(s_haproxy); parser {{ haproxy-parser(); }}; }};
"""
# of the directory and the library of syslog-ng: 3.38
VERSION_OF_MODULES = Path(MODULES).name
MODULE_LINES = "@module proxy-protocol\n@module haproxy-parser\n"
PACKAGE = "syslog-ng-mod-haproxy"


class PackagedMachine(PaperMachine):
    """One with syslog-ng and its configuration as Debian has them."""

    def attempt(self, *command):
        return subprocess.run([*self.command(), *command], stdin=subprocess.DEVNULL, capture_output=True, text=True)

    def check(self, configuration=None, *options):
        """syslog-ng -s: of /etc/syslog-ng/syslog-ng.conf, or of a text."""
        if configuration is None:
            return self.attempt("/usr/sbin/syslog-ng", "--syntax-only", "--no-caps")
        with tempfile.NamedTemporaryFile("w", suffix=".conf", dir="/tmp") as file:
            file.write(configuration)
            file.flush()
            return self.attempt("/usr/sbin/syslog-ng", "--syntax-only", "--no-caps", f"--cfgfile={file.name}", *options)

    def version_of(self, package):
        return self.run("dpkg-query", "--show", "--showformat=${Version}", package)


@pytest.fixture
def machine(tmp_path):
    """Without the package. What is done there is gone with the test."""
    directory = tmp_path / "machine"
    directory.mkdir()
    with PackagedMachine(directory) as machine:
        machine.run("sh", "-c", f"dpkg --remove {PACKAGE} 2>/dev/null || true")
        yield machine


@pytest.fixture
def installed_machine(machine, deb):
    machine.run("dpkg", "--install", deb)
    return machine


def named(modules=""):
    return CONFIGURATION.format(version=config_version(), modules=modules)


def documented(beginning):
    """A message of syslog-ng in the manual: the version of syslog-ng in it is that of the test."""
    (text,) = re.findall(rf"^{re.escape(beginning)}.*(?:\n(?!```).*)*", MANUAL, re.M)
    return text.replace("3.38", VERSION_OF_MODULES)


def everything_in_etc(machine):
    return machine.run("sh", "-c", "find /etc -type f ! -name ld.so.cache -exec md5sum {} +")


def test_nothing_changes_by_installing(machine, deb):
    before = machine.check()
    files = everything_in_etc(machine)
    assert before.returncode == 0, before.stderr
    machine.run("dpkg", "--install", deb)
    assert everything_in_etc(machine) == files
    after = machine.check()
    assert (after.returncode, after.stderr) == (before.returncode, before.stderr)


def test_what_is_there_when_it_is_installed(installed_machine):
    registry = installed_machine.run("/usr/sbin/syslog-ng", "--module-registry")
    for module in ("proxy-protocol", "haproxy-parser"):
        assert re.search(rf"^Module: {module}\nStatus: ok$", registry, re.M)
    for modules in ("", MODULE_LINES):
        result = installed_machine.check(named(modules))
        assert (result.returncode, result.stderr) == (0, "")
    script = TOP / "packaging/debian/tests/modules"
    assert installed_machine.run("bash", script) == "203.0.113.5 51820 tcp 10.0.1.2 5007\n"


def test_what_is_left_when_it_is_removed(installed_machine):
    """Everybody's configuration works, and one that names the modules is an error, as the manual says."""
    files = installed_machine.run("dpkg", "--listfiles", PACKAGE).splitlines()
    installed_machine.run("dpkg", "--purge", PACKAGE)
    assert installed_machine.run("sh", "-c", 'for file; do [ ! -f "$file" ] || echo "$file"; done', "sh", *files) == ""
    assert installed_machine.check().returncode == 0

    example = documented("Error parsing config").replace("/etc/syslog-ng/syslog-ng.conf", "FILE")
    result = installed_machine.check(f"@version: {VERSION_OF_MODULES}\nsource s {{ proxy-protocol(port(6514)); }};\n\n")
    assert result.returncode != 0
    assert example in re.sub(r"/tmp/\S+\.conf", "FILE", result.stderr)

    result = installed_machine.check(named(MODULE_LINES))
    assert result.returncode != 0
    assert re.sub(r"module-path='[^']*'", "", documented("Plugin module not found")) in re.sub(
        r"module-path='[^']*'", "", result.stderr)


def test_modules_of_another_syslog_ng_are_not_loaded(installed_machine, unpacked, tmp_path):
    """As those that were installed without a package, after an upgrade."""
    library = f"libsyslog-ng-{VERSION_OF_MODULES}.so.0"
    other = library.replace(VERSION_OF_MODULES, re.sub(r"\d", "9", VERSION_OF_MODULES))
    for name in ("libproxy-protocol.so", "libhaproxy-parser.so"):
        module = (unpacked / MODULES[1:] / name).read_bytes()
        (tmp_path / name).write_bytes(module.replace(library.encode(), other.encode()))
        installed_machine.run("cp", tmp_path / name, MODULES)
    result = installed_machine.check(named(MODULE_LINES), "--stderr")
    assert result.returncode != 0
    assert documented("Error opening plugin module").replace(library, other) in result.stderr
    # the library of configuration is there, and does nobody harm
    assert installed_machine.check().returncode == 0


def syslog_ng_of_paper(directory, version):
    """A package of syslog-ng that has nothing in it. Returns its path."""
    control = directory / "syslog-ng-core" / "DEBIAN"
    control.mkdir(parents=True)
    (control / "control").write_text(f"Package: syslog-ng-core\nVersion: {version}\nArchitecture: all\n"
                                     "Maintainer: nobody <nobody@example.org>\nDescription: paper\n")
    return run("dpkg-deb", "--build", "--root-owner-group", control.parent, directory).split("'")[3]


def removed_by(machine, package):
    """The packages that apt would remove for it."""
    result = machine.run("apt-get", "--simulate", "--allow-change-held-packages", "install", package)
    assert re.search(r"^Inst syslog-ng-core ", result, re.M)
    return re.findall(r"^Remv (\S+)", result, re.M)


def test_apt_keeps_syslog_ng_and_the_modules_together(installed_machine, tmp_path):
    """Another version does not come under them, a correction of the same one does."""
    version = installed_machine.version_of("syslog-ng-core")
    (tmp_path / "later").mkdir()
    later = syslog_ng_of_paper(tmp_path / "later", re.sub(r"^(\d+\.\d+)\.(\d+)", lambda m: f"{m[1]}.{int(m[2]) + 1}", version))
    correction = syslog_ng_of_paper(tmp_path, f"{version}+deb99u1")
    assert PACKAGE in removed_by(installed_machine, later)
    assert PACKAGE not in removed_by(installed_machine, correction)
    refused = installed_machine.attempt("apt-get", "--simulate", "--no-remove", "install", later)
    assert refused.returncode != 0


def test_dpkg_does_not_configure_the_modules_for_another_syslog_ng(machine, deb, tmp_path):
    machine.run("dpkg", "--force-depends", "--install", syslog_ng_of_paper(tmp_path, "99.0-1"))
    result = machine.attempt("dpkg", "--install", deb)
    assert result.returncode != 0
    assert f"{PACKAGE} depends on syslog-ng-core (<< " in result.stderr


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
