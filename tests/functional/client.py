# SPDX-License-Identifier: GPL-2.0-or-later
"""Clients of the daemon, and the headers that they send."""

import socket


def v1(source="192.0.2.1", destination="198.51.100.1", source_port=56324, destination_port=6514, protocol=None):
    """A PROXY protocol version 1 header."""
    protocol = protocol or ("TCP6" if ":" in source else "TCP4")
    return f"PROXY {protocol} {source} {destination} {source_port} {destination_port}\r\n".encode()


def connect(port, data=b"", source=None, host="127.0.0.1"):
    """A connection to the daemon, on which data has been sent; source: the address to connect from."""
    sock = socket.create_connection((host, port), timeout=10, source_address=(source, 0) if source else None)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    if data:
        sock.sendall(data)
    return sock


def is_closed_by_peer(sock, timeout=10):
    """Waits until the daemon closes the connection."""
    sock.settimeout(timeout)
    try:
        return sock.recv(1) == b""
    except ConnectionError:
        return True
    except TimeoutError:
        return False


def send(port, *chunks, source=None, host="127.0.0.1"):
    """Sends the chunks, then ends the connection and waits until the daemon has ended it as well."""
    with connect(port, source=source, host=host) as sock:
        try:
            for chunk in chunks:
                sock.sendall(chunk)
            sock.shutdown(socket.SHUT_WR)
        except ConnectionError:
            return
        assert is_closed_by_peer(sock)
