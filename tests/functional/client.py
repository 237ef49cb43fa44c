# SPDX-License-Identifier: GPL-2.0-or-later
"""Clients of the daemon, and the headers that they send."""

import errno
import socket
import struct
import time

from daemon import PATIENCE

# of linux/netlink.h and linux/sock_diag.h
NETLINK_SOCK_DIAG = 4
SOCK_DIAG_BY_FAMILY = 20
NLM_F_REQUEST = 1


def v1(source="192.0.2.1", destination="198.51.100.1", source_port=56324, destination_port=6514, protocol=None):
    """A PROXY protocol version 1 header."""
    protocol = protocol or ("TCP6" if ":" in source else "TCP4")
    return f"PROXY {protocol} {source} {destination} {source_port} {destination_port}\r\n".encode()


def line(text):
    """A message as it is sent."""
    return f"<13>Nov 20 10:00:00 host prog[12]: {text}\n".encode()


def connect(port, data=b"", source=None, host="127.0.0.1"):
    """A connection to the daemon, on which data has been sent; source: the address to connect from."""
    sock = socket.create_connection((host, port), timeout=10, source_address=(source, 0) if source else None)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    if data:
        sock.sendall(data)
    return sock


def is_closed_by_peer(sock, timeout=PATIENCE):
    """Waits until the daemon closes the connection."""
    sock.settimeout(timeout)
    try:
        return sock.recv(1) == b""
    except ConnectionError:
        return True
    except TimeoutError:
        return False


def send(port, *chunks, source=None, host="127.0.0.1"):
    """Sends the chunks, then ends the connection and waits until the daemon has ended it as well. Returns its port."""
    with connect(port, source=source, host=host) as sock:
        client_port = sock.getsockname()[1]
        try:
            for chunk in chunks:
                sock.sendall(chunk)
            sock.shutdown(socket.SHUT_WR)
        except OSError as error:
            # the daemon has refused us and was faster
            if error.errno not in (errno.EPIPE, errno.ECONNRESET, errno.ENOTCONN):
                raise
            return client_port
        assert is_closed_by_peer(sock)
        return client_port


def reset(sock):
    """Ends the connection with an RST."""
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    sock.close()


def _receive_queue(family, protocol, source, destination):
    """How many bytes wait in a socket of this machine: asks the kernel (sock_diag(7)), which has views on what the two are."""
    addresses = b"".join(socket.inet_pton(family, host).ljust(16, b"\0") for host, _ in (source, destination))
    request = struct.pack("=BBBBI", family, protocol, 0, 0, ~0 & 0xFFFFFFFF)
    request += struct.pack("!HH", source[1], destination[1]) + addresses + struct.pack("=III", 0, 0xFFFFFFFF, 0xFFFFFFFF)
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, NETLINK_SOCK_DIAG) as netlink:
        netlink.send(struct.pack("=IHHII", 16 + len(request), SOCK_DIAG_BY_FAMILY, NLM_F_REQUEST, 0, 0) + request)
        reply = netlink.recv(4096)
    is_there = struct.unpack_from("=H", reply, 4)[0] == SOCK_DIAG_BY_FAMILY
    return struct.unpack_from("=I", reply, 16 + 4 + 48 + 4)[0] if is_there else 0


def _unread_bytes(sock):
    """How much of what has been sent the other end, on this machine, has not read."""
    local, peer = (address[:2] for address in (sock.getsockname(), sock.getpeername()))
    return _receive_queue(sock.family, socket.IPPROTO_TCP, peer, local)


def unread_datagrams(port, host="127.0.0.1"):
    """The memory that datagrams take which the daemon has not read."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    return _receive_queue(family, socket.IPPROTO_UDP, ("::" if ":" in host else "0.0.0.0", 0), (host, port))


def send_datagrams(port, *datagrams, source=None, host="127.0.0.1"):
    """Sends each; source: the address to send from. Returns the port that they came from."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_DGRAM) as sock:
        if source:
            sock.bind((source, 0))
        sock.connect((host, port))
        for datagram in datagrams:
            sock.send(datagram)
        return sock.getsockname()[1]


def wait_until_read(*socks, timeout=PATIENCE):
    """Waits until the daemon has read what has been sent."""
    deadline = time.monotonic() + timeout
    while any(_unread_bytes(sock) for sock in socks):
        assert time.monotonic() < deadline, "the daemon does not read"

