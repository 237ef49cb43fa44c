# SPDX-License-Identifier: GPL-2.0-or-later
"""Fixtures of the functional tests: a daemon, and a port for it."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

import rsyslog  # noqa: E402
from daemon import SyslogNg, free_port  # noqa: E402
from haproxy import HAProxy  # noqa: E402
from tls import make_certificates  # noqa: E402


def pytest_configure(config):
    config.addinivalue_line("markers", "alone: measures times, and is not to be run in parallel with other tests")


@pytest.fixture
def port():
    return free_port()


@pytest.fixture
def daemon(tmp_path):
    """A SyslogNg that has not been started."""
    syslog_ng = SyslogNg(tmp_path)
    yield syslog_ng
    syslog_ng.stop()


@pytest.fixture
def start(daemon, port):
    """start("options of proxy-protocol()") starts the daemon with such a source on the port."""

    def _start(driver_options="", **kwargs):
        return daemon.start(f"proxy-protocol(ip(127.0.0.1) port({port}) {driver_options});", **kwargs)

    return _start


@pytest.fixture(scope="session")
def certificates(tmp_path_factory):
    return make_certificates(tmp_path_factory.mktemp("certificates"))


@pytest.fixture(scope="session")
def unpacked_rsyslog():
    if not rsyslog.unpack():
        pytest.skip("rsyslog cannot be downloaded")


@pytest.fixture
def haproxy(tmp_path):
    """An HAProxy that has not been started."""
    proxy = HAProxy(tmp_path)
    yield proxy
    proxy.stop()


@pytest.fixture
def front():
    """The port of the proxy that stands in front of the daemon."""
    return free_port()
