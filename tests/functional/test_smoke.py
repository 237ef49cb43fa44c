# SPDX-License-Identifier: GPL-2.0-or-later
"""One message, from one end to the other."""

from client import send, v1


def test_a_message_carries_the_macros_of_its_connection(start, port):
    daemon = start()
    send(port, v1("192.0.2.7", "198.51.100.9", 1111, 2222), b"<13>Nov 20 10:00:00 host prog[12]: hello\n")
    (message,) = daemon.wait_messages(1)
    assert message["MESSAGE"] == "hello"
    assert message["PROXY_SRCIP"] == "192.0.2.7"
    assert message["PROXY_DSTPORT"] == "2222"
