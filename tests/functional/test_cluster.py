# SPDX-License-Identifier: GPL-2.0-or-later
"""When one collector is not enough: "cluster-haproxy", "cluster-collector" and "cluster-sender", in networks of their own."""

import signal
from pathlib import Path

import pytest
from cluster import COLLECTORS, Cluster
from daemon import wait_for

EXAMPLES = Path(__file__).parents[2] / "examples"
# what may be on its way in a connection that breaks
IN_FLIGHT = 200


@pytest.fixture
def cluster(tmp_path):
    with Cluster(tmp_path, EXAMPLES) as cluster:
        cluster.wait_connected()
        cluster.wait_new_message_of_each()
        yield cluster


@pytest.fixture
def say(capsys):
    """Prints, also where pytest captures."""

    def _say(*values):
        with capsys.disabled():
            print("\n   ", *values, end="")

    return _say


def test_the_senders_are_spread_and_known(cluster, say):
    say("senders by collector:", cluster.spread())
    assert sorted(cluster.spread().values()) == [2, 2, 2]
    assert {address for name in COLLECTORS for address, _ in cluster.received(name)} == set(cluster.senders)
    assert cluster.end_load() == {}
    for collector in cluster.collectors.values():
        # the health checks are no refusals
        wait_for(lambda c=collector: c.counters("s_cluster#0")["headers_local"] > 0, "a health check")
        refused = {name: n for name, n in collector.counters("s_cluster#0").items() if name.startswith("refused")}
        assert set(refused.values()) == {0}, refused


def test_every_message_arrives_while_each_collector_is_reloaded_and_stopped_and_started(cluster, say):
    for name, collector in cluster.collectors.items():
        before = cluster.spread()[name]
        collector.reload()
        cluster.wait_new_message_of_each()
        assert cluster.spread()[name] == before

        cluster.drain(name)
        seconds = cluster.wait_new_message_of_each()
        collector.stop()
        cluster.wait_new_message_of_each()
        say(f"{name} stopped: senders by collector {cluster.spread()}, messages of all {seconds:.2f} s after the change")
        collector.boot()
        cluster.haproxy.command(f"set server syslog/{name} state ready")
        cluster.wait_up(name)
    assert cluster.end_load() == {}
    assert cluster.repeated() == 0
    say("messages:", sum(sender.count for sender in cluster.senders.values()), "lost: 0")


def _kill(collector):
    """The process is gone. The kernel ends its connections."""
    collector.process.send_signal(signal.SIGKILL)
    collector.process.wait()
    collector.process = None


def _cut(collector):
    """The machine is gone. Nobody ends its connections."""
    collector.namespace.run("ip", "link", "set", "eth0", "down")


@pytest.mark.parametrize("break_", [_kill, _cut])
def test_a_collector_that_breaks_costs_no_more_than_what_was_on_its_way(cluster, say, break_):
    before = cluster.spread()["collector2"]
    break_(cluster.collectors["collector2"])
    seconds = cluster.wait_new_message_of_each()
    # what HAProxy cannot get rid of still hangs on the one that is gone
    def _others():
        return {name: senders for name, senders in cluster.spread().items() if name != "collector2"}

    wait_for(lambda: sum(_others().values()) == len(cluster.senders), cluster.spread)
    say(f"{break_.__name__[1:]}: {before} senders moved in {seconds:.2f} s, senders by collector {_others()}")
    missing = cluster.end_load()
    say("messages:", sum(sender.count for sender in cluster.senders.values()), "lost:", sum(map(len, missing.values())))
    assert len(missing) <= before
    # one gap for each connection
    for numbers in missing.values():
        assert numbers[-1] - numbers[0] < len(numbers) + IN_FLIGHT and len(numbers) < seconds * 500 + IN_FLIGHT
